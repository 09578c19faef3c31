//! Sequential minimal optimisation of the dual problem.
//!
//! Row `i` has two multipliers, `α⁺` for predictions that are too low and `α⁻` for those that are too high, both in
//! `0..=C`, and `βᵢ = α⁺ − α⁻` is its coefficient. With `f` the function so far, the score of `α⁺` is `y − ε − f` and that
//! of `α⁻` is `y + ε − f`. Moving a pair is worth it where the largest score of a multiplier that can raise `β` is above
//! the smallest score of one that can lower it; the optimum is where no such pair is more than the tolerance apart.
//!
//! A tolerance of 1e-3 leaves a set of answers, 1e-4 wide in the predictions. To give the one that libsvm gives, the steps
//! are the same to the last bit: after every step the scores of its pair are equal but for rounding, and so rounding
//! decides the next one. Hence a score for each multiplier although they differ by 2ε only, the order among equals, and
//! scores of multipliers that come back from being set aside that are summed up in the order of libsvm.

use super::matrix::KernelMatrix;
use super::scan::{self, Pick};
use super::shrink::Shelf;

/// What stands in for a curvature that is not positive.
pub(super) const FLAT: f64 = 1e-12;
/// Most steps between two looks at which multipliers can be set aside.
const SHRINK_EVERY: usize = 1000;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) c: f64,
    pub(super) epsilon: f64,
    pub(super) tolerance: f64,
    pub(super) max_iterations: u64,
    pub(super) shrinking: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    pub(super) coefficients: Vec<f64>,
    pub(super) intercept: f64,
    pub(super) iterations: u64,
    pub(super) violation: f64,
    pub(super) converged: bool,
}

/// `α⁺` and `α⁻` by number, and the sign that each has in `β`.
pub(super) const PLUS: usize = 0;
pub(super) const MINUS: usize = 1;
pub(super) const SIGN: [f64; 2] = [1.0, -1.0];

pub(super) struct Solver<'m, 'k> {
    pub(super) matrix: &'m mut KernelMatrix<'k>,
    pub(super) settings: Settings,
    pub(super) targets: &'m [f64],
    /// `α⁺` and `α⁻` of each row.
    pub(super) multipliers: Vec<[f64; 2]>,
    /// Scores of all `α⁺` and of all `α⁻`.
    pub(super) scores: [Vec<f64>; 2],
    /// Which multiplier of a row raises `β` best, and which lowers it best: [`scan::USE_PLUS`], [`scan::USE_MINUS`] or none.
    up: Vec<f64>,
    down: Vec<f64>,
    /// Diagonal with the filling of the rows.
    diagonal: Vec<f64>,
    pub(super) shelf: Shelf,
    scratch: Vec<f64>,
}

pub(super) fn solve(matrix: &mut KernelMatrix<'_>, targets: &[f64], settings: Settings) -> Solution {
    let stride = matrix.stride();
    let filled = |values: &mut dyn Iterator<Item = f64>, filling: f64| {
        let mut values: Vec<f64> = values.collect();
        values.resize(stride, filling);
        values
    };
    let mut solver = Solver {
        settings,
        targets,
        multipliers: vec![[0.0; 2]; targets.len()],
        scores: SIGN.map(|sign| filled(&mut targets.iter().map(|y| y - sign * settings.epsilon), 0.0)),
        up: vec![0.0; stride],
        down: vec![0.0; stride],
        diagonal: filled(&mut matrix.diagonal().iter().copied(), 1.0),
        shelf: Shelf::new(targets.len(), stride),
        scratch: vec![0.0; stride],
        matrix,
    };
    (0..targets.len()).for_each(|row| solver.refresh(row));
    solver.run()
}

impl Solver<'_, '_> {
    fn run(mut self) -> Solution {
        let period = SHRINK_EVERY.min(2 * self.multipliers.len());
        let mut countdown = period + 1;
        let mut iterations = 0;
        let mut converged = false;
        let mut best = self.best_up();
        while iterations < self.settings.max_iterations {
            countdown -= 1;
            if countdown == 0 {
                countdown = period;
                if self.settings.shrinking {
                    self.shrink(best.value);
                    best = self.best_up();
                }
            }
            let mut pair = self.pair(best);
            if pair.is_none() {
                // Optimal for the multipliers at hand; now with all of them.
                self.restore();
                best = self.best_up();
                pair = self.pair(best);
                countdown = 1;
            }
            let Some((i, j)) = pair else {
                converged = true;
                break;
            };
            iterations += 1;
            best = self.step(i, j);
        }
        self.restore();
        self.solution(iterations, converged)
    }

