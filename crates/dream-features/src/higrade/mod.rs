//! HIGRADE-1: 216 statistics of normalised luminance, colour and gradients in CIELAB.

mod map;

use std::sync::OnceLock;

use crate::color::{Lab8, RgbRows};
use crate::error::{Error, Result};
use crate::extract::ImageFeatures;
use crate::frame::Frame;
use crate::layout::FeatureLayout;
use crate::nss::{LOG_DIFFERENCES, LocalStructure};
use crate::par;
use crate::recipe::Recipe;
use crate::view::LumaView;
use crate::workspace::Workspace;
use map::MapScan;

/// The HIGRADE-1 features of one image.
///
/// The image is converted to 8-bit CIELAB ([`Lab8::higrade`]). Each of the three channels and its gradient magnitude
/// are described at full and at half size: by the local deviation, and by fits to the normalised coefficients and to
/// the differences of their log magnitudes ([`LocalStructure`]).
///
/// Names are `higrade.{L,a,b}.{value,gradient}.{s1,s2}.` followed by:
///
/// | features | content |
/// | --- | --- |
/// | 1, 2 | `sigma.mean`, `sigma.ratio`: mean of the local deviation, and its squared mean over its variance |
/// | 3, 4 | `mscn.deviation`, `mscn.shape` |
/// | 5-12 | `d_h`, `d_v`, `d_d1`, `d_d2`: differences with the left, upper, upper left, lower left neighbour |
/// | 13, 14 | `cross`: difference of the diagonals of 2x2 |
/// | 15-18 | `f1`, `f2`: filters `[0 1 0; -1 0 -1; 0 1 0]` and `[1 0 -1; 0 0 0; -1 0 1]` |
///
/// 4:2:0 chroma is doubled in size as in MATLAB; luma without chroma is treated as gray. Memory, kept in the
/// [`Workspace`]: 13 bytes per pixel. With the `rayon` feature it is 63 bytes, because the six maps are then processed
/// at the same time.
///
/// # Example
/// ```
/// use dream_features::{Frame, Higrade, ImageFeatures, RgbView};
///
/// let pixels: Vec<u8> = (0..3 * 64 * 48u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// let frame = Frame::from_rgb(RgbView::new(&pixels, 64, 48, 3 * 64)?);
/// let features = Higrade.extract(&frame)?;
/// assert_eq!(features.values().len(), 216);
/// assert!(features.get("higrade.a.gradient.s2.sigma.mean")? > 0.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Kundu, Ghadiyaram, Bovik, Evans, "No-reference quality assessment of tone-mapped HDR pictures", IEEE Transactions on
/// Image Processing 26(6), 2017; its MATLAB release, first feature set.
///
/// # Deviations
/// The release replaces NaN with 0 but leaves infinity. `sigma.ratio` is infinite where all local deviations are equal
/// (an image of one pixel, or a black one). Here both become 0 and are counted; [`ImageFeatures::extract_into`] leaves
/// both.
#[doc(alias = "HIGRADE")]
#[derive(Debug, Clone, Copy, Default)]
pub struct Higrade;

impl Higrade {
    /// Number of features.
    pub const DIM: usize = MAPS_IN_ALL * MAP_DIM;
}

/// Features of one map at both scales.
const MAP_DIM: usize = 2 * LocalStructure::DIM;

const CHANNELS: [(&str, &str); 3] = [("L", "lightness L*"), ("a", "colour a*"), ("b", "colour b*")];
const MAPS: [(&str, &str); 2] = [("value", ""), ("gradient", "gradient magnitude of ")];
const MSCN: (&str, &str) = ("mscn", "MSCN coefficients");

impl ImageFeatures for Higrade {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| {
            let mut features = Vec::with_capacity(Self::DIM);
            for (channel, channel_meaning) in CHANNELS {
                for (map, map_meaning) in MAPS {
                    for (scale, size) in [("s1", "full size"), ("s2", "half size")] {
                        let place = format!("{map_meaning}{channel_meaning}, {size}");
                        let mut push = |name: &str, meaning: String| {
                            features.push((format!("higrade.{channel}.{map}.{scale}.{name}"), meaning));
                        };
                        push("sigma.mean", format!("mean of the local deviation of {place}"));
                        push(
                            "sigma.ratio",
                            format!("squared mean over variance of the local deviation of {place}"),
                        );
                        for (fit, meaning) in [MSCN].into_iter().chain(LOG_DIFFERENCES) {
                            push(&format!("{fit}.deviation"), format!("deviation of the {meaning}, {place}"));
                            push(
                                &format!("{fit}.shape"),
                                format!("generalised Gaussian shape of the {meaning}, {place}"),
                            );
                        }
                    }
                }
            }
            FeatureLayout::from_distinct(features)
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe::new("higrade", 1)
    }

    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
        if out.len() != Self::DIM {
            return Err(Error::Length { argument: "out", expected: Self::DIM, found: out.len() });
        }
        workspace.slot::<HigradeScan>().run(frame, out)
    }
}

/// Channels, and their gradients.
const MAPS_IN_ALL: usize = CHANNELS.len() * MAPS.len();
/// Maps processed at the same time. Each needs its own memory for a map's coefficients.
const TASKS: usize = if cfg!(feature = "rayon") { MAPS_IN_ALL } else { 1 };

/// Scratch memory for HIGRADE, reused between frames.
#[derive(Debug, Default)]
struct HigradeScan {
    rgb: RgbRows,
    lab: [Vec<u8>; 3],
    tasks: [Task; TASKS],
}

#[derive(Debug, Default)]
struct Task {
    scan: MapScan,
    /// The number and both scales of every `TASKS`-th map.
    found: Vec<(usize, [LocalStructure; 2])>,
}

impl HigradeScan {
    fn run(&mut self, frame: &Frame<'_>, out: &mut [f64]) -> Result<()> {
        self.convert(frame);
        let (width, height) = frame.size();
        let [l, a, b] = self.lab.each_ref().map(|plane| LumaView::new(plane, width, height, width));
        let channels = [l?, a?, b?];
        par::for_each_mut(&mut self.tasks, |first, Task { scan, found }| {
            let maps = channels.iter().flat_map(|channel| [(channel, false), (channel, true)]).enumerate();
            found.clear();
            let share = maps.skip(first).step_by(TASKS);
            found.extend(share.map(|(map, (channel, gradient))| (map, scan.run(channel, gradient))));
        });
        for (map, scales) in self.tasks.iter().flat_map(|task| &task.found) {
            let out = out.chunks_exact_mut(LocalStructure::DIM).skip(2 * map);
            for (out, structure) in out.zip(scales) {
                out.copy_from_slice(&structure.features());
            }
        }
        Ok(())
    }

    /// Fills the three channels.
    fn convert(&mut self, frame: &Frame<'_>) {
        let (width, height) = frame.size();
        let Self { rgb, lab, .. } = self;
        for plane in lab.iter_mut() {
            plane.resize(width * height, 0);
        }
        let [l, a, b] = lab.each_mut().map(|plane| plane.chunks_exact_mut(width));
        let mut rows = l.zip(a.zip(b));
        rgb.read(frame, |_, pixels| {
            if let Some((l, (a, b))) = rows.next() {
                Lab8::higrade().row(pixels, [l, a, b]);
            }
        });
    }
}
