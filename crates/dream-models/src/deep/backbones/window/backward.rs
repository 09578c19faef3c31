//! The gradient of the windowed attention, a head in a window at a time: its scores are computed again and exist for this
//! piece of work only.

use pulp::Simd;

use super::head::{Grid, Head, SMALLEST, Window};
use crate::deep::kernels::{Panels, product, rounded, transposed_product};
use crate::{par, simd};

/// Gradients of queries, keys and values with their biases and without, of the scale of each head if there is one, and of the
/// table.
#[derive(Debug)]
pub(super) struct Gradients {
    pub(super) by_qkv: Vec<f32>,
    pub(super) by_biases: Vec<f32>,
    pub(super) by_scales: Vec<f32>,
    pub(super) by_table: Vec<f32>,
}

/// What [`gradients`] needs to know of the forward pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) grid: Grid<'a>,
    pub(super) images: usize,
    pub(super) heads: usize,
    /// One for each head, or none.
    pub(super) scales: &'a [f32],
    /// `[heads, offsets]`
    pub(super) table: &'a [f32],
    /// Of the result, `[n, rows, columns, width]`.
    pub(super) grad: &'a [f32],
}

/// Sums over windows are taken in their order, in double precision.
pub(super) fn gradients(task: Task<'_>) -> Gradients {
    let Task { grid, images, heads, scales, table, .. } = task;
    let (cut, depth, width) = (grid.cut, grid.depth, grid.width);
    let (area, offsets) = (cut.area(), cut.offsets());
    let windows: Vec<Window> = (0..cut.windows()).map(|number| Window::new(cut, number)).collect();
    let per_head = images * windows.len();
    let picked = area * depth;
    let size = 3 * picked + offsets + 1;
    let mut parts = vec![0.0; heads * per_head * size];
    par::for_each_chunk(&mut parts, size, |number, out| {
        let (head, rest) = (number / per_head, number % per_head);
        let (image, window) = (rest / windows.len(), rest % windows.len());
        let Some(window) = windows.get(window) else {
            // Never: there are as many pieces as heads times images times windows.
            debug_assert!(false, "piece {number} has no window");
            return;
        };
        let scale = scales.get(head).copied();
        let table = table.chunks_exact(offsets).nth(head).unwrap_or_default();
        let head = Head { grid, window, image, head, scale, table };
        simd::dispatch(Backward { head, grad: task.grad, out });
    });
    let part = |head: usize, image: usize, window: usize| {
        let number = (head * images + image) * windows.len() + window;
        parts.get(number * size..(number + 1) * size).unwrap_or_default()
    };
    let [rows, columns] = cut.grid;
    let mut by_qkv = vec![0.0; images * rows * columns * 3 * width];
    par::for_each_chunk(&mut by_qkv, columns * 3 * width, |line, out| {
        let (image, row) = (line / rows, line % rows);
        for (column, out) in out.chunks_mut(3 * width).enumerate() {
            let (window, token) = cut.place([row, column]);
            for (number, out) in out.chunks_mut(depth).enumerate() {
                let (kind, head) = (number / heads, number % heads);
                let from = kind * picked + token * depth;
                let values = part(head, image, window).get(from..from + depth).unwrap_or_default();
                out.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
            }
        }
    });
    // For each head: its part of the biases, its line of the table, its scale.
    let sums = par::map(heads, |head| {
        let mut sums = vec![0.0_f64; 3 * depth + offsets + 1];
        for image in 0..images {
            for window in 0..windows.len() {
                let (by_tokens, rest) =
                    part(head, image, window).split_at_checked(3 * picked).unwrap_or_default();
                let (biases, others) = sums.split_at_mut(3 * depth);
                for (biases, tokens) in biases.chunks_exact_mut(depth).zip(by_tokens.chunks_exact(picked)) {
                    for token in tokens.chunks_exact(depth) {
                        biases.iter_mut().zip(token).for_each(|(sum, value)| *sum += f64::from(*value));
                    }
                }
                others.iter_mut().zip(rest).for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
        sums
    });
    let of = |head: usize, from: usize, count: usize| {
        let sums = sums.get(head).and_then(|sums| sums.get(from..from + count)).unwrap_or_default();
        sums.iter().map(|sum| rounded(*sum)).collect::<Vec<f32>>()
    };
    let kinds = (0..3).flat_map(|kind| (0..heads).map(move |head| (kind, head)));
    Gradients {
        by_qkv,
        by_biases: kinds.flat_map(|(kind, head)| of(head, kind * depth, depth)).collect(),
        by_scales: (0..scales.len()).flat_map(|head| of(head, 3 * depth + offsets, 1)).collect(),
        by_table: (0..heads).flat_map(|head| of(head, 3 * depth, offsets)).collect(),
    }
}

/// `out` of the head takes the gradients of its queries, keys and values, of its line of the table, and of its scale.
struct Backward<'a> {
    head: Head<'a>,
    grad: &'a [f32],
    out: &'a mut [f32],
}

impl simd::Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { head, grad, out } = self;
        let (depth, area) = (head.grid.depth, head.window.tokens.len());
        let (queries, keys) = head.queries_and_keys();
        let (values, grad) = (head.pick(2), head.pick_from(grad));
        let [turned_keys, turned_values] =
            [&keys, &values].map(|rows| Panels::of_columns::<S>(rows, depth, area));
        let [key_rows, query_rows, grad_rows] =
            [&keys, &queries, &grad].map(|rows| Panels::of_rows::<S>(rows, depth, area));
        let (stride, wide) = (turned_keys.columns(), key_rows.columns());
        // Weights, and the gradient by them and then by the scores.
        let (mut weights, mut slopes) = (vec![0.0; area * stride], vec![0.0; area * stride]);
        product(simd, &queries, depth, &turned_keys, &mut weights);
        product(simd, &grad, depth, &turned_values, &mut slopes);
        let table: Vec<f32> = head.table.iter().rev().copied().collect();
        let lines = weights.chunks_exact_mut(stride).zip(slopes.chunks_exact_mut(stride));
        for (query, (weights, slopes)) in lines.enumerate() {
            let (weights, rest) = weights.split_at_mut_checked(area).unwrap_or_default();
            rest.fill(0.0);
            let (slopes, rest) = slopes.split_at_mut_checked(area).unwrap_or_default();
            rest.fill(0.0);
            let share = 1.0 / head.window.weigh(weights, &table, head.grid.cut.window, query);
            let mut sum = 0.0;
            for (weight, slope) in weights.iter_mut().zip(slopes.iter()) {
                *weight *= share;
                sum += *weight * slope;
            }
            for (weight, slope) in weights.iter().zip(slopes) {
                *slope = weight * (*slope - sum);
            }
        }
        let mut mixed = vec![0.0; area * wide];
        let Head { scale, grid, .. } = head;
        let (by_queries, out) = out.split_at_mut_checked(area * depth).unwrap_or_default();
        let (by_keys, out) = out.split_at_mut_checked(area * depth).unwrap_or_default();
        let (by_values, out) = out.split_at_mut_checked(area * depth).unwrap_or_default();
        let (by_table, by_scale) = out.split_at_mut_checked(grid.cut.offsets()).unwrap_or_default();
        product(simd, &slopes, stride, &key_rows, &mut mixed);
        take(by_queries, &mixed, [depth, wide]);
        transposed_product(simd, &slopes, stride, &query_rows, &mut mixed);
        take(by_keys, &mixed, [depth, wide]);
        transposed_product(simd, &weights, stride, &grad_rows, &mut mixed);
        take(by_values, &mixed, [depth, wide]);
        add_offsets(by_table, &slopes, stride, grid.cut.window);
        match scale {
            None => {
                let factor = 1.0 / (depth as f32).sqrt();
                by_queries.iter_mut().for_each(|value| *value *= factor);
            }
            Some(scale) => {
                // `queries` are directions times the scale, and so is what their gradient was taken by.
                let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
                let along: f32 = by_queries
                    .chunks_exact(depth)
                    .zip(queries.chunks_exact(depth))
                    .map(|(a, b)| dot(a, b))
                    .sum();
                if let Some(slot) = by_scale.first_mut() {
                    *slot = if scale == 0.0 { 0.0 } else { along / scale };
                }
                through_directions(by_queries, &head.pick(0), depth, scale);
                through_directions(by_keys, &head.pick(1), depth, 1.0);
            }
        }
    }
}