    fn view(&self) -> scan::View<'_> {
        let [plus, minus] = &self.scores;
        scan::View { plus, minus, up: &self.up, down: &self.down, diagonal: &self.diagonal }
    }

    pub(super) fn best_up(&mut self) -> Pick {
        let mut scratch = std::mem::take(&mut self.scratch);
        let found = scan::best_up(&self.view(), &mut scratch);
        self.scratch = scratch;
        self.settle(found)
    }

    pub(super) fn smallest_down(&self) -> f64 {
        scan::smallest_down(&self.view())
    }

    /// Of several rows with the same largest score, the one whose multiplier comes last.
    fn settle(&self, found: Pick) -> Pick {
        if !found.tied {
            return found;
        }
        let view = self.view();
        let tied = (0..self.multipliers.len()).filter(|&row| view.score_up(row) == found.value);
        let last = tied.max_by_key(|&row| self.raising(row).map(|which| self.shelf.position(row, which)));
        Pick { index: last.unwrap_or(found.index), ..found }
    }

    /// The pair to move: the row with the largest score to raise, and the row that then promises the largest decrease of
    /// the objective to second order. `None` where no pair is further apart than the tolerance.
    fn pair(&mut self, best: Pick) -> Option<(usize, usize)> {
        if best.value == f64::NEG_INFINITY || best.index >= self.multipliers.len() {
            return None;
        }
        self.matrix.load(best.index);
        let kernel = self.matrix.row(best.index);
        let own = self.diagonal.get(best.index).copied().unwrap_or(1.0);
        let mut scratch = std::mem::take(&mut self.scratch);
        let view = self.view();
        let (mut pick, smallest) = scan::partner(&view, kernel, best.value, own, &mut scratch);
        if pick.tied {
            let tied = (0..self.multipliers.len())
                .filter(|&row| view.gain(row, kernel, best.value, own) == pick.value)
                .max_by_key(|&row| self.lowering(row).map(|which| self.shelf.position(row, which)));
            pick.index = tied.unwrap_or(pick.index);
        }
        self.scratch = scratch;
        if best.value - smallest < self.settings.tolerance {
            return None;
        }
        let found = pick.value >= 0.0 && pick.index < self.multipliers.len();
        found.then_some((best.index, pick.index))
    }

    /// The multiplier of a row with the largest score among those that can raise `β`.
    fn raising(&self, row: usize) -> Option<usize> {
        let [plus, minus] = *self.multipliers.get(row)?;
        if minus > 0.0 && self.shelf.is_active(row, MINUS) {
            Some(MINUS)
        } else {
            (plus < self.settings.c && self.shelf.is_active(row, PLUS)).then_some(PLUS)
        }
    }

    /// The multiplier of a row with the smallest score among those that can lower `β`.
    fn lowering(&self, row: usize) -> Option<usize> {
        let [plus, minus] = *self.multipliers.get(row)?;
        if plus > 0.0 && self.shelf.is_active(row, PLUS) {
            Some(PLUS)
        } else {
            (minus < self.settings.c && self.shelf.is_active(row, MINUS)).then_some(MINUS)
        }
    }

    /// Brings `up` and `down` of a row up to date.
    pub(super) fn refresh(&mut self, row: usize) {
        let choice = |which: Option<usize>| match which {
            Some(PLUS) => scan::USE_PLUS,
            Some(_) => scan::USE_MINUS,
            None => 0.0,
        };
        let (up, down) = (choice(self.raising(row)), choice(self.lowering(row)));
        if let (Some(a), Some(b)) = (self.up.get_mut(row), self.down.get_mut(row)) {
            (*a, *b) = (up, down);
        }
    }

    /// Moves row `i` up and row `j` down as far as the objective falls and the bounds allow; the next best row to raise.
    fn step(&mut self, i: usize, j: usize) -> Pick {
        let (Some(p), Some(q)) = (self.raising(i), self.lowering(j)) else { return Pick::NONE };
        self.matrix.load(j);
        let c = self.settings.c;
        let curvature = self.diagonal[i] + self.diagonal[j] - 2.0 * f64::from(self.matrix.row(i)[j]);
        let curvature = if curvature > 0.0 { curvature } else { FLAT };
        let gap = self.scores[p][i] - self.scores[q][j];
        let before = (self.multipliers[i][p], self.multipliers[j][q]);
        let after = moved(before, (SIGN[p], SIGN[q]), gap / curvature, c);
        self.multipliers[i][p] = after.0;
        self.multipliers[j][q] = after.1;
        self.refresh(i);
        self.refresh(j);
        let [plus, minus] = &mut self.scores;
        let found = scan::update(scan::Update {
            plus,
            minus,
            up: &self.up,
            first: (self.matrix.row(i), SIGN[p] * (after.0 - before.0)),
            second: (self.matrix.row(j), SIGN[q] * (after.1 - before.1)),
            scratch: &mut self.scratch,
        });
        if self.settings.shrinking {
            for (row, which, before, after) in [(i, p, before.0, after.0), (j, q, before.1, after.1)] {
                if (before >= c) != (after >= c) {
                    let change = if after >= c { c } else { -c };
                    self.shelf.bounded(self.matrix.row(row), SIGN[which] * change);
                }
            }
        }
        self.settle(found)
    }

    /// The intercept is the mean score of the multipliers between their bounds, or the middle of the range that those at
    /// their bounds leave.
    fn solution(mut self, iterations: u64, converged: bool) -> Solution {
        let (mut sum, mut free) = (0.0, 0.0);
        let (mut largest, mut smallest) = (f64::NEG_INFINITY, f64::INFINITY);
        for (which, scores) in self.scores.iter().enumerate() {
            for (pair, &score) in self.multipliers.iter().zip(scores) {
                let value = pair[which];
                if value > 0.0 && value < self.settings.c {
                    sum += score;
                    free += 1.0;
                } else if (value > 0.0) == (which == MINUS) {
                    largest = largest.max(score);
                } else {
                    smallest = smallest.min(score);
                }
            }
        }
        let intercept = if free > 0.0 { sum / free } else { f64::midpoint(largest, smallest) };
        let violation = self.best_up().value - self.smallest_down();
        Solution {
            coefficients: self.multipliers.iter().map(|[plus, minus]| plus - minus).collect(),
            intercept,
            iterations,
            violation,
            converged,
        }
    }
}

