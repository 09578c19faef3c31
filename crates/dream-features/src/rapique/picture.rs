//! The RGB picture of a frame, and the channels that are made from it.

use pulp::Simd;

use crate::color::{Lab8, gray_of};
use crate::error::Result;
use crate::plane::{Plane, Rows, widen};
use crate::resize::{DoubleSize, Scaled};
use crate::simd::{Kernel, dispatch, fits};
use crate::view::{RgbView, Yuv420View};

use super::filters::Filters;

/// RGB as whole numbers from 0 to 255, reduced where the frame is large.
#[derive(Debug)]
pub(super) struct Picture {
    planes: [Plane; 3],
    chroma: [DoubleSize; 2],
    lines: [Vec<f64>; 3],
    large: Plane,
    /// `ln(code + 0.1)` of each code of red, green and blue, minus its mean over the picture.
    logs: [Vec<f64>; 3],
}

impl Default for Picture {
    fn default() -> Self {
        let empty = || Plane::zeros(1, 1);
        Self {
            planes: [empty(), empty(), empty()],
            chroma: Default::default(),
            lines: Default::default(),
            large: empty(),
            logs: Default::default(),
        }
    }
}

/// How a frame is made smaller, and by which factor; nothing for one that is small enough.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) when a side has more than a million pixels.
pub(super) fn reduction(width: usize, height: usize, short_side: usize) -> Result<Option<(Scaled, f64)>> {
    let shorter = width.min(height);
    if shorter <= short_side {
        return Ok(None);
    }
    let ratio = short_side as f64 / shorter as f64;
    Ok(Some((Scaled::new(width, height, ratio)?, ratio)))
}

impl Picture {
    /// Converts a frame: chroma is enlarged, and the colours are those of the release, whose chroma is centred at 127.
    pub(super) fn read(&mut self, view: &Yuv420View<'_>, reduce: Option<&mut Scaled>) {
        let (luma, chroma) = (view.y(), [view.u(), view.v()]);
        let (width, height) = (view.width(), view.height());
        for plane in &mut self.planes {
            plane.resize(width, height);
        }
        for line in &mut self.lines {
            line.resize(width, 0.0);
        }
        for (double, plane) in self.chroma.iter_mut().zip(&chroma) {
            double.start(plane);
        }
        let [codes, u, v] = &mut self.lines;
        let [doubled_u, doubled_v] = &mut self.chroma;
        for y in 0..height {
            luma.load(y, codes);
            doubled_u.row(&chroma[0], y, u);
            doubled_v.row(&chroma[1], y, v);
            let rgb = self.planes.each_mut().map(|plane| plane.row_mut(y));
            dispatch(Convert { y: codes, u, v, rgb });
        }
        if let Some(scaled) = reduce {
            for plane in &mut self.planes {
                scaled.run(plane, &mut self.large);
                dispatch(Round { values: self.large.data_mut() });
                std::mem::swap(plane, &mut self.large);
            }
        }
        self.count();
    }

    /// Makes the tables of logarithms.
    fn count(&mut self) {
        for (table, plane) in self.logs.iter_mut().zip(&self.planes) {
            log_table(plane, table);
        }
    }

    /// Takes RGB pixels as they are.
    pub(super) fn read_rgb(&mut self, view: &RgbView<'_>) {
        for plane in &mut self.planes {
            plane.resize(view.width(), view.height());
        }
        for y in 0..view.height() {
            let pixels = view.row(y).as_chunks::<3>().0;
            for (c, plane) in self.planes.iter_mut().enumerate() {
                for (out, pixel) in plane.row_mut(y).iter_mut().zip(pixels) {
                    *out = pixel.get(c).copied().unwrap_or_default().into();
                }
            }
        }
        self.count();
    }

    fn start(&self, out: &mut Plane) {
        let [red, ..] = &self.planes;
        out.resize(red.width(), red.height());
    }

    fn rows(&self, y: usize) -> [&[f64]; 3] {
        self.planes.each_ref().map(|plane| plane.row(y))
    }

    /// Luma, rounded.
    pub(super) fn luma(&self, out: &mut Plane) {
        self.start(out);
        for y in 0..out.height() {
            dispatch(Luma { rgb: self.rows(y), out: out.row_mut(y) });
        }
    }

    /// A weighted sum of red, green and blue.
    pub(super) fn opponent(&self, weights: [f64; 3], out: &mut Plane) {
        self.start(out);
        for y in 0..out.height() {
            dispatch(Weigh { weights, rgb: self.rows(y), out: out.row_mut(y) });
        }
    }

