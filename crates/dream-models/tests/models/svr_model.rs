//! The file of a support vector regression: what comes back, and what is refused.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::regression::{
    CalibrationParams, Estimate, Impute, Kernel, ModelInfo, Provenance, QualityModel, Regressor,
    ScaledSvrParams, SvrModel, SvrParams,
};
use serde_json::{Value, json};

const WIDTH: usize = 5;

fn data() -> (Vec<f64>, Vec<f64>) {
    let x: Vec<f64> = (0..40 * WIDTH).map(|k| ((k * k * 31 + 7 * k) % 101) as f64 / 10.0).collect();
    let y = x.chunks_exact(WIDTH).map(|row| 1.0 + 0.3 * row[0] - 0.1 * row[3]).collect();
    (x, y)
}

fn params(kernel: Kernel) -> ScaledSvrParams {
    let svr = SvrParams { c: 8.0, kernel, ..SvrParams::default() };
    ScaledSvrParams { impute: Impute::Mean, columns: Some(vec![0, 2, 3]), range: (-1.0, 1.0), svr }
}

fn info() -> ModelInfo {
    ModelInfo::new("test-1", (0..WIDTH).map(|k| format!("feature.{k}")), 1.0..=5.0)
}

const RECIPE: &str = "extractor=test version=1 frames=all pooling=mean pixels=luma source=whole";

fn model(kernel: Kernel) -> SvrModel {
    let (mut x, y) = data();
    x[7] = f64::NAN;
    SvrModel::new(info(), params(kernel).fit(&x, WIDTH, &y).unwrap()).unwrap()
}

/// With everything that is optional.
fn full(kernel: Kernel) -> SvrModel {
    let (mut x, y) = data();
    x[7] = f64::NAN;
    let params = params(kernel);
    let predictor = params.fit(&x, WIDTH, &y).unwrap();
    let calibration = CalibrationParams::default().fit_svr(&params, &predictor, &x, &y).unwrap();
    let provenance = Provenance { features: "integers".into(), seed: 7, ..Provenance::default() };
    let model = SvrModel::new(info().with_recipe(RECIPE), predictor).unwrap().with_provenance(provenance);
    model.with_calibration(calibration).unwrap()
}

const RBF: Kernel = Kernel::Rbf { gamma: 0.5 };

