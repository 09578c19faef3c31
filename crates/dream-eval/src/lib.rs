#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod aligned;
mod auc;
mod bootstrap;
pub mod bvqa;
mod correlation;
mod dependent;
mod error;
mod error_rates;
mod groups;
mod inversions;
mod kendall;
mod kruskal;
mod logistic;
mod multiple;
mod numeric;
mod opinion;
mod pairs;
mod pointing;
mod random;
mod rank;
mod raters;
mod significance;
mod sorting;
mod special;
mod summary;
mod table;
pub mod text;
mod tokens;
mod tsne;
mod wilcoxon;

pub use auc::roc_auc;
pub use bootstrap::Bca;
pub use correlation::{plcc, srcc};
pub use dependent::{Coefficient, DependentCorrelations, Interval, compare_independent, fisher_z_interval};
pub use error::{Error, Result};
pub use error_rates::{mae, rmse};
pub use groups::{Grouped, GroupedRmse, SimilarityMatrix, false_negative_rate, grouped_rmse, mos_group};
pub use kendall::krcc;
pub use kruskal::kruskal_wallis;
pub use logistic::{Logistic4, LogisticFit};
pub use multiple::Correction;
pub use opinion::{SosFit, sos_parameter, sos_parameter_on};
pub use pairs::ExactPairs;
pub use pointing::PointingGame;
pub use rank::ranks;
pub use raters::{ConsistencyPoint, Ratings, spearman_brown};
pub use significance::{Procedure, Test, nadeau_bengio, paired_t, plcc_p_value, srcc_p_value};
pub use summary::{Summary, median};
pub use table::{Cell, Format, Method, SetScore, Table};
pub use tokens::{Side, TokenCount, TokenCounts};
pub use tsne::{PlaneMap, Tsne};
pub use wilcoxon::wilcoxon;
