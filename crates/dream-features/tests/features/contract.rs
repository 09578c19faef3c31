//! What every extractor promises, whatever it computes.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

use std::collections::HashSet;

use dream_features::nss::FlatAreas;
use dream_features::rapique::Rapique;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, CodeScale, Error, Frame, GmLog, Higrade, ImageFeatures, Luma16View, LumaView, Niqe, Pooled,
    Pooling, RgbView, Sampling, Statistic, VideoFeatures, VideoSpec, Workspace, Yuv420View, videval,
};

pub(crate) fn extractors() -> Vec<Box<dyn ImageFeatures>> {
    vec![
        Box::new(Brisque::default()),
        Box::new(Brisque { flat_areas: FlatAreas::Literal }),
        Box::new(GmLog),
        Box::new(Higrade),
        Box::new(Niqe::default()),
    ]
}

/// The video extractors, how many features they have, and the smallest size they take.
pub(crate) fn video_extractors() -> Vec<(Box<dyn VideoFeatures>, usize, usize)> {
    let pooling = Pooling::feature_fusion();
    vec![
        (Box::new(Pooled::new(Brisque::default(), pooling).unwrap()), 72, 1),
        (Box::new(Pooled::new(GmLog, pooling).unwrap()), 80, 1),
        (Box::new(Pooled::new(Higrade, pooling).unwrap()), 432, 1),
        (Box::new(Tlvqm::default()), 75, 64),
        (Box::new(VBliinds::default()), 46, 1),
        (Box::new(videval().unwrap()), 705, 64),
        (Box::new(Videval60::default()), 60, 64),
        (Box::new(Rapique::default()), 1836, 1),
        (Box::new(Rapique { short_side: 24, ..Rapique::default() }), 1836, 1),
    ]
}

pub(crate) fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

pub(crate) fn frame(pixels: &[u8], width: usize, height: usize, stride: usize) -> Frame<'_> {
    Frame::from_luma(LumaView::new(pixels, width, height, stride).unwrap())
}

pub(crate) fn bits(values: &[f64]) -> Vec<u64> {
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
    for (extractor, dim, _) in video_extractors() {
        let layout = extractor.layout();
        assert_eq!(layout.len(), dim);
        assert_eq!(layout.names().iter().collect::<HashSet<_>>().len(), dim);
        for (name, meaning) in layout.iter() {
            assert!(!meaning.is_empty() && !meaning.contains('\n'), "{name}: {meaning}");
        }
    }
    assert_eq!(extractors().iter().map(|e| e.layout().len()).collect::<Vec<_>>(), [36, 36, 40, 216, 37]);
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
        // All of a black frame is in the first bin of GM-LOG; the others have undefined features, and say so.
        let black = extractor.extract(&frame(&[0; 1200], 40, 30, 40)).unwrap();
        assert_eq!(black.replaced() > 0, extractor.layout().len() != 40);
        // NIQE needs a block of 96x96.
        let natural = noise(3 * 100 * 96, 9);
        let natural = Frame::from_rgb(RgbView::new(&natural, 100, 96, 300).unwrap());
        assert_eq!(extractor.extract(&natural).unwrap().replaced(), 0);
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
        // Gray has no chroma, and HIGRADE no ratio for it.
        let finite: Vec<f64> = out.iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect();
        assert_eq!(bits(&finite), bits(expected.values()));
    }
}

#[test]
fn gray_rgb_is_luma() {
    let gray = noise(31 * 17, 4);
    let rgb: Vec<u8> = gray.iter().flat_map(|&v| [v; 3]).collect();
    for extractor in extractors() {
        let from_rgb = extractor.extract(&Frame::from_rgb(RgbView::new(&rgb, 31, 17, 93).unwrap())).unwrap();
        let from_luma = extractor.extract(&frame(&gray, 31, 17, 31)).unwrap();
        assert_eq!(bits(from_rgb.values()), bits(from_luma.values()));
    }
}

#[test]
fn a_session_equals_its_frames_one_by_one() {
    let frames: Vec<Vec<u8>> = (0..10).map(|t| noise(24 * 18, t + 1)).collect();
    let spec = VideoSpec::new(24, 18, 10.0);
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
    sent(pooled.start(VideoSpec::new(2, 2, 25.0)).unwrap());
    assert_eq!(pooled.layout().len(), 72);
}

/// A clip in colour: planes of each frame.
pub(crate) fn clip(width: usize, height: usize, frames: usize, content: &str) -> Vec<[Vec<u8>; 3]> {
    let chroma = width.div_ceil(2) * height.div_ceil(2);
    let plane = |len: usize, t: usize, seed: u32| match content {
        "black" => vec![0; len],
        "white" => vec![255; len],
        "static" => noise(len, seed),
        "noise" => noise(len, seed + 3 * t as u32),
        _ => (0..len).map(|i| ((i % width + 2 * t) * (i / width + t) / 11 % 240) as u8).collect(),
    };
    (0..frames).map(|t| [plane(width * height, t, 1), plane(chroma, t, 2), plane(chroma, t, 3)]).collect()
}

pub(crate) fn colour_frame(planes: &[Vec<u8>; 3], width: usize, height: usize) -> Frame<'_> {
    let (w, h) = (width.div_ceil(2), height.div_ceil(2));
    let view = |i: usize, w, h| LumaView::new(&planes[i], w, h, w).unwrap();
    Frame::from_yuv420(Yuv420View::new(view(0, width, height), view(1, w, h), view(2, w, h)).unwrap())
}

