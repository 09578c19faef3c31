//! The results table of the benchmark: correlations on three test sets over the splits.

mod format;
mod text;

pub use format::Format;

use crate::numeric::mean;
use crate::{Error, Result, Summary, median, plcc, srcc};

/// Correlations of one method on one test set of one split.
///
/// ```
/// use dream_eval::SetScore;
///
/// # fn main() -> dream_eval::Result<()> {
/// let score = SetScore::of(&[1.0, 2.0, 4.0], &[1.0, 3.0, 4.0])?;
/// assert!(score.plcc > 0.9 && score.srcc == 1.0 && !score.constant);
/// // A method that says the same of every clip has no correlation; the table counts it as 0 and says so.
/// let score = SetScore::of(&[3.0; 3], &[1.0, 3.0, 4.0])?;
/// assert!(score.plcc == 0.0 && score.constant);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SetScore {
    /// Pearson's correlation.
    pub plcc: f64,
    /// Spearman's rank correlation.
    pub srcc: f64,
    /// Whether all predictions were equal, so that both mean "no correlation".
    pub constant: bool,
}

impl SetScore {
    /// Correlations of predictions with scores; 0 where all predictions are equal.
    ///
    /// # Errors
    ///
    /// As [`plcc`], but for constant predictions.
    pub fn of(pred: &[f64], truth: &[f64]) -> Result<Self> {
        match (plcc(pred, truth), srcc(pred, truth)) {
            (Err(Error::ConstantInput { argument: "pred" }), _) => {
                Ok(Self { plcc: 0.0, srcc: 0.0, constant: true })
            }
            (plcc, srcc) => Ok(Self { plcc: plcc?, srcc: srcc?, constant: false }),
        }
    }
}

/// One method in the table.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Method {
    /// Name in the first column.
    pub name: String,
    /// Heading of the block that the method belongs to, for example `Deep features`; empty for none.
    pub family: String,
    /// By split, then test set; `None` where the method cannot predict the set.
    pub splits: Vec<Vec<Option<SetScore>>>,
}

/// A number of the table: mean over the splits, and deviation where there are several.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Cell {
    /// Mean over splits.
    pub mean: f64,
    /// Sample deviation over splits (`ddof` 1); `None` for a single split.
    pub std: Option<f64>,
    /// Median over splits.
    pub median: f64,
}

/// The table in the layout of the paper's Table IV: PLCC of each set, SRCC of each set, their averages, and the average
/// of those.
///
/// Averages are taken within a split and then over splits, so that their deviation is that of the average.
///
/// ```
/// use dream_eval::{Format, Method, SetScore, Table};
///
/// # fn main() -> dream_eval::Result<()> {
/// let score = |r| Some(SetScore { plcc: r, srcc: r - 0.01, constant: false });
/// let splits = vec![vec![score(0.80), score(0.70), score(0.60)], vec![score(0.82), score(0.72), score(0.62)]];
/// let method = Method { name: "BRISQUE".into(), family: String::new(), splits };
/// let table = Table::new(3, vec![method])?;
/// let text = table.format(Format::Text);
/// assert!(text.contains("PLCC-avr") && text.contains("0.810±0.014"), "{text}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    sets: usize,
    /// What the sets are called on a page; empty for numbers alone.
    set_names: Vec<String>,
    /// The family whose rows are there to compare with.
    baselines: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    family: String,
    cells: Vec<Option<Cell>>,
    constants: usize,
}

impl Table {
    /// The table of the given methods on `sets` test sets.
    ///
    /// A method that cannot predict a set has no value there, nor in any average.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] for no set, no method or a method without splits; [`Error::UnequalLengths`] for a split with
    /// another number of sets; [`Error::OutOfRange`] for a correlation outside -1..=1.
    pub fn new(sets: usize, methods: Vec<Method>) -> Result<Self> {
        if sets == 0 {
            return Err(Error::TooFew { argument: "sets", needed: 1, found: 0 });
        }
        if methods.is_empty() {
            return Err(Error::TooFew { argument: "methods", needed: 1, found: 0 });
        }
        let rows = methods.into_iter().map(|method| Row::new(sets, method)).collect::<Result<_>>()?;
        Ok(Self { sets, set_names: Vec::new(), baselines: None, rows })
    }

