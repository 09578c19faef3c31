//! Convolutions of side 3 with four products for nine: windows of 4x4 pixels give 2x2 results at once, from 16 products of
//! planes instead of 36.
//!
//! # Reference
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, F(2x2, 3x3).

use std::cell::Cell;

use pulp::Simd;

use super::after::Finish;
use super::aligned::Aligned;
use super::blocked::{DEPTH, MANY, PLACES, multiply_lines};
use super::depthwise::{load, store};
use super::math::rounded;
use super::tile::{Panels, panels};
use super::windows::{Grid, Window};
use crate::{par, simd};

/// Side of the squares of pixels.
const SEEN: usize = 4;
/// Side of the squares of results.
const SIDE: usize = 2;
/// Products of planes for a square.
const PRODUCTS: usize = SEEN * SEEN;
/// Squares of a piece of work, about.
const SQUARES: usize = 4 * MANY;
/// With fewer planes the transforms take longer than the products.
const PLANES: usize = 32;

/// Whether this way is faster. It does not depend on the pictures.
pub(super) fn suits(window: Window, planes: usize, outputs: usize) -> bool {
    let is_three = window.kernel() == 3 && window.stride() == 1 && window.padding() == 1;
    is_three && planes.min(outputs) >= PLANES
}

/// The weight for each of the products.
#[derive(Debug)]
pub(super) struct Transformed {
    panels: Vec<Panels>,
    outputs: usize,
}

impl Transformed {
    /// Of `[outputs, 3 3 planes]`.
    pub(super) fn new(weight: &[f32], outputs: usize) -> Self {
        let planes = weight.len() / (9 * outputs).max(1);
        let parts = par::map(PRODUCTS, |number| {
            let (row, column) = (FACTORS[number / SEEN], FACTORS[number % SEEN]);
            let mut out = Vec::with_capacity(outputs * planes);
            for weight in weight.chunks_exact((9 * planes).max(1)) {
                out.extend((0..planes).map(|plane| {
                    let mut sum = 0.0;
                    for (y, row) in row.iter().enumerate() {
                        for (x, column) in column.iter().enumerate() {
                            let at = (3 * y + x) * planes + plane;
                            sum += row * column * weight.get(at).copied().map_or(0.0, f64::from);
                        }
                    }
                    rounded(sum)
                }));
            }
            panels(&out, planes, outputs)
        });
        Self { panels: parts, outputs }
    }

    pub(super) fn multiply(&self, x: &[f32], grid: Grid, finish: &Finish<'_>) -> Vec<f32> {
        let mut out = vec![0.0; grid.count * grid.rows * grid.columns * self.outputs];
        let (high, wide) = (grid.rows.div_ceil(SIDE), grid.columns.div_ceil(SIDE));
        let line = grid.columns * self.outputs;
        let shared = (high * grid.count).div_ceil(par::threads());
        let lines = (SQUARES / wide).clamp(1, shared.clamp(1, high));
        let picture = (grid.rows * line).max(1);
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        for (number, out) in out.chunks_exact_mut(picture).enumerate() {
            let image = x.get(number * grid.picture()..).unwrap_or_default();
            for (part, out) in out.chunks_mut((SIDE * lines * line).max(1)).enumerate() {
                let first = SIDE * lines * part;
                pieces.push(Piece { image, grid, row: first, before: number * grid.rows + first, out });
            }
        }
        par::for_each_chunk(&mut pieces, 1, |_, pieces| {
            for piece in pieces {
                simd::dispatch(Squares { weight: self, piece });
                finish.rows(piece.before * grid.columns, piece.out);
            }
        });
        out
    }
}

/// What a kernel of three taps gives each of the four products.
const FACTORS: [[f64; 3]; SEEN] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];

/// Some rows of the result for a picture.
struct Piece<'a> {
    image: &'a [f32],
    grid: Grid,
    /// Number of the first row in its picture.
    row: usize,
    /// Rows of all pictures before it.
    before: usize,
    out: &'a mut [f32],
}

thread_local! {
    /// What a piece needs, kept by every thread: to get memory takes as long as a small product.
    static SCRATCH: Cell<[Aligned; 2]> = Cell::new(Default::default());
}

struct Squares<'a, 'b> {
    weight: &'a Transformed,
    piece: &'a mut Piece<'b>,
}

