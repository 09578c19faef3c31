//! Where the head is at a moment, what it does, and which part of the face a pixel belongs to.

use libm::{cosf, sinf};

use super::canvas::{hash, step};
use crate::tagging::Place;

const TURN: f32 = 2.0 * std::f32::consts::PI;

/// The head at a moment. Head coordinates: `u` to the right, `v` down, both 0 in the middle of the head; the chin is at
/// `v = 1`, the sides are at `u = -1` and `u = 1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pose {
    /// The middle of the head in pixels.
    pub(super) centre: (f32, f32),
    /// Half width and half height of the head in pixels.
    pub(super) half: (f32, f32),
    sin: f32,
    cos: f32,
    /// How far the features turn to the side, in `u`.
    pub(super) turn: f32,
    /// How bright the picture is; 1 is usual.
    pub(super) light: f32,
    pub(super) expression: Expression,
}

/// The expression of the face.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expression {
    /// 1 for open eyes, 0 for closed ones.
    pub(super) eyes: f32,
    /// 0 for a closed mouth, 1 for an open one.
    pub(super) mouth: f32,
    /// -1 to 1.
    pub(super) gaze: f32,
}

impl Expression {
    /// A face without expression.
    const STILL: Self = Self { eyes: 1.0, mouth: 0.35, gaze: 0.0 };
}

/// The rest position of the head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    pub(super) centre: (f32, f32),
    pub(super) half: (f32, f32),
    /// How much it moves; 1 is usual.
    pub(super) liveliness: f32,
    /// How much its size and the light change; 0 for drawn heads.
    pub(super) breath: f32,
}

/// How much of the movement of eyes and mouth is suppressed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frozen {
    pub(super) eyes: f32,
    pub(super) mouth: f32,
    pub(super) head: f32,
}

impl Pose {
    /// The head `time` seconds into a clip; `seed` chooses its movements.
    pub(super) fn at(rest: &Rest, seed: u64, time: f32, frozen: Frozen) -> Self {
        let wave = |i: u64, slow: f32, fast: f32| {
            let rate = slow + (fast - slow) * (0.5 + 0.5 * hash(seed, 1, i));
            sinf(TURN * (rate * time + hash(seed, 2, i)))
        };
        let life = rest.liveliness * (1.0 - 0.8 * frozen.head);
        let (half_width, half_height) = rest.half;
        let roll = 0.07 * life * wave(0, 0.25, 0.6);
        let centre = (
            rest.centre.0 + 0.13 * life * half_width * wave(1, 0.3, 0.7),
            rest.centre.1 + 0.05 * life * half_height * wave(2, 0.4, 0.9),
        );
        let zoom = 1.0 + 0.02 * rest.breath * life * wave(7, 0.2, 0.5);
        let light = 1.0 + 0.03 * rest.breath * wave(8, 0.2, 0.6);
        // About one blink per second.
        let since = (time * (0.8 + 0.3 * hash(seed, 3, 0)) + hash(seed, 3, 1)) % 1.0;
        let eyes = step(0.03, 0.09, (since.abs() - 0.5).abs());
        let talk = (0.5 + 0.5 * wave(3, 1.8, 3.2)) * (0.6 + 0.4 * wave(4, 0.5, 1.1));
        let still = Expression::STILL;
        let blend = |value: f32, still: f32, share: f32| value + (still - value) * share;
        let expression = Expression {
            eyes: blend(eyes, still.eyes, frozen.eyes),
            mouth: blend(talk.max(0.0), still.mouth, frozen.mouth),
            gaze: blend(wave(5, 0.3, 0.8), still.gaze, frozen.eyes),
        };
        Self {
            centre,
            half: (half_width * zoom, half_height * zoom),
            sin: sinf(roll),
            cos: cosf(roll),
            turn: 0.1 * life * wave(6, 0.25, 0.6),
            light,
            expression,
        }
    }

