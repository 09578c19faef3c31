//! Where a blend comes from its source.

use super::Plane;
use super::canvas::{blurred, single};
use super::points::polygon;
use super::random::Random;
use super::warp::Field;

/// A face in the pixels of a canvas.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Face {
    /// Of the box.
    pub(super) centre: [f64; 2],
    /// Of the box.
    pub(super) width: f64,
    pub(super) points: Option<[[f64; 2]; 6]>,
}

/// A part of the plane.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Half axes in pixels; nothing above the line at `top`.
    Ellipse { centre: [f64; 2], axes: [f64; 2], top: f64 },
    /// Convex: every corner lies to the right of the edges between the others.
    Polygon(Vec<[f64; 2]>),
}

impl Shape {
    /// Of a face: fitted to its points where it has usable ones.
    pub(super) fn drawn(face: &Face, random: &mut Random) -> Self {
        face.points
            .and_then(|points| polygon(&points, face.width, random))
            .map_or_else(|| ellipse(face, random), Self::Polygon)
    }

    fn contains(&self, x: f64, y: f64) -> bool {
        match self {
            Self::Ellipse { centre: [cx, cy], axes: [a, b], top } => {
                let (dx, dy) = ((x - cx) / a, (y - cy) / b);
                y >= *top && dx * dx + dy * dy <= 1.0
            }
            Self::Polygon(corners) => {
                let next = corners.iter().cycle().skip(1);
                corners
                    .iter()
                    .zip(next)
                    .all(|([ax, ay], [bx, by])| (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0.0)
            }
        }
    }

    /// Columns and rows that nothing of the shape lies beyond.
    fn bounds(&self) -> [f64; 4] {
        match self {
            Self::Ellipse { centre: [cx, cy], axes: [a, b], .. } => [cx - a, cy - b, cx + a, cy + b],
            Self::Polygon(corners) => {
                corners.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |bounds, [x, y]| {
                    let [left, top, right, bottom] = bounds;
                    [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
                })
            }
        }
    }

    /// The share of every pixel that is in the shape after a displacement, by four samples.
    pub(super) fn covered(&self, (width, height): (usize, usize), field: &Field) -> Plane {
        let [left, top, right, bottom] = self.bounds();
        let share = |x: usize, y: usize| {
            let [dx, dy] = field.at(x as f32, y as f32).map(f64::from);
            let (x, y) = (x as f64 + dx, y as f64 + dy);
            if x < left - 1.0 || x > right + 1.0 || y < top - 1.0 || y > bottom + 1.0 {
                return 0.0;
            }
            let samples = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)];
            samples.iter().filter(|(across, down)| self.contains(x + across, y + down)).count() as f32 / 4.0
        };
        let data =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| share(x, y)).collect();
        Plane { width, height, data }
    }
}

fn ellipse(face: &Face, random: &mut Random) -> Shape {
    let [x, y] = face.centre;
    let axes = [random.between(0.30, 0.50) * face.width, random.between(0.36, 0.62) * face.width];
    let centre = [x, y + random.between(-0.06, 0.10) * face.width];
    let part = random.unit();
    let [a, b] = axes;
    if part < 0.15 {
        // The lower part.
        Shape::Ellipse { centre, axes, top: centre[1] + random.between(-0.15, 0.15) * b }
    } else if part < 0.30 {
        // The inner part.
        let share = random.between(0.55, 0.75);
        Shape::Ellipse { centre, axes: [share * a, share * b], top: f64::MIN }
    } else {
        Shape::Ellipse { centre, axes, top: f64::MIN }
    }
}

/// How a shape becomes a mask. Lengths are in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    pub(super) field: Field,
    blurs: [f64; 2],
    power: f64,
    /// The largest weight.
    pub(super) ratio: f64,
}

impl Edge {
    /// Of severity `s`: mild blends have wide edges.
    pub(super) fn drawn(s: f64, face: &Face, size: (usize, usize), random: &mut Random) -> Self {
        let width = face.width;
        let most = random.between(0.0, 0.06) * width;
        let field = Field::drawn(size, 0.08 * width, most, random);
        let wide = random.between(0.25, 1.0) * (0.09 * (1.0 - s) + 0.03) * width;
        let first = if random.chance(0.9) { wide } else { 0.01 * width };
        let second = if random.chance(0.25) { first / 2.0 } else { 0.0 };
        let power = if random.chance(0.25) { random.between(0.7, 1.6) } else { 1.0 };
        let ratio = match random.whole([0, 5]) {
            0 => 0.25,
            1 => 0.5,
            2 => 0.75,
            _ => 1.0,
        };
        Self { field, blurs: [first, second], power, ratio }
    }