impl simd::Kernel for Squares<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Piece { image, grid, row, out, .. } = self.piece;
        let (outputs, wide) = (self.weight.outputs, grid.columns.div_ceil(SIDE));
        let rows = out.len() / (grid.columns * outputs).max(1);
        let squares = rows.div_ceil(SIDE) * wide;
        // A tile may read lines past those of a product.
        let stretch = squares + MANY;
        let [mut kept, mut products] = SCRATCH.take();
        kept.grow(PRODUCTS * stretch * PLACES);
        products.grow(PRODUCTS * squares * outputs);
        let (lines, _) = kept.as_chunks_mut::<PLACES>();
        for from in (0..grid.planes).step_by(DEPTH) {
            let depth = DEPTH.min(grid.planes - from);
            for square in 0..squares {
                let place = [*row + square / wide * SIDE, square % wide * SIDE];
                for lane in (0..depth).step_by(S::F32_LANES) {
                    let seen = look(simd, image, *grid, place, from + lane);
                    for (number, vector) in forward(simd, seen).into_iter().flatten().enumerate() {
                        if let Some(line) = lines.get_mut(number * stretch + square) {
                            store(simd, line, lane, vector);
                        }
                    }
                }
            }
            let parts = products.chunks_exact_mut((squares * outputs).max(1)).zip(lines.chunks(stretch));
            for ((products, lines), panels) in parts.zip(&self.weight.panels) {
                let range = from..from + depth;
                multiply_lines(simd, lines, panels, range, 0..outputs, outputs, products);
            }
        }
        for square in 0..squares {
            let (y, x) = (square / wide * SIDE, square % wide * SIDE);
            for lane in (0..outputs).step_by(S::F32_LANES) {
                let mut sums = [[simd.splat_f32s(0.0); SEEN]; SEEN];
                for (number, sum) in sums.iter_mut().flatten().enumerate() {
                    let from = (number * squares + square) * outputs;
                    let values = products.get(from..from + outputs).unwrap_or_default();
                    *sum = load(simd, values, lane);
                }
                for (i, vectors) in back(simd, sums).into_iter().enumerate() {
                    for (j, vector) in vectors.into_iter().enumerate() {
                        if y + i < rows && x + j < grid.columns {
                            let from = ((y + i) * grid.columns + x + j) * outputs;
                            let pixel = out.get_mut(from..from + outputs).unwrap_or_default();
                            store(simd, pixel, lane, vector);
                        }
                    }
                }
            }
        }
        SCRATCH.set([kept, products]);
    }
}

/// The pixels of a square whose results begin at `place`, with zeros outside the picture.
#[inline(always)]
fn look<S: Simd>(
    simd: S,
    image: &[f32],
    grid: Grid,
    [row, column]: [usize; 2],
    plane: usize,
) -> [[S::f32s; SEEN]; SEEN] {
    let mut seen = [[simd.splat_f32s(0.0); SEEN]; SEEN];
    for (i, seen) in seen.iter_mut().enumerate() {
        for (j, seen) in seen.iter_mut().enumerate() {
            // One pixel of padding before the first.
            let (y, x) = (row + i, column + j);
            if (1..=grid.rows).contains(&y) && (1..=grid.columns).contains(&x) {
                let from = ((y - 1) * grid.columns + x - 1) * grid.planes;
                let pixel = image.get(from..from + grid.planes).unwrap_or_default();
                *seen = load(simd, pixel, plane);
            }
        }
    }
    seen
}

/// From pixels to what is multiplied.
#[inline(always)]
fn forward<S: Simd>(simd: S, [a, b, c, d]: [[S::f32s; SEEN]; SEEN]) -> [[S::f32s; SEEN]; SEEN] {
    // Calls rather than `map`: closures are not compiled for the instructions of this function.
    let [a, b, c, d] = transposed([part(simd, a), part(simd, b), part(simd, c), part(simd, d)]);
    transposed([part(simd, a), part(simd, b), part(simd, c), part(simd, d)])
}

#[inline(always)]
fn part<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; SEEN]) -> [S::f32s; SEEN] {
    [simd.sub_f32s(a, c), simd.add_f32s(b, c), simd.sub_f32s(c, b), simd.sub_f32s(b, d)]
}

/// From products to results.
#[inline(always)]
fn back<S: Simd>(simd: S, [a, b, c, d]: [[S::f32s; SEEN]; SEEN]) -> [[S::f32s; SIDE]; SIDE] {
    let [a, b, c, d] = [join(simd, a), join(simd, b), join(simd, c), join(simd, d)];
    let [x, y] = [join(simd, [a[0], b[0], c[0], d[0]]), join(simd, [a[1], b[1], c[1], d[1]])];
    [[x[0], y[0]], [x[1], y[1]]]
}

#[inline(always)]
fn join<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; SEEN]) -> [S::f32s; SIDE] {
    [simd.add_f32s(simd.add_f32s(a, b), c), simd.sub_f32s(simd.sub_f32s(b, c), d)]
}

#[inline(always)]
fn transposed<T: Copy>([a, b, c, d]: [[T; SEEN]; SEEN]) -> [[T; SEEN]; SEEN] {
    [[a[0], b[0], c[0], d[0]], [a[1], b[1], c[1], d[1]], [a[2], b[2], c[2], d[2]], [a[3], b[3], c[3], d[3]]]
}
