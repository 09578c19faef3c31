//! Which part of the frames is looked at.

use ::train::View;
use anyhow::{Context, Result};
use dream_data::{FaceBoxes, RelativeBox, name_of};

/// The face boxes of the clips.
#[derive(Debug, Clone)]
pub(crate) enum Faces {
    /// The frames as they are.
    Whole,
    /// The same box for every clip, cut as it is.
    One(RelativeBox),
    /// A box for each clip, and the name of the file that they are from.
    Each { file: String, listed: FaceBoxes, widened: FaceBoxes },
}

impl Faces {
    /// Of the options of a run.
    pub(crate) fn new(view: &View) -> Result<Self> {
        let View { boxes, crop, expand, .. } = view;
        let Some(path) = boxes else { return Ok(crop.map_or(Self::Whole, Self::One)) };
        // The name alone: where it lies on this machine does not belong in results.
        let file = name_of(path.file_name().unwrap_or_default());
        let listed = FaceBoxes::read(path)?;
        let widened = listed.expanded(*expand).context("--expand")?;
        Ok(Self::Each { file, listed, widened })
    }

    /// The box of a clip; `None` for the whole frame.
    pub(crate) fn of(&self, clip: &str) -> Result<Option<RelativeBox>> {
        match self {
            Self::Whole => Ok(None),
            Self::One(one) => Ok(Some(*one)),
            Self::Each { file, widened, .. } => {
                let remedy = || format!("{file} has no box for it: add a row, or use --crop");
                Ok(Some(widened.get(clip).with_context(remedy)?))
            }
        }
    }

    /// The box of a clip as the list has it: networks widen it by a rule of their checkpoint.
    pub(crate) fn listed(&self, clip: &str) -> Option<RelativeBox> {
        match self {
            Self::Each { listed, .. } => listed.get(clip),
            Self::Whole | Self::One(_) => None,
        }
    }

    /// For the report.
    pub(crate) fn about(&self, expand: f64) -> String {
        match self {
            Self::Whole => "whole frames, no face crop".into(),
            Self::One(one) => format!("the box {:?} of every frame", one.corners()),
            Self::Each { listed, .. } => {
                format!("a face box for each clip ({} boxes), widened {expand} times", listed.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ::train::ReadArgs;

    use super::*;

    #[test]
    fn a_list_is_widened_and_one_box_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.csv");
        std::fs::write(&path, "mos,file,x1,y1,x2,y2\n3,a.mp4,0.4,0.2,0.6,0.8\n").unwrap();
        let faces = |boxes: Option<&PathBuf>, crop, expand| {
            let (boxes, reading) = (boxes.cloned(), ReadArgs::default());
            Faces::new(&View { every: 6, boxes, crop, expand, reading })
        };
        let found = faces(Some(&path), None, 2.0).unwrap();
        let corners = found.of("a.mp4").unwrap().unwrap().corners();
        assert!((corners[0] - 0.3).abs() < 1e-12 && corners[3] == 1.0, "{corners:?}");
        assert!(found.of("b.mp4").unwrap_err().to_string().contains("b.csv has no box for it"));
        let one = RelativeBox::new(0.25, 0.0, 0.5, 1.0).unwrap();
        assert_eq!(faces(None, Some(one), 2.0).unwrap().of("a.mp4").unwrap(), Some(one));
        std::fs::write(&path, "file,x1,y1,x2\n").unwrap();
        let error = format!("{:#}", faces(Some(&path), None, 1.0).unwrap_err());
        assert!(error.contains("b.csv:1") && error.contains("y2"), "{error}");
    }
}
