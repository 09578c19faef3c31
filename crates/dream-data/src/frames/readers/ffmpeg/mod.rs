//! Everything that FFmpeg reads, through video-rs' re-export of its bindings: planes as decoded.

mod convert;

use crate::error::{Error, Result, check_size};
use crate::frames::color_range::ColorRange;
use crate::frames::frame::VideoFrame;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::{Pacing, VideoInfo};
use crate::frames::interlaced::FieldOrder;
use crate::frames::readers::containers::{
    Clock, FORMATS, NOT_LISTED, PROTOCOLS, RATE_PACKETS, choose_track, frame_rate,
};
use crate::frames::readers::durations::Durations;
use crate::frames::readers::promise::{Found, Promise};
use crate::frames::readers::stream::Progress;
use crate::frames::rotation::Rotation;
use crate::frames::source::{FrameSource, Step, next_of};
use convert::Output;
use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;
use video_rs::ffmpeg;

use ffmpeg::Packet;
use ffmpeg::codec::{Context, packet, threading};
use ffmpeg::decoder::Check;
use ffmpeg::format::context::Input;
use ffmpeg::format::stream::Disposition;
use ffmpeg::util::error::{EAGAIN, EINVAL};
use ffmpeg::util::{color, frame, log};

const HELP: &str = "check that `ffmpeg -i` reads it, and that it has a video stream";

/// Decodes a video track of a file with FFmpeg, on one thread.
///
/// 8-bit 4:2:0 (`yuv420p`, `yuvj420p`, `nv12`, `nv21`) and `gray` planes are handed out as decoded.
/// Other YUV formats are converted to `yuv420p`, deep grey to `gray` and RGB to `rgb24` by FFmpeg's
/// scaler, as `ffmpeg -pix_fmt` does; [`VideoInfo::converted_from`] then names the format and
/// [`VideoInfo::exact`] is false. An alpha channel is dropped. Interlaced frames come woven. Times and
/// edit lists are FFmpeg's. Errors that FFmpeg conceals end the stream with [`Error::Damaged`].
///
/// FFmpeg's own messages to the terminal are switched off for the whole process at the first use.
pub struct FfmpegReader {
    input: Input,
    stream: usize,
    time_base: ffmpeg::Rational,
    decoder: ffmpeg::decoder::Video,
    decoded: frame::Video,
    output: Output,
    feed: Feed,
    promise: Promise,
    found: Found,
    clock: Clock,
    info: VideoInfo,
    frame: VideoFrame,
    progress: Progress,
    /// The first frame or its failure, until it is asked for.
    first: Option<std::result::Result<Option<()>, String>>,
}

/// What the decoder still receives.
#[derive(Debug)]
enum Feed {
    Packets,
    /// Nothing; it returns the frames that it holds. Frames from `damage_time` on (stream units) are not delivered,
    /// and `damage` follows the last frame.
    Draining {
        damage_time: i64,
        damage: Option<String>,
    },
}

impl std::fmt::Debug for FfmpegReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FfmpegReader")
            .field("info", &self.info)
            .field("feed", &self.feed)
            .finish_non_exhaustive()
    }
}

/// Starts FFmpeg's libraries once per process.
fn start() -> bool {
    static STARTED: OnceLock<bool> = OnceLock::new();
    *STARTED.get_or_init(|| {
        let started = ffmpeg::init().is_ok();
        log::set_level(log::Level::Quiet);
        started
    })
}

