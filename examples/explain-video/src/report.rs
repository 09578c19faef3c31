//! What is known about the videos and their scores: all that the page shows, and what `--json` prints.

use score_video::{About, Row, Traces};
use serde::Serialize;

/// A run: the method, and what came of each video.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Name and version of the program.
    pub program: String,
    /// What was typed.
    pub command: String,
    /// Name of the method.
    pub method: String,
    /// The method and its model.
    pub about: About,
    /// Videos, in the order in which they were named.
    pub videos: Vec<Video>,
}

impl Report {
    /// A report without videos.
    #[must_use]
    pub fn new(about: &About, command: String) -> Self {
        let program = format!("explain-video {}", env!("CARGO_PKG_VERSION"));
        Self { program, command, method: about.method.clone(), about: about.clone(), videos: Vec::new() }
    }

    /// Whether all videos have a score, and were read to their ends.
    #[must_use]
    pub fn all_whole(&self) -> bool {
        self.videos.iter().all(|video| video.explained.as_ref().is_some_and(|found| found.whole))
    }
}

/// A video.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Video {
    /// Its name.
    pub file: String,
    /// Bytes of the file; `None` for what is no file.
    pub bytes: Option<u64>,
    /// SHA-256 of the file.
    pub sha256: Option<String>,
    /// Why it has no score.
    pub error: Option<String>,
    /// Why it has this score.
    pub explained: Option<Explained>,
}

impl Video {
    /// A video that was explained, without a file.
    #[must_use]
    pub fn built_in(file: String, found: Explained) -> Self {
        Self { file, explained: Some(found), ..Self::default() }
    }

    /// A video without a score.
    #[must_use]
    pub fn failed(file: String, error: String) -> Self {
        Self { file, error: Some(error), ..Self::default() }
    }
}

/// A score and what it comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explained {
    /// The score and what is said beside it.
    pub score: Row,
    /// The video was read to its end.
    pub whole: bool,
    /// What the rest says, in sentences.
    pub summary: Vec<String>,
    /// What each group of features adds to the score, for a method that scores features.
    pub shares: Option<Shares>,
    /// Frames.
    pub frames: Vec<Frame>,
    /// What is shown of the frames.
    pub part: String,
    /// How to read the heat maps, where there are some.
    pub maps: Option<String>,
    /// Descriptions of other videos that are close to this one, for a network that knows some.
    pub sentences: Vec<Sentence>,
    /// Those of them that say most without repeating each other.
    pub digest: Vec<String>,
    /// Places, artifacts and extents in these descriptions.
    pub labels: Vec<Label>,
    /// Traces of a pasted face, by the method that looks for them.
    pub traces: Option<Traces>,
}

/// A score as a sum: `reference`, the shares of all groups, and `clamping`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Shares {
    /// The score of the average video of the training.
    pub reference: f64,
    /// What the range of the scale changed.
    pub clamping: f64,
    /// The largest share first, whichever its sign.
    pub groups: Vec<Group>,
}

/// What a group of features adds to a score.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// Its name.
    pub name: String,
    /// A heading.
    pub title: String,
    /// What its features measure.
    pub measures: String,
    /// What the share means.
    pub words: String,
    /// The share.
    pub share: f64,
    /// Its features, the largest share first.
    pub features: Vec<Feature>,
}

/// What one feature adds to a score.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// What it measures.
    pub meaning: String,
    /// Its value; `None` where it is undefined, and taken as that of the average video.
    pub value: Option<f64>,
    /// Its value in the average video.
    pub reference: f64,
    /// How far the value is from it, in standard deviations; `None` for a feature that is not used.
    pub deviations: Option<f64>,
    /// The share.
    pub share: f64,
}

/// A frame that is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Frame {
    /// Its position in the video, from 0.
    pub index: u64,
    /// When it is shown, in seconds.
    pub time: f64,
    /// Size of the picture below, in pixels.
    pub size: [usize; 2],
    /// The picture: a JPEG file as base64.
    pub jpeg: String,
    /// Where the score comes from.
    pub map: Option<Map>,
    /// Traces of a pasted face in it.
    pub traces: Option<f64>,
}

/// What each place of a frame does to the score.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Map {
    /// Signed impacts, row by row: above 0 where the place raises the score. Their unit is that of no scale.
    pub impacts: Vec<Vec<f64>>,
    /// Where it lowers the score most, in words.
    pub words: String,
    /// The map in colours: a PNG file as base64.
    pub png: String,
}

/// A description of another video.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sentence {
    /// Its words.
    pub text: String,
    /// Cosine of the angle between it and the video.
    pub cosine: f64,
    /// The video that it was written about, where that is known.
    pub video: Option<String>,
    /// What people thought of that video.
    pub score: Option<f64>,
    /// The parts of `text` with what they do to the score that the network gives the sentence.
    pub words: Vec<Word>,
}

/// A part of a sentence.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Word {
    /// The letters of a word, or what stands between two.
    pub text: String,
    /// Its impact as a share of the largest in the sentence, -1 to 1; 0 for what is no word.
    pub impact: f64,
}

/// How often a label occurs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Label {
    /// Place, artifact or extent.
    pub kind: &'static str,
    /// The label.
    pub label: &'static str,
    /// Share of the sentences above.
    pub here: f64,
    /// Share of all sentences that the network knows.
    pub average: f64,
}
