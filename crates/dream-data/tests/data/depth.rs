//! Samples of more than 8 bits, odd sizes and colour ranges of the readers that need no decoder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::{deep_png, png, read, samples};
use dream_data::{
    ColorRange, Error, FrameRate, FrameSource, Layout, OpenOptions, Pixels, RawFormat, RawReader, Sampled,
    Sampling, Y4mReader, open,
};

fn words(codes: &[u16]) -> Vec<u8> {
    codes.iter().flat_map(|code| code.to_le_bytes()).collect()
}

/// 3x1: three luma samples, two of each chroma. 10 bits.
const CODES: [u16; 7] = [64, 66, 940, 512, 64, 960, 1023];
/// Divided by four and rounded half up, the largest clipped.
const LIMITED: [u8; 7] = [16, 17, 235, 128, 16, 240, 255];
/// Luma by 255/1023; chroma likewise around 512, which becomes 128.
const FULL: [u8; 7] = [16, 16, 234, 128, 16, 240, 255];

#[test]
fn ten_bit_y4m_is_rounded_by_its_range() {
    for (tag, range, expected) in [
        ("", ColorRange::Unknown, LIMITED),
        (" XCOLORRANGE=LIMITED", ColorRange::Limited, LIMITED),
        (" XCOLORRANGE=FULL", ColorRange::Full, FULL),
    ] {
        let header = format!("YUV4MPEG2 W3 H1 F25:1 C420p10 XYSCSS=420P10{tag}\n");
        let mut bytes = header.into_bytes();
        for _ in 0..2 {
            bytes.extend(b"FRAME\n");
            bytes.extend(words(&CODES));
        }
        let mut source = Y4mReader::new(&bytes[..]).unwrap();
        let info = source.info().clone();
        assert_eq!((info.range, info.bit_depth, info.exact), (range, Some(10), false));
        assert_eq!(info.converted_from.as_deref(), Some("yuv420p10le"));
        for _ in 0..2 {
            assert_eq!(samples(source.next_frame().unwrap().unwrap()), expected, "{tag}");
        }
        assert!(source.next_frame().unwrap().is_none());
        // A frame that is skipped leaves nothing in the next.
        let second = Sampled::new(Y4mReader::new(&bytes[..]).unwrap(), Sampling::Every { n: 2, offset: 1 });
        assert_eq!(samples(second.unwrap().next_frame().unwrap().unwrap()), expected);
    }
}

#[test]
fn deep_luma_and_odd_sizes() {
    for (bits, codes, expected) in [
        (9u32, [0u16, 32, 511], [0u8, 16, 255]),
        (12, [256, 2055, 2056], [16, 128, 129]),
        (16, [4096, 60_160, 65_535], [16, 235, 255]),
    ] {
        let mut bytes = format!("YUV4MPEG2 W3 H1 F25:1 Cmono{bits}\nFRAME\n").into_bytes();
        bytes.extend(words(&codes));
        let mut source = Y4mReader::new(&bytes[..]).unwrap();
        assert_eq!(source.info().converted_from, Some(format!("gray{bits}le")));
        let frame = source.next_frame().unwrap().unwrap();
        assert!(matches!(frame.pixels(), Pixels::Gray(luma) if luma.data == expected), "{bits} bits");
    }
    // 5x3 of 10 bits: 15 luma and 2 x 6 chroma samples, two bytes each.
    let codes: Vec<u16> = (0..27).map(|i| 4 * i).collect();
    let bytes = [b"YUV4MPEG2 W5 H3 F25:1 C420p10\nFRAME\n".to_vec(), words(&codes)].concat();
    let mut source = Y4mReader::new(&bytes[..]).unwrap();
    let frame = source.next_frame().unwrap().unwrap();
    let Pixels::Yuv420 { y, u, v } = frame.pixels() else { panic!("not 4:2:0") };
    assert_eq!((y.width, y.height, u.width, u.height, v.width, v.height), (5, 3, 3, 2, 3, 2));
    assert_eq!(samples(frame), (0..27).collect::<Vec<u8>>());
}

#[test]
fn deep_frames_are_counted_and_their_cuts_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.y4m");
    let mut bytes = b"YUV4MPEG2 W3 H1 F25:1 C420p10\n".to_vec();
    for _ in 0..3 {
        bytes.extend(b"FRAME\n");
        bytes.extend(words(&CODES));
    }
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(open(&path, &OpenOptions::default()).unwrap().info().frames, Some(3));
    let story = read(&mut Y4mReader::new(&bytes[..bytes.len() - 1]).unwrap(), 9);
    assert_eq!(story.frames.len(), 2);
    assert!(story.ending.unwrap().0.contains("13 of 14 bytes"));
}

