//! What a network looks at: which frames, which part of them, as which numbers.
//!
//! An [`Input`] is part of every checkpoint of a network. Programs obey it, so a score does not depend on the program
//! that gives it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::face::{FaceBox, VideoBoxConfig, VideoFaceBox};
use crate::preprocess::{Preprocess, ResizeRule};
use crate::{Error, Result};

/// How a video becomes the input of a network.
///
/// [`Input::default`] is that of DA-CLIP in its paper: every sixth frame, one face box per video, 256x256 pixels.
///
/// ```
/// use dream_models::deep::input::{FramePlan, Input};
///
/// let input = Input { frames: FramePlan::Centres { n: 3 }, ..Input::default() };
/// let json = serde_json::to_value(&input)?;
/// assert_eq!(json["frames"], "centres:3");
/// assert_eq!(serde_json::from_value::<Input>(json)?, input);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Which frames of the video.
    pub frames: FramePlan,
    /// Which part of them.
    pub face: FaceRule,
    /// How that part becomes numbers.
    pub pixels: Preprocess,
    /// How frames are put together.
    pub layout: Layout,
}

impl Input {
    /// Checks the fields.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] with the field.
    pub fn validate(&self) -> Result<()> {
        self.frames.validate()?;
        self.face.validate()?;
        self.pixels.validate()
    }

    /// Checks that the preprocessing makes frames of the size that a network takes.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] with both sizes.
    pub fn expect_size(&self, [height, width]: [usize; 2]) -> Result<()> {
        let size = self.pixels.size;
        let reason = match self.pixels.rule {
            ResizeRule::Native => format!(
                "the preprocessing leaves pictures as large as they are, the network takes {width}x{height} pixels: take \
                 another rule"
            ),
            _ if (height, width) == (size, size) => return Ok(()),
            _ => format!(
                "the preprocessing makes frames of {size}x{size} pixels, the network takes {width}x{height}: set its size \
                 to that of the network"
            ),
        };
        Err(Error::InvalidInput { argument: "pixels", reason })
    }
}

/// Which frames of a video a network sees. In files and on command lines it is a short text.
///
/// | text | frames |
/// |---|---|
/// | `every:6` | the first of every six |
/// | `centres:3` | the middle frames of three equal parts |
/// | `clips:2x8/4` | two clips of eight frames each, every fourth frame of the video |
/// | `strides:6` | the last of every `floor(rate / 6)` frames, by the rate of the video |
/// | `first-of-second` | the first of every second |
///
/// ```
/// use dream_models::deep::input::FramePlan;
///
/// let plan: FramePlan = "every:3".parse()?;
/// assert_eq!(plan, FramePlan::Every { n: 3 });
/// assert_eq!(FramePlan::Clips { k: 2, length: 8, step: 4 }.to_string(), "clips:2x8/4");
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum FramePlan {
    /// Frames 0, `n`, `2n`, ...
    Every {
        /// Above 0.
        n: u64,
    },
    /// The middle frames of `n` equal parts; a video of fewer than `n` frames gives each of them once.
    Centres {
        /// Above 0.
        n: u64,
    },
    /// `k` clips of `length` frames that lie `step` frames apart; a video that is too short gives as many whole clips as fit,
    /// or what there is of one.
    Clips {
        /// Number of clips, above 0.
        k: u64,
        /// Frames of a clip, above 0.
        length: u64,
        /// From one frame of a clip to the next, above 0.
        step: u64,
    },
    /// The first frame of every second, by the times of the frames.
    FirstOfSecond,
    /// The last frame of every `floor(rate / n)` frames; of a shorter video the first frame. So do the published scripts for
    /// deep features: with frames counted from 1, they take those whose number the stride divides.
    Strides {
        /// How many strides fill a second, above 0.
        n: u64,
    },
}

impl Default for FramePlan {
    fn default() -> Self {
        Self::Every { n: 6 }
    }
}

impl FramePlan {
    fn validate(&self) -> Result<()> {
        let numbers = match *self {
            Self::Every { n } | Self::Centres { n } | Self::Strides { n } => vec![("n", n)],
            Self::Clips { k, length, step } => vec![("k", k), ("length", length), ("step", step)],
            Self::FirstOfSecond => Vec::new(),
        };
        match numbers.into_iter().find(|(_, number)| *number == 0) {
            Some((field, _)) => Err(Error::InvalidConfig { field, value: 0.0, expected: "above 0" }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FramePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every { n } => write!(f, "every:{n}"),
            Self::Centres { n } => write!(f, "centres:{n}"),
            Self::Clips { k, length, step } => write!(f, "clips:{k}x{length}/{step}"),
            Self::FirstOfSecond => f.write_str("first-of-second"),
            Self::Strides { n } => write!(f, "strides:{n}"),
        }
    }
}

impl FromStr for FramePlan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.parse::<u64>().ok().filter(|&number| number > 0);
        let clips = |text: &str| {
            let (k, rest) = text.split_once('x')?;
            let (length, step) = rest.split_once('/')?;
            Some(Self::Clips { k: number(k)?, length: number(length)?, step: number(step)? })
        };
        let plan = match text.split_once(':') {
            // `second` is how it was written at first.
            None if matches!(text, "first-of-second" | "second") => Some(Self::FirstOfSecond),
            Some(("every", n)) => number(n).map(|n| Self::Every { n }),
            Some(("centres", n)) => number(n).map(|n| Self::Centres { n }),
            Some(("strides", n)) => number(n).map(|n| Self::Strides { n }),
            Some(("clips", rest)) => clips(rest),
            _ => None,
        };
        plan.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let reason = format!(
                "`{shown}` names no frames: write every:6, centres:3, clips:2x8/4, strides:6 or first-of-second, with \
                 numbers above 0"
            );
            Error::InvalidInput { argument: "frames", reason }
        })
    }
}

