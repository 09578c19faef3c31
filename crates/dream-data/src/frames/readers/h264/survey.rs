//! What all samples together show before the first one is decoded: order, pacing, number, the bytes that are needed.

use super::samples::Sample;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::Pacing;
use crate::frames::readers::durations::Durations;

/// More frames than H.264 lets a decoder hold back for the display order (A.3.1).
const MAX_HELD: usize = 16;

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
    durations: Durations,
}

impl Survey {
    pub(super) fn see(&mut self, sample: &Sample) {
        self.samples += 1;
        self.needed = self.needed.max(sample.offset.saturating_add(sample.size));
        self.order.see(sample.composition);
        self.durations.see(sample.duration);
    }

    /// After the last sample.
    pub(super) fn finish(&mut self) {
        self.durations.finish();
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

    pub(super) fn pacing(&self, timescale: u32) -> (Pacing, Option<FrameRate>) {
        self.durations.pacing((timescale, 1))
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
}
