//! The optimiser of the head.

use anyhow::Result;
use dream_loss::candle_core::{Tensor, Var};

/// AdamW: Adam with a decay of the weights that does not go through the moments.
///
/// # Reference
///
/// I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
#[derive(Debug)]
pub(super) struct AdamW {
    /// A parameter with its first and second moment.
    state: Vec<(Var, Tensor, Tensor)>,
    rate: f64,
    decay: f64,
    step: i32,
}

const BETA: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;

impl AdamW {
    pub(super) fn new(parameters: &[Var], rate: f64, decay: f64) -> Result<Self> {
        let zeros = |var: &Var| Ok((var.clone(), var.zeros_like()?, var.zeros_like()?));
        let state = parameters.iter().map(zeros).collect::<Result<_>>()?;
        Ok(Self { state, rate, decay, step: 0 })
    }

    /// One step down the gradient of `loss`.
    pub(super) fn step(&mut self, loss: &Tensor) -> Result<()> {
        let gradients = loss.backward()?;
        self.step += 1;
        let correction = |beta: f64| 1.0 - beta.powi(self.step);
        for (var, first, second) in &mut self.state {
            let Some(gradient) = gradients.get(var) else { continue };
            *first = ((&*first * BETA.0)? + (gradient * (1.0 - BETA.0))?)?;
            *second = ((&*second * BETA.1)? + (gradient.sqr()? * (1.0 - BETA.1))?)?;
            let mean = (&*first / correction(BETA.0))?;
            let spread = ((&*second / correction(BETA.1))?.sqrt()? + EPSILON)?;
            let kept = (var.as_tensor() * (1.0 - self.rate * self.decay))?;
            var.set(&(kept - (mean.div(&spread)? * self.rate)?)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use dream_loss::candle_core::Device;

    use super::*;

    /// Two steps on x² from 1, by hand: the first moves by the rate whatever the gradient is.
    #[test]
    fn steps_are_those_worked_out_by_hand() {
        let var = Var::new(&[1.0_f64], &Device::Cpu).unwrap();
        let mut adam = AdamW::new(std::slice::from_ref(&var), 0.1, 0.5).unwrap();
        let value = || var.to_vec1::<f64>().unwrap()[0];
        adam.step(&var.sqr().unwrap().sum_all().unwrap()).unwrap();
        assert!((value() - (0.95 - 0.1)).abs() < 1e-8, "{}", value());
        adam.step(&var.sqr().unwrap().sum_all().unwrap()).unwrap();
        // Gradients 2 and 1.7: m = 0.18 + 0.17 = 0.35 over 0.19, v = 0.003996 + 0.00289 = 0.006886 over 0.001999.
        let expected = 0.85 * 0.95 - 0.1 * (0.35 / 0.19) / (0.006_886_f64 / 0.001_999).sqrt();
        assert!((value() - expected).abs() < 1e-6, "{} {expected}", value());
    }
}
