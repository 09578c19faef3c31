//! A source that gives some of the frames of another.

use crate::error::Result;
use crate::frames::frame::VideoFrame;
use crate::frames::info::VideoInfo;
use crate::frames::sampling::{Sampler, Sampling};
use crate::frames::source::{FrameSource, Step, next_of};

/// The frames of a source that a [`Sampling`] takes, with their positions and times **in the video**. Other frames
/// are decoded only as far as the format requires, and neither copied nor converted.
///
/// [`VideoInfo::frames`] is the number of frames that will come, where known; [`VideoInfo::frame_rate`] stays that of
/// the video. The source is not read beyond the last frame that can be taken, so damage after it goes unnoticed. A
/// video without frames gives none.
///
/// # Example
/// ```
/// use dream_data::{FrameSource, Sampled, Sampling, Y4mReader};
///
/// let file = b"YUV4MPEG2 W1 H1 F10:1 Cmono\nFRAME\naFRAME\nbFRAME\ncFRAME\ndFRAME\ne";
/// let video = Y4mReader::new(&file[..])?;
/// let mut sampled = Sampled::new(video, Sampling::Every { n: 2, offset: 1 })?;
/// let mut found = Vec::new();
/// while let Some(frame) = sampled.next_frame()? {
///     found.push((frame.index(), frame.timestamp()));
/// }
/// assert_eq!(found, [(1, 0.1), (3, 0.3)]);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Sampled<S> {
    source: S,
    sampler: Sampler,
    info: VideoInfo,
    frame: VideoFrame,
    ended: bool,
    /// The source was left before its end, where it would have checked what was assumed.
    unchecked: bool,
}

impl<S: FrameSource> Sampled<S> {
    /// Takes the number of frames from [`VideoInfo::frames`]. The container states it and may be wrong: with FFmpeg
    /// the number may include frames that an edit list hides, and a damaged file has fewer.
    /// [`open_sampled`](crate::open_sampled) counts first where it matters. Pass an unread source: positions are
    /// those in the source.
    ///
    /// # Errors
    /// As [`Sampling::sampler`].
    pub fn new(source: S, sampling: Sampling) -> Result<Self> {
        let frames = source.info().frames;
        Ok(Self::with(source, sampling.sampler(frames)?))
    }

    /// For files that do not state their number of frames: `frames` comes from [`count_frames`] in a first pass. A
    /// number that is too high is not noticed; fewer frames follow then.
    ///
    /// # Errors
    /// As [`Sampling::sampler`].
    pub fn with_count(source: S, sampling: Sampling, frames: u64) -> Result<Self> {
        Ok(Self::with(source, sampling.sampler(Some(frames))?))
    }

    /// Decides without the number of frames, so that no frame is lost if the container states too few;
    /// [`VideoInfo::frames`] still uses the stated number.
    pub(crate) fn without_count(source: S, sampling: Sampling) -> Result<Self> {
        let promised = sampling.sampler(source.info().frames)?.expected();
        let mut sampled = Self::with(source, sampling.sampler(None)?);
        sampled.info.frames = promised;
        Ok(sampled)
    }

    fn with(source: S, sampler: Sampler) -> Self {
        let mut info = source.info().clone();
        info.frames = sampler.expected();
        Self { source, sampler, info, frame: VideoFrame::default(), ended: false, unchecked: false }
    }

    /// The sampler, for [`Sampler::clip_of`].
    #[must_use]
    pub fn sampler(&self) -> &Sampler {
        &self.sampler
    }

    /// The source as it is now.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.source
    }
}

impl<S: FrameSource> FrameSource for Sampled<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |sampled| &mut sampled.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        while !self.ended {
            let last = self.sampler.last();
            let (mut sampled, mut past_last) = (false, false);
            let step = self.source.take_frame(
                &mut |index, time| {
                    past_last = last.is_some_and(|last| index >= last);
                    sampled = self.sampler.wants(index, time);
                    sampled && wants(index, time)
                },
                out,
            );
            self.info.follow(self.source.info());
            self.ended = past_last || !matches!(step, Ok(Step::Taken | Step::Skipped));
            self.unchecked = past_last;
            if sampled || !matches!(step, Ok(Step::Skipped)) {
                return step;
            }
        }
        if std::mem::take(&mut self.unchecked) {
            self.info.check_strict()?;
        }
        Ok(Step::End)
    }
}

/// Reads a source to its end and counts its frames, without copying or converting any. Open the video again
/// afterwards.
///
/// # Errors
/// As [`FrameSource::next_frame`]; [`Error::Damaged`](crate::Error::Damaged) holds the number of good frames.
pub fn count_frames(source: &mut (impl FrameSource + ?Sized)) -> Result<u64> {
    let (mut frames, mut unused) = (0, VideoFrame::default());
    while source.take_frame(&mut |_, _| false, &mut unused)? != Step::End {
        frames += 1;
    }
    Ok(frames)
}
