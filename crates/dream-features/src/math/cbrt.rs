//! Cube root and the power 2.4 without branches or tables.
//!
//! Both begin with an integer operation on the bits of the argument: the exponent divided by 3 or 5 gives the inverse
//! root `r = x^(-1/n)` within a few percent. Then `e = 1 - x rⁿ` is small, and
//! `x^(-1/n) = r (1 - e)^(-1/n) = r (1 + e/n + ...)`, a binomial series without divisions.

/// First guess of `x^(-1/n)` from `high = SEED - x.high / n`, whose relative error is the same in both directions.
const SEED_3: u64 = 0x553E_E978;
const SEED_5: u64 = 0x4CB8_9C77;
/// `2^32 / n`, rounded up.
const THIRD: u64 = 0x5555_5556;
const FIFTH: u64 = 0x3333_3334;

#[inline(always)]
fn guess(x: f64, seed: u64, reciprocal: u64) -> f64 {
    let high = x.to_bits() >> 32;
    f64::from_bits((seed - ((high * reciprocal) >> 32)) << 32)
}

/// Cube root of a positive normal number, within two units in the last place. Any other input gives a meaningless
/// result.
#[inline(always)]
pub(crate) fn cbrt(x: f64) -> f64 {
    let r = guess(x, SEED_3, THIRD); // e below 0.103
    let e = 1.0 - x * (r * r * r);
    let r = r + r * (e * (1.0 / 3.0 + e * (2.0 / 9.0 + e * (14.0 / 81.0)))); // within 2e-5
    let e = 1.0 - x * (r * r * r);
    let r = r + r * (e * (1.0 / 3.0 + e * (2.0 / 9.0))); // within 4e-14
    let square = r * r;
    let y = x * square;
    // One step of Newton's method on y itself removes the rounding errors of the previous steps.
    y + (x - y * y * y) * (square * (1.0 / 3.0))
}

/// `x` to the power 2.4 for positive normal `x` whose cube is normal too, within 2e-15 of the value. Any other input
/// gives a meaningless result.
#[inline(always)]
pub(crate) fn pow_2_4(x: f64) -> f64 {
    let inverse = |r: f64| {
        let square = r * r;
        1.0 - x * (square * square * r)
    };
    let r = guess(x, SEED_5, FIFTH); // e below 0.155
    let e = inverse(r);
    let r = r + r * (e * (0.2 + e * (0.12 + e * 0.088))); // within 5e-5
    let e = inverse(r);
    let r = r + r * (e * (0.2 + e * (0.12 + e * (0.088 + e * 0.0704))));
    // x^3 x^(-3/5)
    let y = x * r;
    y * y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_within_two_units_in_the_last_place() {
        let mut worst = 0.0f64;
        for i in 0..400_000 {
            // Every octave, and the neighbourhood of 1.
            let x = libm::exp2(f64::from(i) / 400_000.0 * 2000.0 - 1000.0);
            for x in [x, 1.0 - f64::from(i) * f64::EPSILON, 1.0 + f64::from(i) * f64::EPSILON] {
                worst = worst.max((cbrt(x) / libm::cbrt(x) - 1.0).abs());
            }
        }
        assert!(worst <= 2.0 * f64::EPSILON, "{worst:e}");
        assert_eq!((cbrt(1.0), cbrt(8.0)), (1.0, 2.0));
    }

    #[test]
    fn powers_are_close() {
        let mut worst = 0.0f64;
        for i in 1..=400_000 {
            let x = f64::from(i) / 200_000.0;
            worst = worst.max((pow_2_4(x) / libm::pow(x, 2.4) - 1.0).abs());
        }
        assert!(worst <= 2e-15, "{worst:e}");
        assert_eq!(pow_2_4(1.0), 1.0);
    }
}
