//! The program as people run it.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::process::Command;

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
