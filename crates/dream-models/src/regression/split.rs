use crate::random::SplitMix64;
use crate::{Error, Result};

/// A random split of `0..count` into training and test positions.
///
/// `round(count * test_fraction)` positions are for the test, at least one on each side. Both lists are
/// ascending, so nothing later depends on the order of the shuffle. The split is the same on every machine.
///
/// ```
/// use dream_models::regression::holdout;
///
/// # fn main() -> dream_models::Result<()> {
/// let (train, test) = holdout(10, 0.2, 7)?;
/// assert_eq!((train.len(), test.len()), (8, 2));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::TooFewRows`] for fewer than two rows, [`Error::InvalidConfig`] unless `0 < test_fraction < 1`.
#[doc(alias = "train_test_split")]
pub fn holdout(count: usize, test_fraction: f64, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
    if count < 2 {
        return Err(Error::TooFewRows { min: 2, found: count });
    }
    if !(test_fraction > 0.0 && test_fraction < 1.0) {
        let expected = "above 0 and below 1";
        return Err(Error::InvalidConfig { field: "test_fraction", value: test_fraction, expected });
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of `count` is between 0 and `count`"
    )]
    let tests = ((count as f64 * test_fraction).round() as usize).clamp(1, count - 1);
    let mut order: Vec<usize> = (0..count).collect();
    SplitMix64::stream(seed, 0).shuffle(&mut order);
    let mut train = order.split_off(tests);
    train.sort_unstable();
    order.sort_unstable();
    Ok((train, order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_every_row_once() {
        let (train, test) = holdout(101, 0.2, 5).unwrap();
        assert_eq!(test.len(), 20);
        let mut all = [train.clone(), test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..101).collect::<Vec<_>>());
        assert!(train.is_sorted());
        assert_ne!(train, holdout(101, 0.2, 6).unwrap().0);
    }

    #[test]
    fn leaves_a_row_on_each_side() {
        let (train, test) = holdout(2, 0.01, 0).unwrap();
        assert_eq!((train.len(), test.len()), (1, 1));
        assert!(matches!(holdout(1, 0.5, 0), Err(Error::TooFewRows { min: 2, found: 1 })));
        assert!(matches!(holdout(9, 1.0, 0), Err(Error::InvalidConfig { field: "test_fraction", .. })));
        assert!(matches!(holdout(9, f64::NAN, 0), Err(Error::InvalidConfig { .. })));
    }
}
