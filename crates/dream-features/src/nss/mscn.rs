//! Mean-subtracted contrast-normalised coefficients, row by row in a ring of seven rows.

use super::literal::Literal;
use super::ring::{Border, MARGIN, Ring, looks, reset};
use crate::filter::{gaussian, mscn_taps};
use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch, fits, padded};
use pulp::Simd;

/// How exactly flat areas of the image are treated.
///
/// In a flat area, `x - mu` is 0 in exact arithmetic, but 0 or ±1e-14 in floating point, depending on the order of the
/// sums. The asymmetric fits count samples by sign, so this noise reaches the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum FlatAreas {
    /// `|x - mu| < 1e-9` counts as 0. The result is the same for any order of the sums, on any machine.
    #[default]
    Snapped,
    /// The noise stays, as in the original code, and so does the order of summation: all 49 products of the window,
    /// column by column. This is several times slower.
    Literal,
}

impl FlatAreas {
    /// As a recipe says it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Snapped => "snapped",
            Self::Literal => "literal",
        }
    }
}

const SNAP: f64 = 1e-9;

/// Local mean, deviation and MSCN of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalStatistics {
    /// Gaussian-weighted local mean; samples outside the image are 0 unless another [`Border`] is chosen.
    pub mu: Plane,
    /// Local standard deviation `sqrt(|E[x²] - mu²|)`.
    pub sigma: Plane,
    /// `(x - mu) / (sigma + 1)`.
    pub mscn: Plane,
}

/// Local statistics of `image` (0..=255 codes) in the 7x7 Gaussian window, zeros outside the image.
///
/// # Example
/// ```
/// use dream_features::{Plane, nss::{FlatAreas, local_statistics}};
///
/// let flat = Plane::new(vec![10.0; 81], 9, 9)?;
/// let local = local_statistics(&flat, FlatAreas::Snapped);
/// assert_eq!(local.mscn.row(4)[4], 0.0);
/// assert!(local.mscn.row(0)[0] > 0.0, "the border is darkened by the zeros outside");
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// BRISQUE release, LIVE 2011 (`filter2` with zero padding). See the crate's `nss` module.
#[doc(alias("mscn", "normalize_img_with_gauss"))]
#[must_use]
pub fn local_statistics(image: &Plane, flat: FlatAreas) -> LocalStatistics {
    local_statistics_bordered(image, flat, Border::Zero)
}

/// Same as [`local_statistics`], with a choice of what lies outside the image.
///
/// # Example
/// ```
/// use dream_features::{Plane, nss::{Border, FlatAreas, local_statistics_bordered}};
///
/// let flat = Plane::new(vec![10.0; 81], 9, 9)?;
/// let local = local_statistics_bordered(&flat, FlatAreas::Snapped, Border::Replicate);
/// assert!(local.mscn.data().iter().all(|&v| v == 0.0));
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// NIQE release (`imfilter` with replicated border), IEEE Signal Processing Letters 20(3), 2013.
#[must_use]
pub fn local_statistics_bordered(image: &Plane, flat: FlatAreas, border: Border) -> LocalStatistics {
    let (width, height) = (image.width(), image.height());
    let mut out = [(); 3].map(|()| Plane::zeros(width, height));
    MscnScan::default().run_bordered(image, flat, border, |y, row| {
        for (plane, line) in out.iter_mut().zip([row.mu(), row.sigma(), row.values()]) {
            plane.row_mut(y).copy_from_slice(line);
        }
    });
    let [mu, sigma, mscn] = out;
    LocalStatistics { mu, sigma, mscn }
}

/// One row of coefficients with margins. After the last value it is padded with zeros to whole lanes.
#[derive(Debug, Default)]
pub(crate) struct MscnRow {
    values: Vec<f64>,
    mu: Vec<f64>,
    sigma: Vec<f64>,
    width: usize,
}

impl MscnRow {
    fn resize(&mut self, width: usize) {
        self.width = width;
        reset(&mut self.values, MARGIN + padded(width));
        reset(&mut self.mu, padded(width));
        reset(&mut self.sigma, padded(width));
    }

