use serde::{Deserialize, Serialize};

use crate::deep::backbones::convnext;
use crate::deep::input::{FaceRule, FramePlan, Input};
use crate::face::VideoBoxConfig;
use crate::preprocess::Preprocess;
use crate::{Error, Result};

/// Shape of a [`Unilj`](super::Unilj). [`Config::default`] is a tiny one for tests and examples.
///
/// ```
/// let config = dream_models::deep::methods::unilj::Config::paper();
/// assert_eq!((2 * config.backbone.features(), config.hidden), (4096, [512, 256, 64]));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The network of a frame, without a head.
    pub backbone: convnext::Config,
    /// Widths of the hidden layers that follow the features of a clip.
    pub hidden: [usize; 3],
    /// Frames of a clip.
    pub frames: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { backbone: convnext::Config::default(), hidden: [20, 12, 8], frames: 5 }
    }
}

impl Config {
    /// The network of the paper, from the code of its authors: ConvNeXt-XL, clips of five frames.
    #[must_use]
    pub fn paper() -> Self {
        Self { backbone: convnext::Config::xlarge(), hidden: [512, 256, 64], ..Self::default() }
    }

    /// What the network looks at where nothing else is said: ten clips of consecutive frames, one square for the video, 1.3
    /// times as wide as the detector's box, squeezed into 384x384 pixels.
    #[must_use]
    pub fn input(&self) -> Input {
        let face = FaceRule::Face(VideoBoxConfig { square: true, ..VideoBoxConfig::default() });
        let frames = FramePlan::Clips { k: 10, length: self.frames as u64, step: 1 };
        Input { frames, face, pixels: Preprocess::squash_384(), ..Input::default() }
    }

    /// Blocks between a parameter and the top of the backbone: see [`convnext::Config::depth_of`]. The layers behind a clip
    /// are the top.
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        parameter.strip_prefix("backbone.").map_or(0, |name| self.backbone.depth_of(name))
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |field, value: usize, expected| {
            Err(Error::InvalidConfig { field, value: value as f64, expected })
        };
        if let Some(&width) = self.hidden.iter().find(|width| !(1..=65536).contains(*width)) {
            return refuse("hidden", width, "between 1 and 65536");
        }
        if !(1..=65536).contains(&self.frames) {
            return refuse("frames", self.frames, "between 1 and 65536");
        }
        if self.backbone.num_classes != 0 {
            return refuse(
                "num_classes",
                self.backbone.num_classes,
                "0: the layers after a clip are the head",
            );
        }
        Ok(())
    }

    /// Checks that an input gives clips of the length that this network takes.
    pub(super) fn expect_clips(&self, input: &Input) -> Result<()> {
        match input.frames {
            FramePlan::Clips { length, .. } if length == self.frames as u64 => Ok(()),
            plan => {
                let frames = self.frames;
                let reason = format!(
                    "the network takes clips of {frames} frames, not {plan}: write clips:10x{frames}/1"
                );
                Err(Error::InvalidInput { argument: "frames", reason })
            }
        }
    }
}
