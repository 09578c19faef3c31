//! The program as people run it.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::process::Command;

use dream_features::nss::FlatAreas;
use dream_features::{Brisque, FeatureVector, Frame, Pooled, Pooling, VideoFeatures, VideoSpec};
use dream_models::Error;
use dream_models::regression::SvrModel;

#[test]
fn the_model_is_kept_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (table, model) = (folder.path().join("t.csv"), folder.path().join("m.json"));
    let rows = (0..30)
        .map(|row| format!("v{row},{},{},{}\n", row % 7, row * row % 11, 1.0 + f64::from(row % 7) / 2.0));
    fs::write(&table, format!("video,a,b,mos\n{}", rows.collect::<String>())).unwrap();
    let command = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_train-svr"));
        command.arg("fit").arg("--features").arg(&table).args(more);
        command
    };
    print_test::without_reader(
        0,
        || command(&["--draws", "2", "--select", "1", "--out", model.to_str().unwrap()]),
        || {
            let text = fs::read_to_string(&model).unwrap();
            assert!(
                text.contains("svr-1") && text.contains("\"calibration\"") && !text.contains("\"recipe\"")
            );
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
            fs::remove_file(&model).unwrap();
        },
    );
    let output = command(&["--draws", "2", "--out", model.to_str().unwrap()]).output().unwrap();
    let end = format!("wrote svr-1, fitted on 30 rows of 2 features, to {}\n", model.display());
    assert!(String::from_utf8_lossy(&output.stderr).ends_with(&end), "{output:?}");
    for (option, words) in [
        ("--folds=1", "--folds is 1, it must be at least 2"),
        ("--draws=0", "--draws is 0, it must be at least 1"),
        ("--epsilon=-1", "--epsilon is -1, it must be"),
        ("--select=9", "--select is 9, it must be"),
        ("--recipe=colour", "`colour` is no key=value"),
    ] {
        let output = command(&[option]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && error.contains(words), "{error}");
    }
    let recipe = "extractor=own version=1 frames=all pooling=mean pixels=luma source=whole";
    let made =
        command(&["--draws=2", "--recipe", recipe, "--out", model.to_str().unwrap()]).output().unwrap();
    let text = fs::read_to_string(&model).unwrap();
    assert!(made.status.success() && text.contains(&format!("\"recipe\": \"{recipe}\"")), "{made:?}");
    // Four rows are too few for five folds: a note, and a model without intervals.
    fs::write(&table, "video,a,mos\nw,1,1\nx,2,2\ny,3,3\nz,4,4\n").unwrap();
    let made = command(&["--draws=2", "--folds=2", "--out", model.to_str().unwrap()]).output().unwrap();
    let error = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success() && error.contains("no intervals: 4 rows are too few"), "{error}");
    assert!(!fs::read_to_string(&model).unwrap().contains("\"calibration\""));
    if cfg!(target_os = "linux") {
        let output = command(&["--draws", "2", "--out", "/dev/full"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
}

/// A video of one frame of a texture.
fn features(flat_areas: FlatAreas, texture: usize) -> FeatureVector {
    let extractor = Pooled::new(Brisque { flat_areas }, Pooling::one_per_second()).unwrap();
    let mut session = extractor.start(VideoSpec::new(40, 32, 1.0)).unwrap();
    let luma: Vec<u8> = (0..40 * 32usize)
        .map(|i| ((i * i / (23 + texture) + i % 40 * (3 + texture % 5)) % 199) as u8)
        .collect();
    session.push(&Frame::luma((&luma, 40, 32, 40)).unwrap()).unwrap();
    session.finish().unwrap()
}

#[test]
fn the_model_states_how_the_features_of_its_table_were_made() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = (folder.path().join("t.csv"), folder.path().join("m.json"));
    let vectors: Vec<FeatureVector> = (0..12).map(|i| features(FlatAreas::Snapped, i)).collect();
    let table = |recipe: &dyn Fn(usize) -> String| {
        let mut text = format!("video,mos,recipe,{}\n", vectors[0].layout().names().join(","));
        for (i, vector) in vectors.iter().enumerate() {
            let values: Vec<String> = vector.values().iter().map(ToString::to_string).collect();
            text.push_str(&format!("v{i},{},{},{}\n", 1 + i % 5, recipe(i), values.join(",")));
        }
        text
    };
    let fit = |table: &str, more: &[&str]| {
        fs::write(&path, table).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_train-svr"));
        command.arg("fit").arg("--features").arg(&path).args(["--draws=2", "--out"]).arg(&model).args(more);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let recipe = vectors[0].recipe().as_str();
    let whole = table(&|_| recipe.to_owned());
    let (code, said) = fit(&whole, &[]);
    assert!(code == Some(0) && said.contains(&format!("features of {recipe}\n")), "{said}");
    let trained = SvrModel::load(&model).unwrap();
    assert_eq!(trained.recipe(), Some(recipe));
    // The joint between the crates: a vector of the same recipe has a score, one of another is refused.
    let found = trained.predict(&vectors[3]).unwrap();
    assert_eq!(found, trained.predict_raw(vectors[3].values()).unwrap());
    match trained.predict(&features(FlatAreas::Literal, 3)).unwrap_err() {
        Error::RecipeMismatch { differences, .. } => assert_eq!(differences[0].key, "flat_areas"),
        other => assert_eq!(other.to_string(), ""),
    }

    let mixed = table(&|i| if i == 4 { recipe.replace("=snapped", "=literal") } else { recipe.to_owned() });
    let (code, said) = fit(&mixed, &[]);
    let words = "t.csv:6: the features are not made as those of line 2: flat_areas=literal instead of flat_areas=snapped";
    assert!(code == Some(2) && said.contains(words), "{said}");
    let (code, said) = fit(&whole, &["--recipe", &recipe.replace("=mean", "=mean-std")]);
    assert!(code == Some(2) && said.contains("pooling=mean-std instead of pooling=mean;"), "{said}");
    let (code, said) = fit(&table(&|_| "by hand".to_owned()), &[]);
    assert!(code == Some(2) && said.contains("`by` is no key=value"), "{said}");
    for (table, more) in [(&mixed, &["--ignore", "recipe"][..]), (&table(&|_| String::new()), &[])] {
        let (code, said) = fit(table, more);
        assert!(code == Some(0) && said.contains("the model does not check how features are made"), "{said}");
        assert_eq!(SvrModel::load(&model).unwrap().recipe(), None);
    }
}

/// Means for everything would teach that nothing in particular has this score.
#[test]
fn a_row_without_any_feature_is_an_error_whatever_fills_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    // A row without a score is not learned from.
    let rows: String = (0..10).map(|i| format!("v{i},{},{},{}\n", i % 4, i * i % 7, 1 + i % 5)).collect();
    for (last, code) in [("x,,,3", 2), ("x,,4,3", 0), ("x,,,", 0)] {
        fs::write(&path, format!("video,a,b,mos\n{rows}{last}\n")).unwrap();
        for missing in ["mean", "zero"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_train-svr"));
            command.current_dir(folder.path()).args([
                "fit",
                "--draws=2",
                "--features=t.csv",
                "--missing",
                missing,
            ]);
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{last} {said}");
            assert_eq!(
                said.contains("t.csv:12: every feature of the row is empty; leave the row out"),
                code == 2
            );
        }
    }
}
