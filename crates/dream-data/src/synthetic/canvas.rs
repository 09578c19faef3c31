//! A frame in single-precision RGB, and its conversion to bytes.

use crate::frames::frame::{Pixels, Plane};
use crate::random::SplitMix64;

/// Red, green, blue, 0 to 255.
pub(super) type Rgb = [f32; 3];

/// Rows of pixels.
#[derive(Debug, Clone, Default)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[0.0; 3]; width * height] }
    }

    pub(super) fn from_bytes(width: usize, height: usize, rgb: &[u8]) -> Self {
        let mut canvas = Self::new(width, height);
        for (pixel, bytes) in canvas.pixels.iter_mut().zip(rgb.as_chunks::<3>().0) {
            *pixel = bytes.map(f32::from);
        }
        canvas
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Calls `paint` with the centre of every pixel.
    pub(super) fn each(&mut self, paint: impl FnMut(f32, f32, &mut Rgb)) {
        self.each_in((0.0, 0.0), (self.width as f32, self.height as f32), paint);
    }

    /// Calls `paint` with the centres of the pixels of a rectangle, within the canvas.
    pub(super) fn each_in(
        &mut self,
        low: (f32, f32),
        high: (f32, f32),
        mut paint: impl FnMut(f32, f32, &mut Rgb),
    ) {
        let (left, right) = (whole(low.0, self.width), whole(high.0 + 1.0, self.width));
        let (top, bottom) = (whole(low.1, self.height), whole(high.1 + 1.0, self.height));
        let rows = self.pixels.chunks_exact_mut(self.width.max(1)).enumerate();
        for (y, row) in rows.take(bottom).skip(top) {
            for (x, pixel) in row.iter_mut().enumerate().take(right).skip(left) {
                paint(x as f32 + 0.5, y as f32 + 0.5, pixel);
            }
        }
    }

    /// Bilinear, with the border pixels replicated.
    pub(super) fn sample(&self, x: f32, y: f32) -> Rgb {
        let (x, y) = (x - 0.5, y - 0.5);
        let (fx, fy) = (x - libm::floorf(x), y - libm::floorf(y));
        let (left, top) = (whole(x, self.width), whole(y, self.height));
        // Left of the border both samples are equal, so the fraction does not matter.
        let right = whole(x + 1.0, self.width);
        let bottom = whole(y + 1.0, self.height);
        let above = mix(self.at(left, top), self.at(right, top), fx);
        let below = mix(self.at(left, bottom), self.at(right, bottom), fx);
        mix(above, below, fy)
    }

    /// The pixel itself, with the border pixels replicated.
    pub(super) fn at(&self, x: usize, y: usize) -> Rgb {
        let (x, y) = (x.min(self.width.saturating_sub(1)), y.min(self.height.saturating_sub(1)));
        self.pixels.get(y * self.width + x).copied().unwrap_or_default()
    }

    /// Copies another canvas, reusing memory.
    pub(super) fn copy(&mut self, other: &Self) {
        (self.width, self.height) = (other.width, other.height);
        self.pixels.clone_from(&other.pixels);
    }

    /// Means of squares of `2 * radius + 1` pixels, twice, which is nearly a Gaussian.
    pub(super) fn blurred(&self, radius: usize) -> Self {
        let mut canvas = self.clone();
        for _ in 0..2 {
            canvas = canvas.blurred_rows(radius).turned().blurred_rows(radius).turned();
        }
        canvas
    }

    /// Squares of `size` pixels replaced by their means, with straight lines between: few pixels made large again.
    pub(super) fn coarsened(&self, size: f32) -> Self {
        let size = size.max(1.0);
        let cells = |side: usize| whole(libm::ceilf(side as f32 / size), side).max(1);
        let mut small = Self::new(cells(self.width), cells(self.height));
        let samples = whole(libm::ceilf(size), 64);
        let part = |i: usize| (i as f32 + 0.5) / samples as f32 - 0.5;
        small.each(|x, y, pixel| {
            let mut sum = [0.0; 3];
            for (i, j) in (0..samples).flat_map(|j| (0..samples).map(move |i| (i, j))) {
                let one = self.sample((x + part(i)) * size, (y + part(j)) * size);
                sum = [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]];
            }
            *pixel = sum.map(|value| value / (samples * samples) as f32);
        });
        let mut canvas = Self::new(self.width, self.height);
        canvas.each(|x, y, pixel| *pixel = small.sample(x / size, y / size));
        canvas
    }

    fn blurred_rows(&self, radius: usize) -> Self {
        let mut canvas = Self::new(self.width, self.height);
        let count = (2 * radius + 1) as f32;
        for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
            let (x, y) = (i % self.width.max(1), i / self.width.max(1));
            let mut sum = [0.0; 3];
            for step in 0..=2 * radius {
                let other = self.at((x + step).saturating_sub(radius), y);
                sum = [sum[0] + other[0], sum[1] + other[1], sum[2] + other[2]];
            }
            *pixel = sum.map(|value| value / count);
        }
        canvas
    }

    fn turned(&self) -> Self {
        let mut canvas = Self::new(self.height, self.width);
        for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
            *pixel = self.at(i / self.height.max(1), i % self.height.max(1));
        }
        canvas
    }

    /// 8-bit R, G, B.
    pub(super) fn to_rgb(&self) -> Vec<u8> {
        self.pixels.iter().flat_map(|pixel| pixel.map(byte)).collect()
    }

    /// 8-bit Y'CbCr 4:2:0 of limited range by the matrix of Rec. 601: all planes, one after the other.
    pub(super) fn to_yuv420(&self, planes: &mut Vec<u8>) {
        planes.clear();
        let luma = |[r, g, b]: Rgb| 16.0 + (65.481 * r + 128.553 * g + 24.966 * b) / 255.0;
        planes.extend(self.pixels.iter().map(|&pixel| byte(luma(quantised(pixel)))));
        let blue = |[r, g, b]: Rgb| 128.0 + (-37.797 * r - 74.203 * g + 112.0 * b) / 255.0;
        let red = |[r, g, b]: Rgb| 128.0 + (112.0 * r - 93.786 * g - 18.214 * b) / 255.0;
        for of in [blue, red] as [fn(Rgb) -> f32; 2] {
            for y in 0..self.height.div_ceil(2) {
                for x in 0..self.width.div_ceil(2) {
                    let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
                    let four = four.map(|(dx, dy)| of(quantised(self.at(2 * x + dx, 2 * y + dy))));
                    planes.push(byte((four[0] + four[1] + four[2] + four[3]) / 4.0));
                }
            }
        }
    }
}

