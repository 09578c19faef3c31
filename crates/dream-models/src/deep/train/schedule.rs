//! The learning rate: over time, and over the layers of a tower.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The course of the learning rate after its rise.
///
/// ```
/// use dream_models::deep::train::schedule::Schedule;
///
/// // Ten steps, of which the first two lead up to the full rate.
/// assert_eq!([0, 1, 2].map(|step| Schedule::Constant.factor(2, step, 10)), [0.5, 1.0, 1.0]);
/// assert_eq!(Schedule::Cosine.factor(0, 0, 10), 1.0);
/// ```
#[doc(alias("lr_scheduler", "CosineAnnealingLR"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same to the end.
    #[default]
    Constant,
    /// Half a cosine, down to nothing.
    Cosine,
}

impl Schedule {
    /// What the learning rate is multiplied with in step `step` of `total`, counted from 0. The first `rise` steps lead
    /// up to it in a straight line.
    #[must_use]
    pub fn factor(self, rise: usize, step: usize, total: usize) -> f64 {
        let risen = (step + 1) as f64 / rise.max(1) as f64;
        risen.min(1.0)
            * match self {
                Self::Constant => 1.0,
                Self::Cosine => 0.5 + 0.5 * (PI * step as f64 / total.max(1) as f64).cos(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_ends_at_nothing() {
        assert_eq!(Schedule::Cosine.factor(0, 0, 10), 1.0);
        assert!(Schedule::Cosine.factor(0, 5, 10) < 0.51 && Schedule::Cosine.factor(0, 10, 10) < 1e-12);
        assert_eq!([0, 1, 2].map(|step| Schedule::Constant.factor(2, step, 10)), [0.5, 1.0, 1.0]);
    }
}
