use std::marker::PhantomData;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::math::{exp_negative, normal};
use super::residual::{add_bias, column_sums};
use super::{rows_of, slice, width};
use crate::{par, simd};

/// `1 / sqrt(2 π)`.
const DENSITY: f32 = 0.398_942_28;

/// Steepness of the logistic function that stands for the normal distribution's.
const QUICK: f32 = 1.702;

/// An activation and its derivative.
pub(in crate::deep) trait Curve: Send + Sync + 'static {
    fn value(x: f32) -> f32;
    fn slope(x: f32) -> f32;
}

/// `x Φ(x)`.
pub(in crate::deep) struct Erf;

impl Curve for Erf {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * normal(x).0
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        let (below, density) = normal(x);
        // Far out the density is 0 and x may be huge: no infinity times 0.
        below + DENSITY * x.clamp(-20.0, 20.0) * density
    }
}

/// `x sigmoid(1.702 x)`.
pub(in crate::deep) struct Quick;

impl Quick {
    /// `sigmoid(t)` and its derivative.
    #[inline(always)]
    fn sigmoid(t: f32) -> (f32, f32) {
        let small = exp_negative(-t.abs());
        let large = 1.0 / (1.0 + small);
        (if t < 0.0 { small * large } else { large }, small * large * large)
    }
}

impl Curve for Quick {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * Self::sigmoid(QUICK * x).0
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        let t = QUICK * x;
        let (below, density) = Self::sigmoid(t);
        // As above.
        below + t.clamp(-100.0, 100.0) * density
    }
}

/// `max(x, 0)` with slope 0 at 0. NaN stays.
pub(in crate::deep) struct Rectified;

impl Curve for Rectified {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { 1.0 }
    }
}

/// `curve(x + bias)`, with a bias of the last axis.
pub(in crate::deep) fn bias_curve<C: Curve>(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&bias.contiguous()?, BiasCurve::<C>(PhantomData))
}

struct BiasCurve<C>(PhantomData<C>);

impl<C: Curve> CustomOp2 for BiasCurve<C> {
    fn name(&self) -> &'static str {
        "bias-curve"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, bias, width) = (slice(x, x_layout)?, slice(bias, bias_layout)?, width(x_layout));
        if bias.len() != width {
            bail!("bias-curve: {bias_layout:?} does not fit {x_layout:?}");
        }
        let mut out = x.to_vec();
        let size = rows_of(width) * width;
        par::for_each_chunk(&mut out, size, |_, rows| {
            simd::dispatch(Forward::<C> { rows, bias, curve: PhantomData })
        });
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let shifted = add_bias(x, bias)?;
        let by_x = shifted.apply_op2_no_bwd(&grad.contiguous()?, &Slope::<C>(PhantomData))?;
        let by_bias = column_sums(&by_x, bias)?;
        Ok((Some(by_x), Some(by_bias)))
    }
}

/// The gradient times the slope of the curve.
struct Slope<C>(PhantomData<C>);

impl<C: Curve> CustomOp2 for Slope<C> {
    fn name(&self) -> &'static str {
        "curve-slope"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        grad: &CpuStorage,
        other: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, grad, size) = (slice(x, layout)?, slice(grad, other)?, super::PIECE);
        if x.len() != grad.len() {
            bail!("curve-slope: {other:?} does not fit {layout:?}");
        }
        let mut out = grad.to_vec();
        par::for_each_chunk(&mut out, size, |i, out| {
            let x = x.get(i * size..).unwrap_or_default();
            simd::dispatch(Backward::<C> { out, x, curve: PhantomData });
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

struct Forward<'a, C> {
    rows: &'a mut [f32],
    bias: &'a [f32],
    curve: PhantomData<C>,
}

impl<C: Curve> simd::Kernel for Forward<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        debug_assert!(self.rows.len().is_multiple_of(self.bias.len().max(1)));
        for row in self.rows.chunks_mut(self.bias.len().max(1)) {
            for (value, bias) in row.iter_mut().zip(self.bias) {
                *value = C::value(*value + *bias);
            }
        }
    }
}

struct Backward<'a, C> {
    out: &'a mut [f32],
    x: &'a [f32],
    curve: PhantomData<C>,
}

impl<C: Curve> simd::Kernel for Backward<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        debug_assert!(self.x.len() >= self.out.len());
        for (grad, &x) in self.out.iter_mut().zip(self.x) {
            *grad *= C::slope(x);
        }
    }
}
