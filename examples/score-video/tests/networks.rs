//! DA-CLIP and OPDAI, with tiny networks of random weights.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::methods::da_clip::{Config, DaClip, Descriptions, KIND, OPDAI_KIND, Opdai};
use dream_models::deep::train::Params;
use dream_models::preprocess::Preprocess;
use serde_json::Value;

/// Runs the program with a number of threads.
fn run_on(threads: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-video"));
    command.env("RAYON_NUM_THREADS", threads).args(arguments).output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_on("2", arguments)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = run(&[&["--json"], arguments].concat());
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|_| panic!("{}", text(&output.stderr))), output.status.code())
}

/// A checkpoint of a tiny DA-CLIP without text tower.
fn da_clip(folder: &Path) -> PathBuf {
    of_config(folder, &Config { text: None, ..Config::default() })
}

fn of_config(folder: &Path, config: &Config) -> PathBuf {
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    DaClip::new(config, &params.builder()).unwrap();
    save(folder, KIND, config.visual.img_size[0], config, &params.tensors().unwrap())
}

fn opdai(folder: &Path) -> PathBuf {
    let config = swin_v2::Config::default();
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    Opdai::new(&config, &params.builder()).unwrap();
    save(folder, OPDAI_KIND, 64, &config, &params.tensors().unwrap())
}

fn save(
    folder: &Path,
    kind: &str,
    size: usize,
    config: &impl serde::Serialize,
    tensors: &BTreeMap<String, Tensor>,
) -> PathBuf {
    let path = folder.join(format!("{kind}.json"));
    let preprocess = Preprocess { size, ..Preprocess::default() };
    let contents = Contents {
        kind: kind.to_owned(),
        config: serde_json::to_value(config).unwrap(),
        preprocessing: serde_json::to_value(preprocess).unwrap(),
        provenance: "random weights of a test".into(),
    };
    Checkpoint::save(&path, &contents, tensors).unwrap();
    path
}

/// The tensors next to a checkpoint.
fn tensors(checkpoint: &Path) -> PathBuf {
    let json: Value = serde_json::from_slice(&fs::read(checkpoint).unwrap()).unwrap();
    checkpoint.with_file_name(json["tensors"]["file"].as_str().unwrap())
}

/// A folder of frames: the portrait of the demonstration, moved by two pixels a frame.
fn portrait(folder: &Path, frames: u32) -> PathBuf {
    let whole = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/portrait.png")).unwrap();
    let target = folder.join("portrait");
    fs::create_dir(&target).unwrap();
    for t in 0..frames {
        let frame = whole.crop_imm(2 * t, t, 320, 320).to_rgb8();
        frame.save(target.join(format!("{t:03}.png"))).unwrap();
    }
    target
}

/// A gray y4m file without a face.
fn wall(folder: &Path, frames: usize) -> PathBuf {
    let mut bytes = b"YUV4MPEG2 W96 H64 F10:1 Ip A1:1 C420jpeg\n".to_vec();
    for t in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..96 * 64 * 3 / 2).map(|i| 90 + ((i + t) % 7) as u8));
    }
    let path = folder.join("wall.y4m");
    fs::write(&path, bytes).unwrap();
    path
}

struct Scene {
    folder: tempfile::TempDir,
    weights: String,
    portrait: String,
}

fn scene(frames: u32) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let weights = da_clip(folder.path()).display().to_string();
    let portrait = portrait(folder.path(), frames).display().to_string();
    Scene { folder, weights, portrait }
}

