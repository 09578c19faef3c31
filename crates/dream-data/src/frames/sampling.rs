//! Selects frames of a video by position and time, without their pixels.

use crate::error::{Error, Result};
use crate::random::SplitMix64;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Tolerance in seconds: a frame may come this much early and still open its second. It is smaller than any
/// container's unit of time, and larger than the rounding error of sums of seconds.
const EARLY: f64 = 1e-6;

/// Which frames of a video are taken.
///
/// Its text form is `every:6`, or `every:6+2` with an offset; `centres:3`; `clips:2x8/2` for 2 clips of 8 frames, 2
/// frames apart, or `clips:2x8/2@7` with a seed other than 0; and `second` for one frame per second.
///
/// # Example
/// ```
/// use dream_data::Sampling;
///
/// let taken = |sampling: Sampling, frames: u64| -> dream_data::Result<Vec<u64>> {
///     let mut sampler = sampling.sampler(Some(frames))?;
///     Ok((0..frames).filter(|&index| sampler.wants(index, index as f64 / 25.0)).collect())
/// };
/// assert_eq!(taken(Sampling::default(), 20)?, [0, 6, 12, 18]);
/// assert_eq!(taken(Sampling::Centres { n: 4 }, 20)?, [2, 7, 12, 17]);
/// assert_eq!(taken(Sampling::OnePerSecond, 60)?, [0, 25, 50]);
/// let clips = Sampling::Clips { k: 2, length: 3, step: 2, seed: 1 };
/// assert_eq!(taken(clips, 20)?.len(), 6);
/// assert_eq!((clips.to_string().as_str(), "clips:2x3/2@1".parse::<Sampling>()?), ("clips:2x3/2@1", clips));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sampling {
    /// Frames `offset`, `offset + n`, `offset + 2 n` and so on. The DREAM paper takes every sixth, which is the
    /// default. A video of at most `offset` frames gives none.
    Every {
        /// Distance between taken frames; at least 1.
        n: u64,
        /// The first taken frame.
        offset: u64,
    },
    /// `n` frames spread over the video: the middle frame of each of `n` parts of equal length, which is frame
    /// `floor((2 i + 1) frames / (2 n))` for part `i`. A video of at most `n` frames gives each frame once. Needs the
    /// number of frames.
    Centres {
        /// How many; at least 1.
        n: u64,
    },
    /// `k` clips of `length` frames, `step` frames apart, at random places. Clips do not overlap, and all
    /// arrangements without overlap are equally likely. The same seed and number of frames give the same clips; to
    /// get other clips in each video, mix its name into the seed. Needs the number of frames.
    Clips {
        /// How many clips; at least 1.
        k: u64,
        /// Frames per clip; at least 1.
        length: u64,
        /// Distance between frames of a clip; at least 1, which means consecutive frames.
        step: u64,
        /// Seed of the random places.
        seed: u64,
    },
    /// The first frame of every second. Seconds are counted by timestamps from the first frame of the video. A second
    /// without frames gives none.
    OnePerSecond,
}

impl Default for Sampling {
    fn default() -> Self {
        Self::Every { n: 6, offset: 0 }
    }
}