/// From the gradient by `scale x / |x|` to that by `x`.
#[inline(always)]
fn through_directions(grad: &mut [f32], x: &[f32], depth: usize, scale: f32) {
    for (grad, x) in grad.chunks_exact_mut(depth).zip(x.chunks_exact(depth)) {
        let length = x.iter().map(|v| v * v).sum::<f32>().sqrt();
        if length > SMALLEST {
            let share = 1.0 / length;
            let along = grad.iter().zip(x).map(|(g, x)| g * (x * share)).sum::<f32>();
            grad.iter_mut().zip(x).for_each(|(g, x)| *g = (*g - x * share * along) * (scale * share));
        } else {
            grad.iter_mut().for_each(|g| *g *= scale / SMALLEST);
        }
    }
}

/// The first `depth` of every `wide` values.
#[inline(always)]
fn take(out: &mut [f32], values: &[f32], [depth, wide]: [usize; 2]) {
    for (out, values) in out.chunks_exact_mut(depth).zip(values.chunks_exact(wide)) {
        out.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
    }
}

/// Adds the slope of every pair of tokens to that of its offset.
#[inline(always)]
fn add_offsets(out: &mut [f32], slopes: &[f32], stride: usize, [high, wide]: [usize; 2]) {
    let line = 2 * wide - 1;
    for (query, slopes) in slopes.chunks_exact(stride).enumerate() {
        let (row, column) = (query / wide, query % wide);
        for (key_row, slopes) in slopes.chunks_exact(wide).take(high).enumerate() {
            // Keys run forward while offsets run back.
            let from = (row + high - 1 - key_row) * line + column;
            let slots = out.get_mut(from..from + wide).unwrap_or_default();
            slots.iter_mut().rev().zip(slopes).for_each(|(slot, slope)| *slot += slope);
        }
    }
}
