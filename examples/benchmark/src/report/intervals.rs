//! Intervals of the difference between two methods, at 95 %.

use dream_eval::{Bca, nadeau_bengio, plcc};

/// The two ends.
pub(crate) type Ends = [f64; 2];

/// What the test does not reject.
const LEVEL: f64 = 0.05;
/// Halvings of the bracket: more than a number has digits.
const STEPS: usize = 60;

/// Over splits: all differences that the corrected t-test does not reject. `None` where the differences do not vary.
pub(super) fn over_splits(first: &[f64], second: &[f64], test_to_train: f64) -> Option<Ends> {
    let count = first.len().max(1) as f64;
    let mean = first.iter().zip(second).map(|(a, b)| a - b).sum::<f64>() / count;
    let rejected = |wide: f64| {
        let shifted: Vec<f64> = first.iter().map(|a| a - mean - wide).collect();
        nadeau_bengio(&shifted, second, test_to_train).ok().map(|test| test.p < LEVEL)
    };
    // Correlations differ by 2 at most, but few splits tell little.
    let mut outside = 1e-6;
    while !rejected(outside)? {
        outside *= 2.0;
        if outside > 1e9 {
            return None;
        }
    }
    let mut inside = 0.0;
    for _ in 0..STEPS {
        let middle = f64::midpoint(inside, outside);
        if rejected(middle)? { outside = middle } else { inside = middle }
    }
    Some([mean - outside, mean + outside])
}

/// On the same clips: of PLCC, by drawing clips. `None` where a method is constant.
pub(super) fn over_clips(first: &[f64], second: &[f64], truth: &[f64]) -> Option<Ends> {
    let interval = Bca::default().difference(first, second, truth, plcc).ok()?;
    Some([interval.low, interval.high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_over_splits_is_that_of_the_t_distribution() {
        // Mean 0.0175, variance 0.0000916667; t of three degrees at 97.5 %: 3.182446305.
        let (a, b) = ([0.82, 0.85, 0.84, 0.83], [0.80, 0.84, 0.81, 0.82]);
        let [low, high] = over_splits(&a, &b, 0.25).unwrap();
        let half = 3.182_446_305 * ((0.25_f64 + 0.25) * 0.000_275 / 3.0).sqrt();
        assert!(
            (low - (0.0175 - half)).abs() < 1e-9 && (high - (0.0175 + half)).abs() < 1e-9,
            "{low} {high}"
        );
        let [turned, _] = over_splits(&b, &a, 0.25).unwrap();
        assert!((turned + high).abs() < 1e-12);
        // A test that finds something says the same as the interval without 0.
        assert_eq!(nadeau_bengio(&a, &b, 0.25).unwrap().p < 0.05, low > 0.0);
        assert_eq!(over_splits(&a, &a, 0.25), None);
    }

    #[test]
    fn clips_are_drawn_for_both_methods_at_once() {
        let truth: Vec<f64> = (0..60).map(f64::from).collect();
        let near: Vec<f64> = (0..60).map(|i| f64::from(i + i * 7 % 10)).collect();
        let far: Vec<f64> = (0..60).map(|i| f64::from(i + i * 31 % 60)).collect();
        let [low, high] = over_clips(&near, &far, &truth).unwrap();
        let difference = plcc(&near, &truth).unwrap() - plcc(&far, &truth).unwrap();
        assert!(0.0 < low && low < difference && difference < high, "{low} {difference} {high}");
        assert_eq!(over_clips(&near, &near, &truth), Some([0.0, 0.0]));
        assert_eq!(over_clips(&[1.0; 60], &far, &truth), None);
    }
}
