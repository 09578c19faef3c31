//! The rows of Lab that a pass over the colour pixels reads.

use pulp::Simd;

use crate::color::{lab_from_rgb, rgb_from_ycbcr};
use crate::plane::Plane;
use crate::resize::DoubleSize;
use crate::simd::{Kernel, dispatch};
use crate::view::Yuv420View;

/// Rows of Lab held at a time: the noise measure reads three rows up and three down.
const RING: usize = 7;

/// The last rows of Lab, row `y` at `y % 7`, and the chroma being converted.
#[derive(Debug)]
pub(super) struct LabRows {
    rings: [Plane; 3],
    chroma: [DoubleSize; 2],
    lines: [Vec<f64>; 2],
}

impl LabRows {
    pub(super) fn new(width: usize) -> Self {
        Self {
            rings: std::array::from_fn(|_| Plane::zeros(width, RING)),
            chroma: Default::default(),
            lines: std::array::from_fn(|_| vec![0.0; width]),
        }
    }

    pub(super) fn start(&mut self, frame: &Yuv420View<'_>) {
        self.chroma[0].start(&frame.u());
        self.chroma[1].start(&frame.v());
    }

    pub(super) fn load(&mut self, frame: &Yuv420View<'_>, y: usize) {
        let [cb, cr] = &mut self.lines;
        self.chroma[0].row(&frame.u(), y, cb);
        self.chroma[1].row(&frame.v(), y, cr);
        let lab = self.rings.each_mut().map(|ring| ring.row_mut(y % RING));
        dispatch(ToLab { luma: frame.y().row(y), chroma: [cb, cr], lab });
    }

    /// Row `y` of channel 0, 1 or 2.
    pub(super) fn row(&self, channel: usize, y: usize) -> &[f64] {
        self.rings[channel].row(y % RING)
    }
}

/// Converts codes to Lab.
struct ToLab<'a> {
    luma: &'a [u8],
    chroma: [&'a [f64]; 2],
    lab: [&'a mut [f64]; 3],
}

impl Kernel for ToLab<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const UNIT: f64 = 1.0 / 255.0;
        let n = self.luma.len();
        let (luma, [cb, cr]) = (self.luma, self.chroma.map(|line| &line[..n]));
        let [l, a, b] = self.lab.map(|line| &mut line[..n]);
        for i in 0..n {
            let ycbcr = [f64::from(luma[i]) * UNIT, cb[i] * UNIT, cr[i] * UNIT];
            [l[i], a[i], b[i]] = lab_from_rgb(rgb_from_ycbcr(ycbcr));
        }
    }
}
