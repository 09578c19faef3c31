//! `open` and `kind_of`: which reader takes which path, and what the errors say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common;
use crate::common::{deep_png, png, read, samples};
use dream_data::{
    ColorRange, Decoder, Error, FrameRate, FrameSource, OpenOptions, Pixels, RawFormat, Rotation, SourceKind,
    kind_of, open,
};
use std::path::{Path, PathBuf};

fn error(path: &Path) -> Error {
    open(path, &OpenOptions::default()).err().expect("it must not open")
}

/// One colour everywhere, in the format of the name.
fn shade(path: &Path, width: u16, height: u16, value: u8) {
    let pixels = [value, 0, 255].repeat(usize::from(width) * usize::from(height));
    if path.extension().unwrap().eq_ignore_ascii_case("png") {
        return png(path, (width.into(), height.into()), &pixels);
    }
    let encoder = jpeg_encoder::Encoder::new_file(path, 90).unwrap();
    encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
}

fn first_frame(path: &Path) -> Vec<u8> {
    let mut source = open(path, &OpenOptions::default()).unwrap();
    samples(source.next_frame().unwrap().unwrap())
}

/// Gray pixels as RGB, which is what images become.
fn gray(pixels: &[u8]) -> Vec<u8> {
    pixels.iter().flat_map(|&value| [value; 3]).collect()
}

#[test]
fn content_decides_before_the_extension() {
    let folder = tempfile::tempdir().unwrap();
    let y4m = folder.path().join("film.mp4");
    std::fs::write(&y4m, b"YUV4MPEG2 W2 H1 F10:1 Cmono\nFRAME\nabFRAME\ncd").unwrap();
    let mut source = open(&y4m, &OpenOptions::default()).unwrap();
    assert_eq!((source.info().decoder, source.info().frames), ("y4m", Some(2)));
    assert_eq!(read(source.as_mut(), 9).frames.len(), 2);

    let picture = folder.path().join("film.mov");
    png(&picture, (3, 2), &[9; 6]);
    let mut source = open(&picture, &OpenOptions::default()).unwrap();
    assert_eq!((source.info().decoder, source.info().frames), ("image", Some(1)));
    assert_eq!(read(source.as_mut(), 9).frames.len(), 1);
}

#[test]
fn raw_video_needs_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.YUV");
    std::fs::write(&path, [1u8; 13]).unwrap();
    let refused = error(&path);
    assert!(matches!(refused, Error::InvalidOption { option: "raw", .. }), "{refused}");
    let mut format = RawFormat::new(2, 2, FrameRate::new(24, 1).unwrap());
    format.range = ColorRange::Full;
    let options = OpenOptions { raw: Some(format), range: ColorRange::Unknown, ..Default::default() };
    let mut source = open(&path, &options).unwrap();
    assert_eq!((source.info().decoder, source.info().range), ("raw", ColorRange::Full));
    let story = read(source.as_mut(), 9);
    assert_eq!((story.frames.len(), story.ending.unwrap().1), (2, Some(2)));
}

#[test]
fn folders_are_read_in_natural_order() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["f2.png", "f10.png", "f1.PNG", "f002b.png", "g1.jpeg"];
    for (name, value) in names.iter().zip([20, 100, 10, 21, 200]) {
        shade(&folder.path().join(name), 4, 3, value);
    }
    std::fs::write(folder.path().join("notes.txt"), b"not a frame").unwrap();
    std::fs::write(folder.path().join(".f0.png"), b"hidden").unwrap();
    std::fs::create_dir(folder.path().join("f3.png")).unwrap();
    let options = OpenOptions { frame_rate: FrameRate::new(50, 1).ok(), ..Default::default() };
    let mut source = open(folder.path(), &options).unwrap();
    assert_eq!((source.info().width, source.info().height, source.info().frames), (4, 3, Some(5)));
    assert_eq!(source.info().range, ColorRange::Full);
    let mut reds = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        assert!((frame.timestamp() - frame.index() as f64 / 50.0).abs() < 1e-12);
        let Pixels::Rgb(rgb) = frame.pixels() else { panic!("not RGB") };
        assert_eq!((rgb.width, rgb.height, rgb.stride), (4, 3, 12));
        reds.push(rgb.data[0]);
    }
    assert_eq!(reds[..4], [10, 20, 21, 100]);
    assert!(reds[4].abs_diff(200) < 8, "the JPEG comes last: {reds:?}");
}

