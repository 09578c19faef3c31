//! The faults of a synthetic swap: one function per kind of artifact, on the pixels of one place.

use super::canvas::{Canvas, Rgb, hash, mix, step};
use super::face::single;
use super::pose::{Frozen, Pose, radius, region, weight};
use crate::error::{Error, Result};
use crate::tagging::{Artifact, Extent, Place};

/// The kinds that can be planted, and the places that each of them may have.
const KINDS: [(Artifact, &[Place]); 15] = [
    (
        Artifact::Blur,
        &[Place::Face, Place::Mouth, Place::Eyes, Place::Nose, Place::Chin, Place::Cheeks, Place::Hairline],
    ),
    (Artifact::MotionBlur, &[Place::Face, Place::Mouth]),
    (Artifact::Flickering, &[Place::Face, Place::Mouth, Place::Eyes, Place::Contour, Place::Forehead]),
    (Artifact::Ghosting, &[Place::Face, Place::EyeBrows, Place::Contour, Place::Nose]),
    (Artifact::Stiffness, &[Place::Mouth, Place::Eyes, Place::Face]),
    (Artifact::LightingShadow, &[Place::Face, Place::Cheeks, Place::Neck, Place::Nose]),
    (Artifact::ColorContrast, &[Place::Face, Place::Cheeks, Place::Neck, Place::Ears]),
    (Artifact::Distortion, &[Place::Mouth, Place::Nose, Place::Chin, Place::Eyes, Place::Ears]),
    (Artifact::Asymmetry, &[Place::Eyes, Place::Mouth, Place::EyeBrows]),
    (Artifact::Brightness, &[Place::Face, Place::Forehead, Place::Teeth]),
    (Artifact::Mosaic, &[Place::Face, Place::Mouth, Place::Eyes]),
    (Artifact::FrameDrop, &[Place::NotSpecified]),
    (Artifact::Seam, &[Place::Contour, Place::Forehead, Place::Chin, Place::Neck]),
    (Artifact::Noise, &[Place::Face, Place::Cheeks]),
    (Artifact::Blocking, &[Place::Face, Place::Chin]),
];

/// A planted artifact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planted {
    /// Where.
    pub place: Place,
    /// What.
    pub artifact: Artifact,
    /// From 0 (invisible) to 1.
    pub strength: f64,
}

impl Planted {
    /// The word for the strength: mild below 0.35, severe from 0.7, moderate between.
    #[must_use]
    pub fn extent(&self) -> Extent {
        match self.strength {
            s if s < 0.35 => Extent::Mild,
            s if s < 0.7 => Extent::Moderate,
            _ => Extent::Severe,
        }
    }

    /// Every kind of artifact that can be planted, and its possible places.
    #[must_use]
    pub fn kinds() -> &'static [(Artifact, &'static [Place])] {
        &KINDS
    }

    /// # Errors
    /// [`Error::InvalidOption`] for a kind that [`kinds`](Self::kinds) lacks, or a strength outside 0 to 1.
    pub(super) fn check(&self) -> Result<()> {
        let known = KINDS.iter().any(|(kind, places)| *kind == self.artifact && places.contains(&self.place));
        if !known {
            let (place, artifact) = (self.place, self.artifact);
            let reason = format!("`{artifact}` at `{place}` cannot be rendered; see Planted::kinds");
            return Err(Error::option("planted", reason));
        }
        if !(0.0..=1.0).contains(&self.strength) {
            return Err(Error::option("planted", format!("strength {} must be 0 to 1", self.strength)));
        }
        Ok(())
    }

    fn amount(&self) -> f32 {
        single(self.strength)
    }
}

/// The frame to show instead of `frame`: dropped frames hold an earlier one.
pub(super) fn shown(planted: &[Planted], frame: u64) -> u64 {
    let held = planted.iter().filter(|p| p.artifact == Artifact::FrameDrop);
    let strength = held.map(Planted::amount).fold(0.0, f32::max);
    let steps: u64 = match strength {
        s if s <= 0.0 => 1,
        s if s < 0.35 => 2,
        s if s < 0.7 => 4,
        _ => 6,
    };
    frame / steps * steps
}

