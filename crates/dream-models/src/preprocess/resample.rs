//! Pillow's resampling of 8-bit images.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::view::ImageView;
use crate::simd::{self, Kernel};
use crate::{Error, Result};

/// Longest side of a resized image, in pixels.
pub const MAX_SIDE: usize = 1 << 15;

/// How pixels between pixels are made. Both filters widen when an image gets smaller, so nothing is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Interpolation {
    /// The triangle, 2 pixels wide.
    Bilinear,
    /// Keys' cubic with a = -0.5, 4 pixels wide.
    #[default]
    Bicubic,
}

impl Interpolation {
    /// Half the width of the filter, in pixels of the smaller of the two images.
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    fn weight(self, distance: f64) -> f64 {
        const A: f64 = -0.5;
        let x = distance.abs();
        match self {
            Self::Bilinear if x < 1.0 => 1.0 - x,
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            _ => 0.0,
        }
    }
}

/// Owned packed 8-bit pixels, without padding between rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resized {
    /// `height` rows of `width` pixels in the layout of the source.
    pub data: Vec<u8>,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

/// Resizes to `width` x `height`, bit for bit as Pillow's `Image.resize` does.
///
/// Two passes, horizontal then vertical, each with weights of 22 binary places and rounding to 8 bits.
///
/// # Errors
/// [`Error::InvalidConfig`] for a side of 0 or above [`MAX_SIDE`].
///
/// # Example
/// ```
/// use dream_models::preprocess::{ImageView, Interpolation, PixelLayout, resize};
///
/// let step = ImageView::new(&[0, 0, 255, 255], 4, 1, 4, PixelLayout::Gray)?;
/// assert_eq!(resize(&step, 2, 1, Interpolation::Bilinear)?.data, [36, 219]);
/// assert_eq!(resize(&step, 4, 2, Interpolation::Bicubic)?.data, [0, 0, 255, 255, 0, 0, 255, 255]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
/// Pillow, `Image.resize`; R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981.
#[doc(alias("Resize", "BICUBIC"))]
pub fn resize(
    view: &ImageView<'_>,
    width: usize,
    height: usize,
    interpolation: Interpolation,
) -> Result<Resized> {
    for (field, side) in [("width", width), ("height", height)] {
        if side == 0 || side > MAX_SIDE {
            let expected = "1 to 32768 pixels";
            return Err(Error::InvalidConfig { field, value: side as f64, expected });
        }
    }
    Ok(resize_part(view, (width, height), (0..width, 0..height), interpolation))
}

/// The part `columns` x `rows` of the image resized to `full`, and nothing else of it: the memory needed does not
/// depend on `full`. The ranges lie within `full` and are not empty.
pub(super) fn resize_part(
    view: &ImageView<'_>,
    full: (usize, usize),
    (columns, rows): (Range<usize>, Range<usize>),
    interpolation: Interpolation,
) -> Resized {
    let (width, height) = (columns.len(), rows.len());
    let across = Axis::new(view.width(), full.0, columns, interpolation);
    let down = Axis::new(view.height(), full.1, rows, interpolation);
    let data = match view.layout().bytes() {
        1 => simd::dispatch(Passes::<1> { view, across, down }),
        _ => simd::dispatch(Passes::<3> { view, across, down }),
    };
    Resized { data, width, height }
}

/// Binary places of the weights: a byte times a weight, summed, fits 32 bits with its sign.
const PLACES: u32 = 22;

/// The weights of one direction: for every position of the output a run of input positions.
struct Axis {
    /// First input position and number of weights.
    runs: Vec<(usize, usize)>,
    /// `longest` weights for each output position.
    weights: Vec<i32>,
    longest: usize,
    /// Nothing changes in this direction: every output is one input, and the first one is this.
    copied: Option<usize>,
}

impl Axis {
    fn new(input: usize, output: usize, wanted: Range<usize>, interpolation: Interpolation) -> Self {
        if input == output {
            let copied = Some(wanted.start);
            let runs: Vec<_> = wanted.map(|at| (at, 1)).collect();
            return Self { weights: vec![1 << PLACES; runs.len()], runs, longest: 1, copied };
        }
        let scale = input as f64 / output as f64;
        let widening = scale.max(1.0);
        let support = interpolation.support() * widening;
        let mut exact = Vec::new();
        let mut all = Vec::with_capacity(wanted.len());
        for at in wanted {
            let centre = (at as f64 + 0.5) * scale;
            let (first, end) = (cut(centre - support + 0.5, input), cut(centre + support + 0.5, input));
            let from = exact.len();
            // A window between the last pixel and the border never occurs: centres lie within the image.
            exact.extend(
                (first..end).map(|position| {
                    interpolation.weight((position as f64 - centre + 0.5) * (1.0 / widening))
                }),
            );
            all.push((first, from..exact.len()));
        }
        let longest = all.iter().map(|(_, run)| run.len()).max().unwrap_or(0);
        let mut weights = vec![0; longest * all.len()];
        let mut runs = Vec::with_capacity(all.len());
        for ((first, run), out) in all.into_iter().zip(weights.chunks_mut(longest.max(1))) {
            let run = exact.get(run).unwrap_or_default();
            let total: f64 = run.iter().sum();
            for (out, weight) in out.iter_mut().zip(run) {
                *out = fixed(if total == 0.0 { *weight } else { weight / total });
            }
            runs.push((first, run.len()));
        }
        Self { runs, weights, longest, copied: None }
    }

