//! Confidence intervals of any statistic by resampling.

use crate::dependent::{Interval, check_level};
use crate::numeric::{check_finite, mean};
use crate::random::Random;
use crate::special::{normal_quantile, normal_tail};
use crate::{Error, Result};

/// Bootstrap confidence intervals, bias-corrected and accelerated (BCa).
///
/// Clips are drawn with replacement, as pairs. A draw for which the statistic has no value (all ties) is drawn again.
/// The acceleration comes from leaving clips out: one at a time, or a thousand blocks of clips when there are more.
///
/// ```
/// use dream_eval::{Bca, srcc};
///
/// # fn main() -> dream_eval::Result<()> {
/// let pred: Vec<f64> = (0..50).map(|i| f64::from(i * 7 % 50)).collect();
/// let truth: Vec<f64> = (0..50).map(|i| f64::from(i * 7 % 50) + f64::from(i % 9)).collect();
/// let interval = Bca { seed: 7, ..Bca::default() }.interval(&pred, &truth, srcc)?;
/// assert!(interval.low < interval.estimate && interval.estimate < interval.high);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// B. Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82(397), 1987.
/// Checked against SciPy's `bootstrap(method="BCa")` to within the noise of resampling.
#[doc(alias("bootstrap", "confidence_interval"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Bca {
    /// Number of resamples; the ends of the interval have a relative noise of about 1/√resamples.
    pub resamples: usize,
    /// Confidence, in 0..1.
    pub level: f64,
    /// Seed: the same seed gives the same interval.
    pub seed: u64,
}

impl Default for Bca {
    fn default() -> Self {
        Self { resamples: 2000, level: 0.95, seed: 0 }
    }
}

/// More leave-out samples cost time and change no digit that survives the noise of resampling.
const MOST_BLOCKS: usize = 1000;
/// Resamples without a value allowed for each one with a value.
const MOST_REDRAWS: usize = 10;

impl Bca {
    /// Interval of a statistic of pairs, such as [`srcc`](crate::srcc).
    ///
    /// # Errors
    ///
    /// Errors of the statistic on the sample itself; [`Error::UnequalLengths`]; [`Error::NonFinite`]; those of
    /// [`Self::interval_of`].
    pub fn interval(
        &self,
        pred: &[f64],
        truth: &[f64],
        statistic: impl Fn(&[f64], &[f64]) -> Result<f64>,
    ) -> Result<Interval> {
        check_columns(("pred", pred), ("truth", truth))?;
        let [mut p, mut t] = [const { Vec::new() }; 2];
        self.interval_of(truth.len(), |clips| {
            pick(&mut p, pred, clips);
            pick(&mut t, truth, clips);
            statistic(&p, &t)
        })
    }

    /// Interval of the difference of a statistic between two methods on the same clips: that of `first` minus that of
    /// `second`. Zero inside means that the clips do not tell the methods apart at this level.
    ///
    /// Every draw takes the same clips for both methods, so what makes a clip easy or hard for both cancels. This is far
    /// narrower than two intervals side by side, whose overlap says nothing about a difference.
    ///
    /// ```
    /// use dream_eval::{Bca, srcc};
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let truth: Vec<f64> = (0..60).map(f64::from).collect();
    /// let near: Vec<f64> = (0..60).map(|i| f64::from(i + i * 7 % 10)).collect();
    /// let far: Vec<f64> = (0..60).map(|i| f64::from(i + i * 31 % 60)).collect();
    /// let difference = Bca::default().difference(&near, &far, &truth, srcc)?;
    /// assert!(difference.low > 0.0, "{difference}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::interval`], for either method.
    ///
    /// # Reference
    ///
    /// Checked against SciPy's `bootstrap(paired=True, method="BCa")` to within the noise of resampling.
    #[doc(alias = "bootstrap")]
    pub fn difference(
        &self,
        first: &[f64],
        second: &[f64],
        truth: &[f64],
        statistic: impl Fn(&[f64], &[f64]) -> Result<f64>,
    ) -> Result<Interval> {
        check_columns(("first", first), ("truth", truth))?;
        check_columns(("second", second), ("truth", truth))?;
        let [mut a, mut b, mut t] = [const { Vec::new() }; 3];
        self.interval_of(truth.len(), |clips| {
            pick(&mut a, first, clips);
            pick(&mut b, second, clips);
            pick(&mut t, truth, clips);
            Ok(statistic(&a, &t)? - statistic(&b, &t)?)
        })
    }

