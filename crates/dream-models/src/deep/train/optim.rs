//! An optimiser whose state can be written and read.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use serde::{Deserialize, Serialize};

use crate::deep::checkpoint::check;
use crate::deep::kernels::{Factors, adam, applies};
use crate::{Error, Result};

/// Settings of [`AdamW`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWConfig {
    /// Learning rate.
    pub lr: f64,
    /// Share of the past in the mean of the gradient.
    pub beta1: f64,
    /// Share of the past in the mean of its square.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub eps: f64,
    /// Share of a parameter that a step of learning rate 1 takes away.
    pub weight_decay: f64,
    /// Parameters with one of these in their name do not decay: `cpb_mlp` and `logit_scale` in timm's recipe for
    /// Swin-V2. The paper of DA-CLIP names no exclusion.
    pub no_decay: Vec<String>,
    /// Whether biases and norms, all parameters of at most one axis, decay.
    pub decay_vectors: bool,
    /// Gradients are scaled down to this norm over all parameters.
    pub clip_norm: Option<f64>,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            lr: 1e-4,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
            no_decay: Vec::new(),
            decay_vectors: true,
            clip_norm: None,
        }
    }
}

impl AdamWConfig {
    fn check(&self) -> Result<()> {
        let range = |field: &'static str, value: f64, from: f64, to: f64, expected: &'static str| {
            if value >= from && value <= to {
                Ok(())
            } else {
                Err(Error::InvalidConfig { field, value, expected })
            }
        };
        range("lr", self.lr, 0.0, 1e6, "between 0 and 1e6")?;
        for (field, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            range(field, beta, 0.0, 1.0 - f64::EPSILON, "at least 0 and below 1")?;
        }
        range("eps", self.eps, f64::MIN_POSITIVE, 1.0, "above 0, at most 1")?;
        range("weight_decay", self.weight_decay, 0.0, 1e6, "between 0 and 1e6")?;
        range("clip_norm", self.clip_norm.unwrap_or(1.0), f64::MIN_POSITIVE, f64::MAX, "above 0")
    }
}

/// Gradients by the names of their variables.
pub type Gradients = BTreeMap<String, Tensor>;

/// The gradients of named variables. A variable without a gradient is not in the result.
#[must_use]
pub fn gradients(store: &GradStore, vars: &[(String, Var)]) -> Gradients {
    vars.iter().filter_map(|(name, var)| Some((name.clone(), store.get(var)?.clone()))).collect()
}

/// Adds gradients, for steps over several batches.
///
/// Losses that compare the values of a batch with each other see the batches one by one: this is not the gradient of one
/// large batch.
///
/// # Errors
///
/// [`Error::Tensor`] for gradients of other shapes.
pub fn accumulate(sum: &mut Gradients, more: Gradients) -> Result<()> {
    for (name, gradient) in more {
        let total = match sum.get(&name) {
            Some(before) => (before + gradient)?,
            None => gradient,
        };
        sum.insert(name, total);
    }
    Ok(())
}

#[derive(Debug, Clone)]
struct Slot {
    var: Var,
    mean: Tensor,
    square: Tensor,
    decays: bool,
    /// Factor of the learning rate; 0 for a frozen parameter.
    rate: f64,
}

/// AdamW with decoupled weight decay, as PyTorch's: same order of operations, `eps` outside the root.
///
/// ```
/// use dream_models::deep::candle_core::{DType, Device, Tensor};
/// use dream_models::deep::train::optim::{AdamW, AdamWConfig};
/// use dream_models::deep::train::Params;
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let layer = params.builder().get((2, 1), "w")?;
/// let mut adam = AdamW::new(AdamWConfig::default(), params.named())?;
/// let loss = (layer - 1.0)?.sqr()?.mean_all()?;
/// adam.step(&loss.backward()?)?;
/// assert_eq!(adam.steps(), 1);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
#[derive(Debug, Clone)]
pub struct AdamW {
    config: AdamWConfig,
    steps: u32,
    slots: BTreeMap<String, Slot>,
}

impl AdamW {
    /// An optimiser of these variables.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`], [`Error::Tensor`] when the device has no memory left.
    pub fn new(config: AdamWConfig, vars: Vec<(String, Var)>) -> Result<Self> {
        config.check()?;
        let slot = |(name, var): (String, Var)| {
            let excluded = config.no_decay.iter().any(|part| name.contains(part.as_str()));
            let decays = !excluded && (config.decay_vectors || var.rank() > 1);
            let (mean, square) = (var.zeros_like()?.detach(), var.zeros_like()?.detach());
            Ok((name, Slot { var, mean, square, decays, rate: 1.0 }))
        };
        let slots = vars.into_iter().map(slot).collect::<Result<_>>()?;
        Ok(Self { config, steps: 0, slots })
    }

