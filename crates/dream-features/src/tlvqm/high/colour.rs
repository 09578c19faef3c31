//! The pass over the colour pixels: Lab, gradients and all their sums.

use pulp::Simd;

use super::lab_rows::LabRows;
use super::moments::{Moments, sum};
use super::noise::Noise;
use super::tally::Tally;
use crate::par;
use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch};
use crate::view::Yuv420View;

/// Rows above and below that the noise measure reads.
pub(super) const REACH: usize = 3;
/// Rows of one band. Fixed, so that the order of sums does not depend on the number of threads.
const BAND: usize = 128;
/// Gradients below this do not count as texture.
const FAINT: f64 = 0.01;

/// All bands of a frame.
#[derive(Debug)]
pub(super) struct Colour {
    bands: Vec<Band>,
    width: usize,
    height: usize,
}

/// What a pass computes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pass<'a> {
    /// Everything; one byte per pixel marks the saturated pixels.
    Masked(&'a [u8]),
    /// Gradient and chroma only.
    Plain,
}

impl Colour {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let bands = (0..height).step_by(BAND).map(|first| Band::new(first, BAND.min(height - first), width));
        Self { bands: bands.collect(), width, height }
    }

    pub(super) fn run(&mut self, frame: &Yuv420View<'_>, pass: Pass<'_>) -> Tally {
        par::for_each_mut(&mut self.bands, |_, band| band.run(frame, pass));
        let mut tally = Tally::default();
        for band in &self.bands {
            tally.merge(&band.tally);
        }
        tally
    }

    /// Histogram of the whole part of L, clamped to 0..=100, over unmasked pixels.
    pub(super) fn histogram(&self) -> [u64; 101] {
        std::array::from_fn(|i| self.bands.iter().map(|band| u64::from(band.histogram[i])).sum())
    }

    /// Mean over each row of vertical minus horizontal gradient, and over each column of the opposite. The first two
    /// values are 0 and the last two are left out, as [`blockiness`](super::blockiness) expects.
    pub(super) fn profiles(&self, rows: &mut Vec<f64>, columns: &mut Vec<f64>) {
        let (width, height) = (self.width, self.height);
        rows.clear();
        rows.extend(self.bands.iter().flat_map(|band| &band.row_sums).map(|sum| sum / width as f64));
        columns.clear();
        columns.resize(width, 0.0);
        for band in &self.bands {
            columns.iter_mut().zip(&band.column_sums).for_each(|(out, sum)| *out -= sum);
        }
        columns.iter_mut().for_each(|sum| *sum /= height as f64);
        for profile in [rows, columns] {
            profile.truncate(profile.len().saturating_sub(2));
            profile.iter_mut().take(2).for_each(|v| *v = 0.0);
        }
    }
}

/// The gradient of the last run.
impl Rows for Colour {
    fn width(&self) -> usize {
        self.width
    }
    fn height(&self) -> usize {
        self.height
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        if let Some(band) = self.bands.get(y / BAND) {
            out.copy_from_slice(band.gradient.row(y % BAND));
        }
    }
}

/// Some rows of a frame.
#[derive(Debug)]
struct Band {
    first: usize,
    gradient: Plane,
    tally: Tally,
    histogram: [u32; 101],
    row_sums: Vec<f64>,
    column_sums: Vec<f64>,
    lab: LabRows,
    noise: Noise,
    /// Vertical minus horizontal gradient of a row.
    difference: Vec<f64>,
    /// Distance of each column from the middle, in widths.
    offsets: Vec<f64>,
    scratch: [Vec<f64>; 4],
}

impl Band {
    fn new(first: usize, rows: usize, width: usize) -> Self {
        Self {
            first,
            gradient: Plane::zeros(width, rows),
            tally: Tally::default(),
            histogram: [0; 101],
            row_sums: vec![0.0; rows],
            column_sums: vec![0.0; width],
            lab: LabRows::new(width),
            noise: Noise::new(width),
            difference: vec![0.0; width],
            offsets: (1..=width).map(|x| x as f64 / width as f64 - 0.5).collect(),
            scratch: std::array::from_fn(|_| vec![0.0; width]),
        }
    }

