use serde::{Deserialize, Serialize};

use super::network::Network;
use crate::regression::rows::{check_row, mean_and_std};
use crate::regression::tensor::{Quantized, QuantizedFile};
use crate::regression::{Regressor, format};
use crate::{Error, Result};

/// The mean of small networks, `y = mean + std / M · Σₘ (bₘ + vₘ · tanh(cₘ + Wₘ x))`.
///
/// The weights are 16-bit codes. [`super::MlpParams::fit`] makes one, [`super::QualityModel`] saves one.
#[doc(alias = "MLPRegressor")]
#[derive(Debug, Clone, PartialEq)]
pub struct MlpEnsemble {
    inputs: usize,
    hidden: usize,
    members: usize,
    target_mean: f64,
    target_std: f64,
    tensors: [Quantized; 4],
    /// The tensors as numbers: `W [members, hidden, inputs]`, `c [members, hidden]`, `v [members, hidden]`,
    /// `b [members]`.
    weights: [Vec<f64>; 4],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MlpEnsembleFile {
    hidden: usize,
    members: usize,
    target_mean: f64,
    target_std: f64,
    hidden_weights: QuantizedFile,
    hidden_bias: QuantizedFile,
    output_weights: QuantizedFile,
    output_bias: QuantizedFile,
}

const PART: &str = "head";

impl MlpEnsemble {
    /// Puts the whitening matrix into the first layers and rounds the weights to their codes.
    pub(super) fn fold(
        networks: &[Network],
        whitening: &[f64],
        (inputs, hidden): (usize, usize),
        (target_mean, target_std): (f64, f64),
    ) -> Self {
        let mut weights: [Vec<f64>; 4] = Default::default();
        let [hidden_weights, hidden_bias, output_weights, output_bias] = &mut weights;
        for network in networks {
            let blocks = network.blocks();
            for unit in 0..hidden {
                for line in whitening.chunks_exact(inputs.max(1)) {
                    let column = blocks.hidden_weights.iter().skip(unit).step_by(hidden.max(1));
                    hidden_weights.push(line.iter().zip(column).map(|(a, b)| a * b).sum());
                }
            }
            hidden_bias.extend(blocks.hidden_bias);
            output_weights.extend(blocks.output_weights);
            output_bias.push(blocks.output_bias);
        }
        let tensors = weights.map(|values| Quantized::nearest(&values));
        let weights = tensors.each_ref().map(Quantized::values);
        Self { inputs, hidden, members: networks.len(), target_mean, target_std, tensors, weights }
    }

    /// The value for a row that is known to fit, and the deviation of the members around it.
    pub(super) fn evaluate(&self, row: &[f64]) -> (f64, f64) {
        let [hidden_weights, hidden_bias, output_weights, output_bias] = &self.weights;
        let mut units =
            hidden_weights.chunks_exact(self.inputs.max(1)).zip(hidden_bias).zip(output_weights).map(
                |((weights, bias), output)| {
                    let sum = weights.iter().zip(row).fold(*bias, |sum, (w, x)| sum + w * x);
                    output * libm::tanh(sum)
                },
            );
        let member = |bias: &f64| units.by_ref().take(self.hidden).fold(*bias, |sum, unit| sum + unit);
        let outputs: Vec<f64> = output_bias.iter().map(member).collect();
        let total = outputs.iter().fold(0.0, |total, output| total + output);
        let (_, spread) = mean_and_std(outputs.into_iter());
        (self.target_mean + self.target_std * total / self.members.max(1) as f64, self.target_std * spread)
    }

    /// `W`, `c`, `v` and `b`.
    pub(super) fn weights(&self) -> &[Vec<f64>; 4] {
        &self.weights
    }

    /// What a unit's output is multiplied with on its way to the value.
    pub(super) fn scale(&self) -> f64 {
        self.target_std / self.members.max(1) as f64
    }

    pub(super) fn to_file(&self) -> MlpEnsembleFile {
        let [hidden_weights, hidden_bias, output_weights, output_bias] =
            self.tensors.each_ref().map(Quantized::to_file);
        MlpEnsembleFile {
            hidden: self.hidden,
            members: self.members,
            target_mean: self.target_mean,
            target_std: self.target_std,
            hidden_weights,
            hidden_bias,
            output_weights,
            output_bias,
        }
    }

