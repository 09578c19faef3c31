//! What a head has of the tokens of a window.

use super::cut::{Cut, FOREIGN};
use crate::deep::kernels::exponentials;

/// Norms of queries and keys count as at least this.
pub(super) const SMALLEST: f32 = 1e-12;

#[derive(Debug, Clone, Copy)]
pub(super) struct Grid<'a> {
    pub(super) qkv: &'a [f32],
    pub(super) biases: &'a [f32],
    pub(super) width: usize,
    /// Width of a head.
    pub(super) depth: usize,
    pub(super) cut: Cut,
}

/// Where the tokens of a window lie in the grid, if not outside, and the region of each.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) tokens: Vec<Option<usize>>,
    /// Only where a shift has brought more than one region together.
    regions: Option<Vec<u8>>,
}

impl Window {
    pub(super) fn new(cut: Cut, number: usize) -> Self {
        let regions = cut.is_shifted().then(|| cut.regions(number));
        let regions = regions.filter(|regions| regions.iter().any(|region| Some(region) != regions.first()));
        Self { tokens: cut.tokens(number), regions }
    }

    /// From the products of a query with all keys to its weights, which still have to be divided by what is returned. The
    /// table of position biases runs back to front.
    #[inline(always)]
    pub(super) fn weigh(&self, scores: &mut [f32], table: &[f32], sides: [usize; 2], query: usize) -> f32 {
        add_position(scores, table, sides, query);
        if let Some(regions) = &self.regions {
            let own = regions.get(query).copied().unwrap_or_default();
            for (score, region) in scores.iter_mut().zip(regions) {
                *score += if *region == own { 0.0 } else { FOREIGN };
            }
        }
        exponentials(scores)
    }
}

/// A head in a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) grid: Grid<'a>,
    pub(super) window: &'a Window,
    pub(super) image: usize,
    pub(super) head: usize,
    /// Of the cosine; without it queries and keys are multiplied as they are.
    pub(super) scale: Option<f32>,
    /// Position bias of every offset.
    pub(super) table: &'a [f32],
}

impl Head<'_> {
    /// The queries (0), keys (1) or values (2) of every token, with their bias, which is all that a token outside has.
    #[inline(always)]
    pub(super) fn pick(&self, kind: usize) -> Vec<f32> {
        let Grid { qkv, biases, width, depth, cut } = self.grid;
        let offset = kind * width + self.head * depth;
        let bias = biases.get(offset..offset + depth).unwrap_or_default();
        let first = self.image * cut.grid[0] * cut.grid[1];
        let mut picked = vec![0.0; self.window.tokens.len() * depth];
        for (row, token) in picked.chunks_exact_mut(depth).zip(&self.window.tokens) {
            row.iter_mut().zip(bias).for_each(|(slot, bias)| *slot = *bias);
            let Some(token) = token else { continue };
            let from = (first + token) * 3 * width + offset;
            let values = qkv.get(from..from + depth).unwrap_or_default();
            row.iter_mut().zip(values).for_each(|(slot, value)| *slot += value);
        }
        picked
    }

    /// What the tokens have of a grid of results.
    #[inline(always)]
    pub(super) fn pick_from(&self, grid: &[f32]) -> Vec<f32> {
        let Grid { width, depth, cut, .. } = self.grid;
        let first = self.image * cut.grid[0] * cut.grid[1];
        let mut picked = vec![0.0; self.window.tokens.len() * depth];
        for (row, token) in picked.chunks_exact_mut(depth).zip(&self.window.tokens) {
            let Some(token) = token else { continue };
            let from = (first + token) * width + self.head * depth;
            let values = grid.get(from..from + depth).unwrap_or_default();
            row.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value);
        }
        picked
    }

    /// The same, every vector of length `scale`.
    #[inline(always)]
    fn directions(&self, kind: usize, scale: f32) -> Vec<f32> {
        let mut picked = self.pick(kind);
        for row in picked.chunks_exact_mut(self.grid.depth) {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            let factor = scale / if length > SMALLEST { length } else { SMALLEST };
            row.iter_mut().for_each(|v| *v *= factor);
        }
        picked
    }

    /// Queries and keys whose products are the scores.
    #[inline(always)]
    pub(super) fn queries_and_keys(&self) -> (Vec<f32>, Vec<f32>) {
        if let Some(scale) = self.scale {
            return (self.directions(0, scale), self.directions(1, 1.0));
        }
        let (mut queries, factor) = (self.pick(0), 1.0 / (self.grid.depth as f32).sqrt());
        queries.iter_mut().for_each(|v| *v *= factor);
        (queries, self.pick(1))
    }
}

/// Adds to the scores of token `query` what its offset to every key gives in a `table` that runs back to front.
#[inline(always)]
fn add_position(scores: &mut [f32], table: &[f32], [high, wide]: [usize; 2], query: usize) {
    let (row, column) = (query / wide, query % wide);
    // The table has a line for every offset of rows; the one for the first row of keys, and its first column.
    let lines = table.chunks_exact(2 * wide - 1).skip(high - 1 - row);
    for (scores, line) in scores.chunks_exact_mut(wide).zip(lines) {
        let biases = line.get(wide - 1 - column..).unwrap_or_default();
        // Pieces of a fixed size: a row of keys is too short for a loop of unknown length.
        let (pieces, rest) = scores.as_chunks_mut::<8>();
        let (bias_pieces, bias_rest) = biases.split_at_checked(8 * pieces.len()).unwrap_or_default();
        for (scores, biases) in pieces.iter_mut().zip(bias_pieces.as_chunks::<8>().0) {
            scores.iter_mut().zip(biases).for_each(|(score, bias)| *score += bias);
        }
        rest.iter_mut().zip(bias_rest).for_each(|(score, bias)| *score += bias);
    }
}
