//! Photographs of people that come from outside.

use super::canvas::{Canvas, Rgb, mix};
use super::face::single;
use super::pose::features;
use crate::error::{Error, Result};

/// Half height of the head in frame heights, and where its middle is. The chin stays above 0.8, the lower border of the
/// usual crop for training, while the head moves.
pub(super) const HALF: f32 = 0.32;
pub(super) const MIDDLE: f32 = 0.43;

/// How far the neighbours of a row beyond the border come from, in pixels.
const SOFT: f32 = 8.0;

/// The least distance between the eyes, in pixels.
const SMALLEST: f64 = 8.0;

/// A photograph of a person who is to move and talk, for [`Synthetic::with_photographs`](super::Synthetic::with_photographs).
///
/// # Example
/// ```
/// use dream_data::synthetic::Photograph;
///
/// let gray = vec![128; 3 * 100 * 120];
/// let photograph = Photograph::new("anna.jpg", (100, 120), gray, [[35.0, 50.0], [65.0, 50.0]], [50.0, 80.0])?;
/// assert_eq!(photograph.name(), "anna.jpg");
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Photograph {
    name: String,
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    /// The middle of the head in pixels.
    centre: (f32, f32),
    /// Half width and half height of the head in pixels.
    half: (f32, f32),
    /// Unit vector from the eye on the left of the picture to that on the right.
    level: (f32, f32),
}

impl Photograph {
    /// `rgb` are rows of `width * height` pixels. Both eyes (in any order) and the middle of the mouth are x and y in
    /// pixels, as a detector of faces gives them; size, place and tilt of the head follow from them.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if bytes and size do not fit, or the points are not those of an upright face whose eyes
    /// are 8 pixels apart or more.
    pub fn new(
        name: &str,
        (width, height): (usize, usize),
        rgb: Vec<u8>,
        eyes: [[f64; 2]; 2],
        mouth: [f64; 2],
    ) -> Result<Self> {
        let fault = |reason: String| Err(Error::option("photograph", format!("{name}: {reason}")));
        if width == 0 || Some(rgb.len()) != width.checked_mul(height).and_then(|area| area.checked_mul(3)) {
            return fault(format!("{} bytes are not {width} x {height} pixels of RGB", rgb.len()));
        }
        let [mut left, mut right] = eyes;
        if left[0] > right[0] {
            std::mem::swap(&mut left, &mut right);
        }
        let (dx, dy) = (right[0] - left[0], right[1] - left[1]);
        let apart = libm::sqrt(dx * dx + dy * dy);
        let between = [(left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0];
        // From the line of the eyes to the mouth.
        let drop = ((mouth[1] - between[1]) * dx - (mouth[0] - between[0]) * dy) / apart;
        let whole = [between[0], between[1], drop].iter().all(|value| value.is_finite());
        if !(whole && apart >= SMALLEST && (0.4 * apart..3.0 * apart).contains(&drop) && dx > 0.7 * apart) {
            return fault(format!(
                "eyes at {eyes:?} and a mouth at {mouth:?} are no upright face that is large enough"
            ));
        }
        if !(0.0..width as f64).contains(&between[0]) || !(0.0..height as f64).contains(&between[1]) {
            return fault(format!("eyes at {eyes:?} are outside of {width} x {height} pixels"));
        }
        let (eye, lips) = (f64::from(features::EYE.1), f64::from(features::MOUTH.1));
        let tall = drop / (lips - eye);
        // The eyes of a head that is turned are nearer to each other, the head is as wide as before.
        let wide = (apart / (2.0 * f64::from(features::EYE.0))).clamp(0.66 * tall, 0.9 * tall);
        let (cos, sin) = (dx / apart, dy / apart);
        let down = -eye * tall;
        Ok(Self {
            name: name.to_owned(),
            width,
            height,
            rgb,
            centre: (single(between[0] - sin * down), single(between[1] + cos * down)),
            half: (single(wide), single(tall)),
            level: (single(cos), single(sin)),
        })
    }

    /// What it is called in `truth.json`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number that differs for other pixels (FNV-1a of 64 bits).
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.rgb.iter().fold(0xcbf2_9ce4_8422_2325_u64 ^ self.width as u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// Cut so that the head fills a frame of this size as drawn heads do, and level. It has up to twice the pixels of
    /// the frame each way. Beyond the border lies what is on it, softly. Also half width and half height of the head, in
    /// heights of the cut.
    pub(super) fn cut(&self, width: usize, height: usize) -> (Canvas, (f32, f32)) {
        let high = self.half.1 / HALF;
        let factor = (high / height.max(1) as f32).clamp(1.0, 2.0);
        let rows = rounded(height as f32 * factor).max(1);
        let columns = rounded(width as f32 * factor).max(1);
        let scale = high / rows as f32;
        // Enough samples that every pixel of the photograph counts.
        let samples = rounded(libm::ceilf(scale)).clamp(1, 16);
        let mut canvas = Canvas::new(columns, rows);
        let (cos, sin) = self.level;
        let (middle_x, middle_y) = (0.5 * columns as f32, MIDDLE * rows as f32);
        let part = |i: usize| (i as f32 + 0.5) / samples as f32 - 0.5;
        canvas.each(|x, y, pixel| {
            let mut sum = [0.0_f32; 3];
            for (i, j) in (0..samples).flat_map(|j| (0..samples).map(move |i| (i, j))) {
                let (dx, dy) = ((x + part(i) - middle_x) * scale, (y + part(j) - middle_y) * scale);
                let one =
                    self.sample(self.centre.0 + cos * dx - sin * dy, self.centre.1 + sin * dx + cos * dy);
                sum = [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]];
            }
            *pixel = sum.map(|value| value / (samples * samples) as f32);
        });
        (canvas, (self.half.0 / high, HALF))
    }

    /// Bilinear. A row of the border that is drawn out gives streaks, so its neighbours are mixed in.
    fn sample(&self, x: f32, y: f32) -> Rgb {
        let beyond = |at: f32, size: usize| (0.5 - at).max(at + 0.5 - size as f32).max(0.0);
        let (aside, above) = (beyond(x, self.width), beyond(y, self.height));
        if aside <= 0.0 && above <= 0.0 {
            return self.inside(x, y);
        }
        let mut sum = [0.0_f32; 3];
        for step in [-1.0, -0.5, 0.0, 0.5, 1.0] {
            let one = self.inside(x + step * above.min(SOFT), y + step * aside.min(SOFT));
            sum = [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]];
        }
        sum.map(|value| value / 5.0)
    }

