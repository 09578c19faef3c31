use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::math::normal;
use super::{rows_of, slice, width};
use crate::{par, simd};

/// `1 / sqrt(2 π)`.
const DENSITY: f32 = 0.398_942_28;

/// `gelu(x + bias)`, with a bias of the last axis.
pub(in crate::deep) fn bias_gelu(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&bias.contiguous()?, BiasGelu)
}

#[derive(Debug)]
struct BiasGelu;

impl CustomOp2 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, bias, width) = (slice(x, x_layout)?, slice(bias, bias_layout)?, width(x_layout));
        let mut out = x.to_vec();
        let size = rows_of(width) * width;
        par::for_each_chunk(&mut out, size, |_, rows| simd::dispatch(Forward { rows, bias }));
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let width = bias.elem_count();
        let shifted = x.broadcast_add(bias)?;
        let by_x = shifted.apply_op2_no_bwd(&grad.contiguous()?, &Slope)?;
        let by_bias = by_x.reshape(((), width))?.sum(0)?.reshape(bias.shape())?;
        Ok((Some(by_x), Some(by_bias)))
    }
}

/// The gradient times the slope of GELU.
#[derive(Debug)]
struct Slope;

impl CustomOp2 for Slope {
    fn name(&self) -> &'static str {
        "gelu-slope"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, grad, size) = (slice(x, layout)?, slice(grad, other)?, super::PIECE);
        let mut out = grad.to_vec();
        par::for_each_chunk(&mut out, size, |i, out| {
            simd::dispatch(Backward { out, x: x.get(i * size..).unwrap_or_default() });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

struct Forward<'a> {
    rows: &'a mut [f32],
    bias: &'a [f32],
}

impl simd::Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for row in self.rows.chunks_mut(self.bias.len().max(1)) {
            for (value, bias) in row.iter_mut().zip(self.bias) {
                let x = *value + *bias;
                *value = x * normal(x).0;
            }
        }
    }
}

struct Backward<'a> {
    out: &'a mut [f32],
    x: &'a [f32],
}

impl simd::Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for (grad, &x) in self.out.iter_mut().zip(self.x) {
            let (below, density) = normal(x);
            // Far out the density is 0 and x may be huge: no infinity times 0.
            *grad *= below + DENSITY * x.clamp(-20.0, 20.0) * density;
        }
    }
}
