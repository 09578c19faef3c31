//! Scores, and what is reported with them.

use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::methods::da_clip::{Config, KIND};
use serde_json::Value;

use crate::common::{holds, json, run, run_on, text};
use crate::{Scene, da_clip_config, da_clip_tensors, usual};

#[test]
fn the_report_has_score_grade_box_frames_and_checkpoint() {
    let scene = Scene::new();
    let (weights, portrait) = (scene.da_clip("a.json", &usual()), scene.portrait("portrait", 13, 1));
    let base = ["--weights", &weights, &portrait];
    let (report, code) = json(&base);
    assert_eq!(code, Some(0), "{report}");
    let (video, checkpoint) = (&report["videos"][0], &report["checkpoint"]);
    let sha256 = Checkpoint::open(&weights).unwrap().sha256().to_owned();
    assert_eq!(
        (&checkpoint["sha256"], &checkpoint["short"]),
        (&sha256.as_str().into(), &sha256[..12].into())
    );
    assert_eq!((&video["checkpoint"], &video["frames_used"]), (&sha256.as_str().into(), &3.into()));
    assert_eq!((&checkpoint["frames"], &checkpoint["kind"]), (&"every:6".into(), &"da_clip".into()));
    assert_eq!(checkpoint["face"]["face"]["expansion"], 1.3);
    assert!(checkpoint["preprocessing"]["size"].is_u64());
    assert!(video["score"].is_f64() && video["grade"].is_string(), "{video}");
    assert_eq!((&video["face_source"], &video["no_face"]), (&"detected".into(), &"error".into()));
    assert_eq!((&video["face_found"], &video["face_looked"]), (&3.into(), &3.into()));
    let side = |key: &str| video[key].as_u64().unwrap();
    assert!(side("face_width") > 60 && side("face_left") + side("face_width") <= 320, "{video}");

    let corners = ["face_left", "face_top", "face_width", "face_height"].map(|key| side(key).to_string());
    let table = text(&run(&base).stdout);
    let words =
        [&corners.join(","), &sha256, &sha256[..12], "without a face: error", "one of every 6 frames"];
    holds(&table, &words.join("|"));
    let csv = text(&run(&[&base[..], &["--csv"]].concat()).stdout);
    let mut table = csv::Reader::from_reader(csv.as_bytes());
    let (header, row) = (table.headers().unwrap().clone(), table.records().next().unwrap().unwrap());
    let cell = |name: &str| &row[header.iter().position(|have| have == name).unwrap()];
    assert_eq!((cell("checkpoint"), cell("face_left")), (sha256.as_str(), corners[0].as_str()));
    assert_eq!((cell("no_face"), cell("grade")), ("error", video["grade"].as_str().unwrap()));
    assert_eq!(cell("settings"), format!("--weights sha256:{}", &sha256[..12]));
}

#[test]
fn batch_threads_and_jobs_do_not_change_a_byte() {
    let scene = Scene::new();
    let (portrait, wall) = (scene.portrait("portrait", 20, 1), scene.wall(9));
    // Wide enough that its products are shared among threads.
    let visual = swin_v2::Config {
        img_size: [128, 128],
        embed_dim: 96,
        depths: vec![2, 2],
        num_heads: vec![3, 6],
        pretrained_window_sizes: vec![0, 0],
        ..swin_v2::Config::default()
    };
    let wide = Config { visual, ..da_clip_config() };
    let often = dream_models::deep::input::Input { frames: "every:2".parse().unwrap(), ..usual() };
    for weights in [
        scene.da_clip("small.json", &often),
        scene.save("wide.json", KIND, &wide, &wide.input(), &da_clip_tensors(&wide)),
        scene.opdai("opdai.json", &usual()),
    ] {
        let arguments = ["--weights", &weights, "--no-face", "whole-frame", "--json", &portrait, &wall];
        let first = run_on("1", &arguments);
        assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
        for (threads, batch, jobs) in
            [("1", "3", "1"), ("2", "1", "1"), ("2", "8", "2"), ("4", "3", "1"), ("4", "8", "2")]
        {
            let other = run_on(threads, &[&["--batch", batch, "--jobs", jobs], &arguments[..]].concat());
            let place = format!("{weights}, {threads} threads, batch {batch}");
            assert_eq!(text(&other.stdout), text(&first.stdout), "{place}");
        }
    }
}

#[test]
fn without_a_face_the_caller_decides() {
    let scene = Scene::new();
    let (weights, wall) = (scene.da_clip("a.json", &usual()), scene.wall(9));
    let video = |options: &[&str]| {
        let (report, code) = json(&[&["--weights", &weights], options, &[&wall]].concat());
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
    assert_eq!((&whole["face_source"], &whole["no_face"]), (&"whole frame".into(), &"whole-frame".into()));
    assert_eq!((&whole["face_width"], &whole["face_height"]), (&96.into(), &64.into()));
    assert!(whole["warning"].as_str().unwrap().contains("no face"));
    assert_eq!(whole["score"], video(&["--box", "0,0,96,64"]).0["score"]);
    let (skipped, code) = video(&["--no-face", "skip"]);
    assert!(code == Some(0) && skipped["score"].is_null() && skipped["error"].is_null(), "{skipped}");
    assert!(skipped["warning"].as_str().unwrap().contains("skipped: no face in 2 frames"));
}

#[test]
fn the_closest_descriptions_are_shown() {
    let scene = Scene::new();
    let (without, portrait) = (scene.da_clip("without.json", &usual()), scene.portrait("portrait", 7, 1));
    let (plain, code) = json(&["--weights", &without, "--explain", &portrait]);
    assert!(plain["checkpoint"]["explain"].as_str().unwrap().contains("carries no descriptions"));
    assert_eq!((code, &plain["videos"][0]["nearest"]), (Some(0), &Value::Null));

    let config = da_clip_config();
    let mut all = da_clip_tensors(&config);
    let rows: Vec<f32> = (0..3 * config.dim).map(|i| (i * i % 7) as f32 - 3.0).collect();
    let rows = Tensor::from_vec(rows, (3, config.dim), &Device::Cpu).unwrap();
    let texts = ["The eyes, they flicker.", "Nothing.", "Żółw 🙂"].map(str::to_owned);
    all.extend(Descriptions::tensors(&texts, &rows).unwrap());
    let weights = scene.save("with.json", KIND, &config, &usual(), &all);
    let arguments = ["--weights", &weights, "--explain=2", &portrait];
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
    let weights = scene.save("half.json", KIND, &config, &usual(), &all);
    let error = text(&run(&["--weights", &weights, "--explain", &portrait]).stderr);
    assert!(error.contains("descriptions.texts"), "{error}");
    assert!(Descriptions::tensors(&["a\nb".to_owned()], &rows.narrow(0, 0, 1).unwrap()).is_err());
    assert!(Descriptions::new(Vec::new(), &rows).is_err());
}
