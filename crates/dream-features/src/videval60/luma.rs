//! BRISQUE's and FRIQUEE's statistics of luma.

use super::map::{Contrast, LEFT, MapScan, MapSums, UPPER, UPPER_LEFT};
use crate::nss::{FlatAreas, GgdMoments, PowerSums};
use crate::par;
use crate::plane::Plane;
use crate::pyramid::LaplacianScan;
use crate::view::LumaView;

/// Values 1 to 4 and 21 to 31 of a frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LumaValues {
    pub(super) brisque: [f64; 4],
    pub(super) friquee: [f64; 11],
}

/// Scratch memory for the luma of a frame.
#[derive(Debug, Default)]
pub(super) struct LumaScan {
    full: MapScan,
    half: MapScan,
    band: LaplacianScan,
}

impl LumaScan {
    /// The values of `luma`, whose half size is known.
    pub(super) fn run(&mut self, luma: &LumaView<'_>, half: &Plane, flat: FlatAreas) -> LumaValues {
        let Self { full: full_scan, half: half_scan, band } = self;
        let ((full, [once, twice]), (half, (band, band_power))) = par::join(
            || {
                let mut sums = MapSums::of(&[LEFT, UPPER], &[LEFT]);
                let contrast = full_scan.run(luma, flat, &mut sums, Contrast::Twice);
                (sums, contrast)
            },
            || {
                let mut sums = MapSums::of(&[LEFT, UPPER_LEFT], &[]);
                sums.mscn = Some(PowerSums::default());
                half_scan.run(half, flat, &mut sums, Contrast::Off);
                let (mut fit, mut power) = (GgdMoments::default(), PowerSums::around_zero());
                band.run(luma, |_, row| {
                    fit.add(row);
                    power.add(row);
                });
                (sums, (fit.fit(), power.moments()))
            },
        );
        let [horizontal, vertical, ..] = full.fits.map(|sums| sums.unwrap_or_default().fit());
        let [half_horizontal, _, half_diagonal, _] = half.fits.map(|sums| sums.unwrap_or_default().fit());
        let contrast = once.moments();
        LumaValues {
            brisque: [
                horizontal.left * horizontal.left,
                vertical.left * vertical.left,
                half_horizontal.left * half_horizontal.left,
                half_diagonal.shape,
            ],
            friquee: [
                full.products(LEFT).skewness,
                vertical.mean,
                full.sigma.moments().mean,
                // The original uses the full size here too, although its other features go on to the half size.
                horizontal.shape,
                half.sigma.moments().mean,
                half.mscn.unwrap_or_default().moments().skewness,
                contrast.mean_square.sqrt(),
                contrast.kurtosis,
                twice.moments().kurtosis,
                band.shape,
                band_power.mean_square.sqrt(),
            ],
        }
    }
}
