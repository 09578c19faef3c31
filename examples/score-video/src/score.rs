//! From the frames of a source to the judgement of a method.

use anyhow::{Context, Result};
use dream_data::{Assumption, Cropped, Error as DataError, FrameSource, RelativeBox, Step, VideoFrame};
use dream_features::VideoSpec;

use crate::methods::{Judgement, Method};

/// What came of one video.
pub(crate) struct Scored {
    pub(crate) judgement: Judgement,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frames_per_second: f64,
    pub(crate) seconds: f64,
    pub(crate) decoder: &'static str,
    /// The frames are bit for bit those of the standard.
    pub(crate) exact: bool,
    /// What was settled about the video without asking.
    pub(crate) assumptions: Vec<Assumption>,
    /// The file was damaged, and this score is of the part before.
    pub(crate) damage: Option<String>,
}

/// Scores the video `file`, which is opened once more for every pass over it after the first; `progress` is told the
/// number of frames so far in a pass.
pub(crate) fn score(
    method: &dyn Method,
    file: &str,
    source: Box<dyn FrameSource>,
    open: impl Fn() -> Result<Box<dyn FrameSource>>,
    mut progress: impl FnMut(u64),
) -> Result<Scored> {
    let cut = |source| cropped(source, method.crop());
    let info = source.info().clone();
    let frames_per_second = info.frame_rate.as_f64();
    let mut source = cut(source);
    let (width, height) = (source.info().width as usize, source.info().height as usize);
    let mut session = method.start(file, VideoSpec::new(width, height, frames_per_second))?;
    let mut frame = VideoFrame::default();
    let (mut frames, mut first, mut shown) = (0, None, 0.0);
    let damage = loop {
        let wants = &mut |index, time| {
            first = first.or(Some(time));
            shown = time;
            session.wants(index, time)
        };
        let step = source.take_frame(wants, &mut frame);
        if let Ok(Step::Taken | Step::Skipped) = step {
            frames += 1;
            progress(frames);
            if let Ok(Step::Taken) = step {
                session.push(frame.pixels())?;
            }
            continue;
        }
        let damage = match step {
            Err(DataError::Damaged { frames: good, reason, .. }) if good > 0 => {
                Some(format!("damaged after {good} frames: {reason}"))
            }
            other => other.map(|_| None)?,
        };
        if !session.next_pass().map_err(|error| told(error, damage.as_deref()))? {
            break damage;
        }
        let again = open().context("this method looks at a video more than once")?;
        (source, frames, first) = (cut(again), 0, None);
    };
    // From the first frame on, which may be shown late in a stream of several parts, to the end of the last.
    let seconds = first.map_or(0.0, |first| shown - first + 1.0 / frames_per_second);
    Ok(Scored {
        judgement: session.finish().map_err(|error| told(error, damage.as_deref()))?,
        width: info.width,
        height: info.height,
        frames_per_second,
        seconds,
        decoder: info.decoder,
        exact: info.exact,
        assumptions: source.info().assumptions.clone(),
        damage,
    })
}

fn cropped(source: Box<dyn FrameSource>, area: Option<RelativeBox>) -> Box<dyn FrameSource> {
    match area {
        Some(area) => Box::new(Cropped::new(source, area)),
        None => source,
    }
}

/// What is wrong with the file comes before what follows from it, such as too few frames.
fn told(error: anyhow::Error, damage: Option<&str>) -> anyhow::Error {
    match damage {
        Some(damage) => error.context(damage.to_owned()),
        None => error,
    }
}
