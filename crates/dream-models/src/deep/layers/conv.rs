use candle_core::{Module, Result, Tensor};
use candle_nn::init::{FanInOut, NonLinearity, NormalOrUniform};
use candle_nn::{Init, VarBuilder};

use crate::deep::kernels::{Window, add_bias, applies, rows_product, window_rows};

/// Values of [`window_rows`] that exist at a time where no gradient is wanted.
const VALUES: usize = 1 << 22;

/// Convolution of `[n, rows, columns, planes]`, trainable. In single precision on the CPU a picture has the same bits whatever
/// other pictures there are.
///
/// candle's own takes planes before rows, and has no gradient where the windows fill the rows of a picture but not its columns.
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
    window: Window,
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
        let shape = (outputs, inputs, window.kernel(), window.kernel());
        Ok(Self { weight: vb.get_with_hints(shape, "weight", init)?, bias: None, window })
    }

    pub(crate) fn weight(&self) -> &Tensor {
        &self.weight
    }

    pub(crate) fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// The weight in the order in which it is multiplied with.
    pub(crate) fn packed(&self) -> Result<Packed> {
        Packed::new(&self.weight, self.window)
    }
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = self.packed()?.product(x)?;
        match &self.bias {
            Some(bias) => add_bias(&product, bias),
            None => Ok(product),
        }
    }
}

/// The weight of a convolution in the order in which it is multiplied with.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// `[out, kernel kernel in]` where the kernels apply, as PyTorch has it elsewhere.
    weight: Tensor,
    window: Window,
}

impl Packed {
    /// Of `[out, in, kernel, kernel]`.
    pub(crate) fn new(weight: &Tensor, window: Window) -> Result<Self> {
        let weight = match (applies(weight), window.kernel()) {
            (false, _) => weight.clone(),
            (true, 1) => weight.flatten_from(1)?,
            (true, _) => weight.permute((0, 2, 3, 1))?.contiguous()?.flatten_from(1)?,
        };
        Ok(Self { weight, window })
    }

    /// The convolution without a bias.
    pub(crate) fn product(&self, x: &Tensor) -> Result<Tensor> {
        let Self { weight, window } = self;
        let (count, rows, columns, planes) = x.dims4()?;
        let [high, wide] = window.grid([rows, columns])?;
        if !applies(x) {
            let x = x.permute((0, 3, 1, 2))?.contiguous()?;
            let product = x.conv2d(weight, window.padding(), window.stride(), 1, 1)?;
            return product.permute((0, 2, 3, 1))?.contiguous();
        }
        let product = if window.is_point() {
            rows_product(&x.reshape(((), planes))?, weight)?
        } else {
            let lines = count * high;
            let some = VALUES / (wide * weight.dim(1)?).max(1);
            // For a gradient all rows are kept anyway.
            let pass = if x.track_op() || weight.track_op() { lines } else { some.min(lines) }.max(1);
            let part = |start: usize| {
                rows_product(&window_rows(x, *window, start..lines.min(start + pass))?, weight)
            };
            let parts = (0..lines).step_by(pass).map(part).collect::<Result<Vec<_>>>()?;
            match parts.as_slice() {
                [whole] => whole.clone(),
                parts => Tensor::cat(parts, 0)?,
            }
        };
        product.reshape((count, high, wide, ()))
    }
}