    fn run(&mut self, frame: &Yuv420View<'_>, pass: Pass<'_>) {
        let (width, height) = (frame.width(), frame.height());
        self.tally = Tally::default();
        self.histogram = [0; 101];
        self.column_sums.fill(0.0);
        self.lab.start(frame);
        let mut next = self.first.saturating_sub(REACH);
        for y in self.first..self.first + self.gradient.height() {
            while next < (y + REACH + 1).min(height) {
                self.lab.load(frame, next);
                next += 1;
            }
            self.gradients(y, height);
            let [_, a, b] = [0, 1, 2].map(|channel| self.lab.row(channel, y));
            dispatch(Chroma { a, b, scratch: &mut self.scratch[0], tally: &mut self.tally });
            match pass {
                Pass::Plain => {
                    let row = self.gradient.row(y - self.first);
                    dispatch(Plain { row, scratch: &mut self.scratch[0], tally: &mut self.tally });
                }
                Pass::Masked(mask) => {
                    let mask_row = &mask[y * width..(y + 1) * width];
                    self.row_sums[y - self.first] =
                        dispatch(Profiles { difference: &self.difference, columns: &mut self.column_sums });
                    dispatch(Texture {
                        gradient: self.gradient.row(y - self.first),
                        mask: mask_row,
                        row_offset: (y + 1) as f64 / height as f64 - 0.5,
                        offsets: &self.offsets,
                        scratch: &mut self.scratch,
                        tally: &mut self.tally,
                    });
                    self.lightness(y, mask_row);
                    self.noise.row(frame, mask_row, y, &self.lab, &mut self.tally);
                }
            }
        }
    }

    /// The gradient of row `y`, 0 at the border of the image.
    fn gradients(&mut self, y: usize, height: usize) {
        let out = self.gradient.row_mut(y - self.first);
        if y == 0 || y + 1 == height {
            out.fill(0.0);
            self.difference.fill(0.0);
            return;
        }
        let lab = [0, 1, 2].map(|channel| [y - 1, y, y + 1].map(|y| self.lab.row(channel, y)));
        dispatch(Gradient { lab, gradient: out, difference: &mut self.difference });
    }

    /// Counts the whole parts of L of unmasked pixels.
    fn lightness(&mut self, y: usize, mask: &[u8]) {
        let row = self.lab.row(0, y);
        for (&l, &mask) in row.iter().zip(mask) {
            // White is 100 in exact arithmetic, and must not become 99.
            let whole = (l + 1e-9).floor().clamp(0.0, 100.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number from 0 to 100"
            )]
            let whole = whole as usize;
            self.histogram[whole] += u32::from(mask == 0);
        }
        let ends = row.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &l| [a.min(l), b.max(l)]);
        let before = self.tally.lightness.unwrap_or(ends);
        self.tally.lightness = Some([before[0].min(ends[0]), before[1].max(ends[1])]);
        self.tally.lightness_sum += row.iter().sum::<f64>();
    }
}

