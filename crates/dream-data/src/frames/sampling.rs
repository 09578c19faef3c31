//! Which frames of a video are taken: the plan and its text form.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Which frames of a video are taken.
///
/// Its text form is `every:6`, or `every:6+2` with an offset; `per-second:1`; `strides:6`; `centres:3`; `clips:2x8/2` for 2 clips of
/// 8 frames, 2 frames apart, or `clips:2x8/2@7` with a seed other than 0; and `first-of-second`, which is also read from
/// its older form `second`.
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
/// assert_eq!(taken(Sampling::FirstOfSecond, 60)?, [0, 25, 50]);
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
    /// get other clips in each video, mix its name into the seed. A video that is too short for `k` clips gives as many as
    /// fit, and one that is too short for a clip the frames of it that are there. Needs the number of frames.
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
    /// `n` frames per second by the rate of the video, from the middle of the first part on. With `p = rate / n`, these
    /// are the frames `max(floor(p / 2) - 1, 0) + floor(k p)`. "One frame per second" means `PerSecond { n: 1 }` in all
    /// of these crates: it is what the BVQA benchmark takes, and the frames that `PerSecond` of `dream-features` takes of
    /// the whole video. A video that ends before its first sample is represented by its first frame. Needs the rate.
    PerSecond {
        /// How many; at least 1. All frames, if it is not below the rate.
        n: u64,
    },
    /// The last frame of every stride of `floor(rate / n)` frames, one of 1 for a rate below `n`: with frames counted from
    /// 1, those whose number the stride divides. The scripts for deep features of DREAM's authors take frames so, six for a
    /// second. A video that is shorter than a stride is represented by its first frame. Needs the rate.
    Strides {
        /// How many strides fill a second, or a little less; at least 1.
        n: u64,
    },
    /// The first frame of every second. Seconds are counted by timestamps from the first frame of the video, so that it
    /// suits frames of varying duration. A second without frames gives none.
    FirstOfSecond,
}

impl Default for Sampling {
    fn default() -> Self {
        Self::Every { n: 6, offset: 0 }
    }
}

impl Sampling {
    /// True for methods that need the number of frames.
    #[must_use]
    pub const fn needs_count(self) -> bool {
        matches!(self, Self::Centres { .. } | Self::Clips { .. })
    }

    pub(crate) fn check(self) -> Result<()> {
        let numbers: &[(&'static str, u64)] = match self {
            Self::Every { n, .. } | Self::Centres { n } | Self::PerSecond { n } | Self::Strides { n } => {
                &[("n", n)]
            }
            Self::Clips { k, length, step, .. } => &[("k", k), ("length", length), ("step", step)],
            Self::FirstOfSecond => &[],
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
            Self::PerSecond { n } => write!(f, "per-second:{n}"),
            Self::Strides { n } => write!(f, "strides:{n}"),
            Self::FirstOfSecond => f.write_str("first-of-second"),
        }
    }
}

/// From the text that `Display` writes, and from `second` for [`Sampling::FirstOfSecond`].
impl FromStr for Sampling {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let sampling = parse(text).ok_or_else(|| {
            let known = "every:6, every:6+2 (from frame 2 on), per-second:1, strides:6, centres:3, clips:2x8/2 (2 \
                         clips of 8 frames, 2 apart), clips:2x8/2@7 (with a seed) or first-of-second";
            Error::option("sampling", format!("`{text}` is no way of sampling; give {known}"))
        })?;
        sampling.check()?;
        Ok(sampling)
    }
}

fn parse(text: &str) -> Option<Sampling> {
    if matches!(text, "first-of-second" | "second") {
        return Some(Sampling::FirstOfSecond);
    }
    let (kind, rest) = text.split_once(':')?;
    match kind {
        "every" => {
            let (n, offset) = rest.split_once('+').unwrap_or((rest, "0"));
            Some(Sampling::Every { n: n.parse().ok()?, offset: offset.parse().ok()? })
        }
        "centres" => Some(Sampling::Centres { n: rest.parse().ok()? }),
        "per-second" => Some(Sampling::PerSecond { n: rest.parse().ok()? }),
        "strides" => Some(Sampling::Strides { n: rest.parse().ok()? }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_sampling_are_read_and_written() {
        for (text, expected) in [
            ("every:6", Sampling::Every { n: 6, offset: 0 }),
            ("every:6+2", Sampling::Every { n: 6, offset: 2 }),
            ("centres:3", Sampling::Centres { n: 3 }),
            ("clips:2x8/2", Sampling::Clips { k: 2, length: 8, step: 2, seed: 0 }),
            ("clips:2x8/3@7", Sampling::Clips { k: 2, length: 8, step: 3, seed: 7 }),
            ("per-second:2", Sampling::PerSecond { n: 2 }),
            ("strides:6", Sampling::Strides { n: 6 }),
            ("first-of-second", Sampling::FirstOfSecond),
        ] {
            assert_eq!((text.parse::<Sampling>().unwrap(), expected.to_string().as_str()), (expected, text));
        }
        // As it was written at first.
        assert_eq!("second".parse::<Sampling>().unwrap(), Sampling::FirstOfSecond);
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
            "per-second",
            "per-second:0.5",
        ] {
            let error = text.parse::<Sampling>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}` is no way of sampling; give every:6")), "{error}");
        }
        for text in
            ["every:0", "centres:0", "clips:0x8/2", "clips:2x0/2", "clips:2x8/0", "per-second:0", "strides:0"]
        {
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
        let most = clips(u64::MAX, u64::MAX, u64::MAX).sampler(Some(1 << 40)).unwrap();
        assert_eq!((most.expected(), most.last()), (Some(1), Some(0)));
    }
}
