//! The 43 values of a frame that need no other frame.

use super::chroma::ChromaScan;
use super::gradient::GradientScan;
use super::luma::LumaScan;
use crate::gm_log::GmLogScan;
use crate::nss::FlatAreas;
use crate::par;
use crate::plane::Plane;
use crate::view::Yuv420View;

/// Number of these values.
pub(super) const ALONE: usize = 43;

/// GM-LOG features that are used, from 0.
const GM_LOG: [usize; 8] = [1, 3, 7, 17, 19, 22, 33, 39];

/// Scratch memory for a frame, reused between frames.
#[derive(Debug, Default)]
pub(super) struct FrameScan {
    luma: LumaScan,
    chroma: ChromaScan,
    gradient: GradientScan,
    gm_log: GmLogScan,
}

impl FrameScan {
    /// The values of `frame`, whose half-size luma is known; NaN where the original has it.
    pub(super) fn run(&mut self, frame: &Yuv420View<'_>, half: &Plane, flat: FlatAreas) -> [f64; ALONE] {
        let y = frame.y();
        let Self { luma, chroma, gradient, gm_log } = self;
        let ((luma, gm_log), (gradient, chroma)) = par::join(
            || par::join(|| luma.run(&y, half, flat), || gm_log.run(&y).features()),
            || par::join(|| gradient.run(&y), || chroma.run(frame, flat)),
        );
        let gm_log = GM_LOG.map(|i| gm_log.get(i).copied().unwrap_or(f64::NAN));
        let mut out = [0.0; ALONE];
        let parts = luma.brisque.iter().chain(&gm_log).chain(&gradient).chain(&luma.friquee).chain(&chroma);
        for (out, value) in out.iter_mut().zip(parts) {
            *out = *value;
        }
        out
    }
}