#[test]
fn comes_back_equal_and_predicts_the_same_bytes() {
    for model in [model(Kernel::Linear), model(RBF), full(Kernel::Linear), full(RBF)] {
        let bytes = model.to_bytes().unwrap();
        let back = SvrModel::from_bytes(&bytes).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.to_bytes().unwrap(), bytes);
        let (x, _) = data();
        for row in x.chunks_exact(WIDTH) {
            assert_eq!(back.predict_raw(row).unwrap(), model.predict_raw(row).unwrap());
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
    assert_eq!(model.predict_raw(&[1e6, 0.0, 0.0, 0.0, 0.0]).unwrap().score, 5.0);
    assert_eq!(model.predict_raw(&[-1e6, 0.0, 0.0, 0.0, 0.0]).unwrap().score, 1.0);
    assert!(model.predict_raw(&[f64::NAN; WIDTH]).unwrap().score.is_finite());
    assert!(matches!(model.predict_raw(&[0.0; 3]), Err(Error::LengthMismatch { .. })));
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

/// Files of version 0.1 have neither recipe nor calibration, and everything about their origin.
#[test]
fn files_of_before_are_read() {
    let mut file: Value = serde_json::from_slice(&model(RBF).to_bytes().unwrap()).unwrap();
    let fields = file.as_object_mut().unwrap();
    assert!(["recipe", "calibration", "provenance"].iter().all(|name| !fields.contains_key(*name)));
    let provenance = json!({
        "datasets": [], "features": "integers", "command": "none", "seed": 0, "crate_version": "0.1.0",
        "evaluation": null, "licence": "none"
    });
    fields.insert("provenance".into(), provenance);
    let old = SvrModel::from_bytes(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!((old.recipe(), old.calibration()), (None, None));
    assert_eq!(
        (old.provenance().features.as_str(), old.provenance().crate_version.as_str()),
        ("integers", "0.1.0")
    );
    let row = &data().0[..WIDTH];
    let found = old.predict_raw(row).unwrap();
    assert_eq!((found.interval, found.familiarity), (None, None));
    assert_eq!(found.score, old.predictor().predict(row).unwrap().clamp(1.0, 5.0));
    let error = old.predict(("extractor=test", old.inputs(), row)).unwrap_err();
    assert!(matches!(&error, Error::NoRecipe { model } if model == "test-1"), "{error}");
    // A part of the provenance is enough.
    file["provenance"] = json!({"command": "mine"});
    let some = SvrModel::from_bytes(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!(some.provenance(), &Provenance { command: "mine".into(), ..Provenance::default() });
}

#[test]
fn a_calibration_changes_no_score_and_gives_intervals_and_distances() {
    for kernel in [Kernel::Linear, RBF] {
        let (plain, model) = (model(kernel), full(kernel));
        assert_eq!(model.calibration().unwrap().most_missing(), 1);
        let (x, y) = data();
        let (mut inside, mut unfamiliar) = (0, 0);
        for (row, y) in x.chunks_exact(WIDTH).zip(&y) {
            let Estimate { score, interval, familiarity } = model.predict_raw_at(row, 0.8).unwrap();
            assert_eq!(score, plain.predict_raw(row).unwrap().score);
            let (interval, familiarity) = (interval.unwrap(), familiarity.unwrap());
            assert!(interval.low <= score && score <= interval.high && interval.level == 0.8);
            inside += usize::from((interval.low..=interval.high).contains(&y.clamp(1.0, 5.0)));
            unfamiliar += usize::from(!familiarity.is_familiar());
            let wide = model.predict_raw(row).unwrap().interval.unwrap();
            assert!(wide.low <= interval.low && interval.high <= wide.high && wide.level == SvrModel::LEVEL);
        }
        // Of 40 rows that the model has seen.
        assert!(inside >= 32 && unfamiliar <= 1, "{inside} {unfamiliar}");
        let far = |row: [f64; WIDTH]| model.predict_raw(&row).unwrap().familiarity.unwrap();
        assert!(!far([40.0, 5.0, 5.0, 5.0, 5.0]).is_familiar());
        // Columns that are not in use do not count.
        assert_eq!(far([5.0, 5.0, 5.0, 5.0, 5.0]), far([5.0, 90.0, 5.0, 5.0, 5.0]));
        assert!(far([5.0, 5.0, 5.0, 5.0, 5.0]).is_familiar());
        // A row that misses more than any row of the training is near the mean only because it is filled with means.
        let gaps = far([f64::NAN; WIDTH]);
        assert!(gaps.distance < gaps.limit && gaps.missing == WIDTH && !gaps.is_familiar(), "{gaps:?}");
        let level = model.predict_raw_at(&x[..WIDTH], 0.4);
        assert!(matches!(level, Err(Error::InvalidConfig { field: "level", .. })));
    }
}

#[test]
fn a_vector_is_checked_by_recipe_then_names() {
    let model = full(RBF);
    let row = &data().0[..WIDTH];
    let found = model.predict((RECIPE, model.inputs(), row)).unwrap();
    assert_eq!(found, model.predict_raw(row).unwrap());
    let mut names = model.inputs().to_vec();
    names.swap(0, 1);
    let error = model.predict((RECIPE, &names[..], row)).unwrap_err();
    assert!(matches!(error, Error::LayoutMismatch { index: 0, .. }), "{error}");
    let other = RECIPE.replace("frames=all", "frames=every-2");
    let error = model.predict_at((&other[..], &names[..], row), 0.8).unwrap_err();
    assert!(matches!(&error, Error::RecipeMismatch { differences, .. } if differences.len() == 1), "{error}");
    let image = model.clone().for_images().unwrap_err();
    assert!(image.to_string().contains("no means over frames"), "{image}");
}

/// As many columns as a wide table has: distances without correlation, so that file and time stay small.
#[test]
fn wide_tables_are_calibrated_too() {
    let width = 600;
    let x: Vec<f64> = (0..30 * width).map(|k| ((k * k * 31 + 7 * k) % 1009) as f64).collect();
    let y: Vec<f64> = x.chunks_exact(width).map(|row| 1.0 + row[0] / 1000.0).collect();
    let params = ScaledSvrParams::default();
    let predictor = params.fit(&x, width, &y).unwrap();
    let calibration = CalibrationParams::default().fit_svr(&params, &predictor, &x, &y).unwrap();
    let info = ModelInfo::new("wide-1", (0..width).map(|k| k.to_string()), 0.0..=3.0);
    let model = SvrModel::new(info, predictor).unwrap().with_calibration(calibration).unwrap();
    let bytes = model.to_bytes().unwrap();
    assert_eq!(SvrModel::from_bytes(&bytes).unwrap(), model);
    let distance = |row: &[f64]| model.predict_raw(row).unwrap().familiarity.unwrap();
    let mean_square = x.chunks_exact(width).map(|row| distance(row).distance.powi(2)).sum::<f64>() / 30.0;
    assert!((mean_square - 1.0).abs() < 1e-9, "{mean_square}");
    assert!(!distance(&vec![5000.0; width]).is_familiar());
}

fn with(kernel: Kernel, pointer: &str, value: Value) -> Result<SvrModel, Error> {
    let mut file: Value = serde_json::from_slice(&full(kernel).to_bytes().unwrap()).unwrap();
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
        ("/recipe", json!("colour")),
        ("/recipe", json!("a=1 a=2")),
        ("/calibration/levels/0", json!(0.6)),
        ("/calibration/factors/49", json!(1e9)),
        ("/calibration/scaler", json!(null)),
        ("/calibration/scaler/std/0", json!(0.0)),
        ("/calibration/scaler/transforms", json!(["identity"])),
        ("/calibration/whitening", json!(null)),
        ("/calibration/whitening/codes", json!("AAA")),
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
