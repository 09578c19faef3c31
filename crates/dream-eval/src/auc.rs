//! How well scores tell two classes apart.

use crate::numeric::check_finite;
use crate::{Error, Result, ranks};

/// Area under the ROC curve: the probability that a score of the one class is above one of the other. Equal scores count half.
///
/// 1 for scores that are all on the right side, 0.5 for scores that say nothing. O(n log n).
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// // Of the four pairs of a fake and a real video, three are in order.
/// let auc = dream_eval::roc_auc(&[0.9, 0.4, 0.6, 0.1], &[true, true, false, false])?;
/// assert_eq!(auc, 0.75);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::UnequalLengths`]; [`Error::NonFinite`]; [`Error::TooFew`] when a class has no score; [`Error::TooMany`] as
/// [`ranks`].
///
/// # Reference
///
/// J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
/// Radiology 143(1), 1982.
#[doc(alias("roc_auc_score", "auroc", "mann_whitney"))]
pub fn roc_auc(scores: &[f64], positive: &[bool]) -> Result<f64> {
    if scores.len() != positive.len() {
        let lengths = [scores.len(), positive.len()];
        return Err(Error::UnequalLengths { arguments: ["scores", "positive"], lengths });
    }
    check_finite("scores", scores)?;
    let found = positive.iter().filter(|&&positive| positive).count();
    let others = positive.len() - found;
    if found == 0 || others == 0 {
        return Err(Error::TooFew { argument: "positive", needed: 1, found: 0 });
    }
    // Halves of whole numbers: exact.
    let sum: f64 =
        ranks(scores)?.iter().zip(positive).filter(|(_, positive)| **positive).map(|(rank, _)| rank).sum();
    let (found, others) = (found as f64, others as f64);
    Ok((sum - found * (found + 1.0) / 2.0) / (found * others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_ordered_pairs() {
        let scores = [0.3, -1.0, 2.0, 0.3, 0.5, 0.3, -7.0];
        let positive = [true, false, true, false, false, true, true];
        let mut pairs = Vec::new();
        for (high, _) in scores.iter().zip(positive).filter(|(_, positive)| *positive) {
            for (low, _) in scores.iter().zip(positive).filter(|(_, positive)| !positive) {
                pairs.push(if high > low {
                    1.0
                } else if high == low {
                    0.5
                } else {
                    0.0
                });
            }
        }
        let expected = pairs.iter().sum::<f64>() / pairs.len() as f64;
        assert!((roc_auc(&scores, &positive).unwrap() - expected).abs() < 1e-15);
        assert_eq!(roc_auc(&[1.0; 3], &[true, false, false]).unwrap(), 0.5);
        assert_eq!(roc_auc(&[1.0, 2.0], &[true, false]).unwrap(), 0.0);
    }

    #[test]
    fn what_has_no_area_is_an_error() {
        assert!(matches!(roc_auc(&[1.0], &[true, false]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(roc_auc(&[1.0, 2.0], &[true, true]), Err(Error::TooFew { .. })));
        assert!(matches!(roc_auc(&[f64::NAN, 2.0], &[true, false]), Err(Error::NonFinite { .. })));
        assert!(roc_auc(&[], &[]).is_err());
    }
}
