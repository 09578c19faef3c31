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
use dream_features::nss::FlatAreas;
use dream_features::tlvqm::Ties;
use dream_features::videval60::Videval60;
use dream_features::{Brisque, Frame, Pooled, Pooling, VideoFeatures, VideoSpec};
use dream_models::regression::QualityModel;
use picture::{Grays, HEIGHT, JPEG, RATE, WIDTH, gray, stored};

/// JPEG of quality 100 moves a score by less than this, on a scale of 1 to 5.
const JPEG_TOLERANCE: f64 = 0.05;
/// Full range has grays that limited range has not: by so much colours, made from limited luma, move a score.
const COLOUR_TOLERANCE: f64 = 0.05;

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
    let spec = VideoSpec { width: WIDTH, height: HEIGHT, frames_per_second: f64::from(RATE) };
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
    model.predict(session.finish().unwrap().values()).unwrap().score
}

#[test]
fn brisque_is_the_same_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (features, model) = (
        Pooled::new(Brisque::default(), Pooling::one_per_second()).unwrap(),
        QualityModel::embedded_brisque(),
    );
    let model = model.unwrap();
    for (name, frames) in [
        ("picture", vec![gray(Grays::All, 0)]),
        ("clip", clip(Grays::All)),
        ("both", vec![gray(Grays::OfBothRanges, 0)]),
    ] {
        let expected = of_frames(&features, &model, &frames);
        for (form, score) in scores(&folder.path().join(name), &frames, &["--method", "brisque"]) {
            let tolerance = if form.starts_with(JPEG) { JPEG_TOLERANCE } else { 0.0 };
            let off = (score - expected).abs();
            eprintln!("{name} {form} {score} {off}");
            assert!(off <= tolerance, "{name} as {form}: {score}, as RGB frames {expected}");
        }
    }
}

#[test]
fn videval60_is_the_same_where_both_ranges_hold_the_grays() {
    let folder = tempfile::tempdir().unwrap();
    let features = Videval60 { ties: Ties::Plain, flat_areas: FlatAreas::Literal, keep_undefined: true };
    let model = QualityModel::embedded().unwrap();
    let mut found = Vec::new();
    for grays in [Grays::OfBothRanges, Grays::All] {
        let frames = clip(grays);
        let expected = of_frames(&features, &model, &frames);
        for (form, score) in scores(&folder.path().join(format!("{grays:?}")), &frames, &[]) {
            let is_image = form.starts_with("png");
            let tolerance = match grays {
                _ if form.starts_with(JPEG) => JPEG_TOLERANCE,
                Grays::All if !is_image => COLOUR_TOLERANCE,
                _ => 0.0,
            };
            let off = (score - expected).abs();
            eprintln!("{grays:?} {form} {score} {off}");
            assert!(off <= tolerance, "{grays:?} as {form}: {score}, as RGB frames {expected}");
            if grays == Grays::All && !is_image && !form.starts_with(JPEG) {
                found.push(score);
            }
        }
    }
    // Videos have the same samples, so their colours agree with each other.
    assert!(found.len() > 1 && found.iter().all(|score| *score == found[0]), "{found:?}");
}

#[cfg(feature = "deep")]
mod networks {
    //! The same in `benchmark`, on features and by a network, in `train`, and here by that network.

    use std::fs;
    use std::path::PathBuf;

    use clap::Parser;
    use dream_data::dataset::ClipId;
    use train::{Clip, Scoring};

    use super::*;

    /// Predictions of a method by file.
    fn predictions(out: &Path, method: &str) -> Vec<(String, f64)> {
        let text = fs::read_to_string(out.join(format!("predictions/{method}.csv"))).unwrap();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[2].to_owned(), cells[4].parse().unwrap())
        };
        text.lines().skip(1).map(row).collect()
    }

    #[test]
    fn every_program_predicts_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let data = train::testing::tree(folder.path());
        let (pictures, out) = (folder.path().join("pictures"), folder.path().join("out"));
        let forms = stored(&pictures, &[gray(Grays::OfBothRanges, 0)]);
        let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
        let row = |((_, path), mos): (&(String, String), usize)| format!("{},{mos}\n", name(path));
        let rows: String = forms.iter().zip((1..=4).cycle()).map(row).collect();
        fs::write(pictures.join("list.csv"), format!("file,mos\n{rows}")).unwrap();
        let [data, list, to] = [&data, &pictures.join("list.csv"), &out].map(|path| path.to_str().unwrap());
        let cli = ["benchmark", "cross", "--train", data, "--test", list, "--out", to, "--repeats", "1"];
        let quick =
            ["--methods", "brisque,opdai", "--epochs", "1", "--batch", "4", "--frames", "2", "--jobs", "2"];
        let cli = benchmark::Cli::parse_from([&cli[..], &quick, &["--no-text"]].concat());
        assert!(benchmark::run(&cli).unwrap());

        let model: PathBuf = out.join("cache/networks/0/opdai/model.json");
        let networks = predictions(&out, "opdai");
        for found in [&predictions(&out, "brisque"), &networks] {
            assert_eq!(found.len(), forms.len());
            let (_, expected) = found.iter().find(|(file, _)| file == "png-rgb.png").unwrap();
            for (file, score) in found {
                let tolerance = if file.starts_with(JPEG) { JPEG_TOLERANCE } else { 0.0 };
                eprintln!("{file} {score} {}", (score - expected).abs());
                assert!((score - expected).abs() <= tolerance, "{file}: {score}, png-rgb.png: {expected}");
            }
        }
        for (file, expected) in networks {
            let path = pictures.join(&file);
            let about = train::about(ClipId::new(&file).unwrap());
            let clip = Clip { about, path: path.clone(), face: None, mos: 0.0, sentences: Vec::new() };
            let trained = train::score(&model, &[clip], &Scoring::default()).unwrap();
            let shown = video(&["--weights", model.to_str().unwrap(), path.to_str().unwrap()]);
            let score = shown["score"].as_f64().unwrap_or_else(|| panic!("{shown}"));
            assert_eq!([trained[0], score], [expected; 2], "{file}");
        }
    }
}