impl FfmpegReader {
    /// Opens the file and the decoder of the video track that players show.
    ///
    /// # Errors
    /// As [`FfmpegReader::open_track`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_track(path, None)
    }

    /// Opens the file and the decoder of a video track, counted from 1; `None` is the one that players show. The first
    /// frame is decoded, because only frames tell whether they are interlaced.
    ///
    /// # Errors
    /// [`Error::Io`] when the file is missing; [`Error::Unsupported`] when FFmpeg finds no video that
    /// it can decode; [`Error::Malformed`] when its size or frame rate is unknown; [`Error::InvalidOption`] when there
    /// is no such track.
    pub fn open_track(path: impl AsRef<Path>, track: Option<usize>) -> Result<Self> {
        let path = path.as_ref();
        // Otherwise FFmpeg would report a missing file as an unknown format.
        let file = std::fs::File::open(path).map_err(|e| Error::io(path, e))?;
        let refuse = |what: &str, e: ffmpeg::Error| Error::unsupported(path, format!("{what} ({e})"), HELP);
        if !start() {
            return Err(Error::unsupported(path, "FFmpeg", "its libraries do not start"));
        }
        let address = address(path, &file)?;
        let input = open_input(&address);
        let input = input.map_err(|e| match e {
            ffmpeg::Error::Other { errno: EINVAL } => Error::unsupported(path, NOT_LISTED, HELP),
            _ => refuse("this file", e),
        })?;
        let cover = |stream: &ffmpeg::Stream<'_>| stream.disposition().contains(Disposition::ATTACHED_PIC);
        let tracks = input
            .streams()
            .filter(|stream| stream.parameters().medium() == ffmpeg::media::Type::Video && !cover(stream));
        let tracks: Vec<_> = tracks.collect();
        let nothing = || refuse("a file without video", ffmpeg::Error::StreamNotFound);
        if tracks.is_empty() {
            return Err(nothing());
        }
        let marked = |stream: &ffmpeg::Stream<'_>| stream.disposition().contains(Disposition::DEFAULT);
        let defaults: Vec<bool> = tracks.iter().map(marked).collect();
        let (place, assumption) = choose_track(path, track, &defaults)?;
        let stream = tracks.get(place).ok_or_else(nothing)?;
        let index = stream.index();
        let time_base = stream.time_base();

        let mut context =
            Context::from_parameters(stream.parameters()).map_err(|e| refuse("its codec", e))?;
        // One thread: the same bytes on every machine, and errors in order.
        context.set_threading(threading::Config::count(1));
        let mut decoder = context.decoder();
        decoder.check(Check::CRC);
        decoder.set_packet_time_base(time_base);
        let decoder = decoder.video().map_err(|e| refuse("its codec", e))?;

        let (width, height) = (decoder.width(), decoder.height());
        check_size(path, "video stream", width, height)?;
        let clock = |part: i32| u32::try_from(part).unwrap_or(0);
        let rate = frame_rate(
            ratio(stream.avg_frame_rate()),
            ratio(stream.rate()),
            (clock(time_base.denominator()), clock(time_base.numerator())),
            || durations(&address, index),
        );
        let rate = rate.map_err(|e| refuse("this file", e))?;
        let rate = rate.ok_or_else(|| Error::malformed(path, "video stream", "its frame rate is unknown"))?;
        let mut info = VideoInfo::new(width, height, rate, "ffmpeg-library");
        info.frames = u64::try_from(stream.frames()).ok().filter(|&frames| frames > 0);
        info.rotation = display_rotation(stream);
        let output = Output::new(decoder.format()).ok_or_else(|| {
            Error::unsupported(path, format!("the pixel format {:?}", decoder.format()), HELP)
        })?;
        info.range = match decoder.color_range() {
            color::Range::JPEG => ColorRange::Full,
            color::Range::MPEG => ColorRange::Limited,
            color::Range::Unspecified => {
                output.pixels.implied_range(decoder.id() == ffmpeg::codec::Id::RAWVIDEO)
            }
        };
        info.converted_from = output.pixels.converted_from();
        info.layout = output.pixels.layout();
        info.exact = info.converted_from.is_none();
        info.bit_depth = output.pixels.bit_depth();
        info.assumptions.extend(assumption);
        // Only the frames show whether the stream keeps to its rate.
        info.pacing = Pacing::Unknown;

        let promise = promise(&input, stream, info.frames);
        let mut reader = Self {
            stream: index,
            time_base,
            input,
            decoder,
            decoded: frame::Video::empty(),
            output,
            feed: Feed::Packets,
            promise,
            found: Found::default(),
            clock: Clock::default(),
            info,
            frame: VideoFrame::default(),
            progress: Progress::new(path.to_owned()),
            first: None,
        };
        let first = reader.decode();
        if matches!(first, Ok(Some(()))) {
            let (width, height) = (reader.decoded.width(), reader.decoded.height());
            // Containers and streams may differ; what is decoded counts.
            check_size(path, "video stream", width, height)?;
            (reader.info.width, reader.info.height) = (width, height);
            reader.info.fields = fields(&reader.decoded);
        }
        reader.first = Some(first);
        Ok(reader)
    }

    /// Decodes into `self.decoded`; `None` at the end, the reason on damage.
    fn decode(&mut self) -> std::result::Result<Option<()>, String> {
        loop {
            match self.decoder.receive_frame(&mut self.decoded) {
                Ok(()) if self.decoded.is_corrupt() || self.decoded.has_decode_errors() => {
                    return Err("the decoder reports a corrupt frame".to_owned());
                }
                Ok(()) => {
                    if let Feed::Draining { damage_time, damage } = &mut self.feed
                        && self.decoded.timestamp().is_some_and(|time| time >= *damage_time)
                    {
                        return Err(damage.take().unwrap_or_default());
                    }
                    return Ok(Some(()));
                }
                Err(ffmpeg::Error::Other { errno: EAGAIN }) => {}
                Err(ffmpeg::Error::Eof) => return self.finish(),
                Err(e) => return Err(format!("the decoder reports: {e}")),
            }
            if let Feed::Draining { .. } = self.feed {
                // A decoder that asks for more after the end has nothing left.
                return self.finish();
            }
            self.feed_one()?;
        }
    }

    /// Reads one packet and gives it to the decoder.
    fn feed_one(&mut self) -> std::result::Result<(), String> {
        let mut packet = Packet::empty();
        match packet.read(&mut self.input) {
            Ok(()) => {
                self.note_end(&packet);
                if packet.stream() != self.stream {
                    return Ok(());
                }
                self.found.packets += 1;
                let time = packet.pts().or(packet.dts());
                if packet.is_corrupt() {
                    return self.drain(time, Some("a compressed frame is cut off or corrupt".to_owned()));
                }
                match self.decoder.send_packet(&packet) {
                    // The decoder takes a packet whenever it has no frame to give.
                    Ok(()) => Ok(()),
                    Err(e) => self.drain(time, Some(format!("the decoder reports: {e}"))),
                }
            }
            Err(ffmpeg::Error::Eof) => {
                let half_frame = 0.5 / self.info.frame_rate.as_f64();
                let damage = self.promise.shortfall(&self.found, half_frame);
                self.drain(None, damage)
            }
            Err(e) => self.drain(None, Some(format!("reading fails: {e}"))),
        }
    }

    /// No more packets. Frames before `damage_time` are still good.
    fn drain(&mut self, damage_time: Option<i64>, damage: Option<String>) -> std::result::Result<(), String> {
        self.feed = Feed::Draining { damage_time: damage_time.unwrap_or(i64::MAX), damage };
        match self.decoder.send_eof() {
            Ok(()) | Err(ffmpeg::Error::Eof) => Ok(()),
            Err(e) => Err(format!("the decoder reports: {e}")),
        }
    }

    fn finish(&mut self) -> std::result::Result<Option<()>, String> {
        match &mut self.feed {
            Feed::Draining { damage, .. } => damage.take().map_or(Ok(None), Err),
            Feed::Packets => Ok(None),
        }
    }

    fn note_end(&mut self, packet: &Packet) {
        let unit = self.input.stream(packet.stream()).map(|stream| seconds(stream.time_base()));
        if let (Some(unit), Some(time)) = (unit, packet.pts().or(packet.dts())) {
            let end = time.saturating_add(packet.duration()) as f64 * unit;
            self.found.end = self.found.end.max(end);
            if packet.stream() == self.stream {
                self.found.video_end = self.found.video_end.max(end);
            }
        }
    }
}