    /// Interval of any statistic of a choice among `n` clips: it gets their positions, repeated ones included.
    ///
    /// For the difference between two methods there is [`Self::difference`].
    ///
    /// # Errors
    ///
    /// Errors of the statistic on all clips in order; [`Error::OutOfRange`] for `level` outside 0..1; [`Error::TooFew`]
    /// below two clips or below 100 resamples; [`Error::Undefined`] if too many resamples, or a leave-out sample, have
    /// no value.
    pub fn interval_of(
        &self,
        n: usize,
        mut statistic: impl FnMut(&[usize]) -> Result<f64>,
    ) -> Result<Interval> {
        check_level(self.level)?;
        if self.resamples < 100 {
            return Err(Error::TooFew { argument: "resamples", needed: 100, found: self.resamples });
        }
        if n < 2 {
            return Err(Error::TooFew { argument: "n", needed: 2, found: n });
        }
        let mut clips: Vec<usize> = (0..n).collect();
        let estimate = finite(statistic(&clips)?)?;
        let acceleration = acceleration(n, &mut statistic)?;

        let mut random = Random::new(self.seed);
        let mut draws = Vec::with_capacity(self.resamples);
        let mut redraws = self.resamples.saturating_mul(MOST_REDRAWS);
        while draws.len() < self.resamples {
            clips.iter_mut().for_each(|clip| *clip = random.below(n));
            match statistic(&clips) {
                Ok(value) => draws.push(finite(value)?),
                Err(error) if redraws == 0 => return Err(error),
                Err(_) => redraws -= 1,
            }
        }
        draws.sort_unstable_by(f64::total_cmp);

        // Share of resamples below the estimate, ties counted half as in SciPy.
        let below = draws.partition_point(|v| *v < estimate) as f64;
        let not_above = draws.partition_point(|v| *v <= estimate) as f64;
        let share = (below + not_above) / (2.0 * draws.len() as f64);
        // For a statistic at the end of its range (a perfect correlation) no resample lies beyond.
        let edge = 0.5 / draws.len() as f64;
        let bias = normal_quantile(share.clamp(edge, 1.0 - edge));
        let end = |z: f64| {
            let shifted = bias + z;
            let probability = 1.0 - normal_tail(bias + shifted / (1.0 - acceleration * shifted));
            quantile(&draws, probability)
        };
        let z = normal_quantile(0.5 + self.level / 2.0);
        Ok(Interval { estimate, low: end(-z), high: end(z), level: self.level })
    }
}

/// Two columns must pair up and be finite.
fn check_columns(column: (&'static str, &[f64]), truth: (&'static str, &[f64])) -> Result<()> {
    let (arguments, lengths) = ([column.0, truth.0], [column.1.len(), truth.1.len()]);
    if column.1.len() != truth.1.len() {
        return Err(Error::UnequalLengths { arguments, lengths });
    }
    check_finite(column.0, column.1)?;
    check_finite(truth.0, truth.1)
}

/// The values of the drawn clips.
fn pick(into: &mut Vec<f64>, values: &[f64], clips: &[usize]) {
    into.clear();
    into.extend(clips.iter().filter_map(|clip| values.get(*clip)));
}

fn finite(value: f64) -> Result<f64> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Error::Undefined {
            quantity: "bootstrap interval",
            reason: "the statistic returned a NaN or an infinity",
        })
    }
}