/// The gradient of a row from three rows of each channel.
struct Gradient<'a> {
    lab: [[&'a [f64]; 3]; 3],
    gradient: &'a mut [f64],
    difference: &'a mut [f64],
}

impl Kernel for Gradient<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        // L is divided by 100, a and b by 50, and the filter by 8.
        const SCALES: [f64; 3] = [1.0 / 800.0, 1.0 / 400.0, 1.0 / 400.0];
        let Self { lab, gradient, difference } = self;
        let width = gradient.len();
        for line in [&mut *gradient, &mut *difference] {
            line[0] = 0.0;
            line[width - 1] = 0.0;
        }
        if width < 3 {
            return;
        }
        let n = width - 2;
        let (gradient, difference) = (&mut gradient[1..=n], &mut difference[1..=n]);
        let [above, here, below] = [0, 1, 2].map(|y| [0, 1, 2].map(|channel| &lab[channel][y][..width]));
        for x in 0..n {
            let (mut vertical, mut horizontal) = (0.0, 0.0);
            for channel in 0..3 {
                let (top, middle, bottom) = (above[channel], here[channel], below[channel]);
                let scale = SCALES[channel];
                let v = (top[x] + 2.0 * top[x + 1] + top[x + 2])
                    - (bottom[x] + 2.0 * bottom[x + 1] + bottom[x + 2]);
                let w = (top[x] + 2.0 * middle[x] + bottom[x])
                    - (top[x + 2] + 2.0 * middle[x + 2] + bottom[x + 2]);
                vertical += (v * scale) * (v * scale);
                horizontal += (w * scale) * (w * scale);
            }
            gradient[x] = (vertical + horizontal).sqrt();
            difference[x] = vertical.sqrt() - horizontal.sqrt();
        }
    }
}

/// Moments of a and b.
struct Chroma<'a> {
    a: &'a [f64],
    b: &'a [f64],
    scratch: &'a mut [f64],
    tally: &'a mut Tally,
}

impl Kernel for Chroma<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.tally.a.merge(Moments::of(simd, self.a, self.scratch));
        self.tally.b.merge(Moments::of(simd, self.b, self.scratch));
    }
}

/// Moments of the gradient as it is.
struct Plain<'a> {
    row: &'a [f64],
    scratch: &'a mut [f64],
    tally: &'a mut Tally,
}

impl Kernel for Plain<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.tally.gradient.merge(Moments::of(simd, self.row, self.scratch));
    }
}

/// Adds the row to the sums of columns and returns its own sum.
struct Profiles<'a> {
    difference: &'a [f64],
    columns: &'a mut [f64],
}

impl Kernel for Profiles<'_> {
    type Output = f64;
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        for (sum, value) in self.columns.iter_mut().zip(self.difference) {
            *sum += value;
        }
        sum(simd, self.difference)
    }
}

/// Moments of the gradient without faint pixels, and the position of the texture.
struct Texture<'a> {
    gradient: &'a [f64],
    mask: &'a [u8],
    row_offset: f64,
    offsets: &'a [f64],
    scratch: &'a mut [Vec<f64>; 4],
    tally: &'a mut Tally,
}

impl Kernel for Texture<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { gradient, mask, row_offset, offsets, scratch, tally } = self;
        let n = gradient.len();
        let [kept, strength, weighted, other] = scratch.each_mut().map(|line| &mut line[..n]);
        let (mask, offsets) = (&mask[..n], &offsets[..n]);
        for i in 0..n {
            let value = gradient[i];
            let bare = if value < FAINT { 0.0 } else { value };
            kept[i] = if mask[i] == 0 { bare } else { value };
            strength[i] = if mask[i] == 0 { bare } else { 0.0 };
            weighted[i] = strength[i] * offsets[i];
        }
        tally.gradient.merge(Moments::of(simd, kept, other));
        let total = sum(simd, strength);
        tally.strength[0] += total;
        tally.strength[1] += total * row_offset;
        tally.strength[2] += sum(simd, weighted);
        // The number of pixels of the set, then their gradient times distance from the middle.
        for i in 0..n {
            other[i] = if strength[i] > 0.0 { 1.0 } else { 0.0 };
            weighted[i] = strength[i] * (row_offset * row_offset + offsets[i] * offsets[i]).sqrt();
        }
        let count = sum(simd, other);
        if count > 0.0 {
            let mean = sum(simd, weighted) / count;
            for i in 0..n {
                let deviation = other[i] * (weighted[i] - mean);
                kept[i] = deviation * deviation;
            }
            tally.spread.merge(Moments::from_parts(count, mean, sum(simd, kept)));
        }
    }
}
