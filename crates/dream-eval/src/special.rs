//! Tail probabilities of the normal, Student's t and chi-square distributions.
//!
//! Uses `libm`, so a p-value has the same digits on every machine. Tails are computed directly, never as one minus the
//! other side: a p-value of 1e-13 keeps its digits.

use core::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// Continued fractions and series stop at this relative change.
const PRECISION: f64 = 1e-16;
/// Far more than the largest samples need (about the square root of the degrees of freedom).
const MOST_TERMS: u32 = 1_000_000;

/// P(Z > z) of the standard normal distribution.
pub(crate) fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// P(|Z| > |z|) of the standard normal distribution.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// The quantile of the standard normal distribution for a probability `0 < p < 1`.
///
/// A rough start (Abramowitz and Stegun, formula 26.2.23), refined by Newton's method on the tail itself.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let t = (-2.0 * libm::log(p)).sqrt();
    let mut z = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    for _ in 0..8 {
        let density = libm::exp(-0.5 * z * z) / (SQRT_2 * PI.sqrt());
        let step = (normal_tail(z) - p) / density;
        if !step.is_finite() {
            break;
        }
        z += step;
        if step.abs() <= PRECISION * z.abs().max(1.0) {
            break;
        }
    }
    -z
}

/// P(|T| > |t|) of Student's distribution; `degrees` is positive.
pub(crate) fn t_two_sided(t: f64, degrees: f64) -> f64 {
    let square = t * t;
    if !square.is_finite() {
        return 0.0;
    }
    half_beta(degrees / 2.0, degrees / (degrees + square), square / (degrees + square))
}

/// P(|R| > |r|) of Pearson's coefficient of `n` uncorrelated normal pairs, `n > 2`.
pub(crate) fn correlation_two_sided(r: f64, n: usize) -> f64 {
    half_beta((n as f64 - 2.0) / 2.0, (1.0 - r) * (1.0 + r), r * r)
}

/// The regularised incomplete beta function I_x(a, 1/2); `rest` is `1 - x` without its rounding.
fn half_beta(a: f64, x: f64, rest: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if rest <= 0.0 {
        return 1.0;
    }
    let ln_front = a * libm::log(x) + 0.5 * libm::log(rest) - ln_beta_half(a);
    let front = libm::exp(ln_front);
    // The fraction converges fast on its own side of the mean.
    let value = if x < (a + 1.0) / (a + 2.5) {
        front * beta_fraction(a, 0.5, x) / a
    } else {
        1.0 - front * beta_fraction(0.5, a, rest) / 0.5
    };
    value.clamp(0.0, 1.0)
}

/// ln B(a, 1/2).
fn ln_beta_half(a: f64) -> f64 {
    // ln Γ(a + 1/2) - ln Γ(a) by a series: the difference of two large numbers would lose digits.
    let difference = if a < 20.0 {
        libm::lgamma(a + 0.5) - libm::lgamma(a)
    } else {
        let square = 1.0 / (a * a);
        let series = -1.0 / 8.0
            + square
                * (1.0 / 192.0
                    + square * (-1.0 / 640.0 + square * (17.0 / 14_336.0 - square * 31.0 / 18_432.0)));
        0.5 * libm::log(a) + series / a
    };
    0.5 * libm::log(PI) - difference
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    lentz(|term| {
        let m = f64::from(term / 2);
        let numerator = match (term, term % 2) {
            (0, _) => 1.0,
            (_, 0) => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        (numerator, 1.0)
    })
}

/// P(X > x) of the chi-square distribution.
pub(crate) fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    upper_gamma(degrees / 2.0, x / 2.0)
}

/// The regularised upper incomplete gamma function Q(s, x).
fn upper_gamma(s: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(s * libm::log(x) - x - libm::lgamma(s));
    let value = if x < s + 1.0 {
        // 1 - P by the series of the lower function: the tail is not small on this side.
        let (mut term, mut total) = (1.0 / s, 1.0 / s);
        for k in 1..MOST_TERMS {
            term *= x / (s + f64::from(k));
            total += term;
            if term <= PRECISION * total {
                break;
            }
        }
        1.0 - front * total
    } else {
        // Abramowitz and Stegun 6.5.31, its even part.
        front
            * lentz(|term| {
                let k = f64::from(term);
                (if term == 0 { 1.0 } else { -k * (k - s) }, x + 2.0 * k + 1.0 - s)
            })
    };
    value.clamp(0.0, 1.0)
}

/// The continued fraction `a₀/(b₀ + a₁/(b₁ + ...))` by the modified method of Lentz.
fn lentz(terms: impl Fn(u32) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut value, mut c, mut d) = (TINY, TINY, 0.0);
    for term in 0..MOST_TERMS {
        let (a, b) = terms(term);
        d = 1.0 / away(b + a * d);
        c = away(b + a / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= PRECISION {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// SciPy's values: see `testdata/PROVENANCE.md`.
    fn rows(key: &str) -> Vec<Vec<f64>> {
        let file: Value = serde_json::from_str(include_str!("../testdata/statistics.json")).unwrap();
        let row = |row: &Value| row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        file[key].as_array().unwrap().iter().map(row).collect()
    }

    fn close(what: &str, value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-10 * expected.abs(), "{what}: {value:e} is not {expected:e}");
    }

    #[test]
    fn tails_keep_their_digits() {
        for row in rows("t_two_sided") {
            close(&format!("t {row:?}"), t_two_sided(row[0], row[1]), row[2]);
            close(&format!("-t {row:?}"), t_two_sided(-row[0], row[1]), row[2]);
        }
        for row in rows("chi_square_tail") {
            close(&format!("chi-square {row:?}"), chi_square_tail(row[0], row[1]), row[2]);
        }
        for row in rows("normal_two_sided") {
            close(&format!("normal {row:?}"), normal_two_sided(row[0]), row[1]);
            close(&format!("normal {row:?}"), 2.0 * normal_tail(row[0].abs()), row[1]);
        }
    }

    #[test]
    fn quantiles_invert_the_tail() {
        for row in rows("normal_quantile") {
            // One minus a probability near 1 has already lost digits.
            let tolerance = if row[0] > 0.999 { 1e-4 } else { 1e-12 };
            let value = normal_quantile(row[0]);
            assert!((value - row[1]).abs() <= tolerance * row[1].abs().max(1e-3), "{row:?}: {value}");
        }
    }

    #[test]
    fn a_coefficient_has_the_tail_of_its_t() {
        for (r, n) in [(0.3_f64, 5_usize), (-0.8, 40), (0.999, 1400), (1e-9, 12)] {
            let degrees = n as f64 - 2.0;
            let t = r * (degrees / (1.0 - r * r)).sqrt();
            close("r", correlation_two_sided(r, n), t_two_sided(t, degrees));
        }
        // Near 0 the tail is 1 - 2/π t for one degree of freedom (SciPy 1.17 is off by 3e-9 here).
        let exact = 1.0 - 2.0 / PI * 1e-8;
        assert!((t_two_sided(1e-8, 1.0) - exact).abs() < 1e-15);
        assert_eq!((correlation_two_sided(1.0, 9), correlation_two_sided(0.0, 9)), (0.0, 1.0));
    }

    #[test]
    fn ends_are_finite() {
        assert_eq!(t_two_sided(f64::MAX, 3.0), 0.0);
        assert_eq!(chi_square_tail(0.0, 4.0), 1.0);
        assert_eq!(chi_square_tail(1e308, 4.0), 0.0);
        assert_eq!(normal_two_sided(1e300), 0.0);
    }
}
