//! A pseudo-fake clip: a portrait that moves a little, and its blend.

use super::canvas::{Canvas, Spot, single, within};
use super::change::change;
use super::damage::range;
use super::mask::{Edge, Face, Shape};
use super::random::Random;
use super::warp::Warp;
use super::{Plane, Portrait, Result, Rgb};

/// How a clip is made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClipOptions {
    /// How much the source of the blend is changed, 0 to 1. Default: 0.6.
    pub(crate) severity: f64,
    /// How much the portrait moves, 1 for a person who talks to a camera; 0 to 3. Default: 1.
    pub(crate) motion: f64,
}

impl Default for ClipOptions {
    fn default() -> Self {
        Self { severity: 0.6, motion: 1.0 }
    }
}

/// A frame of a clip and of its blend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClipFrame {
    /// Moved only.
    pub(crate) original: Rgb,
    /// Moved and blended.
    pub(crate) fake: Rgb,
}

/// A portrait that moves smoothly, and the same with one blend in all frames: the change and the warp of the source are
/// those of the whole clip, the mask trembles from frame to frame.
#[derive(Debug, Clone)]
pub(crate) struct Clip {
    target: Canvas,
    source: Canvas,
    mask: Plane,
    face: Face,
    motion: Motion,
    seed: u64,
}

impl Clip {
    /// # Errors
    /// For a portrait or options that cannot be used.
    pub(crate) fn new(portrait: &Portrait, options: &ClipOptions, seed: u64) -> Result<Self> {
        range("severity", options.severity, 0.0..=1.0, "0 to 1")?;
        range("motion", options.motion, 0.0..=3.0, "0 to 3")?;
        let portrait = portrait.limited()?;
        // Even sides, so that every format of video holds the frames.
        let even = |side: usize| (side / 2 * 2).max(1);
        let size = (even(portrait.picture.width), even(portrait.picture.height));
        let target = Canvas::part(&portrait.picture, [0, 0, size.0, size.1])?;
        let middle = |[x, y]: [f64; 2]| [x - 0.5, y - 0.5];
        let face = Face {
            centre: middle(portrait.centre()),
            width: portrait.width(),
            points: portrait.points.map(|points| points.map(middle)),
        };
        let random = &mut Random::stream(seed, 0);
        let s = options.severity;
        let changed = change(&target, s, face.width, random)?;
        let source = Warp::drawn(s, face.width, size, random).apply(&changed, face.centre);
        let shape = Shape::drawn(&face, random);
        // A clip is there to be seen: its blend is whole.
        let edge = Edge { ratio: 1.0, ..Edge::drawn(s, &face, size, random) };
        let mask = edge.mask(&shape, size);
        let motion = Motion::drawn(options.motion, face.width, random);
        Ok(Self { target, source, mask, face, motion, seed })
    }

    /// Pixels per row and rows of every frame. Both are even, unless the portrait is one pixel wide or high.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.target.width, self.target.height)
    }

    /// Frame `t`, whichever was asked for before.
    pub(crate) fn frame(&self, t: usize) -> ClipFrame {
        let warp = self.motion.warp(t);
        let centre = self.face.centre;
        let (target, source) = (warp.apply(&self.target, centre), warp.apply(&self.source, centre));
        let fake = source.blended(&target, &self.mask(&warp, t));
        let light = single(1.0 + self.motion.light.at(t));
        let lit = |mut canvas: Canvas| {
            canvas.data.iter_mut().for_each(|value| *value = within(*value * light));
            canvas.to_rgb()
        };
        ClipFrame { original: lit(target), fake: lit(fake) }
    }

    /// The mask where the frame has the face, up to a small error, as a tracker makes one.
    fn mask(&self, warp: &Warp, t: usize) -> Plane {
        let random = &mut Random::stream(self.seed, 1 + t as u64);
        let mut error = || 0.006 * self.face.width * f64::from(random.normal());
        let [x, y] = warp.shift;
        let shift = [x + error(), y + error()];
        let place = Warp { shift, ..warp.clone() };
        let place = place.placed(self.face.centre);
        let (width, height) = self.size();
        let weight = |x: usize, y: usize| {
            let [x, y] = place(x as f32, y as f32);
            Spot::new(x, y, width, height).of(&self.mask.data)
        };
        let data =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| weight(x, y)).collect();
        Plane { width, height, data }
    }
}

/// How a head moves and how the light changes.
#[derive(Debug, Clone)]
struct Motion {
    across: Waves,
    down: Waves,
    zoom: Waves,
    turn: Waves,
    light: Waves,
}

/// Everything is a little enlarged, so that the border of the portrait stays out of sight.
const ZOOM: f64 = 1.08;

impl Motion {
    fn drawn(motion: f64, face: f64, random: &mut Random) -> Self {
        let mut waves = |most: f64| Waves::drawn(motion * most, random);
        Self {
            across: waves(0.03 * face),
            down: waves(0.02 * face),
            zoom: waves(0.02),
            turn: waves(1.5),
            light: waves(0.03),
        }
    }

    fn warp(&self, t: usize) -> Warp {
        Warp {
            shift: [self.across.at(t), self.down.at(t)],
            scale: ZOOM * (1.0 + self.zoom.at(t)),
            turn: self.turn.at(t),
            field: None,
        }
    }
}

/// A slow wave and a faster, smaller one.
#[derive(Debug, Clone)]
struct Waves([[f64; 3]; 2]);

impl Waves {
    fn drawn(most: f64, random: &mut Random) -> Self {
        let turn = 2.0 * std::f64::consts::PI;
        Self([(0.7, 80.0), (0.3, 25.0)].map(|(share, frames)| {
            [share * most, turn / (frames * random.between(0.7, 1.3)), turn * random.unit()]
        }))
    }

    fn at(&self, t: usize) -> f64 {
        self.0.iter().map(|[most, speed, start]| most * libm::sin(speed * t as f64 + start)).sum()
    }
}
