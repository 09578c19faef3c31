//! The first splits against scikit-learn. The test needs the tables of `bvqa` in the shared data.

use std::io::Write;
use std::path::PathBuf;

use crate::bvqa::{EXPERIMENTS, Table, run};

/// The folder of the tables. If it is absent and `DREAM_REQUIRE_SHARED` is not 1, prints so and returns `None`.
fn tables() -> Option<PathBuf> {
    let shared = std::env::var_os("DREAM_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    let dir = shared.join("data/bvqa");
    if dir.is_dir() {
        return Some(dir);
    }
    let missing =
        format!("{} is missing: set DREAM_SHARED to the folder that holds data/bvqa", dir.display());
    assert_ne!(std::env::var("DREAM_REQUIRE_SHARED").as_deref(), Ok("1"), "{missing}");
    // Written past the test runner, which hides what a passing test prints.
    writeln!(std::io::stderr(), "SKIPPED: {missing}").unwrap();
    None
}

#[test]
fn tables_have_the_rows_of_the_benchmark() {
    let Some(dir) = tables() else { return };
    let rows: Vec<usize> =
        EXPERIMENTS.iter().map(|experiment| Table::read(experiment, &dir).unwrap().len()).collect();
    assert_eq!(rows, [1200, 1200, 585, 585, 1323, 1323, 3108, 3108]);
}

/// SRCC of the raw predictions, PLCC after SciPy's `curve_fit`, C and γ: `RandomizedSearchCV(SVR(), n_iter=10, cv=3,
/// random_state=i)` of scikit-learn 1.9.1 on split i, with libsvm.
#[test]
fn splits_give_the_correlations_of_scikit_learn() {
    let Some(dir) = tables() else { return };
    for (index, number, srcc, plcc, c, gamma) in REFERENCE {
        let table = Table::read(&EXPERIMENTS[index], &dir).unwrap();
        let found = run(&table, number, 10).unwrap();
        assert!((found.srcc - srcc).abs() < 1e-9, "{found:?}");
        assert!((found.plcc - plcc).abs() < 1e-6, "{found:?}");
        assert_eq!((found.c, gamma_of(found.candidate)), (c, gamma), "{found:?}");
        assert!(found.converged);
    }
}

/// γ of a place in the grid.
fn gamma_of(candidate: usize) -> f64 {
    dream_models::regression::powers_of_two(-8..=1)[candidate % 10]
}

type Case = (usize, u32, f64, f64, f64, f64);

const REFERENCE: [Case; 5] = [
    (1, 1, 0.7753071677121054, 0.7646572023540349, 512.0, 0.015625),
    (1, 2, 0.7986915539249521, 0.7972792189306481, 4.0, 0.25),
    (2, 1, 0.6816002038094381, 0.7023669456589464, 1024.0, 0.03125),
    (2, 2, 0.7114747710890317, 0.6872161897778374, 64.0, 0.25),
    (5, 1, 0.7883783914535344, 0.7823918032146463, 512.0, 0.015625),
];