/// Which features do not move.
pub(super) fn frozen(planted: &[Planted]) -> Frozen {
    let mut frozen = Frozen::default();
    for planted in planted.iter().filter(|p| p.artifact == Artifact::Stiffness) {
        let share = 0.4 + 0.6 * planted.amount();
        match planted.place {
            Place::Mouth => frozen.mouth = frozen.mouth.max(share),
            Place::Eyes => frozen.eyes = frozen.eyes.max(share),
            _ => frozen = Frozen { eyes: share, mouth: share, head: share },
        }
    }
    frozen
}

/// Scratch memory for all frames of a clip.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The frame before the artifact.
    before: Canvas,
    /// The frame shown before, for motion blur.
    trail: Option<Canvas>,
}

/// Where and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) pose: &'a Pose,
    pub(super) frame: u64,
    pub(super) time: f32,
    pub(super) seed: u64,
}

impl Moment<'_> {
    /// Calls `change` with the head coordinates and the weight of every pixel of a place.
    fn paint(
        &self,
        canvas: &mut Canvas,
        place: Place,
        mut change: impl FnMut((f32, f32), (f32, f32), f32, &mut Rgb),
    ) {
        let whole = region(place).is_empty();
        let (low, high) = if whole {
            ((0.0, 0.0), (canvas.width() as f32, canvas.height() as f32))
        } else {
            let boxes =
                region(place).iter().map(|&(u, v, ru, rv)| self.pose.bounds((u, v), (1.35 * ru, 1.35 * rv)));
            let join = |a: ((f32, f32), (f32, f32)), b: ((f32, f32), (f32, f32))| {
                ((a.0.0.min(b.0.0), a.0.1.min(b.0.1)), (a.1.0.max(b.1.0), a.1.1.max(b.1.1)))
            };
            boxes.reduce(join).unwrap_or_default()
        };
        canvas.each_in(low, high, |x, y, pixel| {
            let head = self.pose.to_head(x, y);
            let w = weight(place, head);
            if w > 0.0 {
                change((x, y), head, w, pixel);
            }
        });
    }

    /// One of a few numbers from -1 to 1 that belong to the clip.
    pub(super) fn choice(&self, salt: u64) -> f32 {
        hash(self.seed, 31, salt)
    }
}

/// Applies all planted artifacts to a frame.
pub(super) fn apply(planted: &[Planted], moment: &Moment<'_>, canvas: &mut Canvas, scratch: &mut Scratch) {
    for planted in planted {
        scratch.before.copy(canvas);
        one(planted, moment, canvas, scratch);
    }
}

