//! What every extractor promises, as a test for extractors of other crates. With the cargo feature `testing`, which
//! belongs among the `dev-dependencies`.
//!
//! [`check`] runs an image extractor, [`check_video`] a video extractor, on small pictures that are made here: the same
//! bits on every call, whatever the memory that pixels lie in; finite values; errors and no panics for what cannot be
//! processed; sessions that can be trusted. [`Rule`] lists what is asked. Nothing here knows what the features mean:
//! whether they are right is for tests of your own.
//!
//! # Example
//! ```
//! use dream_features::testing::{Rule, check, check_video};
//! use dream_features::{Channels, FeatureLayout, Frame, ImageFeatures, Recipe, Result, Workspace};
//! use dream_features::{Error, Pooled, Pooling};
//!
//! struct Mean(FeatureLayout);
//!
//! impl ImageFeatures for Mean {
//!     fn layout(&self) -> &FeatureLayout {
//!         &self.0
//!     }
//!     fn recipe(&self) -> Recipe {
//!         Recipe::new("mean-code", 1)
//!     }
//!     fn channels(&self) -> Channels {
//!         Channels::Luma
//!     }
//!     fn extract_into(&self, frame: &Frame<'_>, _: &mut Workspace, out: &mut [f64]) -> Result<()> {
//!         let luma = frame.luma_plane();
//!         let mean = luma.data().iter().sum::<f64>() / luma.data().len() as f64;
//!         out.fill(mean); // whatever its length
//!         Ok(())
//!     }
//! }
//!
//! let mean = Mean(FeatureLayout::new(["mean"])?);
//! let broken = check(&mean).expect_err("a wrong length must be an error");
//! assert_eq!(broken.rules(), [Rule::OutLength]);
//! println!("{broken}");
//! // As frames of a video it behaves.
//! check_video(&Pooled::new(mean, Pooling::one_per_second())?).expect("sessions keep their promises");
//! # Ok::<(), Error>(())
//! ```

mod image;
mod picture;
mod run;
mod session;
mod video;

use std::fmt;

pub use image::check;
pub use video::check_video;

/// A promise of extractors. [`Rule::Refused`] to [`Rule::Panic`] are about extractors of both kinds, those up to
/// [`Rule::Channels`] about images, the others about sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// A textured picture of some size up to 1024x1024 has features, and a video of up to 600 of them. Nothing else is
    /// checked if not.
    Refused,
    /// Names are distinct and not empty, there is at least one, and they are the same on every call.
    Names,
    /// The recipe is the same on every call, names extractor and version, and can be read back from its text. The
    /// vector's recipe has it, with `frames`, `pooling`, `pixels` and `source` added where they were missing.
    Recipe,
    /// A vector has the names of the extractor.
    Layout,
    /// Values are finite, and those that are not in `extract_into` are counted as replaced. Sessions of an extractor whose
    /// recipe says `undefined=kept` are excepted.
    Finite,
    /// The same pixels give the same bits, on every call.
    Repeat,
    /// The same bits in another thread.
    Thread,
    /// The same bits where rows lie farther apart.
    Stride,
    /// The same bits for a crop of a larger frame as for a copy of that crop.
    Crop,
    /// The same bits for one picture as RGB and BGRA, and as planar 4:2:0 and NV12.
    Arrangement,
    /// No panic, whatever the frame: tiny, flat, of odd size, thin, large, with and without colour. Also not for sessions
    /// that are used wrongly. Errors are fine.
    Panic,
    /// `extract_into` writes every value, whatever was there before.
    Written,
    /// An `out` of another length is an error.
    OutLength,
    /// The same bits in a fresh workspace and in one that other frames have used.
    Workspace,
    /// An extractor of [`Channels::Luma`](crate::Channels::Luma) gives the same bits with and without chroma.
    Channels,
    /// A size of 0 and a rate that is not above 0 are errors. A thinned source is an error too, or the recipe says
    /// `source=thinned`.
    Spec,
    /// A session without frames, or of skipped frames alone, ends with an error.
    TooFewFrames,
    /// A frame of another size is an error, and changes nothing.
    FrameSize,
    /// The session's intake counts every frame that is pushed or skipped, and no other. A session that saw far fewer than
    /// the spec says ends with an error.
    Intake,
    /// Times that do not grow are an error, and the frame is not taken. Times that do change nothing.
    Time,
    /// `wants_next` gives the same answer twice, and a frame that is not wanted may be pushed or skipped alike.
    Skip,
    /// `peek` is what `finish` would be, and changes nothing.
    Peek,
    /// Sessions of one extractor do not know of each other.
    Independent,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "a textured picture must have features",
            Self::Names => "names must be distinct and stay the same",
            Self::Recipe => "the recipe must be complete and stay the same",
            Self::Layout => "a vector must have the names of its extractor",
            Self::Finite => "values must be finite, and replaced ones counted",
            Self::Repeat => "the same pixels must give the same bits",
            Self::Thread => "another thread must give the same bits",
            Self::Stride => "the distance of rows must not matter",
            Self::Crop => "a crop must equal a copy of the crop",
            Self::Arrangement => "the order of bytes must not matter",
            Self::Panic => "no frame may cause a panic",
            Self::Written => "every value must be written",
            Self::OutLength => "a wrong length of `out` must be an error",
            Self::Workspace => "what the workspace was used for must not matter",
            Self::Channels => "chroma must not matter to an extractor of luma",
            Self::Spec => "a spec that cannot be served must be an error",
            Self::TooFewFrames => "a session without frames must end with an error",
            Self::FrameSize => "a frame of another size must be an error that changes nothing",
            Self::Intake => "the intake must count all frames",
            Self::Time => "times that do not grow must be an error that changes nothing",
            Self::Skip => "a frame that is not wanted must not matter",
            Self::Peek => "peek must equal finish and change nothing",
            Self::Independent => "sessions must not know of each other",
        })
    }
}

/// A promise that was broken, and where it was first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The promise.
    pub rule: Rule,
    /// The first case that broke it, in words.
    pub case: String,
    /// How many cases broke it.
    pub times: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.case)?;
        match self.times {
            0 | 1 => Ok(()),
            times => write!(f, " (and {} more)", times - 1),
        }
    }
}

/// The promises that an extractor broke, at least one. [`Display`](fmt::Display) has a line for each; so has
/// [`Debug`], which is what `unwrap` shows in a test.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken(Vec<Violation>);

impl Broken {
    /// The promises, in the order of [`Rule`].
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0
    }

    /// Their rules, in order.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.0.iter().map(|violation| violation.rule).collect()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.0.iter().enumerate() {
            write!(f, "{}{violation}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Broken {}

/// What a check has found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, rule: Rule, case: impl Into<String>) {
        match self.0.iter_mut().find(|violation| violation.rule == rule) {
            Some(known) => known.times += 1,
            None => self.0.push(Violation { rule, case: case.into(), times: 1 }),
        }
    }

    fn unless(&mut self, kept: bool, rule: Rule, case: impl FnOnce() -> String) {
        if !kept {
            self.add(rule, case());
        }
    }

    fn into_result(mut self) -> Result<(), Broken> {
        self.0.sort_by_key(|violation| violation.rule);
        if self.0.is_empty() { Ok(()) } else { Err(Broken(self.0)) }
    }
}
