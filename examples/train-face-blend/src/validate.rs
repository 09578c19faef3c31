//! Cross-validation by person.

use anyhow::{Context, Result};
use dream_models::regression::{Folds, Split};

use crate::bar::bar;
use crate::features::{Blocks, KINDS};
use crate::line::{Examples, Line, Spread};
use crate::measure::{Logits, Measures, quantile};

/// Numbers of all pictures after one block.
pub(crate) struct Table {
    width: usize,
    /// By person, then by draw: rows of a draw, one after the other.
    people: Vec<Vec<Vec<f32>>>,
}

/// The logits of the pictures of a draw, in the order of the kinds.
pub(crate) fn logits(line: &Line, rows: &[f32]) -> [f64; KINDS] {
    let mut logits = [0.0; KINDS];
    let width = line.weights.len();
    for (logit, row) in logits.iter_mut().zip(rows.chunks_exact(width)) {
        *logit = line.logit(row);
    }
    logits
}

impl Table {
    /// From the numbers of all draws of a person, person after person; `place` is that of the block.
    pub(crate) fn new(made: &[Blocks], place: usize, draws: usize, width: usize) -> Result<Self> {
        let rows = made.iter().map(|blocks| blocks.get(place).cloned().context("a block is missing"));
        let rows: Vec<Vec<f32>> = rows.collect::<Result<_>>()?;
        Ok(Self { width, people: rows.chunks(draws.max(1)).map(<[_]>::to_vec).collect() })
    }

    fn draws<'a>(&'a self, people: &'a [usize]) -> impl Iterator<Item = &'a [f32]> {
        people.iter().filter_map(|&person| self.people.get(person)).flatten().map(Vec::as_slice)
    }

    /// All pictures of some people, with labels: the first two of a draw are no blends.
    fn examples(&self, people: &[usize]) -> Examples {
        let mut examples = Examples::default();
        for rows in self.draws(people) {
            examples.rows.extend(rows.iter().map(|value| f64::from(*value)));
            examples.labels.extend([false, false, true, true]);
        }
        examples
    }

    pub(crate) fn fit(&self, people: &[usize], c: f64) -> Result<Line> {
        Line::fit(&self.examples(people), self.width, c)
    }

    pub(crate) fn everybody(&self) -> Vec<usize> {
        (0..self.people.len()).collect()
    }

    /// Untouched but damaged pictures of some people.
    fn real(&self, people: &[usize]) -> Vec<f64> {
        let first = self.draws(people).filter_map(|rows| rows.get(..self.width));
        first.flatten().map(|value| f64::from(*value)).collect()
    }

    pub(crate) fn measure(&self, line: &Line, people: &[usize]) -> Measures {
        let mut found = Logits::default();
        self.draws(people).for_each(|rows| found.push(logits(line, rows)));
        found.measures()
    }

    /// How the numbers of real pictures spread, and the distance below which 99 % of those of people are that were not
    /// counted in.
    pub(crate) fn reach(&self, splits: &[Split]) -> (Spread, f64) {
        let mut away = Vec::new();
        for (train, test) in splits {
            let spread = Spread::of(&self.real(train), self.width).usable();
            away.extend(self.real(test).chunks_exact(self.width).map(|row| spread.distance(row)));
        }
        away.sort_by(f64::total_cmp);
        (Spread::of(&self.real(&self.everybody()), self.width).usable(), quantile(&away, 0.99))
    }
}

/// The folds, as positions of people.
pub(crate) fn folds(count: usize, seed: u64, people: usize) -> Result<Vec<Split>> {
    let few = || format!("{people} portraits have a face, {count} folds need one each");
    Folds { count, shuffle: Some(seed) }.splits(people).with_context(few)
}

/// A line for each fold, fitted without its people, and what it makes of them.
pub(crate) fn cross_validate(table: &Table, splits: &[Split], c: f64) -> Result<Vec<(Line, Measures)>> {
    let bar = bar("folds", splits.len())?;
    let fold = |(train, test): &Split| {
        let line = table.fit(train, c)?;
        let measures = table.measure(&line, test);
        bar.inc(1);
        Ok((line, measures))
    };
    splits.iter().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of people with one draw each, of rows of `width` numbers.
    fn table(people: &[Vec<f32>], width: usize) -> Table {
        let made: Vec<Blocks> = people.iter().map(|rows| vec![rows.clone()]).collect();
        Table::new(&made, 0, 1, width).unwrap()
    }

    #[test]
    fn mild_and_gross_blends_are_what_a_line_looks_for() {
        let people: Vec<Vec<f32>> =
            (0u8..8).map(|i| [0.0, 1.0, 3.0, 5.0].map(|v| v + f32::from(i) / 10.0).to_vec()).collect();
        let table = table(&people, 1);
        let folds = cross_validate(&table, &folds(2, 1, 8).unwrap(), 1.0).unwrap();
        assert!(folds.iter().all(|(line, found)| line.weights[0] > 0.0 && found.auc == 1.0), "{folds:?}");
    }

    /// Everybody has a column that gives their blends away: it helps nobody who was held out.
    #[test]
    fn a_line_has_not_seen_the_people_that_it_is_measured_on() {
        let one = |person: usize| {
            let column = |value: f32| (0..6).map(move |i| if i == person { value } else { 0.0 });
            [0.0, 0.0, 1.0, 1.0].into_iter().flat_map(column).collect()
        };
        let people: Vec<Vec<f32>> = (0..6).map(one).collect();
        let table = table(&people, 6);
        for (_, found) in cross_validate(&table, &folds(3, 1, 6).unwrap(), 1.0).unwrap() {
            assert_eq!((found.auc, found.mild_above_real), (0.5, 0.5));
        }
        let seen = table.measure(&table.fit(&table.everybody(), 1.0).unwrap(), &table.everybody());
        assert_eq!(seen.auc, 1.0);
    }

    /// Two people, each measured by what the real pictures of the other are like: (0, 2) and (4, 6).
    #[test]
    fn the_reach_is_that_of_real_pictures_of_people_held_out() {
        let rows =
            |first: f32| vec![vec![vec![first, 90.0, 91.0, 92.0]], vec![vec![first + 2.0, 93.0, 94.0, 95.0]]];
        let made: Vec<Blocks> = [0.0, 4.0].into_iter().flat_map(rows).collect();
        let table = Table::new(&made, 0, 2, 1).unwrap();
        let (spread, limit) = table.reach(&[(vec![0], vec![1]), (vec![1], vec![0])]);
        assert_eq!((spread.mean[0], limit), (3.0, 5.0));
        assert!((spread.deviation[0] - 5f64.sqrt()).abs() < 1e-12);
    }
}
