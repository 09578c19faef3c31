//! Pictures in single precision: what the steps of the recipe work on.

use dream_models::preprocess::{FloatFilter, resize_planes};

use super::{Error, Plane, Result, Rgb};

/// Planes of red, green and blue, 0 to 255, one behind the other. Steps may leave that range; bytes end it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<f32>,
}

impl Canvas {
    /// The part of a picture of `width` x `height` pixels at column `left` and row `top`, which must lie in it.
    pub(super) fn part(picture: &Rgb, [left, top, width, height]: [usize; 4]) -> Result<Self> {
        picture.check()?;
        let mut data = vec![0.0; 3 * width * height];
        let (red, rest) = data.split_at_mut(width * height);
        let (green, blue) = rest.split_at_mut(width * height);
        let rows = picture.data.chunks_exact(3 * picture.width.max(1)).skip(top).take(height);
        let pixels = rows.flat_map(|row| row.as_chunks::<3>().0.iter().skip(left).take(width));
        for (((&[r, g, b], red), green), blue) in pixels.zip(red).zip(green).zip(blue) {
            (*red, *green, *blue) = (f32::from(r), f32::from(g), f32::from(b));
        }
        Ok(Self { width, height, data })
    }

    /// All of a picture.
    #[cfg(test)]
    pub(super) fn of(picture: &Rgb) -> Result<Self> {
        Self::part(picture, [0, 0, picture.width, picture.height])
    }

    /// Rounds to bytes, halves up.
    pub(super) fn to_rgb(&self) -> Rgb {
        let [red, green, blue] = self.planes();
        let pixels = red.iter().zip(green).zip(blue);
        let data = pixels.flat_map(|((r, g), b)| [r, g, b].map(|value| byte(*value))).collect();
        Rgb { width: self.width, height: self.height, data }
    }

    pub(super) fn planes(&self) -> [&[f32]; 3] {
        let (red, rest) = self.data.split_at(self.width * self.height);
        let (green, blue) = rest.split_at(self.width * self.height);
        [red, green, blue]
    }

    /// Calls `paint` with every pixel.
    pub(super) fn each(&mut self, mut paint: impl FnMut([f32; 3]) -> [f32; 3]) {
        let (red, rest) = self.data.split_at_mut(self.width * self.height);
        let (green, blue) = rest.split_at_mut(self.width * self.height);
        for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
            [*red, *green, *blue] = paint([*red, *green, *blue]);
        }
    }

    /// A Gaussian of a deviation of `sigma` pixels, with the border pixels replicated.
    pub(super) fn blurred(&self, sigma: f64) -> Self {
        let data = self.planes().into_iter().flat_map(|plane| blurred(plane, self.width, sigma)).collect();
        Self { width: self.width, height: self.height, data }
    }

    /// Adds `amount` times what a blur with a deviation of `sigma` pixels takes away.
    pub(super) fn sharpened(&self, sigma: f64, amount: f64) -> Self {
        let mut blurred = self.blurred(sigma);
        let amount = single(amount);
        for (value, sharp) in blurred.data.iter_mut().zip(&self.data) {
            *value = within(sharp + amount * (sharp - *value));
        }
        blurred
    }

    /// The mean of all values.
    pub(super) fn mean(&self) -> f64 {
        self.data.iter().copied().map(f64::from).sum::<f64>() / self.data.len().max(1) as f64
    }

    /// Other numbers of pixels.
    pub(super) fn resized(&self, (width, height): (usize, usize), filter: FloatFilter) -> Result<Self> {
        let mut data = resize_planes(&self.data, (self.width, self.height), (width, height), filter)?;
        data.iter_mut().for_each(|value| *value = within(*value));
        Ok(Self { width, height, data })
    }

    /// Fewer pixels, each the mean of the area that it covers.
    pub(super) fn reduced(&self, (width, height): (usize, usize)) -> Self {
        let across = |plane: &[f32]| reduced(plane, self.width, width);
        let planes = self.planes().into_iter().flat_map(|plane| {
            // Rows, then rows of what lies on its side.
            let lying = turned(&across(plane), width, self.height);
            turned(&reduced(&lying, self.height, height), height, width)
        });
        let data = planes.collect();
        Self { width, height, data }
    }

    /// This where the mask is 1, `other` where it is 0.
    pub(super) fn blended(&self, other: &Self, mask: &Plane) -> Self {
        let weights = || mask.data.iter().cycle();
        let pairs = self.data.iter().zip(&other.data).zip(weights());
        let data = pairs.map(|((own, other), m)| own * m + other * (1.0 - m)).collect();
        Self { width: self.width, height: self.height, data }
    }
}

impl Rgb {
    /// # Errors
    /// When bytes and size do not fit, or there is no pixel.
    pub(crate) fn check(&self) -> Result<()> {
        let (width, height, found) = (self.width, self.height, self.data.len());
        let expected = width.saturating_mul(height).saturating_mul(3);
        if found == expected && found > 0 {
            return Ok(());
        }
        Err(Error::Length { width, height, expected, found })
    }
}

