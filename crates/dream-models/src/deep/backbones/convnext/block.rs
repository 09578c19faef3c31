use candle_core::{Module, Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Config;
use crate::deep::kernels::{add_bias, rows_product};
use crate::deep::layers::{DepthwiseConv, LayerNorm, Linear, bias_gelu, gelu, patches};
use crate::deep::tap::{Point, Tap, see};

/// A convolution whose kernel is its stride, which is a matrix product over the pixels of each patch.
#[derive(Debug, Clone)]
struct PatchConv {
    weight: Tensor,
    bias: Tensor,
    side: usize,
}

impl PatchConv {
    fn new(inputs: usize, outputs: usize, side: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        Ok(Self {
            weight: vb.get_with_hints((outputs, inputs, side, side), "weight", init)?,
            bias: vb.get_with_hints(outputs, "bias", Init::Const(0.0))?,
            side,
        })
    }

    /// `pixels` has a row for each patch, in the order of the rows of `weight`.
    fn product(&self, pixels: &Tensor, weight: &Tensor) -> Result<Tensor> {
        add_bias(&rows_product(pixels, weight)?, &self.bias)
    }

    /// `[n, planes, height, width]` to `[n, rows, columns, outputs]`.
    fn of_planes(&self, frames: &Tensor) -> Result<Tensor> {
        let (count, _, height, width) = frames.dims4()?;
        let (rows, columns) = (height / self.side, width / self.side);
        let frames =
            frames.narrow(2, 0, rows * self.side)?.narrow(3, 0, columns * self.side)?.contiguous()?;
        let tokens = self.product(&patches(&frames, self.side)?, &self.weight.flatten_from(1)?)?;
        tokens.reshape((count, rows, columns, ()))
    }

    /// `[n, height, width, channels]` to `[n, rows, columns, outputs]`.
    fn of_grid(&self, x: &Tensor) -> Result<Tensor> {
        let (count, height, width, channels) = x.dims4()?;
        let (rows, columns, side) = (height / self.side, width / self.side, self.side);
        let x = x.narrow(1, 0, rows * side)?.narrow(2, 0, columns * side)?.contiguous()?;
        // The weights are put into the order of the pixels: there are fewer of them.
        let weight = self.weight.permute((0, 2, 3, 1))?.contiguous()?.flatten_from(1)?;
        let pixels = x
            .reshape([count, rows, side, columns, side * channels].as_slice())?
            .transpose(2, 3)?
            .reshape((count * rows * columns, side * side * channels))?;
        self.product(&pixels, &weight)?.reshape((count, rows, columns, ()))
    }
}

/// Frames to tokens: patches, and a norm.
#[derive(Debug, Clone)]
pub(super) struct Stem {
    conv: PatchConv,
    norm: LayerNorm,
}

impl Stem {
    pub(super) fn new(config: &Config, width: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            conv: PatchConv::new(config.in_chans, width, config.patch_size, &vb.pp(0))?,
            norm: LayerNorm::new(width, config.norm_eps, &vb.pp(1))?,
        })
    }

    /// `[n, planes, height, width]` to `[n, rows, columns, features]`.
    pub(super) fn forward(&self, frames: &Tensor) -> Result<Tensor> {
        self.norm.forward(&self.conv.of_planes(frames)?)
    }
}

/// A norm, and four neighbours become one token.
#[derive(Debug, Clone)]
struct Downsample {
    norm: LayerNorm,
    conv: PatchConv,
}

impl Downsample {
    fn new(inputs: usize, outputs: usize, eps: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        Ok(Self {
            norm: LayerNorm::new(inputs, eps, &vb.pp(0))?,
            conv: PatchConv::new(inputs, outputs, 2, &vb.pp(1))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.conv.of_grid(&self.norm.forward(x)?)
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
        let hidden = self.fc1.product(&mixed)?;
        let hidden = match self.fc1.bias() {
            Some(bias) => bias_gelu(&hidden, bias)?,
            None => gelu(&hidden)?,
        };
        self.fc2.add_scaled_to(x, &hidden, &self.gamma)
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
