//! Gradient magnitude and Laplacian of Gaussian, normalised together and binned, row by row.

use pulp::Simd;

use super::histogram::{BINS, JointHistogram};
use crate::filter;
use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, LANES, dispatch, fits, padded};

/// Standard deviation of the Gaussian in both filters.
const SCALE: f64 = 0.5;
/// Pixels excluded at each side.
const TRIM: usize = 2;
/// Zeros on either side of a row: at least 3, a whole number of lanes.
const MARGIN: usize = LANES;

/// The filters, reduced by their symmetry.
#[derive(Debug, Clone, Copy)]
struct Filters {
    /// Smoothing taps of the derivative filters, from the centre outwards.
    smooth: [f64; 3],
    /// Their derivative taps, from two left (or above) to two right (below): differences of neighbouring Gaussian taps.
    slope: [f64; 5],
    /// Weights of the Laplacian by distance in columns, then by distance in rows.
    laplacian: [[f64; 3]; 3],
    /// Taps of the window of local energy, from the centre outwards.
    energy: [f64; 4],
}

impl Default for Filters {
    fn default() -> Self {
        let gauss = |d: f64| libm::exp(-d * d / (2.0 * SCALE * SCALE));
        let taps = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0].map(gauss);
        let slopes: [f64; 5] = std::array::from_fn(|i| taps[i] - taps[i + 1]);
        // Each filter is divided by the sum of its magnitudes, which is the product of the sums of its factors.
        let smooth_sum: f64 = taps[..5].iter().sum();
        let slope_sum: f64 = slopes.iter().map(|s| s.abs()).sum();

        let mut laplacian = filter::log(5, SCALE);
        let sum: f64 = laplacian.iter().map(|w| w.abs()).sum();
        for w in &mut laplacian {
            *w /= sum;
        }
        let weight = |dx: usize, dy: usize| laplacian.get((2 + dy) * 5 + 2 + dx).copied().unwrap_or_default();

        let window = [0.0f64, 1.0, 2.0, 3.0].map(|d| libm::exp(-d * d / 2.0));
        let window_sum = window[0] + 2.0 * (window[1] + window[2] + window[3]);
        Self {
            smooth: [taps[2], taps[3], taps[4]].map(|tap| tap / smooth_sum),
            slope: slopes.map(|slope| slope / slope_sum),
            laplacian: [0, 1, 2].map(|dx| [0, 1, 2].map(|dy| weight(dx, dy))),
            energy: window.map(|tap| tap / window_sum),
        }
    }
}

/// Scratch memory for the joint histogram: about twenty rows, reused between images.
#[derive(Debug, Default)]
pub(crate) struct GmLogScan {
    filters: Filters,
    /// The last five rows of the image, at `row % 5`.
    image: Ring<5>,
    /// Five sums down the columns.
    columns: [Vec<f64>; 5],
    /// Gradient magnitude and Laplacian, and their energy, of the last seven rows.
    gradient: Ring<7>,
    laplacian: Ring<7>,
    energy: Ring<7>,
    /// Energy summed down the columns.
    energy_column: Vec<f64>,
    /// Joint bin numbers of a row.
    bins: Vec<u8>,
}

/// The last `N` rows, padded to whole lanes, with margins of zeros, and a row of zeros.
#[derive(Debug, Default)]
struct Ring<const N: usize> {
    rows: Vec<f64>,
    zeros: Vec<f64>,
}

impl<const N: usize> Ring<N> {
    fn reset(&mut self, pitch: usize) {
        reset(&mut self.rows, N * pitch);
        reset(&mut self.zeros, pitch);
    }

    fn row_mut(&mut self, y: usize) -> &mut [f64] {
        let pitch = self.zeros.len();
        self.rows.get_mut(y % N * pitch..(y % N + 1) * pitch).unwrap_or_default()
    }

    /// Row `y + offset`; zeros outside the image.
    fn look(&self, y: usize, offset: isize, height: usize) -> &[f64] {
        match y.checked_add_signed(offset).filter(|&row| row < height) {
            Some(row) => self.rows.chunks_exact(self.zeros.len()).nth(row % N).unwrap_or(&self.zeros),
            None => &self.zeros,
        }
    }
}

fn reset(buffer: &mut Vec<f64>, len: usize) {
    buffer.clear();
    buffer.resize(len, 0.0);
}

