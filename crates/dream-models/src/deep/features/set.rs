use super::frames::Pool;
use super::tower::SetTower;
use crate::Result;
use crate::deep::backbones::vgg::Convention;
use crate::deep::backbones::{convnext, resnet, vgg};
use crate::deep::checkpoint::TensorFile;
use crate::deep::input::{FramePlan, Input};
use crate::deep::pretrained;
use crate::preprocess::{Interpolation, Preprocess, ResizeRule};

/// The deep features of the benchmark, from which a support vector regression learns: means over the frames of a video, and
/// standard deviations.
///
/// | set | network | features of a video |
/// |---|---|---|
/// | [`ResNet50`](Self::ResNet50) | ResNet-50 of ImageNet, global mean | 4096 |
/// | [`VggFace`](Self::VggFace) | VGG-Face, `fc7` behind its ReLU | 8192 |
/// | [`Dfgc1st`](Self::Dfgc1st) | ConvNeXt-XL of the winner of DFGC-2022, mean of the tokens before the last norm | 4096 |
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::features::{FeatureSet, Preparation, SetConfig, over_video};
/// use dream_models::deep::network::FrameEncoder;
///
/// let set = FeatureSet::by_name("dfgc1st").unwrap();
/// assert_eq!(2 * set.published(Preparation::Own).tower.width(), 4096);
///
/// // A small network of the same build, with random weights.
/// let SetConfig { tower, input } = set.small(Preparation::Published);
/// let encoder = tower.encoder(tower.seeded(1)?, input, DType::F32, &Device::Cpu)?;
/// let frames = Tensor::zeros((2, 3, 384, 384), DType::F32, &Device::Cpu)?;
/// assert_eq!(over_video(&encoder.encode(&frames)?)?.values.dims(), [2 * tower.width()]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// DREAM, arXiv 2510.10053, Table III; its authors' scripts for features, of the starter kit of DFGC-VRA and of their benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FeatureSet {
    /// ResNet-50 of ImageNet.
    ResNet50,
    /// VGG-Face.
    VggFace,
    /// The ConvNeXt of the winner of DFGC-2022.
    Dfgc1st,
}

/// How frames are prepared for the network of a [`FeatureSet`].
///
/// | set | [`Own`](Self::Own) | [`Published`](Self::Published) |
/// |---|---|---|
/// | ResNet-50 | short side to 256, middle 224x224, mean and deviation of ImageNet | native size, levels from 0 to 1 |
/// | VGG-Face | 224x224, levels 0 to 255 less their means | 224x224 in floating point, levels from 0 to 1 |
/// | DFGC-1st | 384x384 in floating point, mean and deviation of ImageNet | the same with levels from 0 to 1 |
///
/// Both take frames by [`FramePlan::Strides`] of six in a second, and the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preparation {
    /// As the network was trained.
    #[default]
    Own,
    /// As the scripts of DREAM's authors do it, on which the numbers of the paper rest.
    Published,
}

/// The network of a set, and what it looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct SetConfig {
    /// The network.
    pub tower: SetTower,
    /// What it looks at.
    pub input: Input,
}

impl FeatureSet {
    /// All of them, in the order of the paper's tables.
    pub const ALL: [Self; 3] = [Self::ResNet50, Self::VggFace, Self::Dfgc1st];

