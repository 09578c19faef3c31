//! The committed weights are what this program writes. The tests need the tables of `bvqa` in the shared data.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use dream_models::regression::{Provenance, QualityModel};

use crate::data::{FEATURES, Table, read_all};
use crate::train::{Data, evaluate_split, final_model, names, params, summarise};

/// The tables, or `None` (said aloud) where they are absent and `DREAM_REQUIRE_SHARED` is not 1.
fn tables() -> Option<Vec<Table>> {
    let shared = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let dir = shared.join("data/bvqa");
    if dir.is_dir() {
        return Some(read_all(&dir).unwrap());
    }
    assert_ne!(
        std::env::var("DREAM_REQUIRE_SHARED").as_deref(),
        Ok("1"),
        "{} is missing: set DREAM_SHARED to the folder that holds data/bvqa",
        dir.display()
    );
    // Written past the test runner, which hides what a passing test prints.
    writeln!(
        std::io::stderr(),
        "SKIPPED: {} is missing, set DREAM_SHARED to the folder that holds data/bvqa",
        dir.display()
    )
    .unwrap();
    None
}

#[test]
fn names_are_those_of_the_embedded_model() {
    assert_eq!(QualityModel::embedded().unwrap().inputs(), names());
    assert_eq!(names().len(), FEATURES);
}

#[test]
fn drops_the_forty_rows_with_missing_values() {
    let Some(tables) = tables() else { return };
    let counts: Vec<_> = tables.iter().map(|table| (table.len(), table.dropped)).collect();
    assert_eq!(counts, [(1200, 0), (585, 0), (1340, 40)]);
    // Means of the aligned scores, from NumPy.
    let means = tables.iter().map(|table| table.scores.iter().sum::<f64>() / table.len() as f64);
    for (mean, expected) in
        means.zip([3.182_183_361_993_862, 3.851_569_006_989_128_4, 3.536_515_671_641_790_7])
    {
        assert!((mean - expected).abs() < 1e-9, "{mean} {expected}");
    }
}

#[test]
fn the_fit_gives_the_committed_bytes() {
    let Some(tables) = tables() else { return };
    let committed = QualityModel::embedded().unwrap();
    let Provenance { seed, crate_version, evaluation, .. } = committed.provenance().clone();
    let trained = final_model(&Data::new(&tables), &params(seed, 0), evaluation).unwrap();
    // A new crate version alone does not ask for new weights.
    let recorded = format!("\"crate_version\": \"{crate_version}\"");
    let current = format!("\"crate_version\": \"{}\"", dream_models::VERSION);
    let trained = String::from_utf8(trained.to_bytes().unwrap()).unwrap().replace(&current, &recorded);
    let committed = String::from_utf8(committed.to_bytes().unwrap()).unwrap();
    let difference = trained.lines().zip(committed.lines()).find(|(a, b)| a != b);
    assert!(trained == committed, "first difference: {difference:?}");
}

/// The first splits of the recorded evaluation, measured again.
#[test]
fn the_recorded_correlations_are_measured_again() {
    let Some(tables) = tables() else { return };
    let committed = QualityModel::embedded().unwrap();
    let seed = committed.provenance().seed;
    let data = Data::new(&tables);
    let splits: Vec<_> =
        (seed..seed + 3).map(|split| evaluate_split(&data, &params(seed, 0), split).unwrap()).collect();
    assert!(splits.iter().all(|split| split.len() == 4));
    let measured = summarise(&splits, seed).unwrap().srcc_of_splits;
    let recorded = &committed.provenance().evaluation.as_ref().unwrap().srcc_of_splits;
    assert_eq!(measured, recorded[..3]);
}

/// No number of the tables, digit for digit, is in the model file. Short ones are left out: 0.5 proves nothing.
#[test]
fn the_weights_hold_no_value_of_the_data() {
    let Some(tables) = tables() else { return };
    let long = |text: &String| text.trim_start_matches(['-', '0', '.']).len() >= 8;
    let values: BTreeSet<String> =
        tables.iter().flat_map(|table| &table.features).map(f64::to_string).filter(long).collect();
    assert!(values.len() > 80_000, "{}", values.len());
    let file = String::from_utf8(QualityModel::embedded().unwrap().to_bytes().unwrap()).unwrap();
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
