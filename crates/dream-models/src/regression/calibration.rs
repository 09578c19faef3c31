//! How sure a score is: cross-conformal intervals, and the distance from the training rows.

use serde::{Deserialize, Serialize};

use super::rows::mean_and_std;
use super::scored::Scored;
use super::tensor::{Quantized, QuantizedFile};
use super::whiten::whitening;
use super::{Familiarity, Folds, Interval, Rows, Scaler, format};
use crate::{Error, Result};

/// How a [`Calibration`] is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationParams {
    /// The folds whose held-out rows are measured.
    pub folds: Folds,
    /// Share of held-out rows that count as familiar.
    pub familiar: f64,
}

impl Default for CalibrationParams {
    /// Five shuffled folds; one held-out row in a hundred is called unfamiliar.
    fn default() -> Self {
        Self { folds: Folds { count: 5, shuffle: Some(1) }, familiar: 0.99 }
    }
}

/// What was measured on held-out rows, for intervals and familiarity. Holds no row.
///
/// Every fold of a cross-validation gives errors and distances of rows that its model has not seen. An error is divided
/// by `sqrt(spread² + softening²)`, where the spread is the deviation of the members of the ensemble on that row, and the
/// quantiles of the results are kept: an interval is the score ± quantile × `sqrt(spread² + softening²)`. The spread alone
/// knows little of the error; with the softening the intervals are as wide as without it, and wider where the members
/// disagree. A support vector regression has no members; its intervals have one width.
///
/// # Reference
///
/// Vovk, "Cross-conformal predictors", Annals of Mathematics and Artificial Intelligence 74, 2015; Barber, Candès,
/// Ramdas, Tibshirani, "Predictive inference with the jackknife+", Annals of Statistics 49, 2021. Unlike in theirs, the
/// models of the folds are not kept and the interval is around the score of the model that has seen all rows; the
/// coverage is therefore measured, not proved.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    folds: usize,
    softening: f64,
    levels: Vec<f64>,
    factors: Vec<f64>,
    familiar: f64,
    limit: f64,
    most_missing: usize,
    reach: Reach,
}

/// Makes scaled rows white: lengths behind it are Mahalanobis distances.
#[derive(Debug, Clone, PartialEq)]
struct Reach {
    /// For a predictor whose scaled rows are not standardised.
    scaler: Option<Scaler>,
    /// Columns of a standardised row.
    width: usize,
    /// `None` for more than [`MOST_WHITENED`] columns: distances are then those of columns without correlation.
    whitening: Option<(Quantized, Vec<f64>)>,
}

/// More columns are not whitened: time grows with the third power, and the file with the second.
const MOST_WHITENED: usize = 512;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalibrationFile {
    folds: usize,
    softening: f64,
    levels: Vec<f64>,
    factors: Vec<f64>,
    familiar: f64,
    limit: f64,
    most_missing: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scaler: Option<Scaler>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    whitening: Option<QuantizedFile>,
}

const PART: &str = "calibration";

