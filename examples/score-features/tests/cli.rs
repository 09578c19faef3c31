//! The program from outside, with a model made here.

#![expect(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

#[path = "../../print_test.rs"]
mod print_test;

use std::path::Path;
use std::process::{Command, Output};

use dream_models::regression::{
    CalibrationParams, Impute, Kernel, ModelInfo, ScaledSvrParams, SvrModel, SvrParams,
};

fn write_model(path: &Path, impute: Impute) -> SvrModel {
    write(path, impute, false)
}

fn write(path: &Path, impute: Impute, calibrated: bool) -> SvrModel {
    make(path, impute, calibrated, ModelInfo::new("test-1", ["a", "b"], 1.0..=5.0))
}

fn make(path: &Path, impute: Impute, calibrated: bool, info: ModelInfo) -> SvrModel {
    let x: Vec<f64> = (0..60).map(|k| f64::from(k * k % 23)).collect();
    let y: Vec<f64> = x.chunks_exact(2).map(|row| 1.0 + row[0] / 8.0).collect();
    let svr = SvrParams { c: 10.0, kernel: Kernel::Linear, ..SvrParams::default() };
    let params = ScaledSvrParams { impute, svr, ..ScaledSvrParams::default() };
    let predictor = params.fit(&x, 2, &y).unwrap();
    let mut model = SvrModel::new(info, predictor).unwrap();
    if calibrated {
        let calibration = CalibrationParams::default().fit_svr(&params, model.predictor(), &x, &y).unwrap();
        model = model.with_calibration(calibration).unwrap();
    }
    model.save(path).unwrap();
    model
}

fn run(dir: &Path, table: &str) -> Output {
    std::fs::write(dir.join("t.csv"), table).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-features"));
    command.current_dir(dir).args(["--model", "m.json", "t.csv"]).output().unwrap()
}

#[test]
fn finds_columns_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let model = write_model(&dir.path().join("m.json"), Impute::Mean);
    let output = run(dir.path(), "video,b,frames,a\nx.mp4,3,9,16\ny.mp4,,9,2\n");
    assert!(output.status.success(), "{output:?}");
    let expected = format!(
        "video,score\nx.mp4,{}\ny.mp4,{}\n",
        model.predict_raw(&[16.0, 3.0]).unwrap().score,
        model.predict_raw(&[2.0, f64::NAN]).unwrap().score
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "wrote 2 scores\n");
}

/// Means for everything would give a score that says nothing of the video.
#[test]
fn a_row_without_any_feature_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    write_model(&dir.path().join("m.json"), Impute::Mean);
    let output = run(dir.path(), "video,b,frames,a\nx.mp4,3,9,16\ny.mp4,,9,\n");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("t.csv:3: every feature of the row is empty; leave the row out"), "{said}");
}

#[test]
fn rows_that_were_made_in_another_way_are_refused() {
    const RECIPE: &str = "extractor=own version=1 frames=all pooling=mean pixels=color source=whole";
    let dir = tempfile::tempdir().unwrap();
    let (path, info) = (dir.path().join("m.json"), ModelInfo::new("test-1", ["a", "b"], 1.0..=5.0));
    make(&path, Impute::Mean, false, info.clone().with_recipe(RECIPE));
    let plain = run(dir.path(), "video,a,b\nx,16,3\ny,2,3\n");
    let unchecked = "note: the table has no column `recipe`: that the features were made as those of the training is not \
                     checked\nwrote 2 scores\n";
    assert_eq!(String::from_utf8(plain.stderr).unwrap(), unchecked);
    let same = run(dir.path(), &format!("video,Recipe,a,b\nx,{RECIPE},16,3\ny,{RECIPE},2,3\n"));
    assert_eq!(String::from_utf8(same.stderr).unwrap(), "wrote 2 scores\n");
    assert_eq!(same.stdout, plain.stdout);
    let gray = RECIPE.replace("=color", "=luma");
    let other = run(dir.path(), &format!("video,recipe,a,b\nx,{RECIPE},16,3\ny,{gray},2,3\n"));
    let said = String::from_utf8(other.stderr).unwrap();
    assert_eq!(other.status.code(), Some(2), "{said}");
    for words in
        ["t.csv:3: ", "made with pixels=luma, but the model was trained on pixels=color", "; extract the"]
    {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("frames="), "{said}");
    let empty = run(dir.path(), &format!("video,recipe,a,b\nx,{RECIPE},16,3\ny,,2,3\n"));
    let said = String::from_utf8(empty.stderr).unwrap();
    assert!(
        empty.status.code() == Some(2) && said.contains("t.csv:3: the row has no recipe; extract"),
        "{said}"
    );
    make(&path, Impute::Mean, false, info);
    let silent = run(dir.path(), &format!("video,recipe,a,b\nx,{RECIPE},16,3\n"));
    let said = String::from_utf8(silent.stderr).unwrap();
    assert!(silent.status.success() && said.starts_with("note: the model states no recipe: "), "{said}");
}

