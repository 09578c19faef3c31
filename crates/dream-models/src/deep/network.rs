//! What a program needs of a network, whatever method it belongs to.

use std::fmt::Debug;

use candle_core::Tensor;

use super::input::Input;
use crate::Result;

/// A network that makes features of frames, with a score or without.
pub trait FrameEncoder: Send + Sync + Debug {
    /// What it looks at.
    fn input(&self) -> &Input;

    /// Features of a frame: `d` below.
    fn width(&self) -> usize;

    /// Frames as [`Input::pixels`] makes them, `[n, 3, height, width]` of any number type on any device, to `[n, d]` in
    /// single precision. The result for a frame does not depend on the others.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for frames of another size.
    fn encode(&self, frames: &Tensor) -> Result<Tensor>;
}

/// A network that scores videos.
///
/// Scoring has two steps, so that frames need not be in memory together: [`encode`](FrameEncoder::encode) for frames, in
/// any batches, and [`score`](Self::score) for all that was made of the frames of a video.
/// [`methods::load`](crate::deep::methods::load) gives the network of a checkpoint.
pub trait VideoNetwork: FrameEncoder {
    /// Scores of videos of equally many frames from what [`encode`](FrameEncoder::encode) made of them,
    /// `[videos, frames, d]` to `[videos]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for another shape or no frame.
    fn score(&self, encoded: &Tensor) -> Result<Tensor>;

    /// Representations of the same videos, `[videos, dim]`, in the space where descriptions lie; `None` for a network
    /// without such a space.
    ///
    /// # Errors
    ///
    /// As [`score`](Self::score).
    fn represent(&self, encoded: &Tensor) -> Result<Option<Tensor>>;
}
