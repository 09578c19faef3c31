use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::{applies, rows_of, slice, width};
use crate::{par, simd};

/// `x + (y + bias)`, with a bias of the last axis.
///
/// candle's own addition runs on threads of its own, which wait for each other in a loop: where a network already keeps all
/// processors busy they take a fifth of them.
pub(in crate::deep) fn add_biased(x: &Tensor, y: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op3(&y.contiguous()?, &bias.contiguous()?, AddBiased)
}

/// `x + bias`, with a bias of the last axis.
pub(in crate::deep) fn add_bias(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if !applies(x) {
        return x.broadcast_add(bias);
    }
    x.contiguous()?.apply_op2(&bias.contiguous()?, AddBiased)
}

/// Sums over all axes but the last, in the shape of a bias. candle's own sum over rows takes a division for every value.
pub(in crate::deep) fn column_sums(x: &Tensor, like: &Tensor) -> Result<Tensor> {
    let rows = x.reshape(((), like.elem_count()))?;
    let ones = Tensor::ones((1, rows.dim(0)?), x.dtype(), x.device())?;
    ones.matmul(&rows)?.reshape(like.shape())
}

#[derive(Debug)]
struct AddBiased;

impl CustomOp2 for AddBiased {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        bias: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, bias) = (slice(x, layout)?, slice(bias, b_layout)?);
        if bias.len() != width(layout) {
            bail!("add-bias: {b_layout:?} does not fit {layout:?}");
        }
        let mut out = vec![0.0; x.len()];
        let size = rows_of(bias.len()) * bias.len();
        par::for_each_chunk(&mut out, size, |i, rows| {
            simd::dispatch(Forward { rows, y: x.get(i * size..).unwrap_or_default(), bias });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(grad.clone()), Some(column_sums(grad, bias)?)))
    }
}

impl CustomOp3 for AddBiased {
    fn name(&self) -> &'static str {
        "add-biased"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
        bias: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, y, bias) = (slice(x, layout)?, slice(y, y_layout)?, slice(bias, b_layout)?);
        let width = width(layout);
        if layout.dims() != y_layout.dims() || bias.len() != width {
            bail!("add-biased: {y_layout:?} and {b_layout:?} do not fit {layout:?}");
        }
        let mut out = x.to_vec();
        let size = rows_of(width) * width;
        par::for_each_chunk(&mut out, size, |i, rows| {
            simd::dispatch(Forward { rows, y: y.get(i * size..).unwrap_or_default(), bias });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        Ok((Some(grad.clone()), Some(grad.clone()), Some(column_sums(grad, bias)?)))
    }
}

struct Forward<'a> {
    rows: &'a mut [f32],
    y: &'a [f32],
    bias: &'a [f32],
}

impl simd::Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let width = self.bias.len().max(1);
        debug_assert!(self.rows.len().is_multiple_of(width) && self.y.len() >= self.rows.len());
        for (row, y) in self.rows.chunks_mut(width).zip(self.y.chunks(width)) {
            for ((value, y), bias) in row.iter_mut().zip(y).zip(self.bias) {
                *value += y + bias;
            }
        }
    }
}
