//! Tests and intervals against SciPy, and against their guarantees.
#![allow(clippy::unwrap_used, reason = "a panic in a test helper is a failed test")]

use dream_eval::{
    Bca, Coefficient, Correction, DependentCorrelations, Error, Summary, compare_independent,
    fisher_z_interval, kruskal_wallis, nadeau_bengio, paired_t, plcc, srcc, wilcoxon,
};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../testdata/statistics.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn close(what: &str, value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{what}: {value} is not {expected}");
}

#[test]
fn paired_tests_equal_scipy() {
    let reference = reference();
    let cases = reference["paired"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for (index, case) in cases.iter().enumerate() {
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let t = paired_t(&first, &second).unwrap();
        close(&format!("t of {index}"), t.statistic, case["t"].as_f64().unwrap());
        close(&format!("p of t of {index}"), t.p, case["t_p"].as_f64().unwrap());
        let corrected = nadeau_bengio(&first, &second, 0.25).unwrap();
        let expected = numbers(&case["nadeau_bengio_quarter"]);
        close(&format!("corrected t of {index}"), corrected.statistic, expected[0]);
        close(&format!("p of corrected t of {index}"), corrected.p, expected[1]);
        let ranked = wilcoxon(&first, &second).unwrap();
        let expected = numbers(&case["wilcoxon"]);
        close(&format!("W of {index}"), ranked.statistic, expected[0]);
        close(&format!("p of W of {index}"), ranked.p, expected[1]);
    }
}

#[test]
fn paired_tests_of_degenerate_input() {
    let (x, y) = ([1.0, 2.0, 3.0], [0.5, 1.5, 2.5]);
    let same = paired_t(&x, &x).unwrap();
    assert_eq!((same.statistic, same.p, same.degrees), (0.0, 1.0, Some(2.0)));
    assert!(matches!(paired_t(&x, &y), Err(Error::Undefined { .. })));
    assert!(matches!(paired_t(&x, &y[..2]), Err(Error::UnequalLengths { .. })));
    assert!(matches!(paired_t(&x[..1], &y[..1]), Err(Error::TooFew { needed: 2, found: 1, .. })));
    assert!(matches!(paired_t(&x, &[0.0, f64::NAN, 1.0]), Err(Error::NonFinite { argument: "second", .. })));
    assert!(matches!(nadeau_bengio(&x, &y, -1.0), Err(Error::OutOfRange { .. })));
    assert!(matches!(nadeau_bengio(&x, &y, f64::INFINITY), Err(Error::OutOfRange { .. })));
    // Overlap of the splits makes a difference less certain.
    let z = [0.5, 1.6, 2.4];
    assert!(nadeau_bengio(&x, &z, 0.25).unwrap().p > paired_t(&x, &z).unwrap().p);
    close("no overlap", nadeau_bengio(&x, &z, 0.0).unwrap().p, paired_t(&x, &z).unwrap().p);
}

#[test]
fn corrections_equal_scipy_and_hand() {
    let reference = reference();
    let p = numbers(&reference["multiple"]["p"]);
    let adjusted = Correction::BenjaminiHochberg.adjust(&p).unwrap();
    for (value, expected) in adjusted.iter().zip(numbers(&reference["multiple"]["bh"])) {
        close("BH", *value, expected);
    }
    // By hand: the p-values in rising order times 8, 7, 6, ..., and never falling.
    let holm = Correction::Holm.adjust(&p).unwrap();
    for (value, expected) in holm.iter().zip([0.06, 0.16, 0.15, 0.035, 1.0, 0.16, 1.0, 8e-9]) {
        assert!((value - expected).abs() < 1e-12, "{holm:?}");
    }
    for correction in [Correction::Bonferroni, Correction::Holm, Correction::BenjaminiHochberg] {
        assert_eq!(correction.adjust(&[]), Ok(vec![]));
        assert_eq!(correction.adjust(&[0.3]), Ok(vec![0.3]));
        assert!(matches!(correction.adjust(&[1.5]), Err(Error::OutOfRange { .. })));
        assert!(matches!(correction.adjust(&[f64::NAN]), Err(Error::OutOfRange { .. })));
        let adjusted = correction.adjust(&p).unwrap();
        assert!(adjusted.iter().zip(&p).all(|(a, p)| a >= p && *a <= 1.0), "{correction:?}");
    }
}

#[test]
fn dependent_correlations_equal_the_equations() {
    let reference = reference();
    let cases = reference["dependent"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let value = |key: &str| case[key].as_f64().unwrap();
        let n = usize::try_from(case["n"].as_u64().unwrap()).unwrap();
        let pair = DependentCorrelations {
            first: value("first"),
            second: value("second"),
            between: value("between"),
            n,
        };
        for (test, key) in [(pair.williams(), "williams"), (pair.steiger(), "steiger")] {
            let (test, expected) = (test.unwrap(), numbers(&case[key]));
            close(key, test.statistic, expected[0]);
            close(key, test.p, expected[1]);
        }
    }
}

/// Nearly normal numbers: sums of twelve uniform ones.
struct Normal(u64);

impl Normal {
    fn next(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        }
        sum
    }
}