    /// A weighted sum of the logarithms of red, green and blue, each minus its mean over the picture.
    pub(super) fn log_opponent(&self, weights: [f64; 3], out: &mut Plane) {
        self.start(out);
        let mut tables = [[0.0; 256]; 3];
        for ((table, logs), weight) in tables.iter_mut().zip(&self.logs).zip(weights) {
            for (out, value) in table.iter_mut().zip(logs) {
                *out = weight * value;
            }
        }
        let [red, green, blue] = &tables;
        for y in 0..out.height() {
            let [r, g, b] = self.rows(y);
            for (out, (r, (g, b))) in out.row_mut(y).iter_mut().zip(r.iter().zip(g.iter().zip(b))) {
                *out =
                    red[usize::from(byte(*r))] + green[usize::from(byte(*g))] + blue[usize::from(byte(*b))];
            }
        }
    }

    /// L\*, a\*, b\* as bytes, of the picture after a blur.
    pub(super) fn lab(&self, filters: &mut Filters, scratch: &mut Plane, out: &mut Lab) {
        let [red, ..] = &self.planes;
        let (width, height) = (red.width(), red.height());
        let Lab { pixels, codes } = out;
        pixels.resize(width * height, [0; 3]);
        for (c, plane) in self.planes.iter().enumerate() {
            filters.blur(plane, scratch);
            dispatch(Round { values: scratch.data_mut() });
            for (pixel, value) in pixels.iter_mut().zip(scratch.data()) {
                if let Some(code) = pixel.get_mut(c) {
                    *code = byte(*value);
                }
            }
        }
        for plane in &mut *codes {
            plane.resize(width * height, 0);
        }
        Lab8::rapique().row(pixels, codes.each_mut().map(Vec::as_mut_slice));
    }

    /// One channel of `lab` as numbers.
    pub(super) fn channel(&self, codes: &[u8], out: &mut Plane) {
        self.start(out);
        widen(codes, out.data_mut());
    }
}

/// CIELAB of a picture, 8 bits.
#[derive(Debug, Default)]
pub(super) struct Lab {
    pixels: Vec<[u8; 3]>,
    pub(super) codes: [Vec<u8>; 3],
}

/// A whole number from 0 to 255 as a byte.
fn byte(value: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let byte = value as u8;
    byte
}

/// Writes `ln(code + 0.1)` of each code, minus its mean over the plane, to `table`.
fn log_table(plane: &Plane, table: &mut Vec<f64>) {
    let mut counts = [0u64; 256];
    for &value in plane.data() {
        counts[usize::from(byte(value))] += 1;
    }
    table.clear();
    table.extend((0..=u8::MAX).map(|code| libm::log(f64::from(code) + 0.1)));
    let sum: f64 = table.iter().zip(counts).map(|(value, count)| value * count as f64).sum();
    let mean = sum / plane.data().len() as f64;
    table.iter_mut().for_each(|value| *value -= mean);
}

struct Convert<'a> {
    y: &'a [f64],
    u: &'a [f64],
    v: &'a [f64],
    rgb: [&'a mut [f64]; 3],
}

impl Kernel for Convert<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        const CENTRE: f64 = 127.0;
        let [r, g, b] = self.rgb;
        let n = r.len();
        if !fits([self.y.len(), self.u.len(), self.v.len(), g.len(), b.len()] == [n; 5]) {
            return;
        }
        let (y, u, v) = (&self.y[..n], &self.u[..n], &self.v[..n]);
        let (r, g, b) = (&mut r[..n], &mut g[..n], &mut b[..n]);
        for i in 0..n {
            let (u, v) = (u[i] - CENTRE, v[i] - CENTRE);
            r[i] = whole(y[i] + 1.4022 * v);
            g[i] = whole(y[i] - 0.3456 * u - 0.7145 * v);
            b[i] = whole(y[i] + 1.771 * u);
        }
    }
}

/// The nearest whole number from 0 to 255, halves up.
#[inline(always)]
fn whole(value: f64) -> f64 {
    (value + 0.5).floor().clamp(0.0, 255.0)
}

struct Round<'a> {
    values: &'a mut [f64],
}

impl Kernel for Round<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for value in self.values {
            *value = whole(*value);
        }
    }
}

struct Luma<'a> {
    rgb: [&'a [f64]; 3],
    out: &'a mut [f64],
}

impl Kernel for Luma<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [r, g, b] = self.rgb;
        for (out, (r, (g, b))) in self.out.iter_mut().zip(r.iter().zip(g.iter().zip(b))) {
            *out = (gray_of([*r, *g, *b]) + 0.5).floor();
        }
    }
}

struct Weigh<'a> {
    weights: [f64; 3],
    rgb: [&'a [f64]; 3],
    out: &'a mut [f64],
}

impl Kernel for Weigh<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let ([r, g, b], weights) = (self.rgb, self.weights);
        for (out, (r, (g, b))) in self.out.iter_mut().zip(r.iter().zip(g.iter().zip(b))) {
            *out = weights[0] * r + weights[1] * g + weights[2] * b;
        }
    }
}
