//! Natural logarithm without branches.

/// Bits of the double next to sqrt(1/2), where the range of the reduced argument begins.
const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
const ONE: u64 = 0x3FF0_0000_0000_0000;
const FRACTION: u64 = 0x000F_FFFF_FFFF_FFFF;
/// Bits of 2^52. Putting an integer below 2^52 into its fraction gives the double 2^52 + integer.
const TWO_52: u64 = 0x4330_0000_0000_0000;
/// ln 2 in two parts. The first ends in 21 zero bits, so that its product with an exponent is exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Natural logarithm of a positive normal number, within one unit in the last place. Any other input gives a
/// meaningless result.
///
/// `x = 2^k m` with `m` from sqrt(1/2) to sqrt(2). With `f = m - 1` and `s = f / (2 + f)`,
/// `ln m = 2 atanh s = 2s + 2s³/3 + 2s⁵/5 + ...`, where terms after `s^19` are negligible. `2s` is written as
/// `f - f²/2 + s f²/2`, so that the largest term is exact.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits().wrapping_add(ONE - SQRT_HALF);
    let k = f64::from_bits((bits >> 52) | TWO_52) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits((bits & FRACTION) + SQRT_HALF);

    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let zz = z * z;
    let z4 = zz * zz;
    let low = (2.0 / 3.0 + 2.0 / 5.0 * z) + (2.0 / 7.0 + 2.0 / 9.0 * z) * zz;
    let high = (2.0 / 11.0 + 2.0 / 13.0 * z) + (2.0 / 15.0 + 2.0 / 17.0 * z) * zz;
    let series = z * (low + (high + 2.0 / 19.0 * z4) * z4);
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + series) + k * LN2_LOW)) - f)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Difference in units in the last place.
    fn ulps(found: f64, expected: f64) -> u64 {
        found.to_bits().abs_diff(expected.to_bits())
    }

    #[test]
    fn within_a_unit_of_the_scalar_logarithm() {
        // `libm` is itself within one unit.
        let (mut worst, mut different) = (0, 0);
        let mut state = 1u64;
        for i in 0..2_000_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let fraction = state >> 12;
            // All binary exponents, with many numbers near 1 and in the range of 0.1 + |MSCN|.
            let exponent = match i % 4 {
                0 => 1 + (state >> 5) % 2046,
                1 => 1022 + (state >> 5) % 2,
                _ => 1019 + (state >> 5) % 12,
            };
            let x = f64::from_bits(exponent << 52 | fraction);
            let error = ulps(ln(x), libm::log(x));
            worst = worst.max(error);
            different += u32::from(error > 0);
        }
        assert!(worst <= 1, "{worst} units");
        assert!(different < 200_000, "{different} of two million differ");
    }

    #[test]
    fn exact_values() {
        assert_eq!(ln(1.0), 0.0);
        for k in [-1022, -3, -1, 1, 2, 10, 1023] {
            let x = libm::ldexp(1.0, k);
            assert!(ulps(ln(x), f64::from(k) * std::f64::consts::LN_2) <= 1, "{k}");
        }
        assert_eq!(ln(0.1), -2.302_585_092_994_045_5);
        assert!(ulps(ln(f64::MAX), libm::log(f64::MAX)) <= 1);
    }
}
