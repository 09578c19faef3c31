//! The true frame rate of a video, measured from the times of its frames.

use crate::frames::info::Pacing;

/// Measures rate and pacing from timestamps. Memory: a few numbers.
///
/// # Example
/// ```
/// use dream_data::{FrameTimes, Pacing};
///
/// let mut times = FrameTimes::default();
/// for time in [0.0, 0.04, 0.08, 0.16] {
///     times.push(time);
/// }
/// assert_eq!(times.average_rate(), Some(3.0 / 0.16));
/// assert_eq!(times.pacing(0.001), Pacing::Variable);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FrameTimes {
    frames: u64,
    first: f64,
    last: f64,
    shortest: f64,
    longest: f64,
}

impl FrameTimes {
    /// The time of the next frame in seconds. Times that are not finite are left out.
    pub fn push(&mut self, time: f64) {
        // A quarter, so that differences of differences stay finite.
        if time.is_nan() || time.abs() > f64::MAX / 4.0 {
            return;
        }
        match self.frames {
            0 => self.first = time,
            1 => (self.shortest, self.longest) = (time - self.last, time - self.last),
            _ => {
                self.shortest = self.shortest.min(time - self.last);
                self.longest = self.longest.max(time - self.last);
            }
        }
        self.last = time;
        self.frames = self.frames.saturating_add(1);
    }

    /// Number of times pushed.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Frames per second: the number of intervals divided by the seconds from the first to the last frame. `None` for
    /// fewer than two frames, or if no time passes.
    #[must_use]
    pub fn average_rate(&self) -> Option<f64> {
        let seconds = self.last - self.first;
        let rate = self.frames.saturating_sub(1) as f64 / seconds;
        (self.frames > 1 && seconds > 0.0 && rate.is_finite()).then_some(rate)
    }

    /// Seconds of the shortest and the longest interval between two frames; `None` for fewer than two. A negative
    /// shortest interval means that times go backwards.
    #[must_use]
    pub fn intervals(&self) -> Option<(f64, f64)> {
        (self.frames > 1).then_some((self.shortest, self.longest))
    }

    /// Constant when no two intervals differ by more than `tolerance` seconds; unknown for fewer than three frames.
    /// Containers round times to their units, so leave at least one unit: 0.001 for Matroska.
    #[must_use]
    pub fn pacing(&self, tolerance: f64) -> Pacing {
        if self.frames < 3 {
            Pacing::Unknown
        } else if self.longest - self.shortest <= tolerance {
            Pacing::Constant
        } else {
            Pacing::Variable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[f64]) -> FrameTimes {
        let mut all = FrameTimes::default();
        times.iter().for_each(|&time| all.push(time));
        all
    }

    #[test]
    fn rates_and_pacing() {
        let ntsc: Vec<f64> = (0..100).map(|i| f64::from(i) * 1001.0 / 30000.0).collect();
        assert!((of(&ntsc).average_rate().unwrap() - 30000.0 / 1001.0).abs() < 1e-9);
        assert_eq!(of(&ntsc).pacing(1e-6), Pacing::Constant);
        let rounded: Vec<f64> = ntsc.iter().map(|time| (time * 1000.0).round() / 1000.0).collect();
        assert_eq!(
            (of(&rounded).pacing(1e-6), of(&rounded).pacing(0.0011)),
            (Pacing::Variable, Pacing::Constant)
        );
        assert_eq!(of(&[0.5, 1.0, 0.75]).intervals(), Some((-0.25, 0.5)));
    }

    #[test]
    fn too_few_times_tell_nothing() {
        for few in [&[][..], &[1.0], &[1.0, 1.0], &[f64::NAN, 1.0, f64::INFINITY], &[2.0, 1.0]] {
            assert_eq!(of(few).average_rate(), None, "{few:?}");
            assert_eq!(of(few).pacing(1.0), Pacing::Unknown, "{few:?}");
        }
        // So close that the rate overflows.
        assert_eq!(of(&[0.0, 5e-324]).average_rate(), None);
        assert_eq!(of(&[1.0]).intervals(), None);
    }
}
