//! Which frames of a video are sampled.

use crate::error::{Error, Result};

/// Which frames of a video are sampled. Frames are numbered from 0 in display order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// Frames 0, `step`, 2 `step`, ...
    Every {
        /// Distance between sampled frames, at least 1.
        step: u64,
    },
    /// `frames` per second. With `p = fps / frames`, these are the frames `max(floor(p / 2) - 1, 0) + floor(k p)`. For
    /// integer rates they are the frames of the BVQA benchmark; a rate such as 30000/1001 is used as it is. A video
    /// that ends before its first sample is represented by its first frame.
    PerSecond {
        /// Frames per second, above 0.
        frames: f64,
    },
    /// Frames 0, 2, 4, ... that have at least five frames after them.
    FeatureFusion,
}

impl Sampling {
    /// The frames taken from a video of `total` frames. A session takes the same frames without knowing `total`.
    ///
    /// # Example
    /// ```
    /// use dream_features::Sampling;
    ///
    /// assert_eq!(Sampling::PerSecond { frames: 1.0 }.indices(30.0, 100)?, [14, 44, 74]);
    /// assert_eq!(Sampling::FeatureFusion.indices(8.0, 12)?, [0, 2, 4, 6]);
    /// # Ok::<(), dream_features::Error>(())
    /// ```
    /// # Errors
    /// [`Error::Config`] when a step or a rate is out of range.
    pub fn indices(&self, frames_per_second: f64, total: u64) -> Result<Vec<u64>> {
        self.check()?;
        if !(frames_per_second > 0.0 && frames_per_second.is_finite()) {
            return Err(Error::Config { field: "frames_per_second", reason: "must be above 0 and finite" });
        }
        let mut sampler = Sampler::new(*self, frames_per_second);
        let mut indices = Vec::new();
        for index in 0..total.saturating_sub(sampler.delay()) {
            if sampler.wants(index) {
                indices.push(index);
            }
            sampler.pass(index);
        }
        if indices.is_empty() && total > 0 && sampler.needs_stand_in() {
            indices.push(0);
        }
        Ok(indices)
    }

    /// As a recipe says it.
    pub(super) fn word(&self) -> String {
        match *self {
            Self::Every { step: 1 } => "all".to_owned(),
            Self::Every { step } => format!("every-{step}"),
            Self::PerSecond { frames } => format!("per-second-{frames}"),
            Self::FeatureFusion => "feature-fusion".to_owned(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        match *self {
            Self::Every { step: 0 } => Err(Error::Config { field: "step", reason: "must be at least 1" }),
            Self::PerSecond { frames } if !(frames > 0.0 && frames <= 1e6) => {
                Err(Error::Config { field: "frames", reason: "must be above 0 and at most 1e6" })
            }
            _ => Ok(()),
        }
    }
}

/// The state of a sampling as it runs through a video.
#[derive(Debug, Clone)]
pub(super) struct Sampler {
    sampling: Sampling,
    /// Frames between two samples, and the first sample.
    period: f64,
    first: f64,
    /// Number of the next sample, and its frame.
    k: f64,
    next: f64,
}

impl Sampler {
    pub(super) fn new(sampling: Sampling, frames_per_second: f64) -> Self {
        let (period, first) = match sampling {
            Sampling::Every { step } => (step as f64, 0.0),
            Sampling::FeatureFusion => (2.0, 0.0),
            Sampling::PerSecond { frames } => {
                let period = frames_per_second / frames;
                (period, ((period / 2.0).floor() - 1.0).max(0.0))
            }
        };
        Self { sampling, period, first, k: 0.0, next: first }
    }

    /// Frames that must follow a sampled one for it to count.
    pub(super) fn delay(&self) -> u64 {
        if self.sampling == Sampling::FeatureFusion { 5 } else { 0 }
    }

    /// Whether the first frame represents a video that ends before the first sample.
    pub(super) fn needs_stand_in(&self) -> bool {
        self.first > 0.0
    }

    pub(super) fn wants(&self, index: u64) -> bool {
        self.next == index as f64
    }

    /// Moves past a frame.
    pub(super) fn pass(&mut self, index: u64) {
        // A period below 1 puts several samples on one frame; the frame counts once.
        while self.next <= index as f64 {
            // Where the samples are too close together for `k` to step through them, jump ahead.
            self.k = (self.k + 1.0).max(((index as f64 - self.first) / self.period).floor());
            self.next = self.first + (self.k * self.period).floor();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_rates_give_the_benchmark_frames() {
        for fps in 2..=61u64 {
            let indices = Sampling::PerSecond { frames: 1.0 }.indices(fps as f64, 200).unwrap();
            let expected: Vec<u64> = (0..).map(|k| fps / 2 - 1 + k * fps).take_while(|&i| i < 200).collect();
            assert_eq!(indices, expected, "{fps}");
        }
    }

    #[test]
    fn other_rates_keep_to_the_second() {
        let indices = Sampling::PerSecond { frames: 1.0 }.indices(30_000.0 / 1001.0, 3000).unwrap();
        assert_eq!(indices.len(), 100);
        assert_eq!(indices[99], 13 + 2967, "floor(99 * 29.97) after frame 13");
        // More samples than frames: every frame once.
        let all = Sampling::PerSecond { frames: 1e6 }.indices(25.0, 4).unwrap();
        assert_eq!(all, [0, 1, 2, 3]);
        assert_eq!(Sampling::PerSecond { frames: 10.0 }.indices(25.0, 11).unwrap(), [0, 2, 5, 7, 10]);
        assert_eq!(Sampling::PerSecond { frames: 1.0 }.indices(1.0, 3).unwrap(), [0, 1, 2]);
        assert_eq!(Sampling::PerSecond { frames: 1.0 }.indices(30.0, 5).unwrap(), [0], "the stand-in");
    }

    #[test]
    fn steps_and_the_tail() {
        assert_eq!(Sampling::Every { step: 3 }.indices(25.0, 8).unwrap(), [0, 3, 6]);
        assert_eq!(Sampling::FeatureFusion.indices(25.0, 5).unwrap(), [0u64; 0]);
        assert_eq!(Sampling::FeatureFusion.indices(25.0, 6).unwrap(), [0]);
        assert_eq!(Sampling::FeatureFusion.indices(25.0, 24).unwrap().last(), Some(&18));
    }
}
