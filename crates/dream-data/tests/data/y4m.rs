//! y4m: headers, planes, cuts at every byte and random damage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::{Random, read};
use dream_data::{ColorRange, Error, FrameSource, Pixels, Y4mReader};

/// A file with frames of counting bytes.
fn file(header: &str, frame_bytes: usize, frames: usize) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 {header}\n").into_bytes();
    for frame in 0..frames {
        bytes.extend(b"FRAME\n");
        bytes.extend((0..frame_bytes).map(|i| u8::try_from((i * 7 + frame * 31) % 251).unwrap()));
    }
    bytes
}

fn open(bytes: &[u8]) -> Result<Y4mReader<&[u8]>, Error> {
    Y4mReader::new(bytes)
}

#[test]
fn planes_times_and_odd_sizes() {
    let bytes = file("W5 H3 F30000:1001 Ip A1:1 C420jpeg", 15 + 2 * 6, 3);
    let mut source = open(&bytes).unwrap();
    assert_eq!((source.info().width, source.info().height), (5, 3));
    assert_eq!(source.info().frame_rate.to_string(), "30000/1001");
    let header = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for index in 0..3 {
        let frame = source.next_frame().unwrap().unwrap();
        assert!((frame.timestamp() - index as f64 * 1001.0 / 30000.0).abs() < 1e-12);
        let Pixels::Yuv420 { y, u, v } = frame.pixels() else { panic!("not 4:2:0") };
        let start = header + index * (6 + 27) + 6;
        assert_eq!(y.data, &bytes[start..start + 15]);
        assert_eq!(u.data, &bytes[start + 15..start + 21]);
        assert_eq!(v.data, &bytes[start + 21..start + 27]);
        assert_eq!((y.width, y.height, y.stride), (5, 3, 5));
        assert_eq!((u.width, u.height, v.width, v.height), (3, 2, 3, 2));
    }
    assert!(source.next_frame().unwrap().is_none());
}

#[test]
fn every_eight_bit_420_and_luma_is_read() {
    for tag in ["", " C420", " C420jpeg", " C420mpeg2", " C420paldv"] {
        let bytes = file(&format!("W2 H2 F25:1{tag}"), 6, 2);
        assert_eq!(read(&mut open(&bytes).unwrap(), 9).frames.len(), 2, "{tag}");
    }
    let bytes = file("W2 H2 F25:1 Cmono XCOLORRANGE=FULL", 4, 2);
    let mut source = open(&bytes).unwrap();
    assert_eq!(source.info().range, ColorRange::Full);
    assert!(matches!(source.next_frame().unwrap().unwrap().pixels(), Pixels::Gray(_)));
}

#[test]
fn ranges_are_what_the_file_says() {
    let range = |tag: &str| open(&file(&format!("W2 H2 F25:1{tag}"), 6, 1)).unwrap().info().range;
    assert_eq!(range(""), ColorRange::Unknown);
    assert_eq!(range(" XCOLORRANGE=LIMITED XYSCSS=420JPEG"), ColorRange::Limited);
    assert_eq!(range(" XCOLORRANGE=FULL"), ColorRange::Full);
}

#[test]
fn other_sample_formats_are_named_with_the_way_out() {
    for tag in [
        "422", "444", "411", "444alpha", "420p7", "420p8", "420p17", "420p", "422p10", "mono1", "monox",
        "nonsense",
    ] {
        let error = open(&file(&format!("W2 H2 F25:1 C{tag}"), 8, 1)).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{tag}: {error}");
        let text = error.to_string();
        assert!(text.contains(&format!("C{tag}`")) && text.contains("-pix_fmt yuv420p"), "{text}");
        assert_eq!(text.contains("--features ffmpeg"), !cfg!(feature = "ffmpeg"), "{text}");
    }
}

