use crate::random::SplitMix64;
use crate::{Error, Result};

/// A split into training and test positions.
pub type Split = (Vec<usize>, Vec<usize>);

/// Cross-validation: every row is in the test of one fold.
#[doc(alias("KFold", "cross_validation"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folds {
    /// Number of folds, at least 2.
    pub count: usize,
    /// Seed of a shuffle of the rows; without one the folds are runs of rows as they stand, as in scikit-learn's `KFold`.
    pub shuffle: Option<u64>,
}

impl Default for Folds {
    /// Three folds without a shuffle, as in the BVQA benchmark.
    fn default() -> Self {
        Self { count: 3, shuffle: None }
    }
}

impl Folds {
    /// Training and test positions of each fold, both ascending. The first folds have one row more where the rows do not
    /// divide evenly.
    ///
    /// ```
    /// use dream_models::regression::Folds;
    ///
    /// # fn main() -> dream_models::Result<()> {
    /// let splits = Folds { count: 2, shuffle: None }.splits(3)?;
    /// assert_eq!(splits, [(vec![2], vec![0, 1]), (vec![0, 1], vec![2])]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for fewer than two folds, [`Error::TooFewRows`] for fewer rows than folds.
    pub fn splits(&self, rows: usize) -> Result<Vec<Split>> {
        if self.count < 2 {
            let value = self.count as f64;
            return Err(Error::InvalidConfig { field: "folds.count", value, expected: "at least 2" });
        }
        if rows < self.count {
            return Err(Error::TooFewRows { min: self.count, found: rows });
        }
        let mut order: Vec<usize> = (0..rows).collect();
        if let Some(seed) = self.shuffle {
            SplitMix64::stream(seed, 0).shuffle(&mut order);
        }
        let mut splits = Vec::with_capacity(self.count);
        let mut start = 0;
        for fold in 0..self.count {
            let end = start + rows / self.count + usize::from(fold < rows % self.count);
            let (before, rest) = order.split_at(start);
            let (test, after) = rest.split_at(end - start);
            let (mut train, mut test) = ([before, after].concat(), test.to_vec());
            train.sort_unstable();
            test.sort_unstable();
            splits.push((train, test));
            start = end;
        }
        Ok(splits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_tested_once() {
        for shuffle in [None, Some(3)] {
            let splits = Folds { count: 3, shuffle }.splits(11).unwrap();
            assert_eq!(splits.iter().map(|split| split.1.len()).collect::<Vec<_>>(), [4, 4, 3]);
            let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.1.clone()).collect();
            assert_eq!(tested.is_sorted(), shuffle.is_none());
            tested.sort_unstable();
            assert_eq!(tested, (0..11).collect::<Vec<_>>());
            for (train, test) in splits {
                assert_eq!(train.len() + test.len(), 11);
                assert!(train.is_sorted() && test.iter().all(|row| !train.contains(row)));
            }
        }
    }

    #[test]
    fn refuses_impossible_folds() {
        assert!(matches!(Folds { count: 1, shuffle: None }.splits(5), Err(Error::InvalidConfig { .. })));
        assert!(matches!(Folds::default().splits(2), Err(Error::TooFewRows { min: 3, found: 2 })));
    }
}
