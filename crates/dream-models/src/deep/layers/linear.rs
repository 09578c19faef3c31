use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::filters::{After, Filters};
use crate::deep::kernels::Bend;

/// `x Wᵀ + b` over the last axis. In single precision on the CPU a row has the same bits whatever the other rows are.
#[derive(Debug, Clone)]
pub struct Linear {
    filters: Filters,
    bias: Option<Tensor>,
}

impl Linear {
    /// Reads `weight` of shape `[out, in]` and `bias` of shape `[out]`.
    ///
    /// # Errors
    ///
    /// When the builder lacks one of them or it has another shape.
    pub fn new(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        Self::with_stdev(inputs, outputs, 0.02, vb)
    }

    /// As [`new`](Self::new), where fresh weights have this standard deviation.
    pub(crate) fn with_stdev(inputs: usize, outputs: usize, stdev: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        let init = candle_nn::Init::Randn { mean: 0.0, stdev };
        let weight = vb.get_with_hints((outputs, inputs), "weight", init)?;
        let bias = vb.get_with_hints(outputs, "bias", candle_nn::Init::Const(0.0))?;
        Ok(Self { filters: Filters::of_rows(weight)?, bias: Some(bias) })
    }

    /// Reads `weight` of shape `[out, in]`.
    ///
    /// # Errors
    ///
    /// When the builder lacks it or it has another shape.
    pub fn without_bias(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let init = candle_nn::Init::Randn { mean: 0.0, stdev: 0.02 };
        let weight = vb.get_with_hints((outputs, inputs), "weight", init)?;
        Ok(Self { filters: Filters::of_rows(weight)?, bias: None })
    }

    /// `x Wᵀ`, for those who add the bias in a later pass over the data.
    pub(crate) fn product(&self, x: &Tensor) -> Result<Tensor> {
        self.filters.rows(x, After::default())
    }

    /// The layer and a ReLU.
    pub(crate) fn relu(&self, x: &Tensor) -> Result<Tensor> {
        self.filters.rows(x, After { bend: Bend::Relu, ..self.after() })
    }

    /// This layer, an activation, and the layer `next` with what is done behind it.
    pub(in crate::deep) fn then(
        &self,
        bend: Bend,
        next: &Self,
        x: &Tensor,
        after: After<'_>,
    ) -> Result<Tensor> {
        Filters::rows_twice([&self.filters, &next.filters], x, [After { bend, ..self.after() }, after])
    }

    /// `residual` and what the layer gives for `x`.
    pub(crate) fn add_to(&self, residual: &Tensor, x: &Tensor) -> Result<Tensor> {
        self.filters.rows(x, self.after().onto(residual))
    }

    pub(crate) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// The bias.
    pub(in crate::deep) fn after(&self) -> After<'_> {
        After { bias: self.bias.as_ref(), ..After::default() }
    }
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.filters.rows(x, self.after())
    }
}