    /// Bilinear, with the border pixels replicated.
    fn inside(&self, x: f32, y: f32) -> Rgb {
        let within = |at: f32, size: usize| (at - 0.5).clamp(0.0, size.saturating_sub(1) as f32);
        let (x, y) = (within(x, self.width), within(y, self.height));
        let (left, top) = (libm::floorf(x), libm::floorf(y));
        let at = |dx: usize, dy: usize| {
            let column = (rounded(left) + dx).min(self.width.saturating_sub(1));
            let row = (rounded(top) + dy).min(self.height.saturating_sub(1));
            let pixel = self.rgb.as_chunks::<3>().0.get(row * self.width + column);
            pixel.map_or([0.0; 3], |bytes| bytes.map(f32::from))
        };
        mix(mix(at(0, 0), at(1, 0), x - left), mix(at(0, 1), at(1, 1), x - left), y - top)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a picture")]
fn rounded(value: f32) -> usize {
    libm::roundf(value.max(0.0)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (120, 160);

    fn picture() -> Vec<u8> {
        (0..120 * 160)
            .flat_map(|i| [u8::try_from(i % 120).unwrap(), u8::try_from(i / 120).unwrap(), 0])
            .collect()
    }

    #[test]
    fn the_head_is_where_eyes_and_mouth_say() {
        let made = Photograph::new("a", SIZE, picture(), [[78.0, 60.0], [42.0, 60.0]], [60.0, 94.0]).unwrap();
        assert_eq!((made.centre, made.half), ((60.0, 69.0), (40.0, 50.0)));
        let (cut, half) = made.cut(60, 50);
        assert_eq!((cut.width(), cut.height()), (120, 100));
        assert!((half.0 - 0.256).abs() < 1e-6 && half.1 == HALF);
        // Red is the column and green the row: pixel centres lie at half numbers.
        let middle = cut.sample(60.0, 43.0);
        assert!((middle[0] - 59.5).abs() < 0.01 && (middle[1] - 68.5).abs() < 0.01, "{middle:?}");
        let chin = cut.sample(60.0, 75.0);
        assert!((chin[1] - 118.5).abs() < 0.01, "{chin:?}");
    }

    #[test]
    fn tilted_heads_become_level() {
        let turn = |[x, y]: [f64; 2]| {
            let (x, y) = (x - 60.0, y - 80.0);
            [60.0 + 0.96 * x - 0.28 * y, 80.0 + 0.28 * x + 0.96 * y]
        };
        let eyes = [turn([42.0, 60.0]), turn([78.0, 60.0])];
        let made = Photograph::new("a", SIZE, picture(), eyes, turn([60.0, 94.0])).unwrap();
        let [x, y] = turn([60.0, 69.0]).map(single);
        assert!((made.centre.0 - x).abs() < 1e-3 && (made.centre.1 - y).abs() < 1e-3, "{:?}", made.centre);
        assert!((made.half.1 - 50.0).abs() < 1e-3);
        // An eye of the level picture comes from the eye of the tilted one.
        let (cut, half) = made.cut(100, 100);
        let height = cut.height() as f32;
        let eye = cut.sample(
            0.5 * cut.width() as f32 + features::EYE.0 * half.0 * height,
            (MIDDLE + features::EYE.1 * half.1) * height,
        );
        let [x, y] = eyes[1].map(|at| single(at) - 0.5);
        assert!((eye[0] - x).abs() < 0.1 && (eye[1] - y).abs() < 0.1, "{eye:?}");
    }

    #[test]
    fn borders_are_drawn_out_and_no_faces_are_errors() {
        let eyes = [[42.0, 60.0], [78.0, 60.0]];
        let made = Photograph::new("a", SIZE, picture(), eyes, [60.0, 94.0]).unwrap();
        assert_eq!(made.sample(-30.0, 80.5), [0.0, 80.0, 0.0]);
        assert_eq!(made.sample(60.5, 900.0), [60.0, 159.0, 0.0]);
        for (bytes, eyes, mouth) in [
            (vec![0; 3], eyes, [60.0, 94.0]),
            (picture(), [[42.0, 60.0]; 2], [60.0, 94.0]),
            (picture(), eyes, [60.0, 30.0]),
            (picture(), eyes, [f64::NAN, 94.0]),
            (picture(), [[42.0, 60.0], [45.0, 60.0]], [43.0, 63.0]),
            (picture(), [[-92.0, 60.0], [-56.0, 60.0]], [-70.0, 94.0]),
        ] {
            let error = Photograph::new("a.jpg", SIZE, bytes, eyes, mouth).unwrap_err();
            assert!(matches!(error, Error::InvalidOption { option: "photograph", .. }), "{error}");
        }
    }
}
