//! Difference of two Gaussian windows, row by row.

use pulp::Simd;

use super::Border;
use super::ring::{MARGIN, Ring, looks, reset};
use crate::plane::Plane;
use crate::simd::{Kernel, dispatch, fits, padded};

/// Deviations of the two windows, both of 7x7.
const NARROW: f64 = 7.0 / 6.0;
const WIDE: f64 = 1.5 * 7.0 / 6.0;

/// Difference of Gaussians: `image` filtered with the 7x7 window of deviation 7/6, minus `image` filtered with the 7x7
/// window of deviation 7/4. Samples outside the image are 0.
///
/// # Example
/// ```
/// use dream_features::{Plane, nss::difference_of_gaussians};
///
/// let flat = difference_of_gaussians(&Plane::new(vec![9.0; 13 * 11], 13, 11)?);
/// assert!(flat.row(5)[6].abs() < 1e-14);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// Ghadiyaram, Bovik, "Perceptual quality prediction on authentically distorted images using a bag of features
/// approach", Journal of Vision 17(1), 2017 (FRIQUEE), which applies it to the map of local deviations.
#[must_use]
pub fn difference_of_gaussians(image: &Plane) -> Plane {
    let mut out = Plane::zeros(image.width(), image.height());
    let mut scan = DifferenceScan::default();
    scan.start(image.width(), image.height());
    for y in 0..image.height() {
        scan.push(image.row(y));
        while let Some((y, row)) = scan.next_row() {
            out.row_mut(y).copy_from_slice(row);
        }
    }
    out
}

/// Scratch memory for the filter, which reads and returns one row at a time.
#[derive(Debug, Default)]
pub(crate) struct DifferenceScan {
    ring: Ring,
    taps: [[f64; 4]; 2],
    /// Both windows down the columns, with margins of zeros.
    sums: [Vec<f64>; 2],
    out: Vec<f64>,
}

impl DifferenceScan {
    /// Starts an image.
    pub(crate) fn start(&mut self, width: usize, height: usize) {
        self.ring.start(width, height, Border::Zero);
        self.taps = [NARROW, WIDE].map(crate::filter::seven_taps);
        for sums in &mut self.sums {
            reset(sums, self.ring.pitch());
        }
        reset(&mut self.out, padded(width));
    }

    /// Takes the next row. Then call [`DifferenceScan::next_row`] until it returns `None`.
    pub(crate) fn push(&mut self, row: &[f64]) {
        self.ring.push(|out| out.copy_from_slice(row));
    }

    /// The next row, three rows behind the last one pushed. After the last push, further calls return the rest.
    pub(crate) fn next_row(&mut self) -> Option<(usize, &[f64])> {
        let y = self.ring.next()?;
        let (lines, width) = (self.ring.lines(y), self.ring.width());
        dispatch(Row { lines, taps: self.taps, sums: &mut self.sums, out: &mut self.out });
        Some((y, self.out.get(..width).unwrap_or_default()))
    }
}

struct Row<'a> {
    lines: [&'a [f64]; 7],
    taps: [[f64; 4]; 2],
    sums: &'a mut [Vec<f64>; 2],
    out: &'a mut [f64],
}

impl Kernel for Row<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [narrow, wide] = self.sums;
        let n = narrow.len();
        if !fits(wide.len() == n && self.lines.iter().all(|line| line.len() == n)) {
            return;
        }
        let [a, b, c, d, e, f, g] = self.lines.map(|line| &line[..n]);
        {
            let (narrow, wide) = (&mut narrow[..n], &mut wide[..n]);
            for i in 0..n {
                let (near, far, farthest) = (c[i] + e[i], b[i] + f[i], a[i] + g[i]);
                narrow[i] = weigh(self.taps[0], d[i], near, far, farthest);
                wide[i] = weigh(self.taps[1], d[i], near, far, farthest);
            }
        }
        let n = n.saturating_sub(2 * MARGIN);
        let [s, w] = [looks(narrow, n), looks(wide, n)];
        if !fits(self.out.len() == n && s.iter().chain(&w).all(|look| look.len() == n)) {
            return;
        }
        let [s0, s1, s2, s3, s4, s5, s6] = s.map(|look| &look[..n]);
        let [w0, w1, w2, w3, w4, w5, w6] = w.map(|look| &look[..n]);
        let out = &mut self.out[..n];
        for i in 0..n {
            let narrow = weigh(self.taps[0], s3[i], s2[i] + s4[i], s1[i] + s5[i], s0[i] + s6[i]);
            out[i] = narrow - weigh(self.taps[1], w3[i], w2[i] + w4[i], w1[i] + w5[i], w0[i] + w6[i]);
        }
    }
}

#[inline(always)]
fn weigh(taps: [f64; 4], centre: f64, near: f64, far: f64, farthest: f64) -> f64 {
    taps[0] * centre + taps[1] * near + taps[2] * far + taps[3] * farthest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{correlate, gaussian};

    #[test]
    fn equals_the_two_windows_at_every_small_size() {
        let kernel: Vec<f64> =
            gaussian(7, NARROW).iter().zip(gaussian(7, WIDE)).map(|(narrow, wide)| narrow - wide).collect();
        for (width, height) in (1..=18).flat_map(|w| (1..=9).map(move |h| (w, h))) {
            let data = (0..width * height).map(|i| f64::from((i * 2_654_435_761 % 251) as u8)).collect();
            let image = Plane::new(data, width, height).unwrap();
            let expected = correlate(&kernel, &image).unwrap();
            for (found, expected) in difference_of_gaussians(&image).data().iter().zip(expected.data()) {
                assert!((found - expected).abs() < 1e-12, "{width}x{height}: {found} {expected}");
            }
        }
    }
}