impl JointHistogram {
    /// The histogram of an image in codes 0..=255.
    #[must_use]
    pub fn of(image: &Plane) -> Self {
        GmLogScan::default().run(image)
    }
}

impl GmLogScan {
    /// The joint histogram of `image`.
    pub(crate) fn run<R: Rows>(&mut self, image: &R) -> JointHistogram {
        let (width, height) = (image.width(), image.height());
        let mut tally = Tally::default();
        if width <= 2 * TRIM || height <= 2 * TRIM {
            return tally.total();
        }
        let pitch = padded(width) + 2 * MARGIN;
        self.image.reset(pitch);
        self.gradient.reset(pitch);
        self.laplacian.reset(pitch);
        self.energy.reset(pitch);
        for column in self.columns.iter_mut().chain([&mut self.energy_column]) {
            reset(column, pitch);
        }
        self.bins.clear();
        self.bins.resize(padded(width), 0);

        // The filters run two rows behind the image, the normalisation three rows behind the filters.
        for y in 0..height + 3 {
            if y < height {
                let wanted = (y + 3).min(height);
                for next in if y == 0 { 0 } else { (y + 2).min(height) }..wanted {
                    let row = self.image.row_mut(next);
                    image.load(next, row.get_mut(MARGIN..MARGIN + width).unwrap_or_default());
                }
                self.filter_row(y, width, height);
            }
            if let Some(row) = y.checked_sub(3).filter(|&row| row >= TRIM && row + TRIM < height) {
                self.bin_row(row, height);
                tally.add(self.bins.get(TRIM..width - TRIM).unwrap_or_default());
            }
        }
        tally.total()
    }

    /// Both maps and their energy in row `y`.
    fn filter_row(&mut self, y: usize, width: usize, height: usize) {
        let lines = [-2, -1, 0, 1, 2].map(|d| self.image.look(y, d, height));
        dispatch(Columns { lines, filters: &self.filters, out: &mut self.columns });
        let out = [self.gradient.row_mut(y), self.laplacian.row_mut(y), self.energy.row_mut(y)];
        dispatch(Maps { columns: &self.columns, filters: &self.filters, width, out });
    }

    /// The joint bins of row `y`.
    fn bin_row(&mut self, y: usize, height: usize) {
        let energy = [-3, -2, -1, 0, 1, 2, 3].map(|d| self.energy.look(y, d, height));
        dispatch(Bins {
            energy,
            taps: self.filters.energy,
            column: &mut self.energy_column,
            maps: [self.gradient.look(y, 0, height), self.laplacian.look(y, 0, height)],
            out: &mut self.bins,
        });
    }
}

/// Filters down the columns: three parts of the Laplacian, smoothing, slope.
struct Columns<'a> {
    lines: [&'a [f64]; 5],
    filters: &'a Filters,
    out: &'a mut [Vec<f64>; 5],
}

impl Kernel for Columns<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.lines[2].len();
        let lines = self.lines.iter().all(|line| line.len() == n);
        if !fits(lines && self.out.iter().all(|row| row.len() == n)) {
            return;
        }
        let [a, b, c, d, e] = self.lines.map(|line| &line[..n]);
        let [l0, l1, l2, smooth, slope] = self.out;
        let [l0, l1, l2] = [&mut l0[..n], &mut l1[..n], &mut l2[..n]];
        let (smooth, slope) = (&mut smooth[..n], &mut slope[..n]);
        let Filters { laplacian: [w0, w1, w2], smooth: ws, slope: wd, .. } = *self.filters;
        for i in 0..n {
            let (near, far) = (b[i] + d[i], a[i] + e[i]);
            l0[i] = weigh(w0, c[i], near, far);
            l1[i] = weigh(w1, c[i], near, far);
            l2[i] = weigh(w2, c[i], near, far);
            smooth[i] = weigh(ws, c[i], near, far);
            slope[i] = slant(wd, [a[i], b[i], c[i], d[i], e[i]]);
        }
    }
}

#[inline(always)]
fn weigh(weights: [f64; 3], centre: f64, near: f64, far: f64) -> f64 {
    weights[0] * centre + weights[1] * near + weights[2] * far
}

#[inline(always)]
fn slant(weights: [f64; 5], v: [f64; 5]) -> f64 {
    (weights[0] * v[0] + weights[1] * v[1]) + (weights[2] * v[2] + weights[3] * v[3]) + weights[4] * v[4]
}