/// The file alone, of a format that is whole in one file.
fn open_input(address: &OsString) -> std::result::Result<Input, ffmpeg::Error> {
    let mut limits = ffmpeg::Dictionary::new();
    limits.set("protocol_whitelist", PROTOCOLS);
    limits.set("format_whitelist", FORMATS);
    ffmpeg::format::input_with_dictionary(address, limits)
}

/// How long the first frames last. A second input, because the first one must not lose its packets.
fn durations(address: &OsString, stream: usize) -> std::result::Result<Durations, ffmpeg::Error> {
    let (mut input, mut durations) = (open_input(address)?, Durations::default());
    let mut packet = Packet::empty();
    let mut left = RATE_PACKETS;
    while left > 0 && packet.read(&mut input).is_ok() {
        if packet.stream() == stream {
            if let Some(time) = packet.dts() {
                durations.see_time(time);
            }
            left -= 1;
        }
    }
    durations.finish();
    Ok(durations)
}

/// Containers that promise more than there is end without an error in FFmpeg.
fn promise(input: &Input, stream: &ffmpeg::Stream<'_>, packets: Option<u64>) -> Promise {
    let unit = seconds(stream.time_base());
    let start = Some(stream.start_time()).filter(|&start| start != ffmpeg::ffi::AV_NOPTS_VALUE).unwrap_or(0);
    let units = Some(stream.duration()).filter(|&units| units > 0);
    let video_end = units.map(|units| start.saturating_add(units) as f64 * unit);
    let end = input.duration() as f64 / f64::from(ffmpeg::ffi::AV_TIME_BASE);
    Promise::new(input.format().name(), packets, video_end, Some(end))
}

