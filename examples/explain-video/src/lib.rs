//! Says why a video has its score, on one page: the program `explain-video` as a library.
//!
//! [`Explainer`] makes a [`Report`](report::Report) of each video, and [`page()`] a page of it: one HTML file that loads
//! nothing and runs no script. The report as JSON has everything that the page has.
//!
//! ```
//! use explain_video::{Explainer, Settings};
//! use score_video::Scorer;
//!
//! # let path = std::env::temp_dir().join("explain-video-lib.y4m");
//! # let mut clip = b"YUV4MPEG2 W96 H64 F10:1 Ip C420jpeg XCOLORRANGE=LIMITED\n".to_vec();
//! # for t in 0..20 {
//! #     clip.extend_from_slice(b"FRAME\n");
//! #     clip.extend((0..96 * 64).map(|i| (60 + (i % 96 + t) * 7 % 90 + i / 96) as u8));
//! #     clip.resize(clip.len() + 96 * 64 / 2, 120);
//! # }
//! # std::fs::write(&path, clip)?;
//! let explainer = Explainer::new(Scorer::builder().method("brisque"), Settings::default())?;
//! let mut report = explainer.report("explain-video clip.y4m".to_owned());
//! report.videos.push(explainer.explain_file(&path)?);
//! let shares = report.videos[0].explained.as_ref().and_then(|found| found.shares.as_ref());
//! assert_eq!(shares.map(|shares| shares.groups.len()), Some(4));
//! assert!(explain_video::page(&report)?.starts_with("<!DOCTYPE html>"));
//! # std::fs::remove_file(path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod explainer;
#[path = "../../figure.rs"]
mod figure;
mod frames;
#[path = "../../html.rs"]
mod html;
#[cfg(feature = "deep")]
mod known;
#[cfg(feature = "deep")]
mod network;
mod page;
mod picture;
pub mod report;
mod shares;
mod summary;
#[path = "../../view.rs"]
mod view;
#[cfg(feature = "deep")]
mod words;

pub use explainer::{Explainer, Open, Settings};
pub use page::page;
