//! The shape of the spectrum: how much the quadrants of the DCT resemble each other.

use crate::dct::Dct2;
use crate::error::Result;
use crate::plane::Plane;
use crate::resize::Scaled;
use crate::view::LumaView;

/// Coefficients below this are rounding noise (luma is 0 to 1). They count as 0, because their roots would not be
/// small.
const NOISE: f64 = 1e-12;

/// The transform, and quarter-size copies of its four quadrants.
#[derive(Debug)]
pub(super) struct Transform {
    dct: Dct2,
    coefficients: Plane,
    quadrant: Plane,
    resize: Scaled,
    quarters: [Plane; 4],
    means: [Vec<f64>; 4],
}

impl Transform {
    pub(super) fn new(width: usize, height: usize) -> Result<Self> {
        let (w, h) = (width / 2, height / 2);
        Ok(Self {
            dct: Dct2::new(width, height),
            coefficients: Plane::zeros(width, height),
            quadrant: Plane::zeros(w, h),
            resize: Scaled::new(w, h, 0.25)?,
            quarters: std::array::from_fn(|_| Plane::zeros(1, 1)),
            means: Default::default(),
        })
    }

    /// Correlation of the low-frequency quadrant with its neighbours, the ratio of diagonal to low frequencies, and the
    /// symmetry of horizontal and vertical ones.
    pub(super) fn run(&mut self, luma: &LumaView<'_>) -> [f64; 3] {
        self.dct.run(luma, &mut self.coefficients);
        let (w, h) = (self.quadrant.width(), self.quadrant.height());
        for (k, (quarter, means)) in self.quarters.iter_mut().zip(&mut self.means).enumerate() {
            let (mirror_x, mirror_y) = (k % 2 == 1, k / 2 == 1);
            for y in 0..h {
                let source = self.coefficients.row(if mirror_y { luma.height() - 1 - y } else { y });
                let magnitude = |c: &f64| if c.abs() < NOISE { 0.0 } else { c.abs().sqrt() };
                let out = self.quadrant.row_mut(y).iter_mut();
                if mirror_x {
                    out.zip(source.iter().rev()).for_each(|(out, c)| *out = magnitude(c));
                } else {
                    out.zip(&source[..w]).for_each(|(out, c)| *out = magnitude(c));
                }
            }
            self.resize.run(&self.quadrant, quarter);
            column_means(quarter, means);
        }
        let [m1, m2, m3, m4] = &self.means;
        let [a1, a2, a3, _] = &self.quarters;
        let correlation = correlation(a1, a2).max(correlation(a1, a3)).max(0.0);
        let low = m2.iter().zip(m3).map(|(a, b)| a.min(*b));
        let high = || m2.iter().zip(m3).map(|(a, b)| a.max(*b));
        let ratio = if m1.iter().all(|&m| m > 0.0) {
            dot(m4.iter().copied(), m1.iter().copied()) / dot(m1.iter().copied(), m1.iter().copied())
        } else {
            0.0
        };
        let symmetry = if high().all(|m| m > 0.0) { dot(low, high()) / dot(high(), high()) } else { 0.0 };
        [correlation, ratio, symmetry]
    }
}

fn dot(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    a.zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

fn column_means(plane: &Plane, out: &mut Vec<f64>) {
    out.clear();
    out.resize(plane.width(), 0.0);
    for y in 0..plane.height() {
        out.iter_mut().zip(plane.row(y)).for_each(|(sum, v)| *sum += v);
    }
    out.iter_mut().for_each(|sum| *sum /= plane.height() as f64);
}

/// Pearson's correlation of two planes of one size; 0 when one is constant.
fn correlation(a: &Plane, b: &Plane) -> f64 {
    let mean = |p: &Plane| p.data().iter().sum::<f64>() / p.data().len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in a.data().iter().zip(b.data()) {
        let (a, b) = (a - mean_a, b - mean_b);
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}
