//! The networks behind one interface: frame by frame, then all of a video.

use anyhow::{Result, bail};
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::methods::da_clip::{DaClip, KIND, Opdai};

/// On the processor, in single precision.
pub(super) enum Network {
    DaClip(Box<DaClip>),
    Opdai { model: Box<Opdai>, input: [usize; 2] },
}

impl Network {
    /// The network of a checkpoint of one of the two kinds.
    pub(super) fn load(checkpoint: &Checkpoint) -> Result<Self> {
        let (dtype, device) = (DType::F32, Device::Cpu);
        if checkpoint.contents().kind == KIND {
            return Ok(Self::DaClip(Box::new(DaClip::load_visual(checkpoint, dtype, &device)?)));
        }
        let input = checkpoint.config::<swin_v2::Config>()?.img_size;
        Ok(Self::Opdai { model: Box::new(Opdai::load(checkpoint, dtype, &device)?), input })
    }

    /// Height and width of a frame.
    pub(super) fn input(&self) -> [usize; 2] {
        match self {
            Self::DaClip(model) => model.config().visual.img_size,
            Self::Opdai { input, .. } => *input,
        }
    }

    /// What the network makes of one frame: features, or a score.
    ///
    /// One at a time, whatever `--batch` says: the order of the sums in a matrix product may depend on its size, and the
    /// score must not.
    pub(super) fn frame(&self, input: &[f32]) -> Result<Vec<f32>> {
        let [height, width] = self.input();
        let frame = Tensor::from_slice(input, (1, 3, height, width), &Device::Cpu)?;
        let made = match self {
            Self::DaClip(model) => model.frame_features(&frame)?,
            Self::Opdai { model, .. } => model.frame_scores(&frame)?,
        };
        Ok(made.flatten_all()?.to_vec1()?)
    }

    /// The score of a video from all its frames, and its representation where the network has one.
    pub(super) fn video(&self, frames: &[Vec<f32>]) -> Result<(f64, Option<Tensor>)> {
        let width = frames.first().map_or(0, Vec::len);
        let all = Tensor::from_vec(frames.concat(), (1, frames.len(), width), &Device::Cpu)?;
        let (score, representation) = match self {
            Self::DaClip(model) => {
                let representation = model.pool(&all)?;
                (model.regress(&representation)?, Some(representation))
            }
            Self::Opdai { .. } => (all.mean(1)?.squeeze(1)?, None),
        };
        let score = f64::from(score.squeeze(0)?.to_scalar::<f32>()?);
        if !score.is_finite() {
            bail!("the network's score is {score}: its weights are not those of a trained network");
        }
        Ok((score, representation))
    }
}
