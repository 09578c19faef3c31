//! T: how a copy comes to look a little different.

use dream_models::preprocess::FloatFilter;

use super::Result;
use super::canvas::{Canvas, index, single, within};
use super::random::Random;

/// What may happen to a copy besides its colours. Sizes are in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Detail {
    /// Made smaller by this factor, and large again.
    Coarse(f64),
    /// Blurred with this deviation.
    Soft(f64),
    /// Sharpened by this amount.
    Sharp(f64),
    Kept,
}

/// T of severity `s` for a face of `width` pixels.
pub(super) fn change(canvas: &Canvas, s: f64, width: f64, random: &mut Random) -> Result<Canvas> {
    let mut changed = canvas.clone();
    if random.chance(0.85) {
        Colour::drawn(s, random).apply(&mut changed);
    }
    match detail(s, width, random) {
        Detail::Coarse(factor) => coarsened(&changed, factor, random),
        Detail::Soft(sigma) => Ok(changed.blurred(sigma)),
        Detail::Sharp(amount) => Ok(changed.sharpened(SHARPENED, amount)),
        Detail::Kept => Ok(changed),
    }
}

/// Deviation of the blur behind all sharpening, in pixels.
pub(super) const SHARPENED: f64 = 1.2;

fn detail(s: f64, width: f64, random: &mut Random) -> Detail {
    let choice = random.unit();
    if choice < 0.40 {
        Detail::Coarse(1.0 + random.between(0.4, 3.0) * s)
    } else if choice < 0.60 {
        Detail::Soft((0.004 + random.between(0.3, 1.0) * 0.016 * s) * width)
    } else if choice < 0.85 {
        Detail::Sharp(0.3 + 1.2 * s * random.between(0.5, 1.0))
    } else {
        Detail::Kept
    }
}

/// Fewer pixels by a factor, then as many as before by the bicubic. On the way down half of all are means of areas; the
/// others take the nearest pixels and skip some, as many programs do.
pub(super) fn coarsened(canvas: &Canvas, factor: f64, random: &mut Random) -> Result<Canvas> {
    let areas = random.chance(0.5);
    let side = |side: usize| index((side as f64 / factor).round()).clamp(1, side.max(1));
    let small = (side(canvas.width), side(canvas.height));
    let size = (canvas.width, canvas.height);
    if small == size {
        return Ok(canvas.clone());
    }
    let less = if areas { canvas.reduced(small) } else { canvas.resized(small, FloatFilter::Bilinear)? };
    less.resized(size, FloatFilter::Bicubic)
}

/// Colours of a copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour {
    /// Added to red, green and blue.
    shift: [f32; 3],
    /// Added to the hue, in sixths of the circle.
    hue: f32,
    saturation: f32,
    value: f32,
    /// About the mean of the picture.
    contrast: f32,
    brightness: f32,
}

impl Colour {
    pub(super) fn drawn(s: f64, random: &mut Random) -> Self {
        Self {
            shift: [(); 3].map(|()| single(20.0 * s * random.signed())),
            hue: single(4.0 * s * random.signed() / 256.0 * 6.0),
            saturation: single(1.0 + 0.3 * s * random.signed()),
            value: single(1.0 + 0.12 * s * random.signed()),
            contrast: single(1.0 + 0.15 * s * random.signed()),
            brightness: single(255.0 * 0.10 * s * random.signed()),
        }
    }

    pub(super) fn apply(&self, canvas: &mut Canvas) {
        let [red, green, blue] = self.shift;
        canvas.each(|[r, g, b]| self.tinted([within(r + red), within(g + green), within(b + blue)]));
        let mean = single(canvas.mean());
        for value in &mut canvas.data {
            *value = within((*value - mean) * self.contrast + mean + self.brightness);
        }
    }

