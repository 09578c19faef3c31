use serde::{Deserialize, Serialize};

use crate::preprocess::Preprocess;
use crate::{Error, Result};

/// In which order the first kernel of a network has its planes. Frames are always red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelOrder {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red, as Caffe and OpenCV read pictures.
    Bgr,
}

/// Which numbers the weights of a VGG-Face were trained on. A file does not tell it: its publisher does.
///
/// ```
/// use dream_models::deep::backbones::vgg::Convention;
///
/// assert_eq!(Convention::by_name("bgr-mean-subtracted"), Some(Convention::BgrMeanSubtracted));
/// assert_eq!(Convention::default().name(), "rgb-mean-subtracted");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Convention {
    /// Red, green, blue from 0 to 255, each without its mean: the original network.
    #[default]
    RgbMeanSubtracted,
    /// Blue, green, red, each without its mean.
    BgrMeanSubtracted,
    /// Blue, green, red without the means of red, green, blue: a port of weights of Torch7.
    BgrMeanInRgbOrder,
    /// Red, green, blue from 0 to 1: the script for features of DREAM's authors.
    RgbUnitRange,
}

impl Convention {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::RgbMeanSubtracted, Self::BgrMeanSubtracted, Self::BgrMeanInRgbOrder, Self::RgbUnitRange];

    /// As one types it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RgbMeanSubtracted => "rgb-mean-subtracted",
            Self::BgrMeanSubtracted => "bgr-mean-subtracted",
            Self::BgrMeanInRgbOrder => "bgr-mean-in-rgb-order",
            Self::RgbUnitRange => "rgb-unit-range",
        }
    }

    /// The convention of a [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|convention| convention.name() == name)
    }

    /// For [`Config::order`].
    #[must_use]
    pub const fn order(self) -> ChannelOrder {
        match self {
            Self::RgbMeanSubtracted | Self::RgbUnitRange => ChannelOrder::Rgb,
            Self::BgrMeanSubtracted | Self::BgrMeanInRgbOrder => ChannelOrder::Bgr,
        }
    }

    /// For [`Preprocess::mean`]: of red, green and blue, whatever the order.
    #[must_use]
    pub const fn mean(self) -> [f32; 3] {
        let [red, green, blue] = Preprocess::VGG_FACE_MEAN;
        match self {
            Self::RgbMeanSubtracted | Self::BgrMeanSubtracted => [red, green, blue],
            Self::BgrMeanInRgbOrder => [blue, green, red],
            Self::RgbUnitRange => [0.0; 3],
        }
    }

    /// For [`Preprocess::std`].
    #[must_use]
    pub const fn std(self) -> [f32; 3] {
        match self {
            Self::RgbUnitRange => [1.0; 3],
            _ => [1.0 / 255.0; 3],
        }
    }
}

/// Shape of a [`Vgg16`](super::Vgg16). [`Config::default`] is [`Config::vgg_face`].
///
/// Which numbers the weights were trained on is a matter of the
/// [`Preprocess`](crate::preprocess::Preprocess) in front; four [conventions](Convention) are in use:
///
/// | frames | `mean` of the preprocessing | `std` | `order` |
/// |---|---|---|---|
/// | red, green, blue, each without its mean (the original network) | [`VGG_FACE_MEAN`](crate::preprocess::Preprocess::VGG_FACE_MEAN) | 1/255 | `rgb` |
/// | blue, green, red, each without its mean | the same | 1/255 | `bgr` |
/// | blue, green, red without the means of red, green, blue (a port of Torch7 weights) | the same, backwards | 1/255 | `bgr` |
/// | red, green, blue from 0 to 1 | 0 | 1 | `rgb` |
///
/// ```
/// use dream_models::deep::backbones::vgg::{ChannelOrder, Config};
///
/// let config = Config { order: ChannelOrder::Bgr, ..Config::vgg_face() };
/// let json = serde_json::to_string(&config)?;
/// assert_eq!(serde_json::from_str::<Config>(&json)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Side of the square frames in pixels, a multiple of 32: the size decides the shape of `fc6`.
    pub image_size: usize,
    /// Planes of the convolutions of each block.
    pub widths: [usize; 5],
    /// Width of the two fully connected layers, the number of features of a frame.
    pub features: usize,
    /// In which order the weights have the colours. A file does not tell it.
    pub order: ChannelOrder,
    /// Frames that go through the network together: bounds the memory, changes no bit of the result.
    pub images_per_pass: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self::vgg_face()
    }
}

impl Config {
    /// VGG-Face without the layer of its 2622 identities, which torchvision's VGG-16 has the shape of: 134,260,544 parameters.
    ///
    /// # Reference
    ///
    /// Parkhi, Vedaldi and Zisserman, "Deep Face Recognition", BMVC 2015.
    #[must_use]
    pub fn vgg_face() -> Self {
        Self {
            image_size: 224,
            widths: [64, 128, 256, 512, 512],
            features: 4096,
            order: ChannelOrder::Rgb,
            images_per_pass: 8,
        }
    }

    /// Layers between a parameter and the top of the tower, for learning rates that fall towards the pixels: 1 for `fc7`, and
    /// the most for the first block, which counts as one layer as the others do.
    ///
    /// ```
    /// let config = dream_models::deep::backbones::vgg::Config::vgg_face();
    /// assert_eq!(config.depth_of("fc7.weight"), 1);
    /// assert_eq!(config.depth_of("conv_5_2.bias"), 3);
    /// assert_eq!(config.depth_of("conv_1_1.weight"), 7);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        let block = || parameter.strip_prefix("conv_")?.split('_').next()?.parse::<u32>().ok();
        match parameter.split('.').next() {
            Some("fc7") => 1,
            Some("fc6") => 2,
            _ => block().map_or(0, |block| 8_u32.saturating_sub(block)),
        }
    }

    /// Checks the fields.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] with the field that has no meaning or a size that no network has.
    pub fn validate(&self) -> Result<()> {
        let size = |field: &'static str, value: usize, most: usize, expected: &'static str| {
            if (1..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::InvalidConfig { field, value: value as f64, expected })
        };
        size("features", self.features, 1 << 16, "between 1 and 65536")?;
        size("images_per_pass", self.images_per_pass, 1 << 16, "between 1 and 65536")?;
        self.widths.iter().try_for_each(|&width| size("widths", width, 1 << 16, "between 1 and 65536"))?;
        let whole = if self.image_size.is_multiple_of(32) { self.image_size } else { 0 };
        if whole == 0 || whole > 4096 {
            let value = self.image_size as f64;
            let expected = "a multiple of 32, at most 4096";
            return Err(Error::InvalidConfig { field: "image_size", value, expected });
        }
        Ok(())
    }
}
