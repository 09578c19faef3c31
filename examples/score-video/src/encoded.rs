//! What a network made of the frames of a video.

use crate::score::{Face, Video};

/// What a network made of the frames of a video.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Encoded {
    /// Features of each frame that it looked at, in order.
    pub features: Vec<Vec<f32>>,
    /// When those frames are shown, in seconds.
    pub times: Vec<f64>,
    /// The part that was taken for the face.
    pub face: Face,
    /// What makes the features less firm.
    pub warnings: Vec<String>,
    /// The video.
    pub video: Video,
    /// The damage that ended it early.
    pub damage: Option<String>,
}

impl Encoded {
    /// The mean over the frames, of which there is at least one.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.features.first().map_or(0, Vec::len)];
        for frame in &self.features {
            sums.iter_mut().zip(frame).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let frames = self.features.len().max(1) as f64;
        sums.into_iter().map(|sum| sum / frames).collect()
    }
}