    /// Head coordinates of a pixel.
    pub(super) fn to_head(self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x - self.centre.0, y - self.centre.1);
        ((x * self.cos + y * self.sin) / self.half.0, (y * self.cos - x * self.sin) / self.half.1)
    }

    /// The rectangle of pixels that encloses an ellipse of head coordinates.
    pub(super) fn bounds(self, (u, v): (f32, f32), (ru, rv): (f32, f32)) -> ((f32, f32), (f32, f32)) {
        let (x, y) = (u * self.half.0, v * self.half.1);
        let (x, y) =
            (self.centre.0 + x * self.cos - y * self.sin, self.centre.1 + x * self.sin + y * self.cos);
        let (rx, ry) = (ru * self.half.0, rv * self.half.1);
        let (rx, ry) = (
            rx * self.cos.abs() + ry * self.sin.abs() + 2.0,
            rx * self.sin.abs() + ry * self.cos.abs() + 2.0,
        );
        ((x - rx, y - ry), (x + rx, y + ry))
    }
}

/// Positions of the features, in head coordinates.
pub(super) mod features {
    pub(in crate::synthetic) const EYE: (f32, f32) = (0.45, -0.18);
    pub(in crate::synthetic) const BROW: (f32, f32) = (0.45, -0.36);
    pub(in crate::synthetic) const NOSE: (f32, f32) = (0.0, 0.14);
    pub(in crate::synthetic) const MOUTH: (f32, f32) = (0.0, 0.5);
}

/// An ellipse: middle and half axes.
type Ellipse = (f32, f32, f32, f32);

/// A part of the face as ellipses of head coordinates; empty for the whole picture.
pub(super) fn region(place: Place) -> &'static [Ellipse] {
    match place {
        Place::Face => &[(0.0, 0.05, 0.9, 0.9)],
        Place::Mouth => &[(0.0, 0.5, 0.45, 0.2)],
        Place::Teeth => &[(0.0, 0.48, 0.28, 0.1)],
        Place::Eyes => &[(-0.45, -0.18, 0.32, 0.15), (0.45, -0.18, 0.32, 0.15)],
        Place::EyeBrows => &[(-0.45, -0.36, 0.34, 0.1), (0.45, -0.36, 0.34, 0.1)],
        Place::Nose => &[(0.0, 0.12, 0.24, 0.3)],
        Place::Forehead => &[(0.0, -0.55, 0.62, 0.24)],
        Place::Chin => &[(0.0, 0.84, 0.42, 0.2)],
        Place::Cheeks => &[(-0.55, 0.25, 0.3, 0.3), (0.55, 0.25, 0.3, 0.3)],
        Place::Contour => &[(0.0, 0.05, 0.92, 0.92)],
        Place::Hairline => &[(0.0, -0.74, 0.85, 0.2)],
        Place::Neck => &[(0.0, 1.3, 0.55, 0.3)],
        Place::Ears => &[(-1.02, 0.0, 0.16, 0.28), (1.02, 0.0, 0.16, 0.28)],
        Place::NotSpecified => &[],
    }
}

/// Distance of a point from the middle of the nearest ellipse; 1 on the edge. 0 everywhere for the whole picture.
pub(super) fn radius(place: Place, (u, v): (f32, f32)) -> f32 {
    let one = |&(cu, cv, ru, rv): &Ellipse| {
        let (x, y) = ((u - cu) / ru, (v - cv) / rv);
        libm::sqrtf(x * x + y * y)
    };
    region(place).iter().map(one).reduce(f32::min).unwrap_or(0.0)
}

/// How much a point belongs to a place: 1 inside, 0 outside, soft in between. The contour is a ring.
pub(super) fn weight(place: Place, point: (f32, f32)) -> f32 {
    let r = radius(place, point);
    let inside = step(1.15, 0.85, r);
    if place == Place::Contour {
        inside.min(step(0.7, 0.85, r)) + step(1.3, 1.0, r) * step(0.85, 1.0, r) * (1.0 - inside)
    } else {
        inside
    }
}