/// A sixth of the skewness of the statistic over leave-out samples.
fn acceleration(n: usize, statistic: &mut impl FnMut(&[usize]) -> Result<f64>) -> Result<f64> {
    let blocks = n.min(MOST_BLOCKS);
    let mut left = Vec::with_capacity(blocks);
    for block in 0..blocks {
        let (start, end) = (block * n / blocks, (block + 1) * n / blocks);
        let kept: Vec<usize> = (0..start).chain(end..n).collect();
        // A sample without a value (two clips, or all ties but one) does not tell the skewness.
        if let Ok(value) = statistic(&kept) {
            left.push(finite(value)?);
        }
    }
    if left.is_empty() {
        return Ok(0.0);
    }
    let centre = mean(&left);
    let (mut squares, mut cubes) = (0.0, 0.0);
    for value in &left {
        let deviation = centre - value;
        squares += deviation * deviation;
        cubes += deviation * deviation * deviation;
    }
    let scale = 6.0 * squares * squares.sqrt();
    // No spread, no skewness. The bound keeps the corrected quantile on the right side of its pole.
    Ok(if scale > 0.0 && scale.is_finite() { (cubes / scale).clamp(-0.2, 0.2) } else { 0.0 })
}

/// Linear interpolation between the sorted values.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let position = (probability * last as f64).clamp(0.0, last as f64);
    let at = |index: usize| sorted.get(index.min(last)).copied().unwrap_or(0.0);
    let whole = floor(position);
    let (low, high) = (at(whole), at(whole + 1));
    low + (high - low) * (position - whole as f64)
}

