//! Histograms with equal bins.

use crate::error::{Error, Result};

/// Counts of values in equal bins. Every bin includes its lower edge. The last one includes its upper edge too, as in
/// NumPy, because 5 is a grade.
///
/// The histograms of `ndarray-stats` leave the last bin open, and their edges need a further crate.
///
/// # Example
/// ```
/// use dream_data::annotation::Histogram;
///
/// let histogram = Histogram::of(&[1.0, 2.4, 4.9, 5.0, 5.1], 1.0, 5.0, 4)?;
/// assert_eq!((histogram.counts.as_slice(), histogram.outside), (&[1, 1, 0, 2][..], 1));
/// assert_eq!(histogram.edges(), [1.0, 2.0, 3.0, 4.0, 5.0]);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Number of values in each bin.
    pub counts: Vec<usize>,
    /// Number of values outside all bins.
    pub outside: usize,
}

impl Histogram {
    /// The largest number of bins.
    pub const MAX_BINS: usize = 1 << 16;

    /// Counts `values` in `bins` equal bins from `low` to `high`. Use 1 to 5 for mean opinions of grades, and 0 to 2
    /// for their deviations ([`Ddof::Population`](super::Ddof::Population)).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] unless `low < high` and their difference are finite, for 0 bins or more than
    /// [`MAX_BINS`](Self::MAX_BINS), and for a value that is not finite.
    pub fn of(values: &[f64], low: f64, high: f64, bins: usize) -> Result<Self> {
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::option("low", format!("the range {low} to {high} is empty or not finite")));
        }
        if bins == 0 || bins > Self::MAX_BINS {
            return Err(Error::option("bins", format!("{bins} must be 1 to {}", Self::MAX_BINS)));
        }
        let mut histogram = Self { low, high, counts: vec![0; bins], outside: 0 };
        let edges = histogram.edges();
        for (place, &value) in values.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::option("values", format!("value {place} is {value}; remove it")));
            }
            // Compares with the edges themselves: a quotient would round values on an edge into the bin below.
            let above = edges.partition_point(|&edge| edge <= value);
            let bin = if value == high { bins } else { above };
            match bin.checked_sub(1).and_then(|bin| histogram.counts.get_mut(bin)) {
                Some(count) => *count += 1,
                None => histogram.outside += 1,
            }
        }
        Ok(histogram)
    }

    /// The edges of the bins, one more than there are bins.
    #[must_use]
    pub fn edges(&self) -> Vec<f64> {
        let bins = self.counts.len();
        let width = (self.high - self.low) / bins.max(1) as f64;
        let inner = (0..bins).map(|bin| self.low + width * bin as f64);
        inner.chain([self.high]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_on_edges_belong_above_and_the_last_edge_inside() {
        let histogram = Histogram::of(&[0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 1.0, -0.1, 1.1], 0.0, 1.0, 10).unwrap();
        let edges = histogram.edges();
        for (bin, count) in histogram.counts.iter().enumerate() {
            let inside = [0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 1.0]
                .iter()
                .filter(|&&v| edges[bin] <= v && (v < edges[bin + 1] || (bin == 9 && v <= 1.0)))
                .count();
            assert_eq!(*count, inside, "bin {bin}");
        }
        assert_eq!((histogram.counts.iter().sum::<usize>(), histogram.outside), (7, 2));
    }

    #[test]
    fn odd_ranges_are_errors() {
        for (low, high, bins) in
            [(1.0, 1.0, 4), (2.0, 1.0, 4), (f64::NAN, 1.0, 4), (-1e308, 1e308, 4), (0.0, 1.0, 0)]
        {
            assert!(Histogram::of(&[], low, high, bins).is_err());
        }
        assert!(Histogram::of(&[], 0.0, 1.0, usize::MAX).is_err());
        assert!(Histogram::of(&[f64::NAN], 0.0, 1.0, 2).is_err());
    }
}
