//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use dream_eval::Format;

/// Compares predicted scores with human ones: the benchmark's table, with intervals and tests on request.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// CSV of clips and scores (- is the standard input), or a folder of splits in the DREAM layout (0..9/{train_set,test_set1,...}.csv)
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) labels: PathBuf,

    /// CSV of clips and predicted scores (- is the standard input); with several splits, a column `split` may assign each row to one
    #[arg(long, value_name = "FILE", required_unless_present = "baseline")]
    pub(crate) predictions: Option<PathBuf>,

    /// Predictions of another method, tested for a difference on each test set
    #[arg(long, value_name = "FILE", requires = "predictions")]
    pub(crate) compare: Option<PathBuf>,

    /// Column of the labels that names the set of a clip; values that begin with `train`, in any case, form the training
    /// set
    #[arg(long, value_name = "COLUMN")]
    pub(crate) by: Option<String>,

    /// Evaluate the training set too; otherwise it is left out, with and without --by
    #[arg(long)]
    pub(crate) include_train: bool,

    /// Add a row for a method that sees no pixels
    #[arg(long, value_enum)]
    pub(crate) baseline: Option<Baseline>,

    /// 95 % confidence intervals (BCa bootstrap) of PLCC and SRCC
    #[arg(long)]
    pub(crate) ci: bool,

    /// Also PLCC and RMSE after a fitted four-parameter logistic curve, as video-quality studies report them
    #[arg(long)]
    pub(crate) logistic: bool,

    /// Format of the table
    #[arg(long, value_parser = formats(), default_value = "text")]
    pub(crate) format: Format,

    /// Column of the labels with the names of clips [default: file, video, filename, path, clip, name ...]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) name_column: Option<String>,

    /// Column of the labels with the human scores [default: mos, mos5, mean_opinion_score, score or label]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) mos_column: Option<String>,

    /// Column of the predictions with the names of clips [default: that of --name-column if it is there, or as there]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) prediction_name_column: Option<String>,

    /// Column with the predicted scores [default: prediction, predicted, pred, score or mos]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) prediction_column: Option<String>,

    /// Score the clips that have a label and a prediction, and say how many lack one; an empty score is a missing one
    #[arg(long)]
    pub(crate) allow_missing: bool,

    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) resamples: usize,

    /// Seed of the bootstrap
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Baseline {
    /// The mean score that the clip's method has in the training set
    MethodMean,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let of = |name: String| Format::ALL.into_iter().find(|format| format.name() == name).unwrap_or_default();
    PossibleValuesParser::new(Format::ALL.map(Format::name)).map(of)
}

const EXAMPLES: &str = "\
Examples:
  evaluate-predictions --labels labels.csv --predictions mine.csv
        one test set: PLCC, SRCC, KRCC, RMSE, MAE
  evaluate-predictions --labels labels.csv --predictions mine.csv --by split \\
      --ci --logistic
        one column per set, intervals, and the values after a fitted curve
  evaluate-predictions --labels labels.csv --by split --baseline method-mean
        how much of a score needs no pixels
  evaluate-predictions --labels DREAM/splits --predictions mine.csv \\
      --compare theirs.csv --format latex
        mean ± deviation over ten splits, and whether the two methods differ

Tables have columns separated by commas, semicolons or tabs, in UTF-8 or UTF-16; names of columns ignore case.
Labels need a column of names and one of scores; --baseline method-mean also `method`, or `round` and `submit`.
With --format text the details follow the table; in the other formats they go to the standard error.
Exit status: 0 done, 1 no room for the output, 2 wrong usage or input.";
