use std::sync::OnceLock;

use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::config::{Config, planes};
use crate::deep::kernels::Bend;
use crate::deep::layers::{After, BatchNorm, Conv2d, Filters, Mode, Window};

/// A convolution without bias and the batch norm behind it.
#[derive(Debug, Clone)]
pub(super) struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
    window: Window,
    /// Both as one convolution, where nothing can change them any more.
    folded: OnceLock<(Filters, Tensor)>,
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

    /// With the ReLU behind it.
    pub(super) fn relu(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.finished(x, mode, None, Bend::Relu)
    }

    /// Without one.
    fn plain(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.finished(x, mode, None, Bend::Straight)
    }

    /// The ReLU of `residual` and the result.
    fn relu_of_sum(&self, residual: &Tensor, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.finished(x, mode, Some(residual), Bend::Relu)
    }

    fn finished(&self, x: &Tensor, mode: Mode, residual: Option<&Tensor>, bend: Bend) -> Result<Tensor> {
        let after = |bias| After { bias: Some(bias), residual, bend, ..After::default() };
        match mode {
            Mode::Eval => {
                let (filters, bias) = self.folded()?;
                filters.windows(x, after(&bias))
            }
            Mode::Train => after(self.norm.bias()).compose(&self.norm.train(&self.conv.forward(x)?)?),
        }
    }

    /// The norm of [`Mode::Eval`] is linear, so it is part of the weight. Gradients reach all parameters through it.
    fn folded(&self) -> Result<(Filters, Tensor)> {
        if let Some(folded) = self.folded.get() {
            return Ok(folded.clone());
        }
        let (scale, shift) = self.norm.affine()?;
        let weight = self.conv.weight();
        let folded = (
            Filters::of_windows(&weight.broadcast_mul(&scale.reshape(((), 1, 1, 1))?)?, self.window)?,
            shift,
        );
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
