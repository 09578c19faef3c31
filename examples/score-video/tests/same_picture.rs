//! The same picture has the same score, whatever file it is in and whichever program scores it. docs/same-picture.md
//! states the tolerances.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    dead_code,
    unreachable_pub,
    reason = "tests"
)]

mod common;
#[path = "../../picture_test.rs"]
mod picture;

use std::path::Path;

use common::video;
use dream_features::videval60::Videval60;
use dream_features::{Brisque, Frame, Pooled, Pooling, VideoFeatures, VideoSpec};
use dream_models::regression::QualityModel;
use picture::{Grays, HEIGHT, JPEG, RATE, WIDTH, gray, stored};

/// JPEG of quality 100 moves a score by less than this, on a scale of 1 to 5.
const JPEG_TOLERANCE: f64 = 0.03;
/// The same for VIDEVAL-60, which compares frames.
const JPEG_TOLERANCE_OF_MOTION: f64 = 0.1;
/// Full range has grays that limited range has not. By less than this they move the score of a network, which takes RGB.
const RANGE_TOLERANCE: f64 = 0.03;

fn clip(grays: Grays) -> Vec<Vec<u8>> {
    (0..16).map(|t| gray(grays, t)).collect()
}

/// Scores by name of the form. The rate is for the images.
fn scores(folder: &Path, frames: &[Vec<u8>], more: &[&str]) -> Vec<(String, f64)> {
    let rate = RATE.to_string();
    let score = |(name, path): (String, String)| {
        let video = video(&[&["--fps", &rate], more, &[&path]].concat());
        (name, video["score"].as_f64().unwrap_or_else(|| panic!("{video}")))
    };
    stored(folder, frames).into_iter().map(score).collect()
}

/// The score of RGB frames that a caller of the libraries has.
fn of_frames(features: &dyn VideoFeatures, model: &QualityModel, frames: &[Vec<u8>]) -> f64 {
    let spec = VideoSpec::new(WIDTH, HEIGHT, f64::from(RATE));
    let mut session = features.start(spec).unwrap();
    for gray in frames {
        let rgb: Vec<u8> = gray.iter().flat_map(|&code| [code; 3]).collect();
        if session.wants_next() {
            let frame = Frame::rgb((&rgb, WIDTH, HEIGHT, 3 * WIDTH)).unwrap();
            session.push(&frame.with_studio_luma()).unwrap();
        } else {
            session.skip();
        }
    }
    model.predict_raw(session.finish().unwrap().values()).unwrap().score
}

/// Compares the scores of all forms with that of RGB frames.
fn compare(features: &dyn VideoFeatures, model: &QualityModel, frames: &[Vec<u8>], method: &str, jpeg: f64) {
    let folder = tempfile::tempdir().unwrap();
    let expected = of_frames(features, model, frames);
    for (form, score) in scores(folder.path(), frames, &["--method", method]) {
        let tolerance = if form.starts_with(JPEG) { jpeg } else { 0.0 };
        let off = (score - expected).abs();
        assert!(off <= tolerance, "{method} of {form}: {score}, of RGB frames {expected}, off by {off}");
    }
}

#[test]
fn brisque_is_the_same_to_the_last_bit() {
    let features = Pooled::new(Brisque::default(), Pooling::one_per_second()).unwrap();
    let model = QualityModel::embedded_brisque().unwrap();
    for frames in [vec![gray(Grays::All, 0)], clip(Grays::All)] {
        compare(&features, &model, &frames, "brisque", JPEG_TOLERANCE);
    }
}

#[test]
fn videval60_is_the_same_to_the_last_bit() {
    let features = Videval60::release();
    let model = QualityModel::embedded().unwrap();
    compare(&features, &model, &clip(Grays::All), "videval60", JPEG_TOLERANCE_OF_MOTION);
}

#[cfg(feature = "deep")]
mod networks {
    //! The same in `benchmark`, on features and by a network, in `train`, and here by that network.

    use std::collections::BTreeMap;
    use std::fs;
    use std::path::PathBuf;

    use clap::Parser;
    use dream_data::dataset::ClipId;
    use serde_json::Value;
    use train::{Clip, Scoring};

    use super::*;

    /// What the cache holds of a picture besides the digest of its file: features of every set.
    fn features(out: &Path, file: &str) -> Value {
        let path = out.join(format!("cache/features/brisque/list/{file}.json"));
        let entry: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        entry["outcome"].clone()
    }

