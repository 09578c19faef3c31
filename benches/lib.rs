//! Benchmarks of the workspace; see the `[[bench]]` targets.

/// The example of the top README, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// The example of the page on devices, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/devices.md")]
pub struct Devices;
