//! Training of networks that score videos, and scores from their checkpoints.
//!
//! The program `train` and the program `benchmark` are both made of this: [`Sets`] of clips, a [`Job`] that trains one
//! method on them, and [`score`] for clips that a checkpoint shall judge. [`detection`] trains classifiers of real and swapped
//! faces. See README.md.

mod batch;
mod curve;
mod data;
pub mod detection;
#[path = "../../figure.rs"]
mod figure;
mod files;
mod finish;
mod frames;
mod held;
mod index;
#[path = "../../input.rs"]
mod input;
mod job;
pub mod methods;
#[path = "../../notes.rs"]
mod notes;
mod options;
mod pointing;
mod recipe;
mod run;
mod scoring;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod threads;
mod training;
#[path = "../../view.rs"]
mod view;
mod weights;
mod words;

pub use data::{Clip, NamedClips, Sets, about, describe, of_split};
pub use files::{lock, write, write_by};
pub use finish::{Outcome, TestScores, assumptions_csv};
pub use frames::stamp;
pub use index::{Indexed, contents, fitted_clips, index, write_index};
pub use input::ReadArgs;
pub use job::Job;
pub use notes::{Assumptions, Notes, counts};
pub use options::{DeviceName, GroupBy, Init, Options, Preset, Validation, View};
pub use pointing::{Pointed, Pointing, pointing};
pub use scoring::{Represented, Scoring, score};
pub use threads::{all, bar, with_threads};
pub use view::view;
pub use words::in_words;
