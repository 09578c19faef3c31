//! Scores videos and says why.

use std::fmt;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::{FrameSource, OpenOptions, RelativeBox, name_of, open, open_file};
use score_video::{Row, Score, Scorer, ScorerBuilder};
use sha2::{Digest, Sha256};

use crate::frames::{Choice, Part, look};
#[cfg(feature = "deep")]
use crate::network::Networks;
use crate::picture::picture;
use crate::report::{Explained, Frame, Report, Video};
use crate::shares::shares;
use crate::summary::summary;

/// What is explained, besides the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Most frames of a video that are shown. Default: 12.
    pub frames: usize,
    /// Most descriptions of other videos, for a network that knows some. Default: 11, as the paper.
    pub sentences: usize,
    /// The part of the frames that the scorer looks at, where it was told so. Default: the whole.
    pub crop: Option<RelativeBox>,
    /// How videos are opened; as the scorer opens them. Default: without options.
    pub open: OpenOptions,
    /// The index of descriptions beside the checkpoint. Default: the one that stands there, if one does.
    pub index: Option<std::path::PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { frames: 12, sentences: 11, crop: None, open: OpenOptions::default(), index: None }
    }
}

/// Says why videos have their scores. It can be shared by threads.
pub struct Explainer {
    scorer: Scorer,
    settings: Settings,
    #[cfg(feature = "deep")]
    networks: Option<Networks>,
}

impl fmt::Debug for Explainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scorer, settings) = (&self.scorer, &self.settings);
        f.debug_struct("Explainer")
            .field("scorer", scorer)
            .field("settings", settings)
            .finish_non_exhaustive()
    }
}

/// Opens a video, once for every look at it.
pub type Open<'a> = dyn FnMut() -> dream_data::Result<Box<dyn FrameSource>> + 'a;

impl Explainer {
    /// An explainer of the scores of this scorer.
    ///
    /// # Errors
    /// Those of [`ScorerBuilder::build`], and of the index and the text tower of a checkpoint.
    pub fn new(scorer: ScorerBuilder, settings: Settings) -> Result<Self> {
        let scorer = scorer.details(true).build()?;
        #[cfg(feature = "deep")]
        let networks = Networks::of(&scorer, &settings)?;
        Ok(Self {
            scorer,
            settings,
            #[cfg(feature = "deep")]
            networks,
        })
    }

    /// A report without videos, for what was typed.
    #[must_use]
    pub fn report(&self, command: String) -> Report {
        Report::new(self.scorer.about(), command)
    }

    /// Why a video has its score: a file or a folder of images.
    ///
    /// # Errors
    /// As [`Explainer::explain`], and for a file that cannot be read.
    pub fn explain_file(&self, path: &Path) -> Result<Video> {
        self.explain_watched(path, &mut || open(path, &self.settings.open))
    }

    /// The same of a file that `open` opens, for a caller who watches its frames pass.
    ///
    /// # Errors
    /// As [`Explainer::explain_file`].
    pub fn explain_watched(&self, path: &Path, open: &mut Open<'_>) -> Result<Video> {
        let file = name_of(path);
        let (bytes, sha256) = digest(path)?;
        let found = self.explain(&file, open)?;
        Ok(Video { file, bytes, sha256, error: None, explained: Some(found) })
    }

    /// Why the video `name` has its score, which `open` opens for every look at it.
    ///
    /// # Errors
    /// As [`Scorer::score_reopened`], and when the video cannot be read once more.
    pub fn explain(&self, name: &str, open: &mut Open<'_>) -> Result<Explained> {
        let mut score = self.scorer.score_reopened(name, open)?;
        let details = score.details.take().unwrap_or_default();
        let explanation = details.explanation.as_ref();
        let shares = explanation.map(|found| shares(found, details.features.as_ref()));
        let mut found = Explained {
            summary: summary(&score, shares.as_ref()),
            shares,
            whole: score.whole,
            traces: score.traces.clone(),
            score: Row::from(&score),
            part: self.part_words(&score),
            ..Explained::default()
        };
        #[cfg(feature = "deep")]
        if let Some(networks) = &self.networks {
            networks.explain((name, &score), &details, open, &mut found)?;
            return Ok(found);
        }
        if self.settings.frames > 0 {
            let choice = Choice::Spread(self.settings.frames, score.video.seconds);
            let part = self.settings.crop.map_or(Part::Whole, Part::Box);
            look(open()?, &choice, part, |shown| {
                let picture = picture(shown.rgb, shown.width, shown.height)?;
                let (size, jpeg) = (picture.size, picture.jpeg);
                found.frames.push(Frame {
                    index: shown.index,
                    time: shown.time,
                    size,
                    jpeg,
                    ..Frame::default()
                });
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// What is looked at of every frame.
    fn part_words(&self, score: &Score) -> String {
        let part = score.face.and_then(|face| Some((face.part?, face.source)));
        match (part, self.settings.crop) {
            (Some((part, source)), _) => format!(
                "{} x {} pixels at column {} and row {} ({source})",
                part.width, part.height, part.left, part.top
            ),
            (None, Some(area)) => {
                let [left, top, right, bottom] = area.corners();
                format!("the part {left},{top},{right},{bottom} of width and height")
            }
            (None, None) => "whole frames".to_owned(),
        }
    }
}

/// Size and SHA-256 of a file; nothing of a folder.
fn digest(path: &Path) -> Result<(Option<u64>, Option<String>)> {
    let stdin = path.as_os_str() == "-";
    ensure!(!stdin, "the standard input is read once, and a video is looked at twice: save it to a file");
    if path.is_dir() {
        return Ok((None, None));
    }
    let place = || format!("cannot read {}", path.display());
    let (mut file, mut hash) = (open_file(path).with_context(place)?, Sha256::new());
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0);
    loop {
        let count = file.read(&mut buffer).with_context(place)?;
        if count == 0 {
            return Ok((Some(bytes), Some(format!("{:x}", hash.finalize()))));
        }
        hash.update(buffer.get(..count).unwrap_or_default());
        bytes += count as u64;
    }
}
