//! Intervals and familiarity on made-up data, whose noise is known.

use dream_models::Error;
use dream_models::regression::{
    CalibrationParams, Folds, Impute, MlpParams, ModelInfo, Prediction, Provenance, QualityModel,
    QualityParams, Transform,
};

/// A linear congruential generator, so that the rows are the same in every run.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// Nearly normal, of variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Four columns, the second a noisy copy of the first; a smooth target with noise that grows with the third.
fn rows(count: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random(seed);
    let (mut data, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let a = random.normal();
        let row = [a, a + 0.2 * random.normal(), random.normal(), random.normal()];
        let noise = (0.3 + 0.15 * row[2].abs()) * random.normal();
        targets.push(3.0 + (0.5 * row[0]).sin() + 0.3 * row[3] + noise);
        data.extend(row);
    }
    (data, targets)
}

fn params() -> QualityParams {
    QualityParams {
        impute: Impute::Mean,
        transforms: vec![Transform::Identity; 4],
        ensemble: MlpParams { members: 4, hidden: 8, epochs: 30, batch: 32, ..MlpParams::default() },
        ..QualityParams::default()
    }
}

fn model(data: &[f64], targets: &[f64], calibration: CalibrationParams) -> Result<QualityModel, Error> {
    let params = params();
    let predictor = params.fit(data, targets)?;
    let calibration = calibration.fit(&params, &predictor, data, targets)?;
    let info = ModelInfo::new("made-up-1", ["a", "b", "c", "d"], -10.0..=10.0);
    QualityModel::new(info, predictor, calibration, Provenance::default())
}

#[test]
fn intervals_hold_as_often_as_they_say_and_one_row_in_a_hundred_is_strange() {
    let (data, targets) = rows(2000, 1);
    let model = model(&data, &targets, CalibrationParams::default()).unwrap();
    let (data, targets) = rows(4000, 2);
    let share = |count: usize| count as f64 / targets.len() as f64;
    for level in [0.5, 0.8, 0.9, 0.95, 0.99] {
        let predict = |row: &[f64]| model.predict_raw_at(row, level).unwrap();
        let predictions: Vec<Prediction> = data.chunks_exact(4).map(predict).collect();
        let pairs = || predictions.iter().zip(&targets);
        let inside = pairs().filter(|(p, y)| (p.interval.low..=p.interval.high).contains(y)).count();
        assert!((share(inside) - level).abs() <= 0.03, "{level}: {}", share(inside));
        let strange = predictions.iter().filter(|p| !p.familiarity.is_familiar()).count();
        assert!(share(strange) <= 0.03, "{}", share(strange));
        let mean_square = predictions.iter().map(|p| p.familiarity.distance.powi(2)).sum::<f64>() / 4000.0;
        assert!((mean_square - 1.0).abs() < 0.1, "{mean_square}");
    }
}

/// Each value alone is usual; together they break the copy that the second column is.
#[test]
fn rows_that_break_a_correlation_are_strange() {
    let (data, targets) = rows(600, 1);
    let model = model(&data, &targets, CalibrationParams::default()).unwrap();
    let familiar = |row: [f64; 4]| model.predict_raw(&row).unwrap().familiarity.is_familiar();
    assert!(familiar([1.5, 1.5, 0.0, 0.0]));
    assert!(!familiar([1.5, -1.5, 0.0, 0.0]));
    assert!(!familiar([9.0, 9.0, 9.0, 9.0]));
}

#[test]
fn a_calibrated_model_survives_its_file_and_counts_gaps() {
    let (mut data, targets) = rows(200, 1);
    data[5] = f64::NAN;
    let model = model(&data, &targets, CalibrationParams::default()).unwrap();
    assert_eq!(model.calibration().most_missing(), 1);
    let back = QualityModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(back, model);
    let found = back.predict_raw(&[0.1, f64::NAN, 0.3, 0.4]).unwrap();
    assert_eq!(found, model.predict_raw(&[0.1, f64::INFINITY, 0.3, 0.4]).unwrap());
    assert_eq!(found.familiarity.missing, 1);
    let two = back.predict_raw(&[f64::NAN, f64::NAN, 0.3, 0.4]);
    assert!(matches!(two, Err(Error::TooManyMissing { found: 2, inputs: 4, most: 1 })));
}

#[test]
fn names_the_setting_that_is_wrong() {
    let (data, targets) = rows(100, 1);
    let folds = Folds { count: 1, shuffle: None };
    let result = model(&data, &targets, CalibrationParams { folds, ..CalibrationParams::default() });
    assert!(matches!(result, Err(Error::InvalidConfig { field: "folds.count", .. })));
    for familiar in [0.0, 1.0, f64::NAN] {
        let result = model(&data, &targets, CalibrationParams { familiar, ..CalibrationParams::default() });
        assert!(matches!(result, Err(Error::InvalidConfig { field: "familiar", .. })));
    }
}
