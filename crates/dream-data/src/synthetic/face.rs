//! Faces made of ellipses.

use super::canvas::{Canvas, Rgb, hash, mix, step};
use super::pose::{Pose, Rest, features};
use crate::random::SplitMix64;

/// The looks of a person.
#[derive(Debug, Clone)]
pub(super) struct Look {
    seed: u64,
    skin: Rgb,
    hair: Rgb,
    iris: Rgb,
    lips: Rgb,
    cloth: Rgb,
    back: [Rgb; 2],
    /// Half width of the head in half heights.
    slim: f32,
    brow: f32,
    eye: f32,
    mouth: f32,
    nose: f32,
    long_hair: bool,
    volume: f32,
    /// Where the hair is parted, in `u`.
    parting: f32,
    beard: f32,
    glasses: bool,
    /// The direction of the light.
    light: (f32, f32),
}

const SKINS: [Rgb; 6] = [
    [241.0, 205.0, 180.0],
    [228.0, 184.0, 150.0],
    [205.0, 155.0, 118.0],
    [172.0, 122.0, 88.0],
    [134.0, 90.0, 63.0],
    [100.0, 66.0, 48.0],
];
const HAIRS: [Rgb; 6] = [
    [34.0, 28.0, 26.0],
    [66.0, 44.0, 32.0],
    [108.0, 72.0, 44.0],
    [176.0, 136.0, 84.0],
    [134.0, 62.0, 36.0],
    [150.0, 148.0, 146.0],
];
const IRISES: [Rgb; 4] = [[78.0, 50.0, 32.0], [74.0, 108.0, 138.0], [84.0, 110.0, 72.0], [46.0, 32.0, 26.0]];

impl Look {
    /// The person of this `seed`.
    pub(super) fn new(seed: u64) -> Self {
        let mut random = SplitMix64::stream(seed, 0xface);
        let mut pick = |colours: &[Rgb]| {
            let at = random.below(colours.len());
            let colour = colours.get(at).copied().unwrap_or_default();
            let shade = single(random.between(-10.0, 10.0));
            colour.map(|value| (value + shade).clamp(8.0, 250.0))
        };
        let (skin, hair, iris) = (pick(&SKINS), pick(&HAIRS), pick(&IRISES));
        let mut colour = |low: f64, high: f64| [0; 3].map(|_| single(random.between(low, high)));
        let cloth = colour(30.0, 200.0);
        // Walls are pale.
        let back = mix(colour(70.0, 200.0), [150.0, 148.0, 145.0], 0.5);
        let far = colour(-45.0, 20.0);
        let mut between = |low: f64, high: f64| single(random.between(low, high));
        Self {
            seed,
            skin,
            hair,
            iris,
            lips: mix(skin, [176.0, 62.0, 66.0], between(0.4, 0.75)),
            cloth,
            back: [back, [back[0] + far[0], back[1] + far[1], back[2] + far[2]]],
            slim: between(0.72, 0.82),
            brow: between(0.05, 0.085),
            eye: between(0.082, 0.112),
            mouth: between(0.3, 0.4),
            nose: between(0.85, 1.15),
            long_hair: between(0.0, 1.0) < 0.45,
            volume: between(1.06, 1.22),
            parting: between(-0.5, 0.5),
            beard: (between(-1.0, 1.0) - 0.4).max(0.0),
            glasses: between(0.0, 1.0) < 0.2,
            light: (between(-0.8, 0.8), between(-0.7, -0.2)),
        }
    }

    /// The rest position of the head in a frame.
    pub(super) fn rest(&self, width: usize, height: usize) -> Rest {
        let half = 0.335 * height as f32;
        Rest {
            centre: (0.5 * width as f32, 0.5 * height as f32),
            half: (half * self.slim, half),
            liveliness: 1.0,
            breath: 0.0,
        }
    }