/// Both maps and their energy from the sums down the columns.
struct Maps<'a> {
    columns: &'a [Vec<f64>; 5],
    filters: &'a Filters,
    width: usize,
    /// Gradient magnitude, Laplacian, energy.
    out: [&'a mut [f64]; 3],
}

/// Five shifted views of a row with margins, from two places left to two places right.
#[inline(always)]
fn looks(line: &[f64], n: usize) -> [&[f64]; 5] {
    [0, 1, 2, 3, 4].map(|k| &line[MARGIN - 2 + k..MARGIN - 2 + k + n])
}

impl Kernel for Maps<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let pitch = self.out[0].len();
        let columns = self.columns.iter().all(|column| column.len() == pitch);
        let rows = self.out.iter().all(|row| row.len() == pitch);
        if !fits(columns && rows && pitch >= self.width + 2 * MARGIN) {
            return;
        }
        let n = pitch - 2 * MARGIN;
        let [l0, l1, l2, smooth, slope] = self.columns;
        let l0 = &l0[MARGIN..MARGIN + n];
        let ([_, la, _, lb, _], [ma, _, _, _, mb]) = (looks(l1, n), looks(l2, n));
        let ([xa, xb, xc, xd, xe], [ya, yb, yc, yd, ye]) = (looks(smooth, n), looks(slope, n));
        let [gradient, laplacian, energy] = self.out.map(|row| &mut row[MARGIN..MARGIN + n]);
        let Filters { smooth: ws, slope: wd, .. } = *self.filters;
        for i in 0..n {
            let gx = slant(wd, [xa[i], xb[i], xc[i], xd[i], xe[i]]);
            let gy = weigh(ws, yc[i], yb[i] + yd[i], ya[i] + ye[i]);
            let g = (gx * gx + gy * gy).sqrt() * 0.4;
            let l = (l0[i] + (la[i] + lb[i]) + (ma[i] + mb[i])).abs();
            gradient[i] = g;
            laplacian[i] = l;
            energy[i] = (g * g + l * l) * 0.5;
        }
        // The window of the energy sees zeros outside the image.
        energy[self.width..].fill(0.0);
    }
}

/// Joint bin numbers: ten times the bin of the gradient magnitude plus that of the Laplacian, both from 0.
struct Bins<'a> {
    energy: [&'a [f64]; 7],
    taps: [f64; 4],
    column: &'a mut [f64],
    maps: [&'a [f64]; 2],
    out: &'a mut [u8],
}

impl Kernel for Bins<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (n, pitch) = (self.out.len(), self.column.len());
        let lengths = self.energy.iter().chain(&self.maps).all(|line| line.len() == pitch);
        if !fits(lengths && pitch == n + 2 * MARGIN) {
            return;
        }
        let [a, b, c, d, e, f, g] = self.energy.map(|line| &line[..pitch]);
        let column = &mut self.column[..pitch];
        for i in 0..pitch {
            column[i] = smooth(self.taps, d[i], c[i] + e[i], b[i] + f[i], a[i] + g[i]);
        }
        let [a, b, c, d, e, f, g] =
            [0, 1, 2, 3, 4, 5, 6].map(|k| &column[MARGIN - 3 + k..MARGIN - 3 + k + n]);
        let [gradient, laplacian] = self.maps.map(|map| &map[MARGIN..MARGIN + n]);
        let out = &mut self.out[..n];
        for i in 0..n {
            let energy = smooth(self.taps, d[i], c[i] + e[i], b[i] + f[i], a[i] + g[i]);
            let per_bin = 5.0 / (energy.sqrt() + 0.2);
            let joint = 10.0 * bin(gradient[i] * per_bin) + bin(laplacian[i] * per_bin);
            // The low bits of this sum hold the integer, 11 to 110.
            #[expect(clippy::cast_possible_truncation, reason = "below 128")]
            let number = (joint + (4_503_599_627_370_496.0 - 11.0)).to_bits() as u8;
            out[i] = number;
        }
    }
}

#[inline(always)]
fn smooth(taps: [f64; 4], centre: f64, near: f64, far: f64, farthest: f64) -> f64 {
    taps[0] * centre + taps[1] * near + taps[2] * far + taps[3] * farthest
}

