//! A source that gives some of the frames of another.

use crate::error::{Error, Result};
use crate::frames::frame::VideoFrame;
use crate::frames::info::{Pacing, VideoInfo};
use crate::frames::sampler::Sampler;
use crate::frames::sampling::Sampling;
use crate::frames::source::{FrameSource, Step, next_of};

/// The frames of a source that a [`Sampling`] takes, with their positions and times **in the video**. Other frames
/// are decoded only as far as the format requires, and neither copied nor converted.
///
/// [`VideoInfo::frames`] is the number of frames that will come, where known. If frames are left out in between,
/// [`VideoInfo::thinned`] is true and [`VideoInfo::frame_rate`] is the rate of the selection: of the video's rate the
/// `n`th part for [`Sampling::Every`], the share of frames taken for [`Sampling::Centres`], the rate inside a clip for
/// [`Sampling::Clips`], `n` for [`Sampling::PerSecond`], one for each stride for [`Sampling::Strides`] and 1 for [`Sampling::FirstOfSecond`], if the video has more.
/// The times of the frames do not change. A thinned source cannot be sampled again.
///
/// The source is not read beyond the last frame that can be taken, so damage after it goes unnoticed. A video without
/// frames gives none. With [`Sampling::PerSecond`] and [`Sampling::Strides`] a video that ends before its first sample gives its first frame, which
/// therefore is decoded and kept; a damaged one gives none.
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
    stand_in: StandIn,
}

/// The frame for a video that ends before its first sample.
#[derive(Debug)]
enum StandIn {
    /// There is a sample, or the plan knows no stand-in.
    Needless,
    /// It is the next frame.
    Due,
    Kept(VideoFrame),
}

impl<S: FrameSource> Sampled<S> {
    /// Takes the number of frames from [`VideoInfo::frames`]. The container states it and may be wrong: with FFmpeg
    /// the number may include frames that an edit list hides, and a damaged file has fewer.
    /// [`open_sampled`](crate::open_sampled) counts first where it matters. Pass an unread source: positions are
    /// those in the source.
    ///
    /// # Errors
    /// As [`Sampling::sampler_at`]; [`Error::InvalidOption`] for a source that is thinned already.
    pub fn new(source: S, sampling: Sampling) -> Result<Self> {
        let frames = source.info().frames;
        Self::with(source, sampling, frames)
    }

    /// For files that do not state their number of frames: `frames` comes from [`count_frames`] in a first pass. A
    /// number that is too high is not noticed; fewer frames follow then.
    ///
    /// # Errors
    /// As [`Sampled::new`].
    pub fn with_count(source: S, sampling: Sampling, frames: u64) -> Result<Self> {
        Self::with(source, sampling, Some(frames))
    }

    /// Decides without the number of frames, so that no frame is lost if the container states too few;
    /// [`VideoInfo::frames`] still uses the stated number.
    pub(crate) fn without_count(source: S, sampling: Sampling) -> Result<Self> {
        let video = source.info();
        let promised = sampling.sampler_at(video.frames, video.frame_rate)?.expected();
        let mut sampled = Self::with(source, sampling, None)?;
        sampled.info.frames = promised;
        Ok(sampled)
    }

    fn with(source: S, sampling: Sampling, frames: Option<u64>) -> Result<Self> {
        let mut info = source.info().clone();
        if info.thinned {
            let reason =
                format!("the source is a selection of frames already; give `{sampling}` the whole video");
            return Err(Error::option("sampling", reason));
        }
        let sampler = sampling.sampler_at(frames, info.frame_rate)?;
        info.frames = sampler.expected();
        if let Some(rate) = sampler.rate(info.frame_rate) {
            (info.thinned, info.frame_rate) = (true, rate);
            // Frames that are equally far apart keep what is known about their durations.
            let even = matches!(sampling, Sampling::Every { .. } | Sampling::Strides { .. });
            info.nominal_rate = info.nominal_rate.and_then(|nominal| sampler.rate(nominal)).filter(|_| even);
            info.pacing = if even { info.pacing } else { Pacing::Unknown };
        }
        let stand_in = if sampler.needs_stand_in() { StandIn::Due } else { StandIn::Needless };
        let frame = VideoFrame::default();
        Ok(Self { source, sampler, info, frame, ended: false, unchecked: false, stand_in })
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
            let keep = matches!(self.stand_in, StandIn::Due);
            let (mut sampled, mut past_last) = (false, false);
            let step = self.source.take_frame(
                &mut |index, time| {
                    past_last = last.is_some_and(|last| index >= last);
                    sampled = self.sampler.wants(index, time);
                    if sampled { wants(index, time) } else { keep }
                },
                out,
            );
            self.info.follow(self.source.info());
            self.ended = past_last || !matches!(step, Ok(Step::Taken | Step::Skipped));
            self.unchecked = past_last;
            match step {
                Ok(Step::Taken) if !sampled => self.stand_in = StandIn::Kept(std::mem::take(out)),
                Ok(Step::Skipped) if !sampled => {}
                Ok(Step::End) => break,
                _ => {
                    self.stand_in = StandIn::Needless;
                    return step;
                }
            }
        }
        if let StandIn::Kept(frame) = std::mem::replace(&mut self.stand_in, StandIn::Needless) {
            let wanted = wants(frame.index(), frame.timestamp());
            *out = frame;
            return Ok(if wanted { Step::Taken } else { Step::Skipped });
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
