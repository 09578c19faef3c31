use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::math::{dot, fold};
use super::{rows_of, slice, width};
use crate::{par, simd};

/// Layer normalisation of `x + shift` over the last axis, with weight and bias.
#[derive(Debug, Clone, Copy)]
pub(in crate::deep) struct Norm<'a> {
    pub(in crate::deep) shift: Option<&'a Tensor>,
    pub(in crate::deep) weight: &'a Tensor,
    pub(in crate::deep) bias: &'a Tensor,
    pub(in crate::deep) eps: f64,
}

/// The norm of `x`, and `residual` added to it where there is one.
pub(in crate::deep) fn normalise(x: &Tensor, norm: Norm<'_>, residual: Option<&Tensor>) -> Result<Tensor> {
    let zeros = norm.bias.zeros_like()?;
    let parameters = Tensor::stack(&[norm.shift.unwrap_or(&zeros), norm.weight, norm.bias], 0)?;
    let x = x.contiguous()?;
    #[allow(clippy::cast_possible_truncation, reason = "the kernel computes in single precision")]
    let op = Normalise { eps: norm.eps as f32 };
    match residual {
        Some(residual) => x.apply_op3(&parameters, &residual.contiguous()?, op),
        None => x.apply_op2(&parameters, op),
    }
}

#[derive(Debug, Clone, Copy)]
struct Normalise {
    eps: f32,
}

impl Normalise {
    fn forward(
        self,
        x: &[f32],
        parameters: &[f32],
        mut out: Vec<f32>,
        width: usize,
        add: bool,
    ) -> Result<CpuStorage> {
        let parameters = Parameters::split(parameters, width)?;
        let size = rows_of(width) * width;
        par::for_each_chunk(&mut out, size, |i, out| {
            let x = x.get(i * size..).unwrap_or_default();
            simd::dispatch(Forward { out, x, parameters, eps: self.eps, add });
        });
        Ok(CpuStorage::F32(out))
    }

    /// Gradients of `x` and of the parameters.
    fn gradients(self, x: &Tensor, parameters: &Tensor, grad: &Tensor) -> Result<(Tensor, Tensor)> {
        let width = parameters.dim(1)?;
        // The rows of the gradient by x, and below them those of the parameters.
        let both = x.apply_op3_no_bwd(parameters, &grad.contiguous()?, &Backward { eps: self.eps })?;
        let rows = x.elem_count() / width;
        let by_x = both.narrow(0, 0, rows)?.reshape(x.shape())?;
        Ok((by_x, both.narrow(0, rows, 3)?))
    }
}

impl CustomOp2 for Normalise {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        p: &CpuStorage,
        p_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, p) = (slice(x, layout)?, slice(p, p_layout)?);
        Ok((self.forward(x, p, vec![0.0; x.len()], width(layout), false)?, layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        p: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (by_x, by_p) = self.gradients(x, p, grad)?;
        Ok((Some(by_x), Some(by_p)))
    }
}

impl CustomOp3 for Normalise {
    fn name(&self) -> &'static str {
        "layer-norm-residual"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        p: &CpuStorage,
        p_layout: &Layout,
        residual: &CpuStorage,
        r_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, p, residual) = (slice(x, layout)?, slice(p, p_layout)?, slice(residual, r_layout)?);
        if residual.len() != x.len() {
            bail!("layer-norm-residual: {} values to add to {}", residual.len(), x.len());
        }
        Ok((self.forward(x, p, residual.to_vec(), width(layout), true)?, layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        p: &Tensor,
        _: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (by_x, by_p) = self.gradients(x, p, grad)?;
        Ok((Some(by_x), Some(by_p), Some(grad.clone())))
    }
}

#[derive(Debug, Clone, Copy)]
struct Parameters<'a> {
    shift: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
}

impl<'a> Parameters<'a> {
    fn split(all: &'a [f32], width: usize) -> Result<Self> {
        let mut rows = all.chunks_exact(width);
        match (rows.next(), rows.next(), rows.next()) {
            (Some(shift), Some(weight), Some(bias)) if all.len() == 3 * width => {
                Ok(Self { shift, weight, bias })
            }
            _ => bail!("layer-norm: rows of {width} values and parameters for {}", all.len() / 3),
        }
    }
}

