//! Blends: a changed copy of a face, pasted over the same face through a mask.
//!
//! The idea is that of self-blended images (Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR
//! 2022): whoever is swapped, what gives a swap away is that two pictures meet in one face. No identity is put onto
//! another.

use std::fmt;

use super::artefact::{Moment, Planted};
use super::canvas::{Canvas, Rgb, hash, mix, step};
use super::face::single;
use crate::error::{Error, Result};
use crate::random::SplitMix64;
use crate::tagging::{Artifact, Place};

/// A changed copy of a face, pasted over the same face. [`traces`](Self::traces) says what people see of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blend {
    /// Where the copy covers the face.
    pub part: BlendPart,
    /// What was done to the copy besides colours and warp.
    pub detail: BlendDetail,
    /// From 0 (invisible) to 1: how much the copy is changed, and how little the mask is softened.
    pub strength: f64,
    /// The share of the strength that other colours have, 0 to 1.
    pub colour: f64,
    /// The share of the strength that shift, scale, turn and warp have, 0 to 1.
    pub warp: f64,
    /// Whether the mask ends within about a pixel.
    pub hard: bool,
    /// Whether place and opacity of the mask change from frame to frame.
    pub flickering: bool,
    /// Whether the face stays as it was and everything around it is changed.
    pub reversed: bool,
}

/// Where a [`Blend`] covers a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlendPart {
    /// From the forehead to the chin.
    Whole,
    /// From the eyebrows to the chin.
    Face,
    /// From the eyes to the mouth.
    Inner,
    /// Nose, mouth and chin.
    Lower,
}

/// What is done to the copy of a [`Blend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlendDetail {
    /// Blurred.
    Soft,
    /// Made smaller and large again.
    Coarse,
    /// Sharpened.
    Sharp,
    /// Nothing.
    Kept,
}

impl fmt::Display for BlendPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Face => "face",
            Self::Inner => "inner",
            Self::Lower => "lower",
        })
    }
}

impl fmt::Display for BlendDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Soft => "soft",
            Self::Coarse => "coarse",
            Self::Sharp => "sharp",
            Self::Kept => "kept",
        })
    }
}

impl BlendPart {
    /// Middle and half axes in head coordinates, and the height where it begins.
    const fn shape(self) -> ((f32, f32), (f32, f32), f32) {
        match self {
            Self::Whole => ((0.0, 0.1), (0.82, 0.88), -2.0),
            Self::Face => ((0.0, 0.1), (0.8, 0.84), -0.45),
            Self::Inner => ((0.0, 0.14), (0.62, 0.58), -2.0),
            Self::Lower => ((0.0, 0.2), (0.74, 0.72), 0.06),
        }
    }

    /// What people call it.
    const fn place(self) -> Place {
        if matches!(self, Self::Lower) { Place::Mouth } else { Place::Face }
    }

    /// Where people see its edge.
    const fn edge(self) -> Place {
        match self {
            Self::Whole | Self::Face => Place::Contour,
            Self::Inner => Place::Cheeks,
            Self::Lower => Place::Chin,
        }
    }
}

/// `key=value` pairs, as `truth.csv` has them.
impl fmt::Display for Blend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, detail, strength, colour, warp, hard, flickering, reversed } = self;
        write!(
            f,
            "part={part} detail={detail} strength={strength:?} colour={colour:?} warp={warp:?} hard={hard} \
             flickering={flickering} reversed={reversed}"
        )
    }
}

impl Blend {
    /// A blend of a method of this severity.
    pub(super) fn drawn(strength: f64, random: &mut SplitMix64) -> Self {
        use BlendPart::{Face, Inner, Lower, Whole};
        let parts = [Whole, Whole, Whole, Face, Face, Inner, Lower];
        let part = parts.get(random.below(parts.len())).copied().unwrap_or(Whole);
        let detail = match random.unit() {
            x if x < 0.35 => BlendDetail::Soft,
            x if x < 0.60 => BlendDetail::Coarse,
            x if x < 0.80 => BlendDetail::Sharp,
            _ => BlendDetail::Kept,
        };
        let share = |random: &mut SplitMix64, chance: f64| {
            let (there, share) = (random.unit() < chance, random.between(0.45, 1.0));
            if there { share } else { 0.0 }
        };
        Self {
            part,
            detail,
            strength,
            colour: share(random, 0.85),
            warp: share(random, 1.0),
            hard: random.unit() < 0.3,
            flickering: random.unit() < 0.35,
            reversed: random.unit() < 0.25,
        }
    }

