//! Labels of descriptions: where a face-swap video looks wrong, how, and how much.
//!
//! The DREAM paper sorts the comments on its videos into 14 places, 19 artifacts and 4 extents, and profiles a video by
//! how often each of the 37 labels appears. This module has the labels ([`Place`], [`Artifact`], [`Extent`]), a
//! [`Tagger`] that reads them from English text by readable rules, the [`Profile`], and [`describe`], which writes
//! descriptions with given labels.
//!
//! # Example
//! ```
//! use dream_data::tagging::{Place, Profile, Tagger};
//!
//! let tagger = Tagger::english();
//! let texts = ["The mouth is very blurry.", "No flickering, but the lips are a bit stiff."];
//! let tags = texts.map(|text| tagger.tag(text));
//! assert_eq!(tags[0].to_string(), "mouth | blur | severe");
//! assert_eq!(tags[1].to_string(), "mouth | stiffness | mild");
//!
//! let profile = Profile::from_tags(tags)?;
//! assert_eq!(profile.place(Place::Mouth), 1.0);
//! # Ok::<(), dream_data::Error>(())
//! ```

mod judge;
mod labels;
mod lexicon;
mod parts;
mod phrase;
mod profile;
mod set;
mod tagger;
mod tokens;
mod words;

pub use labels::{Artifact, Extent, Label, LabelKind, Place};
pub use lexicon::{LEXICON, Lexicon};
pub use phrase::{NOTHING_DETECTED, describe, phrase};
pub use profile::{LabelRatio, Profile};
pub use set::{ArtifactSet, LabelSet, PlaceSet};
pub use tagger::{Evidence, Explanation, Sign, Tagger, Tags};
