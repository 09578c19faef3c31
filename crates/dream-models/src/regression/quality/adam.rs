/// Adam with decoupled weight decay, for one parameter vector.
///
/// # Reference
///
/// Kingma and Ba, "Adam", ICLR 2015, algorithm 1; Loshchilov and Hutter, "Decoupled weight decay
/// regularization", ICLR 2019, algorithm 2.
#[derive(Debug)]
pub(super) struct Adam {
    first: Vec<f64>,
    second: Vec<f64>,
    // β^step as running products: `powi` is not the same on every platform.
    first_power: f64,
    second_power: f64,
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl Adam {
    pub(super) fn new(len: usize) -> Self {
        Self { first: vec![0.0; len], second: vec![0.0; len], first_power: 1.0, second_power: 1.0 }
    }

    /// One step down `gradient`; `decay` shrinks each parameter whose flag in `decayed` is 1.
    pub(super) fn step(
        &mut self,
        parameters: &mut [f64],
        gradient: &[f64],
        decayed: &[f64],
        rate: f64,
        decay: f64,
    ) {
        self.first_power *= BETA_1;
        self.second_power *= BETA_2;
        let first_correction = 1.0 / (1.0 - self.first_power);
        let second_correction = 1.0 / (1.0 - self.second_power);
        let moments = self.first.iter_mut().zip(&mut self.second);
        let given = gradient.iter().zip(decayed);
        for ((parameter, (first, second)), (slope, flag)) in parameters.iter_mut().zip(moments).zip(given) {
            *first = BETA_1 * *first + (1.0 - BETA_1) * slope;
            *second = BETA_2 * *second + (1.0 - BETA_2) * slope * slope;
            let direction = *first * first_correction / ((*second * second_correction).sqrt() + EPSILON);
            *parameter -= rate * (direction + decay * flag * *parameter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two steps by hand: with the corrections the first step is `rate * sign(slope)`.
    #[test]
    fn follows_the_published_update() {
        let mut adam = Adam::new(2);
        let mut parameters = [1.0, 1.0];
        adam.step(&mut parameters, &[3.0, -0.5], &[1.0, 0.0], 0.1, 0.2);
        // 1 - 0.1 * (1 + 0.2 * 1) and 1 + 0.1.
        assert!((parameters[0] - 0.88).abs() < 1e-8 && (parameters[1] - 1.1).abs() < 1e-8, "{parameters:?}");
        adam.step(&mut parameters, &[-1.0, 0.0], &[0.0, 0.0], 0.1, 0.2);
        // m = 0.9·0.3 − 0.1 = 0.17, /0.19; v = 0.999·0.009 + 0.001 = 0.009991, /0.001999.
        let expected = 0.88 - 0.1 * (0.17 / 0.19) / (0.009_991_f64 / 0.001_999).sqrt();
        assert!((parameters[0] - expected).abs() < 1e-8, "{} {expected}", parameters[0]);
    }
}
