//! Natural scene statistics: local normalisation (MSCN) and fits to its histogram.
//!
//! # Reference
//! Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", IEEE Transactions on
//! Image Processing 21(12), 2012.

mod aggd;
mod contrast;
mod ggd;
mod literal;
mod local_structure;
mod moments;
mod mscn;
mod products;
mod ring;
mod shape;

pub use aggd::{Aggd, AggdMoments};
pub(crate) use contrast::DifferenceScan;
pub use contrast::difference_of_gaussians;
pub use ggd::{Ggd, GgdMoments};
pub(crate) use local_structure::{LOG_DIFFERENCES, ScaledStructure, StructureScan, Wanted};
pub use local_structure::{LocalStructure, Quantity, local_structure};
pub use moments::Moments;
pub(crate) use moments::PowerSums;
pub use mscn::{FlatAreas, LocalStatistics, local_statistics, local_statistics_bordered};
pub(crate) use mscn::{MscnRow, MscnScan, PairSink};
pub(crate) use products::ProductMoments;
pub use ring::Border;
pub(crate) use shape::ShapeGrid;
