use std::sync::OnceLock;

use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::config::{Config, planes};
use crate::deep::kernels::{add_bias, add_biased, applies};
use crate::deep::layers::{BatchNorm, Conv2d, Mode, Packed, Window, bias_relu, relu};

/// A convolution without bias and the batch norm behind it.
#[derive(Debug, Clone)]
pub(super) struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
    window: Window,
    /// Both as one convolution, where nothing can change them any more.
    folded: OnceLock<(Packed, Tensor)>,
}

impl ConvNorm {
    /// `conv` and `norm` are the places of their parameters.
    pub(super) fn new(
        [inputs, outputs]: [usize; 2],
        window: Window,
        config: &Config,
        [conv, norm]: [&VarBuilder<'_>; 2],
    ) -> Result<Self> {
        Ok(Self {
            conv: Conv2d::without_bias(inputs, outputs, window, conv)?,
            norm: BatchNorm::new(outputs, config.norm_eps, config.momentum, norm)?,
            window,
            folded: OnceLock::new(),
        })
    }

    /// The result without its bias, and the bias, for those who add it in a later pass over the data.
    fn parts(&self, x: &Tensor, mode: Mode) -> Result<(Tensor, Tensor)> {
        match mode {
            Mode::Eval => {
                let (weight, bias) = self.folded()?;
                Ok((weight.product(x)?, bias))
            }
            Mode::Train => Ok((self.norm.train(&self.conv.forward(x)?)?, self.norm.bias().clone())),
        }
    }

    /// With the ReLU behind it.
    pub(super) fn relu(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let (y, bias) = self.parts(x, mode)?;
        bias_relu(&y, &bias)
    }

    /// Without one.
    fn plain(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let (y, bias) = self.parts(x, mode)?;
        add_bias(&y, &bias)
    }

    /// The ReLU of `residual` and the result.
    fn relu_of_sum(&self, residual: &Tensor, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let (y, bias) = self.parts(x, mode)?;
        if applies(&y) { relu(&add_biased(residual, &y, &bias)?) } else { bias_relu(&(residual + y)?, &bias) }
    }

    /// The norm of [`Mode::Eval`] is linear, so it is part of the weight. Gradients reach all parameters through it.
    fn folded(&self) -> Result<(Packed, Tensor)> {
        if let Some(folded) = self.folded.get() {
            return Ok(folded.clone());
        }
        let (scale, shift) = self.norm.affine()?;
        let weight = self.conv.weight();
        let folded =
            (Packed::new(&weight.broadcast_mul(&scale.reshape(((), 1, 1, 1))?)?, self.window)?, shift);
        if !weight.track_op() && !self.norm.is_variable() {
            // Another thread may have been faster, with the same numbers.
            let _ = self.folded.set(folded.clone());
        }
        Ok(folded)
    }
}

/// 1x1, 3x3 with the stride, 1x1 to four times as many planes; past them the input, or a 1x1 convolution of it.
#[derive(Debug, Clone)]
pub(super) struct Bottleneck {
    reduce: ConvNorm,
    spatial: ConvNorm,
    expand: ConvNorm,
    shortcut: Option<ConvNorm>,
}

impl Bottleneck {
    pub(super) fn new(
        inputs: usize,
        width: usize,
        stride: usize,
        config: &Config,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let outputs = planes(width);
        let part = |number: usize, sizes, window| {
            let places = [&vb.pp(format!("conv{number}")), &vb.pp(format!("bn{number}"))];
            ConvNorm::new(sizes, window, config, places)
        };
        let shortcut = || {
            let vb = vb.pp("downsample");
            ConvNorm::new([inputs, outputs], Window::new(1, stride, 0)?, config, [&vb.pp(0), &vb.pp(1)])
        };
        Ok(Self {
            reduce: part(1, [inputs, width], Window::new(1, 1, 0)?)?,
            spatial: part(2, [width, width], Window::new(3, stride, 1)?)?,
            expand: part(3, [width, outputs], Window::new(1, 1, 0)?)?,
            shortcut: (stride != 1 || inputs != outputs).then(shortcut).transpose()?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let residual = self.shortcut.as_ref().map_or_else(|| Ok(x.clone()), |part| part.plain(x, mode))?;
        let y = self.spatial.relu(&self.reduce.relu(x, mode)?, mode)?;
        self.expand.relu_of_sum(&residual, &y, mode)
    }
}
