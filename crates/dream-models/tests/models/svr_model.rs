//! The file of a support vector regression: what comes back, and what is refused.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::regression::{
    Impute, Kernel, ModelInfo, OutputRange, Provenance, QualityModel, ScaledSvrParams, SvrModel, SvrParams,
};
use serde_json::{Value, json};

const WIDTH: usize = 5;

fn data() -> (Vec<f64>, Vec<f64>) {
    let x: Vec<f64> = (0..40 * WIDTH).map(|k| ((k * k * 31 + 7 * k) % 101) as f64 / 10.0).collect();
    let y = x.chunks_exact(WIDTH).map(|row| 1.0 + 0.3 * row[0] - 0.1 * row[3]).collect();
    (x, y)
}

fn model(kernel: Kernel) -> SvrModel {
    let (mut x, y) = data();
    x[7] = f64::NAN;
    let svr = SvrParams { c: 8.0, kernel, ..SvrParams::default() };
    let params =
        ScaledSvrParams { impute: Impute::Mean, columns: Some(vec![0, 2, 3]), range: (-1.0, 1.0), svr };
    let info = ModelInfo {
        version: "test-1".into(),
        inputs: (0..WIDTH).map(|k| format!("feature.{k}")).collect(),
        output: OutputRange { min: 1.0, max: 5.0, scale: "1 to 5".into(), meaning: "a test".into() },
    };
    let provenance = Provenance {
        datasets: vec![],
        features: "integers".into(),
        command: "none".into(),
        seed: 0,
        crate_version: dream_models::VERSION.into(),
        evaluation: None,
        licence: "none".into(),
    };
    SvrModel::new(info, params.fit(&x, WIDTH, &y).unwrap(), provenance).unwrap()
}

const RBF: Kernel = Kernel::Rbf { gamma: 0.5 };

#[test]
fn comes_back_equal_and_predicts_the_same_bytes() {
    for kernel in [Kernel::Linear, RBF] {
        let model = model(kernel);
        let bytes = model.to_bytes().unwrap();
        let back = SvrModel::from_bytes(&bytes).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.to_bytes().unwrap(), bytes);
        let (x, _) = data();
        for row in x.chunks_exact(WIDTH) {
            assert_eq!(back.predict(row).unwrap().to_bits(), model.predict(row).unwrap().to_bits());
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        model.save(file.path()).unwrap();
        assert_eq!(SvrModel::load(file.path()).unwrap(), model);
        assert_eq!(SvrModel::from_reader(&bytes[..]).unwrap(), model);
    }
}

#[test]
fn scores_stay_in_range_and_gaps_are_filled() {
    let model = model(Kernel::Linear);
    assert_eq!(model.predict(&[1e6, 0.0, 0.0, 0.0, 0.0]).unwrap(), 5.0);
    assert_eq!(model.predict(&[-1e6, 0.0, 0.0, 0.0, 0.0]).unwrap(), 1.0);
    assert!(model.predict(&[f64::NAN; WIDTH]).unwrap().is_finite());
    assert!(matches!(model.predict(&[0.0; 3]), Err(Error::LengthMismatch { .. })));
}

#[test]
fn another_layout_is_an_error_with_the_names() {
    let model = model(RBF);
    let mut names = model.inputs().to_vec();
    model.check_inputs(&names).unwrap();
    names.swap(1, 3);
    let message = model.check_inputs(&names).unwrap_err().to_string();
    assert!(
        message.contains("feature 1 is `feature.3`") && message.contains("takes `feature.1`"),
        "{message}"
    );
    names.swap(1, 3);
    names.pop();
    assert!(model.check_inputs(&names).unwrap_err().to_string().contains("`(nothing)`"));
}

fn with(kernel: Kernel, pointer: &str, value: Value) -> Result<SvrModel, Error> {
    let mut file: Value = serde_json::from_slice(&model(kernel).to_bytes().unwrap()).unwrap();
    *file.pointer_mut(pointer).unwrap() = value;
    SvrModel::from_bytes(&serde_json::to_vec(&file).unwrap())
}

#[test]
fn damage_and_contradictions_are_errors() {
    let cases = [
        ("/inputs", json!(["a"])),
        ("/inputs/2", json!("feature.0")),
        ("/columns", json!([0, 2, 5])),
        ("/columns", json!([2, 0, 3])),
        ("/columns", json!([])),
        ("/scaler/min", json!([0.0])),
        ("/scaler/max/0", json!(-1e300)),
        ("/scaler/high", json!(-1.0)),
        ("/impute/values", json!([0.0])),
        ("/impute/rule", json!("median")),
        ("/params/c", json!(0.0)),
        ("/params/kernel/gamma", json!(-1.0)),
        ("/params/kernel/kind", json!("polynomial")),
        ("/params/kernel", json!({"kind": "linear"})),
        ("/svr/intercept", json!(1e200)),
        ("/svr/support_vectors", json!(3)),
        ("/svr/support_vectors", json!(u64::MAX)),
        ("/svr/vectors", json!("AAAA")),
        ("/svr/coefficients", json!("%")),
        ("/output/max", json!(0.0)),
    ];
    for (pointer, value) in cases {
        let result = with(RBF, pointer, value.clone());
        assert!(matches!(result, Err(Error::InvalidModel { .. })), "{pointer} {value}: {result:?}");
    }
    assert!(matches!(
        with(Kernel::Linear, "/svr/coefficients", json!("AAAAAAAAAAA=")),
        Err(Error::InvalidModel { .. })
    ));
    assert!(matches!(with(RBF, "/format_version", json!(2)), Err(Error::UnsupportedFormat { .. })));
    let bytes = model(RBF).to_bytes().unwrap();
    assert!(matches!(QualityModel::from_bytes(&bytes), Err(Error::UnsupportedFormat { .. })));
    for length in (0..bytes.len() - 1).step_by(7) {
        assert!(
            matches!(SvrModel::from_bytes(&bytes[..length]), Err(Error::InvalidModel { .. })),
            "{length}"
        );
    }
}
