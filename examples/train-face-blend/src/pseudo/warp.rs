//! How a source comes to lie a little beside its target.

use super::canvas::{Canvas, Spot, blurred, single};
use super::random::Random;

/// A smooth field of displacements in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Points of the grid per row.
    columns: usize,
    rows: usize,
    /// Pixels between points of the grid.
    step: f32,
    across: Vec<f32>,
    down: Vec<f32>,
}

impl Field {
    /// Noise, smoothed with a deviation of `sigma` pixels, for `width` x `height` pixels. Its largest displacement is
    /// `most` pixels.
    pub(super) fn drawn((width, height): (usize, usize), sigma: f64, most: f64, random: &mut Random) -> Self {
        // Four points per deviation: bilinear between them then looks as smooth as the field itself.
        let step = (sigma / 4.0).max(1.0);
        let smooth = sigma / step;
        // The border of smoothed noise is rougher than its middle, so it stays outside.
        let margin = super::canvas::index((2.0 * smooth).ceil());
        let points = |size: usize| super::canvas::index((size as f64 / step).ceil()) + 2;
        let (columns, rows) = (points(width), points(height));
        let (wide, high) = (columns + 2 * margin, rows + 2 * margin);
        let mut noise = || {
            let white: Vec<f32> = (0..wide * high).map(|_| random.normal()).collect();
            let smoothed = blurred(&white, wide, smooth);
            let inner = smoothed.chunks_exact(wide).skip(margin).take(rows);
            inner.flat_map(|row| row.iter().copied().skip(margin).take(columns)).collect::<Vec<f32>>()
        };
        let (mut across, mut down) = (noise(), noise());
        let lengths = across.iter().zip(&down).map(|(x, y)| (x * x + y * y).sqrt());
        let longest = lengths.fold(0.0_f32, f32::max).max(f32::MIN_POSITIVE);
        let scale = single(most) / longest;
        across.iter_mut().chain(&mut down).for_each(|value| *value *= scale);
        Self { columns, rows, step: single(step), across, down }
    }

    /// The displacement at a pixel.
    pub(super) fn at(&self, x: f32, y: f32) -> [f32; 2] {
        let spot = Spot::new(x / self.step, y / self.step, self.columns, self.rows);
        [spot.of(&self.across), spot.of(&self.down)]
    }
}

/// Shift, scale, turn and a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Warp {
    /// Pixels to the right and down.
    pub(super) shift: [f64; 2],
    pub(super) scale: f64,
    /// Degrees, clockwise.
    pub(super) turn: f64,
    pub(super) field: Option<Field>,
}

impl Warp {
    /// Of severity `s`, for a face of `face` pixels' width in a picture of this size.
    pub(super) fn drawn(s: f64, face: f64, size: (usize, usize), random: &mut Random) -> Self {
        let shift =
            [(0.008 + 0.03 * s) * random.signed() * face, (0.005 + 0.02 * s) * random.signed() * face];
        let scale = libm::exp((0.01 + 0.06 * s) * random.signed());
        let turn = (0.3 + 3.0 * s) * random.signed();
        let most = (0.004 + 0.016 * s) * face * random.unit();
        Self { shift, scale, turn, field: Some(Field::drawn(size, 0.07 * face, most, random)) }
    }

    /// A picture, scaled and turned round `centre`, then shifted. Bilinear; beyond the border lies the nearest pixel.
    pub(super) fn apply(&self, canvas: &Canvas, centre: [f64; 2]) -> Canvas {
        let (width, height) = (canvas.width, canvas.height);
        let [red, green, blue] = canvas.planes();
        let mut data = vec![0.0; canvas.data.len()];
        let (reds, rest) = data.split_at_mut(width * height);
        let (greens, blues) = rest.split_at_mut(width * height);
        let place = self.placed(centre);
        let rows = reds.chunks_exact_mut(width.max(1)).zip(greens.chunks_exact_mut(width.max(1)));
        for (y, ((reds, greens), blues)) in rows.zip(blues.chunks_exact_mut(width.max(1))).enumerate() {
            for (x, ((out_red, out_green), out_blue)) in reds.iter_mut().zip(greens).zip(blues).enumerate() {
                let [from_x, from_y] = place(x as f32, y as f32);
                let spot = Spot::new(from_x, from_y, width, height);
                (*out_red, *out_green, *out_blue) = (spot.of(red), spot.of(green), spot.of(blue));
            }
        }
        Canvas { width, height, data }
    }

