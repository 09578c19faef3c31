//! Opinions: grades, their means, quality control of sessions and raters, agreement.
//!
//! [`Tally`] counts grades per clip in one pass over the descriptions. [`RatingTable`] records which rater gave which
//! score; [`Screening`](Bt500), [`Consistency`] and [`false_negative_rates`] need that.

mod bt500;
mod consistency;
mod false_negative;
mod grade;
mod histogram;
mod opinion;
mod quality;
mod ratings;
mod sessions;

pub use bt500::{Bt500, RaterScreening};
pub use consistency::{Consistency, MosPair};
pub use false_negative::{FalseNegatives, Positive, RateGroup, false_negative_rates, group_rates};
pub use grade::{AUTOMATIC_DESCRIPTION, Grade, GradeCounts, Tally};
pub use histogram::Histogram;
pub use opinion::{Ddof, Opinion};
pub use quality::{Audit, Checker, CheckerFailure, QualityControl, Session, Verdict};
pub use ratings::RatingTable;
pub use sessions::{SessionReader, parse_sessions, read_sessions};
