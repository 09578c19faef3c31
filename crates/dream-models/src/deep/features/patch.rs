use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use crate::Result;
use crate::deep::backbones::vit::{ClipVit, Config, patch_mean};
use crate::deep::input::Input;
use crate::deep::network::FrameEncoder;

/// An image tower of CLIP as a maker of features: the mean of the patch tokens behind its last block, without a score.
///
/// They are what a regression on ratings of one's own can learn from. Low blocks hold texture, seams and sharpness; the last
/// ones, what is to be seen.
///
/// ```
/// use dream_models::deep::backbones::vit::Config;
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::checkpoint::TensorFile;
/// use dream_models::deep::features::PatchFeatures;
/// use dream_models::deep::input::Input;
/// use dream_models::deep::network::FrameEncoder;
/// use dream_models::deep::pretrained;
/// use dream_models::preprocess::Preprocess;
///
/// # let config = Config { image_size: 32, width: 24, layers: 3, heads: 2, mlp_width: 48, ..Config::b16() };
/// # let params = dream_models::deep::train::Params::seeded(1, DType::F32, &Device::Cpu);
/// # dream_models::deep::backbones::vit::ClipVit::new(&config, &params.builder())?;
/// # let path = std::env::temp_dir().join("dream-models-patch-features.safetensors");
/// # dream_models::deep::checkpoint::write_tensors(&path, &params.tensors()?)?;
/// # let input = Input { pixels: Preprocess { size: 32, ..Preprocess::clip_square_224() }, ..Input::default() };
/// let file = TensorFile::open(&path)?;
/// let first = config.up_to(2); // the first two blocks
/// let tensors = pretrained::clip_vit(&file, &first)?.tensors;
/// let features = PatchFeatures::new(tensors, &first, input, DType::F32, &Device::Cpu)?;
/// let frames = Tensor::zeros((5, 3, 32, 32), DType::F32, &Device::Cpu)?;
/// assert_eq!(features.encode(&frames)?.dims(), [5, 24]);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PatchFeatures {
    tower: ClipVit,
    input: Input,
    dtype: DType,
    device: Device,
}

impl PatchFeatures {
    /// The tower of `config`, computing in `dtype` on `device`, on tensors with this crate's names, such as those of
    /// [`pretrained::clip_vit`](crate::deep::pretrained::clip_vit); `input` says what is looked at.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`](crate::Error::InvalidConfig) for a configuration or an input without a meaning,
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) for an input of another size than the tower's,
    /// [`Error::Tensor`](crate::Error::Tensor) for a tensor that is missing.
    pub fn new(
        tensors: BTreeMap<String, Tensor>,
        config: &Config,
        input: Input,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        input.validate()?;
        input.expect_size([config.image_size; 2])?;
        let place = |(name, tensor): (String, Tensor)| {
            Ok((name, tensor.to_dtype(dtype).and_then(|tensor| tensor.to_device(device))?))
        };
        let tensors = tensors.into_iter().map(place).collect::<Result<_>>()?;
        let tower = ClipVit::new(config, &VarBuilder::from_tensors(tensors, dtype, device))?;
        Ok(Self { tower, input, dtype, device: device.clone() })
    }

    /// The tower.
    #[must_use]
    pub fn tower(&self) -> &ClipVit {
        &self.tower
    }
}

impl FrameEncoder for PatchFeatures {
    fn input(&self) -> &Input {
        &self.input
    }

    fn width(&self) -> usize {
        self.tower.config().width
    }

    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        let frames = frames.to_device(&self.device)?.to_dtype(self.dtype)?;
        patch_mean(&self.tower.tokens(&frames)?)
    }
}