    /// What people see of it, as artifacts that could have been planted one by one.
    #[must_use]
    pub fn traces(&self) -> Vec<Planted> {
        let (place, edge) = (self.part.place(), self.part.edge());
        let mut traces = Vec::new();
        let mut add = |place, artifact, share: f64| {
            let strength = (self.strength * share).clamp(0.0, 1.0);
            if strength > 0.0 {
                traces.push(Planted { place, artifact, strength });
            }
        };
        add(place, Artifact::ColorContrast, self.colour);
        // Around a face that stayed sharp, nobody calls the face blurred.
        match self.detail {
            BlendDetail::Soft | BlendDetail::Coarse if !self.reversed => add(place, Artifact::Blur, 0.85),
            BlendDetail::Kept => {}
            _ => add(place, Artifact::Unnatural, 0.6),
        }
        add(place, Artifact::Distortion, 0.8 * self.warp);
        add(edge, Artifact::Seam, if self.hard { 0.9 } else { 0.0 });
        add(place, Artifact::Flickering, if self.flickering { 0.9 } else { 0.0 });
        traces
    }

    /// # Errors
    /// [`Error::InvalidOption`] for a number outside 0 to 1.
    pub(super) fn check(&self) -> Result<()> {
        for (name, value) in [("strength", self.strength), ("colour", self.colour), ("warp", self.warp)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::option("blend", format!("{name} {value} must be 0 to 1")));
            }
        }
        Ok(())
    }

    /// Pastes the copy. Everything but the flicker is the same in all frames of a clip.
    pub(super) fn paste(&self, moment: &Moment<'_>, canvas: &mut Canvas) {
        let s = single(self.strength);
        if s <= 0.0 {
            return;
        }
        let pose = moment.pose;
        let before = canvas.clone();
        // A whole picture without detail is no swap, so less is lost around a face that stays.
        let mut changed = self.detailed(&before, if self.reversed { 0.6 * s } else { s }, pose.half.1);
        Tint::of(s * single(self.colour), moment).apply(&mut changed);
        let source = if self.reversed {
            canvas.copy(&changed);
            &before
        } else {
            &changed
        };
        let (warp, mask) = (Bend::of(s, single(self.warp), moment), self.mask(s, moment));
        let (low, high) = pose.bounds((0.0, 0.1), (1.35, 1.35));
        canvas.each_in(low, high, |x, y, pixel| {
            let (u, v) = pose.to_head(x, y);
            let weight = mask.at(u, v);
            if weight > 0.0 {
                let (du, dv) = warp.at(u, v);
                *pixel = mix(*pixel, source.sample(x + du * pose.half.0, y + dv * pose.half.1), weight);
            }
        });
    }

    fn detailed(&self, canvas: &Canvas, s: f32, half_height: f32) -> Canvas {
        let blur = || canvas.blurred(1 + count(0.05 * s * half_height));
        let mut changed = match self.detail {
            BlendDetail::Soft => blur(),
            BlendDetail::Coarse => canvas.coarsened(1.4 + s * (0.6 + 0.06 * half_height)),
            BlendDetail::Sharp => blur(),
            BlendDetail::Kept => return canvas.clone(),
        };
        let share = if self.detail == BlendDetail::Sharp { -0.5 - 1.6 * s } else { 0.35 + 0.65 * s };
        changed.each(|x, y, pixel| {
            let sharp = canvas.at(count(x), count(y));
            *pixel = mix(sharp, *pixel, share).map(|value| value.clamp(0.0, 255.0));
        });
        changed
    }

    fn mask(&self, s: f32, moment: &Moment<'_>) -> Mask {
        let ((cu, cv), (ru, rv), top) = self.part.shape();
        let jitter = |salt: u64, most: f32| 1.0 + most * moment.choice(salt);
        let axes = (ru * jitter(50, 0.08), rv * jitter(51, 0.08));
        let pixel = 1.2 / (axes.0 * moment.pose.half.0).min(axes.1 * moment.pose.half.1).max(1.0);
        let edge = if self.hard { pixel.max(0.04) } else { pixel.max(0.2 + 0.4 * (1.0 - s)) };
        let mut mask = Mask {
            centre: (cu + 0.03 * moment.choice(52), cv + 0.03 * moment.choice(53)),
            axes,
            top,
            edge,
            wobble: (0.06 * moment.choice(54), 3.0 * moment.choice(55), 3.0 * moment.choice(56)),
            opacity: 0.75 + 0.25 * s,
        };
        if self.flickering {
            let now = |salt: u64| hash(moment.seed, salt, moment.frame);
            let most = 0.02 + 0.07 * s;
            mask.centre = (mask.centre.0 + most * now(61), mask.centre.1 + most * now(62));
            let size = 1.0 + most * now(63);
            mask.axes = (mask.axes.0 * size, mask.axes.1 * size);
            mask.opacity *= 1.0 - (0.3 + 0.4 * s) * (0.5 + 0.5 * now(64));
        }
        mask
    }
}

