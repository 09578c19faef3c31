use super::MlpEnsemble;
use super::adam::Adam;
use super::network::{Network, Scratch};
use crate::random::SplitMix64;
use crate::regression::Rows;
use crate::regression::rows::{check_targets, mean_and_std};
use crate::regression::whiten::{project, whitening};
use crate::{Error, Result};

/// How an [`MlpEnsemble`] is trained.
///
/// Every member sees all rows, whitened in part and in its own random order, and starts from its own random
/// weights. Mini-batch Adam with decoupled weight decay and a cosine schedule minimises the squared error of
/// the standardised target.
///
/// ```
/// use dream_models::regression::{MlpParams, Regressor, Rows};
///
/// # fn main() -> dream_models::Result<()> {
/// let x: Vec<f64> = (0..64).map(|i| f64::from(i) / 32.0 - 1.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| 3.0 + x * x).collect();
/// let params = MlpParams { members: 2, batch: 16, epochs: 200, ..MlpParams::default() };
/// let model = params.fit(&Rows::new(&x, 1)?, &y)?;
/// assert!((model.predict(&[0.5])? - 3.25).abs() < 0.1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MlpParams {
    /// Number of networks whose outputs are averaged.
    pub members: usize,
    /// Hidden units of each network.
    pub hidden: usize,
    /// Passes over the rows.
    pub epochs: usize,
    /// Rows of a step; what is left of a pass is dropped from it.
    pub batch: usize,
    /// Learning rate of the first step; it falls to 0 along a half cosine.
    pub learning_rate: f64,
    /// Decoupled weight decay, as a multiple of the learning rate.
    pub weight_decay: f64,
    /// Power of the whitening, 0 (none) to 1 (full).
    pub whitening: f64,
    /// Seed of the weights and of the orders.
    pub seed: u64,
    /// Threads to train on, 0 for one per core. The result does not depend on it.
    pub threads: usize,
}

impl Default for MlpParams {
    /// The settings of the embedded model.
    fn default() -> Self {
        Self {
            members: 32,
            hidden: 16,
            epochs: 50,
            batch: 128,
            learning_rate: 0.02,
            weight_decay: 0.05,
            whitening: 0.7,
            seed: 1,
            threads: 0,
        }
    }
}

impl MlpParams {
    /// Trains on `rows`, which should have about unit variance (see [`super::Scaler`]), and one target per row.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a setting outside its range; [`Error::TooFewRows`] for fewer rows than one
    /// batch; [`Error::LengthMismatch`], [`Error::NonFinite`] or [`Error::Constant`] for targets that do not fit;
    /// [`Error::InvalidConfig`] where the training diverges, which asks for a smaller learning rate.
    pub fn fit(&self, rows: &Rows<'_>, targets: &[f64]) -> Result<MlpEnsemble> {
        self.check()?;
        check_targets(rows, targets)?;
        if rows.len() < self.batch {
            return Err(Error::TooFewRows { min: self.batch, found: rows.len() });
        }
        let (mean, std) = mean_and_std(targets.iter().copied());
        let standardised: Vec<f64> = targets.iter().map(|target| (target - mean) / std).collect();
        let matrix = whitening(rows, self.whitening);
        let white = project(rows, &matrix);
        let mut networks: Vec<Option<Network>> = vec![None; self.members];
        let threads = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let share = self.members.div_ceil(threads.min(self.members));
        std::thread::scope(|scope| {
            for (part, slots) in networks.chunks_mut(share).enumerate() {
                let (white, standardised) = (&white, &standardised);
                scope.spawn(move || {
                    for (offset, slot) in slots.iter_mut().enumerate() {
                        let member = (part * share + offset) as u64;
                        *slot = Some(self.train(member, white, standardised, rows.width()));
                    }
                });
            }
        });
        let networks: Vec<Network> = networks.into_iter().flatten().collect();
        if !networks.iter().flat_map(|network| &network.parameters).all(|parameter| parameter.is_finite()) {
            let expected = "smaller, the training diverged";
            return Err(Error::InvalidConfig { field: "learning_rate", value: self.learning_rate, expected });
        }
        Ok(MlpEnsemble::fold(&networks, &matrix, (rows.width(), self.hidden), (mean, std)))
    }

