//! The trait of all readers and filters: a video, read one frame at a time.

use crate::error::Result;
use crate::frames::frame::VideoFrame;
use crate::frames::info::VideoInfo;

/// A video, read one frame at a time.
#[doc(alias = "VideoReader")]
pub trait FrameSource: Send {
    /// Size, rate and what else was known at the start.
    fn info(&self) -> &VideoInfo;

    /// The next frame in display order, or `None` at the end. The frame is valid until the next call.
    ///
    /// # Errors
    /// Every source in this crate delivers all frames before damage, then returns **one**
    /// [`Error::Damaged`](crate::Error::Damaged) (or another error that ends the stream), then `Ok(None)` forever.
    fn next_frame(&mut self) -> Result<Option<&VideoFrame>>;

    /// One step: asks `wants` once about the next frame, by its position and its time in seconds, and puts the frame
    /// into `out` if the answer is true. Unless it returns [`Step::Taken`], the content of `out` is unspecified.
    ///
    /// An unwanted frame is neither copied nor converted, and an unwanted image file is not even opened, so damage
    /// inside it may go unnoticed. The default implementation calls [`FrameSource::next_frame`] and copies the frame;
    /// it is enough for a source outside this crate.
    ///
    /// # Errors
    /// As [`FrameSource::next_frame`].
    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        match self.next_frame()? {
            None => Ok(Step::End),
            Some(frame) if wants(frame.index(), frame.timestamp()) => {
                out.assign(frame.index(), frame.timestamp(), frame.pixels());
                Ok(Step::Taken)
            }
            Some(_) => Ok(Step::Skipped),
        }
    }
}

/// What one call of [`FrameSource::take_frame`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The frame was wanted and is in `out`.
    Taken,
    /// The frame was not wanted and was dropped.
    Skipped,
    /// There are no more frames.
    End,
}

/// `next_frame` in terms of `take_frame`, for a source that keeps the returned frame in `slot`.
pub(crate) fn next_of<S: FrameSource>(
    source: &mut S,
    slot: fn(&mut S) -> &mut VideoFrame,
) -> Result<Option<&VideoFrame>> {
    let mut frame = std::mem::take(slot(source));
    let step = source.take_frame(&mut |_, _| true, &mut frame);
    *slot(source) = frame;
    Ok((step? == Step::Taken).then(|| &*slot(source)))
}

impl<S: FrameSource + ?Sized> FrameSource for Box<S> {
    fn info(&self) -> &VideoInfo {
        (**self).info()
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        (**self).next_frame()
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        (**self).take_frame(wants, out)
    }
}

impl<S: FrameSource + ?Sized> FrameSource for &mut S {
    fn info(&self) -> &VideoInfo {
        (**self).info()
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        (**self).next_frame()
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        (**self).take_frame(wants, out)
    }
}
