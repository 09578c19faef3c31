use crate::random::SplitMix64;
use crate::simd::{Kernel, dispatch};

/// One network while it is trained: `y = b₂ + w₂ · tanh(b₁ + x W₁)`.
///
/// All parameters are one vector, so that one optimiser holds them:
/// `W₁ [inputs, hidden] ++ w₂ [hidden] ++ b₁ [hidden] ++ b₂ [1]`.
#[derive(Debug, Clone)]
pub(super) struct Network {
    inputs: usize,
    hidden: usize,
    pub(super) parameters: Vec<f64>,
}

/// The four blocks of a parameter vector.
pub(super) struct Blocks<'a> {
    pub(super) hidden_weights: &'a [f64],
    pub(super) output_weights: &'a [f64],
    pub(super) hidden_bias: &'a [f64],
    pub(super) output_bias: f64,
}

impl Network {
    /// Uniform weights of variance 1 / fan-in, zero biases.
    pub(super) fn random(inputs: usize, hidden: usize, random: &mut SplitMix64) -> Self {
        let mut parameters = Vec::with_capacity(inputs * hidden + 2 * hidden + 1);
        let first = (3.0 / inputs.max(1) as f64).sqrt();
        parameters.extend((0..inputs * hidden).map(|_| first * random.signed_unit()));
        let second = (3.0 / hidden.max(1) as f64).sqrt();
        parameters.extend((0..hidden).map(|_| second * random.signed_unit()));
        parameters.resize(inputs * hidden + 2 * hidden + 1, 0.0);
        Self { inputs, hidden, parameters }
    }

    /// 1 for each weight, 0 for each bias: weight decay is for weights.
    pub(super) fn decayed(&self) -> Vec<f64> {
        let weights = (self.inputs + 1) * self.hidden;
        (0..self.parameters.len()).map(|index| f64::from(u8::from(index < weights))).collect()
    }

    pub(super) fn blocks(&self) -> Blocks<'_> {
        let (hidden_weights, rest) = split(&self.parameters, self.inputs * self.hidden);
        let (output_weights, rest) = split(rest, self.hidden);
        let (hidden_bias, rest) = split(rest, self.hidden);
        let output_bias = rest.first().copied().unwrap_or(0.0);
        Blocks { hidden_weights, output_weights, hidden_bias, output_bias }
    }

    /// Gradient of `mean (y − target)² / 2` over a batch, into `gradient`.
    ///
    /// Sample after sample, in the order of `batch`: the sums do not depend on anything else.
    pub(super) fn gradient<'a>(
        &self,
        batch: impl ExactSizeIterator<Item = (&'a [f64], f64)>,
        gradient: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let size = (self.inputs, self.hidden);
        dispatch(Gradient { blocks: self.blocks(), size, batch, gradient, scratch });
    }
}

struct Gradient<'n, 'g, I> {
    blocks: Blocks<'n>,
    size: (usize, usize),
    batch: I,
    gradient: &'g mut [f64],
    scratch: &'g mut Scratch,
}

