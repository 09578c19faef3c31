//! The seven rows under a window that moves down an image, row by row.

use crate::simd::{LANES, padded};

/// What the window reads outside the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Border {
    /// Zeros, which darken the border. Used by BRISQUE, HIGRADE, VIDEVAL.
    #[default]
    Zero,
    /// The nearest pixel of the image. Used by NIQE.
    Replicate,
}

/// Values outside the row that a neighbour or the window may read: at least 3, a whole number of lanes.
pub(super) const MARGIN: usize = LANES;

/// The last seven rows of an image. [`Ring::push`] adds a row. [`Ring::next`] returns the number of a row once the
/// three rows below it are there, or the image has ended.
#[derive(Debug, Default)]
pub(super) struct Ring {
    /// Row `y` at `y % 7`, each padded to whole lanes and with margins of zeros.
    rows: Vec<f64>,
    /// A row of zeros of the same length, read outside the image.
    zeros: Vec<f64>,
    width: usize,
    height: usize,
    border: Border,
    /// Number of rows pushed, and number of rows returned by [`Ring::next`].
    pushed: usize,
    named: usize,
}

impl Ring {
    /// Starts an image.
    pub(super) fn start(&mut self, width: usize, height: usize, border: Border) {
        let pitch = padded(width) + 2 * MARGIN;
        reset(&mut self.rows, 7 * pitch);
        reset(&mut self.zeros, pitch);
        (self.width, self.height, self.border) = (width, height, border);
        (self.pushed, self.named) = (0, 0);
    }

    /// Adds the next row, which `load` writes.
    pub(super) fn push(&mut self, load: impl FnOnce(&mut [f64])) {
        let (width, pitch) = (self.width, self.pitch());
        if let Some(slot) = self.rows.chunks_exact_mut(pitch).nth(self.pushed % 7) {
            load(slot.get_mut(MARGIN..MARGIN + width).unwrap_or_default());
            if self.border == Border::Replicate {
                replicate(slot, width);
            }
        }
        self.pushed += 1;
    }

    /// The next row whose neighbours are all available.
    pub(super) fn next(&mut self) -> Option<usize> {
        let y = self.named;
        let ready = y < self.height && self.pushed >= (y + 4).min(self.height);
        self.named += usize::from(ready);
        ready.then_some(y)
    }

    /// The rows from three above row `y` to three below it, with their margins. [`Ring::next`] has just returned `y`.
    pub(super) fn lines(&self, y: usize) -> [&[f64]; 7] {
        let (height, zeros) = (self.height, self.zeros.as_slice());
        let at = |row: Option<usize>| match row.filter(|&r| r < height) {
            Some(r) => self.rows.chunks_exact(self.pitch()).nth(r % 7).unwrap_or(zeros),
            None => zeros,
        };
        [-3isize, -2, -1, 0, 1, 2, 3].map(|d| match self.border {
            Border::Zero => at(y.checked_add_signed(d)),
            Border::Replicate => at(Some(y.saturating_add_signed(d).min(height.saturating_sub(1)))),
        })
    }

    /// Values in a row with its margins.
    pub(super) fn pitch(&self) -> usize {
        padded(self.width) + 2 * MARGIN
    }

    /// Values in a row of the image.
    pub(super) const fn width(&self) -> usize {
        self.width
    }
}

/// Extends a row by its first and last value, as far as the window reaches.
fn replicate(slot: &mut [f64], width: usize) {
    let value = |i: usize| slot.get(i).copied().unwrap_or_default();
    let (first, last) = (value(MARGIN), value((MARGIN + width).saturating_sub(1)));
    slot.get_mut(MARGIN - 3..MARGIN).unwrap_or_default().fill(first);
    slot.get_mut(MARGIN + width..MARGIN + width + 3).unwrap_or_default().fill(last);
}

/// Resets `buffer` to `len` zeros.
pub(super) fn reset(buffer: &mut Vec<f64>, len: usize) {
    buffer.clear();
    buffer.resize(len, 0.0);
}

/// Seven shifted views of a row with margins, `n` long each, from three places left to three places right.
#[inline(always)]
pub(super) fn looks(line: &[f64], n: usize) -> [&[f64]; 7] {
    [0, 1, 2, 3, 4, 5, 6].map(|k| line.get(MARGIN - 3 + k..MARGIN - 3 + k + n).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_when_their_neighbours_are_there() {
        for height in 1..=9 {
            let mut ring = Ring::default();
            for border in [Border::Zero, Border::Replicate] {
                ring.start(2, height, border);
                let mut named = 0;
                for y in 0..height {
                    ring.push(|out| out.fill(y as f64 + 1.0));
                    while let Some(next) = ring.next() {
                        assert_eq!(next, named);
                        assert!(y + 1 == height || y == next + 3);
                        let found = ring.lines(next).map(|line| line[MARGIN]);
                        for (k, value) in found.into_iter().enumerate() {
                            let row = next as f64 + k as f64 - 2.0;
                            let expected = match border {
                                Border::Replicate => row.clamp(1.0, height as f64),
                                Border::Zero if row < 1.0 || row > height as f64 => 0.0,
                                Border::Zero => row,
                            };
                            assert_eq!(value, expected, "{height} {next} {k}");
                        }
                        named += 1;
                    }
                }
                assert_eq!(named, height);
            }
        }
    }
}
