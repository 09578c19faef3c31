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

/// Scratch memory for the colours of a frame: two half-size planes and some rows.
#[derive(Debug)]
pub(super) struct ChromaScan {
    rgb: RgbRows,
    lab: [Vec<u8>; 3],
    /// A row of the distance of the codes of a and b from 0, and one of the short-wave response.
    chroma: Vec<f64>,
    short: Vec<f64>,
    full: MapScan,
    band: LaplacianScan,
    resize: [HalfSize; 2],
    /// Both at half size.
    halves: [Plane; 2],
    half: MapScan,
    deviation: DeviationScan,
}

impl Default for ChromaScan {
    fn default() -> Self {
        Self {
            rgb: RgbRows::default(),
            lab: Default::default(),
            chroma: Vec::new(),
            short: Vec::new(),
            full: MapScan::default(),
            band: LaplacianScan::default(),
            resize: Default::default(),
            halves: [(); 2].map(|()| Plane::zeros(1, 1)),
            half: MapScan::default(),
            deviation: DeviationScan::default(),
        }
    }
}

impl ChromaScan {
    /// Values 32 to 43 of a frame.
    pub(super) fn run(&mut self, frame: &Yuv420View<'_>, flat: FlatAreas) -> [f64; 12] {
        let mut sums = MapSums::of(&[LEFT, UPPER, UPPER_LEFT], &[LOWER_LEFT]);
        let (contrast, band) = self.full_size(frame, flat, &mut sums);
        let Self { halves: [half, short], half: scan, deviation, .. } = self;
        let (half, deviation) = par::join(
            || {
                let mut sums = MapSums::of(&[], &[UPPER]);
                scan.run(half, flat, &mut sums, Contrast::Off);
                sums
            },
            || deviation.run(short),
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

    /// Goes once over the frame: everything takes a row while it is in the cache. Fills the half-size planes, and returns
    /// the sums of the contrast and of the finest band of the pyramid.
    fn full_size(
        &mut self,
        frame: &Yuv420View<'_>,
        flat: FlatAreas,
        sums: &mut MapSums,
    ) -> (PowerSums, PowerSums) {
        let (width, height) = (frame.width(), frame.height());
        let Self { rgb, lab, chroma, short, full, band, resize, halves, .. } = self;
        let ([resize, resize_short], [half, half_short]) = (resize, halves);
        for line in [&mut *chroma, &mut *short] {
            line.resize(width, 0.0);
        }
        for line in lab.iter_mut() {
            line.resize(width, 0);
        }
        full.start(width, height, flat, Contrast::Once);
        band.start(width, height);
        resize.start(width, height, half);
        resize_short.start(width, height, half_short);
        let mut power = PowerSums::around_zero();
        let (to_lab, to_short) = (Lab8::videval(), ShortWave::get());
        rgb.read(&Frame::from_yuv420(*frame), |_, pixels| {
            let [l, a, b] = &mut *lab;
            to_lab.row(pixels, [l, a, b]);
            dispatch(Distance { a, b, out: chroma });
            full.push(|out| out.copy_from_slice(chroma), sums);
            band.push(|out| out.copy_from_slice(chroma), |_, row| power.add(row));
            resize.push(|out| out.copy_from_slice(chroma), half);
            to_short.row(pixels, short);
            resize_short.push(|out| out.copy_from_slice(short), half_short);
        });
        let [contrast, _] = full.close(sums);
        (contrast, power)
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
