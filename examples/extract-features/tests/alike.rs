//! What `dream-data` and `dream-features` both do, they do alike: no crate depends on another, so nothing but this test
//! keeps them together.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use dream_data::{FrameSource, Pixels, Plane, Sampled, Sampling, VideoFrame, Y4mReader};
use dream_features::color::pack_rgb8;
use dream_features::{Frame, Pooling};

fn positions(mut source: impl FrameSource) -> Vec<u64> {
    let mut found = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        found.push(frame.index());
    }
    found
}

/// Sampled while it is decoded, a video gives the frames that pooling takes of all of them, with and without the number
/// of frames known before.
#[test]
fn one_frame_per_second_is_the_same_frame() {
    let per_second = |frames| dream_features::Sampling::PerSecond { frames };
    assert_eq!(Pooling::one_per_second().sampling, per_second(1.0));
    for rate in ["24:1", "25:1", "30000:1001", "30:1", "60:1", "24000:1001", "15:2", "3:2", "1:1", "1:2"] {
        let start = format!("YUV4MPEG2 W1 H1 F{rate} Cmono\n").into_bytes();
        for (length, n) in (0..=200).flat_map(|length| [1, 2, 7].map(|n| (length, n))) {
            let film = [start.clone(), b"FRAME\n-".repeat(length)].concat();
            let reader = || Y4mReader::new(&film[..]).unwrap();
            let (length, fps) = (length as u64, reader().info().frame_rate.as_f64());
            let expected = per_second(n as f64).indices(fps, length).unwrap();
            let plan = Sampling::PerSecond { n };
            let what = format!("{n} per second of {length} frames at {rate}");
            assert_eq!(positions(Sampled::new(reader(), plan).unwrap()), expected, "{what}");
            let known = Sampled::with_count(reader(), plan, length).unwrap();
            assert_eq!(known.info().frames, Some(expected.len() as u64), "{what}");
            // What was sampled once gives pooling all of its frames.
            let (thin, sampled_rate) = (known.info().thinned, known.info().frame_rate.as_f64());
            let again = per_second(n as f64).indices(sampled_rate, expected.len() as u64).unwrap();
            assert!(!thin || again.len() == expected.len(), "{what}");
            assert_eq!(positions(known), expected, "{what}");
        }
    }
}

fn view(pixels: Pixels<'_>) -> Frame<'_> {
    match pixels {
        Pixels::Yuv420 { y, u, v } => Frame::yuv420(y.parts(), u.parts(), v.parts()),
        Pixels::Gray(luma) => Frame::luma(luma.parts()),
        Pixels::Rgb(rgb) => Frame::rgb(rgb.parts()),
    }
    .unwrap()
}

/// Every Y, Cb and Cr there is: all 256 Y over each of the 65536 chroma, as frames of 128x128 with 64 chroma side by side.
#[test]
fn rgb_is_the_same_for_every_colour() {
    let codes: Vec<u8> = (0..=255).collect();
    // In rows 2 i and 2 i + 1, the four pixels of each square have the codes 4 i to 4 i + 3.
    let luma: Vec<u8> =
        codes.chunks(4).flat_map(|four| [four[..2].repeat(64), four[2..].repeat(64)].concat()).collect();
    let (mut frame, mut ours, mut theirs) = (VideoFrame::default(), Vec::new(), Vec::new());
    for (cb, run) in codes.iter().flat_map(|cb| codes.chunks(64).map(move |run| (cb, run))) {
        let (u, v) = ([*cb; 64 * 64], run.repeat(64));
        let half = |data| Plane::new(data, 64, 64, 64).unwrap();
        let y = Plane::new(&luma, 128, 128, 128).unwrap();
        frame.assign(0, 0.0, Pixels::Yuv420 { y, u: half(&u), v: half(&v) });
        frame.write_rgb8(&mut ours);
        pack_rgb8(&view(frame.pixels()), &mut theirs);
        assert!(ours == theirs, "Cb {cb}, Cr {run:?}");
    }
    assert_eq!(ours.len(), 3 * 128 * 128);
}

#[test]
fn rgb_is_the_same_for_every_layout_and_size() {
    let data: Vec<u8> = (0..=255u8).map(|i| i.wrapping_mul(91)).cycle().take(2000).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (width, height) in (1_usize..9).flat_map(|width| (1_usize..9).map(move |height| (width, height))) {
        let plane = |from: usize, width: usize, height, padding| {
            Plane::new(&data[from..], width, height, width + padding).unwrap()
        };
        let half = |from, padding| plane(from, width.div_ceil(2), height.div_ceil(2), padding);
        for pixels in [
            Pixels::Yuv420 { y: plane(0, width, height, 3), u: half(500, 0), v: half(900, 1) },
            Pixels::Gray(plane(1, width, height, 2)),
            Pixels::Rgb(Plane::rgb(&data, width, height, 3 * width + 5).unwrap()),
        ] {
            pixels.write_rgb8(&mut ours);
            pack_rgb8(&view(pixels), &mut theirs);
            assert_eq!(ours, theirs, "{width}x{height}, {pixels:?}");
        }
    }
}
