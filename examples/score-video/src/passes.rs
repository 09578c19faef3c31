//! From the frames of a source to a score.

use std::sync::Arc;

use dream_data::{
    Cropped, Error as DataError, FrameSource, Layout, Pixels, RelativeBox, Step, VideoFrame, VideoInfo,
};
use dream_features::VideoSpec;

#[cfg(feature = "deep")]
use crate::encoded::Encoded;
use crate::error::{Error, Result};
use crate::methods::{Method, Session, Shown};
use crate::score::{Score, Video};
use crate::view::view;

/// Opens a video, once for every pass over it.
pub(crate) type Open<'a> = dyn FnMut() -> dream_data::Result<Box<dyn FrameSource>> + 'a;

/// A video that was read to its end, or to its damage.
pub(crate) struct Read {
    session: Box<dyn Session>,
    video: Video,
    damage: Option<String>,
}

/// Scores the video `name`.
pub(crate) fn score(method: &Arc<dyn Method>, name: &str, open: &mut Open<'_>) -> Result<Score> {
    let Read { session, video, damage } = read(method, name, open)?;
    let judgement = session.finish().map_err(|cause| told(cause, damage.as_deref(), || video.clone()))?;
    Ok(judgement.of(video, Arc::clone(method.about()), damage))
}

/// What a network makes of the frames of the video `name`.
#[cfg(feature = "deep")]
pub(crate) fn encode(method: &Arc<dyn Method>, name: &str, open: &mut Open<'_>) -> Result<Encoded> {
    let Read { session, video, damage } = read(method, name, open)?;
    let found = session.encoded().map_err(|cause| told(cause, damage.as_deref(), || video.clone()))?;
    Ok(Encoded { video, damage, ..found })
}

/// Shows the frames of the video `name` to a session of a method.
fn read(method: &Arc<dyn Method>, name: &str, open: &mut Open<'_>) -> Result<Read> {
    let cut = |source| cropped(source, method.crop());
    let source = open()?;
    let info = source.info().clone();
    let frames_per_second = info.frame_rate.as_f64();
    let mut source = cut(source);
    let (width, height) = (source.info().width as usize, source.info().height as usize);
    let spec = VideoSpec::new(width, height, frames_per_second).with_thinned(info.thinned);
    let mut session = Arc::clone(method).start(name, spec)?;
    let (mut frame, mut clock) = (VideoFrame::default(), Clock::default());
    let damage = loop {
        let wants = &mut |index, time| {
            clock.show(time);
            session.wants(index, time)
        };
        match source.take_frame(wants, &mut frame) {
            Ok(Step::Taken) => {
                let layout = layout(&frame.pixels());
                if layout == Layout::Gray && method.refuses_luma() {
                    return Err(Error::LumaOnly { method: method.about().method.clone() });
                }
                session.push(&view(frame.pixels())?, Shown { layout, time: None })?;
                continue;
            }
            Ok(Step::Skipped) => continue,
            Ok(Step::End) => {}
            Err(DataError::Damaged { frames, reason, .. }) if frames > 0 => {
                clock.damage = Some(format!("damaged after {frames} frames: {reason}"));
            }
            Err(cause) => return Err(cause.into()),
        }
        let damage = clock.damage.take();
        let told = |cause| told(cause, damage.as_deref(), || clock.facts(&info, source.info()));
        if !session.next_pass().map_err(told)? {
            break damage;
        }
        source = cut(open().map_err(Error::Again)?);
        clock = Clock::default();
    };
    let video = clock.facts(&info, source.info());
    Ok(Read { session, video, damage })
}

fn layout(pixels: &Pixels<'_>) -> Layout {
    match pixels {
        Pixels::Gray(_) => Layout::Gray,
        Pixels::Rgb(_) => Layout::Rgb,
        _ => Layout::Yuv420,
    }
}

fn cropped(source: Box<dyn FrameSource>, area: Option<RelativeBox>) -> Box<dyn FrameSource> {
    match area {
        Some(area) => Box::new(Cropped::new(source, area)),
        None => source,
    }
}

/// What a pass has seen.
#[derive(Debug, Default)]
struct Clock {
    /// When the first frame was shown, and the last so far.
    first: Option<f64>,
    last: f64,
    damage: Option<String>,
}

impl Clock {
    fn show(&mut self, time: f64) {
        self.first = self.first.or(Some(time));
        self.last = time;
    }

    /// What is known about the video, whose frames had the size in `info`; `after` is what the frames have shown.
    fn facts(&self, info: &VideoInfo, after: &VideoInfo) -> Video {
        let frames_per_second = info.frame_rate.as_f64();
        // From the first frame on, which may be shown late in a stream of several parts, to the end of the last.
        let seconds = self.first.map_or(0.0, |first| self.last - first + 1.0 / frames_per_second);
        Video {
            width: info.width,
            height: info.height,
            frames_per_second,
            seconds,
            decoder: info.decoder,
            exact: info.exact,
            assumptions: after.assumptions.clone(),
        }
    }
}

/// What is wrong with the file comes before what follows from it, such as too few frames.
fn told(cause: Error, damage: Option<&str>, facts: impl FnOnce() -> Video) -> Error {
    let cause = match cause {
        Error::NoFace { frames, .. } => Error::NoFace { frames, video: Box::new(facts()) },
        other => other,
    };
    match damage {
        Some(damage) => Error::Damaged { damage: damage.to_owned(), cause: Box::new(cause) },
        None => cause,
    }
}