    /// Paints background, body and head.
    pub(super) fn paint(&self, canvas: &mut Canvas, pose: &Pose) {
        self.paint_background(canvas);
        let t = pose.turn;
        let shadow = |colour: Rgb, share: f32| mix(colour, [18.0, 12.0, 14.0], share);
        if self.long_hair {
            let hair = |u: f32, v: f32| (self.strands(u, v, 0.25), 1.0);
            blob(canvas, pose, (0.0, 0.2), (1.16 * self.volume, 1.2 * self.volume), hair);
        }
        blob(canvas, pose, (0.0, 2.42), (2.15, 1.3), |u, v| {
            (shadow(self.cloth, 0.35 * step(0.3, 1.8, u.abs()) + 0.2 * step(1.8, 2.6, v)), 1.0)
        });
        blob(canvas, pose, (0.0, 1.1), (0.5, 0.62), |u, v| {
            (shadow(self.skin, 0.22 + 0.3 * step(1.3, 0.85, v) + 0.2 * u * u), 1.0)
        });
        for side in [-1.0, 1.0] {
            let ear = (side * 1.0 - 0.5 * t, 0.02);
            blob(canvas, pose, ear, (0.14, 0.22), |u, v| {
                let inner = step(0.08, 0.0, (u - ear.0).abs()) * step(0.16, 0.04, (v - ear.1).abs());
                (shadow(self.skin, 0.14 + 0.22 * inner), 1.0)
            });
        }
        self.paint_head(canvas, pose);
        self.paint_eyes(canvas, pose);
        self.paint_nose(canvas, pose);
        self.paint_mouth(canvas, pose);
        self.paint_hair(canvas, pose);
        if self.glasses {
            for side in [-1.0, 1.0] {
                let lens = (side * features::EYE.0 + t, features::EYE.1 + 0.02);
                blob(canvas, pose, lens, (0.36, 0.21), |u, v| {
                    let (x, y) = ((u - lens.0) / 0.36, (v - lens.1) / 0.21);
                    let r = libm::sqrtf(x * x + y * y);
                    (shadow([70.0, 60.0, 60.0], 0.5), 0.9 * step(0.78, 0.86, r))
                });
            }
            blob(canvas, pose, (t, features::EYE.1), (0.12, 0.03), |_, _| ([45.0, 38.0, 38.0], 0.9));
        }
    }

    fn paint_background(&self, canvas: &mut Canvas) {
        let (width, height) = (canvas.width() as f32, canvas.height() as f32);
        let [near, far] = self.back;
        canvas.each(|x, y, pixel| {
            let share = 0.6 * y / height + 0.4 * x / width;
            // A blurred window or wall behind the person.
            let band = step(0.05, 0.12, (x / width - 0.5 - 0.3 * hash(self.seed, 7, 0)).abs());
            *pixel = mix(mix(near, far, share), [235.0, 235.0, 230.0], 0.18 * (1.0 - band));
        });
    }

    fn paint_head(&self, canvas: &mut Canvas, pose: &Pose) {
        let t = pose.turn;
        blob(canvas, pose, (0.0, 0.0), (1.02, 1.02), |u, v| {
            // The jaw is narrower than the skull.
            let jaw = 1.0 - 0.24 * step(0.15, 1.0, v);
            let x = u / jaw;
            let r = x * x + v * v;
            let inside = step(1.01, 0.95, libm::sqrtf(r));
            let depth = libm::sqrtf((1.0 - r).max(0.0));
            let lit = (self.light.0 * x + self.light.1 * v + 0.75 * depth).clamp(-1.0, 1.0);
            let mut colour =
                mix(self.skin.map(|c| c * 0.5), self.skin.map(|c| (c * 1.08).min(255.0)), 0.5 + 0.5 * lit);
            let cheek = |side: f32| {
                let (a, b) = ((u - side * 0.52 - t) / 0.3, (v - 0.26) / 0.24);
                step(1.0, 0.0, a * a + b * b)
            };
            colour = mix(colour, self.lips, 0.16 * (cheek(-1.0) + cheek(1.0)));
            let socket = |side: f32| {
                let (a, b) = ((u - side * 0.45 - t) / 0.34, (v + 0.22) / 0.2);
                step(1.0, 0.1, a * a + b * b)
            };
            colour = mix(colour, self.skin.map(|c| c * 0.55), 0.28 * (socket(-1.0) + socket(1.0)));
            let stubble =
                self.beard * step(0.15, 0.5, v) * step(0.1, 0.5, (x * x + (v - 0.15) * (v - 0.15)).min(1.0));
            colour = mix(colour, self.hair, stubble.min(0.7));
            let grain = 2.5 * hash(self.seed, cell(u), cell(v));
            (colour.map(|c| c + grain), inside)
        });
    }

