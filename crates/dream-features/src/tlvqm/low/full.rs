//! Interlacing and blur of the full-size luma, in exact integer arithmetic.

use pulp::Simd;

use crate::simd::{Kernel, dispatch, fits};
use crate::view::LumaView;

/// Scratch memory for both, reused between frames.
#[derive(Debug, Default)]
pub(super) struct FullSize {
    rows: Scratch,
    first: Vec<u32>,
    second: Vec<u32>,
    bins: Vec<(u32, u64)>,
    edge: Vec<u32>,
}

/// Column-wise combinations of neighbouring rows.
#[derive(Debug, Default)]
struct Scratch {
    /// Weights 1 2 1 and 1 4 6 4 1 down the columns.
    smooth: [Vec<i32>; 2],
    /// First and second difference down the columns.
    difference: [Vec<i32>; 2],
}

impl FullSize {
    /// Compares pairs of columns with pairs of rows. Each mean is over the largest 0.1 % of squared differences inside
    /// non-overlapping pairs; the result is the smaller mean over the larger. 0 when there are no differences.
    pub(super) fn interlace(&self, luma: &LumaView<'_>) -> f64 {
        // Differences are codes, so counting them sorts them.
        let (mut columns, mut rows) = ([0u64; 256], [0u64; 256]);
        for y in 0..luma.height() {
            for &[a, b] in luma.row(y).as_chunks::<2>().0 {
                count(&mut columns, a.abs_diff(b));
            }
        }
        for pair in 0..luma.height() / 2 {
            for (&a, &b) in luma.row(2 * pair).iter().zip(luma.row(2 * pair + 1)) {
                count(&mut rows, a.abs_diff(b));
            }
        }
        let (columns, rows) = (largest(&columns), largest(&rows));
        if columns.max(rows) > 0.0 { columns.min(rows) / columns.max(rows) } else { 0.0 }
    }

    /// Energy of the second differences of luma over that of the first differences, each the mean of the largest tenth.
    /// 0 for a constant frame.
    pub(super) fn blur(&mut self, luma: &LumaView<'_>) -> f64 {
        let (width, height) = (luma.width(), luma.height());
        self.first.clear();
        self.second.clear();
        for y in 2..height.saturating_sub(2) {
            let lines = [y - 2, y - 1, y, y + 1, y + 2].map(|y| luma.row(y));
            dispatch(Differentiate {
                lines,
                rows: &mut self.rows,
                first: (y >= 3 && y + 3 < height).then_some(&mut self.first),
                second: &mut self.second,
            });
        }
        debug_assert!(self.second.len() <= width * height);
        let first = self.bins_mean(true) / 64.0;
        let second = self.bins_mean(false) / 4096.0;
        if first > 0.0 { second / first } else { 0.0 }
    }

    /// Mean of the largest tenth of the first or second energies.
    fn bins_mean(&mut self, first: bool) -> f64 {
        let values = if first { &self.first } else { &self.second };
        let keep = values.len() / 10;
        if keep == 0 {
            return 0.0;
        }
        let shift = if first { 10 } else { 16 };
        self.bins.clear();
        self.bins.resize(2048, (0, 0));
        for &value in values {
            if let Some((count, sum)) = self.bins.get_mut((value >> shift) as usize) {
                *count += 1;
                *sum += u64::from(value);
            }
        }
        let (mut count, mut sum) = (0usize, 0u64);
        for (bin, &(bin_count, bin_sum)) in self.bins.iter().enumerate().rev() {
            if count + bin_count as usize <= keep {
                count += bin_count as usize;
                sum += bin_sum;
                continue;
            }
            // From the bin with the border, only the largest values count.
            self.edge.clear();
            self.edge.extend(values.iter().filter(|&&value| (value >> shift) as usize == bin));
            let rest = self.edge.len() - (keep - count);
            if rest < self.edge.len() {
                self.edge.select_nth_unstable(rest);
                sum += self.edge.iter().skip(rest).copied().map(u64::from).sum::<u64>();
            }
            break;
        }
        sum as f64 / keep as f64
    }
}

fn count(histogram: &mut [u64; 256], difference: u8) {
    histogram[usize::from(difference)] += 1;
}

/// Mean square of the largest thousandth.
fn largest(histogram: &[u64; 256]) -> f64 {
    let keep = histogram.iter().sum::<u64>() / 1000;
    let (mut left, mut sum) = (keep, 0);
    for (difference, &count) in histogram.iter().enumerate().rev() {
        let taken = count.min(left);
        sum += taken * (difference * difference) as u64;
        left -= taken;
    }
    if keep == 0 { 0.0 } else { sum as f64 / keep as f64 }
}

/// Energies of one row from five rows of luma.
struct Differentiate<'a> {
    lines: [&'a [u8]; 5],
    rows: &'a mut Scratch,
    first: Option<&'a mut Vec<u32>>,
    second: &'a mut Vec<u32>,
}

