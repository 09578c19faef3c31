//! Benchmarks of the workspace; see the `[[bench]]` targets.

/// The example of the top README, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
