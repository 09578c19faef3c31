use candle_core::{D, Module, Result, Tensor};
use candle_nn::VarBuilder;

use crate::deep::kernels;
use crate::deep::numeric::single;

/// Layer normalisation over the last axis with weight and bias, trainable.
///
/// `candle_nn::LayerNorm` calls a fused kernel on contiguous input and the gradient ends there without an error.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// Reads `weight` and `bias`, both of shape `[dim]`.
    ///
    /// # Errors
    ///
    /// When the builder has no such tensor or it has another shape.
    pub fn new(dim: usize, eps: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        Self::with_weight(dim, eps, 1.0, vb)
    }

    /// The same, where fresh weights have another value than 1.
    pub(crate) fn with_weight(dim: usize, eps: f64, weight: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        let weight = vb.get_with_hints(dim, "weight", candle_nn::Init::Const(weight))?;
        let bias = vb.get_with_hints(dim, "bias", candle_nn::Init::Const(0.0))?;
        Ok(Self { weight, bias, eps })
    }

    /// `residual + norm(x + shift)`, in one pass over the data where a kernel applies.
    pub(crate) fn add_to(&self, residual: &Tensor, x: &Tensor, shift: Option<&Tensor>) -> Result<Tensor> {
        if kernels::applies(x) {
            return kernels::normalise(x, self.kernel(shift), Some(residual));
        }
        let shifted = shift.map(|shift| x.broadcast_add(shift)).transpose()?;
        residual + self.forward(shifted.as_ref().unwrap_or(x))?
    }

    fn kernel<'a>(&'a self, shift: Option<&'a Tensor>) -> kernels::Norm<'a> {
        kernels::Norm { shift, weight: &self.weight, bias: &self.bias, eps: self.eps }
    }
}

impl Module for LayerNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if kernels::applies(x) && x.dims().last() == self.weight.dims().last() {
            return kernels::normalise(x, self.kernel(None), None);
        }
        // Squares do not fit into half precision.
        let dtype = x.dtype();
        let x = x.to_dtype(single(dtype))?;
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
        let scaled = centred.broadcast_div(&(variance + self.eps)?.sqrt()?)?.to_dtype(dtype)?;
        scaled.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)
    }
}

/// `x / max(|x|, eps)` over the last axis. A zero vector stays zero and receives the finite gradient of `x / eps`.
///
/// # Errors
///
/// Those of candle.
#[doc(alias = "normalize")]
pub fn l2_normalize(x: &Tensor, eps: f64) -> Result<Tensor> {
    // Squares do not fit into half precision, nor does eps.
    let dtype = x.dtype();
    let x = x.to_dtype(single(dtype))?;
    let squares = x.sqr()?.sum_keepdim(D::Minus1)?;
    // The root of a constant where the norm is below eps: its own gradient at zero is infinite.
    let small = squares.lt(eps * eps)?;
    let floor = (squares.ones_like()? * (eps * eps))?;
    x.broadcast_div(&small.where_cond(&floor, &squares)?.sqrt()?)?.to_dtype(dtype)
}