#[test]
fn the_report_has_score_grade_box_frames_and_checkpoint() {
    let Scene { folder, weights, portrait } = scene(13);
    let base = ["--method", "da-clip", "--weights", &weights];
    let (report, code) = json(&[&base[..], &[&portrait]].concat());
    assert_eq!(code, Some(0), "{report}");
    let video = &report["videos"][0];
    let sha256 = Checkpoint::open(&weights).unwrap().sha256().to_owned();
    assert_eq!(report["checkpoint"]["sha256"], sha256.as_str());
    assert_eq!(report["checkpoint"]["short"], &sha256[..12]);
    assert_eq!(
        (&video["checkpoint"], &video["frames_used"]),
        (&Value::from(sha256.as_str()), &Value::from(3))
    );
    assert!(video["score"].is_f64() && video["grade"].is_string(), "{video}");
    assert_eq!((&video["face_source"], &video["no_face"]), (&Value::from("detected"), &Value::from("error")));
    assert_eq!((&video["face_found"], &video["face_looked"]), (&Value::from(3), &Value::from(3)));
    let side = |key: &str| video[key].as_u64().unwrap();
    assert!(side("face_width") > 60 && side("face_left") + side("face_width") <= 320, "{video}");

    // The printed box gives the same score; another does not.
    let corners = ["face_left", "face_top", "face_width", "face_height"].map(|key| side(key).to_string());
    let given =
        |corners: &str| json(&[&base[..], &["--box", corners, &portrait]].concat()).0["videos"][0].clone();
    let again = given(&corners.join(","));
    assert_eq!((&again["score"], &again["face_source"]), (&video["score"], &Value::from("given")));
    assert_ne!(given("0,0,50,50")["score"], video["score"]);
    assert!(given("300,300,50,50")["error"].as_str().unwrap().contains("not within its 320 x 320"));

    let expanded = |name: &str| {
        json(&[&base[..], &["--expand", name, &portrait]].concat()).0["videos"][0]["face_width"]
            .as_u64()
            .unwrap()
    };
    assert_eq!((expanded("published"), expanded("1.3")), (side("face_width"), side("face_width")));
    let ratio = side("face_width") as f64 / expanded("none") as f64;
    assert!((ratio - 1.3).abs() < 0.03, "{ratio}");

    let table = text(&run(&[&base[..], &[&portrait]].concat()).stdout);
    for words in
        [&corners.join(","), &sha256, &sha256[..12], "without a face: error", "one of every 6 frames"]
    {
        assert!(table.contains(words), "{words} is missing in\n{table}");
    }
    let csv = text(&run(&[&base[..], &["--csv", &portrait]].concat()).stdout);
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let cell = |name: &str| row[header.iter().position(|have| *have == name).unwrap()];
    assert_eq!((cell("checkpoint"), cell("face_left")), (sha256.as_str(), corners[0].as_str()));
    assert_eq!((cell("no_face"), cell("grade")), ("error", video["grade"].as_str().unwrap()));
    drop(folder);
}

#[test]
fn batch_threads_and_jobs_do_not_change_a_byte() {
    let Scene { folder, weights, portrait } = scene(20);
    let opdai = opdai(folder.path()).display().to_string();
    let wall = wall(folder.path(), 9).display().to_string();
    // Wide enough that its products are shared among threads.
    let place = tempfile::tempdir().unwrap();
    let visual = swin_v2::Config {
        img_size: [128, 128],
        embed_dim: 96,
        depths: vec![2, 2],
        num_heads: vec![3, 6],
        pretrained_window_sizes: vec![0, 0],
        ..swin_v2::Config::default()
    };
    let wide = of_config(place.path(), &Config { visual, text: None, ..Config::default() });
    let wide = wide.display().to_string();
    for (method, weights, options) in
        [("da-clip", &weights, &["--every", "2"][..]), ("da-clip", &wide, &[]), ("opdai", &opdai, &[])]
    {
        let arguments =
            [&["--method", method, "--weights", weights, "--no-face", "whole-frame", "--json"], options];
        let arguments = [&arguments.concat()[..], &[&portrait, &wall]].concat();
        let first = run_on("1", &arguments);
        assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
        for (threads, batch, jobs) in
            [("1", "3", "1"), ("2", "1", "1"), ("2", "8", "2"), ("4", "3", "1"), ("4", "8", "2")]
        {
            let other = run_on(threads, &[&["--batch", batch, "--jobs", jobs], &arguments[..]].concat());
            assert_eq!(
                text(&other.stdout),
                text(&first.stdout),
                "{method}, {threads} threads, batch {batch}"
            );
        }
    }
}

