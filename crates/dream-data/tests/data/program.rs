//! FFmpeg's programs as a decoder, against FFmpeg itself and against its libraries, on clips made on the spot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::{samples, testdata, watched};
use dream_data::{
    Assumption, ColorRange, Decoder, Error, FieldOrder, FrameRate, FrameSource, Layout, OpenOptions,
    ProgramReader, Rotation, VideoInfo, open,
};
use std::{ffi::OsStr, io::Write, path::Path, process::Command};

/// Without FFmpeg the test says `SKIPPED`; with `DREAM_REQUIRE_SHARED=1` it fails.
pub(crate) fn installed(test: &str) -> bool {
    if ProgramReader::is_available() {
        return true;
    }
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|value| value == "1");
    assert!(!required, "the programs ffmpeg and ffprobe are missing");
    // Bypasses the test runner, which hides the output of a passing test.
    writeln!(std::io::stderr().lock(), "SKIPPED: {test}: no FFmpeg").unwrap();
    false
}

fn ffmpeg<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> std::process::Output {
    Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(arguments).output().unwrap()
}

/// Makes a clip of the moving test picture; false if this FFmpeg has no such encoder.
fn made(path: &Path, input: &str, arguments: &[&str]) -> bool {
    let input: Vec<&str> = if input.is_empty() {
        vec!["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=0.4"]
    } else {
        input.split(' ').collect()
    };
    let file = path.as_os_str();
    let words =
        input.iter().chain(arguments).map(OsStr::new).chain([OsStr::new("-threads"), OsStr::new("1"), file]);
    let output = ffmpeg(words);
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("Unknown encoder") {
        writeln!(std::io::stderr().lock(), "SKIPPED: {}: {said}", path.display()).unwrap();
        return false;
    }
    assert!(output.status.success(), "{}: {said}", path.display());
    true
}

/// Frames as stored, in the range of the file.
fn stored(decoder: Decoder) -> OpenOptions {
    OpenOptions { decoder, apply_rotation: false, range: ColorRange::Unknown, ..OpenOptions::default() }
}

type Frames = Vec<(f64, Vec<u8>)>;

/// The same number and samples, and times that differ by less than `seconds`.
fn agree(ours: &Frames, theirs: &Frames, seconds: f64) -> bool {
    let same = ours.iter().zip(theirs).all(|(a, b)| (a.0 - b.0).abs() < seconds && a.1 == b.1);
    same && ours.len() == theirs.len()
}

fn frames(source: &mut dyn FrameSource) -> Frames {
    let mut found = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        assert_eq!(frame.index(), found.len() as u64);
        found.push((frame.timestamp(), samples(frame)));
    }
    found
}

/// What the program `ffmpeg` makes of a file when it is asked in the plainest way, and the times from `ffprobe`.
fn expected(path: &Path, info: &VideoInfo, size: usize) -> Frames {
    let format = match info.layout {
        Layout::Gray => "gray",
        Layout::Rgb => "rgb24",
        _ if info.range == ColorRange::Full => "yuvj420p",
        _ => "yuv420p",
    };
    let mut words =
        vec!["-noautorotate", "-i", path.to_str().unwrap(), "-map", "0:v:0", "-vsync", "passthrough"];
    words.extend(["-pix_fmt", format, "-f", "rawvideo", "-"]);
    let bytes = ffmpeg(words).stdout;
    let told = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", "frame=best_effort_timestamp_time"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    let lines = text.lines().map(|line| line.split(',').next().unwrap()).filter(|word| !word.is_empty());
    // Raw streams have no times.
    let times = lines.map(|word| word.parse().unwrap_or(f64::NAN));
    times.zip(bytes.chunks(size)).map(|(time, frame)| (time, frame.to_vec())).collect()
}

#[cfg(feature = "ffmpeg")]
fn assert_same_by_library(path: &Path, info: &VideoInfo, found: &Frames) {
    let name = path.display();
    let mut library = dream_data::FfmpegReader::open(path).unwrap();
    let mut same = library.info().clone();
    same.decoder = info.decoder;
    assert_eq!(&same, info, "{name}");
    assert!(agree(&frames(&mut library), found, 1e-9), "{name}: the libraries differ");
}

struct Clip {
    name: &'static str,
    input: &'static str,
    arguments: &'static [&'static str],
    check: fn(&VideoInfo) -> bool,
}