impl CalibrationParams {
    /// Measures `model` on the rows of `width` values that it was fitted on, by calling `fit` for all but one fold after
    /// the other.
    pub(super) fn measure<M: Scored>(
        &self,
        model: &M,
        fit: impl Fn(&[f64], &[f64]) -> Result<M>,
        (data, width): (&[f64], usize),
        targets: &[f64],
    ) -> Result<Calibration> {
        if !(self.familiar > 0.0 && self.familiar < 1.0) {
            let expected = "above 0 and below 1";
            return Err(Error::InvalidConfig { field: "familiar", value: self.familiar, expected });
        }
        let row = |index: usize| data.get(index * width..(index + 1) * width).unwrap_or_default();
        let (mut errors, mut spreads, mut distances) = (Vec::new(), Vec::new(), Vec::new());
        for (train, test) in self.folds.splits(targets.len())? {
            let rows: Vec<f64> = train.iter().flat_map(|&index| row(index)).copied().collect();
            let scores: Vec<f64> = train.iter().filter_map(|&index| targets.get(index)).copied().collect();
            let fold = fit(&rows, &scores)?;
            let reach = Reach::fit(&fold, &rows, width)?;
            for (index, target) in test.into_iter().filter_map(|index| Some((index, targets.get(index)?))) {
                let scaled = fold.scaled(row(index))?;
                let (score, spread) = fold.evaluate(&scaled)?;
                errors.push((score - target).abs());
                spreads.push(spread);
                distances.push(reach.distance(&scaled)?);
            }
        }
        let members = spreads.iter().any(|&spread| spread > 0.0);
        let softening = if members { digits(mean_and_std(spreads.iter().copied()).0).max(1e-4) } else { 1.0 };
        let mut ratios: Vec<f64> =
            errors.iter().zip(&spreads).map(|(error, spread)| error / scale(*spread, softening)).collect();
        ratios.sort_by(f64::total_cmp);
        distances.sort_by(f64::total_cmp);
        let levels: Vec<f64> = (50..100).map(|percent| f64::from(percent) / 100.0).collect();
        let missing = data.chunks_exact(width.max(1)).map(missing);
        Ok(Calibration {
            folds: self.folds.count,
            softening,
            factors: levels.iter().map(|&level| digits(quantile(&ratios, level))).collect(),
            levels,
            familiar: self.familiar,
            limit: digits(quantile(&distances, self.familiar)),
            most_missing: missing.max().unwrap_or_default(),
            reach: Reach::fit(model, data, width)?,
        })
    }
}

impl Calibration {
    /// The lowest and the highest level that an interval can have.
    #[must_use]
    pub fn levels(&self) -> (f64, f64) {
        let end = |level: Option<&f64>| level.copied().unwrap_or_default();
        (end(self.levels.first()), end(self.levels.last()))
    }

    /// Share of unseen rows of the same databases that are called familiar.
    #[must_use]
    pub fn familiar(&self) -> f64 {
        self.familiar
    }

    /// Most features that a row may miss; as many as a training row missed.
    #[must_use]
    pub fn most_missing(&self) -> usize {
        self.most_missing
    }

    /// Around a score that is not clamped yet; the levels of the file, and lines between them.
    pub(super) fn interval(
        &self,
        level: f64,
        score: f64,
        spread: f64,
        range: (f64, f64),
    ) -> Result<Interval> {
        let knots = self.levels.iter().zip(&self.factors);
        let mut below: Option<(f64, f64)> = None;
        for (&at, &factor) in knots {
            if level <= at {
                let factor = match below {
                    _ if level == at => factor,
                    Some((from, lower)) => lower + (factor - lower) * (level - from) / (at - from),
                    None => break,
                };
                let half = factor * scale(spread, self.softening);
                let end = |value: f64| value.clamp(range.0, range.1);
                return Ok(Interval { level, low: end(score - half), high: end(score + half) });
            }
            below = Some((at, factor));
        }
        Err(Error::InvalidConfig {
            field: "level",
            value: level,
            expected: "0.5 to 0.99, as the model's levels",
        })
    }

    /// `scaled` is what the head sees of `row`.
    pub(super) fn familiarity(&self, row: &[f64], scaled: &[f64]) -> Result<Familiarity> {
        Ok(Familiarity {
            distance: self.reach.distance(scaled)?,
            limit: self.limit,
            missing: missing(row),
            most_missing: self.most_missing,
        })
    }

    pub(super) fn to_file(&self) -> CalibrationFile {
        CalibrationFile {
            folds: self.folds,
            softening: self.softening,
            levels: self.levels.clone(),
            factors: self.factors.clone(),
            familiar: self.familiar,
            limit: self.limit,
            most_missing: self.most_missing,
            scaler: self.reach.scaler.clone(),
            whitening: self.reach.whitening.as_ref().map(|(tensor, _)| tensor.to_file()),
        }
    }

