//! The frames chosen for the high-complexity values.

use super::Ties;

/// Rows from which one is chosen, counted back from the newest: `rows` in all, of which the first `of` are candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) rows: usize,
    pub(super) of: usize,
}

/// Chooses representative frames as a video is processed. In each span of about half a second of processed frames, it
/// picks the frame nearest to their mean.
#[derive(Debug, Clone)]
pub(super) struct Picks {
    half: usize,
    ties: Ties,
    /// First row of the block, and first row after the last pick that may be picked.
    block: usize,
    start: usize,
    rows: usize,
}

impl Picks {
    pub(super) fn new(frames_per_second: f64, ties: Ties) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rate is at most 1e6"
        )]
        let half = (frames_per_second.round() / 2.0).floor().max(1.0) as usize;
        Self { half, ties, block: 0, start: 0, rows: 0 }
    }

    /// Counts a row. Returns the span of a block once the block is complete and another row has followed it.
    pub(super) fn push(&mut self) -> Option<Span> {
        self.rows += 1;
        let first = self.block.max(self.start);
        // The block ends at row `block + half`, and one more must be there.
        let complete = self.rows == self.block + self.half + 2;
        complete.then(|| Span { rows: self.rows - first, of: self.rows - 1 - first })
    }

    /// Place of the row of a span that is nearest to the mean of the span; the first of equal rows. Moves to the next
    /// block.
    pub(super) fn choose<'a>(&mut self, rows: impl Iterator<Item = &'a [f64; 28]> + Clone) -> usize {
        let (mut mean, mut n) = ([0.0; 28], 0.0);
        for row in rows.clone() {
            n += 1.0;
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += value;
            }
        }
        let distance = |row: &[f64; 28]| {
            let sum: f64 = row.iter().zip(mean).map(|(value, sum)| (value - sum / n).abs()).sum();
            self.ties.distance(sum)
        };
        let (mut best, mut least) = (0, f64::INFINITY);
        for (place, row) in rows.enumerate() {
            let distance = distance(row);
            if distance < least {
                (best, least) = (place, distance);
            }
        }
        let pick = self.block.max(self.start) + best;
        self.start = pick + (self.half - 1).min(5);
        self.block += self.half;
        best
    }

    /// How many of the newest rows the next span may need.
    pub(super) fn next_span(&self) -> usize {
        self.rows.saturating_sub(self.block.max(self.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition on all rows.
    fn reference(rows: &[[f64; 28]], half: usize) -> Vec<usize> {
        let (mut a, mut start, mut picks) = (0, 0, Vec::new());
        while a + 1 + half < rows.len() {
            let first = a.max(start);
            let span = &rows[first..=a + half];
            let mean: Vec<f64> =
                (0..28).map(|c| span.iter().map(|r| r[c]).sum::<f64>() / span.len() as f64).collect();
            let distance = |row: &[f64; 28]| row.iter().zip(&mean).map(|(v, m)| (v - m).abs()).sum::<f64>();
            let mut best = 0;
            for (i, row) in span.iter().enumerate() {
                if distance(row) < distance(&span[best]) {
                    best = i;
                }
            }
            picks.push(first + best);
            start = first + best + 5.min(half - 1);
            a += half;
        }
        picks
    }

    #[test]
    fn spans_are_those_of_the_whole_video() {
        let mut state = 1u32;
        for (fps, half) in [(1.0, 1), (3.0, 1), (4.0, 2), (10.0, 5), (29.97, 15)] {
            for n in [0usize, 1, 2, 3, 6, 7, 8, 11, 12, 40, 100] {
                let rows: Vec<[f64; 28]> = (0..n)
                    .map(|_| {
                        [(); 28].map(|()| {
                            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                            f64::from(state >> 16)
                        })
                    })
                    .collect();
                let (mut picks, mut found) = (Picks::new(fps, Ties::Canonical), Vec::new());
                let mut first = 0; // rows before this one are gone
                for i in 0..n {
                    if let Some(span) = picks.push() {
                        let start = i + 1 - span.rows;
                        assert!(start >= first);
                        found.push(start + picks.choose(rows[start..].iter().take(span.of)));
                        first = i + 1 - picks.next_span();
                    }
                }
                assert_eq!(found, reference(&rows, half), "{fps} {n}");
            }
        }
    }
}
