use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder};

use crate::deep::kernels::{add_bias, rows_product};

/// The pixels of every patch in the order of a convolution's kernel: `[n, planes, height, width]` to
/// `[n rows columns, planes patch patch]`. A convolution whose kernel is its stride is a matrix product over them.
pub(crate) fn patches(frames: &Tensor, patch: usize) -> Result<Tensor> {
    let (count, planes, height, width) = frames.dims4()?;
    let (rows, columns) = (height / patch, width / patch);
    frames
        .reshape([count, planes, rows, patch, columns, patch].as_slice())?
        .permute([0, 2, 4, 1, 3, 5].as_slice())?
        .reshape((count * rows * columns, planes * patch * patch))
}

/// A convolution whose kernel is its stride, which is a matrix product over the pixels of each patch.
#[derive(Debug, Clone)]
pub(crate) struct PatchConv {
    weight: Tensor,
    bias: Tensor,
    side: usize,
}

impl PatchConv {
    pub(crate) fn new(inputs: usize, outputs: usize, side: usize, vb: &VarBuilder<'_>) -> Result<Self> {
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
    pub(crate) fn of_planes(&self, frames: &Tensor) -> Result<Tensor> {
        let (count, _, height, width) = frames.dims4()?;
        let (rows, columns) = (height / self.side, width / self.side);
        let frames =
            frames.narrow(2, 0, rows * self.side)?.narrow(3, 0, columns * self.side)?.contiguous()?;
        let tokens = self.product(&patches(&frames, self.side)?, &self.weight.flatten_from(1)?)?;
        tokens.reshape((count, rows, columns, ()))
    }

    /// `[n, height, width, channels]` to `[n, rows, columns, outputs]`.
    pub(crate) fn of_grid(&self, x: &Tensor) -> Result<Tensor> {
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
