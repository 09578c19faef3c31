//! A generated stand-in for the benchmark: faces that move, artifacts of face swaps, raters with opinions.
//!
//! The authors of DREAM release its videos only on application. [`Synthetic`] makes a folder of the same form, of any
//! size and with known truth: the planted artifacts and their strengths, the mean opinion of the panel, its
//! disagreement, and who did not pay attention. Programs run on it unchanged, and tests compare their results with the
//! truth.
//!
//! It does not model how real swaps look or how people judge them. Scores on it show that a program works, not that a
//! method does.
//!
//! - Faces are ellipses, except two photographs; artifacts ([`Planted`]) change the pixels of a place.
//! - With [`Synthetic::with_photographs`] everybody is a photograph, and most methods also paste a changed copy of the
//!   face over it ([`Blend`]).
//! - A method ([`SyntheticMethod`]) is a mixture of artifacts. The stronger they are, the lower the realism of a clip.
//! - Attentive raters give grades whose variance on a clip is `a (m - 1)(5 - m)` about its mean `m`; careless ones
//!   answer at random. Sessions have checkers, on which attentive raters agree except for slips.
//! - Sentences name planted artifacts, in the words of [`tagging::describe`](crate::tagging::describe).
//!
//! The same configuration gives the same bytes on every machine, for any number of threads.
//!
//! # Example
//! ```
//! use dream_data::dataset::Dataset;
//! use dream_data::synthetic::{Synthetic, SyntheticConfig};
//!
//! let config = SyntheticConfig { identities: 4, methods: 9, frames: 2, raters: 3, ..Default::default() };
//! let folder = std::env::temp_dir().join(format!("synthetic-{}", std::process::id()));
//! let summary = Synthetic::new(config)?.write_tree(&folder, 1, &|_| {})?;
//! assert_eq!(summary.clips, 48);
//! assert_eq!(Dataset::open(&folder)?.videos()?.len(), 48);
//! std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), dream_data::Error>(())
//! ```

mod artefact;
mod blend;
mod canvas;
mod config;
mod describe;
mod detection;
mod face;
mod method;
mod photograph;
mod plan;
mod portrait;
mod pose;
mod raters;
mod tree;

pub use artefact::Planted;
pub use blend::{Blend, BlendDetail, BlendPart};
pub use config::SyntheticConfig;
pub use describe::Remark;
pub use detection::DetectionSummary;
pub use method::SyntheticMethod;
pub use photograph::Photograph;
pub use plan::{Synthetic, SyntheticClip};
pub use raters::{Attempt, SyntheticRater};
pub use tree::{TreeProgress, TreeSummary};
