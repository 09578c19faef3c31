//! What all samples together show before the first one is decoded: order, pacing, number, the bytes that are needed.

use super::samples::Sample;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::Pacing;
use std::collections::BTreeMap;

/// More frames than H.264 lets a decoder hold back for the display order (A.3.1).
const MAX_HELD: usize = 16;
/// Different durations that are told apart: real clocks have a handful.
const MAX_DURATIONS: usize = 4096;
/// From this many units on, durations that differ by one unit are a constant rate, rounded.
const ROUNDED: u32 = 5;

/// The order of composition times.
#[derive(Debug, Default)]
struct Order {
    /// Times after which no later one came yet, descending.
    waiting: Vec<i64>,
    /// The latest time that one later in the file and later on the screen followed.
    passed: Option<i64>,
    reordered: bool,
    tangled: bool,
}

impl Order {
    /// OpenH264 gives out the earliest frame that it holds as soon as a later one is decoded. That is too early where
    /// one still earlier follows.
    fn see(&mut self, composition: i64) {
        while let Some(time) = self.waiting.pop_if(|time| *time < composition) {
            self.passed = self.passed.max(Some(time));
        }
        self.reordered |= !self.waiting.is_empty() || self.passed.is_some_and(|time| composition < time);
        self.tangled |= self.passed.is_some_and(|time| composition < time);
        self.waiting.push(composition);
        if self.waiting.len() > MAX_HELD {
            self.waiting.remove(0);
        }
    }
}

/// Collects what a walk over the samples shows.
#[derive(Debug, Default)]
pub(super) struct Survey {
    samples: u64,
    /// The end of the last byte that a sample needs.
    needed: u64,
    order: Order,
    /// Number of samples of each duration, without the last sample: it often only fills the track up.
    durations: BTreeMap<u32, u64>,
    last: Option<u32>,
}

impl Survey {
    pub(super) fn see(&mut self, sample: &Sample) {
        self.samples += 1;
        self.needed = self.needed.max(sample.offset.saturating_add(sample.size));
        self.order.see(sample.composition);
        if let Some(duration) = self.last.replace(sample.duration) {
            self.count(duration);
        }
    }

    fn count(&mut self, duration: u32) {
        if self.durations.len() < MAX_DURATIONS || self.durations.contains_key(&duration) {
            *self.durations.entry(duration).or_default() += 1;
        }
    }

    /// After the last sample.
    pub(super) fn finish(&mut self) {
        // A single frame has no other duration than its own.
        if let (1, Some(duration)) = (self.samples, self.last) {
            self.count(duration);
        }
    }

    pub(super) fn samples(&self) -> u64 {
        self.samples
    }

    pub(super) fn needed(&self) -> u64 {
        self.needed
    }

    /// Whether frames are shown in another order than they are stored in.
    pub(super) fn reordered(&self) -> bool {
        self.order.reordered
    }

    /// Whether OpenH264 would get the order wrong.
    pub(super) fn tangled(&self) -> bool {
        self.order.tangled
    }

    /// Whether all durations but the last agree, and the rate: the exact one, the mean of a rounded one, or that of
    /// the most common duration (on a tie, the shortest).
    pub(super) fn pacing(&self, timescale: u32) -> (Pacing, Option<FrameRate>) {
        let rate = |samples: u64, ticks: u64| {
            FrameRate::from_ratio(samples.checked_mul(u64::from(timescale))?, ticks)
        };
        let (Some((&shortest, _)), Some((&longest, _))) =
            (self.durations.first_key_value(), self.durations.last_key_value())
        else {
            return (Pacing::Unknown, None);
        };
        if shortest > 0 && shortest == longest {
            return (Pacing::Constant, rate(1, shortest.into()));
        }
        if shortest >= ROUNDED && longest - shortest == 1 {
            let samples = self.durations.values().sum();
            let ticks = self.durations.iter().map(|(&duration, count)| u64::from(duration) * count).sum();
            return (Pacing::Constant, rate(samples, ticks));
        }
        let mut best = (0, 0);
        for (&duration, &count) in self.durations.iter().filter(|(duration, _)| **duration > 0) {
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

    fn of(samples: impl IntoIterator<Item = (i64, u32)>) -> Survey {
        let mut survey = Survey::default();
        for (offset, (composition, duration)) in (0..).zip(samples) {
            survey.see(&Sample { offset, size: 1, composition, duration });
        }
        survey.finish();
        survey
    }

    #[test]
    fn orders_that_openh264_keeps_are_told_from_others() {
        let order = |order: &[i64]| {
            let survey = of(order.iter().map(|&time| (time, 1)));
            (survey.reordered(), survey.tangled())
        };
        assert_eq!(order(&[]), (false, false));
        assert_eq!(order(&[0, 1, 2, 3]), (false, false));
        assert_eq!(order(&[0, 2, 1, 4, 3]), (true, false));
        assert_eq!(order(&[0, 3, 1, 2, 6, 4, 5]), (true, false));
        assert_eq!(order(&[0, 8, 4, 2, 1, 3, 6, 5, 7, 16, 12, 10, 14]), (true, false));
        // 4 waits for 2, but 6 comes first.
        assert_eq!(order(&[0, 8, 4, 6, 2]), (true, true));
        assert_eq!(order(&[5, 9, 3]), (true, true));
        let backwards: Vec<i64> = (0..100).rev().collect();
        assert_eq!(order(&backwards), (true, false));
    }

    #[test]
    fn rates_come_from_durations() {
        let rate = |durations: &[u32]| {
            let (pacing, rate) = of(durations.iter().map(|&duration| (0, duration))).pacing(30_000);
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
    fn durations_do_not_fill_the_memory() {
        let survey = of((0..20_000).map(|duration| (0, duration)));
        assert_eq!(
            (survey.durations.len(), survey.samples(), survey.needed()),
            (MAX_DURATIONS, 20_000, 20_000)
        );
    }
}
