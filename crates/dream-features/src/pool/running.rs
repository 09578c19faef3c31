//! Mean and standard deviation of a stream of rows.

/// Running mean and sum of squared deviations (Welford), one pair per feature. There is no cancellation, however many
/// rows are added.
#[derive(Debug, Clone)]
pub(super) struct Running {
    mean: Vec<f64>,
    squares: Vec<f64>,
    count: u64,
}

impl Running {
    pub(super) fn new(dim: usize) -> Self {
        Self { mean: vec![0.0; dim], squares: vec![0.0; dim], count: 0 }
    }

    pub(super) fn add(&mut self, values: &[f64]) {
        self.count += 1;
        let n = self.count as f64;
        for ((mean, squares), value) in self.mean.iter_mut().zip(&mut self.squares).zip(values) {
            let before = value - *mean;
            *mean += before / n;
            *squares += before * (value - *mean);
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The means, then the deviations (N - 1; 0 for a single row).
    pub(super) fn finish(&self) -> Vec<f64> {
        let n = (self.count as f64 - 1.0).max(1.0);
        let deviations = self.squares.iter().map(|s| (s / n).sqrt());
        self.mean.iter().copied().chain(deviations).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_two_passes_far_from_zero() {
        let rows: Vec<[f64; 2]> = (0..1000).map(|i| [1e9 + f64::from(i % 7), f64::from(i)]).collect();
        let mut running = Running::new(2);
        rows.iter().for_each(|row| running.add(row));
        let found = running.finish();
        for column in 0..2 {
            let mean = rows.iter().map(|r| r[column]).sum::<f64>() / 1000.0;
            let squares: f64 = rows.iter().map(|r| (r[column] - mean).powi(2)).sum();
            assert!((found[column] - mean).abs() <= 1e-15 * mean, "{column}");
            let deviation = (squares / 999.0).sqrt();
            assert!((found[2 + column] - deviation).abs() <= 1e-6 * deviation, "{column}");
        }
    }
}
