//! NIQE against the release of its authors (see testdata/PROVENANCE.md).
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

use std::path::Path;

use crate::common::clips;
use dream_features::nss::FlatAreas;
use dream_features::{Error, Frame, ImageFeatures, Niqe, Workspace};
use sha2::{Digest, Sha256};

fn testdata(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

/// Channel `c` of an image that needs no file.
fn formula(width: i64, height: i64, c: i64) -> Vec<u8> {
    let tri = |v: i64, p: i64| (v.rem_euclid(2 * p) - p).abs();
    let each = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let value = |(x, y): (i64, i64)| {
        let noise = (((x * 7919 + y * 104_729 + x * y * 31) * 2_654_435_761) & 0xffff_ffff) >> 28;
        30 + tri(x + 2 * y + 30 * c, 70) + tri(3 * x + 5 * y, 40) + tri(x * y / 50 + 20 * c, 45) + noise
    };
    each.map(|at| value(at).clamp(0, 255) as u8).collect()
}

/// Luma, or RGB, of an image of the reference.
fn pixels(name: &str, width: usize, height: usize) -> Vec<u8> {
    let ppm = testdata("video/astronaut_crop_256.ppm");
    let luma = |recipe: &str, t: usize| {
        let clip = clips::recipe(recipe, width, height, t + 1, Some(&ppm)).unwrap();
        clip.frames[t].y.clone()
    };
    let channel = |c| formula(width as i64, height as i64, c);
    match name {
        "face-0" => luma("face", 0),
        "face-7" => luma("face", 7),
        "synth-0" => luma("synth_0", 0),
        "synth-9" => luma("synth_9", 9),
        "synth-odd" => luma("synth_odd", 1),
        "static" => luma("static", 0),
        "portrait-rgb" => ppm[ppm.len() - 3 * width * height..].to_vec(),
        "formula-gray" => channel(0),
        "formula-rgb" => {
            let [r, g, b] = [0, 1, 2].map(channel);
            r.into_iter().zip(g).zip(b).flat_map(|((r, g), b)| [r, g, b]).collect()
        }
        other => unreachable!("{other}"),
    }
}

fn frame(pixels: &[u8], width: usize, height: usize) -> Frame<'_> {
    if pixels.len() == 3 * width * height {
        Frame::rgb((pixels, width, height, 3 * width)).unwrap()
    } else {
        Frame::luma((pixels, width, height, width)).unwrap()
    }
}

#[test]
fn scores_equal_those_of_the_release() {
    let text = String::from_utf8(testdata("niqe/scores.csv")).unwrap();
    let mut seen = 0;
    for line in text.lines().skip(1) {
        let [name, width, height, sha256, expected] = line.split(',').collect::<Vec<_>>()[..] else {
            unreachable!("{line}")
        };
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        let pixels = pixels(name, width, height);
        let digest: String = Sha256::digest(&pixels).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, sha256, "{name} is another image");
        let expected: f64 = expected.parse().unwrap();
        let frame = frame(&pixels, width, height);
        let found = Niqe::default().score(&frame).unwrap();
        assert!((found - expected).abs() <= 1e-9 * expected, "{name}: {found} instead of {expected}");
        let snapped = Niqe { flat_areas: FlatAreas::Snapped }.score(&frame).unwrap();
        // Only this image has flat areas.
        let tolerance = if name == "static" { 0.02 } else { 1e-9 };
        assert!((snapped - expected).abs() <= tolerance * expected, "{name}: {snapped} when snapped");
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn pixels_outside_whole_blocks_do_not_count() {
    let (width, height) = (213, 199);
    let mut pixels = formula(width as i64, height as i64, 0);
    let before = Niqe::default().score(&frame(&pixels, width, height)).unwrap();
    for (i, pixel) in pixels.iter_mut().enumerate() {
        if i % width >= 192 || i / width >= 192 {
            *pixel = 0;
        }
    }
    assert_eq!(Niqe::default().score(&frame(&pixels, width, height)).unwrap(), before);
    pixels[0] ^= 64;
    assert_ne!(Niqe::default().score(&frame(&pixels, width, height)).unwrap(), before);
}

#[test]
fn one_workspace_serves_images_of_any_size() {
    let niqe = Niqe::default();
    let mut workspace = Workspace::new();
    for (width, height) in [(213usize, 199usize), (96, 120), (213, 199), (50, 40)] {
        let pixels = formula(width as i64, height as i64, 1);
        let (mut alone, mut shared) = ([0.0; Niqe::DIM], [0.0; Niqe::DIM]);
        niqe.extract_into(&frame(&pixels, width, height), &mut Workspace::new(), &mut alone).unwrap();
        niqe.extract_into(&frame(&pixels, width, height), &mut workspace, &mut shared).unwrap();
        assert_eq!(alone.map(f64::to_bits), shared.map(f64::to_bits), "{width}x{height}");
        assert_eq!(alone[36].is_nan(), width < 96);
    }
    // Another model or another option is another extractor.
    let pixels = pixels("static", 288, 192);
    let mut values = [[0.0; Niqe::DIM]; 2];
    for (flat_areas, out) in [FlatAreas::Literal, FlatAreas::Snapped].into_iter().zip(&mut values) {
        Niqe { flat_areas }.extract_into(&frame(&pixels, 288, 192), &mut workspace, out).unwrap();
    }
    assert_ne!(values[0], values[1]);
}

#[test]
fn an_image_without_a_score_is_an_error() {
    let small = frame(&[7; 200 * 95], 200, 95);
    let error = Niqe::default().score(&small).unwrap_err();
    assert!(matches!(error, Error::TooSmall { extractor: "NIQE", width: 96, height: 96, .. }), "{error}");
    let gray = vec![128; 200 * 100];
    let error = Niqe::default().score(&frame(&gray, 200, 100)).unwrap_err();
    assert_eq!(error, Error::Undefined { extractor: "NIQE" });
    // As features they are 0 and counted.
    assert_eq!(Niqe::default().extract(&small).unwrap().replaced(), Niqe::DIM);
}
