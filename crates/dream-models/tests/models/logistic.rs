//! Logistic regression against scikit-learn, and data that have no ordinary answer.

use dream_models::Error;
use dream_models::regression::{LogisticParams, LogisticRegression, Regressor, Rows};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    sets: std::collections::BTreeMap<String, Set>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Set {
    seed: u64,
    count: usize,
    width: usize,
    noise: f64,
    threshold: f64,
}

#[derive(Deserialize)]
struct Case {
    set: String,
    c: f64,
    positive: usize,
    intercept: f64,
    weights: Vec<f64>,
    probability: f64,
}

/// Fractions of 1 from the generator of Steele, Lea and Flood, as in `make_logistic_reference.py`.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Set {
    /// The formulas of `make_logistic_reference.py`, operation for operation.
    fn data(&self) -> (Vec<f64>, Vec<bool>) {
        let mut draw = Draw(self.seed);
        let mut x: Vec<f64> = (0..self.count * self.width).map(|_| 4.0 * draw.next() - 2.0).collect();
        let mut labels = Vec::new();
        for row in x.chunks_exact_mut(self.width) {
            for column in 1..self.width {
                row[column] += 0.25 * row[0];
            }
            let z = row[0] + 0.5 * row[1] - 0.75 * row[2];
            labels.push(z + self.noise * (draw.next() - 0.5) > self.threshold);
        }
        (x, labels)
    }
}

fn fit(x: &[f64], width: usize, labels: &[bool], c: f64) -> dream_models::Result<LogisticRegression> {
    LogisticParams { c, ..LogisticParams::default() }.fit(&Rows::new(x, width)?, labels)
}

#[test]
fn equal_to_scikit_learn() {
    let reference: Reference =
        serde_json::from_str(include_str!("../../testdata/logistic_reference.json")).unwrap();
    assert_eq!(reference.cases.len(), 12);
    for case in &reference.cases {
        let set = &reference.sets[&case.set];
        let (x, labels) = set.data();
        assert_eq!(labels.iter().filter(|label| **label).count(), case.positive, "{}", case.set);
        let model = fit(&x, set.width, &labels, case.c).unwrap();
        assert!(model.converged());
        let close = |found: f64, expected: f64| (found - expected).abs() <= 1e-6 * expected.abs().max(1.0);
        assert_eq!(model.weights().len(), case.weights.len());
        for (found, expected) in model.weights().iter().zip(&case.weights) {
            assert!(close(*found, *expected), "{} C {}: {found} not {expected}", case.set, case.c);
        }
        let intercept = model.intercept();
        assert!(close(intercept, case.intercept), "{} C {}: {intercept}", case.set, case.c);
        let probability = model.probability(&x[..set.width]).unwrap();
        assert!(close(probability, case.probability), "{} C {}: {probability}", case.set, case.c);
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let set = Set { seed: 9, count: 120, width: 70, noise: 3.0, threshold: 0.0 };
    let (x, labels) = set.data();
    let fit_with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&x, set.width, &labels, 0.1).unwrap())
    };
    let one = fit_with(1);
    for threads in [2, 5] {
        assert_eq!(one, fit_with(threads));
    }
}

/// Without a penalty the weights of these would grow for ever.
#[test]
fn separable_classes_have_finite_weights() {
    let x = [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0];
    let labels = [false, false, false, true, true, true];
    let mut last = 0.0;
    for c in [1e-6, 1.0, 1e6, 1e12] {
        let model = fit(&x, 1, &labels, c).unwrap();
        let weight = model.weights()[0];
        assert!(model.converged() && weight.is_finite() && weight > last, "C {c}: {weight}");
        // The gradient is zero: w = C Σ y x σ(−y (w x + b)).
        let logit = |x: f64| weight * x + model.intercept();
        let pull: f64 = x.iter().map(|&x| x.signum() * x / (1.0 + (x.signum() * logit(x)).exp())).sum();
        assert!((c * pull - weight).abs() < 1e-6 * weight, "C {c}: {} {weight}", c * pull);
        last = weight;
    }
}

#[test]
fn a_constant_column_has_no_weight() {
    let set = Set { seed: 6, count: 60, width: 3, noise: 4.0, threshold: 0.5 };
    let (x, labels) = set.data();
    let with: Vec<f64> = x.chunks_exact(3).flat_map(|row| [row[0], row[1], row[2], 7.0]).collect();
    let (plain, more) = (fit(&x, 3, &labels, 1.0).unwrap(), fit(&with, 4, &labels, 1.0).unwrap());
    assert!(more.weights()[3].abs() < 1e-9, "{:?}", more.weights());
    for (a, b) in plain.weights().iter().zip(more.weights()) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
    // Nothing but constants: the intercept says how common the class is.
    let alone = fit(&[2.0; 4], 1, &[true, true, true, false], 1.0).unwrap();
    assert!(alone.weights()[0].abs() < 1e-9 && (alone.predict(&[2.0]).unwrap() - 3.0_f64.ln()).abs() < 1e-9);
}

#[test]
fn refuses_what_teaches_nothing() {
    let one_class = fit(&[1.0, 2.0], 1, &[true, true], 1.0).unwrap_err();
    assert!(matches!(one_class, Error::Constant { .. }), "{one_class}");
    assert!(matches!(fit(&[], 1, &[], 1.0), Err(Error::Constant { .. })));
    let short = fit(&[1.0, 2.0], 1, &[true], 1.0);
    assert!(matches!(short, Err(Error::LengthMismatch { argument: "labels", expected: 2, found: 1 })));
    for c in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let wrong = fit(&[1.0, 2.0], 1, &[true, false], c);
        assert!(matches!(wrong, Err(Error::InvalidConfig { field: "c", .. })), "{c}");
    }
    let params = LogisticParams { tolerance: 0.0, ..LogisticParams::default() };
    let rows = [1.0, 2.0];
    let wrong = params.fit(&Rows::new(&rows, 1).unwrap(), &[true, false]);
    assert!(matches!(wrong, Err(Error::InvalidConfig { field: "tolerance", .. })));
}

#[test]
fn numbers_of_any_size_give_a_model_or_an_error() {
    let labels = [false, true, false, true];
    for scale in [1e-300, 1e-20, 1e8, 1e140, 1e200, 1e308] {
        let x: Vec<f64> = [-1.0, 0.5, 0.25, 1.0].iter().map(|x| x * scale).collect();
        match fit(&x, 1, &labels, 1.0) {
            Ok(model) => assert!(model.weights()[0].is_finite() && model.intercept().is_finite(), "{scale}"),
            Err(error) => assert!(scale > 1e100 && error.to_string().contains("scale"), "{scale}: {error}"),
        }
    }
}

#[test]
fn says_when_the_steps_were_not_enough() {
    let x = [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0];
    let params = LogisticParams { c: 1e6, max_iterations: 2, ..LogisticParams::default() };
    let model = params.fit(&Rows::new(&x, 1).unwrap(), &[false, false, false, true, true, true]).unwrap();
    assert!(!model.converged() && model.iterations() == 2);
}
