//! The trained head on the published tower. The file is not ours to commit: `DREAM_CLIP_VIT` names it, and `.ci/run` makes it.

use std::io::Write;

use dream_models::deep::methods::face_blend::Head;
use score_video::{Scorer, dream_data::PixelRect};
use serde_json::Value;

use crate::Scene;
use crate::blend::version;
use crate::common::run_on;

/// A face pasted into every frame: a copy of it, moved, softened and of other colour, with a mask that fades out.
fn paste(pixels: &mut [u8], width: usize, face: PixelRect) {
    let before = pixels.to_vec();
    let (x0, y0) = (face.left as f64 + face.width as f64 / 2.0, face.top as f64 + face.height as f64 / 2.0);
    // The box is 1.3 times as wide as the face.
    let (rx, ry) = (0.31 * face.width as f64, 0.37 * face.height as f64);
    let source = |x: usize, y: usize, channel: usize| {
        let around = (0..49).map(|at| ((y + at / 7 - 3) * width + x + at % 7 + 1) * 3 + channel);
        around.filter_map(|at| before.get(at)).map(|&value| f64::from(value)).sum::<f64>() / 49.0
    };
    for y in face.top + 4..face.top + face.height - 4 {
        for x in face.left + 4..face.left + face.width - 4 {
            let away = ((x as f64 - x0) / rx).hypot((y as f64 - y0) / ry);
            let mask = ((1.1 - away) / 0.2).clamp(0.0, 1.0);
            for (channel, tint) in [1.12, 0.98, 0.86].into_iter().enumerate() {
                let value = &mut pixels[(y * width + x) * 3 + channel];
                let pasted = (source(x, y, channel) * tint).min(255.0);
                *value = (pasted * mask + f64::from(*value) * (1.0 - mask)).round() as u8;
            }
        }
    }
}

/// The file of the tower; `None`, with a line on the terminal, where there is none.
fn tower(test: &str) -> Option<String> {
    let path = std::env::var("DREAM_CLIP_VIT").ok();
    if path.is_none() {
        // Written past the test runner, which hides what a passing test prints.
        let mut terminal = std::io::stderr();
        writeln!(terminal, "SKIPPED: {test}: DREAM_CLIP_VIT names no tower").unwrap();
    }
    path
}

#[test]
fn the_demonstration_has_a_pasted_face_for_those_who_look_for_one() {
    let Some(tower) = tower("the_demonstration_has_a_pasted_face_for_those_who_look_for_one") else { return };
    let arguments = ["--json", "--method", "face-blend", "--weights", &tower];
    let output = run_on("1", &arguments);
    // The same bits for any number of threads.
    assert_eq!(output.stdout, run_on("3", &arguments).stdout);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["model"]), (Some(0), &"face-blend-1".into()));
    let traces = |name: &str| {
        let all = report["videos"].as_array().unwrap();
        let video = all.iter().find(|video| video["file"] == name).unwrap();
        video["traces"]["mean"].as_f64().unwrap()
    };
    let (clean, pasted) = (traces("demo: portrait"), traces("demo: portrait, face pasted"));
    assert!(pasted > clean + 1.0, "{clean} {pasted}");
    assert_eq!(report["videos"][0]["file"], "demo: portrait");
}

#[test]
fn a_pasted_face_has_more_traces_than_its_original() {
    let Some(tower) = tower("a_pasted_face_has_more_traces_than_its_original") else { return };
    let head = Head::embedded().unwrap();
    let scene = Scene::new();
    let original = scene.portrait("original", 8, 1);
    let scorer = || Scorer::builder().method("face-blend").weights(&tower);
    let real = scorer().build().unwrap().score_file(&original).unwrap();
    let face = real.face.and_then(|face| face.part).unwrap();
    let part = PixelRect { left: face.left, top: face.top, width: face.width, height: face.height };
    let fake = version(&scene, &original, "fake", |_, pixels| paste(pixels, 320, part));
    let scorer = scorer().reference(&original).build().unwrap();
    assert_eq!(scorer.about().model, head.parts().name);
    let score = scorer.score_file(&fake).unwrap();
    let found = score.traces.as_ref().unwrap().reference.as_ref().unwrap();
    assert!(found.difference > 0.3 && found.more >= 7, "{score}; original {real}");
    assert_eq!(score.face.map(|face| face.source), Some("reference"));
    let itself = scorer.score_file(&original).unwrap();
    assert_eq!(itself.traces.unwrap().reference.map(|found| found.difference), Some(0.0));
}
