use candle_core::{Module, Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Config;
use crate::deep::kernels::Bend;
use crate::deep::layers::{After, Conv2d, DepthwiseConv, LayerNorm, Linear};
use crate::deep::tap::{Point, Tap, see};

/// Frames to tokens: patches, and a norm.
#[derive(Debug, Clone)]
pub(super) struct Stem {
    conv: Conv2d,
    norm: LayerNorm,
}

impl Stem {
    pub(super) fn new(config: &Config, width: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            conv: Conv2d::of_patches(config.in_chans, width, config.patch_size, &vb.pp(0))?,
            norm: LayerNorm::new(width, config.norm_eps, &vb.pp(1))?,
        })
    }

    /// `[n, planes, height, width]` to `[n, rows, columns, features]`.
    pub(super) fn forward(&self, frames: &Tensor) -> Result<Tensor> {
        self.norm.forward(&self.conv.forward(&frames.permute((0, 2, 3, 1))?)?)
    }
}

/// A norm, and four neighbours become one token.
#[derive(Debug, Clone)]
struct Downsample {
    norm: LayerNorm,
    conv: Conv2d,
}

impl Downsample {
    fn new(inputs: usize, outputs: usize, eps: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            norm: LayerNorm::new(inputs, eps, &vb.pp(0))?,
            conv: Conv2d::of_patches(inputs, outputs, 2, &vb.pp(1))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.conv.forward(&self.norm.forward(x)?)
    }
}

/// A depthwise convolution, a norm and a two-layer network; the scaled result is added to the input.
#[derive(Debug, Clone)]
struct Block {
    conv: DepthwiseConv,
    norm: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    gamma: Tensor,
}

impl Block {
    fn new(config: &Config, width: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let (hidden, mlp) = (width * config.mlp_ratio, vb.pp("mlp"));
        Ok(Self {
            gamma: vb.get_with_hints(width, "gamma", Init::Const(config.ls_init_value))?,
            conv: DepthwiseConv::new(width, config.kernel_size, &vb.pp("conv_dw"))?,
            norm: LayerNorm::new(width, config.norm_eps, &vb.pp("norm"))?,
            fc1: Linear::new(width, hidden, &mlp.pp("fc1"))?,
            fc2: Linear::new(hidden, width, &mlp.pp("fc2"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mixed = self.norm.forward(&self.conv.forward(x)?)?;
        let after = After { scale: Some(&self.gamma), ..self.fc2.after().onto(x) };
        self.fc1.then(Bend::Gelu, &self.fc2, &mixed, after)
    }
}

/// Downsampling (but in the first stage) and blocks.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    number: usize,
    downsample: Option<Downsample>,
    blocks: Vec<Block>,
}

impl Stage {
    /// `before` is the width of the stage before this one.
    pub(super) fn new(
        config: &Config,
        number: usize,
        before: Option<usize>,
        [width, depth]: [usize; 2],
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let down = |before| Downsample::new(before, width, config.norm_eps, &vb.pp("downsample"));
        let blocks = (0..depth).map(|block| Block::new(config, width, &vb.pp("blocks").pp(block)));
        Ok(Self { number, downsample: before.map(down).transpose()?, blocks: blocks.collect::<Result<_>>()? })
    }

    pub(super) fn forward(&self, x: &Tensor, tap: &mut Option<&mut dyn Tap>) -> Result<Tensor> {
        let (mut x, stage) = (x.clone(), self.number);
        if let Some(downsample) = &self.downsample {
            x = downsample.forward(&x)?;
            see(tap, Point::Merged { stage }, &x)?;
        }
        for (block, layer) in self.blocks.iter().enumerate() {
            if let Some(tap) = tap {
                x = tap.enter(stage, block, &x)?;
            }
            x = layer.forward(&x)?;
            see(tap, Point::Block { stage, block }, &x)?;
        }
        see(tap, Point::Stage { stage }, &x)?;
        Ok(x)
    }
}
