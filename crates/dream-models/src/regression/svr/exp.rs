//! The exponential of many numbers at once.

/// Below it the result counts as 0: the smallest normal number is close.
const LOWEST: f64 = -708.0;
/// Added and taken away again it rounds to an integer, which its low bits then hold.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first with trailing zeros enough for an exact product with an exponent.
const LN_2_HIGH: f64 = 6.931_471_803_691_238_164_9e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_700_02e-10;

/// `exp(x)` for `x <= 0` (a larger `x` counts as 0), within three units in the last place of f64.
///
/// A table-free form that the compiler turns into vector instructions, with the same digits for any width: `k ln 2` is
/// taken away, the rest within ±0.35 goes through its Taylor polynomial, and `k` becomes the exponent.
#[inline(always)]
pub(super) fn exp_negative(x: f64) -> f64 {
    let x = if x < 0.0 { x } else { 0.0 };
    let bounded = if x > LOWEST { x } else { LOWEST };
    let shifted = bounded * std::f64::consts::LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let r = (bounded - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut sum = 1.0 / 6_227_020_800.0;
    for factor in FACTORS {
        sum = sum * r + factor;
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(1023) << 52;
    if x > LOWEST { sum * f64::from_bits(exponent) } else { 0.0 }
}

/// 1/12!, 1/11!, ..., 1/0!.
const FACTORS: [f64; 13] = [
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_libm() {
        let mut worst = 0.0_f64;
        for step in 0..400_000 {
            let x = -f64::from(step) * 0.001_77;
            if x <= LOWEST {
                break;
            }
            let expected = libm::exp(x);
            worst = worst.max(((exp_negative(x) - expected) / expected).abs());
        }
        assert!(worst < 3.0 * f64::EPSILON, "{worst}");
        assert_eq!(exp_negative(0.0), 1.0);
        assert_eq!(exp_negative(-0.0), 1.0);
        assert_eq!(exp_negative(1e-9), 1.0);
        assert_eq!(exp_negative(-1e300), 0.0);
        assert_eq!(exp_negative(f64::NEG_INFINITY), 0.0);
    }
}