#[test]
fn a_model_with_intervals_gives_them_too() {
    let dir = tempfile::tempdir().unwrap();
    let model = write(&dir.path().join("m.json"), Impute::Mean, true);
    let output = run(dir.path(), "video,a,b\nx.mp4,16,3\nfar.mp4,16,999\ngap.mp4,,3\n");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "video,score,low,high,level,familiar,distance");
    let found = model.predict_raw(&[16.0, 3.0]).unwrap();
    let (interval, familiarity) = (found.interval.unwrap(), found.familiarity.unwrap());
    let row = format!("{},{},{},0.9", found.score, interval.low, interval.high);
    assert_eq!(lines[1], format!("x.mp4,{row},true,{}", familiarity.distance));
    assert!(lines[2].starts_with("far.mp4,") && lines[2].contains(",0.9,false,"), "{text}");
    // No row of the training had a gap.
    assert!(lines[3].starts_with("gap.mp4,") && lines[3].contains(",0.9,false,"), "{text}");
}

/// What a spreadsheet writes in a country of decimal commas.
#[test]
fn columns_ignore_case_and_rows_are_named_by_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let model = write_model(&dir.path().join("m.json"), Impute::Mean);
    let output = run(dir.path(), ";B;Video;A\n0;3,5;x.mp4;16\n");
    assert!(output.status.success(), "{output:?}");
    let expected = format!("Video,score\nx.mp4,{}\n", model.predict_raw(&[16.0, 3.5]).unwrap().score);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    let dir = tempfile::tempdir().unwrap();
    write_model(&dir.path().join("m.json"), Impute::Error);
    for (table, expected) in [
        ("video,a,c\nx,1,2\n", "the table lacks 1 of the 2 features of test-1: b"),
        (
            "video,a,b\nx,1,2\ny,1,\n",
            "t.csv:3: column `b` is empty; fill it in, or train the model with --missing mean",
        ),
        ("video,a,b\nx,1,two\n", "t.csv:2: column `b` is `two`"),
        ("video,a,b,A\nx,1,2,3\n", "t.csv:1: two columns, `a` and `A`"),
    ] {
        let output = run(dir.path(), table);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && message.contains(expected), "{message}");
    }
}

#[test]
fn nobody_has_to_read_and_files_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    write_model(&dir.path().join("m.json"), Impute::Error);
    // More than a buffer.
    let rows: String = (0..4000).map(|row| format!("clip-{row}.mp4,1,2\n")).collect();
    std::fs::write(dir.path().join("t.csv"), format!("video,a,b\n{rows}")).unwrap();
    let command = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_score-features"));
        command.current_dir(dir.path()).args(["--model", "m.json", "t.csv"]).args(more);
        command
    };
    print_test::without_reader(0, || command(&[]), || {});
    assert!(command(&["--out", "s.csv"]).status().unwrap().success());
    let written = || std::fs::read_to_string(dir.path().join("s.csv")).unwrap();
    assert_eq!(written().lines().count(), 4001);
    let said = String::from_utf8(command(&["--out", "s.csv"]).output().unwrap().stderr).unwrap();
    assert!(said.ends_with("wrote 4000 scores to s.csv\n"), "{said}");
    // A row that cannot be scored leaves the old file, and nothing beside it.
    std::fs::write(dir.path().join("t.csv"), format!("video,a,b\n{rows}x,y,z\n")).unwrap();
    assert_eq!(command(&["--out", "s.csv"]).output().unwrap().status.code(), Some(2));
    assert_eq!(written().lines().count(), 4001);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    if cfg!(target_os = "linux") {
        std::fs::write(dir.path().join("t.csv"), "video,a,b\nx,1,2\n").unwrap();
        let output = command(&["--out", "/dev/full"]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && error.contains("cannot write /dev/full"), "{error}");
    }
}

#[test]
fn the_standard_input_is_a_table() {
    let dir = tempfile::tempdir().unwrap();
    write_model(&dir.path().join("m.json"), Impute::Mean);
    let expected = run(dir.path(), "video,b,a\nx.mp4,3,16\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-features"));
    let file = std::fs::File::open(dir.path().join("t.csv")).unwrap();
    let output =
        command.current_dir(dir.path()).args(["--model", "m.json", "-"]).stdin(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, expected.stdout);
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-features"));
    let output = command.current_dir(dir.path()).args(["--model", "m.json", "no.csv"]).output().unwrap();
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("no.csv"));
}
