//! From the frames of a source to the judgement of a method.

use anyhow::Result;
use dream_data::{Error as DataError, FrameSource, RelativeBox};
use dream_features::VideoSpec;

use crate::args::Args;
use crate::method::{self, Judgement, Method, Part, Session};

/// The method, and what to look at.
pub(crate) struct Scorer {
    pub(crate) method: Box<dyn Method>,
    crop: Option<RelativeBox>,
}

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
    /// The file was damaged, and this score is of the part before.
    pub(crate) damage: Option<String>,
}

impl Scorer {
    pub(crate) fn new(args: &Args) -> Result<Self> {
        Ok(Self { method: method::load(args)?, crop: args.crop })
    }

    /// Scores a video, which is opened once more for every pass over it after the first; `progress` is told the number
    /// of frames so far in a pass.
    pub(crate) fn score(
        &self,
        mut source: Box<dyn FrameSource>,
        open: impl Fn() -> Result<Box<dyn FrameSource>>,
        mut progress: impl FnMut(u64),
    ) -> Result<Scored> {
        let info = source.info().clone();
        let whole: Part = (0, 0, info.width as usize, info.height as usize);
        let wanted = self.crop.map_or(whole, |crop| {
            let rect = crop.to_pixels(whole.2, whole.3);
            (rect.left, rect.top, rect.width, rect.height)
        });
        let frames_per_second = info.frame_rate.as_f64();
        let spec = |(_, _, width, height): Part| VideoSpec { width, height, frames_per_second };
        let mut running: Option<(Part, Box<dyn Session + '_>)> = None;
        let (mut frames, mut end, mut damage) = (0, 0.0, None);
        loop {
            let frame = match source.next_frame() {
                Err(DataError::Damaged { frames: good, reason, .. }) if good > 0 => {
                    damage = Some(format!("damaged after {good} frames: {reason}"));
                    None
                }
                other => other?,
            };
            let Some(frame) = frame else {
                let Some((_, session)) = &mut running else { break };
                if !session.again()? {
                    break;
                }
                (source, frames, damage) = (open()?, 0, None);
                continue;
            };
            frames += 1;
            end = frame.timestamp() + 1.0 / frames_per_second;
            progress(frames);
            let (part, mut session) = match running.take() {
                Some(started) => started,
                // Which part it is depends on the pixels.
                None => {
                    let part = self.method.part(wanted, frame.pixels());
                    (part, self.method.start(spec(part))?)
                }
            };
            if session.wants_next() {
                session.push(frame.pixels(), part)?;
            } else {
                session.skip();
            }
            running = Some((part, session));
        }
        let session = running.map_or_else(|| self.method.start(spec(wanted)), |(_, session)| Ok(session))?;
        Ok(Scored {
            judgement: session.finish()?,
            width: info.width,
            height: info.height,
            frames_per_second,
            seconds: end,
            decoder: info.decoder,
            exact: info.exact,
            damage,
        })
    }
}
