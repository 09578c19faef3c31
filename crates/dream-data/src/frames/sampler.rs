//! Decides frame by frame which to take, without their pixels.

use crate::error::{Error, Result};
use crate::frames::frame_rate::FrameRate;
use crate::frames::sampling::Sampling;
use crate::random::SplitMix64;
use std::collections::BTreeSet;

/// Tolerance in seconds: a frame may come this much early and still open its second. It is smaller than any
/// container's unit of time, and larger than the rounding error of sums of seconds.
const EARLY: f64 = 1e-6;

impl Sampling {
    /// The sampler for a video of `frames` frames (`None` if unknown).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when `n`, `k`, `length` or `step` is 0, and for [`Sampling::PerSecond`] and
    /// [`Sampling::Strides`], which need [`Sampling::sampler_at`]; [`Error::FrameCountUnknown`] when `frames` is `None` and
    /// needed; [`Error::TooFewFrames`] when frames of an empty video are wanted.
    pub fn sampler(self, frames: Option<u64>) -> Result<Sampler> {
        self.check()?;
        Sampler::new(self, frames, None)
    }

    /// The sampler for a video of `frames` frames (`None` if unknown) at `rate` frames per second, which only
    /// [`Sampling::PerSecond`] and [`Sampling::Strides`] look at: a [`FrameRate`] or a number.
    ///
    /// # Errors
    /// As [`Sampling::sampler`], except that nothing needs another function; [`Error::InvalidOption`] for a number that is no
    /// positive rate.
    ///
    /// # Example
    /// ```
    /// use dream_data::{FrameRate, Sampling};
    ///
    /// let mut sampler = Sampling::PerSecond { n: 1 }.sampler_at(None, FrameRate::new(30, 1)?)?;
    /// let taken: Vec<u64> = (0..100).filter(|&index| sampler.wants(index, index as f64 / 30.0)).collect();
    /// assert_eq!(taken, [14, 44, 74]);
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn sampler_at(self, frames: Option<u64>, rate: impl Into<f64>) -> Result<Sampler> {
        self.check()?;
        let rate = rate.into();
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::option(
                "frame_rate",
                format!("{rate} is no positive number of frames per second"),
            ));
        }
        Sampler::new(self, frames, Some(rate))
    }
}

/// Decides frame by frame which to take; made by [`Sampling::sampler`].
///
/// Memory: a few numbers, and one for each clip of [`Sampling::Clips`].
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    frames: Option<u64>,
    starts: Vec<u64>,
    beat: Beat,
    /// For `Strides`: frames of a stride.
    stride: u64,
    /// For `FirstOfSecond`: the time of the first frame, and the last second with a taken frame.
    origin: Option<f64>,
    second: f64,
}

