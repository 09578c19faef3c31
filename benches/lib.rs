//! Benchmarks of the workspace; see the `[[bench]]` targets. This library holds nothing but the top README, so
//! that the example there is compiled and run as a test.
//!
#![doc = include_str!("../README.md")]
