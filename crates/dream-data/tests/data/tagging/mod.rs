//! The tagger against sentences that were labelled by hand before it existed, and against any text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

mod any_text;
mod evaluation;
mod score;
mod shared;