    /// Factors of the learning rate by name: layer-wise rates; 0 freezes a parameter.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a factor that is negative or not finite.
    pub fn set_rates(&mut self, rate: impl Fn(&str) -> f64) -> Result<()> {
        for (name, slot) in &mut self.slots {
            let value = rate(name);
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::InvalidConfig { field: "rate", value, expected: "finite and at least 0" });
            }
            slot.rate = value;
        }
        Ok(())
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &AdamWConfig {
        &self.config
    }

    /// Another learning rate, for schedules.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] outside the range.
    pub fn set_lr(&mut self, lr: f64) -> Result<()> {
        let config = AdamWConfig { lr, ..self.config.clone() };
        config.check()?;
        self.config = config;
        Ok(())
    }

    /// Steps taken.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Takes a step, and returns the norm of the gradient over all parameters that are not frozen.
    ///
    /// # Errors
    ///
    /// As [`step_with`](Self::step_with).
    pub fn step(&mut self, store: &GradStore) -> Result<f64> {
        let vars: Vec<_> = self.slots.iter().map(|(name, slot)| (name.clone(), slot.var.clone())).collect();
        self.step_with(&gradients(store, &vars))
    }

    /// The same with gradients that were collected before.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] when a parameter that is not frozen has no gradient (a graph that was cut, or a part that
    /// the loss does not use: freeze it), [`Error::NonFinite`] for a gradient that is not finite. Nothing is changed
    /// then.
    pub fn step_with(&mut self, gradients: &Gradients) -> Result<f64> {
        let norm = self.norm(gradients)?;
        let clip = self.config.clip_norm.map_or(1.0, |most| (most / norm.max(f64::MIN_POSITIVE)).min(1.0));
        self.steps = self.steps.saturating_add(1);
        let AdamWConfig { lr, beta1, beta2, eps, weight_decay, .. } = self.config;
        let steps = f64::from(self.steps);
        let (left1, left2) = (1.0 - libm::pow(beta1, steps), 1.0 - libm::pow(beta2, steps));
        for (name, slot) in &mut self.slots {
            let Some(gradient) = gradients.get(name).filter(|_| slot.rate > 0.0) else { continue };
            let gradient = gradient.detach();
            let lr = lr * slot.rate;
            let left = if slot.decays { 1.0 - lr * weight_decay } else { 1.0 };
            let value = slot.var.as_detached_tensor();
            if [&value, &gradient].into_iter().all(applies) {
                let factors =
                    Factors { clip, betas: [beta1, beta2], left, root: left2.sqrt(), eps, rate: lr / left1 };
                let [value, mean, square] = adam([&value, &slot.mean, &slot.square], &gradient, factors)?;
                (slot.mean, slot.square) = (mean, square);
                slot.var.set(&value)?;
                continue;
            }
            let gradient = if clip < 1.0 { (gradient * clip)? } else { gradient };
            slot.mean = ((&slot.mean * beta1)? + (&gradient * (1.0 - beta1))?)?;
            slot.square = ((&slot.square * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?;
            let spread = ((slot.square.sqrt()? / left2.sqrt())? + eps)?;
            slot.var.set(&((value * left)? - ((&slot.mean / spread)? * (lr / left1))?)?)?;
        }
        Ok(norm)
    }

    /// The norm over all parameters that learn.
    fn norm(&self, gradients: &Gradients) -> Result<f64> {
        let mut missing = Vec::new();
        let mut squares = Vec::new();
        for (name, slot) in self.slots.iter().filter(|(_, slot)| slot.rate > 0.0) {
            let Some(gradient) = gradients.get(name) else {
                missing.push(name.as_str());
                continue;
            };
            if gradient.shape() != slot.var.shape() {
                let reason = format!("that of `{name}` has the shape {:?}", gradient.shape());
                return Err(Error::InvalidInput { argument: "gradients", reason });
            }
            squares.push((name, gradient.to_dtype(DType::F32)?.sqr()?.sum_all()?));
        }
        if !missing.is_empty() {
            let reason = format!("none for {}: freeze what the loss does not use", missing.join(", "));
            return Err(Error::InvalidInput { argument: "gradients", reason });
        }
        let (names, squares): (Vec<_>, Vec<_>) = squares.into_iter().unzip();
        if squares.is_empty() {
            return Ok(0.0);
        }
        // Read in one go: every reading waits for what a device still has to do.
        let mut total = 0.0;
        for (name, value) in names.into_iter().zip(Tensor::stack(&squares, 0)?.to_vec1::<f32>()?) {
            let value = f64::from(value);
            if !value.is_finite() {
                return Err(Error::NonFinite { name: format!("the gradient of {name}"), value });
            }
            total += value;
        }
        Ok(total.sqrt())
    }

    /// What a resumed run needs besides the parameters: moments as `mean.NAME` and `square.NAME`, and `steps`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] when there is no memory left.
    pub fn state(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut out = BTreeMap::new();
        for (name, slot) in &self.slots {
            out.insert(format!("mean.{name}"), slot.mean.clone());
            out.insert(format!("square.{name}"), slot.square.clone());
        }
        out.insert("steps".to_owned(), Tensor::new(self.steps, &candle_core::Device::Cpu)?);
        Ok(out)
    }

    /// Takes over a state of [`state`](Self::state), for the same variables.
    ///
    /// # Errors
    ///
    /// [`Error::TensorMismatch`] with all names that do not fit; nothing is changed then.
    pub fn load_state(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let shapes = |state: &BTreeMap<String, Tensor>| -> Vec<(String, Vec<usize>)> {
            state.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect()
        };
        check(&shapes(&self.state()?), state.iter().map(|(name, tensor)| (name.as_str(), tensor.dims())))?;
        let of = |name: &str, like: &Tensor| -> Result<Tensor> {
            // All names are there: they were compared above.
            let tensor = state.get(name).ok_or_else(|| Error::invalid("optimiser", name))?;
            Ok(tensor.to_dtype(like.dtype())?.to_device(like.device())?.copy()?.detach())
        };
        let steps = of("steps", &Tensor::new(0u32, &candle_core::Device::Cpu)?)?.to_scalar::<u32>()?;
        let mut slots = self.slots.clone();
        for (name, slot) in &mut slots {
            slot.mean = of(&format!("mean.{name}"), &slot.mean)?;
            slot.square = of(&format!("square.{name}"), &slot.square)?;
        }
        (self.slots, self.steps) = (slots, steps);
        Ok(())
    }
}
