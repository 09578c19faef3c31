//! What a checkpoint says about frames and faces is obeyed.

use std::fs;

use dream_data::{PixelRect, RelativeBox};
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::face::{BoxExpansion, VideoBoxConfig};
use serde_json::Value;

use crate::common::{json, refusal, video};
use crate::{Scene, usual};

/// What the report says about a video that can be scored.
fn scored(arguments: &[&str]) -> Value {
    let (report, code) = json(arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {report}");
    report["videos"][0].clone()
}

fn part(video: &Value) -> String {
    let sides = ["face_left", "face_top", "face_width", "face_height"].map(|key| video[key].to_string());
    sides.join(",")
}

fn expanded(factor: f64) -> Input {
    let config = VideoBoxConfig { expansion: BoxExpansion(factor), ..VideoBoxConfig::default() };
    Input { face: FaceRule::Face(config), ..usual() }
}

#[test]
fn the_frames_of_the_checkpoint_are_scored() {
    let scene = Scene::new();
    let (all, thirds) = (scene.portrait("all", 20, 1), scene.portrait("thirds", 20, 3));
    let centres = scene.path("centres");
    fs::create_dir(&centres).unwrap();
    // Of 20 frames, floor((2 i + 1) 20 / 6).
    for (place, frame) in ["003.png", "010.png", "016.png"].iter().enumerate() {
        fs::copy(format!("{all}/{frame}"), format!("{centres}/{place}.png")).unwrap();
    }
    let every = |n| Input { frames: FramePlan::Every { n }, ..usual() };
    let three = Input { frames: FramePlan::Centres { n: 3 }, ..usual() };
    let (one, third) = (scene.da_clip("one.json", &every(1)), scene.da_clip("third.json", &every(3)));
    let (opdai, opdai_one) = (scene.opdai("opdai.json", &three), scene.opdai("opdai_one.json", &every(1)));
    for (plan, every_frame, short, used) in [(&third, &one, &thirds, 7), (&opdai, &opdai_one, &centres, 3)] {
        let found = scored(&["--weights", plan, &all]);
        assert_eq!((&found["frames_used"], &found["face_looked"]), (&used.into(), &used.into()));
        let same = scored(&["--weights", every_frame, short]);
        assert_eq!((&found["score"], part(&found)), (&same["score"], part(&same)));
        assert_ne!(found["score"], scored(&["--weights", every_frame, &all])["score"]);
    }
    // What repeats the checkpoint is no contradiction.
    assert_eq!(scored(&["--weights", &third, "--every", "3", "--method", "da-clip", &all])["frames_used"], 7);
}

#[test]
fn the_printed_box_gives_the_same_score() {
    let scene = Scene::new();
    let (portrait, weights) = (scene.portrait("portrait", 7, 1), scene.da_clip("a.json", &usual()));
    let base = ["--weights", &weights, &portrait];
    let given = |corners: &str| video(&[&base[..], &["--box", corners]].concat());
    let detected = scored(&base);
    let printed = given(&part(&detected));
    assert_eq!((&printed["score"], &printed["face_source"]), (&detected["score"], &"given".into()));
    assert_ne!(given("0,0,50,50")["score"], detected["score"]);
    for outside in ["300,300,50,50", "0,0,0,9", "1,1,18446744073709551615,1"] {
        assert!(given(outside)["error"].as_str().unwrap().contains("not within the 320x320"), "{outside}");
    }
}

#[test]
fn boxes_are_expanded_as_the_checkpoint_says() {
    let scene = Scene::new();
    let portrait = scene.portrait("portrait", 7, 1);
    let width = |factor| {
        let weights = scene.da_clip("a.json", &expanded(factor));
        scored(&["--weights", &weights, &portrait])["face_width"].as_f64().unwrap()
    };
    let ratio = width(1.3) / width(1.0);
    assert!((ratio - 1.3).abs() < 0.03, "{ratio}");

    // Chroma of half size is cut at even places, of a box from a list and of a given one.
    let (wall, list) = (scene.wall(9), scene.path("boxes.csv"));
    fs::write(&list, "mos,file,x1,y1,x2,y2\n3,wall.y4m,0.302,0.21,0.53,0.72\n").unwrap();
    let face: RelativeBox = "0.302,0.21,0.53,0.72".parse().unwrap();
    for factor in [1.0, 1.3, 1.5] {
        let weights = scene.da_clip("a.json", &expanded(factor));
        let listed = scored(&["--weights", &weights, "--boxes", &list, &wall]);
        let expected = face.expanded(factor).unwrap().to_even_pixels(96, 64);
        assert_eq!((part(&listed), &listed["face_source"]), (expected.to_string(), &"listed".into()));
        let printed = scored(&["--weights", &weights, "--box", &part(&listed), &wall]);
        assert_eq!(printed["score"], listed["score"]);
        let odd = PixelRect { left: expected.left + 1, width: expected.width - 1, ..expected };
        let given = scored(&["--weights", &weights, "--box", &odd.to_string(), &wall]);
        assert_eq!((part(&given), &given["score"]), (expected.to_string(), &listed["score"]));
    }
    let unlisted = video(&["--weights", &scene.path("a.json"), "--boxes", &list, &portrait]);
    assert!(unlisted["error"].as_str().unwrap().contains(" has no box for "), "{unlisted}");
}

#[test]
fn whole_frames_and_crops_need_no_face() {
    let scene = Scene::new();
    let wall = scene.wall(9);
    let of = |face| scene.da_clip("a.json", &Input { face, ..usual() });
    let whole = scored(&["--weights", &of(FaceRule::Whole), &wall]);
    assert_eq!((part(&whole), &whole["face_source"]), ("0,0,96,64".to_owned(), &"whole frame".into()));
    assert!(whole["face_looked"].is_null() && !whole["warning"].to_string().contains("no face"), "{whole}");
    let error = refusal(&["--weights", &scene.path("a.json"), "--box", "0,0,9,9", &wall]);
    assert!(error.contains("whole frames") && error.contains("leave out --box"), "{error}");

    let weights = of(FaceRule::Crop { corners: [0.3, 0.2, 0.8, 0.9] });
    let crop = scored(&["--weights", &weights, "--crop", "0.3,0.2,0.8,0.9", &wall]);
    assert_eq!((part(&crop), &crop["face_source"]), ("28,12,49,46".to_owned(), &"crop".into()));
    assert_ne!(crop["score"], whole["score"]);
    let error = refusal(&["--weights", &weights, "--crop", "0.3,0.2,0.8,1", &wall]);
    assert!(error.contains("the crop [0.3, 0.2, 0.8, 0.9]"), "{error}");
    let given = scored(&["--weights", &scene.da_clip("b.json", &usual()), "--box", "28,12,49,46", &wall]);
    assert_eq!(given["score"], crop["score"]);
}

/// A face is looked for before it is scored.
#[test]
fn a_pipe_cannot_be_read_twice() {
    let scene = Scene::new();
    let weights = scene.da_clip("face.json", &expanded(1.5));
    let bytes = [&b"YUV4MPEG2 W64 H64 F5:1 Cmono\nFRAME\n"[..], &[90; 64 * 64]].concat();
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::thread::spawn(move || drop(std::io::Write::write_all(&mut writer, &bytes)));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_score-video"));
    let command = command.args(["--json", "--no-face", "whole-frame", "--weights", &weights, "-"]);
    let report: Value = serde_json::from_slice(&command.stdin(reader).output().unwrap().stdout).unwrap();
    let error = report["videos"][0]["error"].to_string();
    assert!(error.contains("more than once: -: reading the standard input a second time"), "{error}");
    assert!(error.contains("save it to a file first"), "{error}");
}