#[test]
fn one_image_of_another_size_ends_the_stream_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, width) in [("1.png", 4), ("2.png", 4), ("3.png", 5), ("4.png", 4)] {
        shade(&folder.path().join(name), width, 3, 1);
    }
    let mut source = open(folder.path(), &OpenOptions::default()).unwrap();
    let story = read(source.as_mut(), 9);
    assert_eq!(story.frames.len(), 2);
    let (text, _) = story.ending.unwrap();
    assert!(text.contains("3.png") && text.contains("5x3") && text.contains("4x3"), "{text}");
}

#[test]
fn damaged_images_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    shade(&path("1.png"), 40, 30, 1);
    let whole = std::fs::read(path("1.png")).unwrap();
    std::fs::write(path("2.png"), &whole[..whole.len() / 2]).unwrap();
    let mut source = open(folder.path(), &OpenOptions::default()).unwrap();
    let story = read(source.as_mut(), 9);
    assert_eq!((story.frames.len(), story.ending.as_ref().unwrap().1), (1, Some(1)));
    assert!(story.ending.unwrap().0.contains("2.png"));
    for length in 8..whole.len() {
        std::fs::write(path("cut.png"), &whole[..length]).unwrap();
        if let Ok(mut source) = open(path("cut.png"), &OpenOptions::default()) {
            let story = read(source.as_mut(), 9);
            // The end marker is twelve bytes; whether a reader asks for it is its own affair.
            let whole_pixels = length + 12 >= whole.len();
            assert!(story.ending.is_some() || whole_pixels, "cut at {length}: {story:?}");
        }
    }
}

/// A JPEG file says how large it is, not how long: a decoder may fill up with gray.
#[test]
fn a_jpeg_that_ends_early_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    let pixels: Vec<u8> = (0..64 * 48 * 3_u32).map(|i| (i * i / 7 % 251) as u8).collect();
    for progressive in [false, true] {
        let mut whole = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut whole, 90);
        encoder.set_progressive(progressive);
        encoder.encode(&pixels, 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(first_frame(&path).len(), 64 * 48 * 3);
        // Some decoders miss an end only where the file does not say that it is one.
        for (part, end) in
            [2, 3, 5, 8, 9].into_iter().flat_map(|part| [(part, &[][..]), (part, &[0xff, 0xd9])])
        {
            std::fs::write(&path, [&whole[..whole.len() * part / 10], end].concat()).unwrap();
            let read = open(&path, &OpenOptions::default()).and_then(|mut source| {
                source.next_frame()?;
                Ok(())
            });
            assert!(matches!(read, Err(Error::Damaged { .. })), "{progressive} {part} {end:?}: {read:?}");
        }
    }
}

/// Exif data with an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    tiff
}

#[test]
fn photographs_come_upright() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    // 123
    // 456
    for (orientation, expected) in [
        (1, [1, 2, 3, 4, 5, 6]),
        (2, [3, 2, 1, 6, 5, 4]),
        (3, [6, 5, 4, 3, 2, 1]),
        (4, [4, 5, 6, 1, 2, 3]),
        (5, [1, 4, 2, 5, 3, 6]),
        (6, [4, 1, 5, 2, 6, 3]),
        (7, [6, 3, 5, 2, 4, 1]),
        (8, [3, 6, 2, 5, 1, 4]),
    ] {
        let encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), 3, 2);
        let mut writer = encoder.write_header().unwrap();
        writer.write_chunk(png::chunk::ChunkType(*b"eXIf"), &exif(orientation)).unwrap();
        writer.write_image_data(&[1, 2, 3, 4, 5, 6]).unwrap();
        drop(writer);
        let size = if orientation < 5 { (3, 2) } else { (2, 3) };
        let source = open(&path, &OpenOptions::default()).unwrap();
        assert_eq!((source.info().width, source.info().height), size, "{orientation}");
        assert_eq!(first_frame(&path), gray(&expected), "{orientation}");
    }
    let photograph = folder.path().join("b.jpg");
    let mut encoder = jpeg_encoder::Encoder::new_file(&photograph, 90).unwrap();
    encoder.add_app_segment(1, [b"Exif\0\0".to_vec(), exif(8)].concat()).unwrap();
    encoder.encode(&[9; 16 * 8], 16, 8, jpeg_encoder::ColorType::Luma).unwrap();
    let source = open(&photograph, &OpenOptions::default()).unwrap();
    assert_eq!((source.info().width, source.info().height), (8, 16));
    let stored = OpenOptions { apply_rotation: false, ..OpenOptions::default() };
    let source = open(&photograph, &stored).unwrap();
    assert_eq!((source.info().width, source.info().rotation), (16, Rotation::ThreeQuarter));

    // The first image states how a folder is turned.
    std::fs::remove_file(&photograph).unwrap();
    shade(&folder.path().join("b.png"), 3, 2, 1);
    let story = read(open(folder.path(), &OpenOptions::default()).unwrap().as_mut(), 9);
    assert!(story.frames.len() == 1 && story.ending.unwrap().0.contains("turned otherwise"));
}