/// The planes of [`Canvas::to_yuv420`].
pub(super) fn yuv420(planes: &[u8], width: usize, height: usize) -> Option<Pixels<'_>> {
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let (y, chroma) = planes.split_at_checked(width * height)?;
    let (u, v) = chroma.split_at_checked(half_width * half_height)?;
    let half = |data| Plane::new(data, half_width, half_height, half_width);
    Some(Pixels::Yuv420 { y: Plane::new(y, width, height, width)?, u: half(u)?, v: half(v)? })
}

/// The video is made from 8-bit RGB, so a still shows the same pixels as a clip.
fn quantised(pixel: Rgb) -> Rgb {
    pixel.map(|value| f32::from(byte(value)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 255.0) + 0.5) as u8
}

/// The whole part, within `0..=limit`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn whole(value: f32, limit: usize) -> usize {
    (value.max(0.0) as usize).min(limit)
}

/// `from` at 0, `to` at 1.
pub(super) fn mix(from: Rgb, to: Rgb, share: f32) -> Rgb {
    let one = |from: f32, to: f32| from + (to - from) * share;
    [one(from[0], to[0]), one(from[1], to[1]), one(from[2], to[2])]
}

/// 0 below `low`, 1 above `high`, smooth in between; falls if `high < low`.
pub(super) fn step(low: f32, high: f32, value: f32) -> f32 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A number from -1 to 1 that looks random and depends only on its arguments.
pub(super) fn hash(seed: u64, a: u64, b: u64) -> f32 {
    let bits = SplitMix64::stream(seed ^ a.wrapping_mul(0x9e6c_63d0_876a_68ef), b).next() >> 40;
    bits as f32 / (1_u64 << 23) as f32 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the definition of Rec. 601 in 8 bits, as tables of colour bars give them.
    #[test]
    fn colours_become_the_bytes_of_rec_601() {
        for (rgb, wanted) in [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
        ] {
            let mut planes = Vec::new();
            Canvas::from_bytes(2, 2, &rgb.repeat(4)).to_yuv420(&mut planes);
            assert_eq!([planes[0], planes[4], planes[5]], wanted, "{rgb:?}");
            assert_eq!(planes.len(), 6);
        }
    }

    #[test]
    fn samples_and_blur() {
        let canvas = Canvas::from_bytes(2, 1, &[0, 0, 0, 100, 100, 100]);
        assert_eq!(canvas.sample(1.0, 0.5)[0], 50.0);
        assert_eq!((canvas.sample(-9.0, -9.0)[0], canvas.sample(9.0, 9.0)[0]), (0.0, 100.0));
        assert_eq!(Canvas::from_bytes(3, 2, &[7; 18]).blurred(2).to_rgb(), [7; 18]);
        assert!((0..1000).all(|i| hash(1, i, 2).abs() <= 1.0));
        assert_eq!((step(0.0, 1.0, -1.0), step(1.0, 0.0, -1.0), step(0.0, 2.0, 1.0)), (0.0, 1.0, 0.5));
    }
}
