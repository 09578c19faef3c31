//! mp4 and mov with 8-bit 4:2:0 H.264, decoded by OpenH264.

mod boxes;
mod demux;
mod description;
mod edit;
mod fault;
mod fragments;
mod samples;
mod sets;
mod sps;
mod survey;
mod track;
mod units;

use crate::error::{Error, Result, check_size};
use crate::frames::frame::{Pixels, Plane, VideoFrame};
use crate::frames::info::VideoInfo;
use crate::frames::readers::stream::Progress;
use crate::frames::remedy::OTHER_DECODER;
use crate::frames::source::{FrameSource, Step, next_of};
use demux::{Demuxer, Packet};
use fault::Fault;
use openh264::OpenH264API;
use openh264::decoder::{DecodeOptions, DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use std::collections::VecDeque;
use std::path::Path;
use units::Content;

/// More frames than H.264 lets a decoder hold back (16).
const MAX_IN_DECODER: usize = 32;

/// Reads one H.264 track of an mp4 or mov file.
///
/// The file is read sample by sample; only its index (about 12 bytes per frame) is in memory, and of a fragmented
/// file only the index of one fragment. Frames come in display order with the composition times of the file, shifted
/// by its edit list; frames that the edit list hides are decoded and dropped. Error concealment is off: the reader
/// reports damage in the stream.
///
/// Units that do not belong to the pictures of the base layer are left out, and a level that OpenH264 does not know is
/// given to it as 5.2: levels bound the effort, not the pictures.
///
/// No count in the file costs more work than the bytes of the file allow, and the index has limits of its own: 10 million
/// frames, 64 MB a table.
///
/// # Deviations
/// OpenH264 equals FFmpeg bit for bit on all streams tested without B-frames. In B-frames it often differs in a few
/// pixels of a few frames, mostly by up to 4 of 255 levels in less than 1 of 200 pixels; the most seen is 85 levels and
/// 1 of 25 pixels. [`VideoInfo::exact`] is false for streams with B-frames. Where a container gives no times of its own to
/// B-frames, they have the times of the container in the order in which they are shown; FFmpeg's times go back and forth
/// there.
pub struct H264Reader {
    demuxer: Demuxer,
    decoder: Decoder,
    /// Composition times of the frames inside the decoder, ascending.
    inside: Vec<i64>,
    /// Frames that the decoder returned when it was emptied.
    drained: VecDeque<(i64, VideoFrame)>,
    /// A packet that waits until those frames are out.
    pending: Option<(i64, Content)>,
    state: State,
    info: VideoInfo,
    frame: VideoFrame,
    progress: Progress,
}

/// The argument `wants` of [`FrameSource::take_frame`].
type Wants<'a> = &'a mut dyn FnMut(u64, f64) -> bool;

/// How the stream goes on.
#[derive(Debug)]
enum State {
    Decoding,
    /// The decoder is empty. The frames in `drained` are left; then the stream ends with this.
    Draining(Option<Ending>),
}

/// Why the stream ends early.
#[derive(Debug)]
enum Ending {
    Damage(String),
    Unsupported(String),
    SizeChanged { found: (u32, u32) },
}

impl From<Fault> for Ending {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Bad(reason) => Self::Damage(reason),
            Fault::Unsupported(what) => Self::Unsupported(what),
            Fault::SizeChanged(found) => Self::SizeChanged { found },
            Fault::NoTrack(_) => Self::Damage("there is no video track".to_owned()),
        }
    }
}

