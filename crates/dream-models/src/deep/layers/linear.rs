use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::activation::{bias_gelu, bias_relu, gelu, relu};
use crate::deep::kernels::{add_bias, add_biased, add_scaled, applies, rows_product};

/// `x Wᵀ + b` over the last axis. In single precision on the CPU a row has the same bits whatever the other rows are.
#[derive(Debug, Clone)]
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Reads `weight` of shape `[out, in]` and `bias` of shape `[out]`.
    ///
    /// # Errors
    ///
    /// When the builder lacks one of them or it has another shape.
    pub fn new(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let bias = vb.get_with_hints(outputs, "bias", candle_nn::Init::Const(0.0))?;
        Ok(Self { bias: Some(bias), ..Self::without_bias(inputs, outputs, vb)? })
    }

    /// As [`new`](Self::new), where fresh weights have this standard deviation.
    pub(crate) fn with_stdev(inputs: usize, outputs: usize, stdev: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        let init = candle_nn::Init::Randn { mean: 0.0, stdev };
        let weight = vb.get_with_hints((outputs, inputs), "weight", init)?;
        let bias = vb.get_with_hints(outputs, "bias", candle_nn::Init::Const(0.0))?;
        Ok(Self { weight, bias: Some(bias) })
    }

    /// Reads `weight` of shape `[out, in]`.
    ///
    /// # Errors
    ///
    /// When the builder lacks it or it has another shape.
    pub fn without_bias(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let init = candle_nn::Init::Randn { mean: 0.0, stdev: 0.02 };
        Ok(Self { weight: vb.get_with_hints((outputs, inputs), "weight", init)?, bias: None })
    }

    /// `x Wᵀ`, for those who add the bias in a later pass over the data.
    pub(crate) fn product(&self, x: &Tensor) -> Result<Tensor> {
        let mut dims = x.dims().to_vec();
        let (outputs, inputs) = self.weight.dims2()?;
        let flat = rows_product(&x.reshape(((), inputs))?, &self.weight)?;
        if let Some(last) = dims.last_mut() {
            *last = outputs;
        }
        flat.reshape(dims)
    }

    /// The layer and a ReLU, in one pass over the data.
    pub(crate) fn relu(&self, x: &Tensor) -> Result<Tensor> {
        let product = self.product(x)?;
        self.bias.as_ref().map_or_else(|| relu(&product), |bias| bias_relu(&product, bias))
    }

    /// `residual` and what the layer gives for `x`.
    pub(crate) fn add_to(&self, residual: &Tensor, x: &Tensor) -> Result<Tensor> {
        match &self.bias {
            Some(bias) if applies(x) => add_biased(residual, &self.product(x)?, bias),
            _ => residual + self.forward(x)?,
        }
    }

    /// [`gelu`] of what the layer gives, the bias in the same pass.
    pub(crate) fn gelu(&self, x: &Tensor) -> Result<Tensor> {
        let product = self.product(x)?;
        self.bias.as_ref().map_or_else(|| gelu(&product), |bias| bias_gelu(&product, bias))
    }

    /// `residual` and `scale`, of the last axis, times what the layer gives for `x`.
    pub(crate) fn add_scaled_to(&self, residual: &Tensor, x: &Tensor, scale: &Tensor) -> Result<Tensor> {
        match &self.bias {
            Some(bias) if applies(x) => add_scaled(residual, &self.product(x)?, bias, scale),
            _ => residual + self.forward(x)?.broadcast_mul(scale)?,
        }
    }

    pub(crate) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = self.product(x)?;
        match &self.bias {
            Some(bias) => add_bias(&product, bias),
            None => Ok(product),
        }
    }
}
