//! The program as people run it, on a small synthetic data set.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cache;
mod faults;
mod helpers;
mod networks;
mod report;
