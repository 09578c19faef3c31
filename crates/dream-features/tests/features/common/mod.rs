//! Helpers of the tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a panic here is a failed test, and the recipes of clips are integer formulas"
)]

pub(crate) mod clips;
pub(crate) mod golden;
pub(crate) mod picture;
pub(crate) mod reference;
pub(crate) mod shared;