impl Sampling {
    /// The sampler for a video of `frames` frames (`None` if unknown).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when `n`, `k`, `length` or `step` is 0; [`Error::FrameCountUnknown`] when
    /// `frames` is `None` and needed; [`Error::TooFewFrames`] when the clips do not fit side by side, or when
    /// frames of an empty video are wanted.
    pub fn sampler(self, frames: Option<u64>) -> Result<Sampler> {
        self.check()?;
        let known = |sampling: &'static str, needed: u64| match frames {
            None => Err(Error::FrameCountUnknown { sampling }),
            Some(found) if found < needed => Err(Error::TooFewFrames { sampling, needed, found }),
            Some(found) => Ok(found),
        };
        let mut starts = Vec::new();
        match self {
            Self::Every { .. } | Self::OnePerSecond => {}
            Self::Centres { .. } => {
                known("centres", 1)?;
            }
            Self::Clips { k, length, step, seed } => {
                let span = span(length, step);
                let found = known("clips", k.saturating_mul(span))?;
                starts = places(k, span, found, seed);
            }
        }
        Ok(Sampler { sampling: self, frames, starts, origin: None, second: -1.0 })
    }

    /// True for methods that need the number of frames.
    #[must_use]
    pub const fn needs_count(self) -> bool {
        matches!(self, Self::Centres { .. } | Self::Clips { .. })
    }

    fn check(self) -> Result<()> {
        let numbers: &[(&'static str, u64)] = match self {
            Self::Every { n, .. } | Self::Centres { n } => &[("n", n)],
            Self::Clips { k, length, step, .. } => &[("k", k), ("length", length), ("step", step)],
            Self::OnePerSecond => &[],
        };
        match numbers.iter().find(|(_, value)| *value == 0) {
            Some((option, _)) => Err(Error::option(option, "0 takes no frames; it must be at least 1")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every { n, offset: 0 } => write!(f, "every:{n}"),
            Self::Every { n, offset } => write!(f, "every:{n}+{offset}"),
            Self::Centres { n } => write!(f, "centres:{n}"),
            Self::Clips { k, length, step, seed: 0 } => write!(f, "clips:{k}x{length}/{step}"),
            Self::Clips { k, length, step, seed } => write!(f, "clips:{k}x{length}/{step}@{seed}"),
            Self::OnePerSecond => f.write_str("second"),
        }
    }
}

/// From the text that `Display` writes.
impl FromStr for Sampling {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let sampling = parse(text).ok_or_else(|| {
            let known = "every:6, every:6+2 (from frame 2 on), centres:3, clips:2x8/2 (2 clips of 8 frames, 2 apart), \
                         clips:2x8/2@7 (with a seed) or second";
            Error::option("sampling", format!("`{text}` is no way of sampling; give {known}"))
        })?;
        sampling.check()?;
        Ok(sampling)
    }
}

fn parse(text: &str) -> Option<Sampling> {
    if text == "second" {
        return Some(Sampling::OnePerSecond);
    }
    let (kind, rest) = text.split_once(':')?;
    match kind {
        "every" => {
            let (n, offset) = rest.split_once('+').unwrap_or((rest, "0"));
            Some(Sampling::Every { n: n.parse().ok()?, offset: offset.parse().ok()? })
        }
        "centres" => Some(Sampling::Centres { n: rest.parse().ok()? }),
        "clips" => {
            let (clips, seed) = rest.split_once('@').unwrap_or((rest, "0"));
            let (k, clip) = clips.split_once('x')?;
            let (length, step) = clip.split_once('/')?;
            let [k, length, step, seed] = [k, length, step, seed].map(|number| number.parse().ok());
            Some(Sampling::Clips { k: k?, length: length?, step: step?, seed: seed? })
        }
        _ => None,
    }
}

/// Frames from the first to the last of a clip, inclusive.
fn span(length: u64, step: u64) -> u64 {
    length.saturating_sub(1).saturating_mul(step).saturating_add(1)
}

/// First frames of `k` stretches of `span` frames that do not overlap, ascending. `k * span <= frames`.
fn places(k: u64, span: u64, frames: u64, seed: u64) -> Vec<u64> {
    // `items` counts stretches and free frames. Floyd's method draws which `k` of them are stretches; it needs no
    // memory for the others.
    let items = frames.saturating_sub(k.saturating_mul(span)).saturating_add(k);
    let mut random = SplitMix64::stream(seed, 0);
    let mut chosen = BTreeSet::new();
    for last in items.saturating_sub(k)..items {
        let bound = usize::try_from(last.saturating_add(1)).unwrap_or(usize::MAX);
        let drawn = random.below(bound) as u64;
        if !chosen.insert(drawn) {
            chosen.insert(last);
        }
    }
    // Each stretch before this one is one item and `span` frames.
    (0..).zip(chosen).map(|(before, item)| item + before * (span - 1)).collect()
}

