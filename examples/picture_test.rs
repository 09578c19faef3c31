//! One gray picture, or a clip of one that moves, in every form that programs read. Tests of programs include this file.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

pub(crate) const WIDTH: usize = 160;
pub(crate) const HEIGHT: usize = 96;
/// Frames a second.
pub(crate) const RATE: u32 = 10;
/// Forms that are not exact.
pub(crate) const JPEG: &str = "jpeg";

/// Which grays a picture has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Grays {
    /// Any of 256, of which limited range cannot hold all.
    All,
    /// Those that both ranges hold.
    #[allow(dead_code, reason = "not every program looks at colours")]
    OfBothRanges,
}

/// Frame `t` in full range: shaded blocks with grain, moved by a pixel a frame.
pub(crate) fn gray(grays: Grays, t: usize) -> Vec<u8> {
    let mut state = 1u32;
    let grain: Vec<u8> = (0..2 * WIDTH * HEIGHT)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 / 8
        })
        .collect();
    let pixel = |i: usize| {
        let (x, y) = (i % WIDTH + t, i / WIDTH);
        let code = (5 + x / 3 + y + (x / 12 + y / 9) % 2 * 40) as u8 + grain[y * 2 * WIDTH + x];
        if grays == Grays::All { code } else { full(limited(code)) }
    };
    (0..WIDTH * HEIGHT).map(pixel).collect()
}

/// The nearest code of limited range, as the standards define it.
pub(crate) fn limited(code: u8) -> u8 {
    ((u32::from(code) * 438 + 255) / 510 + 16) as u8
}

fn full(code: u8) -> u8 {
    (((u32::from(code) - 16) * 510 + 219) / 438) as u8
}

/// Every form of a picture or clip, by name: a path below `folder`. A clip is a folder of images, or a video.
pub(crate) fn stored(folder: &Path, frames: &[Vec<u8>]) -> Vec<(String, String)> {
    fs::create_dir_all(folder).unwrap();
    let mut all = Vec::new();
    type Encode = fn(&Path, &[u8]);
    let images: [(&str, &str, Encode); 5] = [
        ("png-rgb", "png", |path, gray| png(path, gray, png::ColorType::Rgb)),
        ("png-gray", "png", |path, gray| png(path, gray, png::ColorType::Grayscale)),
        ("png-palette", "png", |path, gray| png(path, gray, png::ColorType::Indexed)),
        ("jpeg-rgb", "jpg", |path, gray| jpeg(path, gray, jpeg_encoder::ColorType::Rgb)),
        ("jpeg-gray", "jpg", |path, gray| jpeg(path, gray, jpeg_encoder::ColorType::Luma)),
    ];
    for (name, ending, encode) in images {
        let path = match frames {
            [picture] => {
                let path = folder.join(format!("{name}.{ending}"));
                encode(&path, picture);
                path
            }
            _ => {
                let path = folder.join(name);
                fs::create_dir_all(&path).unwrap();
                let file = |t: usize| path.join(format!("{t:04}.{ending}"));
                frames.iter().enumerate().for_each(|(t, gray)| encode(&file(t), gray));
                path
            }
        };
        all.push((name.to_owned(), path));
    }
    for (name, tags, is_full, has_chroma) in [
        ("limited", "C420jpeg XCOLORRANGE=LIMITED", false, true),
        ("full", "C420jpeg XCOLORRANGE=FULL", true, true),
        ("mono-limited", "Cmono XCOLORRANGE=LIMITED", false, false),
        ("mono-full", "Cmono XCOLORRANGE=FULL", true, false),
    ] {
        let path = folder.join(format!("{name}.y4m"));
        let mut bytes = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 {tags}\n").into_bytes();
        for gray in frames {
            bytes.extend_from_slice(b"FRAME\n");
            bytes.extend(gray.iter().map(|&code| if is_full { code } else { limited(code) }));
            bytes.resize(bytes.len() + if has_chroma { WIDTH * HEIGHT / 2 } else { 0 }, 128);
        }
        fs::write(&path, bytes).unwrap();
        all.push((name.to_owned(), path));
    }
    for (name, range) in [("limited", "tv"), ("full", "pc")] {
        let path = folder.join(format!("h264-{name}.mp4"));
        if h264(&folder.join(format!("{name}.y4m")), &path, range) {
            all.push((format!("h264-{name}"), path));
        }
    }
    all.into_iter().map(|(name, path)| (name, path.to_str().unwrap().to_owned())).collect()
}

fn png(path: &Path, gray: &[u8], colour: png::ColorType) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), WIDTH as u32, HEIGHT as u32);
    encoder.set_color(colour);
    if colour == png::ColorType::Indexed {
        encoder.set_palette((0..=255u8).flat_map(|code| [code; 3]).collect::<Vec<u8>>());
    }
    let pixels: Vec<u8> = gray.iter().flat_map(|&code| vec![code; colour.samples()]).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

fn jpeg(path: &Path, gray: &[u8], colour: jpeg_encoder::ColorType) {
    let mut encoder = jpeg_encoder::Encoder::new_file(path, 100).unwrap();
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
    let samples = if colour == jpeg_encoder::ColorType::Luma { 1 } else { 3 };
    let pixels: Vec<u8> = gray.iter().flat_map(|&code| vec![code; samples]).collect();
    encoder.encode(&pixels, WIDTH as u16, HEIGHT as u16, colour).unwrap();
}

/// Lossless H.264 of a y4m file, made by the program `ffmpeg`; whether it could be made.
fn h264(from: &Path, to: &Path, range: &str) -> bool {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(from);
    command.args(["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]);
    let made = command.args(["-color_range", range]).arg(to).output();
    let why = match made {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|value| value == "1");
    assert!(!required, "ffmpeg with libx264 is needed: {why}");
    // Written past the test runner, which hides what a passing test prints.
    writeln!(std::io::stderr().lock(), "SKIPPED: H.264, for ffmpeg with libx264 is missing: {why}").unwrap();
    false
}