fn clip(name: &'static str, arguments: &'static [&'static str], check: fn(&VideoInfo) -> bool) -> Clip {
    Clip { name, input: "", arguments, check }
}

fn clips() -> Vec<Clip> {
    let plain = |info: &VideoInfo| (info.exact, info.range, info.fields) == (true, ColorRange::Limited, None);
    vec![
        clip("bframes.mp4", &["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3"], plain),
        clip("plain.avi", &["-c:v", "mpeg4", "-bf", "0"], plain),
        clip("hour.ts", &["-c:v", "mpeg2video", "-output_ts_offset", "3600"], plain),
        clip("vp9.webm", &["-c:v", "libvpx-vp9", "-cpu-used", "8", "-pix_fmt", "yuv420p"], plain),
        clip("av1.mkv", &["-c:v", "libaom-av1", "-cpu-used", "8", "-pix_fmt", "yuv420p"], plain),
        clip("theora.ogv", &["-c:v", "libtheora"], plain),
        clip("raw.h264", &["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0"], plain),
        clip("odd.mkv", &["-vf", "crop=63:47:exact=1", "-c:v", "ffv1", "-pix_fmt", "yuv420p"], |info| {
            (info.width, info.height, info.exact) == (63, 47, true)
        }),
        clip(
            "ten.mkv",
            &["-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le"],
            |info| {
                info.converted_from.as_deref() == Some("yuv420p10le")
                    && info.bit_depth == Some(10)
                    && !info.exact
            },
        ),
        clip("422.mp4", &["-c:v", "libx264", "-pix_fmt", "yuv422p"], |info| {
            info.converted_from.as_deref() == Some("yuv422p") && info.layout == Layout::Yuv420
        }),
        clip("prores.mov", &["-c:v", "prores"], |info| info.converted_from.as_deref() == Some("yuv422p10le")),
        clip("full.avi", &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"], |info| {
            info.range == ColorRange::Full && info.exact
        }),
        clip("full-444.mkv", &["-c:v", "libx264", "-pix_fmt", "yuvj444p"], |info| {
            info.range == ColorRange::Full && info.converted_from.as_deref() == Some("yuvj444p")
        }),
        clip("gray.mkv", &["-c:v", "ffv1", "-pix_fmt", "gray"], |info| {
            info.layout == Layout::Gray && info.exact
        }),
        clip("deep-gray.mkv", &["-c:v", "ffv1", "-pix_fmt", "gray10le"], |info| {
            info.layout == Layout::Gray && info.bit_depth == Some(10)
        }),
        clip("rgb.mkv", &["-c:v", "ffv1", "-pix_fmt", "bgr0"], |info| {
            (info.layout, info.range) == (Layout::Rgb, ColorRange::Full)
        }),
        clip("moving.gif", &[], |info| info.layout == Layout::Rgb && info.frame_rate.as_f64() > 20.0),
        clip("moving.png", &["-f", "apng"], |info| info.layout == Layout::Rgb),
        clip("still.bmp", &["-frames:v", "1"], |info| info.layout == Layout::Rgb),
        clip("422.y4m", &["-pix_fmt", "yuv422p"], |info| info.converted_from.as_deref() == Some("yuv422p")),
        clip("nv12.avi", &["-c:v", "rawvideo", "-pix_fmt", "nv12"], |info| {
            info.range == ColorRange::Unknown && info.exact
        }),
        clip(
            "top.mpg",
            &["-vf", "interlace", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-top", "1"],
            |info| info.fields == Some(FieldOrder::TopFirst),
        ),
        clip(
            "bottom.mp4",
            &["-vf", "interlace=scan=bff", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264opts", "bff=1"],
            |info| info.fields == Some(FieldOrder::BottomFirst),
        ),
        clip(
            "variable.mkv",
            &[
                "-vf",
                "select='not(mod(n,3))+not(mod(n,4))',setpts=PTS+0.007/TB*mod(N\\,2)",
                "-vsync",
                "passthrough",
                "-c:v",
                "ffv1",
                "-pix_fmt",
                "yuv420p",
            ],
            plain,
        ),
        Clip {
            name: "sound-and-cover.mkv",
            input: "-f lavfi -i sine=duration=0.6 -f lavfi -i testsrc2=size=64x48:rate=25:duration=0.4",
            arguments: &["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac"],
            check: plain,
        },
    ]
}

/// Bytes, times, number and what is said about them; the same from the libraries where they are compiled in.
#[test]
fn every_kind_of_clip_equals_ffmpegs() {
    if !installed("every_kind_of_clip_equals_ffmpegs") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for Clip { name, input, arguments, check } in clips() {
        let path = folder.path().join(name);
        if !made(&path, input, arguments) {
            continue;
        }
        // Whatever the file looks like, FFmpeg takes it unless our own decoders are exact on it.
        let opened = open(&path, &OpenOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(opened.info().decoder.starts_with("ffmpeg-"), "{name}");
        let mut source = ProgramReader::open(&path, None).unwrap();
        let info = source.info().clone();
        let found = frames(&mut source);
        let expected = expected(&path, &info, found[0].1.len());
        assert_eq!(found.len(), expected.len(), "{name}");
        for (place, (ours, theirs)) in found.iter().zip(&expected).enumerate() {
            assert!(
                theirs.0.is_nan() || (ours.0 - theirs.0).abs() < 1e-6,
                "{name}: frame {place} at {} instead of {}",
                ours.0,
                theirs.0
            );
            assert!(ours.1 == theirs.1, "{name}: frame {place} differs");
        }
        assert!(check(&info), "{name}: {info:?}");
        #[cfg(feature = "ffmpeg")]
        assert_same_by_library(&path, &info, &found);
        compared += 1;
    }
    assert!(compared > 15, "too few encoders: {compared}");
}

#[test]
fn the_clips_of_the_project_are_the_same_by_program_and_library() {
    if !installed("the_clips_of_the_project_are_the_same_by_program_and_library") {
        return;
    }
    for name in [
        "rotated.mp4",
        "edit-list.mp4",
        "fragmented.mp4",
        "odd.mp4",
        "variable.mp4",
        "interlaced.mp4",
        "ten-bit.mp4",
        "grey.mkv",
        "rgb.mkv",
        "nv12.avi",
        "hevc.mp4",
        "index-last.mp4",
    ] {
        let path = testdata(name);
        let mut source = ProgramReader::open(&path, None).unwrap();
        let info = source.info().clone();
        let found = frames(&mut source);
        let expected = expected(&path, &info, found[0].1.len());
        assert!(agree(&found, &expected, 1e-6), "{name}");
        #[cfg(feature = "ffmpeg")]
        assert_same_by_library(&path, &info, &found);
    }
    // 31 of 600 units is the most common duration.
    let variable = ProgramReader::open(testdata("variable.mp4"), None).unwrap();
    assert_eq!(variable.info().frame_rate, FrameRate::new(600, 31).unwrap());
    let rotation =
        |name: &str| open(testdata(name), &stored(Decoder::FfmpegProgram)).unwrap().info().rotation;
    assert_eq!(rotation("rotated.mp4"), Rotation::ThreeQuarter);
    assert_eq!(rotation("baseline.mp4"), Rotation::None);
}

#[test]
fn one_track_of_two_is_noted_or_chosen() {
    if !installed("one_track_of_two_is_noted_or_chosen") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.mkv");
    let two = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=0.2 -f lavfi -i testsrc=size=80x60:rate=5:duration=1";
    let maps = ["-map", "0", "-map", "1", "-c:v", "ffv1", "-pix_fmt", "yuv420p"];
    let second: &[&str] = &["-disposition:v:0", "0", "-disposition:v:1", "default"];
    for (marks, shown) in [(&[][..], 1), (second, 2)] {
        assert!(made(&path, two, &[&maps, marks].concat()));
        let decoders = if cfg!(feature = "ffmpeg") {
            vec![Decoder::FfmpegProgram, Decoder::FfmpegLibrary]
        } else {
            vec![Decoder::FfmpegProgram]
        };
        for decoder in decoders {
            let with = |track| open(&path, &OpenOptions { track, ..stored(decoder) });
            let width = |track| with(track).unwrap().info().width;
            assert_eq!((width(Some(1)), width(Some(2))), (64, 80), "{decoder}");
            assert_eq!(width(None), [64, 80][shown - 1], "{decoder}");
            let noted = with(None).unwrap().info().assumptions.clone();
            assert!(
                noted.contains(&Assumption::OneOfTracks { track: shown, tracks: 2 }),
                "{decoder}: {noted:?}"
            );
            assert!(with(Some(2)).unwrap().info().assumptions.is_empty(), "{decoder}");
            let refused = with(Some(3)).err().unwrap().to_string();
            assert!(refused.contains("2 video tracks, there is no track 3"), "{decoder}: {refused}");
        }
    }
}

#[cfg(unix)]
#[test]
fn names_are_never_options_or_addresses() {
    use std::os::unix::ffi::OsStrExt;
    if !installed("names_are_never_options_or_addresses") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("a.mkv");
    assert!(made(&original, "", &["-c:v", "ffv1", "-pix_fmt", "yuv420p"]));
    let names: [&[u8]; 9] = [
        b"-version",
        b"-i x.mkv",
        b"http:x.mkv",
        b"concat:a.mkv|b.mkv",
        b"a b'c\"d.mkv",
        b"two\nlines.mkv",
        b"$(touch x);`y`.mkv",
        b"not\xfftext\x80.mkv",
        b"img%03d.mkv",
    ];
    for name in names {
        let path = folder.path().join(OsStr::from_bytes(name));
        std::fs::copy(&original, &path).unwrap();
        let mut source = open(&path, &stored(Decoder::FfmpegProgram)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(frames(source.as_mut()).len(), 10, "{}", path.display());
    }
}

/// Lists of files, local and remote: nothing but the file itself is read.
#[test]
fn files_that_name_other_files_are_refused() {
    if !installed("files_that_name_other_files_are_refused") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.ts");
    assert!(made(&other, "", &["-c:v", "mpeg2video"]));
    let segment = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n";
    let manifest = "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period>\
        <AdaptationSet mimeType=\"video/mp4\"><Representation id=\"0\"><BaseURL>other.ts</BaseURL></Representation>\
        </AdaptationSet></Period></MPD>";
    for (name, text) in [
        ("local.m3u8", format!("{segment}other.ts\n#EXT-X-ENDLIST\n")),
        ("remote.m3u8", format!("{segment}http://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n")),
        (
            "secret.m3u8",
            segment.to_owned() + "#EXT-X-KEY:METHOD=AES-128,URI=\"other.ts\"\nother.ts\n#EXT-X-ENDLIST\n",
        ),
        ("list.mp4", "ffconcat version 1.0\nfile other.ts\n".to_owned()),
        ("list.mpd", manifest.to_owned()),
        (
            "session.sdp",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n".to_owned(),
        ),
        ("picture.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"8\" height=\"8\"/>".to_owned()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut decoders = vec![Decoder::FfmpegProgram];
        if cfg!(feature = "ffmpeg") {
            decoders.push(Decoder::FfmpegLibrary);
        }
        for decoder in decoders {
            let refused = open(&path, &stored(decoder)).err().expect(name);
            let text = refused.to_string();
            assert!(
                matches!(refused, Error::Unsupported { .. }) && text.contains(name),
                "{name} {decoder}: {text}"
            );
            assert!(!name.ends_with("m3u8") || text.contains("playlist"), "{name} {decoder}: {text}");
        }
    }
}

#[test]
fn damage_and_changes_end_the_stream_with_their_name() {
    if !installed("damage_and_changes_end_the_stream_with_their_name") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let ending = |path: &Path| {
        let path = path.to_owned();
        watched(60, move || {
            let mut source = open(&path, &stored(Decoder::FfmpegProgram)).unwrap();
            let mut frames = 0;
            loop {
                match source.next_frame() {
                    Ok(Some(_)) => frames += 1,
                    Ok(None) => return (frames, None),
                    Err(error) => {
                        assert!(matches!(source.next_frame(), Ok(None)));
                        return (frames, Some(error));
                    }
                }
            }
        })
    };
    // Two raw streams of different size, one after the other.
    let raw = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0", "-f", "h264"];
    if made(&path("a.h264"), "", &raw) {
        made(&path("b.h264"), "-f lavfi -i testsrc2=size=96x48:rate=25:duration=0.4", &raw);
        let both = [std::fs::read(path("a.h264")).unwrap(), std::fs::read(path("b.h264")).unwrap()].concat();
        std::fs::write(path("both.h264"), both).unwrap();
        let (frames, error) = ending(&path("both.h264"));
        let changed = matches!(error, Some(Error::SizeChanged { expected: (64, 48), found: (96, 48), .. }));
        assert!(frames == 10 && changed, "{frames} {error:?}");
    }
    // Containers that promise a length and end early, also between two frames.
    for (clip, percents) in [("baseline.mp4", [60, 95]), ("baseline.mkv", [30, 40]), ("nv12.avi", [80, 90])] {
        let whole = std::fs::read(testdata(clip)).unwrap();
        for percent in percents {
            let cut = path(clip);
            std::fs::write(&cut, &whole[..whole.len() * percent / 100]).unwrap();
            let (frames, error) = ending(&cut);
            let damage = matches!(error, Some(Error::Damaged { frames: good, .. }) if good == frames);
            assert!(frames > 0 && damage, "{clip} {percent} %: {frames} {error:?}");
        }
        let (frames, error) = ending(&testdata(clip));
        assert!(frames > 0 && error.is_none(), "{clip}: {error:?}");
    }
    let text = path("text.mp4");
    std::fs::write(&text, "no film at all").unwrap();
    let refused = open(&text, &stored(Decoder::FfmpegProgram)).err().unwrap();
    assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
    assert!(refused.to_string().contains("Invalid data"), "{refused}");
    let missing = open(path("nothing.mkv"), &stored(Decoder::FfmpegProgram)).err().unwrap();
    assert!(matches!(missing, Error::Io { .. }), "{missing}");
    // Sound alone, with a cover picture.
    let sound = path("sound.mp3");
    let cover = path("cover.png");
    made(&cover, "", &["-frames:v", "1"]);
    let input = format!("-f lavfi -i sine=duration=0.4 -i {}", cover.display());
    let arguments = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"];
    if made(&sound, &input, &arguments) {
        let refused = open(&sound, &stored(Decoder::FfmpegProgram)).err().unwrap().to_string();
        assert!(refused.contains("sound alone"), "{refused}");
    }
}

/// The same frames before the same damage; less where the decoder itself fails on a packet and holds frames.
#[test]
#[cfg(feature = "ffmpeg")]
fn damage_is_where_the_libraries_find_it() {
    if !installed("damage_is_where_the_libraries_find_it") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.mp4");
    let story = |source: dream_data::Result<Box<dyn FrameSource>>| {
        source.map(|mut source| crate::common::read(source.as_mut(), 100)).map_err(|e| e.to_string())
    };
    let mut random = crate::common::Random(15);
    let mut damaged = 0;
    for clip in ["baseline.mp4", "bframes.mp4", "hevc.mp4"] {
        let whole = std::fs::read(testdata(clip)).unwrap();
        let start = whole.windows(4).position(|found| found == b"mdat").unwrap() + 900;
        for round in 0..8 {
            let mut bytes = whole.clone();
            let end = bytes.len().min(start + 5000);
            random.flip(&mut bytes[start..end], 2);
            std::fs::write(&path, &bytes).unwrap();
            let library = story(open(&path, &stored(Decoder::FfmpegLibrary)));
            let program = story(open(&path, &stored(Decoder::FfmpegProgram)));
            let what = format!("{clip} {round}: {library:?} {program:?}");
            let (Ok(library), Ok(program)) = (&library, &program) else {
                // The flips may hit the index.
                assert_eq!(library.is_ok(), program.is_ok(), "{what}");
                continue;
            };
            assert_eq!(library.ending.is_some(), program.ending.is_some(), "{what}");
            assert!(library.frames.iter().zip(&program.frames).all(|(a, b)| a.0 == b.0), "{what}");
            let held = library.frames.len().checked_sub(program.frames.len()).expect(&what);
            let failed =
                program.ending.as_ref().is_some_and(|(text, _)| text.contains("the decoder reports: "));
            assert!(held == 0 || failed && held <= 4, "{what}");
            damaged += usize::from(program.ending.is_some());
        }
    }
    assert!(damaged > 5, "{damaged}");
}

/// A reader that is dropped ends its program.
#[cfg(target_os = "linux")]
#[test]
fn nothing_runs_on_after_the_reader_is_gone() {
    if !installed("nothing_runs_on_after_the_reader_is_gone") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unmistakable-name.mkv");
    let long = "-f lavfi -i testsrc2=size=320x240:rate=25:duration=4";
    assert!(made(&path, long, &["-c:v", "ffv1", "-pix_fmt", "yuv420p"]));
    let children = || {
        let processes =
            std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
        let lines = processes.filter_map(|line| std::fs::read_to_string(line).ok());
        lines.filter(|line| line.contains("unmistakable-name")).count()
    };
    let mut source = open(&path, &stored(Decoder::FfmpegProgram)).unwrap();
    assert!(source.next_frame().unwrap().is_some());
    assert_eq!(children(), 1);
    drop(source);
    assert_eq!(children(), 0);
}