impl std::fmt::Debug for H264Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("H264Reader")
            .field("info", &self.info)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl H264Reader {
    /// Reads the index of the file and prepares the decoder for the track that players show: the first video track
    /// that is enabled and no cover picture.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for other containers and codecs, 10-bit, 4:2:2, 4:4:4 and interlaced
    /// video, and for a pipe; [`Error::Damaged`] when the index is missing; [`Error::Malformed`] when it is broken.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_track(path, None)
    }

    /// The same for the video track with this number, counted from 1. Without one it is the one that players show.
    ///
    /// # Errors
    /// As [`H264Reader::open`], and [`Error::InvalidOption`] where there is no such track.
    pub fn open_track(path: impl AsRef<Path>, track: Option<usize>) -> Result<Self> {
        let path = path.as_ref();
        let (demuxer, mut info) = Demuxer::open(path, track)?;
        check_size(path, "sequence parameter set", info.width, info.height)?;
        info.nominal_rate = Some(info.frame_rate);
        let decoder = new_decoder()
            .map_err(|e| Error::unsupported(path, "decoding", format!("OpenH264 does not start: {e}")))?;
        Ok(Self {
            demuxer,
            decoder,
            inside: Vec::with_capacity(MAX_IN_DECODER),
            drained: VecDeque::new(),
            pending: None,
            state: State::Decoding,
            info,
            frame: VideoFrame::default(),
            progress: Progress::new(path.to_owned()),
        })
    }

    /// The next packet; `None` at the end.
    fn next_packet(&mut self) -> Result<Option<(i64, Content)>, (i64, Ending)> {
        if let Some(pending) = self.pending.take() {
            return Ok(Some(pending));
        }
        let (time, content) = match self.demuxer.next_packet() {
            Ok(Packet::End) => return Ok(None),
            Ok(Packet::Data { composition, content }) => (composition, content),
            Err((time, fault)) => return Err((time.unwrap_or(i64::MAX), fault.into())),
        };
        // OpenH264 loses or misplaces what it holds when another sequence parameter set comes into use.
        if content.new_parameters {
            self.empty_decoder(i64::MAX)?;
            self.decoder = new_decoder().map_err(|e| (time, Ending::Damage(decoder_message(&e))))?;
            self.demuxer.introduce();
        }
        Ok(Some((time, content)))
    }

    /// Decodes until a frame is ready, and copies it if it is wanted. `Ok(None)`: all compressed frames are in the
    /// decoder. `Err`: the time from which frames are missing, and why.
    fn decode(&mut self, wants: Wants<'_>, out: &mut VideoFrame) -> Result<Option<Step>, (i64, Ending)> {
        let size = (self.info.width, self.info.height);
        loop {
            let Some((time, content)) = self.next_packet()? else { return Ok(None) };
            if !self.drained.is_empty() {
                self.pending = Some((time, content));
                return Ok(self.give_drained(wants, out));
            }
            if self.demuxer.data().is_empty() {
                continue;
            }
            let options = DecodeOptions::new().flush_after_decode(Flush::NoFlush);
            let decoded = self.decoder.decode_with_options(self.demuxer.data(), options);
            let yuv = decoded.map_err(|e| (time, Ending::Damage(decoder_message(&e))))?;
            if content.picture {
                let place = self.inside.partition_point(|&other| other <= time);
                self.inside.insert(place, time);
            }
            let Some(yuv) = yuv else {
                if self.inside.len() > MAX_IN_DECODER {
                    let first = self.inside.first().copied().unwrap_or(time);
                    return Err((first, Ending::Damage("the decoder returns no frames".to_owned())));
                }
                continue;
            };
            // The decoder returns frames in display order, so this is the earliest of those inside.
            let time = if self.inside.is_empty() { time } else { self.inside.remove(0) };
            if !self.demuxer.shows(time) {
                continue;
            }
            let pixels = visible(&yuv, size).map_err(|ending| (time, ending))?;
            let (index, seconds) = (self.progress.frames(), self.demuxer.seconds(time));
            self.progress.delivered();
            if !wants(index, seconds) {
                return Ok(Some(Step::Skipped));
            }
            out.assign(index, seconds, pixels);
            return Ok(Some(Step::Taken));
        }
    }

    fn give_drained(&mut self, wants: Wants<'_>, out: &mut VideoFrame) -> Option<Step> {
        let (time, frame) = self.drained.pop_front()?;
        let (index, seconds) = (self.progress.frames(), self.demuxer.seconds(time));
        self.progress.delivered();
        if !wants(index, seconds) {
            return Some(Step::Skipped);
        }
        *out = frame;
        out.stamp(index, seconds);
        Some(Step::Taken)
    }

    /// Takes all frames with times before `limit` out of the decoder. `Err`: as [`H264Reader::decode`].
    fn empty_decoder(&mut self, limit: i64) -> Result<(), (i64, Ending)> {
        let size = (self.info.width, self.info.height);
        let times = std::mem::take(&mut self.inside);
        let first = times.first().copied().unwrap_or(limit);
        let mut times = times.into_iter().take_while(|time| *time < limit);
        let frames = self.decoder.flush_remaining();
        let frames = frames.map_err(|e| (first, Ending::Damage(decoder_message(&e))))?;
        for (yuv, time) in frames.iter().zip(&mut times) {
            if !self.demuxer.shows(time) {
                continue;
            }
            let mut frame = VideoFrame::default();
            frame.assign(0, 0.0, visible(yuv, size).map_err(|ending| (time, ending))?);
            self.drained.push_back((time, frame));
        }
        match times.next() {
            Some(time) => {
                let missing = times.count() + 1;
                Err((time, Ending::Damage(format!("the decoder lost {missing} frames"))))
            }
            None => Ok(()),
        }
    }

    /// The end of the stream: empties the decoder, up to the damage if there is one.
    fn drain(&mut self, damage: Option<(i64, Ending)>) {
        let (limit, ending) = damage.map_or((i64::MAX, None), |(limit, ending)| (limit, Some(ending)));
        let emptied = self.empty_decoder(limit);
        self.state = State::Draining(ending.or(emptied.err().map(|(_, found)| found)));
    }
}