    fn paint_eyes(&self, canvas: &mut Canvas, pose: &Pose) {
        let t = pose.turn;
        let open = pose.expression.eyes;
        let ratio = pose.half.0 / pose.half.1;
        for side in [-1.0, 1.0] {
            let brow = (side * features::BROW.0 + t, features::BROW.1);
            blob(canvas, pose, brow, (0.32, 2.0 * self.brow), |u, v| {
                let x = (u - brow.0) / 0.32;
                let arc = brow.1 + 0.07 * x * x + 0.03 * x * side;
                let (low, high) = (self.brow * 0.55, self.brow);
                (
                    mix(self.hair, [20.0; 3], 0.25),
                    0.85 * step(high, low, (v - arc).abs()) * step(1.0, 0.8, x.abs()),
                )
            });
            let eye = (side * features::EYE.0 + t, features::EYE.1);
            let (wide, tall) = (0.24, (self.eye * open).max(0.012));
            // Lashes: the same eye, a little higher and darker.
            blob(canvas, pose, (eye.0, eye.1 - 0.022), (wide + 0.02, tall + 0.02), |_, _| {
                ([38.0, 26.0, 24.0], 0.85)
            });
            let iris = (eye.0 + 0.05 * pose.expression.gaze + 0.2 * t, eye.1);
            let (rv, ru) = (0.086, 0.086 / ratio);
            blob(canvas, pose, eye, (wide, tall), |u, v| {
                let (x, y) = ((u - iris.0) / ru, (v - iris.1) / rv);
                let r = libm::sqrtf(x * x + y * y);
                let white =
                    mix([236.0, 232.0, 228.0], [170.0, 150.0, 145.0], step(0.1, 0.26, (u - eye.0).abs()));
                let coloured =
                    mix(self.iris, [22.0, 18.0, 18.0], step(0.75, 1.0, r).max(step(0.52, 0.42, r)));
                let glint = step(0.28, 0.16, libm::sqrtf((x + 0.35) * (x + 0.35) + (y + 0.4) * (y + 0.4)));
                let colour = mix(mix(coloured, white, step(0.92, 1.06, r)), [255.0; 3], glint);
                (mix(colour, [60.0, 45.0, 42.0], 0.5 * step(-0.3, -1.0, (v - eye.1) / tall)), 1.0)
            });
        }
    }

    fn paint_nose(&self, canvas: &mut Canvas, pose: &Pose) {
        let t = 1.4 * pose.turn;
        let dark = self.skin.map(|c| c * 0.55);
        let bright = self.skin.map(|c| (c * 1.16).min(255.0));
        let tip = features::NOSE.1 + 0.14 * self.nose;
        let away = if self.light.0 > 0.0 { -1.0 } else { 1.0 };
        blob(canvas, pose, (t + away * 0.1, 0.06), (0.09, 0.3), |u, v| {
            (dark, 0.4 * step(0.09, 0.0, (u - t - away * 0.1).abs()) * step(0.3, 0.0, (v - 0.06).abs()))
        });
        blob(canvas, pose, (t, tip - 0.06), (0.17, 0.15), |u, v| {
            let (x, y) = ((u - t) / 0.17, (v - tip + 0.06) / 0.15);
            (bright, 0.4 * step(1.0, 0.0, libm::sqrtf(x * x + y * y)))
        });
        blob(canvas, pose, (t, tip + 0.05), (0.2, 0.06), |u, v| {
            let (x, y) = ((u - t) / 0.2, (v - tip - 0.05) / 0.06);
            (dark, 0.55 * step(1.0, 0.2, libm::sqrtf(x * x + y * y)))
        });
        for side in [-1.0, 1.0] {
            blob(canvas, pose, (t + side * 0.1, tip + 0.035), (0.055, 0.028), |_, _| {
                (dark.map(|c| c * 0.5), 0.85)
            });
        }
    }

