use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::residual::{add_bias, column_sums};
use super::{rows_of, slice, width};
use crate::{par, simd};

/// `x + scale (y + bias)`, with bias and scale of the last axis.
pub(in crate::deep) fn add_scaled(x: &Tensor, y: &Tensor, bias: &Tensor, scale: &Tensor) -> Result<Tensor> {
    let parameters = Tensor::stack(&[bias, scale], 0)?;
    x.contiguous()?.apply_op3(&y.contiguous()?, &parameters, AddScaled)
}

#[derive(Debug)]
struct AddScaled;

impl CustomOp3 for AddScaled {
    fn name(&self) -> &'static str {
        "add-scaled"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
        p: &CpuStorage,
        p_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, y, p, width) = (slice(x, layout)?, slice(y, y_layout)?, slice(p, p_layout)?, width(layout));
        if layout.dims() != y_layout.dims() || p.len() != 2 * width {
            bail!("add-scaled: {y_layout:?} and {p_layout:?} do not fit {layout:?}");
        }
        let (bias, scale) = p.split_at(width);
        let mut out = x.to_vec();
        let size = rows_of(width) * width;
        par::for_each_chunk(&mut out, size, |i, rows| {
            simd::dispatch(Forward { rows, y: y.get(i * size..).unwrap_or_default(), bias, scale });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        y: &Tensor,
        p: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (bias, scale) = (p.get(0)?, p.get(1)?);
        let by_y = grad.broadcast_mul(&scale)?;
        let by_bias = column_sums(&by_y, &bias)?;
        let by_scale = column_sums(&(grad * add_bias(y, &bias)?)?, &scale)?;
        Ok((Some(grad.clone()), Some(by_y), Some(Tensor::stack(&[by_bias, by_scale], 0)?)))
    }
}

struct Forward<'a> {
    rows: &'a mut [f32],
    y: &'a [f32],
    bias: &'a [f32],
    scale: &'a [f32],
}

impl simd::Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let width = self.bias.len().max(1);
        debug_assert!(self.rows.len().is_multiple_of(width) && self.y.len() >= self.rows.len());
        for (row, y) in self.rows.chunks_mut(width).zip(self.y.chunks(width)) {
            for (((value, y), bias), scale) in row.iter_mut().zip(y).zip(self.bias).zip(self.scale) {
                *value += (y + bias) * scale;
            }
        }
    }
}
