//! How probable rows are as neighbours.

use crate::numeric::sum;

/// Of the entropy, in nats.
const TOLERANCE: f64 = 1e-10;
const MOST_STEPS: usize = 200;

/// The Gaussian around a row: its precision, the smallest squared distance, and the sum of densities, relative to that of
/// the nearest row, so that it is at least 1.
struct Neighbourhood {
    precision: f64,
    nearest: f64,
    total: f64,
}

impl Neighbourhood {
    /// The one whose distribution has the entropy, by bisection. Where rows that are equally near are too many, the
    /// entropy stays above it.
    fn new(squares: &[f64], entropy: f64) -> Self {
        let nearest = squares.iter().copied().fold(f64::INFINITY, f64::min);
        let mean = sum(squares) / squares.len() as f64 - nearest;
        // The squares of tiny differences may be so small that they have no reciprocal.
        let mut precision = Some(1.0 / mean).filter(|p| p.is_finite()).unwrap_or(1.0);
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let mut total = 1.0;
        for _ in 0..MOST_STEPS {
            let weights: Vec<f64> = squares.iter().map(|d| libm::exp(-precision * (d - nearest))).collect();
            total = sum(&weights);
            let moments: Vec<f64> = weights.iter().zip(squares).map(|(w, d)| w * (d - nearest)).collect();
            let difference = libm::log(total) + precision * sum(&moments) / total - entropy;
            if difference.abs() < TOLERANCE {
                break;
            }
            // The entropy falls as the precision grows.
            if difference > 0.0 {
                low = precision
            } else {
                high = precision
            }
            let next = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * precision };
            if !next.is_finite() || next == precision {
                break;
            }
            precision = next;
        }
        Self { precision, nearest, total }
    }

    /// How probable a row at this squared distance is as a neighbour.
    fn probability(&self, square: f64) -> f64 {
        libm::exp(-self.precision * (square - self.nearest)) / self.total
    }
}

/// Joint probabilities of all pairs, each once. No number is far above 1, so squares fit.
pub(super) fn joint(rows: &[f64], dim: usize, count: usize, perplexity: f64) -> Vec<f64> {
    let entropy = libm::log(perplexity);
    let all: Vec<&[f64]> = rows.chunks_exact(dim).collect();
    let of = |(at, row): (usize, &&[f64])| {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at);
        let squares: Vec<f64> = others.map(|(_, other)| square(row, other)).collect();
        Neighbourhood::new(&squares, entropy)
    };
    let around: Vec<Neighbourhood> = all.iter().enumerate().map(of).collect();
    let mut joint = Vec::with_capacity(count * (count - 1) / 2);
    let pairs = all.iter().zip(&around);
    for (at, (row, mine)) in pairs.clone().enumerate() {
        joint.extend(pairs.clone().skip(at + 1).map(|(other, theirs)| {
            let square = square(row, other);
            (mine.probability(square) + theirs.probability(square)) / (2.0 * count as f64)
        }));
    }
    joint
}

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_perplexity_is_reached() {
        let squares: Vec<f64> = (1..60).map(|i| f64::from(i * i) * 0.01).collect();
        for perplexity in [1.5, 2.0, 7.0, 30.0, 55.0] {
            let around = Neighbourhood::new(&squares, libm::log(perplexity));
            let p: Vec<f64> = squares.iter().map(|d| around.probability(*d)).collect();
            assert!((sum(&p) - 1.0).abs() < 1e-12);
            let entropy: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            assert!((entropy.exp() - perplexity).abs() < 1e-8, "{perplexity}: {}", entropy.exp());
        }
    }

    #[test]
    fn probabilities_sum_to_one_half_over_pairs() {
        let rows: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 40) * 0.3).collect();
        let joint = joint(&rows, 2, 20, 5.0);
        assert_eq!(joint.len(), 190);
        assert!((sum(&joint) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn many_equal_rows_share_evenly() {
        let around = Neighbourhood::new(&[0.0, 0.0, 0.0, 0.0, 9.0], libm::log(2.0));
        let p = [0.0, 9.0].map(|d| around.probability(d));
        assert!((p[0] - 0.25).abs() < 1e-9 && p[1] < 1e-9, "{p:?}");
        // No reciprocal of the mean is finite.
        let tiny = Neighbourhood::new(&[0.0, 1e-320, 3e-320], libm::log(2.0));
        assert!([0.0, 1e-320].iter().all(|d| tiny.probability(*d).is_finite()));
    }
}