/// Decides frame by frame which to take; made by [`Sampling::sampler`].
///
/// Memory: a few numbers, and one for each clip of [`Sampling::Clips`].
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    frames: Option<u64>,
    starts: Vec<u64>,
    /// For `OnePerSecond`: the time of the first frame, and the last second with a taken frame.
    origin: Option<f64>,
    second: f64,
}

impl Sampler {
    /// Whether the frame at position `index`, shown at `time` seconds, is taken. Ask about all frames, in order:
    /// [`Sampling::OnePerSecond`] remembers what it took. The others use `index` alone. `OnePerSecond` never takes a
    /// frame whose time is not finite.
    pub fn wants(&mut self, index: u64, time: f64) -> bool {
        match self.sampling {
            Sampling::Every { n, offset } => {
                index.checked_sub(offset).is_some_and(|past| past.checked_rem(n) == Some(0))
            }
            Sampling::Centres { n } => is_centre(index, n, self.frames.unwrap_or(0)),
            Sampling::Clips { .. } => self.clip_of(index).is_some(),
            Sampling::OnePerSecond => {
                if !time.is_finite() {
                    return false;
                }
                let origin = *self.origin.get_or_insert(time);
                let second = (time - origin + EARLY).floor();
                let opens = second > self.second;
                self.second = self.second.max(second);
                opens
            }
        }
    }

    /// The number of frames that will be taken. It is known except for [`Sampling::OnePerSecond`], and for
    /// [`Sampling::Every`] of an unknown number of frames.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        match self.sampling {
            Sampling::Every { n, offset } => Some(self.frames?.saturating_sub(offset).div_ceil(n.max(1))),
            Sampling::Centres { n } => Some(n.min(self.frames?)),
            Sampling::Clips { k, length, .. } => Some(k.saturating_mul(length)),
            Sampling::OnePerSecond => None,
        }
    }

    /// The last frame that can be taken, where that is known: nothing after it needs to be decoded.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        match self.sampling {
            Sampling::Every { n, offset } => {
                let past = self.frames?.checked_sub(1)?.checked_sub(offset)?;
                Some(offset + past - past.checked_rem(n)?)
            }
            Sampling::Centres { n } => {
                let frames = self.frames?;
                let n = n.min(frames);
                Some(centre(n.checked_sub(1)?, n, frames))
            }
            Sampling::Clips { length, step, .. } => {
                Some(self.starts.last()?.saturating_add(span(length, step) - 1))
            }
            Sampling::OnePerSecond => None,
        }
    }

    /// First frames of the clips of [`Sampling::Clips`], ascending; empty for the others.
    #[must_use]
    pub fn clip_starts(&self) -> &[u64] {
        &self.starts
    }

    /// The clip of [`Sampling::Clips`] that the frame belongs to and its place in it, both from 0; `None` for
    /// other frames and other ways of sampling.
    #[must_use]
    pub fn clip_of(&self, index: u64) -> Option<(u64, u64)> {
        let Sampling::Clips { length, step, .. } = self.sampling else { return None };
        let clip = self.starts.partition_point(|&start| start <= index).checked_sub(1)?;
        let past = index.checked_sub(*self.starts.get(clip)?)?;
        let place = past / step.max(1);
        (past % step.max(1) == 0 && place < length).then_some((clip as u64, place))
    }
}

/// The middle frame of part `i` of `n` equal parts.
fn centre(i: u64, n: u64, frames: u64) -> u64 {
    let middle = (2 * u128::from(i) + 1) * u128::from(frames) / (2 * u128::from(n.max(1)));
    u64::try_from(middle).unwrap_or(u64::MAX)
}

