//! The part of a portrait that the recipe works on, and what is cut out of it at the end.

use dream_models::preprocess::{ImageView, Interpolation, resize};

use super::canvas::{Canvas, index};
use super::mask::Face;
use super::random::Random;
use super::{Error, Plane, Portrait, Result, Rgb};

/// Pixels of the longest side at the most.
const LONGEST: f64 = 700.0;
/// Pixels of the width of a face at the most.
const WIDEST: f64 = 240.0;
/// Pixels of the width of a face at the least.
const LEAST: usize = 16;

impl Portrait {
    /// # Errors
    /// When there is no picture, or no face in it.
    pub(crate) fn check(&self) -> Result<()> {
        self.picture.check()?;
        let face = self.face;
        let [left, top, right, bottom] = face;
        if !face.iter().all(|side| side.abs() <= 1e6) || left >= right || top >= bottom {
            return Err(Error::Box { face });
        }
        let (width, height) = (self.picture.width, self.picture.height);
        let [x, y] = self.centre();
        if !(0.0..=width as f64).contains(&x) || !(0.0..=height as f64).contains(&y) {
            return Err(Error::Outside { face, width, height });
        }
        if right - left < LEAST as f64 {
            return Err(Error::Small { found: right - left, least: LEAST });
        }
        Ok(())
    }

    /// Of the face box.
    pub(super) fn centre(&self) -> [f64; 2] {
        let [left, top, right, bottom] = self.face;
        [(left + right) / 2.0, (top + bottom) / 2.0]
    }

    /// Of the face box.
    pub(super) fn width(&self) -> f64 {
        let [left, _, right, _] = self.face;
        right - left
    }

    /// The same portrait in other numbers of pixels.
    pub(super) fn resized(&self, width: usize, height: usize) -> Result<Self> {
        self.picture.check()?;
        let picture = self.picture.resized(width, height)?;
        let across = width as f64 / self.picture.width as f64;
        let down = height as f64 / self.picture.height as f64;
        let [left, top, right, bottom] = self.face;
        let face = [left * across, top * down, right * across, bottom * down];
        let points = self.points.map(|points| points.map(|[x, y]| [x * across, y * down]));
        Ok(Self { picture, face, points })
    }

    /// With a longest side and a face that are not too long for the recipe; never larger than it was.
    pub(super) fn limited(&self) -> Result<Self> {
        self.check()?;
        let longest = self.picture.width.max(self.picture.height) as f64;
        self.scaled((LONGEST / longest).min(WIDEST / self.width()).min(1.0))
    }

    /// In about `scale` times its pixels in each direction.
    pub(super) fn scaled(&self, scale: f64) -> Result<Self> {
        let side = |side: usize| index((side as f64 * scale).round()).max(1);
        let (width, height) = (side(self.picture.width), side(self.picture.height));
        if (width, height) == (self.picture.width, self.picture.height) {
            return Ok(self.clone());
        }
        let scaled = self.resized(width, height)?;
        scaled.check()?;
        Ok(scaled)
    }
}

impl Rgb {
    /// With other numbers of pixels, by the bicubic; smaller pictures are means over what they lose.
    pub(super) fn resized(&self, width: usize, height: usize) -> Result<Self> {
        let view = ImageView::rgb(&self.data, self.width, self.height)?;
        let resized = resize(&view, width, height, Interpolation::Bicubic)?;
        Ok(Self { width, height, data: resized.data })
    }
}

/// Two widths of the face box, round its middle, as far as there are pixels.
pub(super) fn window(portrait: &Portrait) -> Result<(Canvas, Face)> {
    let width = portrait.width();
    let size = (portrait.picture.width, portrait.picture.height);
    let rect = square(portrait.centre(), 2.0 * width, size);
    let canvas = Canvas::part(&portrait.picture, rect)?;
    let [left, top, ..] = rect.map(|side| side as f64);
    // Pixel 0 of a canvas has its middle at 0, that of a picture at 0.5.
    let place = |[x, y]: [f64; 2]| [x - left - 0.5, y - top - 0.5];
    let points = portrait.points.map(|points| points.map(place));
    Ok((canvas, Face { centre: place(portrait.centre()), width, points }))
}

/// Left, top, width and height of a square round a centre, cut at the borders of the picture as `score-video` cuts it; at
/// least one pixel.
fn square([x, y]: [f64; 2], side: f64, (width, height): (usize, usize)) -> [usize; 4] {
    let ends = |centre: f64, size: usize| {
        let end = |at: f64| index(at.max(0.0).round()).min(size);
        let start = end(centre - side / 2.0).min(size.saturating_sub(1));
        (start, end(centre + side / 2.0).max(start + 1) - start)
    };
    let ((left, width), (top, height)) = (ends(x, width), ends(y, height));
    [left, top, width, height]
}

/// What is left of every picture of a draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    rect: [usize; 4],
    mirrored: bool,
}

