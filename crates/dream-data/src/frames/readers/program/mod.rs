//! Everything that the programs `ffmpeg` and `ffprobe` read, run as child processes.

mod child;
mod locate;
mod messages;
mod probe;
#[cfg(test)]
mod tests;

use crate::error::{Error, MAX_DIMENSION, Result, check_size};
use crate::frames::color_range::ColorRange;
use crate::frames::frame::VideoFrame;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::{Pacing, VideoInfo};
use crate::frames::interlaced::FieldOrder;
use crate::frames::readers::containers::{Clock, FORMATS, PROTOCOLS, choose_track, frame_rate};
use crate::frames::readers::pixel_format::{PixelFormat, Planes};
use crate::frames::readers::promise::Promise;
use crate::frames::readers::stream::{Filled, Progress, fill};
use crate::frames::remedy::INSTALL;
use crate::frames::source::{FrameSource, Step, next_of};
use child::{Limits, Running};
use locate::{Programs, address, command};
use messages::{Messages, Said, Shown, readable};
use probe::{HELP, Probed, Track, durations, failed, survey};
use std::path::Path;
use std::process::Command;

/// Decodes a video track of a file with the program `ffmpeg`, on one thread. The frames are those of FFmpeg's
/// libraries: 8-bit 4:2:0 and gray as decoded, all others converted by FFmpeg's scaler, woven if they are interlaced.
///
/// Both programs are looked for on the path (in absolute folders only), or in the folder that the environment variable
/// `DREAM_FFMPEG` names. They are started without a shell and read nothing but the file itself: playlists and other
/// files that name further files are refused. `ffprobe` must answer within 30 seconds and 1 MiB, `ffmpeg` must not be
/// silent for more than 60 seconds, and both are ended when the reader is dropped.
///
/// A damaged file ends with [`Error::Damaged`] as with the libraries; after an error of the decoder, frames that it then
/// still holds are lost.
#[derive(Debug)]
pub struct ProgramReader {
    programs: Programs,
    limits: Limits,
    /// `None` after the end.
    running: Option<Running<Said>>,
    /// What was said before the first frame was asked for.
    heard: Option<Said>,
    /// Number of the stream in the file.
    stream: u32,
    pixels: PixelFormat,
    promise: Promise,
    clock: Clock,
    /// End of the last frame in seconds.
    last_end: f64,
    info: VideoInfo,
    frame: VideoFrame,
    progress: Progress,
}

impl ProgramReader {
    /// True if both programs are installed.
    #[must_use]
    pub fn is_available() -> bool {
        Programs::installed().is_some()
    }

    /// The path of `ffmpeg` and the line in which it states its version.
    pub(crate) fn version() -> Option<String> {
        let Programs { ffmpeg, version, .. } = Programs::installed()?;
        Some(format!("{}: {version}", ffmpeg.display()))
    }

    /// Asks `ffprobe` about the file and starts `ffmpeg`. `track` counts the video tracks from 1; `None` is the one
    /// that players show.
    ///
    /// # Errors
    /// [`Error::Io`] when the file is missing, or when a program does not answer in time; [`Error::Unsupported`] when
    /// the programs are not installed, or do not find video that they can decode; [`Error::Malformed`] when its size or
    /// frame rate is unknown; [`Error::InvalidOption`] when there is no such track.
    pub fn open(path: impl AsRef<Path>, track: Option<usize>) -> Result<Self> {
        let path = path.as_ref();
        let none = || Error::unsupported(path, "the decoder `ffmpeg-program`", INSTALL);
        Self::start(Programs::installed().ok_or_else(none)?, path, track, Limits::default())
    }