#[test]
fn lines_of_windows_and_comments_in_any_encoding_are_read() {
    let plain = file("W2 H2 F25:1 C420jpeg", 6, 3);
    let expected = read(&mut open(&plain).unwrap(), 9).frames;
    let mut windows = b"YUV4MPEG2 W2 H2 F25:1 C420jpeg\r\n".to_vec();
    for frame in plain.split_at(31).1.chunks(12) {
        windows.extend_from_slice(b"FRAME\r\n");
        windows.extend_from_slice(&frame[6..]);
    }
    assert_eq!(read(&mut open(&windows).unwrap(), 9).frames, expected);
    let mut latin = plain.clone();
    latin.splice(30..30, *b" Xaut\xe9ur");
    assert_eq!(read(&mut open(&latin).unwrap(), 9).frames, expected);
}

#[test]
fn what_does_not_print_is_shown_escaped() {
    for (header, shown) in [("W2\t H2 F25:1", "`2\\t`"), ("W2 H2 F25:1 C420\u{1b}", "`C420\\u{1b}`")] {
        let error = open(&file(header, 6, 1)).unwrap_err().to_string();
        assert!(error.contains(shown), "{error}");
    }
}

#[test]
fn broken_headers_are_refused() {
    for header in [
        "W2 F25:1",
        "H2 F25:1",
        "W2 H2",
        "W2 H2 F0:0",
        "W2 H2 F25:0",
        "W2 H2 Fx:1",
        "W0 H2 F25:1",
        "W-2 H2 F25:1",
        "Wx H2 F25:1",
        "W99999999999 H2 F25:1",
    ] {
        let error = open(&file(header, 6, 1)).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{header}: {error}");
    }
    assert!(matches!(open(&file("W16385 H2 F25:1", 6, 1)), Err(Error::TooLarge { limit: 16_384, .. })));
    assert!(matches!(open(b"YUV4MPEGX W2 H2 F25:1\n"), Err(Error::Malformed { .. })));
    let endless = [b"YUV4MPEG2 W2 H2 F25:1 X".to_vec(), vec![b'a'; 10_000]].concat();
    assert!(matches!(open(&endless), Err(Error::Malformed { .. })));
    assert!(matches!(open(b"YUV4MPEG2 W2 H2"), Err(Error::Damaged { frames: 0, .. })));
}

#[test]
fn frame_lines_may_have_parameters_and_must_be_there() {
    let bytes = b"YUV4MPEG2 W1 H1 F1:1 Cmono\nFRAME Ip XFOO=1\naFRAME\nbFRAMES\nc";
    let mut source = open(bytes).unwrap();
    assert!(matches!(source.next_frame().unwrap().unwrap().pixels(), Pixels::Gray(p) if p.data == b"a"));
    assert!(matches!(source.next_frame().unwrap().unwrap().pixels(), Pixels::Gray(p) if p.data == b"b"));
    assert!(matches!(source.next_frame(), Err(Error::Damaged { frames: 2, .. })));
    assert!(source.next_frame().unwrap().is_none());
}

/// A cut between frames leaves a shorter film. Every other cut is a damage after the whole frames.
#[test]
fn cuts_at_every_byte() {
    let bytes = file("W4 H2 F25:1 C420", 12, 3);
    let header = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let whole = read(&mut open(&bytes).unwrap(), 9);
    assert_eq!((whole.frames.len(), &whole.ending), (3, &None));
    for length in 0..bytes.len() {
        if length < header {
            let error = open(&bytes[..length]).unwrap_err();
            assert!(matches!(error, Error::Damaged { frames: 0, .. }), "cut at {length}: {error}");
            continue;
        }
        let story = read(&mut open(&bytes[..length]).unwrap(), 9);
        let (frames, rest) = ((length - header) / 18, (length - header) % 18);
        assert_eq!(story.frames, whole.frames[..frames], "cut at {length}");
        assert_eq!(story.ending.is_some(), rest > 0, "cut at {length}");
    }
}

#[test]
fn random_flips_end_in_frames_or_errors() {
    let bytes = file("W4 H2 F25:1 C420", 12, 5);
    let mut opened = 0;
    for seed in 0..2000 {
        let mut damaged = bytes.clone();
        Random(seed).flip(&mut damaged, 4);
        if let Ok(mut source) = open(&damaged) {
            opened += 1;
            // Every frame takes at least its line from the file.
            read(&mut source, bytes.len() / 6);
        }
    }
    assert!(opened > 500, "only {opened} opened");
}
