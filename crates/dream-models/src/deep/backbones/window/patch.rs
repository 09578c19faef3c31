use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use crate::deep::layers::{Conv2d, LayerNorm, Linear};

/// Frames to tokens: patches, and a norm.
#[derive(Debug, Clone)]
pub(super) struct PatchEmbed {
    proj: Conv2d,
    norm: LayerNorm,
}

impl PatchEmbed {
    pub(super) fn new(
        planes: usize,
        patch: usize,
        width: usize,
        eps: f64,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        Ok(Self {
            proj: Conv2d::of_patches(planes, width, patch, &vb.pp("proj"))?,
            norm: LayerNorm::new(width, eps, &vb.pp("norm"))?,
        })
    }

    /// `[n, planes, height, width]` to `[n, rows, columns, features]`.
    pub(super) fn forward(&self, frames: &Tensor) -> Result<Tensor> {
        self.norm.forward(&self.proj.forward(&frames.permute((0, 2, 3, 1))?)?)
    }
}

/// What comes first in a merging of patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The norm, of four widths: Swin V1.
    Norm,
    /// The product, and the norm has two widths: Swin V2.
    Product,
}

/// Four neighbours become one token of twice the width.
#[derive(Debug, Clone)]
pub(super) struct PatchMerging {
    reduction: Linear,
    norm: LayerNorm,
    order: Order,
}

impl PatchMerging {
    pub(super) fn new(width: usize, eps: f64, order: Order, vb: &VarBuilder<'_>) -> Result<Self> {
        let normed = match order {
            Order::Norm => 4 * width,
            Order::Product => 2 * width,
        };
        Ok(Self {
            reduction: Linear::without_bias(4 * width, 2 * width, &vb.pp("reduction"))?,
            norm: LayerNorm::new(normed, eps, &vb.pp("norm"))?,
            order,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gathered = gather(x)?;
        match self.order {
            Order::Norm => self.reduction.forward(&self.norm.forward(&gathered)?),
            Order::Product => self.norm.forward(&self.reduction.forward(&gathered)?),
        }
    }
}

/// Four neighbours side by side: `[n, rows, columns, width]` to `[n, rows / 2, columns / 2, 4 width]`, an odd grid filled up
/// with zeros.
fn gather(x: &Tensor) -> Result<Tensor> {
    let (count, rows, columns, width) = x.dims4()?;
    let x = x.pad_with_zeros(1, 0, rows % 2)?.pad_with_zeros(2, 0, columns % 2)?;
    let (rows, columns) = (rows.div_ceil(2), columns.div_ceil(2));
    let x = x.reshape([count, rows, 2, columns, 2, width].as_slice())?;
    // Columns outermost: (even, even), (odd, even), (even, odd), (odd, odd) as (row, column).
    x.permute([0, 1, 3, 4, 2, 5].as_slice())?.reshape((count, rows, columns, 4 * width))
}