impl Kernel for Differentiate<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.lines[2].len();
        if n < 7 || !fits(self.lines.iter().all(|line| line.len() == n)) {
            return;
        }
        let [a, b, c, d, e] = self.lines.map(|line| &line[..n]);
        let Scratch { smooth: [v3, v5], difference: [d1, d2] } = self.rows;
        for row in [&mut *v3, &mut *v5, &mut *d1, &mut *d2] {
            row.resize(n, 0);
        }
        let (v3, v5, d1, d2) = (&mut v3[..n], &mut v5[..n], &mut d1[..n], &mut d2[..n]);
        for x in 0..n {
            let [a, b, c, d, e] = [a[x], b[x], c[x], d[x], e[x]].map(i32::from);
            v3[x] = b + 2 * c + d;
            v5[x] = a + 4 * b + 6 * c + 4 * d + e;
            d1[x] = c - b;
            d2[x] = c - 2 * b + a;
        }
        let start = self.second.len();
        let m = n - 4;
        self.second.resize(start + m, 0);
        let out = &mut self.second[start..start + m];
        let [h0, h1, h2] = [0, 1, 2].map(|k| &v5[k..k + m]);
        let [g0, g1, g2, g3, g4] = [0, 1, 2, 3, 4].map(|k| &d2[k..k + m]);
        for x in 0..m {
            let horizontal = h2[x] - 2 * h1[x] + h0[x];
            let vertical = g0[x] + 4 * (g1[x] + g3[x]) + 6 * g2[x] + g4[x];
            out[x] = (horizontal * horizontal + vertical * vertical).cast_unsigned();
        }
        if let Some(first) = self.first {
            let start = first.len();
            let m = n - 6;
            first.resize(start + m, 0);
            let out = &mut first[start..start + m];
            let [h0, h1] = [2, 3].map(|k| &v3[k..k + m]);
            let [g0, g1, g2] = [2, 3, 4].map(|k| &d1[k..k + m]);
            for x in 0..m {
                let horizontal = h1[x] - h0[x];
                let vertical = g0[x] + 2 * g1[x] + g2[x];
                out[x] = (horizontal * horizontal + vertical * vertical).cast_unsigned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 3u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    fn top(mut values: Vec<f64>, share: f64) -> f64 {
        values.sort_by(|a, b| b.total_cmp(a));
        let keep = (share * values.len() as f64) as usize;
        values[..keep].iter().sum::<f64>() / keep as f64
    }

    /// The definition, on whole planes of `f64`.
    #[test]
    fn blur_and_interlace_are_as_defined() {
        let (width, height) = (71, 46);
        let pixels = noise(width * height);
        let luma = LumaView::new(&pixels, width, height, width).unwrap();
        let at = |plane: &[f64], y: usize, x: usize| plane[y * width + x];
        let plane: Vec<f64> = pixels.iter().map(|&v| f64::from(v) / 255.0).collect();
        // K and its transpose, inside the border only.
        let filter = |plane: &[f64], transposed: bool| {
            let mut out = vec![0.0; width * height];
            for y in 1..height - 1 {
                for x in 1..width - 1 {
                    let mut sum = 0.0;
                    for (k, w) in [(-1i32, 1.0), (0, 2.0), (1, 1.0)] {
                        let shift = |v: usize| (v as i32 + k) as usize;
                        sum += w * if transposed {
                            at(plane, shift(y), x) - at(plane, shift(y), x - 1)
                        } else {
                            at(plane, y, shift(x)) - at(plane, y - 1, shift(x))
                        };
                    }
                    out[y * width + x] = sum / 8.0;
                }
            }
            out
        };
        let energies = |v: &[f64], h: &[f64], crop: usize| {
            let inside = (crop..height - crop).flat_map(|y| (crop..width - crop).map(move |x| (y, x)));
            inside.map(|(y, x)| at(v, y, x).powi(2) + at(h, y, x).powi(2)).collect::<Vec<_>>()
        };
        let (v, h) = (filter(&plane, false), filter(&plane, true));
        let (v2, h2) = (filter(&v, false), filter(&h, true));
        let expected = top(energies(&v2, &h2, 2), 0.1) / top(energies(&v, &h, 3), 0.1);
        let mut full = FullSize::default();
        for _ in 0..2 {
            let found = full.blur(&luma);
            assert!((found - expected).abs() < 1e-12 * expected, "{found} {expected}");
        }
        let square = |a: usize, b: usize| (plane[a] - plane[b]).powi(2);
        let columns = (0..height).flat_map(|y| (0..width / 2).map(move |x| y * width + 2 * x));
        let columns = top(columns.map(|i| square(i, i + 1)).collect(), 0.001);
        let rows = (0..height / 2).flat_map(|y| (0..width).map(move |x| 2 * y * width + x));
        let rows = top(rows.map(|i| square(i, i + width)).collect(), 0.001);
        let expected = columns.min(rows) / columns.max(rows);
        assert!((full.interlace(&luma) - expected).abs() < 1e-12);
    }

    #[test]
    fn a_constant_frame_is_zero() {
        let pixels = [9u8; 64 * 64];
        let luma = LumaView::new(&pixels, 64, 64, 64).unwrap();
        let mut full = FullSize::default();
        assert_eq!((full.blur(&luma), full.interlace(&luma)), (0.0, 0.0));
    }
}