    /// Hue, saturation and value changed (the hexagonal cone of A. R. Smith, "Color gamut transform pairs", 1978).
    fn tinted(&self, [r, g, b]: [f32; 3]) -> [f32; 3] {
        let (most, least) = (r.max(g).max(b), r.min(g).min(b));
        let range = most - least;
        if range <= 0.0 {
            return [within(most * self.value); 3];
        }
        let hue = if most <= r {
            (g - b) / range
        } else if most <= g {
            (b - r) / range + 2.0
        } else {
            (r - g) / range + 4.0
        };
        let hue = hue + self.hue + 6.0;
        let saturation = (range / most * self.saturation).clamp(0.0, 1.0);
        let value = within(most * self.value);
        // What a colour lacks to `value`: nothing in its own third of the circle, everything in the opposite one.
        let part = |offset: f32| {
            let at = (hue + offset) % 6.0;
            let lacking = at.min(4.0 - at).clamp(0.0, 1.0);
            value - value * saturation * lacking
        };
        [part(5.0), part(3.0), part(1.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Canvas {
        let data = (0..3 * 24 * 20).map(|i| (i * 53 % 256) as f32).collect();
        Canvas { width: 24, height: 20, data }
    }

    #[test]
    fn colours_of_severity_0_stay() {
        let mut canvas = picture();
        Colour::drawn(0.0, &mut Random::stream(1, 0)).apply(&mut canvas);
        assert_eq!(canvas.to_rgb(), picture().to_rgb());
    }

    #[test]
    fn every_colour_moves_within_its_bounds() {
        let mut random = Random::stream(5, 0);
        let drawn: Vec<Colour> = (0..500).map(|_| Colour::drawn(0.5, &mut random)).collect();
        let most =
            |of: fn(&Colour) -> f32| drawn.iter().map(of).fold(0.0_f32, |most, value| most.max(value.abs()));
        for (found, bound) in [
            (most(|c| c.shift[0]), 10.0),
            (most(|c| c.hue), 2.0 * 6.0 / 256.0),
            (most(|c| c.saturation - 1.0), 0.15),
            (most(|c| c.value - 1.0), 0.06),
            (most(|c| c.contrast - 1.0), 0.075),
            (most(|c| c.brightness), 12.75),
        ] {
            assert!((0.95 * bound..=1.001 * bound).contains(&found), "{found} of {bound}");
        }
    }

    #[test]
    fn hues_turn_and_saturation_ends_at_gray() {
        let plain =
            Colour { shift: [0.0; 3], hue: 0.0, saturation: 1.0, value: 1.0, contrast: 1.0, brightness: 0.0 };
        assert_eq!(Colour { hue: 2.0, ..plain }.tinted([200.0, 0.0, 0.0]), [0.0, 200.0, 0.0]);
        assert_eq!(Colour { hue: -2.0, ..plain }.tinted([200.0, 0.0, 0.0]), [0.0, 0.0, 200.0]);
        assert_eq!(Colour { saturation: 0.0, ..plain }.tinted([200.0, 10.0, 30.0]), [200.0; 3]);
        assert_eq!(Colour { value: 0.5, ..plain }.tinted([200.0, 100.0, 100.0]), [100.0, 50.0, 50.0]);
    }

    #[test]
    fn t_of_0_keeps_a_picture_unless_it_sharpens_or_blurs() {
        let (mut kept, mut other) = (0, 0);
        for seed in 0..40 {
            let mut random = Random::stream(seed, 0);
            let changed = change(&picture(), 0.0, 10.0, &mut random).unwrap();
            if changed.to_rgb() == picture().to_rgb() { kept += 1 } else { other += 1 }
        }
        // Coarse by a factor of 1 and nothing: 0.55 of all. The blur of 0.04 pixels does nothing either.
        assert!(kept > 20 && other > 3, "{kept} {other}");
    }

    #[test]
    fn coarse_pictures_have_less_detail_and_the_same_mean() {
        let detail =
            |canvas: &Canvas| canvas.data.windows(2).map(|pair| (pair[0] - pair[1]).abs()).sum::<f32>();
        for seed in 0..4 {
            let coarse = coarsened(&picture(), 2.0, &mut Random::stream(seed, 0)).unwrap();
            assert!(detail(&coarse) < 0.8 * detail(&picture()));
            assert!((coarse.mean() - picture().mean()).abs() < 12.0);
        }
        let same = coarsened(&picture(), 1.0, &mut Random::stream(1, 0)).unwrap();
        assert_eq!(same, picture());
    }
}