/// A plane after a Gaussian of a deviation of `sigma` entries; the border is replicated.
pub(super) fn blurred(plane: &[f32], width: usize, sigma: f64) -> Vec<f32> {
    let weights = gaussian(sigma);
    let radius = weights.len() / 2;
    let height = plane.len() / width.max(1);
    let mut across = vec![0.0; plane.len()];
    let mut padded = Vec::with_capacity(width + 2 * radius);
    for (row, out) in plane.chunks_exact(width.max(1)).zip(across.chunks_exact_mut(width.max(1))) {
        let (first, last) = (row.first().copied(), row.last().copied());
        padded.clear();
        padded.extend(std::iter::repeat_n(first.unwrap_or_default(), radius));
        padded.extend_from_slice(row);
        padded.extend(std::iter::repeat_n(last.unwrap_or_default(), radius));
        for (window, weight) in padded.windows(width.max(1)).zip(&weights) {
            add(out, window, *weight);
        }
    }
    let mut out = vec![0.0; plane.len()];
    for (y, out) in out.chunks_exact_mut(width.max(1)).enumerate() {
        for (step, weight) in weights.iter().enumerate() {
            let from = (y + step).saturating_sub(radius).min(height.saturating_sub(1)) * width;
            add(out, across.get(from..from + width).unwrap_or_default(), *weight);
        }
    }
    out
}

/// The order of these sums is that of the weights, for every width of the machine's vectors.
fn add(out: &mut [f32], row: &[f32], weight: f32) {
    for (out, value) in out.iter_mut().zip(row) {
        *out += weight * value;
    }
}

/// Weights that add up to 1, three deviations to each side. One weight for a `sigma` of 0.
fn gaussian(sigma: f64) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil().clamp(0.0, 4096.0);
    let steps = index(2.0 * radius + 1.0);
    let spread = (2.0 * sigma * sigma).max(f64::MIN_POSITIVE);
    let weight = |step: usize| {
        let distance = step as f64 - radius;
        libm::exp(-distance * distance / spread)
    };
    let total: f64 = (0..steps).map(weight).sum();
    (0..steps).map(|step| single(weight(step) / total)).collect()
}

/// Rows of `from` entries as rows of `to` entries, each the mean of what it covers.
fn reduced(plane: &[f32], from: usize, to: usize) -> Vec<f32> {
    let scale = from as f64 / to.max(1) as f64;
    let cover = |at: usize| {
        let (start, end) = (at as f64 * scale, (at + 1) as f64 * scale);
        let first = index(start.floor());
        let share = move |i: usize| (end.min((i + 1) as f64) - start.max(i as f64)).max(0.0) / scale;
        (first, (first..index(end.ceil()).min(from)).map(|i| single(share(i))).collect::<Vec<_>>())
    };
    let covers: Vec<_> = (0..to).map(cover).collect();
    let rows = plane.chunks_exact(from.max(1));
    let mean = |row: &[f32], (first, shares): &(usize, Vec<f32>)| {
        row.iter().skip(*first).zip(shares).map(|(value, share)| value * share).sum()
    };
    rows.flat_map(|row| covers.iter().map(move |cover| mean(row, cover))).collect()
}

/// Rows as columns.
fn turned(plane: &[f32], width: usize, height: usize) -> Vec<f32> {
    let column = |x: usize| (0..height).map(move |y| plane.get(y * width + x).copied().unwrap_or_default());
    (0..width).flat_map(column).collect()
}

/// Rows between rows and columns between columns: where a point lies in a plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    corners: [usize; 4],
    across: f32,
    down: f32,
}

impl Spot {
    /// Of `x` and `y`, counted from the middle of the first pixel. Beyond the border it is the nearest point of it.
    pub(super) fn new(x: f32, y: f32, width: usize, height: usize) -> Self {
        let side = |at: f32, size: usize| {
            let last = size.saturating_sub(1);
            let at = at.clamp(0.0, last as f32);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=last")]
            let first = at as usize;
            (first, (first + 1).min(last), at - first as f32)
        };
        let ((left, right, across), (top, bottom, down)) = (side(x, width), side(y, height));
        let corners =
            [top * width + left, top * width + right, bottom * width + left, bottom * width + right];
        Self { corners, across, down }
    }

    /// Bilinear.
    pub(super) fn of(&self, plane: &[f32]) -> f32 {
        let [above, above_right, below, below_right] =
            self.corners.map(|corner| plane.get(corner).copied().unwrap_or_default());
        let upper = above + (above_right - above) * self.across;
        let lower = below + (below_right - below) * self.across;
        upper + (lower - upper) * self.down
    }
}

/// Rounds to a byte, halves up.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and that is meant")]
pub(super) fn byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