    /// Checks everything that [`MlpEnsemble::evaluate`] relies on.
    pub(super) fn from_file(file: &MlpEnsembleFile, inputs: usize) -> Result<Self> {
        let (hidden, members) = (file.hidden, file.members);
        if hidden == 0 || members == 0 {
            return Err(Error::invalid(PART, "no hidden unit or no member"));
        }
        if !(file.target_mean.abs() <= format::MAX_NUMBER
            && file.target_std > 0.0
            && file.target_std <= format::MAX_NUMBER)
        {
            return Err(Error::invalid(PART, "target_mean or target_std is out of range"));
        }
        let units = hidden.checked_mul(members).ok_or_else(|| Error::invalid(PART, "too many units"))?;
        let cells = units.checked_mul(inputs).ok_or_else(|| Error::invalid(PART, "too many weights"))?;
        let tensors = [
            Quantized::from_file(&file.hidden_weights, "head.hidden_weights", cells)?,
            Quantized::from_file(&file.hidden_bias, "head.hidden_bias", units)?,
            Quantized::from_file(&file.output_weights, "head.output_weights", units)?,
            Quantized::from_file(&file.output_bias, "head.output_bias", members)?,
        ];
        let weights = tensors.each_ref().map(Quantized::values);
        let (target_mean, target_std) = (file.target_mean, file.target_std);
        Ok(Self { inputs, hidden, members, target_mean, target_std, tensors, weights })
    }
}

impl Regressor for MlpEnsemble {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn predict(&self, row: &[f64]) -> Result<f64> {
        check_row(row, self.inputs)?;
        let (value, _) = self.evaluate(row);
        // Huge inputs of both signs can cancel into a NaN before the hyperbolic tangent.
        if value.is_finite() {
            Ok(value)
        } else {
            Err(Error::NonFinite { name: "prediction".to_owned(), value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn folding_keeps_the_function() {
        let mut random = SplitMix64::new(8);
        let networks: Vec<Network> = (0..3).map(|_| Network::random(2, 4, &mut random)).collect();
        let whitening = [1.5, -0.4, -0.4, 0.9];
        let row = [0.7, -1.3];
        let white = [1.5 * 0.7 + 0.4 * 1.3, -0.4 * 0.7 - 0.9 * 1.3];
        let mut expected = 0.0;
        for network in &networks {
            let blocks = network.blocks();
            for unit in 0..4 {
                let z = white[0] * blocks.hidden_weights[unit] + white[1] * blocks.hidden_weights[4 + unit];
                expected += blocks.output_weights[unit] * z.tanh() / 3.0;
            }
        }
        let ensemble = MlpEnsemble::fold(&networks, &whitening, (2, 4), (3.0, 0.5));
        let found = ensemble.predict(&row).unwrap();
        // Rounding to 16 bits moves it by less than 1e-4 and by something.
        assert!((found - (3.0 + 0.5 * expected)).abs() < 1e-4, "{found}");
        let back = MlpEnsemble::from_file(&ensemble.to_file(), 2).unwrap();
        assert_eq!(back, ensemble);
    }

    #[test]
    fn refuses_rows_that_do_not_fit() {
        let networks = [Network::random(2, 4, &mut SplitMix64::new(8))];
        let ensemble = MlpEnsemble::fold(&networks, &[1.0, 0.0, 0.0, 1.0], (2, 4), (3.0, 0.5));
        assert!(matches!(ensemble.predict(&[1.0]), Err(Error::LengthMismatch { expected: 2, found: 1, .. })));
        assert!(matches!(ensemble.predict(&[1.0, f64::NAN]), Err(Error::NonFinite { .. })));
        for row in [[f64::MAX, f64::MAX], [f64::MAX, f64::MIN], [f64::MIN, f64::MAX]] {
            if let Ok(value) = ensemble.predict(&row) {
                assert!(value.is_finite());
            }
        }
    }
}
