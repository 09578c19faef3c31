//! The four pictures of a portrait, step by step.

use super::canvas::{Canvas, index};
use super::change::change;
use super::damage::{range, worn};
use super::mask::{Face, mask};
use super::random::Random;
use super::warp::Warp;
use super::work::{Cut, window};
use super::{Damage, Draw, Kind, Options, Plane, Portrait, Result, Rgb};

/// Parts of a draw that have random numbers of their own: another damage leaves the blends as they were.
#[derive(Debug, Clone, Copy)]
enum Part {
    Global,
    Mild,
    Gross,
    Damage,
    Crop,
}

/// Makes the four pictures of a portrait.
///
/// # Errors
/// For a portrait or options that cannot be used, and when a codec fails.
pub(crate) fn draw(portrait: &Portrait, options: &Options, seed: u64) -> Result<Draw> {
    options.check()?;
    let random = |part: Part| Random::stream(seed, part as u64);
    let (real, face) = window(&portrait.limited()?)?;
    let (global, changed) = global(&real, &face, &mut random(Part::Global))?;
    let (mild, mild_mask, little) = fake(&real, &face, [0.1, 0.5], &mut random(Part::Mild))?;
    let (gross, gross_mask, much) = fake(&real, &face, [0.5, 1.0], &mut random(Part::Gross))?;

    let cut = |face: &Face, size| {
        let factor = options.damage.map_or(options.crop, |damage| damage.crop(options.crop));
        Cut::drawn(face, size, factor, &mut random(Part::Crop))
    };
    let finished = |canvas: &Canvas| {
        let (picture, face) = damaged(canvas, &face, options, &mut random(Part::Damage))?;
        Ok::<_, super::Error>(cut(&face, (picture.width, picture.height)).rgb(&picture))
    };
    let whole = cut(&face, (real.width, real.height));
    Ok(Draw {
        pictures: [
            (Kind::Real, finished(&real)?),
            (Kind::Global, finished(&global)?),
            (Kind::Mild, finished(&mild)?),
            (Kind::Gross, finished(&gross)?),
        ],
        severities: [0.0, changed, little, much],
        masks: [whole.plane(&mild_mask), whole.plane(&gross_mask)],
    })
}

/// Changed and warped as a whole, and how much.
fn global(real: &Canvas, face: &Face, random: &mut Random) -> Result<(Canvas, f64)> {
    let s = random.between(0.1, 1.0);
    let changed = change(real, s, face.width, random)?;
    let warp = Warp::drawn(s, face.width, (real.width, real.height), random);
    Ok((warp.apply(&changed, face.centre), s))
}

/// A blend with its mask, and how much was changed. One of source and target is changed; the source is warped.
fn fake(
    real: &Canvas,
    face: &Face,
    [low, high]: [f64; 2],
    random: &mut Random,
) -> Result<(Canvas, Plane, f64)> {
    let s = random.between(low, high);
    let size = (real.width, real.height);
    let changed = change(real, s, face.width, random)?;
    let (source, target) = if random.chance(0.5) { (&changed, real) } else { (real, &changed) };
    let warped = Warp::drawn(s, face.width, size, random).apply(source, face.centre);
    let mask = mask(face, size, s, random);
    Ok((warped.blended(target, &mask), mask, s))
}

/// The stated damage, or that of the recipe, and where the face then is.
fn damaged(canvas: &Canvas, face: &Face, options: &Options, random: &mut Random) -> Result<(Rgb, Face)> {
    let small = random.chance(options.small);
    let share = random.between(48.0, 128.0) / face.width;
    if let Some(damage) = options.damage {
        return stated(canvas, face, damage);
    }
    if !small || share >= 1.0 {
        return Ok((worn(canvas, options, random)?, face.clone()));
    }
    let side = |side: usize| index((side as f64 * share).round()).max(1);
    let less = canvas.reduced((side(canvas.width), side(canvas.height)));
    let scale = less.width as f64 / canvas.width as f64;
    let centre = face.centre.map(|at| (at + 0.5) * scale - 0.5);
    Ok((worn(&less, options, random)?, Face { centre, width: face.width * scale, points: None }))
}

fn stated(canvas: &Canvas, face: &Face, damage: Damage) -> Result<(Rgb, Face)> {
    let [x, y] = face.centre.map(|at| at + 0.5);
    let half = face.width / 2.0;
    let around = [x - half, y - half, x + half, y + half];
    let portrait = Portrait { picture: canvas.to_rgb(), face: around, points: None };
    let found = damage.apply(&portrait)?;
    let centre = found.centre().map(|at| at - 0.5);
    let face = Face { centre, width: found.width(), points: None };
    Ok((found.picture, face))
}

impl Options {
    /// # Errors
    /// With the first option that is out of its range.
    pub(crate) fn check(&self) -> Result<()> {
        range("crop", self.crop, 0.1..=10.0, "0.1 to 10")?;
        range("jpeg", self.jpeg, 0.0..=1.0, "0 to 1")?;
        // 0.9 and 0.1 are 1 together, but 1 - 0.9 is below 0.1 by rounding.
        range("h264", self.h264, 0.0..=1.0 - self.jpeg + f64::EPSILON, "0 to 1, and at most 1 with jpeg")?;
        range("small", self.small, 0.0..=1.0, "0 to 1")?;
        for quality in self.quality {
            Damage::Jpeg(quality).check()?;
        }
        for crf in self.crf {
            Damage::H264(crf).check()?;
        }
        self.damage.map_or(Ok(()), Damage::check)
    }
}
