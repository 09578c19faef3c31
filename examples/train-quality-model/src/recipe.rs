//! The recipes: the features, their scaling and the size of the ensemble.

use clap::ValueEnum;
use dream_features::videval60::Videval60;
use dream_features::{Brisque, Pooled, Pooling, VideoFeatures};
use dream_models::regression::{Impute, MlpParams, QualityParams, Transform};

use crate::data::Layout;

/// The features that a model uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Recipe {
    /// VIDEVAL, the published 60: the default of the embedded models
    #[value(name = "videval60")]
    Videval60,
    /// BRISQUE, 36, the mean over one frame a second: the small model
    Brisque,
}

/// Positions, from 0, of the VIDEVAL features that have no negative values and a skewness above 1 over the tables.
const SKEWED: [usize; 38] = [
    0, 1, 2, 3, 4, 6, 15, 17, 18, 19, 20, 21, 22, 24, 25, 27, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
    47, 48, 49, 50, 52, 53, 54, 55, 56, 59,
];

/// `chroma.s2.pair_v.kurtosis`: the tables have it from a code revision other than the release. It differs by 38 % on
/// the one video that could be compared, so no extractor gives the values that a model would learn here.
const OTHER_REVISION: usize = 23;

impl Recipe {
    /// Name of the trained model. Every change of a score needs a new one.
    pub(crate) const fn version(self) -> &'static str {
        match self {
            Self::Videval60 => "videval60-ugc-1",
            Self::Brisque => "brisque-ugc-1",
        }
    }

    /// How the programs make the vectors that the model is asked about: the recipe that is written into its file.
    pub(crate) const fn recipe(self) -> &'static str {
        match self {
            Self::Videval60 => {
                "extractor=videval60 version=1 ties=plain flat_areas=literal undefined=kept frames=own pooling=own \
                 pixels=color source=whole"
            }
            // The tables have literal flat areas; snapped ones move a score by 0.06 at most, and are what programs use.
            Self::Brisque => {
                "extractor=brisque version=1 flat_areas=snapped frames=per-second-1 pooling=mean pixels=luma source=whole"
            }
        }
    }

    /// Value of `--features`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Videval60 => "videval60",
            Self::Brisque => "brisque",
        }
    }

    pub(crate) const fn layout(self) -> Layout {
        match self {
            // A video without colour lacks 10 in the tables; one lacks all.
            Self::Videval60 => Layout { tables: "videval", width: 60, most_missing: 10 },
            Self::Brisque => Layout { tables: "brisque", width: 36, most_missing: 0 },
        }
    }

    /// Names of the features, in the order of the tables.
    pub(crate) fn names(self) -> anyhow::Result<Vec<String>> {
        let names = |features: &dyn VideoFeatures| features.layout().names().to_vec();
        Ok(match self {
            Self::Videval60 => names(&Videval60::default()),
            Self::Brisque => names(&Pooled::new(Brisque::default(), Pooling::one_per_second())?),
        })
    }

    /// The origin of the tables, in words.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::Videval60 => {
                "VIDEVAL-60 of the release for MATLAB (ties and rounding noise of flat areas as they come, undefined values \
                 missing), from VIDEVAL (github.com/vztu/VIDEVAL, commit 8a86166bb9a9c8fc5e5eac5db7a77771cf576947); missing \
                 values become the mean of the column, a row without any value is left out, and feature 24 is not used: \
                 the tables have it from another revision of the code"
            }
            Self::Brisque => {
                "BRISQUE of the luma plane, mean over one frame a second (frames floor(fps/2)-1 + k*fps), from \
                 BVQA_Benchmark (github.com/vztu/BVQA_Benchmark, commit \
                 8c307b41c40cfba8411fd11e2595f2f905e043a8); rows with a missing value are left out"
            }
        }
    }

    /// The settings, chosen on splits with other seeds than those of the evaluation.
    pub(crate) fn params(self, seed: u64, threads: usize) -> anyhow::Result<QualityParams> {
        let names = self.names()?;
        Ok(match self {
            Self::Videval60 => {
                let transform = |position: usize| match position {
                    OTHER_REVISION => Transform::Unused,
                    _ if SKEWED.contains(&position) => Transform::Log,
                    _ => Transform::Identity,
                };
                let ensemble = MlpParams {
                    members: 16,
                    hidden: 64,
                    epochs: 30,
                    weight_decay: 0.4,
                    seed,
                    threads,
                    ..MlpParams::default()
                };
                let transforms = (0..names.len()).map(transform).collect();
                QualityParams { impute: Impute::Mean, transforms, clip: 5.0, ensemble }
            }
            Self::Brisque => {
                // Shapes and variances are positive with long tails; the means have a sign.
                let transform = |name: &String| {
                    if name.ends_with(".mean.mean") { Transform::Identity } else { Transform::Log }
                };
                QualityParams {
                    transforms: names.iter().map(transform).collect(),
                    ensemble: MlpParams { seed, threads, ..MlpParams::default() },
                    ..QualityParams::default()
                }
            }
        })
    }
}
