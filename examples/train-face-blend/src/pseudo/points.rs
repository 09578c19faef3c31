//! Outlines fitted to the six points of a face detector.

use super::random::Random;

/// Right eye, left eye, tip of the nose, middle of the mouth, right ear, left ear.
type Points = [[f64; 2]; 6];

/// Half an outline from top to bottom: to the side in half widths of the face, down from the eyes in distances of eyes
/// and mouth. The other half mirrors it.
type Half = &'static [[f64; 2]];

/// From the middle of the forehead to the chin. The detector's ears lie a little outside of the cheeks.
const WHOLE: Half = &[
    [0.0, -0.95],
    [0.5, -0.85],
    [0.8, -0.5],
    [0.94, 0.0],
    [0.9, 0.6],
    [0.72, 1.1],
    [0.4, 1.45],
    [0.0, 1.58],
];
/// From the eyebrows to the chin.
const FACE: Half =
    &[[0.2, -0.42], [0.7, -0.42], [0.92, -0.1], [0.9, 0.6], [0.72, 1.1], [0.4, 1.45], [0.0, 1.58]];
/// Eyebrows, eyes, nose and mouth.
const INNER: Half = &[[0.2, -0.42], [0.68, -0.4], [0.74, 0.0], [0.62, 0.6], [0.45, 1.1], [0.2, 1.28]];
/// From below the eyes to the chin.
const LOWER: Half = &[[0.2, 0.22], [0.8, 0.35], [0.9, 0.6], [0.72, 1.1], [0.4, 1.45], [0.0, 1.58]];

/// A convex outline in pixels, its corners clockwise as one sees them, for a face box of `width` pixels. `None` where the
/// points are not those of a face.
pub(super) fn polygon(points: &Points, width: f64, random: &mut Random) -> Option<Vec<[f64; 2]>> {
    let part = random.unit();
    let half = match part {
        _ if part < 0.35 => WHOLE,
        _ if part < 0.60 => FACE,
        _ if part < 0.85 => INNER,
        _ => LOWER,
    };
    let frame = Frame::new(points, width)?;
    let jitter = 0.012 * width;
    let corners = half.iter().flat_map(|&[side, down]| [[-side, down], [side, down]]);
    let corners = corners.map(|at| frame.place(at).map(|value| value + jitter * f64::from(random.normal())));
    let hull = hull(corners.collect());
    (hull.len() > 2).then_some(hull)
}

/// Directions and lengths of a face.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    /// Between the eyes.
    origin: [f64; 2],
    /// Unit vectors: along the line of the eyes, and from it to the mouth.
    across: [f64; 2],
    down: [f64; 2],
    /// Half widths before and behind the middle, in pixels.
    halves: [f64; 2],
    /// From the eyes to the mouth, in pixels.
    drop: f64,
    /// How far the middle moves along the line of the eyes on that way: a head that is turned.
    lean: f64,
}

impl Frame {
    fn new([right_eye, left_eye, _, mouth, right_ear, left_ear]: &Points, width: f64) -> Option<Self> {
        let origin = [(right_eye[0] + left_eye[0]) / 2.0, (right_eye[1] + left_eye[1]) / 2.0];
        let [dx, dy] = [left_eye[0] - right_eye[0], left_eye[1] - right_eye[1]];
        let eyes = (dx * dx + dy * dy).sqrt();
        let from_origin = |point: &[f64; 2]| [point[0] - origin[0], point[1] - origin[1]];
        let along = |[ax, ay]: [f64; 2], [bx, by]: [f64; 2]| ax * bx + ay * by;
        let across = [dx / eyes, dy / eyes];
        // Mirrored pictures have the mouth on the other side of the line from the right to the left eye.
        let below = along(from_origin(mouth), [-across[1], across[0]]);
        let down = if below < 0.0 { [across[1], -across[0]] } else { [-across[1], across[0]] };
        let (drop, lean) = (below.abs(), along(from_origin(mouth), across));
        let finite = [right_ear, left_ear].iter().all(|ear| ear.iter().all(|value| value.is_finite()));
        let usable = finite && (0.1 * width..width).contains(&eyes) && (0.15 * width..width).contains(&drop);
        if !usable || lean.abs() > width {
            return None;
        }
        // The far ear of a turned head is hidden, and its place is a guess.
        let half = |ear: &[f64; 2], sign: f64| {
            (sign * along(from_origin(ear), across)).clamp(0.3 * width, 0.6 * width)
        };
        Some(Self { origin, across, down, halves: [half(right_ear, -1.0), half(left_ear, 1.0)], drop, lean })
    }

