//! Setting multipliers aside that are at a bound and far from wanting to leave it, as section 5.1 of the LIBSVM paper
//! describes.
//!
//! Here it saves no time: scores are kept for all rows. It is here because the choice of pairs decides where a
//! loose tolerance stops.

use super::solver::{MINUS, PLUS, SIGN, Settings, Solver};

/// Which multipliers are in use, and in which order.
#[derive(Debug)]
pub(super) struct Shelf {
    rows: usize,
    /// All multipliers, `row + which * rows`, those in use first.
    order: Vec<usize>,
    place: Vec<usize>,
    active: usize,
    /// The part of the function that multipliers at the upper bound make up.
    bounded: Vec<f64>,
    /// Once near the optimum everything was taken back for a second look.
    reconsidered: bool,
}

impl Shelf {
    pub(super) fn new(rows: usize, stride: usize) -> Self {
        let order: Vec<usize> = (0..2 * rows).collect();
        Self {
            rows,
            place: order.clone(),
            active: order.len(),
            order,
            bounded: vec![0.0; stride],
            reconsidered: false,
        }
    }

    /// Place of a multiplier in the order.
    pub(super) fn position(&self, row: usize, which: usize) -> usize {
        self.place.get(row + which * self.rows).copied().unwrap_or_default()
    }

    pub(super) fn is_active(&self, row: usize, which: usize) -> bool {
        self.position(row, which) < self.active
    }

    /// Adds a multiplier that has come to the upper bound, or takes it away with a negative `change`.
    pub(super) fn bounded(&mut self, kernel: &[f32], change: f64) {
        for (sum, value) in self.bounded.iter_mut().zip(kernel) {
            *sum += change * f64::from(*value);
        }
    }

    /// Moves those that are `idle` behind the others.
    fn set_aside(&mut self, idle: impl Fn(usize) -> bool) {
        let mut front = 0;
        while front < self.active {
            if idle(self.order[front]) {
                self.active -= 1;
                while self.active > front && idle(self.order[self.active]) {
                    self.active -= 1;
                }
                if self.active > front {
                    self.order.swap(front, self.active);
                }
            }
            front += 1;
        }
        for (place, &multiplier) in self.order.iter().enumerate() {
            self.place[multiplier] = place;
        }
    }
}

impl Solver<'_, '_> {
    /// `largest` is the best score to raise with.
    pub(super) fn shrink(&mut self, largest: f64) {
        let smallest = self.smallest_down();
        if !self.shelf.reconsidered && largest - smallest <= 10.0 * self.settings.tolerance {
            self.shelf.reconsidered = true;
            self.restore();
        }
        let Settings { c, .. } = self.settings;
        let (rows, multipliers, scores) = (self.multipliers.len(), &self.multipliers, &self.scores);
        self.shelf.set_aside(|multiplier| {
            let (row, which) = (multiplier % rows, multiplier / rows);
            let (value, score) = (multipliers[row][which], scores[which][row]);
            // At its upper bound α⁺ can only lower β, at 0 only raise it; α⁻ the other way round.
            if value >= c {
                if which == PLUS { score > largest } else { score < smallest }
            } else if value <= 0.0 {
                if which == MINUS { score > largest } else { score < smallest }
            } else {
                false
            }
        });
        (0..rows).for_each(|row| self.refresh(row));
    }

    /// Takes everything back into use.
    pub(super) fn restore(&mut self) {
        let rows = self.multipliers.len();
        let shelf = &self.shelf;
        if shelf.active == shelf.order.len() {
            return;
        }
        let (used, aside) = shelf.order.split_at(shelf.active);
        for &multiplier in aside {
            let (row, which) = (multiplier % rows, multiplier / rows);
            let offset = self.targets[row] - SIGN[which] * self.settings.epsilon;
            self.scores[which][row] = offset - shelf.bounded[row];
        }
        for &multiplier in used {
            let (row, which) = (multiplier % rows, multiplier / rows);
            let value = self.multipliers[row][which];
            if !(value > 0.0 && value < self.settings.c) {
                continue;
            }
            self.matrix.load(row);
            let kernel = self.matrix.row(row);
            let coefficient = SIGN[which] * value;
            for &other in aside {
                let (row, which) = (other % rows, other / rows);
                self.scores[which][row] -= coefficient * f64::from(kernel[row]);
            }
        }
        self.shelf.active = self.shelf.order.len();
        (0..rows).for_each(|row| self.refresh(row));
    }
}