impl<'a, I: ExactSizeIterator<Item = (&'a [f64], f64)>> Kernel for Gradient<'_, '_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { blocks, size: (inputs, hidden), batch, gradient, scratch } = self;
        debug_assert_eq!(gradient.len(), (inputs + 2) * hidden + 1);
        gradient.fill(0.0);
        let weight = 1.0 / batch.len().max(1) as f64;
        let (d_hidden_weights, rest) = split_mut(gradient, inputs * hidden);
        let (d_output_weights, rest) = split_mut(rest, hidden);
        let (d_hidden_bias, d_output_bias) = split_mut(rest, hidden);
        let Scratch { active, back } = scratch;
        for (row, target) in batch {
            debug_assert_eq!(row.len(), inputs);
            active.copy_from_slice(blocks.hidden_bias);
            for (x, weights) in row.iter().zip(blocks.hidden_weights.chunks_exact(hidden)) {
                active.iter_mut().zip(weights).for_each(|(a, w)| *a += x * w);
            }
            active.iter_mut().for_each(|a| *a = libm::tanh(*a));
            let output =
                active.iter().zip(blocks.output_weights).fold(blocks.output_bias, |sum, (a, w)| sum + a * w);
            let slope = (output - target) * weight;
            d_output_bias.iter_mut().for_each(|d| *d += slope);
            d_output_weights.iter_mut().zip(active.iter()).for_each(|(d, a)| *d += slope * a);
            for (d, (a, w)) in back.iter_mut().zip(active.iter().zip(blocks.output_weights)) {
                *d = slope * w * (1.0 - a * a);
            }
            d_hidden_bias.iter_mut().zip(back.iter()).for_each(|(d, b)| *d += b);
            for (x, d_weights) in row.iter().zip(d_hidden_weights.chunks_exact_mut(hidden)) {
                d_weights.iter_mut().zip(back.iter()).for_each(|(d, b)| *d += x * b);
            }
        }
    }
}

/// Buffers of one training run.
#[derive(Debug)]
pub(super) struct Scratch {
    active: Vec<f64>,
    back: Vec<f64>,
}

impl Scratch {
    pub(super) fn new(hidden: usize) -> Self {
        Self { active: vec![0.0; hidden], back: vec![0.0; hidden] }
    }
}

/// As `split_at`, with all of the slice on the left where it is too short.
fn split(slice: &[f64], at: usize) -> (&[f64], &[f64]) {
    slice.split_at_checked(at).unwrap_or((slice, &[]))
}

fn split_mut(slice: &mut [f64], at: usize) -> (&mut [f64], &mut [f64]) {
    let at = at.min(slice.len());
    slice.split_at_mut(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(network: &Network, rows: &[[f64; 3]], targets: &[f64]) -> f64 {
        let blocks = network.blocks();
        let mut total = 0.0;
        for (row, target) in rows.iter().zip(targets) {
            let mut output = blocks.output_bias;
            for unit in 0..4 {
                let z: f64 = (0..3).map(|i| row[i] * blocks.hidden_weights[i * 4 + unit]).sum();
                output += blocks.output_weights[unit] * (z + blocks.hidden_bias[unit]).tanh();
            }
            total += (output - target) * (output - target) / 2.0 / rows.len() as f64;
        }
        total
    }

    #[test]
    fn gradient_equals_finite_differences() {
        let mut random = SplitMix64::new(4);
        let mut network = Network::random(3, 4, &mut random);
        // Non-zero biases too.
        network.parameters.iter_mut().for_each(|p| *p += 0.1 * random.signed_unit());
        let rows = [[0.3, -1.2, 0.8], [1.1, 0.4, -0.6], [-2.0, 0.1, 0.5]];
        let targets = [0.7, -0.4, 1.5];
        let mut gradient = vec![0.0; network.parameters.len()];
        let batch = rows.iter().map(|row| &row[..]).zip(targets);
        network.gradient(batch, &mut gradient, &mut Scratch::new(4));
        for (index, slope) in gradient.iter().enumerate() {
            let step = 1e-6;
            let (mut up, mut down) = (network.clone(), network.clone());
            up.parameters[index] += step;
            down.parameters[index] -= step;
            let expected = (loss(&up, &rows, &targets) - loss(&down, &rows, &targets)) / (2.0 * step);
            assert!((slope - expected).abs() < 1e-8, "parameter {index}: {slope} {expected}");
        }
    }

    #[test]
    fn decays_weights_and_not_biases() {
        let network = Network::random(3, 4, &mut SplitMix64::new(1));
        let decayed = network.decayed();
        assert_eq!(decayed.iter().sum::<f64>(), 16.0);
        assert_eq!(decayed[15..17], [1.0, 0.0]);
    }
}