    fn start(programs: &Programs, path: &Path, track: Option<usize>, limits: Limits) -> Result<Self> {
        // Otherwise FFmpeg would report a missing file as an unknown format.
        std::fs::File::open(path).map_err(|e| Error::io(path, e))?;
        let probed = Probed::of(programs, path, &limits)?;
        let tracks = probed.tracks();
        let defaults: Vec<bool> =
            tracks.iter().map(|track| track.text("disposition.default") == Some("1")).collect();
        let nothing = || Error::unsupported(path, "a file without video", HELP);
        let (place, assumption) = choose_track(path, track, &defaults)
            .and_then(|chosen| if tracks.is_empty() { Err(nothing()) } else { Ok(chosen) })?;
        let track = tracks.get(place).ok_or_else(nothing)?;
        let stream = track.number("index").ok_or_else(nothing)?;
        let rate = |key| track.ratio(key).and_then(|(num, den)| FrameRate::new(num, den).ok());
        let (units, seconds) = track.ratio("time_base").unwrap_or((1, 1));
        let durations = || durations(programs, path, stream, &limits);
        let rate = frame_rate(rate("avg_frame_rate"), rate("r_frame_rate"), (seconds, units), durations);
        let rate = rate.map_err(|e| failed(path, &e))?;
        let (mut info, pixels) = describe(path, track, rate)?;
        info.assumptions.extend(assumption);

        let asked = decode(programs, path, stream, &filters(&pixels, info.range));
        let mut messages = Messages::default();
        let running = Running::start(asked, limits.stall, move |line| messages.read(line));
        let mut running = running.map_err(|e| failed(path, &e))?;
        let heard = running.next_line().map_err(|e| failed(path, &e))?;
        match &heard {
            // Containers and streams may differ; what is decoded counts.
            Some(Said::Frame(first)) => {
                check_size(path, "video stream", first.size.0, first.size.1)?;
                (info.width, info.height) = first.size;
                info.fields = match first.fields {
                    'T' => Some(FieldOrder::TopFirst),
                    'B' => Some(FieldOrder::BottomFirst),
                    _ => None,
                };
            }
            Some(Said::End(said) | Said::Damage(said))
                if said.contains("ecoder") && said.contains("found") =>
            {
                return Err(no_decoder(path, track));
            }
            // A version without one of the options.
            Some(Said::End(said) | Said::Damage(said)) if said.contains("ption") => {
                return Err(failed(path, &std::io::Error::other(said.clone())));
            }
            _ => {}
        }
        Ok(Self {
            programs: programs.clone(),
            limits,
            running: Some(running),
            heard,
            stream,
            pixels,
            promise: Promise::new(probed.container(), info.frames, track.end(), probed.duration()),
            clock: Clock::default(),
            last_end: 0.0,
            info,
            frame: VideoFrame::default(),
            progress: Progress::new(path.to_owned()),
        })
    }

    /// Reads the samples of the frame that was announced, and its time.
    fn read(&mut self, shown: &Shown, out: &mut VideoFrame) -> Result<f64> {
        let expected = (self.info.width, self.info.height);
        if shown.size != expected {
            let path = self.progress.path().to_owned();
            return Err(Error::SizeChanged { path, expected, found: shown.size });
        }
        if !shown.in_order {
            return Err(self.progress.damage("messages of ffmpeg are missing"));
        }
        if without_range(&shown.format) != without_range(&self.pixels.name) {
            let (from, to) = (&self.pixels.name, &shown.format);
            let reason = format!("the pixel format changes from {from} to {to}");
            return Err(self.progress.damage(reason));
        }
        let buffer = out.buffer(expected.0 as usize, expected.1 as usize, self.pixels.layout());
        let filled = match &mut self.running {
            Some(running) => fill(&mut running.output, buffer),
            None => Filled::Nothing,
        };
        match filled {
            Filled::Whole => Ok(self.clock.time_of(shown.time, self.progress.frames(), self.info.frame_rate)),
            Filled::Failed(error) => Err(failed(self.progress.path(), &error)),
            Filled::Nothing | Filled::Part { .. } => loop {
                match self.hear()? {
                    Some(Said::Frame(_)) => {}
                    Some(Said::Damage(reason)) => return Err(self.progress.damage(reason)),
                    Some(Said::End(said)) => return Err(self.ended(&said, "ffmpeg ends inside a frame")),
                    None => return Err(self.ended("", "ffmpeg ends inside a frame")),
                }
            },
        }
    }

    fn hear(&mut self) -> Result<Option<Said>> {
        if let Some(heard) = self.heard.take() {
            return Ok(Some(heard));
        }
        let next = self.running.as_mut().map_or(Ok(None), Running::next_line);
        next.map_err(|e| failed(self.progress.path(), &e))
    }

    /// Why there are fewer frames than there should be: what `ffmpeg` said, or its status, or `otherwise`.
    fn ended(&mut self, said: &str, otherwise: &str) -> Error {
        let status = self.running.as_mut().map(Running::wait);
        let name = address(self.progress.path());
        let said = readable(said, &name.to_string_lossy());
        match status {
            Some(Err(error)) => failed(self.progress.path(), &error),
            Some(Ok(status)) if !status.success() && said.is_empty() => {
                self.progress.damage(format!("ffmpeg ends with {status}"))
            }
            Some(Ok(status)) if !status.success() => self.progress.damage(said),
            _ => self.progress.damage(otherwise),
        }
    }

