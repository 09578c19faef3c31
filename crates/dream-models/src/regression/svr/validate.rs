//! Cross-validation of many candidates on the same rows.

use super::SvrParams;
use super::kernel::{Gram, Points, weighted_sum};
use super::matrix::KernelMatrix;
use crate::regression::Rows;
use crate::regression::folds::Split;
use crate::regression::rows::check_targets;
use crate::{Result, par};

/// Score of a fold, and whether its fit converged.
pub(super) type Fold = (f64, bool);

pub(super) struct CrossValidation<'a> {
    pub(super) rows: &'a Rows<'a>,
    pub(super) targets: &'a [f64],
    pub(super) candidates: &'a [SvrParams],
    pub(super) splits: &'a [Split],
    pub(super) score: &'a (dyn Fn(&[f64], &[f64]) -> f64 + Sync),
}

impl CrossValidation<'_> {
    /// The folds of each candidate.
    pub(super) fn run(&self) -> Result<Vec<Vec<Fold>>> {
        self.candidates.iter().try_for_each(SvrParams::check)?;
        check_targets(self.rows, self.targets)?;
        let points = Points::new(self.rows)?;
        // All dot products at once, where they fit into the memory that a single fit may use.
        let bytes = self.rows.len().saturating_mul(self.rows.len()).saturating_mul(size_of::<f64>());
        let allowed = self.candidates.iter().map(|params| params.cache_bytes).min().unwrap_or(0);
        let gram = (bytes <= allowed).then(|| Gram::new(&points));
        let folds = self.splits.len().max(1);
        let found = par::map(self.candidates.len() * folds, |task| {
            let (Some(params), Some(split)) =
                (self.candidates.get(task / folds), self.splits.get(task % folds))
            else {
                return Ok((f64::NAN, false));
            };
            match &gram {
                Some(gram) => self.with_gram(params, split, gram),
                None => self.alone(params, split),
            }
        });
        let found = found.into_iter().collect::<Result<Vec<Fold>>>()?;
        Ok(found.chunks(folds).map(<[Fold]>::to_vec).collect())
    }

    fn with_gram(&self, params: &SvrParams, (train, test): &Split, gram: &Gram) -> Result<Fold> {
        let mut matrix = KernelMatrix::of_subset(gram, params.kernel, train);
        let solution = params.solve(&mut matrix, &picked(self.targets, train))?;
        let used =
            || train.iter().zip(&solution.coefficients).filter(|(_, coefficient)| **coefficient != 0.0);
        let rows: Vec<usize> = used().map(|(row, _)| *row).collect();
        let coefficients: Vec<f64> = used().map(|(_, coefficient)| *coefficient).collect();
        let norms = gram.norms_of(&rows);
        let mut line = Vec::with_capacity(rows.len());
        let mut predicted = Vec::with_capacity(test.len());
        for &row in test {
            gram.row_of(params.kernel, row, &rows, &mut line, &norms);
            predicted.push(weighted_sum(&coefficients, &line) + solution.intercept);
        }
        Ok(((self.score)(&predicted, &picked(self.targets, test)), solution.converged))
    }

    fn alone(&self, params: &SvrParams, (train, test): &Split) -> Result<Fold> {
        let width = self.rows.width();
        let gather = |rows: &[usize]| -> Vec<f64> {
            rows.iter().flat_map(|&row| self.rows.row(row)).copied().collect()
        };
        let model = params.fit_unchecked(&Rows::new(&gather(train), width)?, &picked(self.targets, train))?;
        let predicted = model.predict_rows(&Rows::new(&gather(test), width)?)?;
        Ok(((self.score)(&predicted, &picked(self.targets, test)), model.converged()))
    }
}

fn picked(values: &[f64], positions: &[usize]) -> Vec<f64> {
    positions.iter().filter_map(|&position| values.get(position).copied()).collect()
}
