//! One face box per clip, from a table.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::error::Result;
use crate::frames::relative_box::RelativeBox;
use crate::table::{Column, Once, Spec, Table, names};

const SPEC: Spec<'static> = Spec {
    what: "face boxes with the columns file, x1, y1, x2, y2",
    columns: &[
        Column::required(names::CLIP),
        Column::required(&["x1"]),
        Column::required(&["y1"]),
        Column::required(&["x2"]),
        Column::required(&["y2"]),
    ],
    may_lack_header: false,
};

/// The face boxes of a set of clips, by file name.
///
/// The table has a header `file,x1,y1,x2,y2` in any order; extra columns, as in the labels of DFGC-VRA, are ignored.
/// Corners are fractions of width and height.
///
/// # Example
/// ```
/// use dream_data::FaceBoxes;
///
/// let boxes = FaceBoxes::parse("mos,file,x1,y1,x2,y2\n3,a.mp4,0.4,0.2,0.6,0.8\n".as_bytes(), "boxes.csv")?;
/// let face = boxes.get("a.mp4").expect("a box");
/// assert_eq!(face.corners(), [0.4, 0.2, 0.6, 0.8]);
/// assert_eq!(boxes.expanded(1.5)?.get("a.mp4"), Some(face.expanded(1.5)?));
/// assert_eq!(boxes.get("b.mp4"), None);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaceBoxes {
    boxes: BTreeMap<String, RelativeBox>,
}

impl FaceBoxes {
    /// Reads a CSV file.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and as [`FaceBoxes::parse`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Table::open(path, &SPEC)?)
    }

    /// Reads CSV from any byte stream; `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) with the line for a missing column, a corner that is not a number, a box
    /// outside the frame, and a second box of a file; [`Error::Unrecognised`](crate::Error::Unrecognised) for an
    /// empty file.
    pub fn parse(input: impl Read, path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Table::new(input, path, &SPEC)?)
    }

    fn of<R: Read>(mut table: Table<R>) -> Result<Self> {
        let (mut boxes, mut once) = (BTreeMap::new(), Once::default());
        while table.advance()? {
            let file = table.required(0)?.to_owned();
            once.check(&table, &file, "the box of")?;
            let face =
                RelativeBox::new(table.number(1)?, table.number(2)?, table.number(3)?, table.number(4)?);
            let face = face.map_err(|error| {
                table.fault(error.reason(), "give corners as fractions of width and height")
            })?;
            boxes.insert(file, face);
        }
        Ok(Self { boxes })
    }

    /// The box of a file, by its name in the table.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<RelativeBox> {
        self.boxes.get(name).copied()
    }

    /// How many boxes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// True for a table without rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// All boxes, enlarged as by [`RelativeBox::expanded`].
    ///
    /// # Errors
    /// [`Error::InvalidOption`](crate::Error::InvalidOption) as [`RelativeBox::expanded`].
    pub fn expanded(&self, factor: f64) -> Result<Self> {
        let expand = |(name, face): (&String, &RelativeBox)| Ok((name.clone(), face.expanded(factor)?));
        Ok(Self { boxes: self.boxes.iter().map(expand).collect::<Result<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FaceBoxes> {
        FaceBoxes::parse(text.as_bytes(), "b.csv")
    }

    #[test]
    fn columns_in_any_order_a_mark_and_blanks() {
        let expected = RelativeBox::new(0.4, 0.2, 0.6, 0.8).unwrap();
        for text in [
            "file,x1,y1,x2,y2\na.mp4,0.4,0.2,0.6,0.8\n",
            "\u{feff}y2,x2,y1,x1,File,mos\r\n0.8,0.6,0.2,0.4,a.mp4,3\r\n",
            " file , x1 ,y1,x2,y2\n a.mp4 , 0.4 ,0.2,0.6,0.8\n",
        ] {
            let boxes = parse(text).unwrap();
            assert_eq!(
                (boxes.get("a.mp4"), boxes.len(), boxes.is_empty()),
                (Some(expected), 1, false),
                "{text}"
            );
            assert_eq!(boxes.get("b.mp4"), None);
        }
        assert!(parse("file,x1,y1,x2,y2\n").unwrap().is_empty());
    }

    #[test]
    fn every_box_is_expanded() {
        let boxes = parse("file,x1,y1,x2,y2\na,0.4,0.2,0.6,0.8\nb,0.1,0.1,0.2,0.2\n").unwrap();
        let wide = boxes.expanded(1.3).unwrap();
        for name in ["a", "b"] {
            assert_eq!(wide.get(name).unwrap(), boxes.get(name).unwrap().expanded(1.3).unwrap());
        }
        assert_eq!(wide.len(), 2);
        assert!(boxes.expanded(0.0).is_err());
    }

    #[test]
    fn faults_name_file_line_and_remedy() {
        for (text, wanted) in [
            ("", "b.csv: an empty file; expected face boxes with the columns file, x1, y1, x2, y2"),
            ("file,x1,y1,x2\n", "b.csv:1: no column `y2` among `file,x1,y1,x2`; expected face boxes"),
            (
                "file,x1,y1,x2,y2\na,0,0,1,1\nb,0,q,1,1\n",
                "b.csv:3: column `y1` is `q`; it must be a finite number",
            ),
            (
                "file,x1,y1,x2,y2\na,0,0,1,1\na,0,0,1,1\n",
                "b.csv:3: the box of `a` was on line 2 already; remove",
            ),
            ("file,x1,y1,x2,y2\na,0.5,0,0.5,1\n", "b.csv:2: 0.5,0,0.5,1 must satisfy"),
            ("file,x1,y1,x2,y2\n,0,0,1,1\n", "b.csv:2: column `file` is empty; fill it in"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }
}