fn one(planted: &Planted, moment: &Moment<'_>, canvas: &mut Canvas, scratch: &mut Scratch) {
    let (s, place, pose) = (planted.amount(), planted.place, moment.pose);
    let before = &scratch.before;
    let (half_width, half_height) = pose.half;
    // Offsets of a sample in the frame, in half widths and half heights of the head.
    let beside = |(x, y): (f32, f32), u: f32, v: f32| before.sample(x + u * half_width, y + v * half_height);
    match planted.artifact {
        Artifact::Blur => {
            let radius = 1 + count(s * 0.14 * half_height);
            let soft = before.blurred(radius);
            moment.paint(canvas, place, |(x, y), _, w, pixel| {
                *pixel = mix(*pixel, soft.sample(x, y), w * (0.55 + 0.45 * s))
            });
        }
        Artifact::MotionBlur => {
            let blurred = smear(before, half_width * (0.06 + 0.16 * s));
            let trail = scratch.trail.get_or_insert_with(|| blurred.clone());
            let mut next = canvas.clone();
            moment.paint(&mut next, place, |(x, y), _, w, pixel| {
                let old = mix(blurred.sample(x, y), trail.sample(x, y), 0.3 + 0.4 * s);
                *pixel = mix(*pixel, old, w * (0.5 + 0.5 * s));
            });
            canvas.copy(&next);
            scratch.trail = Some(next);
        }
        Artifact::Flickering => {
            let beat =
                if (moment.frame + u64::from(moment.choice(0) > 0.0)).is_multiple_of(2) { 1.0 } else { -1.0 };
            let gain = beat * (0.6 + 0.4 * hash(moment.seed, 11, moment.frame).abs()) * (8.0 + 50.0 * s);
            let jump = 0.09 * s * hash(moment.seed, 12, moment.frame);
            moment.paint(canvas, place, |at, _, w, pixel| {
                let moved = mix(*pixel, beside(at, jump, 0.5 * jump), w);
                *pixel = moved.map(|c| c + gain * w);
            });
        }
        Artifact::Ghosting => {
            let (du, dv) = (0.1 + 0.24 * s, 0.03 + 0.09 * s * moment.choice(1));
            let du = if moment.choice(2) > 0.0 { du } else { -du };
            moment.paint(canvas, place, |at, _, w, pixel| {
                *pixel = mix(*pixel, beside(at, du, dv), w * (0.25 + 0.3 * s));
            });
        }
        Artifact::LightingShadow => {
            let side = if moment.choice(3) > 0.0 { 1.0 } else { -1.0 };
            moment.paint(canvas, place, |_, (u, v), w, pixel| {
                let dark = w * (0.15 + 0.6 * s) * step(-0.15, 0.45, side * u + 0.2 * v);
                *pixel = pixel.map(|c| c * (1.0 - dark));
            });
        }
        Artifact::ColorContrast => {
            let tints: [Rgb; 4] = [[1.0, -0.3, -0.2], [-0.3, 0.6, -0.5], [-0.5, -0.1, 1.0], [0.9, 0.5, -0.9]];
            let at = count((moment.choice(4) + 1.0) * 1.99);
            let tint = tints.get(at).copied().unwrap_or_default();
            let amount = 6.0 + 24.0 * s;
            moment.paint(canvas, place, |_, _, w, pixel| {
                let colour =
                    [pixel[0] + amount * tint[0], pixel[1] + amount * tint[1], pixel[2] + amount * tint[2]];
                *pixel = mix(*pixel, colour.map(|c| 128.0 + (c - 128.0) * (1.0 + 0.18 * s)), w);
            });
        }
        Artifact::Distortion => {
            let (a, b) = (moment.choice(5) * 3.0, moment.choice(6) * 3.0);
            let t = 9.0 * moment.time;
            moment.paint(canvas, place, |at, (u, v), w, pixel| {
                let amount = w * (0.04 + 0.12 * s);
                let (du, dv) = (libm::sinf(8.0 * v + a + t), 0.7 * libm::sinf(7.0 * u + b - 0.8 * t));
                *pixel = beside(at, amount * du, amount * dv);
            });
        }
        Artifact::Asymmetry => {
            let side = if moment.choice(7) > 0.0 { 1.0 } else { -1.0 };
            moment.paint(canvas, place, |at, (u, _), w, pixel| {
                *pixel = beside(at, 0.0, -w * (0.05 + 0.17 * s) * step(0.0, 0.3, side * u));
            });
        }
        Artifact::Brightness => {
            let up = if place == Place::Teeth || moment.choice(8) > -0.3 { 1.0 } else { -0.8 };
            moment.paint(canvas, place, |_, _, w, pixel| {
                *pixel = pixel.map(|c| c + up * w * (14.0 + 72.0 * s))
            });
        }
        Artifact::Mosaic => {
            let cell = 2 + count(s * 0.2 * half_height);
            cells(moment, canvas, before, place, cell, |_, mean| mean);
        }
        Artifact::Blocking => {
            // Blocks of a codec: flat where there is little detail, with steps between them.
            let keep = 0.75 - 0.65 * s;
            let coarse = 6.0 + 26.0 * s;
            cells(moment, canvas, before, place, 4 + count(0.08 * half_height), |pixel, mean| {
                mix(mean.map(|c| libm::roundf(c / coarse) * coarse), pixel, keep)
            });
        }
        Artifact::Seam => {
            let sign = if moment.choice(9) > 0.0 { 1.0 } else { -1.0 };
            let step_inside = 5.0 + 16.0 * s;
            // At least two pixels wide, to be visible.
            let shortest = region(place)
                .iter()
                .map(|e| (e.2 * half_width).min(e.3 * half_height))
                .fold(f32::MAX, f32::min);
            let wide = (1.2 / shortest.max(1.0)).max(0.05);
            canvas.each(|x, y, pixel| {
                let r = radius(place, pose.to_head(x, y));
                let line = step(wide * 2.0, 0.0, (r - 1.0).abs());
                let inside = step(1.05, 0.95, r);
                *pixel = pixel.map(|c| c + sign * (line * (26.0 + 70.0 * s) - inside * step_inside));
            });
        }
        Artifact::Noise => {
            moment.paint(canvas, place, |(x, y), _, w, pixel| {
                let grain = hash(moment.seed ^ moment.frame.wrapping_mul(7919), place_of(x), place_of(y));
                *pixel = pixel.map(|c| c + grain * w * (10.0 + 46.0 * s));
            });
        }
        // Stiffness and dropped frames are in the movement already; the others cannot be planted.
        _ => {}
    }
}