impl TryFrom<String> for FramePlan {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<FramePlan> for String {
    fn from(plan: FramePlan) -> Self {
        plan.to_string()
    }
}

/// Which part of a frame a network sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaceRule {
    /// All of it.
    Whole,
    /// The same part of every video.
    Crop {
        /// Left, top, right and bottom, as shares of width and height.
        corners: [f64; 4],
    },
    /// The face: one box per video, from a detector or from a list, widened as the configuration says.
    Face(VideoBoxConfig),
}

impl Default for FaceRule {
    fn default() -> Self {
        Self::Face(VideoBoxConfig::default())
    }
}

impl FaceRule {
    fn validate(&self) -> Result<()> {
        match self {
            Self::Whole => Ok(()),
            Self::Crop { corners } => {
                let [left, top, right, bottom] = *corners;
                let outside = corners.iter().find(|corner| !(0.0..=1.0).contains(*corner));
                if let Some(&value) = outside {
                    return Err(Error::InvalidConfig {
                        field: "corners",
                        value,
                        expected: "between 0 and 1",
                    });
                }
                if !(FaceBox { left, top, right, bottom }).is_usable() {
                    let expected = "left, top, right and bottom, with left below right and top below bottom";
                    return Err(Error::InvalidConfig { field: "corners", value: right, expected });
                }
                Ok(())
            }
            Self::Face(config) => VideoFaceBox::new(config.clone()).map(|_| ()),
        }
    }
}

/// How the frames of a video are put together for a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layout {
    /// Each frame by itself, `[n, 3, height, width]`.
    #[default]
    Frames,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::BoxExpansion;

    #[test]
    fn plans_are_read_as_they_are_written() {
        for plan in [
            FramePlan::Every { n: 6 },
            FramePlan::Centres { n: 3 },
            FramePlan::Clips { k: 2, length: 8, step: 4 },
            FramePlan::FirstOfSecond,
            FramePlan::Strides { n: 6 },
        ] {
            assert_eq!(plan.to_string().parse::<FramePlan>().unwrap(), plan);
        }
        assert_eq!(
            "second".parse::<FramePlan>().unwrap(),
            FramePlan::FirstOfSecond,
            "as it was written at first"
        );
        for bad in [
            "",
            "every",
            "every:0",
            "every:-1",
            "every:6+2",
            "centres:",
            "clips:2x8",
            "clips:2x8/0",
            "second:1",
            "strides:0",
        ] {
            let error = bad.parse::<FramePlan>().unwrap_err().to_string();
            assert!(error.contains("every:6"), "{bad}: {error}");
        }
    }

    #[test]
    fn every_rule_survives_its_file() {
        let boxes = VideoBoxConfig { expansion: BoxExpansion(1.5), ..VideoBoxConfig::default() };
        for face in [FaceRule::Whole, FaceRule::Crop { corners: [0.1, 0.2, 0.9, 1.0] }, FaceRule::Face(boxes)]
        {
            let input = Input { face, ..Input::default() };
            input.validate().unwrap();
            let json = serde_json::to_string(&input).unwrap();
            assert_eq!(serde_json::from_str::<Input>(&json).unwrap(), input);
        }
        let json = serde_json::to_string(&Input::default()).unwrap();
        for (from, to) in
            [("every:6", "every:0"), ("\"frames\":", "\"frame\":"), ("\"frames\"}", "\"clip\"}")]
        {
            let changed = json.replacen(from, to, 1);
            assert_ne!(changed, json, "{from}");
            assert!(serde_json::from_str::<Input>(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn inputs_without_meaning_are_refused() {
        let face = |corners| Input { face: FaceRule::Crop { corners }, ..Input::default() };
        for corners in [[0.5, 0.0, 0.5, 1.0], [0.0, 0.0, 1.1, 1.0], [0.0, f64::NAN, 1.0, 1.0]] {
            assert!(face(corners).validate().is_err(), "{corners:?}");
        }
        let frames = FramePlan::Every { n: 0 };
        assert!(Input { frames, ..Input::default() }.validate().is_err());
        let error = Input::default().expect_size([64, 32]).unwrap_err().to_string();
        assert!(error.contains("256x256") && error.contains("32x64"), "{error}");
        let pixels = Preprocess { rule: ResizeRule::Native, ..Preprocess::default() };
        let native = Input { pixels, ..Input::default() };
        let error = native.expect_size([256; 2]).unwrap_err().to_string();
        assert!(error.contains("another rule"), "{error}");
    }
}
