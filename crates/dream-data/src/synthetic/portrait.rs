//! Moves portraits: the committed ones and photographs from outside.

use super::canvas::{Canvas, mix, step};
use super::photograph::{MIDDLE, Photograph};
use super::pose::{Pose, Rest, features};
use crate::error::{Error, Result};
use crate::frames::readers::still::built_in;

/// A committed picture.
struct Source {
    bytes: &'static [u8],
    /// The position of the head in the picture, in heights of it.
    centre: (f32, f32),
    half: (f32, f32),
}

/// Photographs in the public domain; see `assets/PROVENANCE.md`.
const PORTRAITS: [Source; 2] = [
    Source {
        bytes: include_bytes!("../../assets/portrait_1.png"),
        centre: (0.584, 0.545),
        half: (0.225, 0.345),
    },
    Source {
        bytes: include_bytes!("../../assets/portrait_2.png"),
        centre: (0.600, 0.539),
        half: (0.253, 0.422),
    },
];

/// A photograph of a person.
#[derive(Debug, Clone)]
pub(super) struct Portrait {
    picture: Canvas,
    centre: (f32, f32),
    half: (f32, f32),
    /// Whether it comes from outside: eyes of unknown looks (with glasses, in shadow) narrow and do not close.
    own: bool,
}

impl Portrait {
    /// The portraits of this crate.
    pub(super) fn built_in() -> Result<Vec<Self>> {
        let portrait = |source: &Source| {
            let decoded = built_in(source.bytes);
            let (width, height, pixels) = decoded.map_err(|reason| Error::option("portraits", reason))?;
            let picture = Canvas::from_bytes(width, height, &pixels);
            Ok(Self { picture, centre: source.centre, half: source.half, own: false })
        };
        PORTRAITS.iter().map(portrait).collect()
    }

    /// A photograph, cut for frames of a size.
    pub(super) fn of(photograph: &Photograph, width: usize, height: usize) -> Self {
        let (picture, half) = photograph.cut(width, height);
        let aspect = picture.width() as f32 / picture.height().max(1) as f32;
        Self { picture, centre: (0.5 * aspect, MIDDLE), half, own: true }
    }

    /// The rest position of the head in a frame. The picture fills the height; its sides are cropped or continued.
    pub(super) fn rest(&self, width: usize, height: usize) -> Rest {
        let (width, height) = (width as f32, height as f32);
        let aspect = self.picture.width() as f32 / self.picture.height() as f32;
        Rest {
            centre: (0.5 * width + (self.centre.0 - 0.5 * aspect) * height, self.centre.1 * height),
            half: (self.half.0 * height, self.half.1 * height),
            liveliness: 0.7,
            breath: if self.own { 1.0 } else { 0.0 },
        }
    }

    /// Paints the picture with the head at `pose`, and moves the eyelids and the mouth.
    pub(super) fn paint(&self, canvas: &mut Canvas, rest: &Rest, pose: &Pose) {
        let scale = self.picture.height() as f32 / canvas.height().max(1) as f32;
        let shift = (self.centre.0 * canvas.height() as f32 - rest.centre.0) * scale;
        let from = |u: f32, v: f32| {
            let (x, y) = (rest.centre.0 + u * rest.half.0, rest.centre.1 + v * rest.half.1);
            (x * scale + shift, y * scale)
        };
        let (open, talk) = (pose.expression.eyes, pose.expression.mouth);
        canvas.each(|x, y, pixel| {
            let (u, v) = pose.to_head(x, y);
            let still = ((x - rest.centre.0) / rest.half.0, (y - rest.centre.1) / rest.half.1);
            // The head moves as a whole, its surroundings less with distance.
            let held = step(1.15, 2.1, libm::sqrtf(u * u + v * v));
            let (u, mut v) = (u + (still.0 - u) * held, v + (still.1 - v) * held);
            let (a, b) = ((u - features::MOUTH.0) / 0.55, (v - 0.43) / 0.34);
            let mouth = step(1.0, 0.0, libm::sqrtf(a * a + b * b));
            v -= 0.09 * (talk - 0.35) * mouth * step(-0.3, 0.5, b);
            if self.own {
                let (x, y) = ((u.abs() - features::EYE.0) / 0.42, (v - features::EYE.1) / 0.2);
                let near = step(1.0, 0.2, libm::sqrtf(x * x + y * y));
                v += 0.6 * (1.0 - open) * near * (v - features::EYE.1);
            }
            let at = from(u, v);
            *pixel = self.picture.sample(at.0, at.1);
            let sides: &[f32] = if self.own { &[] } else { &[-1.0, 1.0] };
            for side in sides {
                let (a, b) = ((u - side * features::EYE.0) / 0.3, (v - features::EYE.1) / 0.13);
                let r = libm::sqrtf(a * a + b * b);
                let lid = step(1.0, 0.75, r)
                    * step(open - 0.15, open, 1.0 - (b + 1.0) / 2.0).max(1.0 - step(0.0, 0.2, open));
                if lid > 0.0 && open < 1.0 {
                    // Skin from below the eye.
                    let at = from(u, features::EYE.1 + 0.21 + 0.03 * b);
                    let skin = self.picture.sample(at.0, at.1).map(|c| c * 0.93);
                    *pixel = mix(*pixel, skin, lid * (1.0 - open));
                }
            }
        });
    }
}
