//! FRIQUEE's statistics of chroma and of the short-wave response.

use pulp::Simd;

use super::map::{Contrast, DeviationScan, LEFT, LOWER_LEFT, MapScan, MapSums, UPPER, UPPER_LEFT};
use crate::color::{Lab8, RgbRows, ShortWave};
use crate::frame::Frame;
use crate::nss::{FlatAreas, PowerSums};
use crate::par;
use crate::plane::Plane;
use crate::pyramid::LaplacianScan;
use crate::resize::HalfSize;
use crate::simd::{Kernel, dispatch};
use crate::view::Yuv420View;

/// Scratch memory for the colours of a frame.
#[derive(Debug)]
pub(super) struct ChromaScan {
    rgb: RgbRows,
    lab: [Vec<u8>; 3],
    /// Distance of the codes of a and b from 0, and the short-wave response.
    chroma: Plane,
    short: Plane,
    full: MapScan,
    small: Small,
}

/// Scratch memory for half-size maps and for the pyramid.
#[derive(Debug)]
struct Small {
    resize: HalfSize,
    half: Plane,
    map: MapScan,
    band: LaplacianScan,
    deviation: DeviationScan,
}

impl Default for ChromaScan {
    fn default() -> Self {
        let plane = || Plane::zeros(1, 1);
        Self {
            rgb: RgbRows::default(),
            lab: Default::default(),
            chroma: plane(),
            short: plane(),
            full: MapScan::default(),
            small: Small {
                resize: HalfSize::default(),
                half: plane(),
                map: MapScan::default(),
                band: LaplacianScan::default(),
                deviation: DeviationScan::default(),
            },
        }
    }
}

impl ChromaScan {
    /// Values 32 to 43 of a frame.
    pub(super) fn run(&mut self, frame: &Yuv420View<'_>, flat: FlatAreas) -> [f64; 12] {
        self.convert(frame);
        let Self { chroma, short, full, small, .. } = self;
        let chroma = &*chroma;
        let ((sums, [contrast, _]), (half, band, deviation)) = par::join(
            || {
                let mut sums = MapSums::of(&[LEFT, UPPER, UPPER_LEFT], &[LOWER_LEFT]);
                let contrast = full.run(chroma, flat, &mut sums, Contrast::Once);
                (sums, contrast)
            },
            || small.run(chroma, short, flat),
        );
        let [horizontal, vertical, diagonal, _] = sums.fits.map(|sums| sums.unwrap_or_default().fit());
        let (contrast, half_sigma) = (contrast.moments(), half.sigma.moments());
        [
            horizontal.right * horizontal.right,
            vertical.shape,
            diagonal.left * diagonal.left,
            sums.products(LOWER_LEFT).kurtosis,
            sums.sigma.moments().skewness,
            half.products(UPPER).kurtosis,
            half_sigma.kurtosis,
            half_sigma.mean,
            contrast.mean_square.sqrt(),
            contrast.skewness,
            band.moments().skewness,
            deviation,
        ]
    }

    /// Fills both planes.
    fn convert(&mut self, frame: &Yuv420View<'_>) {
        let (width, height) = (frame.width(), frame.height());
        let Self { rgb, lab, chroma, short, .. } = self;
        chroma.resize(width, height);
        short.resize(width, height);
        for line in lab.iter_mut() {
            line.resize(width, 0);
        }
        let (to_lab, to_short) = (Lab8::videval(), ShortWave::get());
        rgb.read(&Frame::from_yuv420(*frame), |y, pixels| {
            let [l, a, b] = &mut *lab;
            to_lab.row(pixels, [l, a, b]);
            dispatch(Distance { a, b, out: chroma.row_mut(y) });
            to_short.row(pixels, short.row_mut(y));
        });
    }
}

impl Small {
    fn run(&mut self, chroma: &Plane, short: &Plane, flat: FlatAreas) -> (MapSums, PowerSums, f64) {
        let Self { resize, half, map, band, deviation } = self;
        resize.run(chroma, half);
        let mut sums = MapSums::of(&[], &[UPPER]);
        map.run(half, flat, &mut sums, Contrast::Off);
        let mut power = PowerSums::around_zero();
        band.run(chroma, |_, row| power.add(row));
        resize.run(short, half);
        (sums, power, deviation.run(half))
    }
}

/// `sqrt(a² + b²)` of codes: the original does not remove the offset of 128.
struct Distance<'a> {
    a: &'a [u8],
    b: &'a [u8],
    out: &'a mut [f64],
}

impl Kernel for Distance<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, (&a, &b)) in self.out.iter_mut().zip(self.a.iter().zip(self.b)) {
            let square = u32::from(a) * u32::from(a) + u32::from(b) * u32::from(b);
            *out = f64::from(square).sqrt();
        }
    }
}