#[test]
fn opdai_looks_at_three_frames_and_the_kind_of_a_checkpoint_counts() {
    let Scene { folder, weights, portrait } = scene(20);
    let opdai = opdai(folder.path()).display().to_string();
    let (report, code) = json(&["--method", "opdai", "--weights", &opdai, &portrait]);
    assert_eq!((code, &report["videos"][0]["frames_used"]), (Some(0), &Value::from(3)), "{report}");
    assert_eq!(report["videos"][0]["face_looked"], 3);
    assert_eq!(report["checkpoint"]["kind"], "opdai");
    for (method, weights) in [("opdai", &weights), ("da-clip", &opdai)] {
        let output = run(&["--method", method, "--weights", weights, &portrait]);
        let error = text(&output.stderr);
        assert!(
            output.status.code() == Some(2) && error.contains("is needed") && error.contains(weights),
            "{error}"
        );
    }
}

#[test]
fn without_a_face_the_caller_decides() {
    let folder = tempfile::tempdir().unwrap();
    let weights = da_clip(folder.path()).display().to_string();
    let wall = wall(folder.path(), 9).display().to_string();
    let video = |options: &[&str]| {
        let (report, code) =
            json(&[&["--method", "da-clip", "--weights", &weights], options, &[&wall]].concat());
        (report["videos"][0].clone(), code)
    };
    for options in [&[][..], &["--no-face", "error"]] {
        let (failed, code) = video(options);
        let error = failed["error"].as_str().unwrap();
        assert!(code == Some(1) && failed["score"].is_null());
        assert!(error.contains("no face in 2 frames") && error.contains("--no-face whole-frame"), "{error}");
        assert_eq!(failed["no_face"], "error");
    }
    let (whole, code) = video(&["--no-face", "whole-frame"]);
    assert!(code == Some(0) && whole["score"].is_f64(), "{whole}");
    assert_eq!(
        (&whole["face_source"], &whole["no_face"]),
        (&Value::from("whole frame"), &Value::from("whole-frame"))
    );
    assert_eq!((&whole["face_width"], &whole["face_height"]), (&Value::from(96), &Value::from(64)));
    assert!(whole["warning"].as_str().unwrap().contains("no face"));
    assert_eq!(whole["score"], video(&["--box", "0,0,96,64"]).0["score"]);
    let (skipped, code) = video(&["--no-face", "skip"]);
    assert!(code == Some(0) && skipped["score"].is_null() && skipped["error"].is_null(), "{skipped}");
    assert!(skipped["warning"].as_str().unwrap().contains("skipped: no face in 2 frames"));
}

