//! The frame rate of a video from how long its frames last.

use crate::frames::frame_rate::FrameRate;
use crate::frames::info::Pacing;
use std::collections::BTreeMap;

/// Different durations that are told apart: real clocks have a handful.
const MAX_DURATIONS: usize = 4096;
/// From this many units on, durations that differ by one unit are a constant rate, rounded.
const ROUNDED: u32 = 5;

/// How many frames have which duration, in units of a clock. The last one is left out: it often only fills the track up.
#[derive(Debug, Default)]
pub(super) struct Durations {
    counts: BTreeMap<u32, u64>,
    last: Option<u32>,
    seen: u64,
    /// The last time, where times are given.
    time: Option<i64>,
}

impl Durations {
    #[cfg(any(feature = "h264", test))]
    pub(super) fn see(&mut self, duration: u32) {
        self.seen += 1;
        if let Some(duration) = self.last.replace(duration) {
            self.count(duration);
        }
    }

    /// Instead of durations: the decoding times of frames, in order. A step back counts as none.
    pub(super) fn see_time(&mut self, time: i64) {
        if let Some(before) = self.time.replace(time) {
            self.count(u32::try_from(time.saturating_sub(before)).unwrap_or(0));
        }
    }

    fn count(&mut self, duration: u32) {
        if self.counts.len() < MAX_DURATIONS || self.counts.contains_key(&duration) {
            *self.counts.entry(duration).or_default() += 1;
        }
    }

    /// After the last frame.
    pub(super) fn finish(&mut self) {
        // A single frame has no other duration than its own.
        if let (1, Some(duration)) = (self.seen, self.last) {
            self.count(duration);
        }
    }

    /// Whether all durations but the last agree, and the rate: the exact one, the mean of a rounded one, or that of
    /// the most common duration (on a tie, the shortest). The clock has `clock.0 / clock.1` units in a second.
    pub(super) fn pacing(&self, clock: (u32, u32)) -> (Pacing, Option<FrameRate>) {
        let rate = |frames: u64, units: u64| {
            let (num, den) = (frames.checked_mul(clock.0.into())?, units.checked_mul(clock.1.into())?);
            FrameRate::from_ratio(num, den)
        };
        let (Some((&shortest, _)), Some((&longest, _))) =
            (self.counts.first_key_value(), self.counts.last_key_value())
        else {
            return (Pacing::Unknown, None);
        };
        if shortest > 0 && shortest == longest {
            return (Pacing::Constant, rate(1, shortest.into()));
        }
        if shortest >= ROUNDED && longest - shortest == 1 {
            let frames = self.counts.values().sum();
            let units = self.counts.iter().map(|(&duration, count)| u64::from(duration) * count).sum();
            return (Pacing::Constant, rate(frames, units));
        }
        let mut best = (0, 0);
        for (&duration, &count) in self.counts.iter().filter(|(duration, _)| **duration > 0) {
            if count > best.1 {
                best = (duration, count);
            }
        }
        let nominal = rate(1, best.0.into());
        (if nominal.is_some() { Pacing::Variable } else { Pacing::Unknown }, nominal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: impl IntoIterator<Item = u32>) -> Durations {
        let mut all = Durations::default();
        for duration in durations {
            all.see(duration);
        }
        all.finish();
        all
    }

    #[test]
    fn rates_come_from_durations() {
        let rate = |durations: &[u32]| {
            let (pacing, rate) = of(durations.iter().copied()).pacing((30_000, 1));
            (pacing, rate.map_or_else(String::new, |rate| rate.to_string()))
        };
        let constant = |text: &str| (Pacing::Constant, text.to_owned());
        let variable = |text: &str| (Pacing::Variable, text.to_owned());
        assert_eq!(rate(&[1001; 5]), constant("30000/1001"));
        assert_eq!(rate(&[1001, 1001, 1001, 7]), constant("30000/1001"));
        assert_eq!(rate(&[1000]), constant("30"));
        // A rounded clock.
        assert_eq!(rate(&[33, 33, 34, 33, 33, 34, 1]), constant("900"));
        // A freeze is not part of the rate.
        assert_eq!(rate(&[1000, 1000, 3_000_000, 1000]), variable("30"));
        assert_eq!(rate(&[10, 10, 20, 20, 20]), variable("3000"));
        assert_eq!(rate(&[1, 2, 2, 9]), variable("15000"));
        assert_eq!(rate(&[0, 10, 10, 10]), variable("3000"));
        for none in [&[][..], &[0], &[0, 0, 5]] {
            assert_eq!(rate(none), (Pacing::Unknown, String::new()), "{none:?}");
        }
    }

    #[test]
    fn times_are_as_good_as_durations() {
        let mut durations = Durations::default();
        for time in [-62, -31, 0, 31, 41, 30, 61] {
            durations.see_time(time);
        }
        durations.finish();
        assert_eq!(durations.pacing((600, 1)), (Pacing::Variable, FrameRate::new(600, 31).ok()));
    }

    #[test]
    fn durations_do_not_fill_the_memory() {
        assert_eq!(of(0..20_000).counts.len(), MAX_DURATIONS);
    }
}
