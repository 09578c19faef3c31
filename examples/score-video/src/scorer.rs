//! A scorer of videos.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use dream_data::{FrameSource, OpenOptions, name_of, open};

use crate::error::{Error, Result};
use crate::methods::{About, Method, NO_REFERENCE, registry};
use crate::options::Options;
use crate::passes;
use crate::score::Score;

/// Scores how good videos look to people. It can be shared by threads, and a clone is cheap.
///
/// ```
/// use score_video::Scorer;
///
/// # let path = std::env::temp_dir().join("score-video-scorer.y4m");
/// # let mut clip = b"YUV4MPEG2 W96 H64 F10:1 Ip C420jpeg XCOLORRANGE=LIMITED\n".to_vec();
/// # for t in 0..20 {
/// #     clip.extend_from_slice(b"FRAME\n");
/// #     clip.extend((0..96 * 64).map(|i| (60 + (i % 96 + t) * 7 % 90 + i / 96) as u8));
/// #     clip.resize(clip.len() + 96 * 64 / 2, 120);
/// # }
/// # std::fs::write(&path, clip)?;
/// let score = Scorer::embedded()?.score_file(&path)?;
/// assert!((1.0..=5.0).contains(&score.score));
/// println!("{score}");
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Scorer {
    pub(crate) method: Arc<dyn Method>,
    open: OpenOptions,
}

impl fmt::Debug for Scorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scorer").field("about", self.about()).field("open", &self.open).finish()
    }
}

impl Scorer {
    /// The scorer with the model that agrees best with people, which is built in.
    ///
    /// # Errors
    /// [`Error::Model`] if the crate was built from damaged files.
    pub fn embedded() -> Result<Self> {
        Self::new(&Options::default())
    }

    pub(crate) fn new(options: &Options) -> Result<Self> {
        let scorer = Self { method: registry::load(options)?, open: options.open.clone() };
        let Some(path) = &options.network.reference else { return Ok(scorer) };
        let named = |cause| Error::Reference { path: path.clone(), cause: Box::new(cause) };
        let original = scorer.score_file(path).map_err(named)?.into_reference(name_of(path));
        let original = original.ok_or_else(|| Error::Options(NO_REFERENCE.to_owned()))?;
        Ok(Self { method: scorer.method.compared(original)?, ..scorer })
    }

    /// The method and its model.
    #[must_use]
    pub fn about(&self) -> &About {
        self.method.about()
    }

    /// The network of DA-CLIP that gives the scores, for whoever explains them; nothing for other methods, and for a scorer that was
    /// built without [`details`](crate::ScorerBuilder::details).
    #[cfg(feature = "deep")]
    #[must_use]
    pub fn described(&self) -> Option<&crate::Described> {
        self.method.described()
    }

    /// The score of a video: a file, a folder of images, or `-` for the standard input. It is that of the program
    /// `score-video`, to the last bit.
    ///
    /// A video that is damaged is scored up to there: [`Score::whole`] is false, and a warning says where.
    ///
    /// # Errors
    /// [`Error::Video`] for a file that cannot be read, [`Error::TooLittle`] for a video that is too short or too small,
    /// [`Error::NoFace`] where a network finds no face.
    pub fn score_file(&self, path: impl AsRef<Path>) -> Result<Score> {
        let path = path.as_ref();
        self.score_reopened(&name_of(path), &mut || open(path, &self.open))
    }

    /// The score of a source of frames of any kind.
    ///
    /// ```
    /// use dream_data::{OpenOptions, open};
    /// use score_video::{Error, Scorer};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let missing = open("no-such-folder", &OpenOptions::default()).map_err(Error::from);
    /// let score = missing.and_then(|source| Scorer::embedded()?.score_source(source));
    /// assert!(matches!(score, Err(Error::Video(_))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Scorer::score_file`]; [`Error::SeveralPasses`] for a network that looks at a video more than once: see
    /// [`Scorer::score_reopened`].
    pub fn score_source(&self, source: Box<dyn FrameSource>) -> Result<Score> {
        if !self.method.one_pass() {
            return Err(Error::SeveralPasses { method: self.about().method.clone() });
        }
        let mut once = Some(source);
        let gone =
            || dream_data::Error::InvalidOption { option: "source", reason: "it is read once".to_owned() };
        self.score_reopened("", &mut || once.take().ok_or_else(gone))
    }

    /// The score of the video `name`, which `open` opens once for every pass over it: a network may count the frames
    /// first, and look for the face before it scores. The name is that of a list of faces
    /// ([`NetworkOptions::boxes`](crate::NetworkOptions::boxes)).
    ///
    /// # Errors
    /// As [`Scorer::score_file`]; [`Error::Again`] when the video cannot be opened once more.
    pub fn score_reopened(
        &self,
        name: &str,
        open: &mut dyn FnMut() -> dream_data::Result<Box<dyn FrameSource>>,
    ) -> Result<Score> {
        passes::score(&self.method, name, open)
    }
}