/// Largest whole number that is not above a value in 0..2⁵².
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is in range: see above"
)]
fn floor(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plcc, srcc};

    fn sample(n: usize) -> (Vec<f64>, Vec<f64>) {
        let mut random = Random::new(99);
        let mut unit = || random.below(1 << 30) as f64 / f64::from(1 << 30);
        let truth: Vec<f64> = (0..n).map(|_| 1.0 + 4.0 * unit()).collect();
        (truth.iter().map(|t| t + 2.0 * (unit() + unit() - 1.0)).collect(), truth)
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let (pred, truth) = sample(60);
        let bca = Bca { resamples: 500, ..Bca::default() };
        let first = bca.interval(&pred, &truth, plcc).unwrap();
        assert_eq!(bca.interval(&pred, &truth, plcc).unwrap(), first);
        assert_ne!(Bca { seed: 1, ..bca }.interval(&pred, &truth, plcc).unwrap(), first);
        assert_eq!(first.estimate, plcc(&pred, &truth).unwrap());
        let wider = Bca { level: 0.99, ..bca }.interval(&pred, &truth, plcc).unwrap();
        assert!(wider.low < first.low && first.high < wider.high);
    }

    /// For the mean of a normal-like sample the interval is nearly that of the t-distribution.
    #[test]
    fn a_mean_has_the_interval_of_theory() {
        let (_, values) = sample(400);
        let bca = Bca { resamples: 4000, ..Bca::default() };
        let interval = bca
            .interval_of(values.len(), |clips| {
                Ok(mean(&clips.iter().map(|c| values[*c]).collect::<Vec<_>>()))
            })
            .unwrap();
        let half = 1.96 * crate::Summary::of(&values).unwrap().std / 20.0;
        assert!((interval.high - interval.estimate - half).abs() < 0.1 * half, "{interval:?} {half}");
        assert!((interval.estimate - interval.low - half).abs() < 0.1 * half, "{interval:?} {half}");
    }

    /// Nine in ten intervals must hold the true value: here the correlation of a large population.
    #[test]
    fn coverage_is_nominal() {
        let mut random = Random::new(3);
        let (pred, truth) = sample(20_000);
        let population = plcc(&pred, &truth).unwrap();
        let bca = Bca { resamples: 400, level: 0.9, seed: 1 };
        let held = (0..300).filter(|_| {
            let at: Vec<usize> = (0..40).map(|_| random.below(20_000)).collect();
            let pick = |values: &[f64]| -> Vec<f64> { at.iter().map(|i| values[*i]).collect() };
            let interval = bca.interval(&pick(&pred), &pick(&truth), plcc).unwrap();
            (interval.low..=interval.high).contains(&population)
        });
        let share = held.count() as f64 / 300.0;
        assert!((0.84..0.95).contains(&share), "{share}");
    }

    /// A mean error is linear: the difference of two is the mean of the differences, draw for draw.
    #[test]
    fn the_difference_draws_the_same_clips_for_both() {
        let ((first, truth), second) = (sample(50), sample(70).0.split_off(20));
        let bca = Bca { resamples: 400, seed: 5, ..Bca::default() };
        let errors =
            |p: &[f64], t: &[f64]| Ok(p.iter().zip(t).map(|(p, t)| p - t).sum::<f64>() / t.len() as f64);
        let found = bca.difference(&first, &second, &truth, errors).unwrap();
        let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
        let mean_of = |clips: &[usize]| Ok(mean(&clips.iter().map(|c| differences[*c]).collect::<Vec<_>>()));
        let expected = bca.interval_of(50, mean_of).unwrap();
        for (a, b) in
            [(found.estimate, expected.estimate), (found.low, expected.low), (found.high, expected.high)]
        {
            assert!((a - b).abs() < 1e-12, "{found:?} {expected:?}");
        }
        let turned = bca.difference(&second, &first, &truth, errors).unwrap();
        assert!(turned.estimate == -found.estimate && (turned.low + found.high).abs() < 0.05);
        let same = bca.difference(&first, &first, &truth, srcc).unwrap();
        assert_eq!((same.low, same.estimate, same.high), (0.0, 0.0, 0.0));
    }

    #[test]
    fn a_difference_needs_three_columns_of_one_length() {
        let (x, y) = ([1.0, 2.0, 4.0], [2.0, 1.0, 3.0]);
        let bca = Bca::default();
        let arguments = |error| match error {
            Err(Error::UnequalLengths { arguments, .. }) => arguments,
            other => panic!("{other:?}"),
        };
        assert_eq!(arguments(bca.difference(&x[..2], &y, &y, srcc)), ["first", "truth"]);
        assert_eq!(arguments(bca.difference(&x, &y[..2], &y, srcc)), ["second", "truth"]);
        let nan = bca.difference(&x, &[0.0, f64::NAN, 1.0], &y, srcc);
        assert!(matches!(nan, Err(Error::NonFinite { argument: "second", index: 1, .. })));
        assert!(matches!(bca.difference(&x, &[3.0; 3], &y, srcc), Err(Error::ConstantInput { .. })));
    }

    #[test]
    fn perfect_and_degenerate_samples() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let one = Bca::default().interval(&x, &x, srcc).unwrap();
        assert_eq!((one.estimate, one.low, one.high), (1.0, 1.0, 1.0));
        let bca = Bca::default();
        assert!(matches!(bca.interval(&x, &[3.0; 20], srcc), Err(Error::ConstantInput { .. })));
        assert!(matches!(bca.interval(&x, &[3.0], srcc), Err(Error::UnequalLengths { .. })));
        assert!(matches!(bca.interval_of(1, |_| Ok(1.0)), Err(Error::TooFew { argument: "n", .. })));
        assert!(matches!(Bca { resamples: 3, ..bca }.interval(&x, &x, srcc), Err(Error::TooFew { .. })));
        assert!(matches!(Bca { level: 95.0, ..bca }.interval(&x, &x, srcc), Err(Error::OutOfRange { .. })));
        assert!(matches!(bca.interval_of(5, |_| Ok(f64::NAN)), Err(Error::Undefined { .. })));
        // One value differs: two of three resamples of two are constant and are drawn again.
        assert!(bca.interval(&[1.0, 2.0], &[1.0, 2.0], srcc).is_ok());
        // Only the sample itself has a value: an error, not an endless loop.
        let all: Vec<usize> = (0..9).collect();
        let never = bca.interval_of(9, |c| {
            if c == all { Ok(1.0) } else { Err(Error::ConstantInput { argument: "pred" }) }
        });
        assert!(matches!(never, Err(Error::ConstantInput { .. })));
    }

    /// The acceleration of a mean is a sixth of the skewness of its parts: values, or sums of blocks of values.
    #[test]
    fn acceleration_of_a_mean_by_hand() {
        let skewness = |parts: &[f64]| {
            let centre = mean(parts);
            let power = |p: i32| parts.iter().map(|v| (v - centre).powi(p)).sum::<f64>();
            power(3) / (6.0 * power(2).powf(1.5))
        };
        let of = |values: &[f64]| {
            let picked = |clips: &[usize]| mean(&clips.iter().map(|c| values[*c]).collect::<Vec<_>>());
            acceleration(values.len(), &mut |clips: &[usize]| Ok(picked(clips))).unwrap()
        };
        let values: Vec<f64> =
            (0..30).map(|i| f64::from(i * i % 17) + if i == 3 { 40.0 } else { 0.0 }).collect();
        assert!(skewness(&values) > 0.02 && (of(&values) - skewness(&values)).abs() < 1e-10);
        // Leaves two thousand values out in a thousand blocks of two.
        let values: Vec<f64> =
            (0..2000).map(|i| f64::from(i * i % 17) + if i < 9 { 40.0 } else { 0.0 }).collect();
        let blocks: Vec<f64> = values.chunks(2).map(|pair| pair[0] + pair[1]).collect();
        assert!((of(&values) - skewness(&blocks)).abs() < 1e-9, "{} {}", of(&values), skewness(&blocks));
        assert_eq!(of(&[3.0; 9]), 0.0);
    }

    #[test]
    fn an_estimate_outside_all_resamples_is_finite() {
        // The whole sample has every clip once; no resample of fifty does.
        let bca = Bca { resamples: 200, ..Bca::default() };
        let distinct = |clips: &[usize]| {
            let mut clips = clips.to_vec();
            clips.sort_unstable();
            clips.dedup();
            Ok(clips.len() as f64)
        };
        let interval = bca.interval_of(50, distinct).unwrap();
        assert!(
            interval.estimate == 50.0 && interval.high <= 45.0 && interval.low <= interval.high,
            "{interval:?}"
        );
        let fewer = |clips: &[usize]| distinct(clips).map(|n: f64| -n);
        let mirrored = bca.interval_of(50, fewer).unwrap();
        assert!(mirrored.estimate == -50.0 && mirrored.low >= -45.0, "{mirrored:?}");
    }

    /// The sample itself, one sample without each of five clips, and as many resamples as asked for.
    #[test]
    fn the_statistic_is_asked_as_often_as_stated() {
        let bca = Bca { resamples: 100, ..Bca::default() };
        let mut calls = 0;
        let counted = |clips: &[usize]| {
            calls += 1;
            Ok(clips.len() as f64)
        };
        bca.interval_of(5, counted).unwrap();
        assert_eq!(calls, 1 + 5 + 100);
        assert!(Bca { resamples: 99, ..bca }.interval_of(5, |_| Ok(1.0)).is_err());
        assert!(bca.interval_of(2, |_| Ok(1.0)).is_ok() && bca.interval_of(1, |_| Ok(1.0)).is_err());
    }

    #[test]
    fn quantiles_by_hand() {
        let values = [1.0, 2.0, 4.0];
        for (p, expected) in
            [(0.0, 1.0), (0.25, 1.5), (0.5, 2.0), (0.75, 3.0), (1.0, 4.0), (-1.0, 1.0), (2.0, 4.0)]
        {
            assert_eq!(quantile(&values, p), expected, "{p}");
        }
    }
}
