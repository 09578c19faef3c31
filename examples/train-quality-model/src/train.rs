//! The fit, its calibration, its evaluation on repeated random splits, and the model file with its provenance.

use anyhow::{Context, Result};
use dream_eval::bvqa::Database;
use dream_eval::{Summary, plcc, srcc};
use dream_models::regression::{
    Calibration, CalibrationParams, Coverage, DataSet, Evaluation, MeanStd, ModelInfo, OutputRange,
    Provenance, QualityModel, QualityParams, SCALE, SCORE_MEANING, SetScores, holdout,
};

use crate::data::Table;
use crate::recipe::Recipe;

/// Share of the rows that a split keeps for the test.
const TEST_FRACTION: f64 = 0.2;

/// Levels whose intervals are measured.
pub(crate) const LEVELS: [f64; 3] = [0.8, 0.9, 0.95];

/// The databases one after the other, and the recipe of the model.
#[derive(Debug)]
pub(crate) struct Data {
    recipe: Recipe,
    names: Vec<String>,
    features: Vec<f64>,
    scores: Vec<f64>,
    /// Database of each row.
    set: Vec<usize>,
    /// Rows and dropped rows of each database.
    counts: Vec<(usize, usize)>,
}

impl Data {
    pub(crate) fn new(recipe: Recipe, tables: &[Table]) -> Result<Self> {
        let labels = tables.iter().enumerate().flat_map(|(set, table)| std::iter::repeat_n(set, table.len()));
        Ok(Self {
            recipe,
            names: recipe.names()?,
            set: labels.collect(),
            features: tables.iter().flat_map(|table| table.features.iter().copied()).collect(),
            scores: tables.iter().flat_map(|table| table.scores.iter().copied()).collect(),
            counts: tables.iter().map(|table| (table.len(), table.dropped)).collect(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    fn row(&self, row: usize) -> &[f64] {
        let width = self.names.len();
        self.features.get(row * width..(row + 1) * width).unwrap_or_default()
    }

    fn select(&self, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let features = rows.iter().flat_map(|&row| self.row(row)).copied();
        let scores = rows.iter().filter_map(|&row| self.scores.get(row).copied());
        (features.collect(), scores.collect())
    }
}

/// The measurements of one split.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Measured {
    /// SRCC and PLCC over all test rows, then for each database.
    pub(crate) correlations: Vec<(f64, f64)>,
    /// For each of [`LEVELS`], the share of test rows inside their interval, and the mean width of the intervals.
    pub(crate) coverage: Vec<(f64, f64)>,
    /// Share of test rows that were called unfamiliar.
    pub(crate) unfamiliar: f64,
}

/// Trains and calibrates on 80 % of the rows of all databases together and tests on the rest.
pub(crate) fn evaluate_split(data: &Data, params: &QualityParams, seed: u64) -> Result<Measured> {
    let (train, test) = holdout(data.len(), TEST_FRACTION, seed)?;
    let (features, scores) = data.select(&train);
    let predictor = params.fit(&features, &scores)?;
    let calibration = calibration(seed).fit(params, &predictor, &features, &scores)?;
    let model = QualityModel::new(info(data), predictor, calibration, provenance(data, params, None))?;

    let truth: Vec<f64> = test.iter().filter_map(|&row| data.scores.get(row).copied()).collect();
    let set: Vec<usize> = test.iter().filter_map(|&row| data.set.get(row).copied()).collect();
    let at = |level: f64| -> Result<Vec<_>> {
        test.iter().map(|&row| Ok(model.predict_raw_at(data.row(row), level)?)).collect()
    };
    let mut measured = Measured::default();
    for level in LEVELS {
        let predictions = at(level)?;
        let intervals = || predictions.iter().map(|prediction| prediction.interval);
        let inside = intervals().zip(&truth).filter(|(i, truth)| (i.low..=i.high).contains(*truth)).count();
        let width: f64 = intervals().map(|interval| interval.high - interval.low).sum();
        let count = test.len() as f64;
        measured.coverage.push((inside as f64 / count, width / count));
        let strange = predictions.iter().filter(|prediction| !prediction.familiarity.is_familiar()).count();
        measured.unfamiliar = strange as f64 / count;
        if measured.correlations.is_empty() {
            let scores: Vec<f64> = predictions.iter().map(|prediction| prediction.score).collect();
            measured.correlations = correlations(&scores, &truth, &set, data.counts.len())?;
        }
    }
    Ok(measured)
}

/// The folds of the calibration, shuffled by the same seed as everything else.
fn calibration(seed: u64) -> CalibrationParams {
    let mut params = CalibrationParams::default();
    params.folds.shuffle = Some(seed);
    params
}

/// Over everything first, then over the values of each set.
fn correlations(predicted: &[f64], truth: &[f64], set: &[usize], sets: usize) -> Result<Vec<(f64, f64)>> {
    let mut results = vec![(srcc(predicted, truth)?, plcc(predicted, truth)?)];
    for wanted in 0..sets {
        let of_set = |values: &[f64]| -> Vec<f64> {
            set.iter().zip(values).filter(|(label, _)| **label == wanted).map(|(_, value)| *value).collect()
        };
        let (predicted, truth) = (of_set(predicted), of_set(truth));
        results.push((srcc(&predicted, &truth)?, plcc(&predicted, &truth)?));
    }
    Ok(results)
}

/// The protocol and the numbers of all splits, to four digits.
pub(crate) fn summarise(splits: &[Measured], seed: u64) -> Result<Evaluation> {
    let mean_std = |value: &dyn Fn(&Measured) -> Option<f64>| -> Result<MeanStd> {
        let summary = Summary::of(&splits.iter().filter_map(value).collect::<Vec<f64>>())?;
        Ok(MeanStd { mean: four_digits(summary.mean), std: four_digits(summary.std) })
    };
    let sets = std::iter::once("all").chain(Database::ALL.iter().map(|source| source.name));
    let scores = sets.enumerate().map(|(index, set)| -> Result<SetScores> {
        let srcc = mean_std(&|split| split.correlations.get(index).map(|pair| pair.0))?;
        let plcc = mean_std(&|split| split.correlations.get(index).map(|pair| pair.1))?;
        Ok(SetScores { set: set.to_owned(), srcc, plcc })
    });
    let coverage = LEVELS.into_iter().enumerate().map(|(index, level)| -> Result<Coverage> {
        let inside = mean_std(&|split| split.coverage.get(index).map(|pair| pair.0))?;
        let width = mean_std(&|split| split.coverage.get(index).map(|pair| pair.1))?;
        Ok(Coverage { level, inside, width })
    });
    let srcc_of_splits = splits.iter().filter_map(|split| Some(four_digits(split.correlations.first()?.0)));
    Ok(Evaluation {
        protocol: format!(
            "{} random 80/20 splits of all rows together, split seeds {seed}, {}, ...; everything is fitted on the \
             80 %, intervals too; correlations without a mapping",
            splits.len(),
            seed.wrapping_add(1)
        ),
        scores: scores.collect::<Result<_>>()?,
        srcc_of_splits: srcc_of_splits.collect(),
        coverage: coverage.collect::<Result<_>>()?,
        unfamiliar: Some(mean_std(&|split| Some(split.unfamiliar))?),
    })
}

fn four_digits(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn info(data: &Data) -> ModelInfo {
    let (scale, meaning) = (SCALE.to_owned(), SCORE_MEANING.to_owned());
    let output = OutputRange { min: 1.0, max: 5.0, scale, meaning };
    ModelInfo::new(data.recipe.version(), data.names.clone(), output).with_recipe(data.recipe.recipe())
}

fn provenance(data: &Data, params: &QualityParams, evaluation: Option<Evaluation>) -> Provenance {
    let seed = params.ensemble.seed;
    let splits = evaluation.as_ref().map_or(0, |evaluation| evaluation.srcc_of_splits.len());
    let datasets = Database::ALL.iter().zip(&data.counts).map(|(source, (used, dropped))| DataSet {
        name: source.name.to_owned(),
        alignment: source.alignment.to_owned(),
        rows: used + dropped,
        rows_used: *used,
        citation: source.citation.to_owned(),
    });
    Provenance {
        datasets: datasets.collect(),
        features: data.recipe.source().to_owned(),
        command: format!(
            "cargo run --release -p train-quality-model -- --features {} --data DIR --out FILE --seed {seed} --splits \
             {splits}",
            data.recipe.word()
        ),
        seed,
        crate_version: dream_models::VERSION.to_owned(),
        evaluation,
        licence: "Weights: MIT OR Apache-2.0, like the crate. They were learned from feature tables under the MIT \
                  licence, Copyright (c) Zhengzhong Tu (assets/NOTICE.md has the text), and from the mean opinion \
                  scores of the databases above, whose papers must be cited. No video and no row of the tables is \
                  in this file."
            .to_owned(),
    }
}

/// Fits and calibrates on all rows; a given calibration is used as it is.
pub(crate) fn final_model(
    data: &Data,
    params: &QualityParams,
    measured: Option<Calibration>,
    evaluation: Option<Evaluation>,
) -> Result<QualityModel> {
    let predictor = params.fit(&data.features, &data.scores)?;
    let calibration = match measured {
        Some(calibration) => calibration,
        None => calibration(params.ensemble.seed).fit(params, &predictor, &data.features, &data.scores)?,
    };
    QualityModel::new(info(data), predictor, calibration, provenance(data, params, evaluation))
        .context("the trained model is not consistent")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set 0 is ordered right, set 1 the other way round; the numbers over everything are worked out by hand.
    #[test]
    fn correlations_are_those_of_each_set() {
        let predicted = [1.0, 4.0, 2.0, 3.0, 3.0, 2.0];
        let truth = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0];
        let found = correlations(&predicted, &truth, &[0, 1, 0, 1, 0, 1], 2).unwrap();
        // The truth is -1, -1, 0, 0, 1, 1 once centred: -1 - 4 + 3 + 2 = 0, and the same with ranks.
        let expected = [(0.0, 0.0), (1.0, 1.0), (-1.0, -1.0)];
        for ((srcc, plcc), (rank, linear)) in found.into_iter().zip(expected) {
            assert!((srcc - rank).abs() < 1e-12 && (plcc - linear).abs() < 1e-12, "{srcc} {plcc}");
        }
    }

    #[test]
    fn a_summary_has_the_mean_and_deviation_of_each_set() {
        let splits = [
            Measured {
                correlations: vec![(0.5, 0.6), (0.1, 0.2), (0.3, 0.3), (0.9, 0.9)],
                coverage: vec![(0.8, 1.0), (0.9, 1.2), (0.94, 1.6)],
                unfamiliar: 0.01,
            },
            Measured {
                correlations: vec![(0.7, 0.8), (0.3, 0.2), (0.3, 0.4), (0.8, 0.9)],
                coverage: vec![(0.8, 1.0), (0.92, 1.4), (0.96, 1.6)],
                unfamiliar: 0.03,
            },
        ];
        let evaluation = summarise(&splits, 4).unwrap();
        assert_eq!(evaluation.srcc_of_splits, [0.5, 0.7]);
        let sets: Vec<_> = evaluation.scores.iter().map(|scores| scores.set.as_str()).collect();
        assert_eq!(sets, ["all", "KoNViD-1k", "LIVE-VQC", "YouTube-UGC"]);
        // The deviation of two values d apart is d / sqrt(2).
        assert_eq!(evaluation.scores[0].srcc, MeanStd { mean: 0.6, std: 0.1414 });
        assert_eq!(evaluation.scores[1].srcc, MeanStd { mean: 0.2, std: 0.1414 });
        assert_eq!(evaluation.scores[2].plcc, MeanStd { mean: 0.35, std: 0.0707 });
        assert_eq!(evaluation.scores[3].plcc, MeanStd { mean: 0.9, std: 0.0 });
        let coverage: Vec<_> =
            evaluation.coverage.iter().map(|c| (c.level, c.inside.mean, c.width.mean)).collect();
        assert_eq!(coverage, [(0.8, 0.8, 1.0), (0.9, 0.91, 1.3), (0.95, 0.95, 1.6)]);
        assert_eq!(evaluation.unfamiliar, Some(MeanStd { mean: 0.02, std: 0.0141 }));
        assert!(
            evaluation.protocol.starts_with("2 random 80/20 splits") && evaluation.protocol.contains("4, 5")
        );
        assert!(evaluation.words().starts_with("SRCC 0.600 and PLCC 0.700"), "{}", evaluation.words());
    }
}