    /// Copies the coefficients of `other`.
    pub(crate) fn copy_values(&mut self, other: &Self) {
        self.width = other.width;
        self.values.clone_from(&other.values);
    }

    /// The coefficients.
    pub(crate) fn values(&self) -> &[f64] {
        self.values.get(MARGIN..MARGIN + self.width).unwrap_or_default()
    }

    /// The local means.
    pub(crate) fn mu(&self) -> &[f64] {
        self.mu.get(..self.width).unwrap_or_default()
    }

    /// The local deviations.
    pub(crate) fn sigma(&self) -> &[f64] {
        self.sigma.get(..self.width).unwrap_or_default()
    }

    /// The coefficients, padded with zeros to whole lanes.
    pub(crate) fn lanes(&self) -> &[f64] {
        self.values.get(MARGIN..).unwrap_or_default()
    }

    /// As long as [`MscnRow::lanes`], but shifted by one place: first the last value of the row (circular), then the
    /// first, and so on.
    pub(crate) fn shifted_lanes(&self) -> &[f64] {
        self.values.get(MARGIN - 1..self.values.len().saturating_sub(1)).unwrap_or_default()
    }
}

/// Scratch memory for the row-by-row normalisation, reused between images.
#[derive(Debug, Default)]
pub(crate) struct MscnScan {
    ring: Ring,
    flat: FlatAreas,
    taps: [f64; 4],
    /// The two-dimensional window, for the literal form only.
    window: Vec<f64>,
    /// Whether the window is normalised a second time, as in the releases of NIQE and VIDEVAL.
    normalised_twice: bool,
    /// Window sums of the values and their squares down the columns, with margins of zeros.
    sums: [Vec<f64>; 2],
    row: MscnRow,
}

impl MscnScan {
    /// A scan whose literal window is that of VIDEVAL's release.
    pub(crate) fn normalised_twice() -> Self {
        Self { normalised_twice: true, ..Self::default() }
    }

    /// Calls `sink(y, row)` for every row of the image, from the top. The sink may swap the row for another one that it
    /// received before.
    pub(crate) fn run<R: Rows>(&mut self, rows: &R, flat: FlatAreas, sink: impl FnMut(usize, &mut MscnRow)) {
        self.run_bordered(rows, flat, Border::Zero, sink);
    }

    /// Same as [`MscnScan::run`], with a choice of what lies outside the image.
    pub(crate) fn run_bordered<R: Rows>(
        &mut self,
        rows: &R,
        flat: FlatAreas,
        border: Border,
        mut sink: impl FnMut(usize, &mut MscnRow),
    ) {
        self.start(rows.width(), rows.height(), flat, border);
        for y in 0..rows.height() {
            self.push(|out| rows.load(y, out));
            while let Some((y, row)) = self.next_row() {
                sink(y, row);
            }
        }
    }

    /// Starts an image whose rows arrive one by one.
    pub(crate) fn start(&mut self, width: usize, height: usize, flat: FlatAreas, border: Border) {
        self.ring.start(width, height, border);
        self.flat = flat;
        self.taps = mscn_taps();
        self.window = match flat {
            FlatAreas::Literal => literal_window(self.normalised_twice || border == Border::Replicate),
            FlatAreas::Snapped => Vec::new(), // not used, allocates nothing
        };
        for sums in &mut self.sums {
            reset(sums, self.ring.pitch());
        }
    }

    /// Takes the next row, which `load` writes. Then call [`MscnScan::next_row`] until it returns `None`.
    pub(crate) fn push(&mut self, load: impl FnOnce(&mut [f64])) {
        self.ring.push(load);
    }

