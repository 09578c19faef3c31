//! Programs that do not behave: scripts in the place of `ffmpeg` and `ffprobe`.
#![cfg(unix)]

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What an honest `ffprobe` says of a film of 2x2.
const PROBED: &str = "cat <<'END'\n\
    streams.stream.0.index=0\nstreams.stream.0.codec_name=\"ffv1\"\nstreams.stream.0.width=2\n\
    streams.stream.0.height=2\nstreams.stream.0.pix_fmt=\"gray\"\nstreams.stream.0.avg_frame_rate=\"25/1\"\n\
    format.format_name=\"matroska,webm\"\nEND";
const CONFIG: &str =
    "echo '[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/25, frame_rate: 25/1' >&2";

/// A line about frame `n`.
fn line(n: u64) -> String {
    format!("echo 'n: {n} pts: {n} pts_time:0 fmt:gray s:2x2 i:P iskey:1 type:I ' >&2")
}

fn write(path: &Path, script: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Two scripts and a film, and what comes of them.
struct Stage {
    folder: tempfile::TempDir,
    programs: Programs,
    film: PathBuf,
}

impl Stage {
    fn new(ffprobe: &str, ffmpeg: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write(&path("ffmpeg"), ffmpeg);
        write(&path("ffprobe"), ffprobe);
        std::fs::write(path("film"), b"x").unwrap();
        let programs =
            Programs { ffmpeg: path("ffmpeg"), ffprobe: path("ffprobe"), old: false, version: String::new() };
        Self { film: path("film"), programs, folder }
    }

    fn open(&self) -> Result<ProgramReader> {
        // Enough for 20 MB of messages on a machine with much else to do.
        let most = Duration::from_secs(3);
        let limits = Limits { answer: most, answer_bytes: 1 << 20, stall: most };
        // Writing a program and starting one at the same time in two threads: "text file busy".
        loop {
            match ProgramReader::start(&self.programs, &self.film, None, limits.clone()) {
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                other => return other,
            }
        }
    }

    /// Frames and the error.
    fn story(&self) -> (u64, String) {
        let start = Instant::now();
        let found = self.open().map(|mut reader| {
            let mut frames = 0;
            let ending = loop {
                match reader.next_frame() {
                    Ok(Some(_)) => frames += 1,
                    Ok(None) => break String::new(),
                    Err(error) => break error.to_string() + &source(&error),
                }
            };
            assert!(matches!(reader.next_frame(), Ok(None)), "one error, then the end");
            (frames, ending)
        });
        assert!(start.elapsed() < Duration::from_secs(20), "beyond the limits");
        found.unwrap_or_else(|error| (0, error.to_string() + &source(&error)))
    }
}

fn source(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(String::new, |source| format!(": {source}"))
}

fn assert_story(ffprobe: &str, ffmpeg: &str, frames: u64, text: &str) {
    let (found, ending) = Stage::new(ffprobe, ffmpeg).story();
    assert_eq!(found, frames, "{ending}");
    assert!(if text.is_empty() { ending.is_empty() } else { ending.contains(text) }, "{ending:?}");
}

#[test]
fn good_programs_are_read_to_the_end() {
    let frames = [CONFIG, &line(0), "printf abcd", &line(1), "printf efgh"].join("\n");
    assert_story(PROBED, &frames, 2, "");
    // Without the time of the frame it is that of its number.
    assert_story(PROBED, &[CONFIG, &line(0), "printf abcd"].join("\n"), 1, "");
    assert_story(PROBED, "true", 0, "");
}

#[test]
fn silent_programs_are_given_up() {
    assert_story("exec sleep 100", "true", 0, "no answer in time");
    // Its own child keeps the pipe open.
    assert_story("sleep 3", "true", 0, "no answer in time");
    assert_story(PROBED, "exec sleep 100", 0, "no answer in time");
    let stuck = [CONFIG, &line(0), "printf abcd", &line(1), "printf e", "exec sleep 100"].join("\n");
    assert_story(PROBED, &stuck, 1, "no answer in time");
    // All was said and written, but it does not end.
    let lingers = [CONFIG, &line(0), "printf abcd", "exec >&- 2>&-", "exec sleep 100"].join("\n");
    assert_story(PROBED, &lingers, 1, "no answer in time");
}

#[test]
fn programs_that_fail_say_why() {
    assert_story("echo '[mov @ 0x1] no index' >&2; exit 1", "true", 0, "(mov: no index)");
    assert_story("exit 3", "true", 0, "ffprobe ends with exit status: 3");
    assert_story(PROBED, "exit 1", 0, "ffmpeg ends with exit status: 1");
    let spoilt = "echo '[h264 @ 0x1] [error] bad slice' >&2; exit 183";
    assert_story(PROBED, &[CONFIG, &line(0), "printf abcd", spoilt].join("\n"), 1, "h264: bad slice");
    assert_story(PROBED, &[CONFIG, &line(0), "printf abc", spoilt].join("\n"), 0, "h264: bad slice");
    assert_story(PROBED, &[CONFIG, &line(0), "printf abc"].join("\n"), 0, "ends inside a frame");
    let killed = [CONFIG, &line(0), "printf abcd", "kill -9 $$"].join("\n");
    assert_story(PROBED, &killed, 1, "signal: 9");
    let missing = "echo '[fatal] Decoder (codec ffv1) not found for input stream #0:0' >&2; exit 1";
    assert_story(PROBED, missing, 0, "the codec `ffv1` is not supported");
    let option = "echo '[error] Error splitting the argument list: Option not found' >&2; exit 8";
    assert_story(PROBED, option, 0, "FFmpeg does not run: ffmpeg reports: Option not found");
}

#[test]
fn nonsense_is_refused() {
    assert_story("echo nonsense", "true", 0, "a file without video");
    assert_story("head -c 2000000 /dev/zero", "true", 0, "says too much");
    assert_story(
        &PROBED.replace("width=2", "width=70000"),
        "true",
        0,
        "the width is 70000, the limit is 16384",
    );
    assert_story(&PROBED.replace("\"25/1\"", "\"0/0\""), "true", 0, "frame rate is unknown");
    assert_story(&PROBED.replace("gray", "unknown"), "true", 0, "the codec `ffv1`");
    // Frames without a word about them.
    assert_story(PROBED, "head -c 100 /dev/zero", 0, "writes more than it announces");
    assert_story(PROBED, "exec cat /dev/zero", 0, "no answer in time");
    let skips = [CONFIG, &line(0), "printf abcd", &line(2), "printf efgh"].join("\n");
    assert_story(PROBED, &skips, 1, "messages of ffmpeg are missing");
    let larger =
        [CONFIG, &line(0), "printf abcd", &line(1).replace("2x2", "4x2"), "printf efghefgh"].join("\n");
    assert_story(PROBED, &larger, 1, "the frame is 4x2, the frames before it are 2x2");
    let other =
        [CONFIG, &line(0), "printf abcd", &line(1).replace("gray", "gray10le"), "printf efgh"].join("\n");
    assert_story(PROBED, &other, 1, "changes from gray to gray10le");
    let huge = [CONFIG, &line(0).replace("2x2", "999999x2")].join("\n");
    assert_story(PROBED, &huge, 0, "the width is 999999");
}

#[test]
fn floods_of_messages_are_dropped() {
    let flood = "yes '[x @ 0x1] [error] flood' | head -c 20000000 >&2";
    assert_story(PROBED, &[CONFIG, flood, &line(0), "printf abcd"].join("\n"), 1, "");
    // One line without an end.
    let long = "head -c 20000000 /dev/zero >&2; echo >&2";
    assert_story(PROBED, &[CONFIG, long, &line(0), "printf abcd"].join("\n"), 1, "");
    // Lines about frames that never come.
    let lies = format!("yes '{}' >&2", line(0).trim_start_matches("echo '").trim_end_matches("' >&2"));
    assert_story(PROBED, &[CONFIG, &lies].join("\n"), 0, "no answer in time");
}

#[test]
fn a_dropped_reader_leaves_no_process() {
    let stage = Stage::new(PROBED, &[CONFIG, &line(0), "printf abcd", "exec sleep 100"].join("\n"));
    let mut reader = stage.open().unwrap();
    assert!(reader.next_frame().unwrap().is_some());
    let process = PathBuf::from(format!("/proc/{}", reader.running.as_ref().unwrap().id()));
    let known = Path::new("/proc/self").exists();
    assert_eq!(process.exists(), known);
    drop(reader);
    assert!(!process.exists(), "ended, and waited for");
    drop(stage.folder);
}

#[test]
fn programs_are_found_only_where_they_can_run() {
    let said = "echo 'ffmpeg version 4.2\nlibavutil      56. 31.100 / 56. 31.100'";
    let stage = Stage::new("true", said);
    let folder = stage.folder.path();
    let found = || loop {
        // See `Stage::open`.
        match Programs::in_folder(folder) {
            None if std::fs::read(folder.join("retry")).is_err() => {
                std::fs::write(folder.join("retry"), b"").unwrap()
            }
            other => break other,
        }
    };
    assert!(found().unwrap().old);
    write(&folder.join("ffmpeg"), &said.replace("56. 31", "57. 28"));
    assert!(!found().unwrap().old);
    write(&folder.join("ffmpeg"), &said.replace("56. 31", "56. 24"));
    assert!(found().is_none(), "too old to tell damage");
    write(&folder.join("ffmpeg"), said);
    assert!(Programs::in_folder(Path::new("relative")).is_none());
    std::fs::set_permissions(folder.join("ffprobe"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Programs::in_folder(folder).is_none());
}
