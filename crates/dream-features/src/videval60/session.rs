//! One video being processed by VIDEVAL-60.

use std::collections::VecDeque;

use super::extractor::Videval60;
use super::frame::{ALONE, FrameScan};
use super::names::{AVERAGED, DEVIATING, FRAME, HIGH};
use crate::error::{Error, Result};
use crate::extract::{VideoFeatures, VideoSession, VideoSpec};
use crate::frame::{Frame, Pixels};
use crate::intake::{Channels, Intake};
use crate::layout::{FeatureVector, sanitise};
use crate::par;
use crate::plane::Plane;
use crate::pool::Windows;
use crate::resize::HalfSize;
use crate::tlvqm::high::HighComplexity;
use crate::tlvqm::low::LowComplexity;
use crate::yuv::Yuv420Buffer;

/// Places of the values that are used from the motion engine.
const MOTION: [usize; FRAME.len() - ALONE] = [0, 4, 11, 15, 17, 18, 21];
/// Frames that must follow a frame before its values count, and before its detailed values count.
const AFTER: u64 = 2;
const AFTER_HIGH: u64 = 3;

/// Intermediate results of a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// Frame number and its 50 values, NaN where they are not defined.
    pub rows: Vec<(u64, [f64; 50])>,
    /// Frame number and the six values of its sharpness, colour and gradient.
    pub high: Vec<(u64, [f64; 6])>,
}

/// One video being processed by [`Videval60`].
#[derive(Debug)]
pub struct Videval60Session {
    intake: Intake,
    options: Videval60,
    motion: LowComplexity,
    high: HighComplexity,
    frame: FrameScan,
    seen: u64,
    /// The next frame to analyse in detail, and the distance between two such frames.
    next_high: u64,
    period: u64,
    /// Values that count once enough frames have followed them.
    rows: VecDeque<(u64, [f64; FRAME.len()])>,
    highs: VecDeque<(u64, [f64; HIGH.len()])>,
    windows: Windows,
    /// Sum of the values of the frames analysed in detail, and their number.
    sum: [f64; HIGH.len()],
    vectors: u64,
    converted: Yuv420Buffer,
    resize: HalfSize,
    half: Plane,
    trace: Option<Trace>,
}

impl Videval60Session {
    pub(super) fn new(spec: VideoSpec, options: Videval60, trace: Option<Trace>) -> Result<Self> {
        let VideoSpec { width, height, frames_per_second, .. } = spec.consecutive("videval60")?;
        let least = LowComplexity::SMALLEST;
        if width < least || height < least {
            let (found_width, found_height) = (width, height);
            let extractor = "VIDEVAL-60";
            return Err(Error::TooSmall {
                extractor,
                width: least,
                height: least,
                found_width,
                found_height,
            });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rate is at most 1e6"
        )]
        let period = frames_per_second.round().max(1.0) as u64;
        Ok(Self {
            intake: Intake::new(spec, Channels::Color)?,
            options,
            motion: LowComplexity::motion_only(width, height, options.ties)?,
            high: HighComplexity::new(width, height)?,
            frame: FrameScan::default(),
            seen: 0,
            next_high: (period / 2).saturating_sub(1),
            period,
            rows: VecDeque::new(),
            highs: VecDeque::new(),
            windows: Windows::new(FRAME.len(), frames_per_second),
            sum: [0.0; HIGH.len()],
            vectors: 0,
            converted: Yuv420Buffer::default(),
            resize: HalfSize::default(),
            half: Plane::zeros(1, 1),
            trace,
        })
    }

    /// Processes the next frame of a video.
    fn take(&mut self, frame: &Frame<'_>) -> Result<()> {
        let index = self.seen;
        let (odd, closer) = (index % 2 == 1, index == self.next_high);
        let Self { motion, high, frame: scan, converted, resize, half, .. } = self;
        let view = if let Pixels::Yuv420(view) = frame.pixels() {
            *view
        } else {
            converted.copy(frame);
            converted.view()?
        };
        let half = match frame.pixels() {
            // If luma was not converted, its half-size plane may already exist.
            Pixels::Luma(_) | Pixels::Yuv420(_) | Pixels::Yuv(_) => frame.half_luma(resize, half),
            Pixels::Luma16(_) | Pixels::Rgb(_) => {
                resize.run(&view.y(), half);
                half
            }
        };
        let flat = self.options.flat_areas;
        let ((row, vector), alone) = par::join(
            || {
                let row = motion.push_with(&view, Some(half));
                (row, closer.then(|| high.videval_vector(&view)))
            },
            || odd.then(|| scan.run(&view, half, flat)),
        );
        let (row, vector) = (row?, vector.transpose()?);
        if let (Some(row), Some((_, last))) = (row, self.rows.back_mut()) {
            for (out, place) in last.iter_mut().skip(ALONE).zip(MOTION) {
                *out = row.get(place).copied().unwrap_or_default();
            }
        }
        if let Some(alone) = alone {
            let mut values = [0.0; FRAME.len()];
            for (out, value) in values.iter_mut().zip(alone) {
                *out = value;
            }
            self.rows.push_back((index, values));
        }
        if let Some(vector) = vector {
            self.highs.push_back((index, vector));
            self.next_high += self.period;
        }
        self.seen += 1;
        self.count();
        Ok(())
    }

    /// Counts the values that enough frames have followed.
    fn count(&mut self) {
        let seen = self.seen;
        while let Some((frame, row)) = self.rows.pop_front_if(|(frame, _)| *frame + AFTER < seen) {
            self.windows.add(&row);
            if let Some(trace) = &mut self.trace {
                trace.rows.push((frame, row));
            }
        }
        while let Some((frame, high)) = self.highs.pop_front_if(|(frame, _)| *frame + AFTER_HIGH < seen) {
            for (sum, value) in self.sum.iter_mut().zip(high) {
                *sum += value;
            }
            self.vectors += 1;
            if let Some(trace) = &mut self.trace {
                trace.high.push((frame, high));
            }
        }
    }

    /// Returns the features of all pushed frames, and the values of the frames if the session is traced.
    ///
    /// # Errors
    /// Same as [`VideoSession::finish`].
    pub fn finish_traced(self) -> Result<(FeatureVector, Trace)> {
        self.intake.complete()?;
        Ok((self.peek()?, self.trace.unwrap_or_default()))
    }
}

impl VideoSession for Videval60Session {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.intake.push(frame)?;
        self.take(frame)
    }

    fn skip(&mut self) {
        self.intake.skip();
    }

    fn peek(&self) -> Result<FeatureVector> {
        if self.windows.rows() == 0 {
            return Err(Error::TooFewFrames { min: AFTER + 2, found: self.seen });
        }
        let complete = self.windows.windows() > 0;
        let short = !complete || self.vectors == 0;
        let frames = self.windows.frames();
        let pooled = self.windows.finish();
        let (means, deviations) = pooled.split_at_checked(FRAME.len()).unwrap_or_default();
        let of = |values: &[f64], places: &[usize]| -> Vec<f64> {
            let value = |&place: &usize| values.get(place).copied().filter(|_| complete).unwrap_or(f64::NAN);
            places.iter().map(value).collect()
        };
        let mut values = [of(means, &AVERAGED), of(deviations, &DEVIATING)].concat();
        values.extend(self.sum.iter().map(|sum| sum / self.vectors as f64));
        let replaced = if self.options.keep_undefined { 0 } else { sanitise(&mut values) };
        let (recipe, layout) = (self.intake.recipe(&self.options.recipe()), self.options.layout().clone());
        Ok(FeatureVector::new(recipe, layout, values, replaced, frames)?.with_short(short))
    }
}