    /// Input positions of output number `at`, and their weights.
    #[inline(always)]
    fn at(&self, at: usize) -> (usize, &[i32]) {
        let Some(&(first, len)) = self.runs.get(at) else { return (0, &[]) };
        let from = at * self.longest;
        (first, self.weights.get(from..from + len).unwrap_or_default())
    }

    /// Input positions of the outputs `from..to`. Neither starts nor ends ever go back.
    #[inline(always)]
    fn span(&self, from: usize, to: usize) -> Range<usize> {
        let start = self.runs.get(from).map_or(0, |run| run.0);
        let end = self.runs.get(to.saturating_sub(1)).map_or(start, |(first, len)| first + len);
        start..end.max(start)
    }
}

/// `at` without its fraction, within `0..=size`.
fn cut(at: f64, size: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the fraction is cut on purpose"
    )]
    let cut = at.max(0.0) as usize;
    cut.min(size)
}

/// The nearest multiple of 2^-22, halves away from zero.
fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1u32 << PLACES);
    #[expect(clippy::cast_possible_truncation, reason = "weights are at most 1.3, and the fraction is cut")]
    let fixed = (scaled + if weight < 0.0 { -0.5 } else { 0.5 }) as i32;
    fixed
}

/// Half a level, so that cutting rounds.
const HALF: i32 = 1 << (PLACES - 1);

#[inline(always)]
fn level(sum: i32) -> u8 {
    #[expect(clippy::cast_sign_loss, reason = "clamped to 0..=255")]
    let level = (sum >> PLACES).clamp(0, 255) as u8;
    level
}

/// Rows that go through the horizontal pass side by side, one in each lane.
const LANES: usize = 16;
/// Input columns that are turned around at once, unless a single output needs more.
const COLUMNS: usize = 512;

/// Both passes over pixels of `N` bytes. Rows that the horizontal pass has made are kept as long as the vertical pass
/// needs them.
struct Passes<'a, const N: usize> {
    view: &'a ImageView<'a>,
    across: Axis,
    down: Axis,
}

impl<const N: usize> Kernel for Passes<'_, N> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<u8> {
        let Self { view, across, down } = self;
        let row_bytes = across.runs.len() * N;
        let mut out = vec![0; row_bytes * down.runs.len()];
        // Rows `base..` of the input after the horizontal pass.
        let (mut made, mut base) = (Vec::new(), down.span(0, 1).start);
        let last = down.span(0, down.runs.len()).end;
        let mut scratch = Scratch::default();
        for (at, out) in out.chunks_exact_mut(row_bytes).enumerate() {
            let (first, weights) = down.at(at);
            while base * row_bytes + made.len() < (first + weights.len()) * row_bytes {
                let next = base + made.len() / row_bytes;
                let rows = next..(next + LANES).min(last);
                horizontal::<N>(view, &across, rows, &mut scratch, &mut made);
            }
            let stale = first.saturating_sub(base);
            if stale * row_bytes * 2 > made.len() {
                made.drain(..stale * row_bytes);
                base = first;
            }
            let made = made.get((first - base) * row_bytes..).unwrap_or_default();
            if down.copied.is_some() {
                out.iter_mut().zip(made).for_each(|(out, value)| *out = *value);
            } else {
                vertical(made, row_bytes, weights, out);
            }
        }
        out
    }
}

/// Columns of one byte per lane: of the input, and of the output.
#[derive(Default)]
struct Scratch {
    turned: Vec<[u8; LANES]>,
    levels: Vec<[u8; LANES]>,
}

/// Swaps rows and columns of 8x8 bytes: byte `j` of number `i` becomes byte `i` of number `j`. In ever smaller blocks.
#[inline(always)]
fn turn(mut eight: [u64; 8]) -> [u64; 8] {
    const MASKS: [(usize, u32, u64); 3] =
        [(4, 32, 0xFFFF_FFFF), (2, 16, 0xFFFF_0000_FFFF), (1, 8, 0x00FF_00FF_00FF_00FF)];
    for (apart, shift, mask) in MASKS {
        for low in (0..8).filter(|at| at & apart == 0) {
            let swapped = ((eight[low] >> shift) ^ eight[low + apart]) & mask;
            eight[low] ^= swapped << shift;
            eight[low + apart] ^= swapped;
        }
    }
    eight
}