    /// Takes the rows of a family for baselines: they are shown, but never marked as the best of a column.
    ///
    /// ```
    /// use dream_eval::{Format, Method, SetScore, Table};
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let method = |name: &str, family: &str, r| Method {
    ///     name: name.into(),
    ///     family: family.into(),
    ///     splits: vec![vec![Some(SetScore { plcc: r, srcc: r, constant: false })]],
    /// };
    /// let rows = vec![method("Method mean", "No pixels", 0.98), method("BRISQUE", "Features", 0.52)];
    /// let table = Table::new(1, rows)?.with_baselines("No pixels");
    /// let text = table.format(Format::Markdown);
    /// assert!(text.contains("| Method mean | 0.980 |") && text.contains("| BRISQUE | **0.520** |"), "{text}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_baselines(mut self, family: &str) -> Self {
        self.baselines = Some(family.to_owned());
        self
    }

    /// Names the test sets in the heading of [`Format::Html`]; the other formats number them. A set without a name keeps
    /// its number.
    #[must_use]
    pub fn with_set_names(mut self, names: &[&str]) -> Self {
        self.set_names = names.iter().take(self.sets).map(|name| (*name).to_owned()).collect();
        self
    }

    /// Headings of the number columns: `PLCC1`, ..., `SRCC1`, ..., `PLCC-avr`, `SRCC-avr`, `avr`.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let each = |metric: &str| (1..=self.sets).map(|set| format!("{metric}{set}")).collect::<Vec<_>>();
        let averages = ["PLCC-avr", "SRCC-avr", "avr"].map(str::to_owned);
        each("PLCC").into_iter().chain(each("SRCC")).chain(averages).collect()
    }

    /// Cells of a row, in the order of [`Self::columns`]; no cells for a row that is not there.
    #[must_use]
    pub fn cells(&self, row: usize) -> &[Option<Cell>] {
        self.rows.get(row).map_or(&[], |row| row.cells.as_slice())
    }

    /// What a reader must know of the numbers: methods whose constant predictions were counted as 0.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let rows = self.rows.iter().filter(|row| row.constants > 0);
        rows.map(|row| {
            let sets = if row.constants == 1 { "test set" } else { "test sets" };
            format!(
                "{}: all predictions are equal on {} {sets}; counted as a correlation of 0",
                row.name, row.constants
            )
        })
        .collect()
    }
}

impl Row {
    fn new(sets: usize, method: Method) -> Result<Self> {
        if method.splits.is_empty() {
            return Err(Error::TooFew { argument: "splits", needed: 1, found: 0 });
        }
        let mut columns: Vec<Vec<Option<f64>>> = vec![Vec::new(); 2 * sets + 3];
        let mut constants = 0;
        for split in &method.splits {
            if split.len() != sets {
                return Err(Error::UnequalLengths {
                    arguments: ["split", "sets"],
                    lengths: [split.len(), sets],
                });
            }
            for score in split.iter().flatten() {
                constants += usize::from(score.constant);
                if let Some(value) = [score.plcc, score.srcc].into_iter().find(|v| !(-1.0..=1.0).contains(v))
                {
                    return Err(Error::OutOfRange { argument: "splits", value, range: "-1 to 1" });
                }
            }
            let average = |value: fn(&SetScore) -> f64| -> Option<f64> {
                let values: Option<Vec<f64>> = split.iter().map(|score| score.as_ref().map(value)).collect();
                values.map(|values| mean(&values))
            };
            let (plcc, srcc) = (average(|s| s.plcc), average(|s| s.srcc));
            let averages = [plcc, srcc, plcc.zip(srcc).map(|(p, s)| (p + s) / 2.0)];
            let values = split.iter().map(|s| s.map(|s| s.plcc));
            let values = values.chain(split.iter().map(|s| s.map(|s| s.srcc))).chain(averages);
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        let cells = columns.into_iter().map(|column| cell(&column)).collect::<Result<_>>()?;
        Ok(Self { name: method.name, family: method.family, cells, constants })
    }
}

/// `None` unless every split has a value.
fn cell(values: &[Option<f64>]) -> Result<Option<Cell>> {
    let Some(values) = values.iter().copied().collect::<Option<Vec<f64>>>() else { return Ok(None) };
    let summary = Summary::with_ddof(&values, usize::from(values.len() > 1))?;
    let std = (values.len() > 1).then_some(summary.std);
    Ok(Some(Cell { mean: summary.mean, std, median: median(&values)? }))
}
