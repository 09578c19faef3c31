use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};

use super::math::exp_negative;
use super::{rows_of, slice, width};
use crate::{par, simd};

/// Softmax over the last axis.
pub(in crate::deep) fn softmax(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Softmax)
}

#[derive(Debug)]
struct Softmax;

impl CustomOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let width = width(layout);
        let mut out = slice(x, layout)?.to_vec();
        par::for_each_chunk(&mut out, rows_of(width) * width, |_, rows| {
            simd::dispatch(Forward { rows, width });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, result: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        result.apply_op2_no_bwd(&grad.contiguous()?, &Backward).map(Some)
    }
}

#[derive(Debug)]
struct Backward;

impl CustomOp2 for Backward {
    fn name(&self) -> &'static str {
        "softmax-backward"
    }

    fn cpu_fwd(
        &self,
        y: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (y, width) = (slice(y, layout)?, width(layout));
        let mut out = slice(grad, other)?.to_vec();
        let size = rows_of(width) * width;
        par::for_each_chunk(&mut out, size, |i, rows| {
            simd::dispatch(Slope { rows, y: y.get(i * size..).unwrap_or_default(), width });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

struct Forward<'a> {
    rows: &'a mut [f32],
    width: usize,
}

impl simd::Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        debug_assert!(self.rows.len().is_multiple_of(self.width));
        for row in self.rows.chunks_mut(self.width) {
            let total = exponentials(row);
            let share = 1.0 / total;
            row.iter_mut().for_each(|value| *value *= share);
        }
    }
}

/// `exp(value - largest)` for every value of a row, and their sum, which is at least 1.
#[inline(always)]
pub(in crate::deep) fn exponentials(row: &mut [f32]) -> f32 {
    let largest = super::math::fold(row, f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
    row.iter_mut().for_each(|value| *value = exp_negative(*value - largest));
    super::math::fold(row, 0.0, |a, b| a + b)
}

struct Slope<'a> {
    rows: &'a mut [f32],
    y: &'a [f32],
    width: usize,
}

impl simd::Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        debug_assert!(self.rows.len().is_multiple_of(self.width) && self.y.len() >= self.rows.len());
        for (row, y) in self.rows.chunks_mut(self.width).zip(self.y.chunks(self.width)) {
            let mean = super::math::dot(row, y);
            for (grad, y) in row.iter_mut().zip(y) {
                *grad = (*grad - mean) * y;
            }
        }
    }
}
