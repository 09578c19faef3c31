//! The joint histogram, and the features computed from it.

/// Bins of each quantity.
pub(super) const BINS: usize = 10;
/// Keeps the dependency of empty bins finite.
const EMPTY: f64 = 1e-4;

/// The number of pixels in each pair of bins of gradient magnitude and Laplacian of Gaussian.
///
/// # Example
/// ```
/// use dream_features::{JointHistogram, Plane};
///
/// let flat = JointHistogram::of(&Plane::new(vec![0.0; 12 * 9], 12, 9)?);
/// assert_eq!(flat.counts()[0][0], 8 * 5); // two pixels at each side do not count
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JointHistogram {
    pub(super) counts: [[u64; BINS]; BINS],
}

impl JointHistogram {
    /// Pixel counts, first by bin of the gradient magnitude, then by bin of the Laplacian.
    #[must_use]
    pub const fn counts(&self) -> &[[u64; BINS]; BINS] {
        &self.counts
    }

    /// The 40 features: both marginals, then both dependencies. NaN if there are no pixels.
    #[must_use]
    pub fn features(&self) -> [f64; 4 * BINS] {
        let total = self.counts.iter().flatten().sum::<u64>() as f64;
        let joint = self.counts.map(|row| row.map(|count| count as f64 / total));
        let transposed: [[f64; BINS]; BINS] = std::array::from_fn(|l| std::array::from_fn(|g| joint[g][l]));
        let sums = |table: &[[f64; BINS]; BINS]| table.map(|row| row.iter().sum::<f64>());
        let (gradient, laplacian) = (sums(&joint), sums(&transposed));
        let mut out = [0.0; 4 * BINS];
        let parts = [gradient, laplacian, dependency(&joint, &laplacian), dependency(&transposed, &gradient)];
        for (out, part) in out.chunks_exact_mut(BINS).zip(parts) {
            out.copy_from_slice(&part);
        }
        out
    }
}

/// For each row, the sum of its conditional probabilities given each column, normalised to sum to 1.
fn dependency(joint: &[[f64; BINS]; BINS], marginal: &[f64; BINS]) -> [f64; BINS] {
    let sums = joint.map(|row| row.iter().zip(marginal).map(|(p, m)| p / (m + EMPTY)).sum::<f64>());
    let total: f64 = sums.iter().sum();
    sums.map(|sum| sum / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_a_known_histogram() {
        let mut histogram = JointHistogram::default();
        histogram.counts[0][0] = 2;
        histogram.counts[0][9] = 1;
        histogram.counts[4][9] = 1;
        let features = histogram.features();
        assert_eq!((features[0], features[4], features[10], features[19]), (0.75, 0.25, 0.5, 0.5));
        // Bin 1: 0.5 / 0.5001 + 0.25 / 0.5001; bin 5: 0.25 / 0.5001.
        assert!((features[20] - 0.75).abs() < 1e-15 && (features[24] - 0.25).abs() < 1e-15);
        let (first, last) = (0.5 / 0.7501, 0.25 / 0.7501 + 0.25 / 0.2501);
        assert!((features[30] - first / (first + last)).abs() < 1e-15);
        assert!((features[39] - last / (first + last)).abs() < 1e-15);
        assert_eq!(features.iter().filter(|&&v| v == 0.0).count(), 32);
    }

    #[test]
    fn nothing_left_is_undefined() {
        assert!(JointHistogram::default().features().iter().all(|v| v.is_nan()));
    }
}