/// Writes byte `j` of all lines to column `j`, 0 where a line has ended.
#[inline(always)]
fn turn_in(lines: &[&[u8]; LANES], columns: &mut [[u8; LANES]]) {
    let (blocks, rest) = columns.as_chunks_mut::<8>();
    let done = blocks.len() * 8;
    for (number, block) in blocks.iter_mut().enumerate() {
        for (half, lines) in lines.as_chunks::<8>().0.iter().enumerate() {
            let part = |line: &[u8]| line.get(number * 8..).and_then(|line| line.first_chunk().copied());
            let eight = turn(lines.map(|line| part(line).map_or(0, u64::from_le_bytes)));
            for (column, value) in block.iter_mut().zip(eight) {
                if let Some(place) = column.as_chunks_mut::<8>().0.get_mut(half) {
                    *place = value.to_le_bytes();
                }
            }
        }
    }
    for (number, column) in rest.iter_mut().enumerate() {
        for (place, line) in column.iter_mut().zip(lines) {
            *place = line.get(done + number).copied().unwrap_or_default();
        }
    }
}

/// The way back: rows of `row_bytes` in `made`, as many as there are, from byte `start` on.
#[inline(always)]
fn turn_out(columns: &[[u8; LANES]], made: &mut [u8], row_bytes: usize, start: usize) {
    let (blocks, rest) = columns.as_chunks::<8>();
    let done = start + blocks.len() * 8;
    for (number, block) in blocks.iter().enumerate() {
        let rows = made.chunks_exact_mut(row_bytes);
        let half = |half: usize| {
            let part = |column: [u8; LANES]| column.as_chunks::<8>().0.get(half).copied().unwrap_or_default();
            turn(block.map(|column| u64::from_le_bytes(part(column))))
        };
        for (row, value) in rows.zip([half(0), half(1)].as_flattened()) {
            if let Some(place) = row.get_mut(start + number * 8..).and_then(<[u8]>::first_chunk_mut) {
                *place = value.to_le_bytes();
            }
        }
    }
    for (lane, row) in made.chunks_exact_mut(row_bytes).enumerate() {
        for (place, column) in row.iter_mut().skip(done).zip(rest) {
            *place = column.get(lane).copied().unwrap_or_default();
        }
    }
}

/// Appends `rows` of the view, resized across, to `made`.
#[inline(always)]
fn horizontal<const N: usize>(
    view: &ImageView<'_>,
    across: &Axis,
    rows: Range<usize>,
    Scratch { turned, levels }: &mut Scratch,
    made: &mut Vec<u8>,
) {
    let width = across.runs.len();
    if let Some(offset) = across.copied {
        for y in rows {
            made.extend_from_slice(view.row(y).get(offset * N..(offset + width) * N).unwrap_or_default());
        }
        return;
    }
    let start = made.len();
    made.resize(start + rows.len() * width * N, 0);
    let made = made.get_mut(start..).unwrap_or_default();
    let mut from = 0;
    while from < width {
        // As many outputs as a block of input columns serves.
        let mut to = from + 1;
        while to < width && across.span(from, to + 1).len() <= COLUMNS {
            to += 1;
        }
        let span = across.span(from, to);
        let lines: [&[u8]; LANES] = std::array::from_fn(|lane| {
            let y = Some(rows.start + lane).filter(|y| rows.contains(y));
            y.and_then(|y| view.row(y).get(span.start * N..span.end * N)).unwrap_or_default()
        });
        turned.resize(span.len() * N, [0; LANES]);
        turn_in(&lines, turned);
        levels.resize((to - from) * N, [0; LANES]);
        for (at, out) in (from..to).zip(levels.chunks_exact_mut(N)) {
            let (first, weights) = across.at(at);
            let columns = turned.get((first - span.start) * N..).unwrap_or_default();
            for (channel, out) in out.iter_mut().enumerate() {
                let mut sums = [HALF; LANES];
                let columns = columns.get(channel..).unwrap_or_default().iter().step_by(N);
                for (weight, column) in weights.iter().zip(columns) {
                    for (sum, value) in sums.iter_mut().zip(column) {
                        *sum += weight * i32::from(*value);
                    }
                }
                *out = sums.map(level);
            }
        }
        turn_out(levels, made, width * N, from * N);
        from = to;
    }
}

/// One row of the output from the rows at the start of `made`.
#[inline(always)]
fn vertical(made: &[u8], row_bytes: usize, weights: &[i32], out: &mut [u8]) {
    const BLOCK: usize = 64;
    for (number, out) in out.chunks_mut(BLOCK).enumerate() {
        let mut sums = [HALF; BLOCK];
        for (weight, row) in weights.iter().zip(made.chunks_exact(row_bytes)) {
            let row = row.get(number * BLOCK..).unwrap_or_default();
            match row.first_chunk::<BLOCK>() {
                Some(row) => {
                    for (sum, value) in sums.iter_mut().zip(row) {
                        *sum += weight * i32::from(*value);
                    }
                }
                None => {
                    for (sum, value) in sums.iter_mut().zip(row) {
                        *sum += weight * i32::from(*value);
                    }
                }
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = level(sum);
        }
    }
}
