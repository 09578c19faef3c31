//! The literal form of the local normalisation: all 49 products of the window, summed column by column.

use pulp::Simd;

use super::ring::{MARGIN, looks};
use crate::simd::{Kernel, fits};

/// Side of the window.
const SIDE: usize = 7;

/// Registers of neighbouring pixels that are summed at the same time. In one register, each addition would wait for the
/// one before it.
const TOGETHER: usize = 4;

/// One row of coefficients from seven rows of the image with margins. Every pixel has a lane of its own, so its products
/// are summed in the order of the original code.
pub(super) struct Literal<'a> {
    pub(super) lines: [&'a [f64]; 7],
    /// The two-dimensional window, row by row.
    pub(super) window: &'a [f64],
    pub(super) mu: &'a mut [f64],
    pub(super) sigma: &'a mut [f64],
    pub(super) values: &'a mut [f64],
}

impl Kernel for Literal<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { lines, window, mu, sigma, values } = self;
        let n = mu.len();
        let Some(window) = window.first_chunk::<{ SIDE * SIDE }>() else { return };
        let x = looks(lines[3], n)[3];
        if !fits(sigma.len() == n && values.len() == n && x.len() == n) {
            return;
        }
        let (x, mu, sigma, values) = (&x[..n], &mut mu[..n], &mut sigma[..n], &mut values[..n]);
        let whole = n - n % (TOGETHER * S::F64_LANES);
        sums::<S, TOGETHER>(simd, lines, window, 0, &mut mu[..whole], &mut sigma[..whole]);
        sums::<S, 1>(simd, lines, window, whole, &mut mu[whole..], &mut sigma[whole..]);
        for i in 0..n {
            sigma[i] = (sigma[i] - mu[i] * mu[i]).abs().sqrt();
            values[i] = (x[i] - mu[i]) / (sigma[i] + 1.0);
        }
    }
}

/// Window sums of the values and of their squares, `R` registers at a time, from column `from` on.
#[inline(always)]
fn sums<S: Simd, const R: usize>(
    simd: S,
    lines: [&[f64]; SIDE],
    window: &[f64; SIDE * SIDE],
    from: usize,
    values: &mut [f64],
    squares: &mut [f64],
) {
    let width = R * S::F64_LANES;
    let groups = values.chunks_exact_mut(width).zip(squares.chunks_exact_mut(width));
    for (group, (values, squares)) in groups.enumerate() {
        let start = MARGIN - SIDE / 2 + from + group * width;
        let mut parts: [&[f64]; SIDE] = [&[]; SIDE];
        for (part, line) in parts.iter_mut().zip(lines) {
            *part = &line[start..start + width + SIDE - 1];
        }
        let mut sum = [simd.splat_f64s(0.0); R];
        let mut square = [simd.splat_f64s(0.0); R];
        for dx in 0..SIDE {
            for dy in (0..SIDE).rev() {
                let tap = simd.splat_f64s(window[dy * SIDE + dx]);
                let x = S::as_simd_f64s(&parts[dy][dx..dx + width]).0;
                for r in 0..R {
                    sum[r] = simd.add_f64s(sum[r], simd.mul_f64s(tap, x[r]));
                    square[r] = simd.add_f64s(square[r], simd.mul_f64s(tap, simd.mul_f64s(x[r], x[r])));
                }
            }
        }
        for (out, sum) in S::as_mut_simd_f64s(values).0.iter_mut().zip(sum) {
            *out = sum;
        }
        for (out, square) in S::as_mut_simd_f64s(squares).0.iter_mut().zip(square) {
            *out = square;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::gaussian;
    use crate::simd::{dispatch, padded};

    /// Every instruction set gives the bits of the plain sums, whatever the width leaves over.
    #[test]
    fn sums_are_those_of_the_original_order_to_the_last_bit() {
        let window = gaussian(SIDE, 7.0 / 6.0);
        let mut state = 11u32;
        for n in [1, 5, 8, 24, 31, 32, 40, 100, 264].map(padded) {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state) / 16_843_009.0
            };
            let rows: Vec<Vec<f64>> =
                (0..SIDE).map(|_| (0..n + 2 * MARGIN).map(|_| next()).collect()).collect();
            let lines: [&[f64]; SIDE] = std::array::from_fn(|k| rows[k].as_slice());
            let run = |dispatched: bool| {
                let mut out = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
                let [mu, sigma, values] = &mut out;
                let kernel = Literal { lines, window: &window, mu, sigma, values };
                if dispatched {
                    dispatch(kernel)
                } else {
                    kernel.with_simd(pulp::Scalar::new())
                }
                out.map(|line| line.into_iter().map(f64::to_bits).collect::<Vec<u64>>())
            };
            let found = run(true);
            assert_eq!(found, run(false), "{n}");
            for i in 0..n {
                let (mut sum, mut square) = (0.0, 0.0);
                for dx in 0..SIDE {
                    for dy in (0..SIDE).rev() {
                        let (tap, x) = (window[SIDE * dy + dx], lines[dy][MARGIN - 3 + i + dx]);
                        sum += tap * x;
                        square += tap * (x * x);
                    }
                }
                let sigma: f64 = (square - sum * sum).abs().sqrt();
                let value = (lines[3][MARGIN + i] - sum) / (sigma + 1.0);
                assert_eq!(
                    [found[0][i], found[1][i], found[2][i]],
                    [sum, sigma, value].map(f64::to_bits),
                    "{n} {i}"
                );
            }
        }
    }
}
