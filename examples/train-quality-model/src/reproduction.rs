//! This program reproduces the committed weights. The tests need the tables of `bvqa` in the shared data.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use dream_models::regression::{Provenance, QualityModel};

use crate::data::{Table, read_all};
use crate::recipe::Recipe;
use crate::train::{Data, LEVELS, evaluate_split, final_model, summarise};

/// Both recipes, with the models that they made.
fn recipes() -> [(Recipe, QualityModel); 2] {
    [
        (Recipe::Videval60, QualityModel::embedded().unwrap()),
        (Recipe::Brisque, QualityModel::embedded_brisque().unwrap()),
    ]
}

/// The tables. If they are absent and `DREAM_REQUIRE_SHARED` is not 1, prints so and returns `None`.
fn tables(recipe: Recipe) -> Option<Vec<Table>> {
    let shared = std::env::var_os("DREAM_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    let dir = shared.join("data/bvqa");
    if dir.is_dir() {
        return Some(read_all(&dir, recipe.layout()).unwrap());
    }
    let missing =
        format!("{} is missing: set DREAM_SHARED to the folder that holds data/bvqa", dir.display());
    assert_ne!(std::env::var("DREAM_REQUIRE_SHARED").as_deref(), Ok("1"), "{missing}");
    // Written past the test runner, which hides what a passing test prints.
    writeln!(std::io::stderr(), "SKIPPED: {missing}").unwrap();
    None
}

#[test]
fn names_are_those_of_the_embedded_models() {
    for (recipe, model) in recipes() {
        assert_eq!(model.inputs(), recipe.names().unwrap());
        assert_eq!(model.inputs().len(), recipe.layout().width);
        assert_eq!(model.version(), recipe.version());
        assert_eq!(model.recipe(), Some(recipe.recipe()));
    }
}

#[test]
fn drops_the_rows_with_missing_values() {
    let Some(found) = tables(Recipe::Brisque) else { return };
    let counts: Vec<_> = found.iter().map(|table| (table.len(), table.dropped)).collect();
    assert_eq!(counts, [(1200, 0), (585, 0), (1340, 40)]);
    // Means of the aligned scores, from NumPy.
    let means = found.iter().map(|table| table.scores.iter().sum::<f64>() / table.len() as f64);
    for (mean, expected) in
        means.zip([3.182_183_361_993_862, 3.851_569_006_989_128_4, 3.536_515_671_641_790_7])
    {
        assert!((mean - expected).abs() < 1e-9, "{mean} {expected}");
    }
    // Videos without colour stay, with ten gaps; the one without anything goes. 579 gaps less its 60.
    let found = tables(Recipe::Videval60).unwrap();
    let counts: Vec<_> = found.iter().map(|table| (table.len(), table.dropped)).collect();
    assert_eq!(counts, [(1200, 0), (585, 0), (1379, 1)]);
    let gaps = found.iter().map(|table| table.features.iter().filter(|value| value.is_nan()).count());
    assert_eq!(gaps.collect::<Vec<_>>(), [2, 1, 519]);
}

/// The list of columns whose logarithm is taken follows the rule that is written beside it.
#[test]
fn logarithms_are_for_skewed_columns() {
    use dream_models::regression::Transform;
    let Some(found) = tables(Recipe::Videval60) else { return };
    let transforms = Recipe::Videval60.params(1, 1).unwrap().transforms;
    for (column, transform) in transforms.into_iter().enumerate().filter(|(column, _)| *column != 23) {
        let values: Vec<f64> = found
            .iter()
            .flat_map(|table| table.features.iter().skip(column).step_by(60).copied())
            .filter(|value| value.is_finite())
            .collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let moment = |power: i32| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / count;
        let skewed = moment(3) / moment(2).powf(1.5) > 1.0 && values.iter().all(|value| *value >= 0.0);
        assert_eq!(transform, if skewed { Transform::Log } else { Transform::Identity }, "column {column}");
    }
}

/// The weights match byte for byte. The calibration (five more fits) is that of the file; the next test measures it.
#[test]
fn the_fit_gives_the_committed_bytes() {
    for (recipe, committed) in recipes() {
        let Some(tables) = tables(recipe) else { return };
        let Provenance { seed, crate_version, evaluation, .. } = committed.provenance().clone();
        let data = Data::new(recipe, &tables).unwrap();
        let params = recipe.params(seed, 0).unwrap();
        let calibration = Some(committed.calibration().clone());
        let trained = final_model(&data, &params, calibration, evaluation).unwrap();
        // A new crate version alone does not ask for new weights.
        let recorded = format!("\"crate_version\": \"{crate_version}\"");
        let current = format!("\"crate_version\": \"{}\"", dream_models::VERSION);
        let trained = String::from_utf8(trained.to_bytes().unwrap()).unwrap().replace(&current, &recorded);
        let committed = String::from_utf8(committed.to_bytes().unwrap()).unwrap();
        let difference = trained.lines().zip(committed.lines()).find(|(a, b)| a != b);
        assert!(trained == committed, "first difference: {difference:?}");
    }
}

/// The calibration of the default model, six fits in all: some 20 s of processor time, because nothing less shows that
/// the file can be made again.
#[test]
fn the_calibration_gives_the_committed_bytes() {
    let (recipe, committed) = recipes().into_iter().next().unwrap();
    let Some(tables) = tables(recipe) else { return };
    let seed = committed.provenance().seed;
    let data = Data::new(recipe, &tables).unwrap();
    let trained = final_model(&data, &recipe.params(seed, 0).unwrap(), None, None).unwrap();
    assert_eq!(trained.calibration(), committed.calibration());
}

/// Measures the first split of the default model's recorded evaluation again, with six fits. Coverage may vary as much
/// as one split does; the file has the means over 20, which a test of dream-models checks to 3 points.
#[test]
fn the_recorded_evaluation_is_measured_again() {
    for (recipe, committed) in recipes().into_iter().take(1) {
        let Some(tables) = tables(recipe) else { return };
        let seed = committed.provenance().seed;
        let data = Data::new(recipe, &tables).unwrap();
        let params = recipe.params(seed, 0).unwrap();
        let split = evaluate_split(&data, &params, seed).unwrap();
        assert_eq!(split.correlations.len(), 4);
        // 633 test rows: a share of 0.9 has a deviation of 0.012.
        for (level, (inside, width)) in LEVELS.into_iter().zip(&split.coverage) {
            assert!((inside - level).abs() <= 0.04 && (0.5..3.0).contains(width), "{level} {inside} {width}");
        }
        assert!(split.unfamiliar <= 0.03, "{}", split.unfamiliar);
        let measured = summarise(&[split.clone(), split], seed).unwrap().srcc_of_splits;
        let recorded = &committed.provenance().evaluation.as_ref().unwrap().srcc_of_splits;
        assert_eq!(measured[0], recorded[0]);
    }
}

/// No number of the tables, digit for digit, is in the model files. Short ones are left out: 0.5 proves nothing.
#[test]
fn the_weights_hold_no_value_of_the_data() {
    for (recipe, committed) in recipes() {
        let Some(tables) = tables(recipe) else { return };
        let long = |text: &String| text.trim_start_matches(['-', '0', '.']).len() >= 8;
        let values: BTreeSet<String> =
            tables.iter().flat_map(|table| &table.features).map(f64::to_string).filter(long).collect();
        assert!(values.len() > 80_000, "{}", values.len());
        let file = String::from_utf8(committed.to_bytes().unwrap()).unwrap();
        let numbers: Vec<String> = file
            .split(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)))
            .filter_map(|token| token.parse::<f64>().ok())
            .map(|number| number.to_string())
            .filter(long)
            .collect();
        assert!(numbers.len() > 70, "{}", numbers.len());
        let found: Vec<_> = numbers.iter().filter(|number| values.contains(*number)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