    /// The next row of coefficients, three rows behind the last one pushed. After the last push, further calls return
    /// the rest.
    pub(crate) fn next_row(&mut self) -> Option<(usize, &mut MscnRow)> {
        let y = self.ring.next()?;
        let (lines, width) = (self.ring.lines(y), self.ring.width());
        // A row that was swapped in may be new.
        if self.row.width != width || self.row.mu.len() != padded(width) {
            self.row.resize(width);
        }
        let (sums, row) = (&mut self.sums, &mut self.row);
        match self.flat {
            FlatAreas::Snapped => dispatch(Snapped { lines, taps: self.taps, sums, row }),
            FlatAreas::Literal => {
                let MscnRow { values, mu, sigma, .. } = row;
                let values = values.get_mut(MARGIN..).unwrap_or_default();
                dispatch(Literal { lines, window: &self.window, mu, sigma, values });
            }
        }
        // The window also reaches past the end of the row; the lanes there must stay 0.
        row.values.get_mut(MARGIN + width..).unwrap_or_default().fill(0.0);
        let last = row.values().last().copied().unwrap_or_default();
        if let Some(before) = row.values.get_mut(MARGIN - 1) {
            *before = last;
        }
        Some((y, row))
    }
}

/// Receives the rows of coefficients and the pairs of vertical neighbours.
pub(crate) trait PairSink {
    /// Takes a row, from the top.
    fn row(&mut self, row: &MscnRow);
    /// Takes two neighbouring rows. Only their coefficients are known.
    fn pair(&mut self, above: &MscnRow, below: &MscnRow);
}

impl MscnScan {
    /// Passes all rows and all pairs of rows to `sink`. The last row is also the upper neighbour of the first, as in
    /// MATLAB's circular shift. `rows` is scratch memory.
    pub(crate) fn run_pairs<R: Rows>(
        &mut self,
        image: &R,
        flat: FlatAreas,
        rows: &mut [MscnRow; 2],
        sink: &mut impl PairSink,
    ) {
        self.start(image.width(), image.height(), flat, Border::Zero);
        for y in 0..image.height() {
            self.push_pairs(|out| image.load(y, out), rows, sink);
        }
        Self::close_pairs(rows, sink);
    }

    /// Takes the next row of an image that was [started](MscnScan::start), and passes on what is then known.
    pub(crate) fn push_pairs(
        &mut self,
        load: impl FnOnce(&mut [f64]),
        rows: &mut [MscnRow; 2],
        sink: &mut impl PairSink,
    ) {
        let [first, previous] = rows;
        self.push(load);
        while let Some((y, row)) = self.next_row() {
            sink.row(row);
            if y == 0 {
                first.copy_values(row);
            } else {
                sink.pair(previous, row);
            }
            std::mem::swap(previous, row);
        }
    }

    /// Passes on the pair of the last row and the first.
    pub(crate) fn close_pairs(rows: &[MscnRow; 2], sink: &mut impl PairSink) {
        let [first, previous] = rows;
        sink.pair(previous, first);
    }
}

/// The two-dimensional window, equal to that of the original code to the last bit: normalised once or twice.
fn literal_window(twice: bool) -> Vec<f64> {
    let mut window = gaussian(7, 7.0 / 6.0);
    if twice {
        // Divided by the sum of the column sums.
        let column = |k: usize| window.iter().skip(k).step_by(7).sum::<f64>();
        let total: f64 = (0..7).map(column).sum();
        for weight in &mut window {
            *weight /= total;
        }
    }
    window
}

/// One row of coefficients from seven rows of the image, computed with the separable window.
struct Snapped<'a> {
    lines: [&'a [f64]; 7],
    taps: [f64; 4],
    sums: &'a mut [Vec<f64>; 2],
    row: &'a mut MscnRow,
}

impl Kernel for Snapped<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        vertical(self.lines, self.taps, self.sums);
        horizontal(self.lines[3], self.taps, self.sums, self.row);
    }
}

/// Window sums down the columns, of the values and of their squares.
#[inline(always)]
fn vertical(lines: [&[f64]; 7], taps: [f64; 4], sums: &mut [Vec<f64>; 2]) {
    let n = lines[3].len();
    let [sum, sum2] = sums;
    if !fits(lines.iter().all(|line| line.len() == n) && sum.len() == n && sum2.len() == n) {
        return;
    }
    let [a, b, c, d, e, f, g] = lines.map(|line| &line[..n]);
    let (sum, sum2) = (&mut sum[..n], &mut sum2[..n]);
    for i in 0..n {
        let [b, f, c, e, d, a, g] = [b[i], f[i], c[i], e[i], d[i], a[i], g[i]];
        sum[i] = weigh(taps, d, c + e, b + f, a + g);
        sum2[i] = weigh(taps, d * d, c * c + e * e, b * b + f * f, a * a + g * g);
    }
}

