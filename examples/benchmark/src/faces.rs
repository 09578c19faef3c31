//! Which part of the frames is looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dream_data::RelativeBox;

use crate::columns;

/// The face boxes of the clips.
#[derive(Debug, Clone)]
pub(crate) enum Faces {
    /// The frames as they are.
    Whole,
    /// The same box for every clip.
    One(RelativeBox),
    /// A box for each clip, by name.
    Each { path: PathBuf, boxes: BTreeMap<String, RelativeBox> },
}

impl Faces {
    /// Boxes from a file or one for all, `expand` times as wide and as high.
    pub(crate) fn new(file: Option<&Path>, one: Option<RelativeBox>, expand: f64) -> Result<Self> {
        Ok(match (file, one) {
            (Some(path), _) => Self::Each { path: path.to_owned(), boxes: read(path, expand)? },
            (None, Some(one)) => Self::One(one.expanded(expand)?),
            (None, None) => Self::Whole,
        })
    }

    /// The box of a clip; `None` for the whole frame.
    pub(crate) fn of(&self, clip: &str) -> Result<Option<RelativeBox>> {
        match self {
            Self::Whole => Ok(None),
            Self::One(one) => Ok(Some(*one)),
            Self::Each { path, boxes } => {
                let face = boxes.get(clip).copied();
                // The name alone: where it lies on this machine does not belong into results.
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                let remedy = || format!("{file} has no box for it: add a row, or use --crop");
                Ok(Some(face.with_context(remedy)?))
            }
        }
    }

    /// For the report.
    pub(crate) fn about(&self) -> String {
        match self {
            Self::Whole => "whole frames, no face crop".into(),
            Self::One(one) => format!("the box {:?} of every frame", one.corners()),
            Self::Each { boxes, .. } => format!("a face box for each clip ({} boxes)", boxes.len()),
        }
    }
}

/// `file,x1,y1,x2,y2` with a header in any order; further columns, as in the labels of DFGC-VRA, do not matter.
fn read(path: &Path, expand: f64) -> Result<BTreeMap<String, RelativeBox>> {
    let shown = path.display();
    let (mut reader, [file, corners @ ..]) =
        columns::open(path, ["file", "x1", "y1", "x2", "y2"], "file,x1,y1,x2,y2")?;
    let mut boxes = BTreeMap::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("{shown}: not a CSV table"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut numbers = [0.0; 4];
        for (number, column) in numbers.iter_mut().zip(corners) {
            let cell = record.get(column).unwrap_or_default().trim();
            *number = cell.parse().with_context(|| {
                format!("{shown}:{line}: `{cell}` is no number: corners are parts of the frame, 0 to 1")
            })?;
        }
        let [x1, y1, x2, y2] = numbers;
        let face = RelativeBox::new(x1, y1, x2, y2).and_then(|face| face.expanded(expand));
        let face = face.with_context(|| format!("{shown}:{line}"))?;
        let name = record.get(file).unwrap_or_default().trim().to_owned();
        if boxes.insert(name, face).is_some() {
            bail!("{shown}:{line}: a second box for the clip: remove one of the two rows");
        }
    }
    Ok(boxes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_and_their_faults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.csv");
        let faces = |text: &str, expand: f64| {
            std::fs::write(&path, text).unwrap();
            Faces::new(Some(&path), None, expand)
        };
        let found = faces("mos,file,x1,y1,x2,y2\n3,a.mp4,0.4,0.2,0.6,0.8\n", 2.0).unwrap();
        let corners = found.of("a.mp4").unwrap().unwrap().corners();
        assert!((corners[0] - 0.3).abs() < 1e-12 && corners[3] == 1.0, "{corners:?}");
        assert!(found.of("b.mp4").unwrap_err().to_string().contains("b.csv has no box for it"));
        for (text, wanted) in [
            ("file,x1,y1,x2\n", "b.csv:1: no column y2"),
            ("file,x1,y1,x2,y2\na,0,0,1,1\nb,0,q,1,1\n", "b.csv:3: `q` is no number"),
            ("file,x1,y1,x2,y2\na,0,0,1,1\na,0,0,1,1\n", "b.csv:3: a second box"),
            ("file,x1,y1,x2,y2\na,0.5,0,0.5,1\n", "b.csv:2"),
        ] {
            let error = format!("{:#}", faces(text, 1.0).unwrap_err());
            assert!(error.contains(wanted), "{error}");
        }
    }
}