impl FrameSource for FfmpegReader {
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
        let decoded = self.first.take().unwrap_or_else(|| self.decode());
        if self.progress.settle(decoded)?.is_none() {
            return Ok(Step::End);
        }
        let index = self.progress.frames();
        let time = self.decoded.timestamp().map(|time| time as f64 * seconds(self.time_base));
        let time = self.clock.time_of(time, index, self.info.frame_rate);
        let expected = (self.info.width, self.info.height);
        let found = (self.decoded.width(), self.decoded.height());
        if found != expected {
            let path = self.progress.path().to_owned();
            return Err(self.progress.fail(Error::SizeChanged { path, expected, found }));
        }
        if !wants(index, time) {
            self.progress.delivered();
            return Ok(Step::Skipped);
        }
        match self.output.copy(&mut self.decoded, self.info.range, out) {
            Ok(()) => {
                out.stamp(index, time);
                self.progress.delivered();
                Ok(Step::Taken)
            }
            Err(reason) => Err(self.progress.damage(reason)),
        }
    }
}

/// The file name for FFmpeg: with a protocol, so that a colon in the name keeps its meaning, and as UTF-8, because
/// the bindings panic on other names. Files with other names are opened through their file descriptor.
fn address(path: &Path, file: &std::fs::File) -> Result<OsString> {
    let plain = path.to_str().filter(|text| !text.contains('\0'));
    if let Some(text) = plain {
        return Ok(format!("file:{text}").into());
    }
    #[cfg(unix)]
    {
        use std::os::fd::AsRawFd;
        Ok(format!("file:/dev/fd/{}", file.as_raw_fd()).into())
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Err(Error::unsupported(path, "a file name that is not Unicode", "rename the file"))
    }
}

fn seconds(unit: ffmpeg::Rational) -> f64 {
    f64::from(unit.numerator()) / f64::from(unit.denominator().max(1))
}

fn ratio(rate: ffmpeg::Rational) -> Option<FrameRate> {
    let (num, den) = (u64::try_from(rate.numerator()).ok()?, u64::try_from(rate.denominator()).ok()?);
    FrameRate::from_ratio(num, den)
}

fn fields(frame: &frame::Video) -> Option<FieldOrder> {
    let order = if frame.is_top_first() { FieldOrder::TopFirst } else { FieldOrder::BottomFirst };
    frame.is_interlaced().then_some(order)
}

fn display_rotation(stream: &ffmpeg::Stream<'_>) -> Rotation {
    let matrix = stream.side_data().find(|data| data.kind() == packet::side_data::Type::DisplayMatrix);
    let Some(matrix) = matrix else { return Rotation::None };
    let entry = |index: usize| {
        let bytes = matrix.data().chunks_exact(4).nth(index).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| i32::from_ne_bytes(*bytes))
    };
    Rotation::from_matrix(entry(0), entry(1), entry(3), entry(4))
}