#[test]
fn an_animation_is_not_taken_for_its_first_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let mut encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), 3, 2);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[1; 6]).unwrap();
    writer.write_image_data(&[2; 6]).unwrap();
    writer.finish().unwrap();
    let builtin = OpenOptions { decoder: Decoder::Builtin, ..OpenOptions::default() };
    let refused = open(&path, &builtin).err().unwrap();
    assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
    assert!(refused.to_string().contains("2 pictures"), "{refused}");
}

#[test]
fn other_samples_are_converted_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    // v / 257, rounded: 128 is nearer to 0, 129 nearer to 257.
    let deep = [0u16, 128, 129, 257, 65_406, 65_407, 65_535];
    deep_png(&path, (7, 1), &deep);
    assert_eq!(first_frame(&path), gray(&[0, 0, 1, 1, 254, 255, 255]));
    deep_png(&path, (1, 1), &[0, 32_896, 65_535]);
    assert_eq!(first_frame(&path), [0, 128, 255]);
    png(&path, (1, 1), &[1, 2, 3, 255]);
    assert_eq!(first_frame(&path), [1, 2, 3]);
    png(&path, (1, 1), &[7, 255]);
    assert_eq!(first_frame(&path), gray(&[7]));
    for alpha in [0u8, 254] {
        png(&path, (2, 1), &[1, 2, 3, alpha].repeat(2));
        let mut source = open(&path, &OpenOptions::default()).unwrap();
        let refused = source.next_frame().unwrap_err();
        assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
        assert!(refused.to_string().contains("transparent"), "{refused}");
        assert!(source.next_frame().unwrap().is_none());
    }
}

#[test]
fn nothing_to_read_is_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(error(folder.path()), Error::Unrecognised { .. }));
    assert!(matches!(error(&folder.path().join("missing.mp4")), Error::Io { .. }));
    let empty = folder.path().join("empty.mp4");
    std::fs::write(&empty, b"").unwrap();
    assert!(matches!(error(&empty), Error::Unrecognised { .. }));
    for refused in [error(folder.path()), error(&empty), error(&folder.path().join("missing.mp4"))] {
        assert!(refused.to_string().contains(&folder.path().display().to_string()), "{refused}");
    }
}

#[test]
fn text_is_no_video_and_the_error_names_the_features_that_are_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.mp4");
    std::fs::write(&path, "These are words, not frames. ".repeat(50)).unwrap();
    for decoder in [Decoder::Auto, Decoder::Builtin] {
        let refused = open(&path, &OpenOptions { decoder, ..OpenOptions::default() }).err().unwrap();
        assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
        let text = refused.to_string();
        if decoder == Decoder::Builtin && cfg!(feature = "h264") {
            assert_eq!(text.contains("--features ffmpeg"), !cfg!(feature = "ffmpeg"), "{text}");
        }
    }
}

#[test]
fn a_decoder_that_is_not_compiled_in_is_named() {
    let clip = common::testdata("baseline.mp4");
    for (decoder, feature, on) in [
        (Decoder::Builtin, "h264", cfg!(feature = "h264")),
        (Decoder::FfmpegLibrary, "ffmpeg", cfg!(feature = "ffmpeg")),
    ] {
        match open(&clip, &common::with(decoder)) {
            Ok(_) => assert!(on),
            Err(refused) => {
                assert!(!on, "{refused}");
                assert!(refused.to_string().contains(&format!("--features {feature}")), "{refused}");
            }
        }
    }
}

#[test]
fn kinds_follow_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(kind_of(at("a.MP4")), Some(SourceKind::Video));
    assert_eq!(kind_of(at("a.y4m")), Some(SourceKind::Y4m));
    assert_eq!(kind_of(at("a.yuv")), Some(SourceKind::RawVideo));
    assert_eq!(kind_of(at("a.JPeG")), Some(SourceKind::Image));
    assert_eq!(kind_of(at("a.txt")), None);
    assert_eq!(kind_of(at("mp4")), None);
    assert_eq!(kind_of(folder.path()), None);
    shade(&at("a.png"), 1, 1, 1);
    assert_eq!(kind_of(folder.path()), Some(SourceKind::ImageFolder));
}

#[test]
fn sources_can_move_between_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("a.png");
    shade(&path, 1, 1, 1);
    let mut source: Box<dyn FrameSource> = open(&path, &OpenOptions::default()).unwrap();
    let frames = std::thread::spawn(move || read(source.as_mut(), 9).frames.len()).join().unwrap();
    assert_eq!(frames, 1);
}
