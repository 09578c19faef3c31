use candle_core::{Module, Result, Tensor, bail};
use candle_nn::{Init, VarBuilder};

use crate::deep::kernels;

/// Depthwise convolution, trainable: each channel by itself, over an odd square, with zeros around the grid so that its size
/// stays. Channels are the last axis, `[n, rows, columns, channels]`, where norms and products want them.
///
/// On the CPU in single precision an input has the same bits in any batch and for any number of threads. candle's own
/// grouped convolution runs one convolution for every channel.
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device, Module, Tensor};
/// use dream_models::deep::candle_nn::VarBuilder;
/// use dream_models::deep::layers::DepthwiseConv;
///
/// let vb = VarBuilder::zeros(DType::F32, &Device::Cpu);
/// let layer = DepthwiseConv::new(16, 7, &vb)?;
/// let x = Tensor::zeros((2, 9, 5, 16), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&x)?.dims(), [2, 9, 5, 16]);
/// # Ok::<(), dream_models::deep::candle_core::Error>(())
/// ```
#[doc(alias("Conv2d", "groups"))]
#[derive(Debug, Clone)]
pub struct DepthwiseConv {
    weight: Tensor,
    bias: Tensor,
    side: usize,
}

impl DepthwiseConv {
    /// Reads `weight` of shape `[channels, 1, side, side]` and `bias` of shape `[channels]`.
    ///
    /// # Errors
    ///
    /// For an even side, and when the builder lacks one of them or it has another shape.
    pub fn new(channels: usize, side: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        if side.is_multiple_of(2) {
            bail!("a depthwise convolution has an odd side, not {side}");
        }
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        let weight = vb.get_with_hints((channels, 1, side, side), "weight", init)?;
        Ok(Self { weight, bias: vb.get_with_hints(channels, "bias", Init::Const(0.0))?, side })
    }
}

impl Module for DepthwiseConv {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let taps = self.weight.flatten_from(1)?.t()?.contiguous()?;
        if kernels::applies(x) {
            return kernels::depthwise(x, &taps, &self.bias);
        }
        let (_, rows, columns, _) = x.dims4()?;
        let margin = self.side / 2;
        let padded = x.pad_with_zeros(1, margin, margin)?.pad_with_zeros(2, margin, margin)?;
        let mut sum = self.bias.broadcast_as(x.shape())?;
        for tap in 0..self.side * self.side {
            let moved = padded.narrow(1, tap / self.side, rows)?.narrow(2, tap % self.side, columns)?;
            sum = (sum + moved.broadcast_mul(&taps.get(tap)?)?)?;
        }
        Ok(sum)
    }
}
