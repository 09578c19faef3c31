//! Linear and rank correlation.

use crate::aligned::{Aligned, Places};
use crate::numeric::{COMFORTABLE, Centred, check_pair, dot, is_constant, mean, pairwise, sum_of_squares};
use crate::sorting::{HALF, LOW_HALF, ascending, check_number, index};
use crate::{Error, Result};

/// Pearson's linear correlation coefficient (PLCC), in -1..=1.
///
/// ```text
/// r = Σ (pᵢ - p̄)(tᵢ - t̄) / √( Σ (pᵢ - p̄)² · Σ (tᵢ - t̄)² )
/// ```
///
/// Means are taken first and subtracted (two passes), and both inputs are scaled by a power of two, so
/// offsets such as `1e8 + x` and magnitudes from 1e-300 to 1e300 are safe. The value is clamped to -1..=1.
/// No mapping is fitted first: this is the raw PLCC.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// let r = dream_eval::plcc(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?;
/// assert!((r - 0.8).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::LengthMismatch`]; [`Error::TooFew`] below two pairs; [`Error::NonFinite`];
/// [`Error::ConstantInput`] if all values of one input are equal, since the quotient is then 0/0.
///
/// # Reference
///
/// K. Pearson, "Notes on regression and inheritance in the case of two parents", Proceedings of the Royal
/// Society of London 58, 1895. Checked against SciPy's `pearsonr`.
#[doc(alias("pearsonr", "pearson", "corrcoef", "lcc"))]
pub fn plcc(pred: &[f64], truth: &[f64]) -> Result<f64> {
    check_correlation(pred, truth)?;
    Ok(correlation(pred, truth))
}

/// Spearman's rank correlation coefficient (SRCC), in -1..=1.
///
/// It is Pearson's coefficient of the [average ranks](crate::ranks), in O(n log n). The shortcut `1 - 6 Σd² / (n³ - n)`
/// is wrong where values tie, so this does not use it.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// // Any increasing relation is perfect, linear or not.
/// assert_eq!(dream_eval::srcc(&[0.1, 0.2, 0.9], &[1.0, 10.0, 100.0])?, 1.0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`plcc`].
///
/// # Reference
///
/// C. Spearman, "The proof and measurement of association between two things", American Journal of
/// Psychology 15(1), 1904; average ranks for ties as in M. G. Kendall, "The treatment of ties in ranking
/// problems", Biometrika 33(3), 1945. Checked against SciPy's `spearmanr`.
#[doc(alias("spearmanr", "spearman", "srocc", "rank correlation"))]
pub fn srcc(pred: &[f64], truth: &[f64]) -> Result<f64> {
    check_correlation(pred, truth)?;
    check_number("pred", pred)?;
    Ok(rank_correlation(pred, truth))
}

/// In whole numbers: `d = 2 rank - (n + 1)` has mean 0, and `Σ d²` is `(n³ - n) / 3` minus that of each tie.
fn rank_correlation(pred: &[f64], truth: &[f64]) -> f64 {
    let Aligned { places, values, scratch: [mut words, mut other] } = Aligned::new(pred, truth);
    ascending(&values, &mut words, &mut other);
    // At most 2³¹ - 1 values: a product of two fits 64 bits.
    let centre = (values.len() as u64 + 1).cast_signed();
    let offset = |twice_rank: u64| twice_rank.cast_signed() - centre;
    let products =
        words.iter().map(|word| offset(word >> HALF) * offset(places.twice_rank(index(word & LOW_HALF))));
    let cross: i128 = products.map(i128::from).sum();
    let cube = |n: usize| {
        let n = n as i128;
        (n * n * n - n) / 3
    };
    let spread =
        |places: &Places| cube(values.len()) - places.ties.iter().map(|ties| cube(ties.len())).sum::<i128>();
    let squares = spread(&places) as f64 * spread(&Places::new(&words)) as f64;
    (cross as f64 / squares.sqrt()).clamp(-1.0, 1.0)
}

pub(crate) fn check_correlation(pred: &[f64], truth: &[f64]) -> Result<()> {
    check_pair(pred, truth, 2)?;
    check_not_constant("pred", pred)?;
    check_not_constant("truth", truth)
}

pub(crate) fn check_not_constant(argument: &'static str, values: &[f64]) -> Result<()> {
    if is_constant(values) { Err(Error::ConstantInput { argument }) } else { Ok(()) }
}

