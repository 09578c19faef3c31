//! The square input of the network from an image of any shape.

use crate::preprocess::ImageView;

/// Binary places of the positions between pixels.
const PLACES: u32 = 5;
const ONE: i64 = 1 << PLACES;

/// The image in the middle of a black square, sampled to `side` x `side` pixels, scaled to -1..=1: rows of pixels of
/// red, green and blue.
///
/// As MediaPipe does on a CPU: the top left corner of an output pixel, not its centre, decides where it looks;
/// positions have five binary places; four neighbours are mixed and rounded to 8 bits; what lies between them when an
/// image gets smaller is skipped. The network was trained and is deployed with that.
pub(super) fn letterbox(view: &ImageView<'_>, side: usize) -> Vec<f32> {
    let layout = view.layout();
    let (bytes, offsets) = (layout.bytes(), layout.offsets());
    let square = view.width().max(view.height());
    let places = |size: usize| -> Vec<(i64, i64)> {
        let start = (size as f64 - square as f64) / 2.0;
        let step = square as f64 / side as f64;
        let place = |at: usize| {
            let position = (at as f64 * step + start) * ONE as f64;
            #[expect(clippy::cast_possible_truncation, reason = "32 times the side of an image in memory")]
            let position = position.round_ties_even() as i64;
            (position >> PLACES, position & (ONE - 1))
        };
        (0..side).map(place).collect()
    };
    let (columns, rows) = (places(view.width()), places(view.height()));
    let row = |y: i64| -> &[u8] {
        usize::try_from(y).ok().filter(|y| *y < view.height()).map_or(&[], |y| view.row(y))
    };
    let mut out = Vec::with_capacity(side * side * 3);
    for (y, down) in rows {
        let (upper, lower) = (row(y), row(y + 1));
        for &(x, across) in &columns {
            let level = |row: &[u8], x: i64, offset: usize| {
                let at = usize::try_from(x).ok().filter(|x| *x < view.width()).map(|x| x * bytes + offset);
                at.and_then(|at| row.get(at)).copied().map_or(0, i64::from)
            };
            out.extend(offsets.map(|offset| {
                let mixed = |row| level(row, x, offset) * (ONE - across) + level(row, x + 1, offset) * across;
                let sum = mixed(upper) * (ONE - down) + mixed(lower) * down;
                let rounded = (sum + ONE * ONE / 2) >> (2 * PLACES);
                rounded as f32 * (2.0 / 255.0) - 1.0
            }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::PixelLayout;

    #[test]
    fn images_lie_in_the_middle_of_black() {
        let white = [255; 8];
        for (width, height) in [(4, 2), (2, 4)] {
            let view = ImageView::new(&white, width, height, width, PixelLayout::Gray).unwrap();
            let out = letterbox(&view, 4);
            let at = |x: usize, y: usize| out[(y * 4 + x) * 3];
            let lit = |i: usize| if width > height { at(1, i) } else { at(i, 1) };
            assert_eq!([0, 1, 2, 3].map(lit), [-1.0, 1.0, 1.0, -1.0], "{width}x{height}");
        }
    }

    #[test]
    fn a_square_of_the_same_size_is_copied() {
        let image: Vec<u8> = (0..48).map(|v| v * 5).collect();
        let view = ImageView::rgb(&image, 4, 4).unwrap();
        let expected: Vec<f32> = image.iter().map(|v| f32::from(*v) * (2.0 / 255.0) - 1.0).collect();
        assert_eq!(letterbox(&view, 4), expected);
    }
}
