//! Moving the points.

/// The slope of the divergence for each point, and the divergence where the attraction was not exaggerated.
pub(super) struct Gradient {
    pub(super) of_points: Vec<[f64; 2]>,
    pub(super) divergence: f64,
}

impl Gradient {
    /// `4 Σⱼ (pᵢⱼ - qᵢⱼ) (yᵢ - yⱼ) / (1 + |yᵢ - yⱼ|²)`, in one pass over the pairs: what `qᵢⱼ` is divided by is known at
    /// its end only, so attraction and repulsion are summed apart.
    pub(super) fn of(affinities: &[f64], points: &[[f64; 2]], exaggeration: f64) -> Self {
        let mut sums = vec![[0.0_f64; 4]; points.len()];
        let (mut norm, mut fit) = (0.0, 0.0);
        let mut rest = affinities;
        for (at, &[x, y]) in points.iter().enumerate() {
            let (mine, others) = sums.split_at_mut((at + 1).min(points.len()));
            let (row, below) = rest.split_at(others.len().min(rest.len()));
            rest = below;
            let mut own = [0.0; 4];
            for ((p, &[u, v]), other) in row.iter().zip(points.iter().skip(at + 1)).zip(others) {
                let (dx, dy) = (x - u, y - v);
                let near = 1.0 / (1.0 + dx * dx + dy * dy);
                let (pull, push) = (p * near, near * near);
                norm += near;
                let forces = [pull * dx, pull * dy, push * dx, push * dy];
                own.iter_mut().zip(forces).for_each(|(own, force)| *own += force);
                other.iter_mut().zip(forces).for_each(|(other, force)| *other -= force);
                // Logarithms are slow, and only the last divergence is asked for.
                if exaggeration == 1.0 && *p > 0.0 {
                    fit += p * libm::log(p / near);
                }
            }
            if let Some(mine) = mine.last_mut() {
                mine.iter_mut().zip(own).for_each(|(mine, own)| *mine += own);
            }
        }
        let norm = 2.0 * norm;
        let slope = |[a, b, c, d]: [f64; 4]| {
            [4.0 * (exaggeration * a - c / norm), 4.0 * (exaggeration * b - d / norm)]
        };
        // Both orders of each pair; the probabilities of all pairs sum to 1.
        let divergence = 2.0 * fit + libm::log(norm);
        Self { of_points: sums.into_iter().map(slope).collect(), divergence }
    }
}

/// Points on their way down.
pub(super) struct Descent {
    pub(super) points: Vec<[f64; 2]>,
    speed: Vec<[f64; 2]>,
    gains: Vec<[f64; 2]>,
    rate: f64,
}

const SMALLEST_GAIN: f64 = 0.01;

impl Descent {
    pub(super) fn new(points: Vec<[f64; 2]>, rate: f64) -> Self {
        let count = points.len();
        Self { points, speed: vec![[0.0; 2]; count], gains: vec![[1.0; 2]; count], rate }
    }

    /// A step, with a gain for each coordinate: it grows while the coordinate keeps its direction.
    pub(super) fn step(&mut self, affinities: &[f64], exaggeration: f64, momentum: f64) {
        let gradient = Gradient::of(affinities, &self.points, exaggeration);
        let slopes = gradient.of_points.as_flattened();
        let points = self.points.as_flattened_mut().iter_mut();
        let moving = self.speed.as_flattened_mut().iter_mut().zip(self.gains.as_flattened_mut());
        for (point, ((speed, gain), slope)) in points.zip(moving.zip(slopes)) {
            let turns = (*slope > 0.0) == (*speed > 0.0);
            *gain = if turns { *gain * 0.8 } else { *gain + 0.2 }.max(SMALLEST_GAIN);
            *speed = momentum * *speed - self.rate * *gain * slope;
            *point += *speed;
        }
        let count = self.points.len() as f64;
        let sums = self.points.iter().fold([0.0; 2], |[a, b], [x, y]| [a + x, b + y]);
        let centre = sums.map(|sum| sum / count);
        for point in &mut self.points {
            point.iter_mut().zip(centre).for_each(|(v, c)| *v -= c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_gradient_is_that_of_the_divergence() {
        let mut random = Random::new(8);
        let count = 9;
        let mut affinities: Vec<f64> = (0..count * (count - 1) / 2).map(|_| random.open_unit()).collect();
        let total: f64 = affinities.iter().sum();
        affinities.iter_mut().for_each(|p| *p /= 2.0 * total);
        affinities[3] = 0.0;
        let total: f64 = affinities.iter().sum();
        affinities.iter_mut().for_each(|p| *p /= 2.0 * total);
        let points: Vec<[f64; 2]> =
            (0..count).map(|_| [(); 2].map(|()| 3.0 * random.open_unit() - 1.5)).collect();
        let gradient = Gradient::of(&affinities, &points, 1.0);

        // By the definition of the divergence.
        let near = |a: [f64; 2], b: [f64; 2]| 1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2));
        let pairs: Vec<(usize, usize)> =
            (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j))).collect();
        let norm: f64 = pairs.iter().map(|&(i, j)| 2.0 * near(points[i], points[j])).sum();
        let terms = pairs.iter().zip(&affinities).filter(|(_, p)| **p > 0.0);
        let divergence: f64 =
            terms.map(|(&(i, j), p)| 2.0 * p * (p / (near(points[i], points[j]) / norm)).ln()).sum();
        assert!((gradient.divergence - divergence).abs() < 1e-12);

        let step = 1e-6;
        for at in 0..count {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut points = points.clone();
                    points[at][axis] += by;
                    Gradient::of(&affinities, &points, 1.0).divergence
                };
                let expected = (moved(step) - moved(-step)) / (2.0 * step);
                let found = gradient.of_points[at][axis];
                assert!((found - expected).abs() < 1e-8, "point {at}: {found} instead of {expected}");
            }
        }
    }
}