    /// As one types it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResNet50 => "resnet50",
            Self::VggFace => "vgg-face",
            Self::Dfgc1st => "dfgc1st",
        }
    }

    /// As the tables of the paper have it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ResNet50 => "ResNet-50",
            Self::VggFace => "VGG-Face",
            Self::Dfgc1st => "DFGC-1st",
        }
    }

    /// The set of a [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// The network in its published size.
    #[must_use]
    pub fn published(self, preparation: Preparation) -> SetConfig {
        let tower = match self {
            Self::ResNet50 => SetTower::ResNet(resnet::Config::resnet50()),
            Self::VggFace => SetTower::Vgg(vgg::Config::vgg_face()),
            Self::Dfgc1st => convnext(convnext::Config::xlarge()),
        };
        self.looking(tower, preparation)
    }

    /// A network of the same build that is small enough for tests: with random weights it stands in for the published one.
    #[must_use]
    pub fn small(self, preparation: Preparation) -> SetConfig {
        let tower = match self {
            Self::ResNet50 => SetTower::ResNet(resnet::Config {
                stem: 8,
                widths: vec![4, 8, 8, 16],
                depths: vec![1; 4],
                ..resnet::Config::resnet50()
            }),
            Self::VggFace => SetTower::Vgg(vgg::Config {
                widths: [4, 4, 8, 8, 8],
                features: 64,
                ..vgg::Config::vgg_face()
            }),
            Self::Dfgc1st => convnext(convnext::Config::default()),
        };
        self.looking(tower, preparation)
    }

    /// The network whose weights are in a file, by their shapes: of the published size or another one of the same build. For a
    /// file of another network the published size, so that [`SetTower::read`] says what does not fit.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`](crate::Error::InvalidModel) for a file with several such towers or the state of a training.
    pub fn of_file(self, file: &TensorFile, preparation: Preparation) -> Result<SetConfig> {
        let tower = match self {
            Self::ResNet50 => SetTower::ResNet(pretrained::resnet_config(file)?),
            Self::VggFace => SetTower::Vgg(pretrained::vgg_config(file)?),
            Self::Dfgc1st => convnext(pretrained::convnext_config(file)?),
        };
        Ok(self.looking(tower, preparation))
    }

    /// What a network of this set looks at.
    fn looking(self, tower: SetTower, preparation: Preparation) -> SetConfig {
        let published = preparation == Preparation::Published;
        let pixels = match (self, published) {
            (Self::ResNet50, false) => Preprocess::resnet_224(),
            (Self::ResNet50, true) => {
                Preprocess { rule: ResizeRule::Native, ..Preprocess::resnet_224() }.unit_range()
            }
            (Self::VggFace, false) => Preprocess::vgg_face_224(),
            (Self::VggFace, true) => {
                Preprocess { rule: ResizeRule::FloatSquare, ..Preprocess::vgg_face_224() }.unit_range()
            }
            (Self::Dfgc1st, false) => float_384(),
            (Self::Dfgc1st, true) => float_384().unit_range(),
        };
        let size = match &tower {
            SetTower::Vgg(config) => config.image_size,
            _ => pixels.size,
        };
        let input = Input {
            frames: FramePlan::Strides { n: 6 },
            pixels: Preprocess { size, ..pixels },
            ..Input::default()
        };
        SetConfig { tower, input }
    }
}

impl SetConfig {
    /// The same for weights of a VGG-Face that saw colours by another convention; other networks are left as they are.
    ///
    /// ```
    /// use dream_models::deep::backbones::vgg::Convention;
    /// use dream_models::deep::features::{FeatureSet, Preparation};
    ///
    /// let own = FeatureSet::VggFace.published(Preparation::Own);
    /// assert_eq!(own.clone().with_convention(Convention::RgbMeanSubtracted), own);
    /// assert_ne!(own.clone().with_convention(Convention::BgrMeanSubtracted), own);
    /// ```
    #[must_use]
    pub fn with_convention(mut self, convention: Convention) -> Self {
        if let SetTower::Vgg(config) = &mut self.tower {
            config.order = convention.order();
            (self.input.pixels.mean, self.input.pixels.std) = (convention.mean(), convention.std());
        }
        self
    }
}

fn convnext(config: convnext::Config) -> SetTower {
    SetTower::ConvNext { config, pool: Pool::BeforeNorm }
}

/// 384x384 as DFGC-1st resizes, with the numbers of ImageNet.
fn float_384() -> Preprocess {
    let (rule, interpolation) = (ResizeRule::FloatSquare, Interpolation::Bilinear);
    Preprocess { rule, interpolation, ..Preprocess::squash_384() }
}
