//! Correction for multiple comparisons.

use crate::{Error, Result};

/// P-values corrected for testing several hypotheses at once, in input order, each at most 1.
///
/// ```
/// use dream_eval::Correction;
///
/// # fn main() -> dream_eval::Result<()> {
/// let p = [0.01, 0.04, 0.03];
/// assert_eq!(Correction::Bonferroni.adjust(&p)?, [0.03, 0.12, 0.09]);
/// assert_eq!(Correction::Holm.adjust(&p)?, [0.03, 0.06, 0.06]);
/// assert_eq!(Correction::BenjaminiHochberg.adjust(&p)?, [0.03, 0.04, 0.04]);
/// # Ok(())
/// # }
/// ```
#[doc(alias("false_discovery_control", "multipletests", "holm", "fdr"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Correction {
    /// `m p`: controls the chance of any false finding, under any dependence.
    Bonferroni,
    /// S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    /// 1979: the same guarantee as Bonferroni, never less powerful.
    #[default]
    Holm,
    /// Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B
    /// 57, 1995: controls the expected share of false findings.
    BenjaminiHochberg,
}

impl Correction {
    /// The adjusted p-values.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a p-value outside 0..=1 or NaN. An empty input gives an empty output.
    pub fn adjust(self, p: &[f64]) -> Result<Vec<f64>> {
        if let Some(value) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(Error::OutOfRange { argument: "p", value: *value, range: "0 to 1" });
        }
        let mut rising: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
        rising.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        let m = p.len() as f64;
        let mut adjusted = vec![0.0; p.len()];
        let mut put = |index: usize, value: f64| {
            if let Some(slot) = adjusted.get_mut(index) {
                *slot = value;
            }
        };
        match self {
            Self::Bonferroni => rising.iter().for_each(|(index, p)| put(*index, (m * p).min(1.0))),
            Self::Holm => {
                let mut worst = 0.0_f64;
                for (rank, (index, p)) in rising.iter().enumerate() {
                    worst = worst.max((m - rank as f64) * p).min(1.0);
                    put(*index, worst);
                }
            }
            Self::BenjaminiHochberg => {
                let mut best = 1.0_f64;
                for (rank, (index, p)) in rising.iter().enumerate().rev() {
                    best = best.min(m / (rank as f64 + 1.0) * p);
                    put(*index, best);
                }
            }
        }
        Ok(adjusted)
    }
}