#[test]
fn a_wrong_checkpoint_is_refused_by_name() {
    let Scene { folder, weights, portrait } = scene(1);
    let refused = |weights: &str, words: &[&str]| {
        let output = run(&["--method", "da-clip", "--weights", weights, &portrait]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        for word in words {
            assert!(error.contains(word), "{word} is missing in {error}");
        }
    };
    let whole = fs::read(tensors(Path::new(&weights))).unwrap();
    fs::write(tensors(Path::new(&weights)), &whole[..whole.len() / 2]).unwrap();
    refused(&weights, &[&weights, "tensor"]);
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(tensors(Path::new(&weights)), flipped).unwrap();
    refused(&weights, &[&weights, "SHA-256"]);
    fs::write(&weights, "{").unwrap();
    refused(&weights, &[&weights, "not valid"]);

    let config = Config { text: None, ..Config::default() };
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    DaClip::new(&config, &params.builder()).unwrap();
    let mut all = params.tensors().unwrap();
    let moved = all.remove("regressor.weight").unwrap();
    all.insert("regressor.wait".to_owned(), moved);
    let renamed = save(folder.path(), KIND, 64, &config, &all).display().to_string();
    refused(&renamed, &["missing: regressor.weight", "not known: regressor.wait"]);

    let pickle = folder.path().join("model.pth");
    fs::write(&pickle, b"PK\x03\x04aaaaaaaa").unwrap();
    refused(pickle.to_str().unwrap(), &["model.pth", "PyTorch pickle", "python -c"]);
    refused("nowhere.json", &["nowhere.json"]);
}

#[test]
fn options_that_do_not_go_together_say_so() {
    let Scene { folder, weights, portrait } = scene(1);
    let base = ["--method", "da-clip", "--weights", &weights];
    let wrong: [(&[&str], &str); 9] = [
        (&["--method", "da-clip"], "--weights"),
        (&["--weights", &weights], "--weights is for"),
        (&["--no-face", "skip"], "--no-face is for"),
        (&[&base[..], &["--crop", "0,0,1,1"]].concat(), "--box"),
        (&[&base[..], &["--level", "0.5"]].concat(), "intervals"),
        (&[&base[..], &["--box", "1,2,3"]].concat(), "LEFT,TOP,WIDTH,HEIGHT"),
        (&[&base[..], &["--box", "1,2,3,4", "--no-face", "skip"]].concat(), "cannot be used with"),
        (&[&base[..], &["--expand", "huge"]].concat(), "published, none"),
        (&["--method", "opdai", "--weights", &weights, "--every", "2"], "opdai at three"),
    ];
    for (arguments, words) in wrong {
        let output = run(&[arguments, &[&portrait]].concat());
        let error = text(&output.stderr);
        assert!(output.status.code() == Some(2) && error.contains(words), "{arguments:?}: {error}");
    }
    drop(folder);
}

#[test]
fn a_checkpoint_without_descriptions_says_so() {
    let Scene { folder, weights, portrait } = scene(1);
    let (report, code) = json(&["--method", "da-clip", "--weights", &weights, "--explain", &portrait]);
    assert_eq!(code, Some(0));
    assert!(report["checkpoint"]["explain"].as_str().unwrap().contains("carries no descriptions"));
    assert_eq!(report["videos"][0]["nearest"], Value::Null);
    drop(folder);
}

#[test]
fn the_closest_descriptions_are_shown() {
    let Scene { folder, weights: without, portrait } = scene(7);
    let plain = json(&["--method", "da-clip", "--weights", &without, &portrait]).0;
    let config = Config { text: None, ..Config::default() };
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    DaClip::new(&config, &params.builder()).unwrap();
    let mut all = params.tensors().unwrap();
    let rows: Vec<f32> = (0..3 * config.dim).map(|i| (i * i % 7) as f32 - 3.0).collect();
    let rows = Tensor::from_vec(rows, (3, config.dim), &Device::Cpu).unwrap();
    let texts = ["The eyes, they flicker.", "Nothing.", "Żółw 🙂"].map(str::to_owned);
    all.extend(Descriptions::tensors(&texts, &rows).unwrap());
    let weights = save(folder.path(), KIND, 64, &config, &all).display().to_string();
    let arguments = ["--method", "da-clip", "--weights", &weights, "--explain=2", &portrait];
    let (report, code) = json(&arguments);
    let video = &report["videos"][0];
    assert_eq!((code, &video["score"]), (Some(0), &plain["videos"][0]["score"]));
    let lines: Vec<&str> = video["nearest"].as_str().unwrap().lines().collect();
    assert!(
        lines.len() == 2 && lines.iter().all(|line| texts.iter().any(|t| line.ends_with(t))),
        "{lines:?}"
    );
    let cosines: Vec<f64> =
        lines.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(cosines[0] >= cosines[1] && cosines[0] <= 1.0, "{cosines:?}");
    let table = text(&run(&arguments).stdout);
    assert!(table.contains("2 closest of 3 descriptions") && table.contains(lines[0]), "{table}");

    // Only half of what belongs together.
    all.remove("descriptions.texts");
    let weights = save(folder.path(), KIND, 64, &config, &all).display().to_string();
    let error = text(&run(&["--method", "da-clip", "--weights", &weights, "--explain", &portrait]).stderr);
    assert!(error.contains("descriptions.texts"), "{error}");
    assert!(Descriptions::tensors(&["a\nb".to_owned()], &rows.narrow(0, 0, 1).unwrap()).is_err());
    assert!(Descriptions::new(Vec::new(), &rows).is_err());
}