/// The bin, 1 to 10, of a value in units of the bin width. Zero is in the first bin, all above 10 widths in the last.
#[inline(always)]
fn bin(value: f64) -> f64 {
    value.ceil().clamp(1.0, BINS as f64)
}

/// Counts of joint bins. There are four tables, because neighbours often share a bin and an increment would wait for
/// the previous one.
#[derive(Debug)]
struct Tally([[u64; 128]; 4]);

impl Default for Tally {
    fn default() -> Self {
        Self([[0; 128]; 4])
    }
}

impl Tally {
    fn add(&mut self, bins: &[u8]) {
        let (groups, rest) = bins.as_chunks::<4>();
        for group in groups {
            for (table, bin) in self.0.iter_mut().zip(group) {
                table[usize::from(bin & 127)] += 1;
            }
        }
        for bin in rest {
            self.0[0][usize::from(bin & 127)] += 1;
        }
    }

    fn total(&self) -> JointHistogram {
        let count = |i: usize| self.0.iter().map(|table| table[i]).sum();
        JointHistogram { counts: std::array::from_fn(|g| std::array::from_fn(|l| count(BINS * g + l))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{correlate, gaussian};

    /// The definition, with whole planes and two-dimensional filters.
    fn naive(image: &Plane) -> JointHistogram {
        let scaled = |kernel: Vec<f64>| {
            let sum: f64 = kernel.iter().map(|w| w.abs()).sum();
            kernel.into_iter().map(|w| w / sum).collect::<Vec<f64>>()
        };
        let base = gaussian(7, 0.5);
        let block = |dy: usize, dx: usize| {
            let rows = (1..6).flat_map(|y| (1..6).map(move |x| (y, x)));
            let values = rows.map(|(y, x)| base[y * 7 + x] - base[(y + dy) * 7 + x + dx]);
            scaled(values.collect())
        };
        let [gx, gy, log] =
            [block(0, 1), block(1, 0), scaled(filter::log(5, 0.5))].map(|k| correlate(&k, image).unwrap());
        let (width, height) = (image.width(), image.height());
        let map = |f: &dyn Fn(usize) -> f64| {
            Plane::new((0..width * height).map(f).collect(), width, height).unwrap()
        };
        let gradient = map(&|i| (gx.data()[i] * gx.data()[i] + gy.data()[i] * gy.data()[i]).sqrt() / 2.5);
        let log = map(&|i| log.data()[i].abs());
        let energy = map(&|i| (gradient.data()[i].powi(2) + log.data()[i].powi(2)) / 2.0);
        let norm = correlate(&gaussian(7, 1.0), &energy).unwrap();
        let mut histogram = JointHistogram::default();
        for (y, x) in (2..height - 2).flat_map(|y| (2..width - 2).map(move |x| (y, x))) {
            let i = y * width + x;
            let bin = |v: f64| {
                let bin = (v / (norm.data()[i].sqrt() + 0.2) / 0.2).ceil();
                bin.clamp(1.0, 10.0) as usize - 1
            };
            histogram.counts[bin(gradient.data()[i])][bin(log.data()[i])] += 1;
        }
        histogram
    }

    #[test]
    fn equals_the_definition_at_every_small_size() {
        let mut state = 3u32;
        let mut scan = GmLogScan::default();
        for (width, height) in (5..=19).flat_map(|w| (5..=12).map(move |h| (w, h))) {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state >> 24)
            };
            let image = Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap();
            assert_eq!(scan.run(&image), naive(&image), "{width}x{height}");
        }
        for (width, height) in [(1, 1), (4, 40), (40, 4)] {
            assert_eq!(scan.run(&Plane::zeros(width, height)), JointHistogram::default());
        }
    }

    #[test]
    fn filters_are_the_factors_of_the_definition() {
        let Filters { smooth, slope, .. } = Filters::default();
        let base = gaussian(7, 0.5);
        let difference = |y: usize, x: usize| base[(y + 1) * 7 + x + 1] - base[(y + 1) * 7 + x + 2];
        let sum: f64 = (0..25).map(|i| difference(i / 5, i % 5).abs()).sum();
        for (y, x) in (0..25).map(|i| (i / 5, i % 5)) {
            let expected = difference(y, x) / sum;
            assert!((smooth[y.abs_diff(2)] * slope[x] - expected).abs() < 1e-16, "{y} {x}");
        }
    }
}
