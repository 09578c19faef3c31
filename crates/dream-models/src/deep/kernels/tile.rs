use std::ops::Range;

use pulp::Simd;

use super::aligned::Aligned;
use crate::{par, simd};

/// Vectors of a panel.
pub(super) const VECTORS: usize = 2;
/// Columns of a transposed tile: with the vectors of a panel, as many sums as hide the latency of a multiply-add.
const ROWS: usize = 6;

/// Places of a row that are written before the next row is read: what they are written to stays in the cache.
const PLACES: usize = 64;

/// A matrix cut into panels of columns, each of them stored row after row: the order in which products read it.
#[derive(Debug)]
pub(in crate::deep) struct Panels {
    data: Aligned,
    rows: usize,
    /// Columns of a panel.
    wide: usize,
}

impl Panels {
    /// Zeros, for at least `columns` columns.
    pub(in crate::deep) fn new<S: Simd>(rows: usize, columns: usize) -> Self {
        let wide = VECTORS * S::F32_LANES;
        Self { data: Aligned::zeros(columns.div_ceil(wide) * wide * rows), rows, wide }
    }

    /// The transpose of `count` rows of `depth` values.
    #[inline(always)]
    pub(in crate::deep) fn of_columns<S: Simd>(values: &[f32], depth: usize, count: usize) -> Self {
        let mut panels = Self::new::<S>(depth, count);
        for (column, values) in values.chunks_exact(depth).enumerate() {
            panels.set_column(column, values.iter().copied());
        }
        panels
    }

    /// `count` rows of `depth` values.
    #[inline(always)]
    pub(in crate::deep) fn of_rows<S: Simd>(values: &[f32], depth: usize, count: usize) -> Self {
        let mut panels = Self::new::<S>(count, depth);
        for (row, values) in values.chunks_exact(depth).enumerate() {
            panels.set_row(row, values.iter().copied());
        }
        panels
    }

    /// Columns, those that fill the last panel included.
    pub(in crate::deep) fn columns(&self) -> usize {
        self.data.len() / self.rows.max(1)
    }

    /// Values of all panels.
    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of a panel.
    pub(super) fn wide(&self) -> usize {
        self.wide
    }

    pub(super) fn panels(&self, numbers: Range<usize>) -> impl Iterator<Item = &[f32]> {
        let size = (self.wide * self.rows).max(1);
        self.data.chunks_exact(size).take(numbers.end).skip(numbers.start)
    }

    /// One panel after the other.
    pub(super) fn all_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Reads a column of the matrix.
    pub(super) fn read_column(&self, column: usize, out: &mut [f32]) {
        let panel = self.panels(column / self.wide..column / self.wide + 1).next().unwrap_or_default();
        for (slot, row) in out.iter_mut().zip(panel.chunks_exact(self.wide)) {
            *slot = row.get(column % self.wide).copied().unwrap_or_default();
        }
    }

    /// Writes a row of the matrix.
    #[inline(always)]
    pub(in crate::deep) fn set_row(&mut self, row: usize, values: impl Iterator<Item = f32>) {
        let mut values = values;
        for panel in self.data.chunks_exact_mut(self.wide * self.rows) {
            let slots = panel.chunks_exact_mut(self.wide).nth(row).unwrap_or_default();
            for (slot, value) in slots.iter_mut().zip(values.by_ref()) {
                *slot = value;
            }
        }
    }

    /// Writes a column of the matrix.
    #[inline(always)]
    pub(in crate::deep) fn set_column(&mut self, column: usize, values: impl Iterator<Item = f32>) {
        let (panel, column) = (column / self.wide, column % self.wide);
        let panel = self.data.chunks_exact_mut(self.wide * self.rows).nth(panel).unwrap_or_default();
        for (row, value) in panel.chunks_exact_mut(self.wide).zip(values) {
            if let Some(slot) = row.get_mut(column) {
                *slot = value;
            }
        }
    }
}

/// Product of the transpose of some rows of `stride` values with a matrix of as many rows in panels: `out` has `b.columns()`
/// values for every column of `a`, as far as it reaches.
#[inline(always)]
pub(in crate::deep) fn transposed_product<S: Simd>(
    simd: S,
    a: &[f32],
    stride: usize,
    b: &Panels,
    out: &mut [f32],
) {
    let columns = b.columns();
    for (tile, out) in out.chunks_mut(ROWS * columns).enumerate() {
        for (number, panel) in b.data.chunks_exact(b.wide * b.rows).enumerate() {
            let sums = transposed_tile(simd, a, stride, tile * ROWS, panel);
            for (row, sums) in out.chunks_mut(columns).zip(sums) {
                let from = number * b.wide;
                let (head, _) = S::as_mut_simd_f32s(row.get_mut(from..from + b.wide).unwrap_or_default());
                head.iter_mut().zip(sums).for_each(|(slot, sum)| *slot = sum);
            }
        }
    }
}

#[inline(always)]
fn transposed_tile<S: Simd>(
    simd: S,
    a: &[f32],
    stride: usize,
    at: usize,
    panel: &[f32],
) -> [[S::f32s; VECTORS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    let (vectors, _) = S::as_simd_f32s(panel);
    let (steps, _) = vectors.as_chunks::<VECTORS>();
    for (row, step) in a.chunks_exact(stride).zip(steps) {
        let row = row.get(at..).unwrap_or_default();
        let mut edge = [0.0; ROWS];
        let values = match row.first_chunk::<ROWS>() {
            Some(values) => values,
            None => {
                edge.iter_mut().zip(row).for_each(|(slot, value)| *slot = *value);
                &edge
            }
        };
        for (sums, value) in sums.iter_mut().zip(values) {
            let value = simd.splat_f32s(*value);
            for (sum, &vector) in sums.iter_mut().zip(step) {
                *sum = simd.mul_add_e_f32s(value, vector, *sum);
            }
        }
    }
    sums
}

/// The rows of a matrix as the columns of panels.
pub(super) fn panels(weight: &[f32], inputs: usize, outputs: usize) -> Panels {
    let mut panels = simd::dispatch(Empty { inputs, outputs });
    let wide = panels.wide();
    par::for_each_chunk(panels.all_mut(), (wide * inputs).max(1), |number, panel| {
        let rows = weight.get(number * wide * inputs..).unwrap_or_default();
        let rows = || rows.chunks_exact(inputs.max(1)).take(wide).enumerate();
        for (part, slots) in panel.chunks_mut(PLACES * wide).enumerate() {
            for (column, row) in rows() {
                let values = row.get(part * PLACES..).unwrap_or_default();
                for (slots, value) in slots.chunks_exact_mut(wide).zip(values) {
                    if let Some(slot) = slots.get_mut(column) {
                        *slot = *value;
                    }
                }
            }
        }
    });
    panels
}

struct Empty {
    inputs: usize,
    outputs: usize,
}

impl simd::Kernel for Empty {
    type Output = Panels;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Panels {
        Panels::new::<S>(self.inputs, self.outputs)
    }
}