/// Where the copy is seen.
struct Mask {
    centre: (f32, f32),
    axes: (f32, f32),
    /// Nothing above.
    top: f32,
    /// The width of the edge, in half axes.
    edge: f32,
    /// How far the outline leaves the ellipse, and where.
    wobble: (f32, f32, f32),
    opacity: f32,
}

impl Mask {
    fn at(&self, u: f32, v: f32) -> f32 {
        let (a, b) = ((u - self.centre.0) / self.axes.0, (v - self.centre.1) / self.axes.1);
        let (size, p, q) = self.wobble;
        let r =
            libm::sqrtf(a * a + b * b) * (1.0 + size * (libm::sinf(3.0 * a + p) + libm::cosf(4.0 * b + q)));
        let r = r.max(1.0 + (self.top - v) / self.axes.1);
        // Soft edges lie inside, so that they end on the face.
        self.opacity * step(1.0, 1.0 - self.edge, r)
    }
}

/// Other colours.
struct Tint {
    add: Rgb,
    saturation: f32,
    contrast: f32,
}

impl Tint {
    fn of(amount: f32, moment: &Moment<'_>) -> Self {
        // Never near 0: the strength says how much is seen.
        let drawn = |salt: u64| {
            let choice = moment.choice(salt);
            (if choice < 0.0 { -0.4 } else { 0.4 }) + 0.6 * choice
        };
        let light = 16.0 * drawn(44);
        Self {
            add: [41, 42, 43].map(|salt| amount * (light + 24.0 * drawn(salt))),
            saturation: 1.0 + 0.4 * amount * drawn(45),
            contrast: 1.0 + 0.2 * amount * drawn(46),
        }
    }

    fn apply(&self, canvas: &mut Canvas) {
        canvas.each(|_, _, pixel| {
            let gray = (pixel[0] + pixel[1] + pixel[2]) / 3.0;
            let [r, g, b] =
                pixel.map(|c| 128.0 + (gray + (c - gray) * self.saturation - 128.0) * self.contrast);
            *pixel = [r + self.add[0], g + self.add[1], b + self.add[2]].map(|c| c.clamp(0.0, 255.0));
        });
    }
}

/// Shift, scale, turn and a smooth field, in head coordinates.
struct Bend {
    shift: (f32, f32),
    scale: f32,
    turn: f32,
    field: f32,
    phases: [f32; 4],
}

impl Bend {
    fn of(s: f32, share: f32, moment: &Moment<'_>) -> Self {
        let drawn = |salt: u64, low: f32, high: f32| share * (low + high * s) * moment.choice(salt);
        Self {
            shift: (drawn(71, 0.014, 0.13), drawn(72, 0.01, 0.1)),
            scale: drawn(73, 0.01, 0.15),
            turn: drawn(74, 0.005, 0.14),
            field: share * (0.006 + 0.06 * s),
            phases: [75, 76, 77, 78].map(|salt| 3.0 * moment.choice(salt)),
        }
    }

    /// How far from a point its copy comes from.
    fn at(&self, u: f32, v: f32) -> (f32, f32) {
        let [a, b, c, d] = self.phases;
        let across = self.field * (libm::sinf(4.0 * v + a) + 0.5 * libm::sinf(5.0 * u + b));
        let down = self.field * (libm::sinf(4.5 * u + c) + 0.5 * libm::sinf(5.5 * v + d));
        let du = self.shift.0 + self.scale * u - self.turn * v + across;
        (du, self.shift.1 + self.scale * v + self.turn * u + 0.7 * down)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
fn count(value: f32) -> usize {
    value.max(0.0) as usize
}