    pub(super) fn mask(&self, shape: &Shape, size: (usize, usize)) -> Plane {
        let mut plane = shape.covered(size, &self.field);
        for sigma in self.blurs.into_iter().filter(|sigma| *sigma > 0.0) {
            plane.data = blurred(&plane.data, plane.width, sigma);
        }
        let (power, ratio) = (single(self.power), single(self.ratio));
        for weight in &mut plane.data {
            *weight = weight.clamp(0.0, 1.0);
            if self.power != 1.0 && *weight > 0.0 {
                *weight = libm::powf(*weight, power);
            }
            *weight *= ratio;
        }
        plane
    }
}

/// The mask of a blend of severity `s`.
pub(super) fn mask(face: &Face, size: (usize, usize), s: f64, random: &mut Random) -> Plane {
    let shape = Shape::drawn(face, random);
    Edge::drawn(s, face, size, random).mask(&shape, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (200, 200);

    fn face(fitted: bool) -> Face {
        // Eyes 44 apart on a level line, the mouth 45 below it.
        let points =
            [[78.0, 85.0], [122.0, 85.0], [100.0, 110.0], [100.0, 130.0], [55.0, 92.0], [145.0, 92.0]];
        Face { centre: [100.0, 110.0], width: 100.0, points: fitted.then_some(points) }
    }

    fn still() -> Field {
        Field::drawn(SIZE, 8.0, 0.0, &mut Random::stream(1, 0))
    }

    fn at(plane: &Plane, x: usize, y: usize) -> f32 {
        plane.data[y * plane.width + x]
    }

    #[test]
    fn shapes_cover_what_they_contain() {
        let ellipse = Shape::Ellipse { centre: [100.0, 80.0], axes: [40.0, 20.0], top: f64::MIN };
        let area = |shape: &Shape| f64::from(shape.covered(SIZE, &still()).data.iter().sum::<f32>());
        assert!((area(&ellipse) / (std::f64::consts::PI * 800.0) - 1.0).abs() < 0.01);
        let lower = Shape::Ellipse { centre: [100.0, 80.0], axes: [40.0, 20.0], top: 80.0 };
        assert!((area(&lower) / (std::f64::consts::PI * 400.0) - 1.0).abs() < 0.02);
        let square = Shape::Polygon(vec![[10.0, 10.0], [30.0, 10.0], [30.0, 40.0], [10.0, 40.0]]);
        assert!((area(&square) / 600.0 - 1.0).abs() < 0.1, "{}", area(&square));
    }

    #[test]
    fn masks_are_1_inside_at_the_most_and_0_outside() {
        for fitted in [false, true] {
            let mut peaks = Vec::new();
            for seed in 0..60 {
                let plane = mask(&face(fitted), SIZE, 0.8, &mut Random::stream(seed, 0));
                assert!(plane.data.iter().all(|weight| (0.0..=1.0).contains(weight)));
                for (x, y) in [(0, 0), (199, 0), (0, 199), (199, 199), (2, 110), (197, 110)] {
                    assert!(at(&plane, x, y) < 1e-3, "seed {seed}: {}", at(&plane, x, y));
                }
                // Below the nose: part of every shape.
                peaks.push(at(&plane, 100, 124));
            }
            let near = |value: f32| peaks.iter().filter(|peak| (**peak - value).abs() < 0.03).count();
            assert!(near(1.0) > 15 && near(0.25) > 3 && near(0.5) > 3, "{peaks:?}");
            assert!(peaks.iter().all(|peak| *peak > 0.1), "{peaks:?}");
        }
    }

    #[test]
    fn mild_masks_have_wider_edges() {
        // The share of the pixels between the two ends.
        let soft = |s: f64| {
            let shares = (0..40).map(|seed| {
                let plane = mask(&face(false), SIZE, s, &mut Random::stream(seed, 0));
                let most = plane.data.iter().copied().fold(0.0, f32::max);
                let between =
                    plane.data.iter().filter(|weight| (0.05..0.95).contains(&(**weight / most))).count();
                between as f64 / plane.data.len() as f64
            });
            shares.sum::<f64>() / 40.0
        };
        assert!(soft(0.1) > 1.3 * soft(1.0), "{} {}", soft(0.1), soft(1.0));
    }
}