    fn place(&self, [side, down]: [f64; 2]) -> [f64; 2] {
        let [before, behind] = self.halves;
        let x = side * if side < 0.0 { before } else { behind } + self.lean * down.max(0.0);
        let y = down * self.drop;
        let ([ox, oy], [ax, ay], [dx, dy]) = (self.origin, self.across, self.down);
        [ox + x * ax + y * dx, oy + x * ay + y * dy]
    }
}

/// The convex hull (A. M. Andrew's monotone chain), clockwise with y pointing down.
fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|[ax, ay], [bx, by]| ax.total_cmp(bx).then(ay.total_cmp(by)));
    let mut hull = chain(points.iter().copied());
    hull.extend(chain(points.iter().rev().copied()));
    hull
}

/// One side of the hull, without its last point.
fn chain(points: impl Iterator<Item = [f64; 2]>) -> Vec<[f64; 2]> {
    let mut chain: Vec<[f64; 2]> = Vec::new();
    for [x, y] in points {
        while let [.., [ax, ay], [bx, by]] = chain.as_slice() {
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0.0 {
                break;
            }
            chain.pop();
        }
        chain.push([x, y]);
    }
    chain.pop();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Points =
        [[78.0, 85.0], [122.0, 85.0], [100.0, 110.0], [100.0, 130.0], [55.0, 92.0], [145.0, 92.0]];

    fn turned(degrees: f64) -> Points {
        let (sin, cos) = (libm::sin(degrees.to_radians()), libm::cos(degrees.to_radians()));
        LEVEL.map(|[x, y]| {
            let (x, y) = (x - 100.0, y - 100.0);
            [100.0 + cos * x - sin * y, 100.0 + sin * x + cos * y]
        })
    }

    #[test]
    fn hulls_have_no_inner_points() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        let mut points = square.to_vec();
        points.extend([[1.0, 1.0], [0.5, 1.5], [2.0, 1.0]]);
        let hull = hull(points);
        assert_eq!(hull.len(), 4, "{hull:?}");
        assert!(square.iter().all(|corner| hull.contains(corner)));
    }

    #[test]
    fn frames_follow_the_eyes() {
        let frame = Frame::new(&LEVEL, 100.0).unwrap();
        assert_eq!(frame.place([0.0, 1.0]), [100.0, 130.0]);
        assert_eq!(frame.place([-1.0, 0.0]), [55.0, 85.0]);
        let frame = Frame::new(&turned(30.0), 100.0).unwrap();
        let [[x, y], mouth] = [frame.place([0.0, 1.0]), turned(30.0)[3]];
        assert!((x - mouth[0]).abs() < 1e-9 && (y - mouth[1]).abs() < 1e-9, "{x} {y}");
        let mirrored = LEVEL.map(|[x, y]| [200.0 - x, y]);
        let frame = Frame::new(&mirrored, 100.0).unwrap();
        assert_eq!(frame.place([0.0, 1.0]), [100.0, 130.0]);
    }

    #[test]
    fn outlines_lie_on_the_face() {
        let mut parts = [0; 3];
        for seed in 0..200 {
            let outline = polygon(&LEVEL, 100.0, &mut Random::stream(seed, 0)).unwrap();
            let side =
                |of: fn(f64, f64) -> f64, i: usize, start: f64| outline.iter().map(|p| p[i]).fold(start, of);
            let (left, right) = (side(f64::min, 0, 999.0), side(f64::max, 0, 0.0));
            let (top, bottom) = (side(f64::min, 1, 999.0), side(f64::max, 1, 0.0));
            assert!(left > 50.0 && right < 150.0 && top > 35.0 && bottom < 163.0, "{outline:?}");
            assert!((left + right - 200.0).abs() < 15.0 && bottom > 135.0, "{outline:?}");
            parts[if top < 55.0 {
                0
            } else if top < 80.0 {
                1
            } else {
                2
            }] += 1;
        }
        // The whole, from the eyebrows, from below the eyes.
        assert!(parts[0] > 50 && parts[1] > 75 && parts[2] > 15, "{parts:?}");
    }

    #[test]
    fn points_that_are_no_face_give_no_outline() {
        let mut random = Random::stream(1, 0);
        for points in [[[5.0, 5.0]; 6], [[f64::NAN; 2]; 6], LEVEL.map(|[x, y]| [1e9 * x, y])] {
            assert_eq!(polygon(&points, 100.0, &mut random), None);
        }
        let flat = LEVEL.map(|[x, _]| [x, 85.0]);
        assert_eq!(polygon(&flat, 100.0, &mut random), None);
    }
}