impl Cut {
    /// A crop of about `factor` widths of the face, about round it.
    pub(super) fn drawn(face: &Face, size: (usize, usize), factor: f64, random: &mut Random) -> Self {
        let side = factor * random.between(0.94, 1.06) * face.width;
        let [x, y] = face.centre.map(|at| at + 0.5 + 0.04 * random.signed() * face.width);
        Self { rect: square([x, y], side, size), mirrored: random.chance(0.5) }
    }

    pub(super) fn rgb(&self, picture: &Rgb) -> Rgb {
        let [_, _, width, height] = self.rect;
        let data = self.of(picture.data.as_chunks::<3>().0, picture.width).flatten().collect();
        Rgb { width, height, data }
    }

    pub(super) fn plane(&self, plane: &Plane) -> Plane {
        let [_, _, width, height] = self.rect;
        Plane { width, height, data: self.of(&plane.data, plane.width).collect() }
    }

    fn of<'a, T: Copy>(&self, entries: &'a [T], columns: usize) -> impl Iterator<Item = T> + use<'a, T> {
        let Self { rect: [left, top, width, height], mirrored } = *self;
        let rows = entries.chunks_exact(columns.max(1)).skip(top).take(height);
        rows.flat_map(move |row| {
            (0..width).filter_map(move |x| row.get(left + if mirrored { width - 1 - x } else { x }).copied())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pseudo::canvas::byte;

    fn portrait(width: usize, height: usize, face: [f64; 4]) -> Portrait {
        let data = (0..3 * width * height).map(|i| byte((i * 31 % 256) as f32)).collect();
        Portrait { picture: Rgb { width, height, data }, face, points: Some([[face[0], face[1]]; 6]) }
    }

    #[test]
    fn large_pictures_and_faces_get_smaller_and_others_stay() {
        let found = |width, height, face| {
            let found = portrait(width, height, face).limited().unwrap();
            (found.picture.width, found.picture.height, found.face, found.points.unwrap()[0])
        };
        let (width, height, face, point) = found(1400, 700, [200.0, 100.0, 400.0, 300.0]);
        assert_eq!((width, height, face, point), (700, 350, [100.0, 50.0, 200.0, 150.0], [100.0, 50.0]));
        let (width, height, face, _) = found(600, 600, [10.0, 10.0, 490.0, 490.0]);
        assert_eq!((width, height, face), (300, 300, [5.0, 5.0, 245.0, 245.0]));
        assert_eq!(found(50, 40, [10.0, 10.0, 30.0, 30.0]).0, 50);
    }

    #[test]
    fn boxes_that_are_none_are_refused() {
        let fault = |face| portrait(100, 80, face).check();
        assert!(matches!(fault([50.0, 10.0, 20.0, 40.0]), Err(Error::Box { .. })));
        assert!(matches!(fault([0.0, 10.0, f64::NAN, 40.0]), Err(Error::Box { .. })));
        assert!(matches!(fault([90.0, 10.0, 190.0, 40.0]), Err(Error::Outside { .. })));
        assert!(matches!(fault([10.0, 10.0, 20.0, 40.0]), Err(Error::Small { least: 16, .. })));
        assert!(fault([10.0, 10.0, 40.0, 40.0]).is_ok());
        let huge = portrait(7000, 70, [10.0, 10.0, 30.0, 30.0]).limited();
        assert!(matches!(huge, Err(Error::Small { .. })), "2 pixels after the reduction");
    }

    #[test]
    fn windows_end_at_the_border_and_know_where_the_face_is() {
        let (canvas, face) = window(&portrait(100, 80, [10.0, 20.0, 40.0, 50.0])).unwrap();
        // Columns -5 to 55 and rows 5 to 65.
        assert_eq!((canvas.width, canvas.height), (55, 60));
        assert_eq!((face.centre, face.width), ([24.5, 29.5], 30.0));
        assert_eq!(face.points.unwrap()[0], [9.5, 14.5]);
    }

    #[test]
    fn crops_are_square_inside_and_cut_at_the_border() {
        let cut = |centre| square(centre, 30.0, (100, 80));
        assert_eq!(cut([40.0, 40.0]), [25, 25, 30, 30]);
        assert_eq!(cut([10.0, 40.0]), [0, 25, 25, 30]);
    }

    #[test]
    fn mirrored_cuts_swap_the_sides() {
        let picture = portrait(100, 80, [30.0, 30.0, 50.0, 50.0]).picture;
        let cut = Cut { rect: [3, 4, 5, 2], mirrored: false };
        let (plain, mirrored) = (cut.rgb(&picture), Cut { mirrored: true, ..cut }.rgb(&picture));
        assert_eq!(plain.data[..3], picture.data[3 * 403..3 * 404]);
        assert_eq!(plain.data[..3], mirrored.data[12..15]);
        let plane = Plane { width: 100, height: 80, data: (0..8000).map(|i| i as f32).collect() };
        assert_eq!(cut.plane(&plane).data[..2], [403.0, 404.0]);
        assert_eq!(cut.plane(&plane).data.len(), 10);
    }
}