    fn paint_mouth(&self, canvas: &mut Canvas, pose: &Pose) {
        let (cu, cv) = (features::MOUTH.0 + 1.1 * pose.turn, features::MOUTH.1);
        let open = 0.01 + 0.085 * pose.expression.mouth;
        let wide = self.mouth - 0.05 * pose.expression.mouth;
        let lips = |tall: f32| (wide, tall + open);
        let dark = self.lips.map(|c| c * 0.74);
        blob(canvas, pose, (cu, cv), lips(0.07), |u, v| {
            // A dip in the middle of the upper lip.
            let dip = 0.022 * step(0.1, 0.0, (u - cu).abs());
            let upper = v < cv;
            let gone = upper && v < cv - open - 0.07 + dip;
            (if upper { dark } else { self.lips }, if gone { 0.0 } else { 0.95 })
        });
        blob(canvas, pose, (cu, cv + open + 0.03), (0.5 * wide, 0.02), |_, _| {
            (mix(self.lips, [255.0; 3], 0.35), 0.5)
        });
        blob(canvas, pose, (cu, cv), (0.86 * wide, open), |_, v| {
            let teeth = step(cv + 0.2 * open, cv - 0.1 * open, v) * step(0.02, 0.05, open);
            (mix([58.0, 22.0, 24.0], [232.0, 226.0, 214.0], 0.9 * teeth), 1.0)
        });
        blob(canvas, pose, (cu, cv + 0.2 + open), (0.3, 0.05), |u, v| {
            let (x, y) = ((u - cu) / 0.3, (v - cv - 0.2 - open) / 0.05);
            (self.skin.map(|c| c * 0.6), 0.3 * step(1.0, 0.0, x * x + y * y))
        });
    }

    fn paint_hair(&self, canvas: &mut Canvas, pose: &Pose) {
        let volume = self.volume;
        blob(canvas, pose, (0.0, -0.2), (1.06 * volume.min(1.14), 0.95 * volume), |u, v| {
            let from = u - self.parting;
            let line = -0.66 + 0.2 * from * from + 0.05 * hash(self.seed, 9, 0) + 0.025 * sin_of(u * 14.0);
            let side = step(0.8, 0.93, u.abs()) * step(if self.long_hair { 1.2 } else { 0.1 }, -0.1, v);
            let there = step(line + 0.05, line - 0.05, v).max(side);
            (self.strands(u, v, 0.0), there)
        });
    }

    /// Hair with strands and light from above.
    fn strands(&self, u: f32, v: f32, shade: f32) -> Rgb {
        let across = u - self.parting;
        let wave = 0.5 + 0.25 * sin_of(23.0 * across + 4.0 * v) + 0.25 * sin_of(41.0 * across - 3.0 * v);
        let light = 0.35 * step(0.0, -1.0, v) * step(0.7, 0.1, (u - 0.4 * self.light.0).abs());
        let colour = mix(self.hair, [225.0, 210.0, 190.0], light * (0.35 + 0.3 * wave));
        mix(colour, [12.0, 10.0, 10.0], shade + 0.2 * (1.0 - wave))
    }
}

fn sin_of(value: f32) -> f32 {
    libm::sinf(value)
}

#[expect(clippy::cast_possible_truncation, reason = "head coordinates are small")]
pub(super) fn single(value: f64) -> f32 {
    value as f32
}

/// The number of a grain of skin.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "head coordinates are small")]
fn cell(value: f32) -> u64 {
    (libm::floorf(value * 24.0) + 1000.0).max(0.0) as u64
}

/// Paints an ellipse of head coordinates, with a smooth edge of about a pixel. `paint` gives colour and opacity.
fn blob(
    canvas: &mut Canvas,
    pose: &Pose,
    (cu, cv): (f32, f32),
    (ru, rv): (f32, f32),
    paint: impl Fn(f32, f32) -> (Rgb, f32),
) {
    let (low, high) = pose.bounds((cu, cv), (ru, rv));
    // The edge is one pixel wide along the shorter axis.
    let pixels = (ru * pose.half.0).min(rv * pose.half.1).max(0.5);
    canvas.each_in(low, high, |x, y, pixel| {
        let (u, v) = pose.to_head(x, y);
        let (a, b) = ((u - cu) / ru, (v - cv) / rv);
        let cover = ((1.0 - libm::sqrtf(a * a + b * b)) * pixels + 0.5).clamp(0.0, 1.0);
        if cover > 0.0 {
            let (colour, opacity) = paint(u, v);
            *pixel = mix(*pixel, colour, cover * opacity.clamp(0.0, 1.0));
        }
    });
}