/// Writes the shifted and centred row to `out` and returns one over the standard deviation.
#[inline(always)]
fn centre(out: &mut [f32], x: &[f32], shift: &[f32], eps: f32) -> f32 {
    debug_assert!(out.len() == x.len() && out.len() == shift.len());
    for ((out, x), shift) in out.iter_mut().zip(x).zip(shift) {
        *out = x + shift;
    }
    let count = out.len() as f32;
    let mean = fold(out, 0.0, |a, b| a + b) / count;
    out.iter_mut().for_each(|value| *value -= mean);
    1.0 / (dot(out, out) / count + eps).sqrt()
}

struct Forward<'a> {
    out: &'a mut [f32],
    x: &'a [f32],
    parameters: Parameters<'a>,
    eps: f32,
    add: bool,
}

impl simd::Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Parameters { shift, weight, bias } = self.parameters;
        let width = weight.len().max(1);
        let keep = if self.add { 1.0 } else { 0.0 };
        let mut row = vec![0.0; width];
        debug_assert!(self.out.len().is_multiple_of(width) && self.x.len() >= self.out.len());
        for (out, x) in self.out.chunks_mut(width).zip(self.x.chunks(width)) {
            let inverse = centre(&mut row, x, shift, self.eps);
            for (((out, centred), weight), bias) in out.iter_mut().zip(&row).zip(weight).zip(bias) {
                *out = *out * keep + (centred * inverse * weight + bias);
            }
        }
    }
}

#[derive(Debug)]
struct Backward {
    eps: f32,
}

impl CustomOp3 for Backward {
    fn name(&self) -> &'static str {
        "layer-norm-backward"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        p: &CpuStorage,
        p_layout: &Layout,
        grad: &CpuStorage,
        g_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, width) = (slice(x, layout)?, width(layout));
        let parameters = Parameters::split(slice(p, p_layout)?, width)?;
        let mut out = slice(grad, g_layout)?.to_vec();
        let size = rows_of(width) * width;
        let pieces: Vec<(&mut [f32], &[f32])> = out.chunks_mut(size).zip(x.chunks(size)).collect();
        let mut sums = vec![0.0; pieces.len() * 3 * width];
        let mut work: Vec<_> = pieces.into_iter().zip(sums.chunks_mut(3 * width)).collect();
        par::for_each_chunk(&mut work, 1, |_, work| {
            for ((rows, x), sums) in work {
                simd::dispatch(Slope { rows, x, sums, parameters, eps: self.eps });
            }
        });
        drop(work);
        let mut total = vec![0.0; 3 * width];
        for piece in sums.chunks(3 * width) {
            total.iter_mut().zip(piece).for_each(|(total, sum)| *total += sum);
        }
        out.extend(total);
        let rows = out.len() / width;
        Ok((CpuStorage::F32(out), Shape::from((rows, width))))
    }
}

/// Turns the gradient of the result into that of `x`, and sums those of shift, weight and bias.
struct Slope<'a> {
    rows: &'a mut [f32],
    x: &'a [f32],
    sums: &'a mut [f32],
    parameters: Parameters<'a>,
    eps: f32,
}

impl simd::Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Parameters { shift, weight, .. } = self.parameters;
        let width = weight.len().max(1);
        debug_assert!(self.rows.len() == self.x.len() && self.rows.len().is_multiple_of(width));
        debug_assert_eq!(self.sums.len(), 3 * width);
        let (by_shift, rest) = self.sums.split_at_mut(width);
        let (by_weight, by_bias) = rest.split_at_mut(width);
        let mut unit = vec![0.0; width];
        for (grad, x) in self.rows.chunks_mut(width).zip(self.x.chunks(width)) {
            let inverse = centre(&mut unit, x, shift, self.eps);
            for (((unit, grad), weight), (by_weight, by_bias)) in
                unit.iter_mut().zip(&mut *grad).zip(weight).zip(by_weight.iter_mut().zip(&mut *by_bias))
            {
                *unit *= inverse;
                *by_weight += *grad * *unit;
                *by_bias += *grad;
                *grad *= weight;
            }
            let count = width as f32;
            let mean = fold(grad, 0.0, |a, b| a + b) / count;
            let along = dot(grad, &unit) / count;
            for ((grad, unit), by_shift) in grad.iter_mut().zip(&unit).zip(&mut *by_shift) {
                *grad = (*grad - mean - unit * along) * inverse;
                *by_shift += *grad;
            }
        }
    }
}