#[test]
fn raw_files_state_their_depth_and_range() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.yuv");
    std::fs::write(&path, words(&[CODES, CODES].concat())).unwrap();
    let deep = "yuv420p10le".parse().unwrap();
    for (range, expected) in
        [(ColorRange::Unknown, LIMITED), (ColorRange::Limited, LIMITED), (ColorRange::Full, FULL)]
    {
        let format =
            RawFormat { range, pixels: deep, ..RawFormat::new(3, 1, FrameRate::new(25, 1).unwrap()) };
        let options = OpenOptions { raw: Some(format), range: ColorRange::Unknown, ..Default::default() };
        let mut source = open(&path, &options).unwrap();
        let info = source.info().clone();
        assert_eq!((info.frames, info.bit_depth, info.range), (Some(2), Some(10), range));
        assert_eq!(info.converted_from.as_deref(), Some("yuv420p10le"));
        assert_eq!(samples(source.next_frame().unwrap().unwrap()), expected);
        assert_eq!(samples(source.next_frame().unwrap().unwrap()), expected);
        assert!(source.next_frame().unwrap().is_none());
    }
    let refused = RawReader::new(&[][..], RawFormat::new(3, 1, None)).unwrap_err();
    assert!(matches!(refused, Error::InvalidOption { option: "frame_rate", .. }), "{refused}");
}

/// One picture of 4x2 in every layout: the same planes.
#[test]
fn raw_files_of_every_layout_give_the_same_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nv12");
    let luma = [16u8, 235, 100, 101, 102, 103, 104, 105];
    let (cb, cr) = ([90u8, 240], [16u8, 128]);
    let pairs = |first: [u8; 2], second: [u8; 2]| [first[0], second[0], first[1], second[1]].to_vec();
    let expected = [&luma[..], &cb, &cr].concat();
    let deep = |bytes: &[u8], shift: u32| -> Vec<u8> {
        bytes.iter().flat_map(|&byte| (u16::from(byte) << shift).to_le_bytes()).collect()
    };
    for (name, file) in [
        ("yuv420p", expected.clone()),
        ("nv12", [luma.to_vec(), pairs(cb, cr)].concat()),
        ("nv21", [luma.to_vec(), pairs(cr, cb)].concat()),
        ("gray", luma.to_vec()),
        ("yuv420p10le", deep(&expected, 2)),
        ("p010le", deep(&[luma.to_vec(), pairs(cb, cr)].concat(), 8)),
        ("gray12le", deep(&luma, 4)),
    ] {
        std::fs::write(&path, [file.clone(), file].concat()).unwrap();
        let format = RawFormat { pixels: name.parse().unwrap(), ..RawFormat::new(4, 2, None) };
        let frame_rate = FrameRate::new(10, 1).ok();
        let mut source =
            open(&path, &OpenOptions { raw: Some(format), frame_rate, ..Default::default() }).unwrap();
        assert_eq!((source.info().frames, source.info().layout), (Some(2), Layout::Yuv420), "{name}");
        let neutral = [&luma[..], &[128; 4]].concat();
        let expected = if name.starts_with("gray") { &neutral } else { &expected };
        assert_eq!(&samples(source.next_frame().unwrap().unwrap()), expected, "{name}");
        assert_eq!(&samples(source.next_frame().unwrap().unwrap()), expected, "{name}");
    }
}

#[test]
fn eight_bits_are_said_to_be_eight() {
    let source = Y4mReader::new(&b"YUV4MPEG2 W1 H1 F1:1 Cmono\n"[..]).unwrap();
    assert_eq!((source.info().bit_depth, source.info().exact), (Some(8), true));
    let format = RawFormat::new(2, 2, FrameRate::new(1, 1).unwrap());
    let source = RawReader::new(&[][..], format).unwrap();
    assert_eq!((source.info().bit_depth, source.info().exact), (Some(8), true));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let info = |path: &std::path::Path| open(path, &OpenOptions::default()).unwrap().info().clone();
    png(&path, (1, 1), &[1, 2, 3]);
    assert_eq!(
        (info(&path).bit_depth, info(&path).exact, info(&path).range),
        (Some(8), true, ColorRange::Full)
    );
    deep_png(&path, (1, 1), &[1]);
    let deep = info(&path);
    assert_eq!(
        (deep.bit_depth, deep.exact, deep.converted_from.as_deref()),
        (Some(16), false, Some("gray16"))
    );
}
