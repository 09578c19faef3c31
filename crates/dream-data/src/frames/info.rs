//! What is known about a video before its first frame.

use crate::error::{Error, Result};
use crate::frames::assumption::Assumption;
use crate::frames::color_range::ColorRange;
use crate::frames::frame::Layout;
use crate::frames::frame_rate::FrameRate;
use crate::frames::interlaced::FieldOrder;
use crate::frames::rotation::Rotation;
use std::path::PathBuf;

/// Whether all frames of a video have the same duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pacing {
    /// The file does not state it. [`FrameTimes`](crate::FrameTimes) measures it from the frames.
    #[default]
    Unknown,
    /// All frames have the same duration (the last one may differ).
    Constant,
    /// Durations differ: only [`VideoFrame::timestamp`](crate::VideoFrame::timestamp) tells when a frame is shown.
    Variable,
}

/// What is known about a video before its first frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VideoInfo {
    /// Visible width in pixels.
    pub width: u32,
    /// Visible height in pixels.
    pub height: u32,
    /// Frames per second of the frames that come. Where frames are not shown for the same time each, it is the rate of
    /// the most common duration, as far as that is known up front: the mean over a freeze is no rate. Of a thinned source
    /// it is the rate of the selection, see [`Sampled`](crate::Sampled).
    pub frame_rate: FrameRate,
    /// Number of frames that the container states, if it does; of a sampled source, the number that will come.
    pub frames: Option<u64>,
    /// True if frames of the video are left out between those that come: this source is a selection, as
    /// [`Sampled`](crate::Sampled) makes it. What compares neighbouring frames (motion, flicker) cannot use it.
    pub thinned: bool,
    /// The range of the samples. From a reader it is what the file states; [`open`](crate::open) brings the samples to
    /// the range that [`OpenOptions::range`](crate::OpenOptions::range) asks for. RGB has full range.
    pub range: ColorRange,
    /// Which samples frames consist of. [`open`](crate::open) gives 4:2:0 or RGB. Crops of 4:2:0 begin at even pixels,
    /// see [`RelativeBox::in_frame`](crate::RelativeBox::in_frame).
    pub layout: Layout,
    /// What still brings the frames upright. [`open`](crate::open) applies it, and this is then `None`, unless
    /// [`OpenOptions::apply_rotation`](crate::OpenOptions::apply_rotation) is false: frames then come as stored.
    pub rotation: Rotation,
    /// Bits per sample in the file, where known. Frames have 8; `converted_from` is set if the file has more.
    pub bit_depth: Option<u8>,
    /// Whether all frames have the same duration, as far as the file states it up front.
    pub pacing: Pacing,
    /// The rate of the most common frame duration, if the file states it up front.
    pub nominal_rate: Option<FrameRate>,
    /// True if the frames match the standard of the format bit for bit. False if `converted_from` is set, and for
    /// H.264 with B-frames decoded by OpenH264, which may be off by a few levels in a few pixels.
    pub exact: bool,
    /// The decoded pixel format, if [`Pixels`](crate::Pixels) cannot hold it and the frames were converted.
    pub converted_from: Option<String>,
    /// Set if frames consist of two fields of different times.
    pub fields: Option<FieldOrder>,
    /// The decoder: `y4m`, `raw`, `image`, `openh264`, `ffmpeg-library` or `ffmpeg-program`.
    pub decoder: &'static str,
    /// What was settled without asking, in a fixed order. Some of it only the frames show: read it again after the last
    /// one.
    pub assumptions: Vec<Assumption>,
    /// Where assumptions are errors: the name of the video for them.
    pub(crate) strict: Option<PathBuf>,
}

impl VideoInfo {
    /// The fields that every source knows; all others are unknown. The rate is taken as constant, and the frames as
    /// 4:2:0.
    #[must_use]
    pub fn new(width: u32, height: u32, frame_rate: FrameRate, decoder: &'static str) -> Self {
        let range = ColorRange::Unknown;
        Self {
            width,
            height,
            frame_rate,
            frames: None,
            thinned: false,
            range,
            layout: Layout::Yuv420,
            rotation: Rotation::None,
            bit_depth: None,
            pacing: Pacing::Constant,
            nominal_rate: Some(frame_rate),
            exact: true,
            converted_from: None,
            fields: None,
            decoder,
            assumptions: Vec::new(),
            strict: None,
        }
    }

    /// For a filter: takes over what its source has seen in the frames so far.
    pub(crate) fn follow(&mut self, source: &Self) {
        if self.assumptions != source.assumptions {
            self.assumptions.clone_from(&source.assumptions);
        }
    }

    /// # Errors
    /// [`Error::Assumed`] for the first assumption, where assumptions are errors.
    pub(crate) fn check_strict(&self) -> Result<()> {
        match (&self.strict, self.assumptions.first()) {
            (Some(path), Some(assumption)) => {
                Err(Error::Assumed { path: path.clone(), assumption: Box::new(assumption.clone()) })
            }
            _ => Ok(()),
        }
    }
}
