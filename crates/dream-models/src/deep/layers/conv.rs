use std::sync::OnceLock;

use candle_core::{Module, Result, Tensor};
use candle_nn::init::{FanInOut, NonLinearity, NormalOrUniform};
use candle_nn::{Init, VarBuilder};

use super::filters::{After, Filters};
use crate::deep::kernels::{Bend, Window};

/// Convolution of `[n, rows, columns, planes]`, trainable. In single precision on the CPU a picture has the same bits whatever
/// other pictures there are.
///
/// candle's own takes planes before rows, and has no gradient where the windows fill the rows of a picture but not its columns.
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
    window: Window,
    /// Where nothing can change the weight any more.
    filters: OnceLock<Filters>,
}

impl Conv2d {
    /// Reads `weight` of shape `[out, in, rows, columns]` and `bias` of shape `[out]`.
    ///
    /// # Errors
    ///
    /// When the builder lacks one of them or it has another shape.
    pub fn new(inputs: usize, outputs: usize, window: Window, vb: &VarBuilder<'_>) -> Result<Self> {
        let bias = vb.get_with_hints(outputs, "bias", Init::Const(0.0))?;
        Ok(Self { bias: Some(bias), ..Self::without_bias(inputs, outputs, window, vb)? })
    }

    /// Reads `weight` of shape `[out, in, rows, columns]`.
    ///
    /// # Errors
    ///
    /// When the builder lacks it or it has another shape.
    pub fn without_bias(inputs: usize, outputs: usize, window: Window, vb: &VarBuilder<'_>) -> Result<Self> {
        let init = Init::Kaiming {
            dist: NormalOrUniform::Normal,
            fan: FanInOut::FanOut,
            non_linearity: NonLinearity::ReLU,
        };
        Self::with_init(inputs, outputs, window, init, vb)
    }

    /// Of patches, whose side is their distance. Reads the parameters that [`new`](Self::new) reads; fresh weights have the
    /// standard deviation of a [`Linear`](super::Linear).
    pub(crate) fn of_patches(
        inputs: usize,
        outputs: usize,
        side: usize,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        let bias = vb.get_with_hints(outputs, "bias", Init::Const(0.0))?;
        let window = Window::new(side, side, 0)?;
        Ok(Self { bias: Some(bias), ..Self::with_init(inputs, outputs, window, init, vb)? })
    }

    fn with_init(
        inputs: usize,
        outputs: usize,
        window: Window,
        init: Init,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let shape = (outputs, inputs, window.kernel(), window.kernel());
        let weight = vb.get_with_hints(shape, "weight", init)?;
        Ok(Self { weight, bias: None, window, filters: OnceLock::new() })
    }

    pub(crate) fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// The layer and a ReLU, in one pass.
    pub(crate) fn relu(&self, x: &Tensor) -> Result<Tensor> {
        self.filters()?.windows(x, After { bias: self.bias.as_ref(), bend: Bend::Relu, ..After::default() })
    }

    fn filters(&self) -> Result<Filters> {
        if let Some(filters) = self.filters.get() {
            return Ok(filters.clone());
        }
        let filters = Filters::of_windows(&self.weight, self.window)?;
        if !self.weight.track_op() {
            // Another thread may have been faster, with the same numbers.
            let _ = self.filters.set(filters.clone());
        }
        Ok(filters)
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.filters()?.windows(x, After { bias: self.bias.as_ref(), ..After::default() })
    }
}
