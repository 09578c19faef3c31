//! Step of `ci`: somebody else's programs, which use the libraries by the text of a README alone. They are built outside the
//! workspace, and their numbers are those of `score-video`.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::print::say;
use crate::workspace::{cargo, output, root, succeed, target};

/// Size and number of the frames that are streamed.
const WIDTH: u32 = 96;
const HEIGHT: u32 = 64;
const FRAMES: u32 = 40;

/// Builds and runs the programs, and compares what they print with `program`, which is `score-video`.
pub(crate) fn run(program: &dyn Fn() -> Command) -> Result<()> {
    let (folder, lock) = (root().join("xtask/outside"), "Cargo.lock");
    fs::copy(root().join(lock), folder.join(lock)).context("cannot copy Cargo.lock to xtask/outside")?;
    let mut build = cargo();
    build.args(["build", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    build.arg("--config").arg(root().join("Cargo.toml"));
    succeed(build.env("CARGO_TARGET_DIR", target()?))?;
    let (place, built) = (target()?.join("outside"), target()?.join("debug"));
    let frames = place.join("frames");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&frames)?;
    let here = |name: &str| {
        let mut command = Command::new(built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
        command.current_dir(&place);
        command
    };

    let clip = place.join("clip.mp4");
    fs::copy(folder.join("testdata/clip.mp4"), &clip)?;
    compare(&output(&mut here("score"))?, program().arg(&clip))?;

    let mut stream = Vec::new();
    for t in 0..FRAMES {
        let rgb = frame(t);
        fs::write(frames.join(format!("{t:03}.png")), png(&rgb))?;
        stream.extend(rgb);
    }
    compare(&piped(&mut here("stream"), &stream)?, program().args(["--fps", "25"]).arg(&frames))
}

/// What a program prints whose standard input is `bytes`.
fn piped(command: &mut Command, bytes: &[u8]) -> Result<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    child.stdin.take().context("no standard input")?.write_all(bytes)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// Compares the line of a program with the numbers that `score-video` gives.
fn compare(line: &str, program: &mut Command) -> Result<()> {
    let report: Value = serde_json::from_str(&output(program.arg("--json"))?)?;
    let expected = expected(&report).with_context(|| format!("score-video gives no score: {report}"))?;
    ensure!(
        line.starts_with(&expected),
        "the line is `{}`, but score-video says `{expected}`",
        line.trim_end()
    );
    say!("{}", line.trim_end());
    Ok(())
}

/// The line by the keys of JSON.
fn expected(report: &Value) -> Option<String> {
    let video = &report["videos"][0];
    let number = |key: &str| video[key].as_f64();
    let (score, low, high) = (number("score")?, number("low")?, number("high")?);
    let (grade, level) = (video["grade"].as_str()?, 100.0 * number("level")?);
    let (frames, model) = (video["frames_used"].as_u64()?, video["model"].as_str()?);
    Some(format!(
        "{score:.2} ({grade}), {low:.1} to {high:.1} at {level:.0} %, from {frames} frames by {model}"
    ))
}

/// Red, green and blue of a moving pattern.
fn frame(t: u32) -> Vec<u8> {
    let pixel = |i: u32| {
        let (x, y) = (i % WIDTH + t, i / WIDTH);
        let code = 40 + x / 2 + y + (x / 12 + y / 9) % 2 * 40;
        [code, code / 2 + 40, 220 - code / 2].map(|code| u8::try_from(code).unwrap_or(u8::MAX))
    };
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

/// A PNG file whose pixels are stored as they are.
fn png(rgb: &[u8]) -> Vec<u8> {
    let mut rows = Vec::new();
    for row in rgb.chunks(3 * WIDTH as usize) {
        rows.push(0);
        rows.extend_from_slice(row);
    }
    // Deflate without compression: blocks of at most 65535 bytes, the last one marked.
    let mut zlib = vec![0x78, 0x01];
    let blocks = rows.chunks(0xFFFF);
    let last = blocks.len() - 1;
    for (place, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        zlib.push(u8::from(place == last));
        zlib.extend_from_slice(&length.to_le_bytes());
        zlib.extend_from_slice(&(!length).to_le_bytes());
        zlib.extend_from_slice(block);
    }
    let (a, b) = rows.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    zlib.extend_from_slice(&((b << 16) | a).to_be_bytes());

    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&WIDTH.to_be_bytes()[..], &HEIGHT.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    for (kind, data) in [(b"IHDR", &header), (b"IDAT", &zlib), (b"IEND", &Vec::new())] {
        let content = [&kind[..], data].concat();
        file.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
        file.extend_from_slice(&content);
        file.extend_from_slice(&crc(&content).to_be_bytes());
    }
    file
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

/// The blocks of a language in the text of a README, below the first heading of a name.
#[cfg(test)]
fn blocks(text: &str, heading: &str, language: &str) -> Vec<String> {
    let section = text.split_once(heading).map_or("", |(_, rest)| rest);
    let section = section.split("\n## ").next().unwrap_or_default();
    let fence = format!("```{language}");
    let opened = section.split(&fence).skip(1);
    let code = opened.filter_map(|rest| rest.split_once('\n')?.1.split_once("```"));
    code.map(|(code, _)| code.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        fs::read_to_string(root().join(path)).unwrap()
    }

    /// Lines with something in them.
    fn lines(code: &str) -> usize {
        code.lines().filter(|line| !line.trim().is_empty()).count()
    }

    #[test]
    fn the_programs_are_the_text_of_the_readmes_and_short() {
        const HEADING: &str = "\n## Use it in your program\n";
        let [score, stream] =
            ["score", "stream"].map(|name| read(&format!("xtask/outside/src/bin/{name}.rs")));
        assert!(lines(&score) <= 6 && lines(&stream) <= 15, "{} and {}", lines(&score), lines(&stream));
        let readme = read("examples/score-video/README.md");
        assert_eq!(blocks(&readme, HEADING, "rust"), [score.clone(), stream]);
        assert_eq!(blocks(&read("README.md"), HEADING, "rust"), [score]);
    }

    #[test]
    fn the_dependency_of_the_readmes_is_that_of_the_programs() {
        let manifest = read("xtask/outside/Cargo.toml");
        let line = manifest.lines().find(|line| line.starts_with("score-video = ")).unwrap();
        let options = line.split_once(", ").unwrap().1;
        for path in ["README.md", "examples/score-video/README.md"] {
            assert!(read(path).contains(options), "{path} lacks `{options}`");
        }
    }

    #[test]
    fn pngs_are_as_the_standard_says() {
        // By the standard's own example: the check of an empty IEND chunk.
        assert_eq!(crc(b"IEND"), 0xAE42_6082);
        let file = png(&frame(0));
        assert_eq!(file.len(), 8 + 25 + 12 + 2 + 5 + (3 * 96 + 1) * 64 + 4 + 12);
        assert_ne!(frame(0), frame(1));
    }

    #[test]
    fn the_expected_line_has_the_numbers_of_json() {
        let video = r#"{"videos": [{"score": 2.346, "low": 1.04, "high": 3.96, "grade": "poor", "level": 0.9,
            "frames_used": 7, "model": "m-1"}]}"#;
        let report: Value = serde_json::from_str(video).unwrap();
        assert_eq!(expected(&report).unwrap(), "2.35 (poor), 1.0 to 4.0 at 90 %, from 7 frames by m-1");
        assert_eq!(expected(&Value::Null), None);
    }
}