    /// Checks everything that an interval and a distance rely on; `width` is that of a scaled row.
    pub(super) fn from_file(file: CalibrationFile, width: usize) -> Result<Self> {
        let ascending = |values: &[f64]| values.is_sorted_by(|a, b| a < b);
        let number = |value: f64| (0.0..=format::MAX_NUMBER).contains(&value);
        let inside = |value: f64| value > 0.0 && value < 1.0;
        let bad = |reason: &str| Err(Error::invalid(PART, reason));
        if file.levels.len() != file.factors.len() || file.levels.is_empty() {
            return bad("`levels` and `factors` must have the same length, at least 1");
        }
        if !(ascending(&file.levels) && file.levels.iter().all(|&level| inside(level))) {
            return bad("`levels` do not ascend from above 0 to below 1");
        }
        if !(file.factors.is_sorted() && file.factors.iter().all(|&factor| number(factor))) {
            return bad("`factors` do not ascend, or one is not between 0 and 1e6");
        }
        if !(number(file.softening) && number(file.limit) && inside(file.familiar)) {
            return bad("`softening`, `limit` or `familiar` is out of range");
        }
        let reach = Reach::from_file(file.scaler, file.whitening.as_ref(), width)?;
        let CalibrationFile { folds, softening, levels, factors, familiar, limit, most_missing, .. } = file;
        Ok(Self { folds, softening, levels, factors, familiar, limit, most_missing, reach })
    }

    /// Number of columns of a scaled row.
    pub(super) fn width(&self) -> usize {
        self.reach.scaler.as_ref().map_or(self.reach.width, Scaler::inputs)
    }

    /// Whether it is for scaled rows that are standardised.
    pub(super) fn standard(&self) -> bool {
        self.reach.scaler.is_none()
    }
}

impl Reach {
    fn fit<M: Scored>(model: &M, data: &[f64], width: usize) -> Result<Self> {
        let mut scaled = Vec::new();
        for row in data.chunks_exact(width.max(1)) {
            scaled.extend(model.scaled(row)?);
        }
        let mut width = model.width();
        let mut scaler = None;
        if !M::STANDARD {
            let rows = Rows::new(&scaled, width)?;
            let found = Scaler::standard(&rows)?;
            scaled = found.apply_rows(&rows)?;
            width = found.outputs();
            scaler = Some(found);
        }
        let whitening = if width > MOST_WHITENED {
            None
        } else {
            let tensor = Quantized::nearest(&whitening(&Rows::new(&scaled, width)?, 1.0));
            Some((tensor.clone(), tensor.values()))
        };
        Ok(Self { scaler, width, whitening })
    }

    /// `width` is that of a row before the scaler.
    fn from_file(scaler: Option<Scaler>, whitening: Option<&QuantizedFile>, width: usize) -> Result<Self> {
        let mut used = width;
        if let Some(scaler) = &scaler {
            scaler.check(width)?;
            used = scaler.outputs();
        }
        let whitening = match whitening {
            Some(file) => {
                let cells = used.checked_mul(used).ok_or_else(|| Error::invalid(PART, "too many inputs"))?;
                let tensor = Quantized::from_file(file, "calibration.whitening", cells)?;
                Some((tensor.clone(), tensor.values()))
            }
            None if used > MOST_WHITENED => None,
            None => return Err(Error::invalid(PART, "there is no `whitening`")),
        };
        Ok(Self { scaler, width: used, whitening })
    }

    fn distance(&self, scaled: &[f64]) -> Result<f64> {
        let standardised = self.scaler.as_ref().map(|scaler| scaler.apply(scaled)).transpose()?;
        let scaled = standardised.as_deref().unwrap_or(scaled);
        let sum = match &self.whitening {
            None => scaled.iter().fold(0.0, |sum, value| sum + value * value),
            Some((_, matrix)) => matrix.chunks_exact(self.width.max(1)).fold(0.0, |sum, line| {
                let value: f64 = line.iter().zip(scaled).map(|(a, b)| a * b).sum();
                sum + value * value
            }),
        };
        Ok((sum / self.width.max(1) as f64).sqrt())
    }
}

fn scale(spread: f64, softening: f64) -> f64 {
    (spread * spread + softening * softening).sqrt()
}

fn missing(row: &[f64]) -> usize {
    row.iter().filter(|value| !value.is_finite()).count()
}

/// The conformal quantile of ascending values: the `ceil((n + 1) level)`-th, or the last.
fn quantile(ascending: &[f64], level: f64) -> f64 {
    let n = ascending.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of a count is between 0 and the count"
    )]
    let place = (((n + 1) as f64 * level).ceil() as usize).clamp(1, n.max(1));
    ascending.get(place - 1).copied().unwrap_or_default()
}

/// To six digits behind the point: enough for a file, and no digit of a row is in it.
fn digits(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