impl FrameSource for H264Reader {
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
        if matches!(self.state, State::Decoding) {
            match self.decode(wants, out) {
                Ok(Some(step)) => return Ok(step),
                Ok(None) => self.drain(None),
                Err(damage) => self.drain(Some(damage)),
            }
        }
        if let Some(step) = self.give_drained(wants, out) {
            return Ok(step);
        }
        let State::Draining(ending) = std::mem::replace(&mut self.state, State::Draining(None)) else {
            return Ok(Step::End);
        };
        let expected = (self.info.width, self.info.height);
        let path = self.progress.path().to_owned();
        match ending {
            None => {
                self.progress.end();
                Ok(Step::End)
            }
            Some(Ending::Damage(reason)) => Err(self.progress.damage(reason)),
            Some(Ending::Unsupported(what)) => {
                Err(self.progress.fail(Error::unsupported(&path, what, OTHER_DECODER)))
            }
            Some(Ending::SizeChanged { found }) => {
                Err(self.progress.fail(Error::SizeChanged { path, expected, found }))
            }
        }
    }
}

fn new_decoder() -> Result<Decoder, openh264::Error> {
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    Decoder::with_api_config(OpenH264API::from_source(), config)
}

/// The visible part of a decoded picture.
fn visible<'a>(yuv: &'a DecodedYUV<'_>, size: (u32, u32)) -> Result<Pixels<'a>, Ending> {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let found = yuv.dimensions();
    // The container may hide the last columns and rows of a macroblock.
    if found.0.div_ceil(16) != width.div_ceil(16) || found.1.div_ceil(16) != height.div_ceil(16) {
        let found = (u32::try_from(found.0).unwrap_or(u32::MAX), u32::try_from(found.1).unwrap_or(u32::MAX));
        return Err(Ending::SizeChanged { found });
    }
    let (stride_y, stride_u, stride_v) = yuv.strides();
    let (cw, ch) = (width.div_ceil(2), height.div_ceil(2));
    let planes = Plane::new(yuv.y(), width, height, stride_y)
        .zip(Plane::new(yuv.u(), cw, ch, stride_u))
        .zip(Plane::new(yuv.v(), cw, ch, stride_v));
    let Some(((y, u), v)) = planes else {
        return Err(Ending::Damage("the decoder returned a picture that is too small".to_owned()));
    };
    Ok(Pixels::Yuv420 { y, u, v })
}

/// OpenH264's error, reduced to the number that its documentation lists.
fn decoder_message(error: &openh264::Error) -> String {
    format!("the H.264 decoder reports error {:#x}", error.native_code())
}