    /// One member: its own stream of random numbers, nothing shared with the others.
    fn train(&self, member: u64, white: &[f64], targets: &[f64], width: usize) -> Network {
        let mut random = SplitMix64::stream(self.seed, member);
        let mut network = Network::random(width, self.hidden, &mut random);
        let decayed = network.decayed();
        let mut gradient = vec![0.0; network.parameters.len()];
        let mut adam = Adam::new(network.parameters.len());
        let mut scratch = Scratch::new(self.hidden);
        let mut order: Vec<usize> = (0..targets.len()).collect();
        let steps = (self.epochs * (targets.len() / self.batch)) as f64;
        let mut step = 0.0;
        for _ in 0..self.epochs {
            random.shuffle(&mut order);
            for batch in order.chunks_exact(self.batch) {
                let samples = batch.iter().map(|&index| sample(white, targets, width, index));
                network.gradient(samples, &mut gradient, &mut scratch);
                step += 1.0;
                let cosine = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * step / steps));
                let rate = self.learning_rate * cosine;
                adam.step(&mut network.parameters, &gradient, &decayed, rate, self.weight_decay);
            }
        }
        network
    }

    fn check(&self) -> Result<()> {
        let counts = [
            ("members", self.members, 4096),
            ("hidden", self.hidden, 4096),
            ("epochs", self.epochs, 1_000_000),
            ("batch", self.batch, 1_000_000),
        ];
        for (field, value, most) in counts {
            if value == 0 || value > most {
                let expected = if most == 4096 { "1 to 4096" } else { "1 to 1000000" };
                return Err(Error::InvalidConfig { field, value: value as f64, expected });
            }
        }
        let numbers = [
            ("learning_rate", self.learning_rate, self.learning_rate > 0.0, "above 0 and at most 1"),
            ("weight_decay", self.weight_decay, self.weight_decay >= 0.0, "0 to 1"),
            ("whitening", self.whitening, self.whitening >= 0.0, "0 to 1"),
        ];
        for (field, value, above, expected) in numbers {
            if !(above && value <= 1.0) {
                return Err(Error::InvalidConfig { field, value, expected });
            }
        }
        Ok(())
    }
}

fn sample<'a>(white: &'a [f64], targets: &[f64], width: usize, index: usize) -> (&'a [f64], f64) {
    let row = white.get(index * width..(index + 1) * width).unwrap_or_default();
    (row, targets.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regression::Regressor as _;

    fn params() -> MlpParams {
        MlpParams { members: 5, hidden: 6, epochs: 60, batch: 16, ..MlpParams::default() }
    }

    /// `y = x₀ x₁`, which no linear model follows.
    fn product() -> (Vec<f64>, Vec<f64>) {
        let mut random = SplitMix64::new(2);
        let x: Vec<f64> = (0..800).map(|_| 1.7 * random.signed_unit()).collect();
        let y = x.chunks_exact(2).map(|row| 2.0 + row[0] * row[1]).collect();
        (x, y)
    }

    #[test]
    fn learns_a_function_that_is_not_linear() {
        let (x, y) = product();
        let model = params().fit(&Rows::new(&x, 2).unwrap(), &y).unwrap();
        for (row, expected) in [([1.0, 1.0], 3.0), ([1.0, -1.0], 1.0), ([-1.0, -1.0], 3.0), ([0.0, 0.0], 2.0)]
        {
            let found = model.predict(&row).unwrap();
            assert!((found - expected).abs() < 0.25, "{row:?}: {found} {expected}");
        }
    }

    #[test]
    fn gives_the_same_bytes_for_any_number_of_threads() {
        let (x, y) = product();
        let rows = Rows::new(&x, 2).unwrap();
        let one = MlpParams { threads: 1, ..params() }.fit(&rows, &y).unwrap();
        for threads in [2, 3, 5, 64, 0] {
            assert_eq!(MlpParams { threads, ..params() }.fit(&rows, &y).unwrap(), one, "{threads} threads");
        }
        assert_ne!(MlpParams { seed: 2, ..params() }.fit(&rows, &y).unwrap(), one);
    }

    #[test]
    fn names_the_setting_that_is_wrong() {
        let (x, y) = product();
        let rows = Rows::new(&x, 2).unwrap();
        let wrong = [
            ("members", MlpParams { members: 0, ..params() }),
            ("hidden", MlpParams { hidden: 5000, ..params() }),
            ("epochs", MlpParams { epochs: 0, ..params() }),
            ("batch", MlpParams { batch: 0, ..params() }),
            ("learning_rate", MlpParams { learning_rate: f64::NAN, ..params() }),
            ("weight_decay", MlpParams { weight_decay: -0.1, ..params() }),
            ("whitening", MlpParams { whitening: 1.5, ..params() }),
        ];
        for (name, params) in wrong {
            match params.fit(&rows, &y) {
                Err(Error::InvalidConfig { field, .. }) => assert_eq!(field, name),
                other => panic!("{name}: {other:?}"),
            }
        }
        let few = MlpParams { batch: 401, ..params() }.fit(&rows, &y);
        assert!(matches!(few, Err(Error::TooFewRows { min: 401, found: 400 })));
    }
}