    /// Where the pixel that comes to a place was before.
    pub(super) fn placed(&self, centre: [f64; 2]) -> impl Fn(f32, f32) -> [f32; 2] {
        let angle = self.turn.to_radians();
        let (cos, sin) = (single(libm::cos(angle) / self.scale), single(libm::sin(angle) / self.scale));
        let [shift_x, shift_y] = self.shift.map(single);
        let [centre_x, centre_y] = centre.map(single);
        let identity = self.shift == [0.0; 2] && self.turn == 0.0 && self.scale == 1.0;
        move |x, y| {
            let [dx, dy] = self.field.as_ref().map_or([0.0; 2], |field| field.at(x, y));
            if identity {
                // Without the rounding of a subtraction and an addition.
                return [x + dx, y + dy];
            }
            let (x, y) = (x - shift_x - centre_x, y - shift_y - centre_y);
            [cos * x + sin * y + centre_x + dx, cos * y - sin * x + centre_y + dy]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: Warp = Warp { shift: [0.0; 2], scale: 1.0, turn: 0.0, field: None };

    fn picture() -> Canvas {
        let data = (0..3 * 20 * 16).map(|i| (i * 53 % 256) as f32).collect();
        Canvas { width: 20, height: 16, data }
    }

    #[test]
    fn the_identity_keeps_every_pixel() {
        assert_eq!(STILL.apply(&picture(), [7.3, 9.1]), picture());
        let field = Field::drawn((20, 16), 4.0, 0.0, &mut Random::stream(1, 0));
        assert_eq!(Warp { field: Some(field), ..STILL }.apply(&picture(), [7.3, 9.1]), picture());
    }

    #[test]
    fn shifts_move_right_and_down() {
        let moved = Warp { shift: [2.0, 1.0], ..STILL }.apply(&picture(), [10.0, 8.0]);
        assert_eq!(moved.data[5 * 20 + 9], picture().data[4 * 20 + 7]);
        assert_eq!(moved.data[0], picture().data[0], "the border is replicated");
    }

    #[test]
    fn turns_are_clockwise_and_scales_enlarge_round_the_centre() {
        let turned = Warp { turn: 90.0, ..STILL }.placed([5.0, 5.0])(5.0, 8.0);
        assert!((turned[0] - 8.0).abs() < 1e-5 && (turned[1] - 5.0).abs() < 1e-5, "{turned:?}");
        let scaled = Warp { scale: 2.0, ..STILL }.placed([5.0, 5.0])(9.0, 5.0);
        assert_eq!(scaled, [7.0, 5.0]);
    }

    #[test]
    fn fields_are_smooth_and_as_large_as_stated() {
        let field = Field::drawn((120, 90), 10.0, 3.0, &mut Random::stream(4, 0));
        let lengths = |points: &mut dyn Iterator<Item = [f32; 2]>| {
            points.map(|[x, y]| (x * x + y * y).sqrt()).fold(0.0_f32, f32::max)
        };
        let all = || (0..90).flat_map(|y| (0..120).map(move |x| (x as f32, y as f32)));
        let most = lengths(&mut all().map(|(x, y)| field.at(x, y)));
        assert!((1.5..=3.001).contains(&most), "{most}");
        let slope = lengths(&mut all().map(|(x, y)| {
            let ([a, b], [c, d]) = (field.at(x, y), field.at(x + 1.0, y));
            [a - c, b - d]
        }));
        assert!(slope < 0.6, "{slope}");
    }

    #[test]
    fn draws_stay_within_the_recipe() {
        let mut random = Random::stream(2, 0);
        for _ in 0..50 {
            let warp = Warp::drawn(0.5, 100.0, (40, 40), &mut random);
            assert!(
                warp.shift[0].abs() <= 2.3 && warp.shift[1].abs() <= 1.5 && warp.turn.abs() <= 1.8,
                "{warp:?}"
            );
            assert!((libm::exp(-0.04)..=libm::exp(0.04)).contains(&warp.scale), "{}", warp.scale);
        }
    }
}
