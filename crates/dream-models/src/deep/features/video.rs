use std::fmt;

use candle_core::Tensor;

use crate::Result;
use crate::deep::layers::{Ddof, mean_and_std};

/// Features of a video.
#[derive(Debug, Clone)]
pub struct VideoFeatures {
    /// The means over its frames, and then their standard deviations: `[2 d]`.
    pub values: Tensor,
    /// What their reader should know.
    pub warning: Option<Warning>,
}

/// Why the features of a video say less than they seem to. Displayed as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// There was one frame.
    OneFrame,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneFrame => f.write_str(
                "one frame has no spread: the standard deviations over the frames are 0 in its place",
            ),
        }
    }
}

/// The features of DFGC-1st and of UNILJ: mean and standard deviation (divided by `n - 1`) over what a
/// [`FrameEncoder`](crate::deep::network::FrameEncoder) made of the frames of a video, `[frames, d]`.
///
/// The deviation of one frame is 0 here, with a [`Warning`]; in the published script it is not a number.
///
/// # Errors
///
/// [`Error::Tensor`](crate::Error::Tensor) for another shape or no frame.
///
/// # Reference
///
/// The starter kit of the DFGC-VRA competition, 2023; DREAM, arXiv 2510.10053.
pub fn over_video(encoded: &Tensor) -> Result<VideoFeatures> {
    let (frames, _) = encoded.dims2()?;
    let values = mean_and_std(&encoded.unsqueeze(0)?, Ddof::One)?.squeeze(0)?;
    Ok(VideoFeatures { values, warning: (frames == 1).then_some(Warning::OneFrame) })
}
