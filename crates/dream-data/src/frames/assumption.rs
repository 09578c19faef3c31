//! What was settled about a video without asking.

use crate::frames::color_range::ColorRange;
use crate::frames::frame_rate::FrameRate;
use crate::frames::interlaced::Interlaced;
use crate::frames::pixel_rect::PixelRect;
use crate::frames::rotation::Rotation;
use std::fmt;

/// Something about a video that its file leaves open, or that was changed before anybody saw the frames. A score rests
/// on it, so programs show it. [`OpenOptions::strict`](crate::OpenOptions::strict) makes each one an error.
///
/// `Display` gives the [kind](Assumption::kind), a colon and a sentence.
///
/// # Example
/// ```
/// use dream_data::{Assumption, ColorRange};
///
/// let assumption = Assumption::RangeConverted { from: ColorRange::Full };
/// assert_eq!(assumption.kind(), "range-converted");
/// assert_eq!(assumption.to_string(), "range-converted: full range was brought to limited range");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Assumption {
    /// Neither the file nor its format states the range; the samples are taken as limited.
    RangeAssumed,
    /// The samples were brought from this range to the one that
    /// [`OpenOptions::range`](crate::OpenOptions::range) asks for.
    RangeConverted {
        /// The range in the file.
        from: ColorRange,
    },
    /// The frames were turned or mirrored, as players do.
    Rotated {
        /// What was applied.
        rotation: Rotation,
    },
    /// The frames consist of two fields of different times.
    Interlaced {
        /// What was done about it.
        treatment: Interlaced,
    },
    /// Frames are not shown for the same time each. [`VideoInfo::frame_rate`](crate::VideoInfo::frame_rate) is the
    /// nominal rate, and windows of a second hold as many frames as it says.
    PacingIrregular {
        /// The rate of the most common duration.
        nominal: FrameRate,
        /// Seconds of the longest time between two frames.
        longest: f64,
    },
    /// The file states no frame rate; this one was taken.
    RateAssumed {
        /// The rate taken.
        rate: FrameRate,
    },
    /// The images of a folder were taken for the frames of one video.
    FolderAsClip {
        /// How many there are.
        images: usize,
    },
    /// There are other video tracks.
    OneOfTracks {
        /// Position of the track that is read among the video tracks, from 1.
        track: usize,
        /// How many video tracks there are.
        tracks: usize,
    },
    /// The picture has black bars, which belong to every measurement.
    Bars {
        /// The picture without them.
        picture: PixelRect,
    },
    /// The decoder is not exact on this stream; see [`VideoInfo::exact`](crate::VideoInfo::exact).
    Inexact,
    /// The frames were converted from this pixel format, which [`Pixels`](crate::Pixels) cannot hold.
    Converted {
        /// FFmpeg's name of the format.
        from: String,
    },
}

impl Assumption {
    /// A short name that programs may rely on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RangeAssumed => "range-assumed",
            Self::RangeConverted { .. } => "range-converted",
            Self::Rotated { .. } => "rotated",
            Self::Interlaced { .. } => "interlaced",
            Self::PacingIrregular { .. } => "pacing-irregular",
            Self::RateAssumed { .. } => "rate-assumed",
            Self::FolderAsClip { .. } => "folder-as-clip",
            Self::OneOfTracks { .. } => "one-of-tracks",
            Self::Bars { .. } => "bars",
            Self::Inexact => "inexact",
            Self::Converted { .. } => "converted",
        }
    }

    /// What the user can do to have it another way.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::RangeAssumed => {
                "write the file with its range stated, for example `XCOLORRANGE=FULL` in y4m"
            }
            Self::RangeConverted { .. } => {
                "convert the video to limited range: `ffmpeg -i INPUT -vf scale=out_range=tv OUTPUT`"
            }
            Self::Rotated { .. } => "write the frames upright",
            Self::Interlaced { .. } => "deinterlace the video: `ffmpeg -i INPUT -vf bwdif OUTPUT`",
            Self::PacingIrregular { .. } => {
                "convert it to a constant rate: `ffmpeg -i INPUT -fps_mode cfr OUTPUT`"
            }
            Self::RateAssumed { .. } => "state the frame rate",
            Self::FolderAsClip { .. } => "open the images one by one",
            Self::OneOfTracks { .. } => "choose the track",
            Self::Bars { .. } => "crop to the picture",
            Self::Inexact => "let FFmpeg decode it",
            Self::Converted { .. } => "convert it to 8-bit 4:2:0: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT`",
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind())?;
        match self {
            Self::RangeAssumed => write!(f, "the file states no range, limited range is assumed"),
            Self::RangeConverted { from: ColorRange::Full } => {
                write!(f, "full range was brought to limited range")
            }
            Self::RangeConverted { .. } => write!(f, "limited range was brought to full range"),
            Self::Rotated { rotation } => write!(f, "the frames were {rotation}"),
            Self::Interlaced { treatment: Interlaced::Deinterlace } => {
                write!(f, "only the first field of every frame is used")
            }
            Self::Interlaced { .. } => {
                write!(f, "the video is interlaced, both fields are scored as one picture")
            }
            Self::PacingIrregular { nominal, longest } => {
                let nominal = nominal.as_f64();
                write!(f, "frames last up to {longest:.2} s; windows count {nominal:.2} frames as a second")
            }
            Self::RateAssumed { rate } => write!(f, "no frame rate is stated, {rate} frames/s are assumed"),
            Self::FolderAsClip { images } => write!(f, "{images} images are the frames of one video"),
            Self::OneOfTracks { track, tracks } => write!(f, "this is video track {track} of {tracks}"),
            Self::Bars { picture } => {
                let PixelRect { left, top, width, height } = picture;
                write!(f, "black bars are part of the score; the picture is {width}x{height} at {left},{top}")
            }
            Self::Inexact => {
                write!(f, "B-frames, where OpenH264 is off in some pixels, mostly by a few levels")
            }
            Self::Converted { from } => write!(f, "converted from {from} to 8 bits a sample"),
        }
    }
}