/// True if one of the `n` parts has its middle at `index`.
fn is_centre(index: u64, n: u64, frames: u64) -> bool {
    let n = n.min(frames);
    if n == 0 || index >= frames {
        return false;
    }
    // The part that contains the frame. Parts are at least one frame long, so no other has its middle here.
    let part = u64::try_from(u128::from(index) * u128::from(n) / u128::from(frames)).unwrap_or(u64::MAX);
    (part..=part.saturating_add(1)).any(|part| part < n && centre(part, n, frames) == index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(sampling: Sampling, frames: u64) -> Vec<u64> {
        let mut sampler = sampling.sampler(Some(frames)).unwrap();
        // Asking beyond the end must not matter.
        let found: Vec<u64> = (0..frames).filter(|&i| sampler.wants(i, i as f64 / 10.0)).collect();
        if let Some(expected) = sampler.expected() {
            assert_eq!(expected, found.len() as u64, "{sampling:?} of {frames}");
            assert_eq!(sampler.last(), found.last().copied(), "{sampling:?} of {frames}");
        }
        found
    }

    #[test]
    fn every_nth_from_an_offset() {
        assert_eq!(taken(Sampling::default(), 13), [0, 6, 12]);
        assert_eq!(taken(Sampling::Every { n: 5, offset: 2 }, 13), [2, 7, 12]);
        assert_eq!(taken(Sampling::Every { n: 1, offset: 0 }, 3), [0, 1, 2]);
        for frames in 0..3 {
            assert!(taken(Sampling::Every { n: 5, offset: 2 }, frames).is_empty());
        }
        let unknown = Sampling::default().sampler(None).unwrap();
        assert_eq!((unknown.expected(), unknown.last()), (None, None));
        let mut far = Sampling::Every { n: u64::MAX, offset: u64::MAX }.sampler(Some(u64::MAX)).unwrap();
        assert!(far.wants(u64::MAX, 0.0) && !far.wants(0, 0.0));
    }

    #[test]
    fn uniform_frames_are_the_middles_of_equal_parts() {
        for frames in 1..60 {
            for n in 1..70 {
                let parts = n.min(frames);
                // The formula in floating point, exact for numbers this small.
                let expected: Vec<f64> = (0..parts)
                    .map(|i| ((i as f64 + 0.5) * frames as f64 / parts as f64 + 1e-9).floor())
                    .collect();
                let found = taken(Sampling::Centres { n }, frames);
                let found: Vec<f64> = found.into_iter().map(|index| index as f64).collect();
                assert_eq!(found, expected, "{n} of {frames}");
            }
        }
        assert_eq!(taken(Sampling::Centres { n: 9 }, 3), [0, 1, 2]);
        let mut huge = Sampling::Centres { n: 2 }.sampler(Some(u64::MAX)).unwrap();
        assert!(huge.wants(u64::MAX / 4, 0.0) && !huge.wants(u64::MAX / 2, 0.0));
    }

    #[test]
    fn clips_keep_apart_and_hang_on_their_seed() {
        let clips = |seed| Sampling::Clips { k: 3, length: 4, step: 3, seed };
        let mut seen = BTreeSet::new();
        for seed in 0..200 {
            let sampler = clips(seed).sampler(Some(50)).unwrap();
            let starts = sampler.clip_starts().to_vec();
            assert!(
                starts.windows(2).all(|pair| pair[1] - pair[0] >= 10) && starts[2] + 10 <= 50,
                "{starts:?}"
            );
            let frames = taken(clips(seed), 50);
            let expected: Vec<u64> =
                starts.iter().flat_map(|start| (0..4).map(move |i| start + 3 * i)).collect();
            assert_eq!(frames, expected);
            for (number, frame) in (0..).zip(&frames) {
                assert_eq!(sampler.clip_of(*frame), Some((number / 4, number % 4)));
            }
            seen.insert(starts);
        }
        assert!(seen.len() > 180, "only {} arrangements", seen.len());
        // No room to choose.
        assert_eq!(taken(clips(7), 30).first().copied(), Some(0));
        assert_eq!(clips(7).sampler(Some(30)).unwrap().clip_starts(), [0, 10, 20]);
    }

    /// 2 clips of 2 frames in 6 frames: the starts are one of (0,2) (0,3) (0,4) (1,3) (1,4) (2,4).
    #[test]
    fn arrangements_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::<Vec<u64>, u32>::new();
        for seed in 0..6000 {
            let sampler = Sampling::Clips { k: 2, length: 2, step: 1, seed }.sampler(Some(6)).unwrap();
            *counts.entry(sampler.clip_starts().to_vec()).or_default() += 1;
        }
        // 1000 expected, standard deviation 29.
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (870..1130).contains(count)), "{counts:?}");
    }

    #[test]
    fn seconds_count_from_the_first_frame_and_may_be_empty() {
        let times = [0.08, 0.5, 1.079_999_9, 1.5, 2.07, 2.2, 5.5, 5.9, 6.07, 6.08, 6.0];
        let mut sampler = Sampling::OnePerSecond.sampler(None).unwrap();
        let found: Vec<f64> = times.into_iter().filter(|&time| sampler.wants(0, time)).collect();
        assert_eq!(found, [0.08, 1.079_999_9, 2.2, 5.5, 6.08]);
        let mut sampler = Sampling::OnePerSecond.sampler(Some(0)).unwrap();
        assert!(!sampler.wants(0, f64::NAN) && sampler.wants(1, 3.0) && !sampler.wants(2, f64::INFINITY));
        // 29.97 frames a second: frames 0, 30, 60, ... of 30000/1001, whose 30th comes at 1.001 s.
        let mut sampler = Sampling::OnePerSecond.sampler(None).unwrap();
        let found: Vec<u64> = (0..120).filter(|&i| sampler.wants(i, i as f64 * 1001.0 / 30000.0)).collect();
        assert_eq!(found, [0, 30, 60, 90]);
    }

    #[test]
    fn ways_of_sampling_are_read_and_written() {
        for (text, expected) in [
            ("every:6", Sampling::Every { n: 6, offset: 0 }),
            ("every:6+2", Sampling::Every { n: 6, offset: 2 }),
            ("centres:3", Sampling::Centres { n: 3 }),
            ("clips:2x8/2", Sampling::Clips { k: 2, length: 8, step: 2, seed: 0 }),
            ("clips:2x8/3@7", Sampling::Clips { k: 2, length: 8, step: 3, seed: 7 }),
            ("second", Sampling::OnePerSecond),
        ] {
            assert_eq!((text.parse::<Sampling>().unwrap(), expected.to_string().as_str()), (expected, text));
        }
        for text in [
            "",
            "every",
            "every:",
            "every:x",
            "every:-1",
            "every:6+",
            "centre:3",
            "centres:3+1",
            "clips:2x8",
            "clips:2/8",
            "clips:2x8/2@",
            "second:1",
            "Second",
        ] {
            let error = text.parse::<Sampling>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}` is no way of sampling; give every:6")), "{error}");
        }
        for text in ["every:0", "centres:0", "clips:0x8/2", "clips:2x0/2", "clips:2x8/0"] {
            let error = text.parse::<Sampling>().unwrap_err().to_string();
            assert!(error.contains("it must be at least 1"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_is_a_typed_error() {
        let clips = |k, length, step| Sampling::Clips { k, length, step, seed: 0 };
        for sampling in [
            Sampling::Every { n: 0, offset: 1 },
            Sampling::Centres { n: 0 },
            clips(0, 1, 1),
            clips(1, 0, 1),
            clips(1, 1, 0),
        ] {
            let error = sampling.sampler(Some(9)).unwrap_err();
            assert!(matches!(error, Error::InvalidOption { .. }), "{error}");
        }
        for sampling in [Sampling::Centres { n: 3 }, clips(1, 2, 3)] {
            let error = sampling.sampler(None).unwrap_err();
            assert!(matches!(error, Error::FrameCountUnknown { .. }), "{error}");
            assert!(error.to_string().contains("open_sampled"), "{error}");
            let error = sampling.sampler(Some(0)).unwrap_err();
            assert!(matches!(error, Error::TooFewFrames { found: 0, .. }), "{error}");
        }
        let error = clips(2, 3, 4).sampler(Some(17)).unwrap_err();
        assert!(matches!(error, Error::TooFewFrames { needed: 18, found: 17, .. }), "{error}");
        assert!(clips(2, 3, 4).sampler(Some(18)).is_ok());
        assert!(clips(u64::MAX, u64::MAX, u64::MAX).sampler(Some(1 << 40)).is_err());
    }
}
