//! BRISQUE: 36 natural scene statistics of luma at two scales.

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::extract::ImageFeatures;
use crate::frame::Frame;
use crate::intake::Channels;
use crate::layout::FeatureLayout;
use crate::nss::{FlatAreas, MscnRow, MscnScan, PairSink, ProductMoments};
use crate::plane::{Plane, Rows};
use crate::recipe::Recipe;
use crate::resize::HalfSize;
use crate::workspace::Workspace;

/// The BRISQUE features of one image.
///
/// Computed for the image and for its half-size version: the shape and variance of a generalised Gaussian fitted to the
/// MSCN coefficients, and the shape, mean, left and right variance of an asymmetric one fitted to the products of
/// neighbours in four directions. Neighbours wrap around at the border, as in the original code.
///
/// | features | content (`s1`; 18 more for `s2`) |
/// | --- | --- |
/// | 1, 2 | `ggd.shape`, `ggd.variance` |
/// | 3-6 | `aggd_h` (left neighbour): `shape`, `mean`, `left_variance`, `right_variance` |
/// | 7-10 | `aggd_v` (upper neighbour) |
/// | 11-14 | `aggd_d1` (upper left) |
/// | 15-18 | `aggd_d2` (lower left) |
///
/// # Example
/// ```
/// use dream_features::{Brisque, Frame, ImageFeatures, LumaView};
///
/// let pixels: Vec<u8> = (0..64u32 * 48).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// let frame = Frame::from_luma(LumaView::new(&pixels, 64, 48, 64)?);
/// let features = Brisque::default().extract(&frame)?;
/// assert_eq!(features.values().len(), 36);
/// assert!(features.get("brisque.s1.ggd.variance")? > 0.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", IEEE Transactions on
/// Image Processing 21(12), 2012; the LIVE release of 2011.
///
/// # Deviations
/// Flat areas are snapped by default (see [`FlatAreas`]); [`FlatAreas::Literal`] reproduces the original.
#[doc(alias("BRISQUE", "compute_feature", "natural scene statistics"))]
#[derive(Debug, Clone, Default)]
pub struct Brisque {
    /// How exactly flat areas are treated.
    pub flat_areas: FlatAreas,
}

impl Brisque {
    /// Number of features.
    pub const DIM: usize = 2 * SCALE_DIM;
}

/// Features of one scale.
const SCALE_DIM: usize = 18;
const DIRECTIONS: [(&str, &str); 4] =
    [("aggd_h", "left"), ("aggd_v", "upper"), ("aggd_d1", "upper left"), ("aggd_d2", "lower left")];
const AGGD_FIELDS: [(&str, &str); 4] = [
    ("shape", "AGGD shape"),
    ("mean", "AGGD mean"),
    ("left_variance", "mean square of the negative part"),
    ("right_variance", "mean square of the positive part"),
];

impl ImageFeatures for Brisque {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| {
            let mut features = Vec::with_capacity(Self::DIM);
            for (scale, size) in [("s1", "full size"), ("s2", "half size")] {
                for (field, what) in [("shape", "shape"), ("variance", "variance")] {
                    let meaning =
                        format!("{what} of the generalised Gaussian fitted to the MSCN coefficients, {size}");
                    features.push((format!("brisque.{scale}.ggd.{field}"), meaning));
                }
                for (direction, neighbour) in DIRECTIONS {
                    for (field, what) in AGGD_FIELDS {
                        let meaning =
                            format!("{what} of the products with the {neighbour} neighbour, {size}");
                        features.push((format!("brisque.{scale}.{direction}.{field}"), meaning));
                    }
                }
            }
            FeatureLayout::from_distinct(features)
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe::new("brisque", 1).with("flat_areas", self.flat_areas.word())
    }

    fn channels(&self) -> Channels {
        Channels::Luma
    }

    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
        if out.len() != Self::DIM {
            return Err(Error::Length { argument: "out", expected: Self::DIM, found: out.len() });
        }
        let luma = frame.luma_rows();
        let Scratch { scan, rows, resize, half } = workspace.slot::<Scratch>();
        let (full_out, half_out) = out.split_at_mut(SCALE_DIM);
        let shared = frame.shared().filter(|_| self.flat_areas == FlatAreas::Snapped);
        let keep = shared.and_then(|shared| shared.memory_for_mscn()).map(|mut plane| {
            plane.resize(luma.width(), luma.height());
            plane
        });
        let kept = self.scale(&luma, scan, rows, keep, full_out);
        if let (Some(shared), Some(plane)) = (shared, kept) {
            shared.give_mscn(plane);
        }
        self.scale(frame.half_luma(resize, half), scan, rows, None, half_out);
        Ok(())
    }
}

impl Brisque {
    /// Computes the values of one scale. The coefficients go into `keep`, which has the size of the image.
    fn scale<R: Rows>(
        &self,
        image: &R,
        scan: &mut MscnScan,
        rows: &mut [MscnRow; 2],
        keep: Option<Plane>,
        out: &mut [f64],
    ) -> Option<Plane> {
        let mut sink = Sink { moments: ProductMoments::default(), keep, seen: 0 };
        scan.run_pairs(image, self.flat_areas, rows, &mut sink);
        for (out, value) in out.iter_mut().zip(features(&sink.moments)) {
            *out = value;
        }
        sink.keep
    }
}

/// Scratch memory for BRISQUE, reused between frames.
#[derive(Debug)]
struct Scratch {
    scan: MscnScan,
    /// First and previous row of coefficients.
    rows: [MscnRow; 2],
    resize: HalfSize,
    half: Plane,
}

impl Default for Scratch {
    fn default() -> Self {
        let (scan, rows, resize) = Default::default();
        Self { scan, rows, resize, half: Plane::zeros(1, 1) }
    }
}

/// Accumulates the sums, and keeps the coefficients if they are wanted.
struct Sink {
    moments: ProductMoments,
    keep: Option<Plane>,
    seen: usize,
}

impl PairSink for Sink {
    fn row(&mut self, row: &MscnRow) {
        if let Some(plane) = &mut self.keep {
            plane.row_mut(self.seen).copy_from_slice(row.values());
            self.seen += 1;
        }
        self.moments.add_row(row);
    }

    fn pair(&mut self, above: &MscnRow, below: &MscnRow) {
        self.moments.add_pair(above, below);
    }
}

/// The values of one scale.
fn features(moments: &ProductMoments) -> impl Iterator<Item = f64> {
    let ggd = moments.coefficients.fit();
    let aggd = moments.products().map(|moments| {
        let fit = moments.fit();
        [fit.shape, fit.mean, fit.left * fit.left, fit.right * fit.right]
    });
    [ggd.shape, ggd.variance].into_iter().chain(aggd.into_iter().flatten())
}
