//! Scores how good videos look to people, from 1 (bad) to 5 (excellent): the program `score-video` as a library.
//!
//! | to score | call |
//! | --- | --- |
//! | a file, a folder of images | [`Scorer::score_file`] |
//! | any [`FrameSource`](dream_data::FrameSource) | [`Scorer::score_source`], [`Scorer::score_reopened`] |
//! | frames of your own, as they come | [`Scorer::start`], then `push_rgb` and the like of [`Live`] |
//!
//! ```no_run
//! let score = score_video::Scorer::embedded()?.score_file("clip.mp4")?;
//! println!("{score}"); // 3.60 (good), 2.6 to 4.6 at 90 %, from 25 frames by videval60-ugc-1
//! # Ok::<(), score_video::Error>(())
//! ```
//!
//! A score is perceived video quality as learned from human ratings of user videos; it is not yet face-swap
//! photorealism. [`About`] says how well it agrees with people, [`Score::familiarity`] whether the video is like those
//! of the training, and [`Score::warnings`] what speaks against it.
//!
//! Nothing is printed. The same input gives the same bits on any number of threads. Memory does not grow with the length
//! of a video.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod builder;
#[cfg(feature = "deep")]
mod described;
mod details;
#[cfg(feature = "deep")]
mod encoded;
#[cfg(feature = "deep")]
mod encoder;
mod error;
mod live;
mod methods;
mod options;
mod passes;
mod row;
mod score;
mod scorer;
mod traces;
#[path = "../../view.rs"]
mod view;

pub use builder::ScorerBuilder;
#[cfg(feature = "deep")]
pub use described::Described;
pub use details::Details;
#[cfg(feature = "deep")]
pub use encoded::Encoded;
#[cfg(feature = "deep")]
pub use encoder::Encoder;
pub use error::{Error, Result};
pub use live::{Live, Plane};
pub use methods::registry::{MethodInfo, methods};
pub use methods::{About, CheckpointReport, ReferenceReport};
pub use options::{LEVEL, NetworkOptions, NoFace, Options};
#[cfg(feature = "deep")]
pub use options::{Looks, SetLooks};
pub use row::Row;
pub use score::{Face, Score, Video};
pub use scorer::Scorer;
pub use traces::{Compared, FrameTraces, Traces};
// The crates whose types are part of this one's, so that their versions fit.
pub use dream_data;
pub use dream_features;
pub use dream_models;

/// The programs of the README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// The program of the walk through the three crates, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-file-to-score.md")]
pub struct FromFileToScore;
