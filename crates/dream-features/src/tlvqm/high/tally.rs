//! Sums over the colour pixels.

use super::moments::Moments;

/// Sums over a frame or a part of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Gradient, of all pixels.
    pub(super) gradient: Moments,
    pub(super) a: Moments,
    pub(super) b: Moments,
    /// Sum of gradients in the textured set; sums weighted with row and column offsets; gradient times distance.
    pub(super) strength: [f64; 3],
    pub(super) spread: Moments,
    /// Values at noise pixels, the number of noise pixels, and the number of inspected pixels.
    pub(super) noise: Moments,
    pub(super) noisy: u64,
    pub(super) inspected: u64,
    /// Smallest and largest L.
    pub(super) lightness: Option<[f64; 2]>,
    pub(super) lightness_sum: f64,
}

impl Tally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.gradient.merge(other.gradient);
        self.a.merge(other.a);
        self.b.merge(other.b);
        self.spread.merge(other.spread);
        self.noise.merge(other.noise);
        for (sum, other) in self.strength.iter_mut().zip(other.strength) {
            *sum += other;
        }
        self.noisy += other.noisy;
        self.inspected += other.inspected;
        self.lightness_sum += other.lightness_sum;
        self.lightness = match (self.lightness, other.lightness) {
            (Some([a, b]), Some([c, d])) => Some([a.min(c), b.max(d)]),
            (a, b) => a.or(b),
        };
    }
}
