//! Statistics of the motion table of a frame.

use super::search::Motion;

/// The area and the search: block size, largest number of key points, size of the half-size image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    pub(super) block: f64,
    pub(super) most_points: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Statistics of a set of key points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MotionStatistics {
    pub(super) density: f64,
    pub(super) intensity: f64,
    pub(super) intensity_deviation: f64,
    pub(super) position: f64,
    pub(super) spread: f64,
    pub(super) accuracy: f64,
    pub(super) vertical: f64,
    pub(super) horizontal: f64,
    pub(super) jerkiness: f64,
    pub(super) jerk_consistency: f64,
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for value in values {
        sum += value;
        n += 1.0;
    }
    if n > 0.0 { sum / n } else { 0.0 }
}

/// Deviation with divisor N - 1; 0 for fewer than two values.
fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count();
    let centre = mean(values.clone());
    let squares: f64 = values.map(|v| (v - centre) * (v - centre)).sum();
    if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 }
}

/// The components (down, right) of both vectors of a point.
fn components(motion: &Motion) -> [f64; 4] {
    let ((m1, m2), (m3, m4)) = (motion.backward, motion.forward);
    [m1, m2, m3, m4].map(f64::from)
}

impl MotionStatistics {
    pub(super) fn of(points: &[Motion], geometry: Geometry) -> Self {
        let Geometry { block: s, most_points, width, height } = geometry;
        let intensity = |motion: &Motion| {
            (components(motion).iter().map(|m| (m / s) * (m / s)).sum::<f64>() / 4.0).sqrt()
        };
        let total: f64 = points.iter().map(intensity).sum();
        let mut statistics = Self {
            density: points.len() as f64 * s * s / (width * height),
            intensity: libm::pow(total / most_points, 0.25),
            intensity_deviation: deviation(points.iter().map(intensity)),
            position: 0.0,
            spread: 0.0,
            accuracy: 0.0,
            vertical: 0.5,
            horizontal: 0.5,
            jerkiness: 0.0,
            jerk_consistency: 0.0,
        };
        if total <= 0.0 {
            return statistics;
        }
        let weighted = |value: &dyn Fn(&Motion) -> f64| {
            points.iter().map(|motion| intensity(motion) * value(motion)).sum::<f64>() / total
        };
        let axis = |value: &dyn Fn(&Motion) -> f64, size: f64| {
            let centre = weighted(value);
            let spread = weighted(&|motion| (value(motion) - centre) * (value(motion) - centre)).sqrt();
            ((centre - size / 2.0) / (size / 2.0), spread / size)
        };
        // Places count from 1.
        let (y, y_spread) = axis(&|motion| motion.y as f64 + 1.0, height);
        let (x, x_spread) = axis(&|motion| motion.x as f64 + 1.0, width);
        statistics.position = libm::hypot(y, x);
        statistics.spread = libm::hypot(y_spread, x_spread);
        let share = |sum: f64| 0.25 * sum / s + 0.5;
        statistics.vertical = mean(points.iter().map(components).map(|[m1, _, m3, _]| share(m1 + m3)));
        statistics.horizontal = mean(points.iter().map(components).map(|[_, m2, _, m4]| share(m2 + m4)));
        let gain = |costs: fn(&Motion) -> [f64; 2]| {
            mean(points.iter().map(costs).map(|[still, found]| still - found))
        };
        let gains = gain(|motion| motion.backward_costs) + gain(|motion| motion.forward_costs);
        statistics.accuracy = 0.5 * gains.sqrt();
        let jerk = points.iter().map(components).map(|[m1, m2, m3, m4]| {
            let (down, right) = (0.5 * (m1 - m3) / s, 0.5 * (m2 - m4) / s);
            (down * down + right * right).sqrt().sqrt()
        });
        statistics.jerkiness = mean(jerk.clone());
        statistics.jerk_consistency = deviation(jerk);
        statistics
    }
}

/// The points that move like the camera: both mean components strictly within one deviation of the mean of all.
pub(super) fn background(points: &[Motion], out: &mut Vec<Motion>) {
    let bounds = |component: fn(&Motion) -> f64| {
        let values = points.iter().map(component);
        let (centre, spread) = (mean(values.clone()), deviation(values));
        (centre - spread, centre + spread)
    };
    let down = |motion: &Motion| 0.5 * f64::from(motion.backward.0 + motion.forward.0);
    let right = |motion: &Motion| 0.5 * f64::from(motion.backward.1 + motion.forward.1);
    let (vertical, horizontal) = (bounds(down), bounds(right));
    let within = |value: f64, (low, high): (f64, f64)| value > low && value < high;
    out.clear();
    let like = |motion: &&Motion| within(down(motion), vertical) && within(right(motion), horizontal);
    out.extend(points.iter().filter(like));
}
