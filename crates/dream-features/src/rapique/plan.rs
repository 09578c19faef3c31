//! Which frames a chunk is made of. A chunk lasts a second; frames count from 0.

use std::ops::RangeInclusive;

use super::temporal::WINDOW;

/// The frames of every chunk, given the rate. The end of the video cuts them off: see [`Plan::end`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    period: u64,
}

/// Frames of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frames {
    pub(super) middle: u64,
    /// The two frames of the spatial values.
    pub(super) previous: u64,
    pub(super) next: u64,
    /// First frame of the temporal window, and how many there are.
    pub(super) first: u64,
    pub(super) count: u64,
}

const LENGTH: u64 = WINDOW as u64;
/// Frames of the window before the middle one.
const BEFORE: u64 = 4;

impl Plan {
    pub(super) fn new(frames_per_second: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rate is at most 1e6"
        )]
        let period = frames_per_second.round().max(1.0) as u64;
        Self { period }
    }

    /// The frames of chunk `k` of a video without end. The very first frame is never used, unless there is one frame a
    /// second.
    pub(super) fn chunk(self, k: u64) -> Frames {
        let (middle, third) = (self.period / 2 + k * self.period, self.period / 3);
        let first = middle.saturating_sub(BEFORE).max(1);
        Frames {
            middle,
            previous: middle.saturating_sub(third).max(1),
            next: middle + third,
            first,
            count: LENGTH,
        }
    }

    /// The frames of chunk `k` of a video of `frames` frames; none if there is no such chunk.
    pub(super) fn end(self, k: u64, frames: u64) -> Option<Frames> {
        let chunk = self.chunk(k);
        let last = frames.checked_sub(2).filter(|&last| chunk.middle <= last)?;
        let count = last.saturating_sub(chunk.first).min(LENGTH);
        Some(Frames { next: chunk.next.min(last), count, ..chunk })
    }

    /// The least number of frames that has a chunk.
    pub(super) fn least(self) -> u64 {
        self.chunk(0).middle + 2
    }

    /// Whether a chunk may need frame `i` when the video goes on, or ends soon after it.
    pub(super) fn wanted(self, i: u64) -> bool {
        self.near(i).any(|chunk| chunk.all().contains(&i))
    }

    /// Whether frame `i` is one of the two of a chunk.
    pub(super) fn spatial(self, i: u64) -> bool {
        self.near(i).any(|chunk| chunk.previous == i || chunk.next == i)
    }

    /// Whether frame `i` is in the window of a chunk.
    pub(super) fn temporal(self, i: u64) -> bool {
        self.near(i).any(|chunk| (chunk.first..chunk.first + LENGTH).contains(&i))
    }

    /// The chunks whose frames may include `i`.
    fn near(self, i: u64) -> impl Iterator<Item = Frames> {
        let reach = self.period / 3 + BEFORE + LENGTH;
        let low = i.saturating_sub(self.period / 2 + reach) / self.period;
        (low..=(i + reach) / self.period).map(move |k| self.chunk(k))
    }
}

impl Frames {
    /// Whether the chunk stays as it is when the video has more than `frames` frames.
    pub(super) fn complete(&self, frames: u64) -> bool {
        self.next + 2 <= frames && self.first + LENGTH + 2 <= frames
    }

    /// The first frame that it needs.
    pub(super) fn earliest(&self) -> u64 {
        self.previous.min(self.first).min(self.next)
    }

    fn all(&self) -> RangeInclusive<u64> {
        let last = self.previous.max(self.next).max(self.first + LENGTH - 1);
        self.earliest()..=last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_of_the_reference() {
        let plan = Plan::new(5.97);
        let frames = |k, n| plan.end(k, n).map(|f| [f.middle, f.previous, f.next, f.first, f.count]);
        assert_eq!(frames(0, 14), Some([3, 1, 5, 1, 8]));
        assert_eq!(frames(1, 14), Some([9, 7, 11, 5, 7]));
        assert_eq!(frames(2, 14), None);
        let frames = |k| Plan::new(5.0).end(k, 11).map(|f| [f.middle, f.previous, f.next, f.first, f.count]);
        assert_eq!([frames(0), frames(1)], [Some([2, 1, 3, 1, 8]), Some([7, 6, 8, 3, 6])]);
        assert_eq!(frames(2), None);
    }

    #[test]
    fn what_a_chunk_uses_is_wanted_whenever_the_video_ends() {
        for rate in 1..70u32 {
            let plan = Plan::new(f64::from(rate));
            for frames in 0..4 * u64::from(rate) + 20 {
                let mut k = 0;
                while let Some(chunk) = plan.end(k, frames) {
                    let window = chunk.first..chunk.first + chunk.count;
                    assert!(window.clone().all(|i| plan.temporal(i) && plan.wanted(i)));
                    assert!(plan.wanted(chunk.previous) && plan.spatial(chunk.previous));
                    assert!(plan.wanted(chunk.next), "{rate} {frames} {chunk:?}");
                    assert!(chunk.next == frames - 2 || plan.spatial(chunk.next));
                    assert!(window.end <= frames.saturating_sub(2).max(chunk.first));
                    assert!(chunk.previous < frames && chunk.next < frames);
                    k += 1;
                }
                assert_eq!(k == 0, frames < plan.least(), "{rate} {frames}");
            }
        }
    }

    #[test]
    fn frames_between_chunks_are_not_wanted() {
        let plan = Plan::new(30.0);
        let unwanted: Vec<u64> = (0..60).filter(|&i| !plan.wanted(i)).collect();
        assert_eq!(unwanted, [0, 1, 2, 3, 4, 26, 27, 28, 29, 30, 31, 32, 33, 34, 56, 57, 58, 59]);
    }
}
