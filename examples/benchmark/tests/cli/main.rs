//! The program as people run it, on a small synthetic data set.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cache;
mod deep;
mod faults;
mod helpers;
mod networks;
mod page;
#[path = "../../../print_test.rs"]
mod print_test;
mod reading;
mod report;
mod sorting;
mod variants;