    /// After the last message: all is well, or the error.
    fn finish(&mut self, said: &str) -> Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        match fill(&mut running.output, &mut [0]) {
            Filled::Nothing => {}
            Filled::Failed(error) => return Err(failed(self.progress.path(), &error)),
            Filled::Whole | Filled::Part { .. } => {
                return Err(self.ended(said, "ffmpeg writes more than it announces"));
            }
        }
        if !running.wait().map_err(|e| failed(self.progress.path(), &e))?.success() {
            return Err(self.ended(said, ""));
        }
        if self.promise.kept_by(self.progress.frames(), self.last_end) {
            return Ok(());
        }
        let found = survey(&self.programs, self.progress.path(), self.stream, &self.limits);
        let found = found.map_err(|e| failed(self.progress.path(), &e))?;
        let half_frame = 0.5 / self.info.frame_rate.as_f64();
        self.promise
            .shortfall(&found, half_frame)
            .map_or(Ok(()), |missing| Err(self.progress.damage(missing)))
    }

    fn step(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let shown = match self.hear()? {
            Some(Said::Frame(shown)) => shown,
            Some(Said::Damage(reason)) => return Err(self.progress.damage(reason)),
            Some(Said::End(said)) => {
                self.finish(&said)?;
                return Ok(Step::End);
            }
            None => return Err(self.ended("", "ffmpeg falls silent")),
        };
        let time = self.read(&shown, out)?;
        let index = self.progress.frames();
        self.progress.delivered();
        self.last_end = self.last_end.max(time + 1.0 / self.info.frame_rate.as_f64());
        if !wants(index, time) {
            return Ok(Step::Skipped);
        }
        out.stamp(index, time);
        Ok(Step::Taken)
    }
}

impl FrameSource for ProgramReader {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |source| &mut source.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        if self.progress.ended() {
            return Ok(Step::End);
        }
        let step = self.step(wants, out);
        if matches!(step, Ok(Step::End) | Err(_)) {
            self.progress.end();
            self.running = None;
        }
        step
    }
}

/// What `ffprobe` says about a track, and its pixel format.
fn describe(path: &Path, track: &Track<'_>, rate: Option<FrameRate>) -> Result<(VideoInfo, PixelFormat)> {
    let pixels = PixelFormat::named(track.text("pix_fmt").ok_or_else(|| no_decoder(path, track))?);
    let size = |key| track.number(key).unwrap_or(0);
    let (width, height) = (size("width"), size("height"));
    check_size(path, "video stream", width, height)?;
    let rate = rate.ok_or_else(|| Error::malformed(path, "video stream", "its frame rate is unknown"))?;
    let mut info = VideoInfo::new(width, height, rate, "ffmpeg-program");
    info.frames = track.number("nb_frames").filter(|&frames| frames > 0);
    info.rotation = track.rotation();
    info.range = match track.text("color_range") {
        Some("pc") => ColorRange::Full,
        Some("tv") => ColorRange::Limited,
        _ => pixels.implied_range(track.text("codec_name") == Some("rawvideo")),
    };
    info.converted_from = pixels.converted_from();
    info.layout = pixels.layout();
    info.exact = info.converted_from.is_none();
    info.bit_depth = pixels.bit_depth();
    // Only the frames show whether the stream keeps to its rate.
    info.pacing = Pacing::Unknown;
    Ok((info, pixels))
}

fn no_decoder(path: &Path, track: &Track<'_>) -> Error {
    let codec = track.text("codec_name").unwrap_or("unknown");
    Error::unsupported(
        path,
        format!("the codec `{codec}`"),
        "use an FFmpeg that decodes it, or convert the file",
    )
}

/// `showinfo` comes first: it tells the time, and the size and format before any conversion.
fn filters(pixels: &PixelFormat, range: ColorRange) -> String {
    let conversion = match (pixels.target, pixels.planes) {
        (Some(target), _) => pixels.conversion(target, range),
        (None, Planes::Planar) => "format=yuv420p|yuvj420p".to_owned(),
        // The same samples in other places.
        (None, Planes::Interleaved { .. }) => pixels.conversion("yuv420p", range),
        (None, Planes::Gray) => "format=gray".to_owned(),
        (None, Planes::Packed) => "format=rgb24".to_owned(),
    };
    format!("showinfo=checksum=0,{conversion}")
}

/// Frames go to the output as they are, messages about them to the other pipe.
fn decode(programs: &Programs, path: &Path, stream: u32, filters: &str) -> Command {
    let most = u64::from(MAX_DIMENSION).pow(2).to_string();
    let mut command = command(&programs.ffmpeg);
    command.args(["-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+level+info", "-debug_ts"]);
    if programs.old {
        // It says nothing about corrupt frames otherwise. Newer versions then lose good frames.
        command.arg("-xerror");
    }
    // The status tells of errors in decoding, and times are those of the file.
    command.args(["-max_error_rate", "0", "-copyts", "-filter_threads", "1"]);
    command.args(["-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMATS]);
    // One thread: the same bytes on every machine, and errors in order.
    command.args(["-noautorotate", "-threads", "1", "-err_detect", "crccheck", "-max_pixels", &most]);
    command.arg("-i").arg(address(path));
    command.args(["-map", &format!("0:{stream}"), "-map_metadata", "-1", "-map_chapters", "-1"]);
    // Every frame as it is.
    command.args(["-vf", filters, if programs.old { "-vsync" } else { "-fps_mode" }, "passthrough"]);
    command.args(["-f", "rawvideo", "-flush_packets", "1", "pipe:1"]);
    command
}

/// `yuvj420p` is `yuv420p` of full range; versions of FFmpeg differ in which name they use.
fn without_range(format: &str) -> String {
    format.replacen("yuvj", "yuv", 1)
}