/// The features of a clip at 4 frames a second.
fn run(
    extractor: &dyn VideoFeatures,
    clip: &[[Vec<u8>; 3]],
    width: usize,
    height: usize,
) -> Result<dream_features::FeatureVector, Error> {
    let mut session = extractor.start(VideoSpec::new(width, height, 4.0))?;
    for planes in clip {
        session.push(&colour_frame(planes, width, height))?;
    }
    session.finish()
}

#[test]
fn videos_of_any_content_and_odd_size_are_finite() {
    for (extractor, dim, least) in video_extractors() {
        for (width, height) in [(1, 1), (5, 3), (31, 18), (64, 64), (101, 97)] {
            for content in ["black", "white", "static", "noise", "moving"] {
                let clip = clip(width, height, 12, content);
                let result = run(&*extractor, &clip, width, height);
                if width < least || height < least {
                    let error = result.unwrap_err();
                    assert!(matches!(error, Error::TooSmall { width: 64, height: 64, .. }), "{error}");
                    assert!(error.to_string().contains("at least 64x64"));
                    continue;
                }
                let features = result.unwrap();
                assert_eq!(features.values().len(), dim);
                assert!(features.values().iter().all(|v| v.is_finite()), "{dim} {width}x{height} {content}");
            }
        }
        let none = extractor.start(VideoSpec::new(64, 64, 4.0)).unwrap();
        assert!(matches!(none.finish(), Err(Error::TooFewFrames { min: 1.., found: 0 })));
    }
}

#[test]
fn one_extractor_serves_many_videos_and_stride_does_not_matter() {
    let (width, height) = (75, 66);
    let (one, other) = (clip(width, height, 12, "moving"), clip(width, height, 12, "noise"));
    for (extractor, ..) in video_extractors() {
        let expected = run(&*extractor, &one, width, height).unwrap();
        assert_ne!(run(&*extractor, &other, width, height).unwrap(), expected);
        // Two videos at once, frame by frame.
        let spec = VideoSpec::new(width, height, 4.0);
        let mut sessions = [extractor.start(spec).unwrap(), extractor.start(spec).unwrap()];
        for (a, b) in one.iter().zip(&other) {
            sessions[0].push(&colour_frame(a, width, height)).unwrap();
            sessions[1].push(&colour_frame(b, width, height)).unwrap();
            let wrong = colour_frame(a, width, height).crop(0, 0, width - 1, height).unwrap();
            assert!(matches!(sessions[0].push(&wrong), Err(Error::FrameSize { .. })));
        }
        let [first, _] = sessions;
        assert_eq!(first.finish().unwrap(), expected);
        // A window of larger frames.
        let mut session = extractor.start(spec).unwrap();
        for planes in &one {
            let (w, h) = (width + 12, height + 7);
            let mut large = [noise(w * h, 5), noise(w.div_ceil(2) * h.div_ceil(2), 6), Vec::new()];
            large[2] = large[1].clone();
            for (i, plane) in planes.iter().enumerate() {
                let (pw, lw, x, y) =
                    if i == 0 { (width, w, 4, 2) } else { (width.div_ceil(2), w.div_ceil(2), 2, 1) };
                for (row, line) in plane.chunks(pw).enumerate() {
                    large[i][(row + y) * lw + x..][..pw].copy_from_slice(line);
                }
            }
            session.push(&colour_frame(&large, w, h).crop(4, 2, width, height).unwrap()).unwrap();
        }
        assert_eq!(session.finish().unwrap(), expected);
    }
}

#[test]
fn the_705_are_the_five_sets_side_by_side() {
    let (width, height) = (98, 96);
    let clip = clip(width, height, 30, "moving");
    let mut together = Vec::new();
    let all = run(&videval().unwrap(), &clip, width, height).unwrap();
    for (extractor, dim, _) in video_extractors() {
        if ![705, 60, 1836].contains(&dim) {
            together.extend_from_slice(run(&*extractor, &clip, width, height).unwrap().values());
        }
    }
    assert_eq!(bits(all.values()), bits(&together));
}

#[test]
fn deep_luma_is_the_same_luma() {
    let (width, height) = (67, 70);
    let clip = clip(width, height, 8, "moving");
    let spec = VideoSpec::new(width, height, 4.0);
    for (extractor, dim, _) in video_extractors() {
        let features = |bits: u32| {
            let mut session = extractor.start(spec).unwrap();
            for [luma, ..] in &clip {
                let scale =
                    |v: &u8| if bits == 16 { u16::from(*v) * 257 } else { u16::from(*v) << (bits - 8) };
                let codes: Vec<u16> = luma.iter().map(scale).collect();
                let kind = if bits == 16 { CodeScale::Full } else { CodeScale::Video };
                let frame = match bits {
                    8 => Frame::from_luma(LumaView::new(luma, width, height, width).unwrap()),
                    _ => {
                        Frame::from_luma16(Luma16View::new(&codes, width, height, width, bits, kind).unwrap())
                    }
                };
                session.push(&frame).unwrap();
            }
            session.finish().unwrap()
        };
        let expected = features(8);
        for depth in [10, 12, 16] {
            for (found, expected) in features(depth).values().iter().zip(expected.values()) {
                assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{dim} at {depth} bits");
            }
        }
    }
}

/// The same bits from pools of 1, 2 and 8 threads.
#[cfg(feature = "rayon")]
#[test]
fn threads_do_not_change_a_bit() {
    let (width, height) = (130, 100);
    let clip = clip(width, height, 14, "moving");
    for (extractor, dim, _) in video_extractors() {
        let mut results = Vec::new();
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            results.push(bits(pool.install(|| run(&*extractor, &clip, width, height)).unwrap().values()));
        }
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{dim}");
    }
}
