//! Reference files of the video features and the clips they are about.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};

use dream_features::{Frame, LumaView, Yuv420View};
use serde_json::Value;

use crate::common::clips::{self, Clip, Planes};

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/video")
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn clip(name: &str) -> Clip {
    let list = json(&testdata().join("clips.json"));
    let number = |key: &str| list[name][key].as_u64().unwrap() as usize;
    let ppm = std::fs::read(testdata().join("astronaut_crop_256.ppm")).unwrap();
    clips::recipe(name, number("width"), number("height"), number("frames"), Some(&ppm)).unwrap()
}

pub(crate) fn view<'a>(clip: &Clip, planes: &'a Planes) -> Yuv420View<'a> {
    let (w, h) = (clip.width, clip.height);
    Yuv420View::new(
        LumaView::new(&planes.y, w, h, w).unwrap(),
        LumaView::new(&planes.u, w / 2, h / 2, w / 2).unwrap(),
        LumaView::new(&planes.v, w / 2, h / 2, w / 2).unwrap(),
    )
    .unwrap()
}

pub(crate) fn frames(clip: &Clip) -> impl Iterator<Item = Frame<'_>> {
    clip.frames.iter().map(|planes| Frame::from_yuv420(view(clip, planes)))
}

/// Numbers; what is not one is NaN.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The features of a clip in a reference table, in its order.
pub(crate) fn reference(table: &str, name: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(testdata().join(table)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let column = lines.next().unwrap().iter().position(|cell| *cell == name).unwrap();
    lines.map(|cells| cells[column].parse().unwrap()).collect()
}

/// The intermediate values of a clip: committed, or where the whole set is.
pub(crate) fn steps(name: &str) -> Option<Value> {
    let file = format!("{name}.intermediate.json");
    let committed = testdata().join(&file);
    let path = if committed.is_file() {
        committed
    } else {
        crate::common::shared::shared(&format!("golden/video-features/{file}"))?
    };
    Some(json(&path))
}