#[inline(always)]
fn weigh(taps: [f64; 4], centre: f64, near: f64, far: f64, farthest: f64) -> f64 {
    taps[0] * centre + taps[1] * near + taps[2] * far + taps[3] * farthest
}

/// Window sums along the row, and the coefficients.
#[inline(always)]
fn horizontal(line: &[f64], taps: [f64; 4], sums: &[Vec<f64>; 2], row: &mut MscnRow) {
    let n = row.mu.len();
    let (Some(x), Some(values)) = (line.get(MARGIN..MARGIN + n), row.values.get_mut(MARGIN..MARGIN + n))
    else {
        fits(false);
        return;
    };
    let (mu, sigma) = (&mut row.mu[..n], &mut row.sigma[..n]);
    let [s, q] = [looks(&sums[0], n), looks(&sums[1], n)];
    if !fits(s.iter().chain(&q).all(|look| look.len() == n)) {
        return;
    }
    let [s0, s1, s2, s3, s4, s5, s6] = s.map(|look| &look[..n]);
    let [q0, q1, q2, q3, q4, q5, q6] = q.map(|look| &look[..n]);
    for i in 0..n {
        mu[i] = weigh(taps, s3[i], s2[i] + s4[i], s1[i] + s5[i], s0[i] + s6[i]);
        let square = weigh(taps, q3[i], q2[i] + q4[i], q1[i] + q5[i], q0[i] + q6[i]);
        sigma[i] = (square - mu[i] * mu[i]).abs().sqrt();
        let centred = x[i] - mu[i];
        let centred = if centred.abs() < SNAP { 0.0 } else { centred };
        values[i] = centred / (sigma[i] + 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{correlate, gaussian};

    /// The definition, with whole planes and the two-dimensional window.
    fn naive(image: &Plane) -> [Plane; 3] {
        let window = gaussian(7, 7.0 / 6.0);
        let mu = correlate(&window, image).unwrap();
        let map = |f: &dyn Fn(usize) -> f64| {
            Plane::new((0..image.data().len()).map(f).collect(), image.width(), image.height()).unwrap()
        };
        let square = correlate(&window, &map(&|i| image.data()[i] * image.data()[i])).unwrap();
        let sigma = map(&|i| (square.data()[i] - mu.data()[i] * mu.data()[i]).abs().sqrt());
        let mscn = map(&|i| (image.data()[i] - mu.data()[i]) / (sigma.data()[i] + 1.0));
        [mu, sigma, mscn]
    }

    #[test]
    fn equals_the_definition_at_every_small_size() {
        let mut state = 7u32;
        for (width, height) in (1..=17).flat_map(|w| (1..=9).map(move |h| (w, h))) {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state >> 24)
            };
            let image = Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap();
            let local = local_statistics(&image, FlatAreas::Literal);
            let expected = naive(&image);
            for (found, expected) in [&local.mu, &local.sigma, &local.mscn].into_iter().zip(&expected) {
                for (f, e) in found.data().iter().zip(expected.data()) {
                    assert!((f - e).abs() <= 1e-10, "{width}x{height}: {f} {e}");
                }
            }
        }
    }

    #[test]
    fn flat_areas_are_exactly_zero_when_snapped() {
        let image = Plane::new(vec![200.0; 40 * 30], 40, 30).unwrap();
        let count = |flat| local_statistics(&image, flat).mscn.data().iter().filter(|&&v| v == 0.0).count();
        assert_eq!(count(FlatAreas::Snapped), 34 * 24, "all but the border of three");
        assert!(count(FlatAreas::Literal) <= 34 * 24);
    }
}
