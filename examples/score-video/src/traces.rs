//! Traces of a pasted face: what the method `face-blend` finds in a video.

use std::fmt;

use serde::Serialize;

/// Traces of a pasted face in a video. They are no grade and no verdict: their level depends on the recording, so they
/// rank versions of one recording.
///
/// `Display` is a part of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Traces {
    /// Mean over the frames: a logit, from minus to plus infinity, larger for more traces.
    pub mean: f64,
    /// Share of held-out untouched portraits with fewer traces, 0 to 100. A portrait is one picture, so this is no share of
    /// videos.
    pub percentile: f64,
    /// The frames that were looked at.
    pub frames: Vec<FrameTraces>,
    /// Against the original, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Compared>,
}

/// Traces in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FrameTraces {
    /// When it is shown, in seconds.
    pub time: f64,
    /// The logit.
    pub traces: f64,
}

/// A version of a recording against its original.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Compared {
    /// Mean traces of the version minus those of the original.
    pub difference: f64,
    /// Pairs of frames in which the version has more traces.
    pub more: usize,
    /// The difference in each pair of frames, in their order; empty where the two have other numbers of frames.
    pub pairs: Vec<f64>,
}

impl Compared {
    /// Compares a version with its original, frame by frame.
    #[cfg(any(test, feature = "deep"))]
    pub(crate) fn new(version: &Traces, original: &Traces) -> Self {
        let all = version.frames.iter().zip(&original.frames);
        let same = version.frames.len() == original.frames.len();
        let pairs: Vec<f64> =
            all.filter(|_| same).map(|(ours, theirs)| ours.traces - theirs.traces).collect();
        let more = pairs.iter().filter(|difference| **difference > 0.0).count();
        Self { difference: version.mean - original.mean, more, pairs }
    }
}

impl fmt::Display for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(
            f,
            "traces {:.digits$} (more than {:.0} % of untouched portraits)",
            self.mean, self.percentile
        )?;
        if let Some(Compared { difference, more, pairs }) = &self.reference {
            let word = if *difference < 0.0 { "fewer" } else { "more" };
            write!(f, ", {:.digits$} {word} than the original", difference.abs())?;
            if !pairs.is_empty() {
                write!(f, ", more in {more} of {} frames", pairs.len())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(values: &[f64]) -> Traces {
        let frames = values.iter().map(|&traces| FrameTraces { time: 0.0, traces }).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Traces { mean, percentile: 75.4, frames, reference: None }
    }

    #[test]
    fn versions_are_compared_frame_by_frame() {
        let (original, swap) = (traces(&[0.0, 1.0, 2.0, 1.0]), traces(&[1.0, 1.0, 2.5, 0.5]));
        let found = Compared::new(&swap, &original);
        assert_eq!(found, Compared { difference: 0.25, more: 2, pairs: vec![1.0, 0.0, 0.5, -0.5] });
        let words = Traces { reference: Some(found), ..swap }.to_string();
        assert_eq!(
            words,
            "traces 1.25 (more than 75 % of untouched portraits), 0.25 more than the original, more in 2 of 4 frames"
        );
        let short = traces(&[0.0]);
        let reference = Some(Compared::new(&short, &original));
        assert_eq!(reference.as_ref().map(|found| (found.more, found.pairs.len())), Some((0, 0)));
        let words = format!("{:.1}", Traces { reference, ..short });
        assert_eq!(words, "traces 0.0 (more than 75 % of untouched portraits), 1.0 fewer than the original");
    }
}