/// Adds `signs.0 * step` to the first multiplier and takes `signs.1 * step` from the second, less where one of them would
/// leave `0..=c`: that one then lies on its bound, and the other one follows.
fn moved(before: (f64, f64), signs: (f64, f64), step: f64, c: f64) -> (f64, f64) {
    let outside = |value: f64| (value - c).max(-value);
    let (a, b) = (before.0 + signs.0 * step, before.1 - signs.1 * step);
    if !(outside(a) > 0.0 || outside(b) > 0.0) {
        return (a, b);
    }
    // What the pair keeps.
    let kept = signs.0 * before.0 + signs.1 * before.1;
    if outside(a) >= outside(b) {
        let a = a.clamp(0.0, c);
        (a, (signs.1 * (kept - signs.0 * a)).clamp(0.0, c))
    } else {
        let b = b.clamp(0.0, c);
        ((signs.0 * (kept - signs.1 * b)).clamp(0.0, c), b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_stops_at_the_first_bound() {
        // Opposite signs: both grow.
        assert_eq!(moved((0.5, 0.0), (1.0, -1.0), 0.25, 1.0), (0.75, 0.25));
        assert_eq!(moved((0.5, 0.0), (1.0, -1.0), 2.0, 1.0), (1.0, 0.5));
        // Equal signs: one grows, the other falls.
        assert_eq!(moved((0.5, 0.25), (1.0, 1.0), 2.0, 1.0), (0.75, 0.0));
        assert_eq!(moved((0.75, 0.5), (1.0, 1.0), 2.0, 1.0), (1.0, 0.25));
        assert_eq!(moved((0.75, 0.5), (-1.0, -1.0), 2.0, 1.0), (0.25, 1.0));
    }
}