/// Cosine of the angle between the centred inputs. Both are finite and neither is constant.
pub(crate) fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let (l, r) = (mean(left), mean(right));
    let [cross, ll, rr] =
        pairwise(left, right, &|a, b| [(a - l) * (b - r), (a - l) * (a - l), (b - r) * (b - r)]);
    if COMFORTABLE.contains(&ll) && COMFORTABLE.contains(&rr) {
        return (cross / (ll * rr).sqrt()).clamp(-1.0, 1.0);
    }
    // An intermediate result left the range of f64 (NaN is in no range): try again with scaled copies.
    let left = Centred::new(left).deviations;
    let right = Centred::new(right).deviations;
    let norm = (sum_of_squares(&left) * sum_of_squares(&right)).sqrt();
    (dot(&left, &right) / norm).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfect_relations_give_exactly_one() {
        let x = [3.0, 1.0, 4.0, 1.5, 9.0];
        let y: Vec<f64> = x.iter().map(|v| 2.0 * v + 1.0).collect();
        let down: Vec<f64> = x.iter().map(|v| -v).collect();
        assert_eq!(srcc(&x, &y), Ok(1.0));
        assert_eq!(srcc(&x, &down), Ok(-1.0));
        assert_eq!(plcc(&x, &x), Ok(1.0));
        assert_eq!(plcc(&x, &down), Ok(-1.0));
    }

    /// Spreads of a few hundred units in the last place: the mean's last bit shows in the sixth digit. The expected
    /// values are from `scipy.stats.pearsonr`, SciPy 1.17.1 with NumPy 2.4.6.
    #[test]
    fn nearly_constant_input_rounds_as_in_scipy() {
        for (n, step, expected) in [
            (300_u32, 1.0, 0.999997529213739),
            (300, 4.0, 0.9999997877349442),
            (500, 2.0, 0.9999889015535076),
            (500, 3.0, 0.9999994652061803),
            (1001, 1.0, 0.9999453737214415),
            (1001, 2.0, 0.9999994536928984),
            (1001, 4.0, 0.999998326937329),
        ] {
            let k: Vec<f64> = (0..n).map(|i| f64::from((i * 7919) % 301)).collect();
            let x: Vec<f64> = k.iter().map(|k| 3.0 + k * (step * 2.0 * f64::EPSILON)).collect();
            let y: Vec<f64> = k.iter().map(|k| k / 301.0).collect();
            let r = plcc(&x, &y).unwrap();
            assert!((r - expected).abs() < 1e-12, "n = {n} step = {step}: {r} is not {expected}");
        }
    }

    #[test]
    fn rounding_never_leaves_the_interval() {
        for n in 2..200_u32 {
            let x: Vec<f64> = (0..n).map(|i| f64::from((i * 7919) % 211).sqrt()).collect();
            for slope in [0.1, -0.3, 7.7] {
                let y: Vec<f64> = x.iter().map(|v| v * slope + 0.7).collect();
                let r = plcc(&x, &y).unwrap();
                assert!(r.abs() <= 1.0 && (r.abs() - 1.0).abs() < 1e-14, "n = {n}: {r}");
            }
        }
    }

    #[test]
    fn ties_use_average_ranks() {
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4. By hand: 4.5 / √(4.5 · 5) = √0.9.
        let r = srcc(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((r - 0.9_f64.sqrt()).abs() < 1e-15, "{r}");
    }

    #[test]
    fn scale_and_offset_do_not_change_the_value() {
        let x = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
        let y = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0];
        let expected = plcc(&x, &y).unwrap();
        for factor in [1e-320, 1e-300, 1e-160, 1e160, 1e300, 1e307] {
            let far: Vec<f64> = x.iter().map(|v| v * factor).collect();
            let r = plcc(&far, &y).unwrap();
            // 1e-320 is subnormal: the input itself has few digits there.
            let tolerance = if factor == 1e-320 { 1e-3 } else { 1e-14 };
            assert!((r - expected).abs() < tolerance, "{factor:e}: {r} {expected}");
        }
        // The mean of `offset + x` is rounded by `offset * 2^-53`; its square enters the value.
        for (offset, tolerance) in [(1e6, 1e-14), (1e8, 1e-14), (1e12, 1e-8)] {
            let shifted: Vec<f64> = x.iter().map(|v| v + offset).collect();
            let (r, mirrored) = (plcc(&shifted, &y).unwrap(), plcc(&y, &shifted).unwrap());
            assert!((r - expected).abs() < tolerance, "{offset:e}: {r} {expected}");
            assert!((mirrored - expected).abs() < tolerance, "{offset:e}: {mirrored} {expected}");
        }
    }

    #[test]
    fn the_whole_range_of_f64_works() {
        let x = [f64::MAX, -f64::MAX, 0.0, f64::MIN_POSITIVE];
        let y = [1.0, -1.0, 0.0, 5e-324];
        assert!((plcc(&x, &y).unwrap() - 1.0).abs() < 1e-15);
        assert_eq!(srcc(&x, &y), Ok(1.0));
        assert!((plcc(&[5e-324, 0.0, 1e-323], &[1.0, 0.0, 2.0]).unwrap() - 1.0).abs() < 1e-15);
        assert!((plcc(&[1e300, 1e-300], &[2.0, 1.0]).unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn rank_correlation_is_exact_for_many_values() {
        let n = 100_000_u32;
        let up: Vec<f64> = (0..n).map(f64::from).collect();
        let swapped: Vec<f64> = (0..n).map(|i| f64::from(i ^ 1)).collect();
        assert_eq!(srcc(&up, &up), Ok(1.0));
        // Each rank is off by one: 1 - 6n / (n³ - n), the tie-free closed form.
        let n = f64::from(n);
        let expected = 1.0 - 6.0 / (n * n - 1.0);
        assert!((srcc(&up, &swapped).unwrap() - expected).abs() <= f64::EPSILON);
    }

    #[test]
    fn constant_input_is_named_even_when_its_mean_rounds() {
        let tenth = [0.1; 7];
        let rising = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(plcc(&tenth, &rising), Err(Error::ConstantInput { argument: "pred" }));
        assert_eq!(srcc(&rising, &tenth), Err(Error::ConstantInput { argument: "truth" }));
        assert_eq!(srcc(&[0.0, -0.0], &[1.0, 2.0]), Err(Error::ConstantInput { argument: "pred" }));
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        let two = [1.0, 2.0];
        for metric in [plcc, srcc] {
            assert_eq!(metric(&two, &[1.0]), Err(Error::LengthMismatch { pred: 2, truth: 1 }));
            assert_eq!(metric(&[], &[]), Err(Error::TooFew { argument: "pred", needed: 2, found: 0 }));
            let error = metric(&two, &[1.0, f64::INFINITY]).unwrap_err();
            assert_eq!(error, Error::NonFinite { argument: "truth", index: 1, value: f64::INFINITY });
            assert_eq!(error.to_string(), "`truth[1]` is inf: remove or repair that row first");
            assert!(matches!(metric(&[f64::NAN, 1.0], &two), Err(Error::NonFinite { argument: "pred", .. })));
        }
    }
}