impl Sampler {
    /// `sampling` was checked.
    pub(crate) fn new(sampling: Sampling, frames: Option<u64>, rate: Option<f64>) -> Result<Self> {
        let known = |sampling: &'static str, needed: u64| match frames {
            None => Err(Error::FrameCountUnknown { sampling }),
            Some(found) if found < needed => Err(Error::TooFewFrames { sampling, needed, found }),
            Some(found) => Ok(found),
        };
        let (mut starts, mut beat, mut sampling, mut stride) = (Vec::new(), Beat::default(), sampling, 1);
        let known_rate = || {
            rate.ok_or_else(|| {
                let reason = format!(
                    "`{sampling}` needs the rate of the video: call `sampler_at`, or give `Sampled` the source"
                );
                Error::option("sampling", reason)
            })
        };
        match sampling {
            Sampling::Every { .. } | Sampling::FirstOfSecond => {}
            Sampling::PerSecond { n } => {
                beat = Beat::new(known_rate()? / n as f64);
            }
            Sampling::Strides { n } => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "positive, and cut on purpose"
                )]
                let frames = (known_rate()? / n as f64) as u64;
                stride = frames.max(1);
            }
            Sampling::Centres { .. } => {
                known("centres", 1)?;
            }
            Sampling::Clips { k, length, step, seed } => {
                let (span, found) = (span(length, step), known("clips", 1)?);
                // As many as there is room for; where there is none for a whole clip, what there is of the first.
                let room = found / span;
                let length = if room == 0 { found.div_ceil(step.max(1)) } else { length };
                let k = k.min(room.max(1));
                starts = if room == 0 { vec![0] } else { places(k, span, found, seed) };
                sampling = Sampling::Clips { k, length, step, seed };
            }
        }
        Ok(Self { sampling, frames, starts, beat, stride, origin: None, second: -1.0 })
    }

    /// Whether the frame at position `index`, shown at `time` seconds, is taken. Ask about all frames, in order:
    /// [`Sampling::FirstOfSecond`] and [`Sampling::PerSecond`] remember what they took. All but `FirstOfSecond` use
    /// `index` alone, and it never takes a frame whose time is not finite.
    ///
    /// Of a video that ends before the first sample of `PerSecond` or `Strides`, the first frame is taken if the number of
    /// frames is known. If not, [`Sampled`](crate::Sampled) returns it at the end.
    pub fn wants(&mut self, index: u64, time: f64) -> bool {
        match self.sampling {
            Sampling::Every { n, offset } => {
                index.checked_sub(offset).is_some_and(|past| past.checked_rem(n) == Some(0))
            }
            Sampling::Centres { n } => is_centre(index, n, self.frames.unwrap_or(0)),
            Sampling::Clips { .. } => self.clip_of(index).is_some(),
            Sampling::PerSecond { .. } => match self.frames {
                Some(frames) if self.beat.is_late(frames) => index == 0 && frames > 0,
                _ => self.beat.falls_on(index),
            },
            Sampling::Strides { .. } => match self.frames {
                Some(frames) if frames < self.stride => index == 0 && frames > 0,
                _ => (index % self.stride) + 1 == self.stride,
            },
            Sampling::FirstOfSecond => {
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

    /// The number of frames that will be taken. It is known except for [`Sampling::FirstOfSecond`], and for
    /// [`Sampling::Every`], [`Sampling::PerSecond`] and [`Sampling::Strides`] of an unknown number of frames.
    #[must_use]
    pub fn expected(&self) -> Option<u64> {
        match self.sampling {
            Sampling::Every { n, offset } => Some(self.frames?.saturating_sub(offset).div_ceil(n.max(1))),
            Sampling::Centres { n } => Some(n.min(self.frames?)),
            Sampling::Clips { k, length, .. } => Some(k.saturating_mul(length)),
            Sampling::PerSecond { .. } => Some(self.beat.within(self.frames?).map_or(0, |(count, _)| count)),
            Sampling::Strides { .. } => {
                let frames = self.frames?;
                Some((frames / self.stride).max(u64::from(frames > 0)))
            }
            Sampling::FirstOfSecond => None,
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
            Sampling::PerSecond { .. } => self.beat.within(self.frames?).map(|(_, last)| last),
            Sampling::Strides { .. } => {
                let frames = self.frames?;
                if frames == 0 { None } else { Some((frames - frames % self.stride).saturating_sub(1)) }
            }
            Sampling::FirstOfSecond => None,
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

    /// Whether the first frame must be kept until another is taken or the video ends: it stands for a video that turns out to
    /// be shorter than the first step of [`Sampling::PerSecond`] or [`Sampling::Strides`]. [`Sampled`](crate::Sampled) does so.
    #[must_use]
    pub fn needs_stand_in(&self) -> bool {
        match self.sampling {
            Sampling::PerSecond { .. } => self.beat.first > 0.0,
            Sampling::Strides { .. } => self.stride > 1,
            _ => false,
        }
    }

    /// What sampling makes of a rate: `None` where the frames that are taken follow each other without a gap.
    pub(crate) fn rate(&self, rate: FrameRate) -> Option<FrameRate> {
        match self.sampling {
            Sampling::Every { n, .. } => (n > 1).then(|| rate.scaled(1, n)),
            Sampling::Centres { n } => {
                let frames = self.frames?;
                (n < frames).then(|| rate.scaled(n, frames))
            }
            Sampling::Clips { k, length, step, .. } => {
                let apart = if length > 1 { step } else { 1 };
                (k > 1 || apart > 1).then(|| rate.scaled(1, apart))
            }
            Sampling::PerSecond { n } => (self.beat.period > 1.0).then(|| FrameRate::whole(n)),
            Sampling::Strides { .. } => (self.stride > 1).then(|| rate.scaled(1, self.stride)),
            Sampling::FirstOfSecond => Some(if rate.as_f64() > 1.0 { FrameRate::whole(1) } else { rate }),
        }
    }
}

/// The frames of [`Sampling::PerSecond`].
#[derive(Debug, Clone, Copy, Default)]
struct Beat {
    /// Frames from one sample to the next; samples of a period below 1 share frames.
    period: f64,
    first: f64,
    /// Number of the next sample.
    k: f64,
}

impl Beat {
    fn new(period: f64) -> Self {
        Self { period, first: ((period / 2.0).floor() - 1.0).max(0.0), k: 0.0 }
    }

    fn place(&self, k: f64) -> f64 {
        self.first + (k * self.period).floor()
    }

    fn falls_on(&mut self, index: u64) -> bool {
        if self.period <= 1.0 {
            return true;
        }
        let index = index as f64;
        while self.place(self.k) < index {
            // Where the question skips many samples, jump.
            let next = (self.k + 1.0).max(((index - self.first) / self.period).floor());
            if next <= self.k {
                // Beyond the whole numbers that `f64` tells apart.
                return false;
            }
            self.k = next;
        }
        self.place(self.k) == index
    }

    /// Whether a video of `frames` frames ends before the first sample.
    fn is_late(&self, frames: u64) -> bool {
        self.first >= frames as f64
    }

    /// How many of the first `frames` frames are taken, and the last of them.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions of frames")]
    fn within(&self, frames: u64) -> Option<(u64, u64)> {
        let last = frames.checked_sub(1)?;
        if self.period <= 1.0 {
            return Some((frames, last));
        }
        if self.is_late(frames) {
            return Some((1, 0));
        }
        let last = last as f64;
        let k = ((last - self.first) / self.period).floor();
        // The division may have been rounded either way.
        let k = [k + 1.0, k, k - 1.0].into_iter().find(|&k| k >= 0.0 && self.place(k) <= last)?;
        Some((k as u64 + 1, self.place(k) as u64))
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
        // Room for two clips, for one, and for a part of one.
        for (frames, expected) in [(29, 8), (20, 8), (19, 4), (10, 4), (9, 3), (7, 3), (4, 2), (1, 1)] {
            assert_eq!(taken(clips(7), frames).len(), expected, "{frames}");
        }
        assert_eq!(clips(7).sampler(Some(20)).unwrap().clip_starts(), [0, 10]);
        assert_eq!(taken(clips(7), 9), [0, 3, 6]);
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
    fn frames_per_second_begin_in_the_middle_of_the_first() {
        let ntsc = FrameRate::new(30_000, 1001).unwrap();
        let pal = FrameRate::PAL;
        for (n, rate, frames, expected) in [
            (1, pal, 100, &[11, 36, 61, 86][..]),
            (1, ntsc, 120, &[13, 42, 72, 102]),
            (2, pal, 40, &[5, 17, 30]),
            (1, FrameRate::whole(1), 3, &[0, 1, 2]),
            (60, pal, 3, &[0, 1, 2]),
            (1, pal, 12, &[11]),
            // It ends before its first sample.
            (1, pal, 11, &[0]),
            (1, pal, 1, &[0]),
            (1, pal, 0, &[]),
        ] {
            let sampling = Sampling::PerSecond { n };
            let asked =
                |sampler: &mut Sampler| (0..frames).filter(|&i| sampler.wants(i, 0.0)).collect::<Vec<_>>();
            let mut sampler = sampling.sampler_at(Some(frames), rate).unwrap();
            assert_eq!(
                (sampler.expected(), sampler.last()),
                (Some(expected.len() as u64), expected.last().copied())
            );
            assert_eq!(asked(&mut sampler), expected, "{n} of {rate}, {frames} frames");
            let mut sampler = sampling.sampler_at(None, rate).unwrap();
            assert_eq!((sampler.expected(), sampler.last()), (None, None));
            let stand_in = expected == [0] && sampler.needs_stand_in();
            assert_eq!(asked(&mut sampler), if stand_in { &[] } else { expected }, "{n} of {rate}, unknown");
        }
        let unknown = Sampling::PerSecond { n: 1 }.sampler(Some(9)).unwrap_err().to_string();
        assert!(
            unknown.contains("`per-second:1` needs the rate of the video: call `sampler_at`"),
            "{unknown}"
        );
    }

    /// Rate, frames, the frames that the scripts for deep features take, the first and the last of them, and their distance.
    #[test]
    fn strides_are_those_of_the_published_scripts() {
        for (n, rate, frames, step, count) in [
            (6, 30.0, 150, 5, 30),
            (1, 30.0, 150, 30, 5),
            (6, 29.97, 150, 4, 37),
            (1, 29.97, 150, 29, 5),
            (6, 25.0, 126, 4, 31),
            (6, 23.976, 61, 3, 20),
            (1, 23.976, 61, 23, 2),
            (6, 60.0, 300, 10, 30),
            (6, 6.0, 12, 1, 12),
            // Where the scripts divide by zero, and where they find no frame.
            (6, 5.0, 7, 1, 7),
            (6, 30.0, 3, 5, 0),
        ] {
            let sampling = Sampling::Strides { n };
            let mut sampler = sampling.sampler_at(None, rate).unwrap();
            let found: Vec<u64> = (0..frames).filter(|&i| sampler.wants(i, 0.0)).collect();
            let expected: Vec<u64> = (1..=frames).filter(|t| t % step == 0).map(|t| t - 1).collect();
            assert_eq!(found, expected, "{n} of {rate}");
            assert_eq!(found.len(), count, "{n} of {rate}");
            assert_eq!(sampler.needs_stand_in(), step > 1);
            let mut sampler = sampling.sampler_at(Some(frames), rate).unwrap();
            let found: Vec<u64> = (0..frames).filter(|&i| sampler.wants(i, 0.0)).collect();
            assert_eq!(found, if count == 0 { vec![0] } else { expected });
            assert_eq!(
                (sampler.expected(), sampler.last()),
                (Some(found.len() as u64), found.last().copied())
            );
        }
        let sampler = Sampling::Strides { n: 6 }.sampler_at(Some(0), 30.0).unwrap();
        assert_eq!((sampler.expected(), sampler.last()), (Some(0), None));
        assert!(Sampling::Strides { n: 6 }.sampler(Some(9)).unwrap_err().to_string().contains("sampler_at"));
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Sampling::Strides { n: 6 }.sampler_at(None, rate).is_err(), "{rate}");
        }
    }

    #[test]
    fn counts_and_last_frames_are_those_of_the_questions() {
        for rate in [(24, 1), (25, 1), (30_000, 1001), (10_007, 3), (3, 2), (1, 1)] {
            let rate = FrameRate::new(rate.0, rate.1).unwrap();
            for (frames, n) in (0..200).flat_map(|frames| [1, 2, 3, 7].map(|n| (frames, n))) {
                let mut sampler = Sampling::PerSecond { n }.sampler_at(Some(frames), rate).unwrap();
                let found: Vec<u64> = (0..frames).filter(|&i| sampler.wants(i, 0.0)).collect();
                assert_eq!(sampler.expected(), Some(found.len() as u64), "{n} of {rate}, {frames}");
                assert_eq!(sampler.last(), found.last().copied(), "{n} of {rate}, {frames}");
            }
        }
        // Far out, where `f64` skips whole numbers, it still answers.
        let mut far = Sampling::PerSecond { n: 1 }.sampler_at(Some(u64::MAX), FrameRate::PAL).unwrap();
        assert!(far.last() > Some(u64::MAX / 2) && far.wants(11, 0.0));
        for index in [u64::MAX / 3, u64::MAX - 1, u64::MAX] {
            let _ = far.wants(index, 0.0);
        }
    }

    #[test]
    fn a_plan_states_the_rate_of_what_it_takes() {
        let rate = |text: &str, frames| -> Option<String> {
            let sampler = text.parse::<Sampling>().unwrap().sampler_at(frames, FrameRate::PAL).unwrap();
            sampler.rate(FrameRate::PAL).map(|rate| rate.to_string())
        };
        for (text, expected) in [
            ("every:6+2", "25/6"),
            ("centres:4", "5/2"),
            ("clips:2x8/2", "25/2"),
            ("clips:2x1/9", "25"),
            ("clips:1x3/5", "5"),
            ("per-second:2", "2"),
            ("strides:6", "25/4"),
            ("first-of-second", "1"),
        ] {
            assert_eq!(rate(text, Some(40)).as_deref(), Some(expected), "{text}");
        }
        // Nothing is left out between two of these.
        for text in ["every:1", "every:1+9", "centres:40", "clips:1x8/1", "clips:1x1/3", "per-second:25"] {
            assert_eq!(rate(text, Some(40)), None, "{text}");
        }
        let slow = FrameRate::new(1, 2).unwrap();
        let sampler = Sampling::FirstOfSecond.sampler_at(None, slow).unwrap();
        assert_eq!(sampler.rate(slow), Some(slow));
        assert_eq!(rate("every:18446744073709551615", None).as_deref(), Some("1/4294967295"));
    }

    #[test]
    fn seconds_count_from_the_first_frame_and_may_be_empty() {
        let times = [0.08, 0.5, 1.079_999_9, 1.5, 2.07, 2.2, 5.5, 5.9, 6.07, 6.08, 6.0];
        let mut sampler = Sampling::FirstOfSecond.sampler(None).unwrap();
        let found: Vec<f64> = times.into_iter().filter(|&time| sampler.wants(0, time)).collect();
        assert_eq!(found, [0.08, 1.079_999_9, 2.2, 5.5, 6.08]);
        let mut sampler = Sampling::FirstOfSecond.sampler(Some(0)).unwrap();
        assert!(!sampler.wants(0, f64::NAN) && sampler.wants(1, 3.0) && !sampler.wants(2, f64::INFINITY));
        // 29.97 frames a second: frames 0, 30, 60, ... of 30000/1001, whose 30th comes at 1.001 s.
        let mut sampler = Sampling::FirstOfSecond.sampler(None).unwrap();
        let found: Vec<u64> = (0..120).filter(|&i| sampler.wants(i, i as f64 * 1001.0 / 30000.0)).collect();
        assert_eq!(found, [0, 30, 60, 90]);
    }
}
