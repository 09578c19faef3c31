use candle_core::{DType, Result, Tensor, Var, bail};
use candle_nn::{Init, VarBuilder};

use crate::deep::kernels::{add_bias, column_sums};
use crate::deep::numeric::single;

/// Which statistics a [`BatchNorm`] normalises with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Those that the training left. The result for a frame does not depend on the others.
    #[default]
    Eval,
    /// Those of the batch, which then move the ones for later.
    Train,
}

/// Whether a tensor is a running statistic, by its name: moved by the forward pass in [`Mode::Train`], without a gradient, and
/// therefore nothing for an optimiser.
///
/// ```
/// use dream_models::deep::layers::is_running_statistic;
///
/// assert!(is_running_statistic("layer1.0.bn1.running_var"));
/// assert!(!is_running_statistic("layer1.0.bn1.weight"));
/// ```
#[must_use]
pub fn is_running_statistic(name: &str) -> bool {
    matches!(name.rsplit('.').next(), Some("running_mean" | "running_var"))
}

/// Batch normalisation of the last axis, whatever comes before it: pixels of pictures, steps of sequences, rows. Trainable in
/// both modes.
///
/// # Reference
///
/// Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift", ICML
/// 2015; the running variance is the unbiased one, as in PyTorch.
#[doc(alias("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"))]
#[derive(Debug, Clone)]
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    eps: f64,
    momentum: f64,
}

impl BatchNorm {
    /// Reads `weight`, `bias`, `running_mean` and `running_var`, all of shape `[dim]`. `momentum` is the share of a batch in the
    /// running statistics, PyTorch's 0.1.
    ///
    /// # Errors
    ///
    /// When the builder lacks one of them or it has another shape, and for a running variance below 0.
    pub fn new(dim: usize, eps: f64, momentum: f64, vb: &VarBuilder<'_>) -> Result<Self> {
        let read = |name, value| vb.get_with_hints(dim, name, Init::Const(value));
        let running_var = read("running_var", 1.0)?;
        let variances = running_var.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        if let Some((at, variance)) = variances.iter().enumerate().find(|(_, variance)| **variance < 0.0) {
            bail!("`{}` has {variance} at {at}, and no variance is below 0", vb.pp("running_var").prefix());
        }
        Ok(Self {
            weight: read("weight", 1.0)?,
            bias: read("bias", 0.0)?,
            running_mean: read("running_mean", 0.0)?,
            running_var,
            eps,
            momentum,
        })
    }

    /// `[..., dim]` to the same shape. In [`Mode::Train`] it moves the running statistics, which must be variables: build the
    /// layer on [`Params`](crate::deep::train::Params).
    ///
    /// # Errors
    ///
    /// For another last axis; in [`Mode::Train`] for fewer than two values in a feature, and where the running statistics are
    /// no variables.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        match mode {
            Mode::Eval => {
                let (scale, shift) = self.affine()?;
                add_bias(&x.broadcast_mul(&scale)?, &shift)
            }
            Mode::Train => add_bias(&self.train(x)?, &self.bias),
        }
    }

    pub(crate) fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// Whether a training may change any of its tensors.
    pub(crate) fn is_variable(&self) -> bool {
        [&self.weight, &self.bias, &self.running_mean, &self.running_var].iter().any(|t| t.track_op())
    }

    /// Factor and summand of [`Mode::Eval`]. The gradient reaches weight and bias.
    pub(crate) fn affine(&self) -> Result<(Tensor, Tensor)> {
        let dtype = self.weight.dtype();
        let wide = |tensor: &Tensor| tensor.to_dtype(single(dtype));
        let spread = (wide(&self.running_var.detach())? + self.eps)?.sqrt()?;
        let scale = (wide(&self.weight)? / spread)?;
        let shift = (wide(&self.bias)? - (wide(&self.running_mean.detach())? * &scale)?)?;
        Ok((scale.to_dtype(dtype)?, shift.to_dtype(dtype)?))
    }

    /// [`Mode::Train`] without the bias.
    pub(crate) fn train(&self, x: &Tensor) -> Result<Tensor> {
        if !self.running_mean.is_variable() || !self.running_var.is_variable() {
            bail!("batch norm: the running statistics are no variables, so they cannot follow a training");
        }
        let dim = self.weight.dim(0)?;
        let count = x.elem_count() / dim.max(1);
        if x.dims().last() != Some(&dim) || count < 2 {
            bail!("batch norm: {:?} does not hold two or more rows of {dim} values", x.dims());
        }
        let dtype = x.dtype();
        let rows = x.to_dtype(single(dtype))?.contiguous()?;
        let mean = |rows: &Tensor| column_sums(rows, &self.weight)? / count as f64;
        let centre = mean(&rows)?;
        let centred = rows.broadcast_sub(&centre)?;
        let variance = mean(&centred.sqr()?)?;
        let unbiased = (&variance * (count as f64 / (count - 1) as f64))?;
        self.follow(&self.running_mean, &centre)?;
        self.follow(&self.running_var, &unbiased)?;
        let scale = (self.weight.to_dtype(single(dtype))? / (variance + self.eps)?.sqrt()?)?;
        centred.broadcast_mul(&scale)?.to_dtype(dtype)
    }

    fn follow(&self, running: &Tensor, batch: &Tensor) -> Result<()> {
        let batch = batch.detach().to_dtype(running.dtype())?;
        let next = ((running.detach() * (1.0 - self.momentum))? + (batch * self.momentum)?)?;
        Var::from_tensor(running)?.set(&next)
    }
}
