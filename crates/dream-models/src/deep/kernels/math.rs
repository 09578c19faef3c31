//! Functions that the compiler can turn into vector instructions: no branches, no tables, no calls.

/// The nearest number of single precision.
#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
pub(in crate::deep) fn rounded(value: f64) -> f32 {
    value as f32
}

/// Below it the result counts as 0: the smallest normal number is close.
const LOWEST: f32 = -87.3;
/// Added and taken away again it rounds to an integer, which its low bits then hold.
const ROUNDER: f32 = 12_582_912.0;
/// ln 2 in two parts, the first with trailing zeros enough for an exact product with an exponent.
const LN_2_HIGH: f32 = 0.693_359_375;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// `exp(x)` for `x <= 0` (a larger `x` counts as 0), within two units in the last place.
#[inline(always)]
pub(in crate::deep) fn exp_negative(x: f32) -> f32 {
    let x = if x < 0.0 { x } else { 0.0 };
    let bounded = if x > LOWEST { x } else { LOWEST };
    let shifted = bounded * std::f32::consts::LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let r = (bounded - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut sum = 1.0 / 5040.0;
    for factor in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * r + factor;
    }
    let exponent = (shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits());
    if x > LOWEST { sum * f32::from_bits(exponent) } else { 0.0 }
}

/// Where the lower tail of the normal distribution is 0 in single precision.
const END: f32 = 14.0;
/// `exp(a²/2) Φ(-a) (a + 3)` as a polynomial of `(a - 3) / (a + 3)`, fitted to the relative error (5e-8) for `0 <= a <= 14`.
const TAIL: [f32; 9] = [
    -2.667_675_6e-4,
    -9.032_543_1e-4,
    1.076_039_1e-3,
    6.923_923_6e-3,
    -1.047_993_6e-2,
    -4.725_610_1e-2,
    2.300_193_5e-1,
    -5.093_322_9e-1,
    7.290_836_7e-1,
];

/// `(Φ(x), exp(-x²/2))`, the normal distribution function and its density but for a factor.
///
/// `Φ` comes from its lower tail, so it keeps its digits where `(1 + erf) / 2` has none left. The erf
/// that it stands for, `2 Φ - 1`, is within 3.6e-7 of libm's.
#[inline(always)]
pub(super) fn normal(x: f32) -> (f32, f32) {
    let a = x.abs();
    let a = if a < END { a } else { END };
    // The square in two parts: its rounding would cost the exponential eight bits in the tail.
    let high = f32::from_bits(a.to_bits() & 0xffff_f000);
    let low = a - high;
    let square = a * a;
    let rest = ((high * high - square) + 2.0 * high * low) + low * low;
    let density = exp_negative(-0.5 * square) * (1.0 - 0.5 * rest);
    let inverse = 1.0 / (a + 3.0);
    let t = (a - 3.0) * inverse;
    let [mut sum, rest @ ..] = TAIL;
    for factor in rest {
        sum = sum * t + factor;
    }
    let tail = density * sum * inverse;
    (if x < 0.0 { tail } else { 1.0 - tail }, density)
}

/// Lanes of every sum. Fixed, whatever the machine's vector width, so that a sum has the same order on all machines.
const LANES: usize = 32;

/// Folds the values lane by lane, and then the lanes.
#[inline(always)]
pub(super) fn fold(values: &[f32], start: f32, with: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = with(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = with(*lane, *value);
    }
    join(lanes, with)
}

/// Sum of products.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    debug_assert_eq!(a.len(), b.len());
    let mut lanes = [0.0; LANES];
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in whole_a.iter().zip(whole_b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += a * b;
    }
    join(lanes, |a, b| a + b)
}

#[inline(always)]
fn join(mut lanes: [f32; LANES], with: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = lanes.split_at_mut(half);
        low.iter_mut().zip(&*high).for_each(|(a, b)| *a = with(*a, *b));
        half /= 2;
    }
    let [first, ..] = lanes;
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_agrees_with_libm() {
        let mut worst = 0.0_f64;
        for step in 0..1_000_000_u32 {
            let x = -(step as f32) * 8.7e-5;
            let expected = libm::exp(f64::from(x));
            worst = worst.max(((f64::from(exp_negative(x)) - expected) / expected).abs());
        }
        assert!(worst < 2.0 * f64::from(f32::EPSILON), "{worst:e}");
        assert_eq!((exp_negative(0.0), exp_negative(-0.0), exp_negative(1e-9)), (1.0, 1.0, 1.0));
        assert_eq!((exp_negative(-1e30), exp_negative(f32::NEG_INFINITY)), (0.0, 0.0));
    }

    #[test]
    fn the_normal_distribution_agrees_with_libm() {
        let (mut worst, mut absolute) = (0.0_f64, 0.0_f64);
        for step in -1_000_000..1_000_000_i32 {
            let x = step as f32 * 1.3e-5;
            let wide = f64::from(x);
            let expected = 0.5 * libm::erfc(-wide / std::f64::consts::SQRT_2);
            let found = f64::from(normal(x).0);
            worst = worst.max(((found - expected) / expected).abs());
            // erf as PyTorch has it, from the same function.
            absolute = absolute.max((2.0 * found - 1.0 - libm::erf(wide / std::f64::consts::SQRT_2)).abs());
        }
        assert!(worst < 6.0 * f64::from(f32::EPSILON), "{worst:e}");
        assert!(absolute < 3.5 * f64::from(f32::EPSILON), "{absolute:e}");
        assert_eq!((normal(1e30).0, normal(-1e30).0, normal(0.0).1), (1.0, 0.0, 1.0));
        assert!((normal(0.0).0 - 0.5).abs() <= f32::EPSILON);
    }
}