/// The range of bytes.
pub(super) fn within(value: f32) -> f32 {
    value.clamp(0.0, 255.0)
}

#[expect(clippy::cast_possible_truncation, reason = "pixels and weights are single precision")]
pub(super) fn single(value: f64) -> f32 {
    value as f32
}

/// A number of pixels; 0 for what is below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and that is meant")]
pub(super) fn index(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Canvas {
        let data = (0..3 * width * height).map(|i| (i * 37 % 251) as f32).collect();
        Canvas { width, height, data }
    }

    #[test]
    fn bytes_come_back_and_parts_are_cut_where_they_are() {
        let data: Vec<u8> = (0..4 * 3 * 3).collect();
        let picture = Rgb { width: 4, height: 3, data };
        assert_eq!(Canvas::of(&picture).unwrap().to_rgb(), picture);
        let part = Canvas::part(&picture, [2, 1, 2, 1]).unwrap().to_rgb();
        assert_eq!(part.data, [18, 19, 20, 21, 22, 23]);
        let short = Rgb { width: 4, height: 4, ..picture };
        assert!(matches!(Canvas::of(&short), Err(Error::Length { expected: 48, found: 36, .. })));
        assert!(Canvas::of(&Rgb { width: 0, height: 0, data: Vec::new() }).is_err());
    }

    #[test]
    fn blurs_keep_flat_planes_and_the_sum_of_a_point() {
        let flat = blurred(&[7.0; 30], 6, 2.5);
        assert!(flat.iter().all(|value| (value - 7.0).abs() < 1e-4), "{flat:?}");
        let mut point = vec![0.0; 41 * 41];
        point[20 * 41 + 20] = 1000.0;
        let wide = blurred(&point, 41, 2.0);
        assert!((wide.iter().sum::<f32>() - 1000.0).abs() < 0.01);
        // The density of a Gaussian of two dimensions at its centre and a deviation away.
        let density = |r2: f64| single(1000.0 / (8.0 * std::f64::consts::PI) * libm::exp(-r2 / 8.0));
        assert!((wide[20 * 41 + 20] - density(0.0)).abs() < 0.3, "{}", wide[20 * 41 + 20]);
        assert!((wide[20 * 41 + 22] - density(4.0)).abs() < 0.3, "{}", wide[20 * 41 + 22]);
        assert_eq!(blurred(&point, 41, 0.0), point);
    }

    #[test]
    fn areas_keep_their_mean() {
        let canvas = Canvas { width: 5, height: 1, data: [0.0, 10.0, 20.0, 30.0, 40.0].repeat(3) };
        let half = canvas.reduced((2, 1));
        // Pixel 2 lies in both halves.
        let expected = [(0.0 + 10.0 + 0.5 * 20.0) / 2.5, (0.5 * 20.0 + 30.0 + 40.0) / 2.5];
        assert!(half.data.iter().zip(expected.repeat(3)).all(|(a, b)| (a - b).abs() < 1e-4), "{half:?}");
        let picture = ramp(12, 9);
        assert!((picture.reduced((4, 3)).mean() - picture.mean()).abs() < 1e-3);
        assert_eq!(picture.reduced((12, 9)), picture);
    }

    #[test]
    fn a_mask_of_0_or_1_takes_one_picture() {
        let (one, other) = (ramp(4, 3), ramp(4, 3).blurred(2.0));
        let mask = |value: f32| Plane { width: 4, height: 3, data: vec![value; 12] };
        assert_eq!(one.blended(&other, &mask(1.0)), one);
        assert_eq!(one.blended(&other, &mask(0.0)), other);
        let mixed = one.blended(&other, &mask(0.25));
        let expected = 0.25 * one.data[5] + 0.75 * other.data[5];
        assert!((mixed.data[5] - expected).abs() < 1e-4);
    }

    #[test]
    fn spots_are_bilinear_and_stay_in_the_plane() {
        let plane = [0.0, 10.0, 20.0, 30.0];
        let at = |x, y| Spot::new(x, y, 2, 2).of(&plane);
        assert_eq!([at(0.0, 0.0), at(1.0, 0.0), at(0.5, 0.5), at(0.0, 0.25)], [0.0, 10.0, 15.0, 5.0]);
        assert_eq!([at(-9.0, -9.0), at(9.0, 9.0), at(9.0, -1.0)], [0.0, 30.0, 10.0]);
    }

    #[test]
    fn sharpening_adds_what_blurring_takes() {
        let canvas = ramp(9, 9);
        assert_eq!(canvas.sharpened(1.2, 0.0), canvas);
        let mut step =
            Canvas { width: 8, height: 1, data: [100.0; 4].into_iter().chain([150.0; 4]).collect() };
        step.data = step.data.repeat(3);
        let sharp = step.sharpened(1.2, 1.0);
        assert!(sharp.data[3] < 99.0 && sharp.data[4] > 151.0, "{sharp:?}");
    }
}
