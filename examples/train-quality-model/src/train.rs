//! The fit, its evaluation on repeated random splits, and the model file with its provenance.

use anyhow::{Context, Result};
use dream_eval::{Summary, plcc, srcc};
use dream_models::regression::{
    DataSet, Evaluation, MeanStd, MlpParams, ModelInfo, OutputRange, Provenance, QualityModel, QualityParams,
    Regressor, Rows, SCALE, SCORE_MEANING, SetScores, Transform, holdout,
};

use crate::data::{FEATURES, SOURCES, Table};

/// Name of the trained model. Another one for every change of a score.
const VERSION: &str = "brisque-ugc-1";

/// Part of the rows that a split keeps for the test.
const TEST_FRACTION: f64 = 0.2;

/// The databases one after the other.
#[derive(Debug)]
pub(crate) struct Data {
    features: Vec<f64>,
    scores: Vec<f64>,
    /// Database of each row.
    set: Vec<usize>,
    /// Rows and dropped rows of each database.
    counts: Vec<(usize, usize)>,
}

impl Data {
    pub(crate) fn new(tables: &[Table]) -> Self {
        let labels = tables.iter().enumerate().flat_map(|(set, table)| std::iter::repeat_n(set, table.len()));
        Self {
            set: labels.collect(),
            features: tables.iter().flat_map(|table| table.features.iter().copied()).collect(),
            scores: tables.iter().flat_map(|table| table.scores.iter().copied()).collect(),
            counts: tables.iter().map(|table| (table.len(), table.dropped)).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    fn select(&self, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let features = rows.iter().filter_map(|row| self.features.get(row * FEATURES..(row + 1) * FEATURES));
        let scores = rows.iter().filter_map(|&row| self.scores.get(row).copied());
        (features.flatten().copied().collect(), scores.collect())
    }
}

/// Names of the 36 values: BRISQUE in its published order, then the mean over the frames of a video.
pub(crate) fn names() -> Vec<String> {
    let mut names = Vec::with_capacity(FEATURES);
    for scale in ["s1", "s2"] {
        for statistic in ["shape", "variance"] {
            names.push(format!("brisque.{scale}.ggd.{statistic}.mean"));
        }
        for product in ["aggd_h", "aggd_v", "aggd_d1", "aggd_d2"] {
            for statistic in ["shape", "mean", "left_variance", "right_variance"] {
                names.push(format!("brisque.{scale}.{product}.{statistic}.mean"));
            }
        }
    }
    names
}

/// Shapes and variances are positive with long tails; the means have a sign.
pub(crate) fn params(seed: u64, threads: usize) -> QualityParams {
    let transform = |name: String| {
        if name.ends_with(".mean.mean") { Transform::Identity } else { Transform::Log }
    };
    QualityParams {
        transforms: names().into_iter().map(transform).collect(),
        ensemble: MlpParams { seed, threads, ..MlpParams::default() },
        ..QualityParams::default()
    }
}

/// SRCC and PLCC of one split: over all test rows, then for each database.
pub(crate) type SplitScores = Vec<(f64, f64)>;

/// Trains on 80 % of the rows of all databases together and tests on the rest.
pub(crate) fn evaluate_split(data: &Data, params: &QualityParams, seed: u64) -> Result<SplitScores> {
    let (train, test) = holdout(data.len(), TEST_FRACTION, seed)?;
    let (features, scores) = data.select(&train);
    let model = params.fit(&Rows::new(&features, FEATURES)?, &scores)?;
    let (features, truth) = data.select(&test);
    let predicted = predict(&model, &features)?;
    let set: Vec<usize> = test.iter().filter_map(|&row| data.set.get(row).copied()).collect();
    correlations(&predicted, &truth, &set, data.counts.len())
}

/// Over everything first, then over the values of each set.
fn correlations(predicted: &[f64], truth: &[f64], set: &[usize], sets: usize) -> Result<SplitScores> {
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

fn predict(model: &impl Regressor, features: &[f64]) -> Result<Vec<f64>> {
    Rows::new(features, FEATURES)?.iter().map(|row| Ok(model.predict(row)?)).collect()
}

/// The protocol and the numbers of all splits, to four digits.
pub(crate) fn summarise(splits: &[SplitScores], seed: u64) -> Result<Evaluation> {
    let column = |set: usize, pick: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        splits.iter().filter_map(|split| split.get(set)).map(pick).collect()
    };
    let mean_std = |values: &[f64]| -> Result<MeanStd> {
        let summary = Summary::of(values)?;
        Ok(MeanStd { mean: four_digits(summary.mean), std: four_digits(summary.std) })
    };
    let sets = std::iter::once("all").chain(SOURCES.iter().map(|source| source.name));
    let scores = sets
        .enumerate()
        .map(|(index, set)| {
            Ok(SetScores {
                set: set.to_owned(),
                srcc: mean_std(&column(index, |pair| pair.0))?,
                plcc: mean_std(&column(index, |pair| pair.1))?,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Evaluation {
        protocol: format!(
            "{} random 80/20 splits of all rows together, split seeds {seed}, {}, ...; everything is fitted on the \
             80 %; correlations without a mapping",
            splits.len(),
            seed.wrapping_add(1)
        ),
        scores,
        srcc_of_splits: column(0, |pair| pair.0).into_iter().map(four_digits).collect(),
    })
}

fn four_digits(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Fits on all rows.
pub(crate) fn final_model(
    data: &Data,
    params: &QualityParams,
    evaluation: Option<Evaluation>,
) -> Result<QualityModel> {
    let predictor = params.fit(&Rows::new(&data.features, FEATURES)?, &data.scores)?;
    let info = ModelInfo {
        version: VERSION.to_owned(),
        inputs: names(),
        output: OutputRange {
            min: 1.0,
            max: 5.0,
            scale: SCALE.to_owned(),
            meaning: SCORE_MEANING.to_owned(),
        },
    };
    let seed = params.ensemble.seed;
    let splits = evaluation.as_ref().map_or(0, |evaluation| evaluation.srcc_of_splits.len());
    let datasets = SOURCES.iter().zip(&data.counts).map(|(source, (used, dropped))| DataSet {
        name: source.name.to_owned(),
        alignment: source.alignment.to_owned(),
        rows: used + dropped,
        rows_used: *used,
        citation: source.citation.to_owned(),
    });
    let provenance = Provenance {
        datasets: datasets.collect(),
        features: "BRISQUE of the luma plane, mean over one frame a second (frames floor(fps/2)-1 + k*fps), from \
                   BVQA_Benchmark (github.com/vztu/BVQA_Benchmark, commit \
                   8c307b41c40cfba8411fd11e2595f2f905e043a8); rows with a missing value are left out"
            .to_owned(),
        command: format!(
            "cargo run --release -p train-quality-model -- --data DIR --out FILE --seed {seed} --splits {splits}"
        ),
        seed,
        crate_version: dream_models::VERSION.to_owned(),
        evaluation,
        licence: "Weights: MIT OR Apache-2.0, like the crate. They were learned from feature tables under the MIT \
                  licence, Copyright (c) Zhengzhong Tu (assets/NOTICE.md has the text), and from the mean opinion \
                  scores of the databases above, whose papers must be cited. No video and no row of the tables is \
                  in this file."
            .to_owned(),
    };
    QualityModel::new(info, predictor, provenance).context("the trained model is not consistent")
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
        let splits = vec![
            vec![(0.5, 0.6), (0.1, 0.2), (0.3, 0.3), (0.9, 0.9)],
            vec![(0.7, 0.8), (0.3, 0.2), (0.3, 0.4), (0.8, 0.9)],
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
        assert!(
            evaluation.protocol.starts_with("2 random 80/20 splits") && evaluation.protocol.contains("4, 5")
        );
    }
}
