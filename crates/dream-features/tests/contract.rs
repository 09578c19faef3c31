//! What every extractor promises, whatever it computes.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

use std::collections::HashSet;

use dream_features::nss::FlatAreas;
use dream_features::{
    Brisque, Error, Frame, ImageFeatures, LumaView, Pooled, Pooling, RgbView, Sampling, Statistic,
    VideoFeatures, VideoSpec, Workspace,
};

fn extractors() -> Vec<Box<dyn ImageFeatures>> {
    vec![Box::new(Brisque::default()), Box::new(Brisque { flat_areas: FlatAreas::Literal })]
}

fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn frame(pixels: &[u8], width: usize, height: usize, stride: usize) -> Frame<'_> {
    Frame::from_luma(LumaView::new(pixels, width, height, stride).unwrap())
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn names_are_unique_and_as_many_as_values() {
    for extractor in extractors() {
        let names = extractor.layout().names();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        let features = extractor.extract(&frame(&noise(600, 1), 30, 20, 30)).unwrap();
        assert_eq!(features.values().len(), names.len());
        assert_eq!(features.get(&names[3]).unwrap(), features.values()[3]);
        assert!(matches!(features.get("no.such"), Err(Error::Name { .. })));
        let mut short = vec![0.0; names.len() - 1];
        let image = noise(4, 1);
        let result = extractor.extract_into(&frame(&image, 2, 2, 2), &mut Workspace::new(), &mut short);
        assert!(matches!(result, Err(Error::Length { argument: "out", .. })));
    }
    assert_eq!(Brisque::default().layout().len(), 36);
}

#[test]
fn finite_from_one_pixel_up_and_on_constant_frames() {
    for extractor in extractors() {
        for (width, height) in (1..=12).flat_map(|w| (1..=12).map(move |h| (w, h))) {
            for pixels in [vec![0; width * height], vec![255; width * height], noise(width * height, 5)] {
                let features = extractor.extract(&frame(&pixels, width, height, width)).unwrap();
                assert!(features.values().iter().all(|v| v.is_finite()), "{width}x{height}");
            }
        }
        let black = extractor.extract(&frame(&[0; 1200], 40, 30, 40)).unwrap();
        assert!(black.replaced() > 0, "a black frame has undefined features, and that is said");
        let natural = extractor.extract(&frame(&noise(1200, 9), 40, 30, 40)).unwrap();
        assert_eq!(natural.replaced(), 0);
    }
}

#[test]
fn stride_crop_and_used_workspace_do_not_matter() {
    let (width, height, stride) = (37, 23, 50);
    let padded = noise(stride * height, 3);
    let tight: Vec<u8> = padded.chunks(stride).flat_map(|row| &row[..width]).copied().collect();
    for extractor in extractors() {
        let expected = extractor.extract(&frame(&tight, width, height, width)).unwrap();
        let found = extractor.extract(&frame(&padded, width, height, stride)).unwrap();
        assert_eq!(bits(found.values()), bits(expected.values()));
        let cropped = frame(&padded, stride, height, stride).crop(0, 0, width, height).unwrap();
        assert_eq!(extractor.extract(&cropped).unwrap(), expected);

        let (mut workspace, mut out) = (Workspace::new(), vec![0.0; expected.values().len()]);
        // Larger, smaller and differently shaped images before it.
        for (w, h) in [(64, 64), (1, 1), (5, 90), (90, 5), (37, 22)] {
            let other = noise(w * h, 8);
            extractor.extract_into(&frame(&other, w, h, w), &mut workspace, &mut out).unwrap();
        }
        extractor.extract_into(&frame(&tight, width, height, width), &mut workspace, &mut out).unwrap();
        assert_eq!(bits(&out), bits(expected.values()));
    }
}

#[test]
fn gray_rgb_is_luma() {
    let gray = noise(31 * 17, 4);
    let rgb: Vec<u8> = gray.iter().flat_map(|&v| [v; 3]).collect();
    for extractor in extractors() {
        let from_rgb = extractor.extract(&Frame::from_rgb(RgbView::new(&rgb, 31, 17, 93).unwrap())).unwrap();
        assert_eq!(from_rgb, extractor.extract(&frame(&gray, 31, 17, 31)).unwrap());
    }
}

#[test]
fn a_session_equals_its_frames_one_by_one() {
    let frames: Vec<Vec<u8>> = (0..10).map(|t| noise(24 * 18, t + 1)).collect();
    let spec = VideoSpec { width: 24, height: 18, frames_per_second: 10.0 };
    let pooling = Pooling { sampling: Sampling::Every { step: 4 }, statistic: Statistic::Mean };
    let pooled = Pooled::new(Brisque::default(), pooling).unwrap();
    let mut session = pooled.start(spec).unwrap();
    for pixels in &frames {
        session.push(&frame(pixels, 24, 18, 24)).unwrap();
    }
    let found = session.finish().unwrap();
    let mut sum = vec![0.0; 36];
    for t in [0, 4, 8] {
        let features = pooled.extractor().extract(&frame(&frames[t], 24, 18, 24)).unwrap();
        for (sum, v) in sum.iter_mut().zip(features.values()) {
            *sum += v;
        }
    }
    let expected: Vec<f64> = sum.iter().map(|s| s / 3.0).collect();
    assert_eq!(bits(found.values()), bits(&expected));
    assert_eq!(found.frames(), 3);
}

#[test]
fn extractors_and_sessions_cross_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sent<T: Send>(_: T) {}
    let pooled = Pooled::new(Brisque::default(), Pooling::feature_fusion()).unwrap();
    shared(&pooled);
    sent(pooled.start(VideoSpec { width: 2, height: 2, frames_per_second: 25.0 }).unwrap());
    assert_eq!(pooled.layout().len(), 72);
}
