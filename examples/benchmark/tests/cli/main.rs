//! The program as people run it, on a small synthetic data set.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cache;
mod faults;
mod helpers;
#[cfg(feature = "deep")]
mod networks;
mod report;
