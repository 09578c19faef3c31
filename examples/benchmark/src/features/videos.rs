//! The videos of a plan as methods see them.

use std::path::{Path, PathBuf};

use anyhow::Result;
use dream_data::RelativeBox;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::plan::faces::Faces;
use crate::plan::{Clip, Plan};
use crate::print::message;
use crate::store::Store;

const SEEN: &str = "cache/seen";

/// A video, the part of its frames that counts, and a digest of its bytes.
#[derive(Debug)]
pub(crate) struct Video {
    pub(crate) path: PathBuf,
    pub(crate) face: Option<RelativeBox>,
    /// The box before it was widened, where it is from a list.
    pub(crate) listed: Option<RelativeBox>,
    pub(crate) content: String,
}

/// By place in the plan; the reason for a video that cannot be used here.
#[derive(Debug, Default)]
pub(crate) struct Videos(Vec<Result<Video, String>>);

impl Videos {
    /// Reads every video once, or finds its digest from an earlier run.
    pub(crate) fn of(plan: &Plan, store: &Store, faces: &Faces) -> Self {
        let one = |clip: &Clip| -> Result<Video, String> {
            let path = plan.video(clip);
            let content = store.content(&path, &plan.cached(clip, SEEN));
            let both = content.and_then(|content| Ok((content, faces.of(clip.id.as_str())?)));
            let (content, face) = both.map_err(|error| reason(&error, &path, clip.id.as_str()))?;
            Ok(Video { path, face, listed: faces.listed(clip.id.as_str()), content })
        };
        Self(plan.clips.par_iter().map(one).collect())
    }

    pub(crate) fn get(&self, place: usize) -> Result<&Video, &str> {
        self.0.get(place).map_or(Err("no such clip"), |video| video.as_ref().map_err(String::as_str))
    }

    /// Whether this machine has none of them.
    pub(crate) fn none(&self) -> bool {
        self.0.iter().all(|video| video.is_err())
    }
}

impl Video {
    /// Changes with the pixels: the bytes of the file and the box.
    pub(crate) fn key(&self) -> [String; 2] {
        let face = self.face.map_or_else(String::new, |face| format!("{:?}", face.corners()));
        [self.content.clone(), face]
    }
}

/// An error on one line. Names of this machine do not belong in a result.
pub(crate) fn reason(error: &anyhow::Error, path: &Path, clip: &str) -> String {
    let text = message(error, ::train::in_words).replace(&path.display().to_string(), clip);
    // Readers name the video, and so does who asked for it.
    let text = text.replace(&format!("{clip}: {clip}: "), &format!("{clip}: "));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