/// Changes every pixel of a place; `change` gets the pixel and the mean of its square of `size` pixels.
fn cells(
    moment: &Moment<'_>,
    canvas: &mut Canvas,
    before: &Canvas,
    place: Place,
    size: usize,
    change: impl Fn(Rgb, Rgb) -> Rgb,
) {
    let size = size.max(1);
    let across = before.width().div_ceil(size);
    let mut means = vec![[0.0_f32; 4]; across * before.height().div_ceil(size)];
    for y in 0..before.height() {
        for x in 0..before.width() {
            if let Some(sum) = means.get_mut(y / size * across + x / size) {
                let [r, g, b] = before.at(x, y);
                *sum = [sum[0] + r, sum[1] + g, sum[2] + b, sum[3] + 1.0];
            }
        }
    }
    moment.paint(canvas, place, |(x, y), _, w, pixel| {
        let at = count(y) / size * across + count(x) / size;
        if let Some(&[r, g, b, n]) = means.get(at) {
            let n = n.max(1.0);
            *pixel = mix(*pixel, change(*pixel, [r / n, g / n, b / n]), step(0.2, 0.6, w));
        }
    });
}

/// The mean along a line of pixels, to the left and right.
fn smear(canvas: &Canvas, reach: f32) -> Canvas {
    let mut blurred = canvas.clone();
    blurred.each(|x, y, pixel| {
        let mut sum = [0.0; 3];
        for i in 0..9_u8 {
            let other = canvas.sample(x + reach * (f32::from(i) - 4.0) / 4.0, y);
            sum = [sum[0] + other[0], sum[1] + other[1], sum[2] + other[2]];
        }
        *pixel = sum.map(|c| c / 9.0);
    });
    blurred
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
fn count(value: f32) -> usize {
    value.max(0.0) as usize
}

fn place_of(value: f32) -> u64 {
    count(value) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_and_unknown_kinds() {
        let planted = |place, artifact, strength| Planted { place, artifact, strength };
        let extents =
            [0.0, 0.34, 0.35, 0.69, 0.7, 1.0].map(|s| planted(Place::Face, Artifact::Blur, s).extent());
        use Extent::{Mild, Moderate, Severe};
        assert_eq!(extents, [Mild, Mild, Moderate, Moderate, Severe, Severe]);
        assert!(planted(Place::Face, Artifact::Blur, 1.0).check().is_ok());
        for odd in [
            planted(Place::Face, Artifact::Others, 0.5),
            planted(Place::Ears, Artifact::Blur, 0.5),
            planted(Place::Face, Artifact::Blur, 1.1),
            planted(Place::Face, Artifact::Blur, f64::NAN),
        ] {
            assert!(matches!(odd.check(), Err(Error::InvalidOption { option: "planted", .. })));
        }
        let drops =
            [0.0, 0.3, 0.5, 0.9].map(|s| shown(&[planted(Place::NotSpecified, Artifact::FrameDrop, s)], 11));
        assert_eq!(drops, [11, 10, 8, 6]);
    }
}