    /// Predictions of a method by file.
    fn predictions(out: &Path, method: &str) -> BTreeMap<String, f64> {
        let text = fs::read_to_string(out.join(format!("predictions/{method}.csv"))).unwrap();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[2].to_owned(), cells[4].parse().unwrap())
        };
        text.lines().skip(1).map(row).collect()
    }

    /// The cache of frames follows the files of a folder, whose own time does not change with them.
    fn follows_its_images(model: &Path, folder: &Path) {
        let forms = stored(folder, &[gray(Grays::All, 0), gray(Grays::All, 1)]);
        let (about, path) = (train::about(ClipId::new("clip").unwrap()), PathBuf::from(&forms[0].1));
        let clip = Clip { about, path: path.clone(), face: None, mos: 0.0, sentences: Vec::new() };
        let (clips, cache) = ([clip], folder.join("cache"));
        let score = |cache| {
            let how = Scoring { cache, ..Scoring::default() };
            train::score(model, &clips, &how).unwrap()[0]
        };
        let first = score(Some(&*cache));
        assert_eq!([score(Some(&cache)), score(None)], [first; 2]);
        fs::copy(folder.join("jpeg-gray/0001.jpg"), path.join("0000.png")).unwrap();
        let second = score(Some(&cache));
        assert!(second != first && second == score(None), "{first} {second}");
    }

    #[test]
    fn every_program_predicts_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let data = train::testing::tree(folder.path());
        let (pictures, out) = (folder.path().join("pictures"), folder.path().join("out"));
        let mut files = Vec::new();
        for grays in [Grays::All, Grays::OfBothRanges] {
            let group = format!("{grays:?}");
            let forms = stored(&pictures.join(&group), &[gray(grays, 0)]);
            let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
            files.extend(forms.iter().map(|(_, path)| format!("{group}/{}", name(path))));
        }
        let row = |(file, mos): (&String, usize)| format!("{file},{mos}\n");
        let rows: String = files.iter().zip((1..=4).cycle()).map(row).collect();
        let list = pictures.join("list.csv");
        fs::write(&list, format!("file,mos\n{rows}")).unwrap();
        let [data, list, to] = [&data, &list, &out].map(|path| path.to_str().unwrap());
        let cli = ["benchmark", "cross", "--train", data, "--test", list, "--out", to, "--repeats", "1"];
        let methods = ["--methods", "brisque,opdai", "--epochs", "1", "--batch", "4", "--frames", "2"];
        let cli = benchmark::Cli::parse_from([&cli[..], &methods, &["--no-text", "--jobs", "2"]].concat());
        assert!(benchmark::run(&cli).unwrap());

        let (svr, network) = (predictions(&out, "brisque"), predictions(&out, "opdai"));
        let model = out.join("cache/networks/0/opdai/model.json");
        for file in &files {
            let (group, form) = file.split_once('/').unwrap();
            let first = format!("{group}/png-rgb.png");
            let is_jpeg = form.starts_with(JPEG);
            let tolerance = |exact| if is_jpeg { JPEG_TOLERANCE } else { exact };
            assert!(is_jpeg || features(&out, file) == features(&out, &first), "{file}");
            assert!((svr[file] - svr[&first]).abs() <= tolerance(0.0), "{file}: {svr:?}");
            let is_video = !form.starts_with("png");
            let exact = if is_video && group == "All" { RANGE_TOLERANCE } else { 0.0 };
            assert!((network[file] - network[&first]).abs() <= tolerance(exact), "{file}: {network:?}");

            let path = pictures.join(file);
            let about = train::about(ClipId::new(file).unwrap());
            let clip = Clip { about, path: path.clone(), face: None, mos: 0.0, sentences: Vec::new() };
            let trained = train::score(&model, &[clip], &Scoring::default()).unwrap();
            let shown = video(&["--weights", model.to_str().unwrap(), path.to_str().unwrap()]);
            let score = shown["score"].as_f64().unwrap_or_else(|| panic!("{shown}"));
            assert_eq!([trained[0], score], [network[file]; 2], "{file}");
        }
        follows_its_images(&model, &folder.path().join("clip"));
        // Where frames are made from limited luma they agree with each other, and another picture has another score.
        assert_eq!(network["All/full.y4m"], network["All/mono-limited.y4m"]);
        assert_ne!(network["All/png-rgb.png"], network["OfBothRanges/png-rgb.png"]);
    }
}