/// Two equally good methods: one test in twenty may find a difference at the level of 5 %, with ranks a few more.
#[test]
fn dependent_tests_hold_their_level() {
    let mut normal = Normal(7);
    let mut found = [0_u32; 4];
    for _ in 0..2000 {
        let (mut first, mut second, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..60 {
            let (t, shared) = (normal.next(), normal.next());
            truth.push(t);
            first.push(t + 0.5 * shared + 0.5 * normal.next());
            second.push(t + 0.5 * shared + 0.5 * normal.next());
        }
        let pair = DependentCorrelations::pearson(&first, &second, &truth).unwrap();
        let ranked = DependentCorrelations::spearman(&first, &second, &truth).unwrap();
        let tests = [pair.williams(), pair.steiger(), ranked.williams(), ranked.steiger()];
        for (found, test) in found.iter_mut().zip(tests) {
            *found += u32::from(test.unwrap().p < 0.05);
        }
    }
    assert!(found[..2].iter().all(|f| (65..140).contains(f)), "{found:?} of 2000");
    // On ranks they find more than they should, as the documentation says: 7.5 % where SRCC is 0.79.
    assert!(found[2..].iter().all(|f| (120..190).contains(f)), "{found:?} of 2000");
}

#[test]
fn intervals_equal_scipy() {
    let reference = reference();
    let (x, y) = (numbers(&reference["fisher"]["x"]), numbers(&reference["fisher"]["y"]));
    let interval = fisher_z_interval(plcc(&x, &y).unwrap(), 40, 0.95, Coefficient::Pearson).unwrap();
    close("low", interval.low, reference["fisher"]["low"].as_f64().unwrap());
    close("high", interval.high, reference["fisher"]["high"].as_f64().unwrap());

    let bca = Bca { resamples: 20_000, ..Bca::default() };
    for (key, interval) in [("bca", bca.interval(&x, &y, plcc)), ("bca_srcc", bca.interval(&x, &y, srcc))] {
        let interval = interval.unwrap();
        let expected = [&reference[key]["low"], &reference[key]["high"]].map(|v| v.as_f64().unwrap());
        assert!((interval.low - expected[0]).abs() < 0.01, "{key}: {interval:?}, not {expected:?}");
        assert!((interval.high - expected[1]).abs() < 0.01, "{key}: {interval:?}, not {expected:?}");
    }
}

/// Bias and acceleration move these ends by up to 0.035 from the plain percentiles.
#[test]
fn a_difference_between_methods_equals_scipy() {
    let reference = reference();
    let (first, truth) = (numbers(&reference["fisher"]["x"]), numbers(&reference["fisher"]["y"]));
    let case = &reference["bca_difference"];
    let second = numbers(&case["second"]);
    let bca = Bca { resamples: 50_000, ..Bca::default() };
    let of = |statistic: fn(&[f64], &[f64]) -> dream_eval::Result<f64>| {
        bca.difference(&first, &second, &truth, statistic).unwrap()
    };
    for (key, interval) in [("plcc", of(plcc)), ("srcc", of(srcc))] {
        let [estimate, low, high] = ["estimate", "low", "high"].map(|end| case[key][end].as_f64().unwrap());
        close(key, interval.estimate, estimate);
        assert!(
            (interval.low - low).abs() < 0.006 && (interval.high - high).abs() < 0.006,
            "{key}: {interval:?}"
        );
    }
}

/// p of SciPy's `mannwhitneyu(method="asymptotic", use_continuity=False)`.
#[test]
fn of_two_groups_kruskal_wallis_is_mann_whitney() {
    let test = kruskal_wallis(&[&[1.0, 2.0, 3.0, 5.0, 5.0, 9.0], &[4.0, 5.0, 7.0, 8.0, 12.0]]).unwrap();
    close("p", test.p, 0.140_466_658_745_695_94);
}

/// By hand: the half width is 1.959964 √((1 + r²/2) / (n - 3)) on the scale of z.
#[test]
fn fisher_intervals_of_ranks_and_two_samples() {
    let interval = fisher_z_interval(0.5, 28, 0.95, Coefficient::Spearman).unwrap();
    let half = 1.959_963_984_540_054 * (1.125_f64 / 25.0).sqrt();
    close("low", interval.low, (0.5_f64.atanh() - half).tanh());
    close("high", interval.high, (0.5_f64.atanh() + half).tanh());

    let test = compare_independent((0.6, 103), (0.3, 53)).unwrap();
    close("z", test.statistic, (0.6_f64.atanh() - 0.3_f64.atanh()) / (1.0_f64 / 100.0 + 1.0 / 50.0).sqrt());
    // P(|Z| > z) of that z, from SciPy.
    close("p", test.p, 0.026_768_656_160_354_308);
}

/// The variance of a skewed sample, where bias and acceleration matter: percentiles alone are off by up to a fifth.
#[test]
fn a_skewed_statistic_equals_scipy() {
    let reference = reference();
    let values = numbers(&reference["bca_variance"]["values"]);
    let bca = Bca { resamples: 50_000, ..Bca::default() };
    let interval = bca
        .interval_of(values.len(), |clips| {
            let picked: Vec<f64> = clips.iter().map(|clip| values[*clip]).collect();
            Ok(Summary::with_ddof(&picked, 0)?.std.powi(2))
        })
        .unwrap();
    let expected = ["low", "high"].map(|key| reference["bca_variance"][key].as_f64().unwrap());
    assert!((interval.low / expected[0] - 1.0).abs() < 0.02, "{interval:?}, not {expected:?}");
    assert!((interval.high / expected[1] - 1.0).abs() < 0.04, "{interval:?}, not {expected:?}");
}
