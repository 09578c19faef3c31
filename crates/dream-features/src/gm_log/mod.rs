//! GM-LOG: 40 joint statistics of gradient magnitude and Laplacian-of-Gaussian response of luma.

mod histogram;
mod scan;

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::extract::ImageFeatures;
use crate::frame::Frame;
use crate::intake::Channels;
use crate::layout::FeatureLayout;
use crate::recipe::Recipe;
use crate::workspace::Workspace;

use histogram::BINS;
pub use histogram::JointHistogram;
pub(crate) use scan::GmLogScan;

/// The GM-LOG features of one image.
///
/// Gradient magnitude and the magnitude of the Laplacian of Gaussian are normalised jointly by their local energy and
/// quantised into ten bins each. The features are the two marginal distributions of the joint histogram and, for each
/// bin of one quantity, how much it depends on the bins of the other (the "dependency" measures).
///
/// | features | content |
/// | --- | --- |
/// | 1-10 | `gm.p1` ... `p10`: share of the pixels in each bin of the gradient magnitude |
/// | 11-20 | `log.p1` ...: in each bin of the Laplacian |
/// | 21-30 | `gm.q1` ...: dependency of each bin of the gradient magnitude on the Laplacian |
/// | 31-40 | `log.q1` ...: dependency of each bin of the Laplacian on the gradient magnitude |
///
/// The image must be larger than four pixels in both directions; otherwise all features are undefined.
///
/// # Example
/// ```
/// use dream_features::{Frame, GmLog, ImageFeatures, LumaView};
///
/// let pixels: Vec<u8> = (0..64u32 * 48).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// let frame = Frame::from_luma(LumaView::new(&pixels, 64, 48, 64)?);
/// let features = GmLog.extract(&frame)?;
/// let marginal: f64 = features.values()[..10].iter().sum();
/// assert!((marginal - 1.0).abs() < 1e-12);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Xue, Mou, Zhang, Bovik, Feng, "Blind image quality assessment using joint statistics of gradient magnitude and
/// Laplacian features", IEEE Transactions on Image Processing 23(11), 2014; its MATLAB release.
#[derive(Debug, Clone, Copy, Default)]
pub struct GmLog;

impl GmLog {
    /// Number of features.
    pub const DIM: usize = 4 * BINS;
}

impl ImageFeatures for GmLog {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| {
            let groups = [
                ("gm.p", "share of pixels whose normalised gradient magnitude is in bin"),
                ("log.p", "share of pixels whose normalised Laplacian of Gaussian is in bin"),
                ("gm.q", "normalised dependency on the Laplacian of Gaussian of gradient magnitude bin"),
                ("log.q", "normalised dependency on the gradient magnitude of Laplacian of Gaussian bin"),
            ];
            let features = groups.iter().flat_map(|(name, meaning)| {
                (1..=BINS)
                    .map(move |bin| (format!("gm_log.{name}{bin}"), format!("{meaning} {bin} of {BINS}")))
            });
            FeatureLayout::from_distinct(features)
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe::new("gm-log", 1)
    }

    fn channels(&self) -> Channels {
        Channels::Luma
    }

    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
        if out.len() != Self::DIM {
            return Err(Error::Length { argument: "out", expected: Self::DIM, found: out.len() });
        }
        out.copy_from_slice(&workspace.slot::<GmLogScan>().run(&frame.luma_rows()).features());
        Ok(())
    }
}
