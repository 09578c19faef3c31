use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Shape of a [`ResNet`](super::ResNet) of bottleneck blocks. [`Config::default`] is [`Config::resnet50`].
///
/// ```
/// use dream_models::deep::backbones::resnet::Config;
///
/// let config: Config = serde_json::from_str(r#"{ "depths": [3, 4, 23, 3] }"#)?; // ResNet-101
/// assert_eq!(config.features(), 2048);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Planes behind the first convolution.
    pub stem: usize,
    /// Width of the 3x3 convolutions of each stage; a stage gives four times as many planes.
    pub widths: Vec<usize>,
    /// Blocks of each stage.
    pub depths: Vec<usize>,
    /// Added to the variance in every batch norm.
    pub norm_eps: f64,
    /// Share of a batch in the running statistics of every batch norm.
    pub momentum: f64,
    /// Frames that go through the network together: bounds the memory, changes no bit of the result.
    pub images_per_pass: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self::resnet50()
    }
}

impl Config {
    /// torchvision's ResNet-50 without its last layer: 23,508,032 parameters, 2048 features.
    #[must_use]
    pub fn resnet50() -> Self {
        Self {
            stem: 64,
            widths: vec![64, 128, 256, 512],
            depths: vec![3, 4, 6, 3],
            norm_eps: 1e-5,
            momentum: 0.1,
            images_per_pass: 8,
        }
    }

    /// Planes behind the last stage, the number of features of a frame.
    #[must_use]
    pub fn features(&self) -> usize {
        self.widths.last().copied().map_or(0, planes)
    }

    /// Blocks between a parameter and the top of the tower, for learning rates that fall towards the pixels: 1 for the last
    /// block, and the most for the stem.
    ///
    /// ```
    /// let config = dream_models::deep::backbones::resnet::Config::resnet50();
    /// assert_eq!(config.depth_of("layer4.2.bn3.weight"), 1);
    /// assert_eq!(config.depth_of("conv1.weight"), 17);
    /// assert_eq!(config.depth_of("fc.weight"), 0);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        let all: usize = self.depths.iter().sum();
        let below = |block: usize| u32::try_from(all.saturating_sub(block)).unwrap_or(u32::MAX);
        if ["conv1.", "bn1."].iter().any(|stem| parameter.starts_with(stem)) {
            return below(0).saturating_add(1);
        }
        let place = || {
            let mut parts = parameter.strip_prefix("layer")?.split('.');
            let stage = parts.next()?.parse::<usize>().ok()?.checked_sub(1)?;
            Some((stage, parts.next()?.parse::<usize>().ok()?))
        };
        place().map_or(0, |(stage, block)| {
            below(self.depths.iter().take(stage).sum::<usize>().saturating_add(block))
        })
    }

    /// Checks the fields.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] with the field that has no meaning or a size that no network has.
    pub fn validate(&self) -> Result<()> {
        let size = |field: &'static str, value: usize| match value {
            1..=65536 => Ok(()),
            _ => Err(invalid(field, value as f64, "between 1 and 65536")),
        };
        size("stem", self.stem)?;
        size("images_per_pass", self.images_per_pass)?;
        self.widths.iter().try_for_each(|&width| size("widths", width))?;
        self.depths.iter().try_for_each(|&depth| size("depths", depth))?;
        if !(1..=8).contains(&self.widths.len()) {
            return Err(invalid("widths", self.widths.len() as f64, "1 to 8 stages"));
        }
        if self.depths.len() != self.widths.len() {
            return Err(invalid("depths", self.depths.len() as f64, "as long as `widths`"));
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return Err(invalid("norm_eps", self.norm_eps, "between 0 and 1"));
        }
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(invalid("momentum", self.momentum, "0 to 1"));
        }
        Ok(())
    }
}

/// Planes of a stage of this width.
pub(super) fn planes(width: usize) -> usize {
    width.saturating_mul(4)
}

fn invalid(field: &'static str, value: f64, expected: &'static str) -> Error {
    Error::InvalidConfig { field, value, expected }
}
