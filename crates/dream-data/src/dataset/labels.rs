//! Lists of scores: `file,mos`, and the labels of DFGC-VRA with their crops.

use std::io::Read;
use std::path::Path;

use crate::dataset::ClipId;
use crate::error::Result;
use crate::frames::relative_box::RelativeBox;
use crate::split::Partition;
use crate::table::{Column, Once, Spec, Table, names};

/// A clip and its mean opinion, if the list has one.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Labelled {
    /// The clip.
    pub clip: ClipId,
    /// Its mean opinion score.
    pub mos: Option<f64>,
}

const LIST: Spec<'static> = Spec {
    what: "a list with the columns file, mos",
    columns: &[Column::required(names::CLIP), Column::optional(names::MOS)],
    may_lack_header: true,
};

/// Reads a list of clips and scores, one per row, the format of external test sets and splits.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), and as [`parse_mos_list`].
pub fn read_mos_list(path: impl AsRef<Path>) -> Result<Vec<Labelled>> {
    mos_list(Table::open(path.as_ref(), &LIST)?)
}

/// Reads a list of clips and scores from any byte stream: `file` and `mos`, in any order with a header of these or
/// similar names, or in this order without one. A list without the second column has no scores; in a list with it,
/// every row needs one.
///
/// # Errors
/// [`Error::Row`](crate::Error::Row) for an unusable row or a repeated clip,
/// [`Error::Unrecognised`](crate::Error::Unrecognised) for an empty file.
///
/// # Example
/// ```
/// let rows = dream_data::dataset::parse_mos_list("a.mp4,3.5\nb.mp4,4\n".as_bytes(), "list.csv")?;
/// assert_eq!((rows[1].clip.as_str(), rows[1].mos), ("b.mp4", Some(4.0)));
/// # Ok::<(), dream_data::Error>(())
/// ```
pub fn parse_mos_list(input: impl Read, path: impl AsRef<Path>) -> Result<Vec<Labelled>> {
    mos_list(Table::new(input, path.as_ref(), &LIST)?)
}

fn mos_list<R: Read>(mut table: Table<R>) -> Result<Vec<Labelled>> {
    let (mut rows, mut once) = (Vec::new(), Once::default());
    while table.advance()? {
        let clip = clip(&table, 0)?;
        once.check(&table, clip.as_str(), "the clip")?;
        let mos = table.text(1).map(|_| table.number(1)).transpose()?;
        rows.push(Labelled { clip, mos });
    }
    Ok(rows)
}

/// A clip in a column; its error names the line.
pub(crate) fn clip<R: Read>(table: &Table<R>, column: usize) -> Result<ClipId> {
    let name = table.required(column)?;
    ClipId::new(name).map_err(|error| table.fault(error.reason(), "write the name as in the other tables"))
}

/// A row of DFGC-VRA: the label of the benchmark's predecessor, and the place of the face.
#[derive(Debug, Clone, PartialEq)]
pub struct VraLabel {
    /// The clip.
    pub clip: ClipId,
    /// Its set in the split of DFGC-VRA.
    pub set: Partition,
    /// Mean of five opinions.
    pub mos: f64,
    /// Mean of `mos` over all clips of the method, test sets included: use it to check sums, never as a feature.
    pub method_mos: Option<f64>,
    /// The face, widened 1.3 times, one box for the whole clip.
    pub crop: RelativeBox,
    /// Width and height of the frames in pixels.
    pub size: Option<(u32, u32)>,
    /// Frames per second.
    pub fps: Option<f64>,
}

const VRA: Spec<'static> = Spec {
    what: "DFGC-VRA labels with the columns file, split, mos5, x1, y1, x2, y2",
    columns: &[
        Column::required(names::CLIP),
        Column::required(names::SET),
        Column::required(names::MOS).called("mos5"),
        Column::optional(&["method_mos"]),
        Column::required(&["x1"]),
        Column::required(&["y1"]),
        Column::required(&["x2"]),
        Column::required(&["y2"]),
        Column::optional(&["width"]),
        Column::optional(&["height"]),
        Column::optional(&["fps"]),
    ],
    may_lack_header: false,
};

/// Reads the labels and crop boxes of DFGC-VRA.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), and as [`parse_vra_labels`].
pub fn read_vra_labels(path: impl AsRef<Path>) -> Result<Vec<VraLabel>> {
    vra_labels(Table::open(path.as_ref(), &VRA)?)
}

/// Reads the labels and crop boxes of DFGC-VRA from any byte stream. The header is required: `file`, `split`
/// ([`Partition::from_name`]), `mos5`, `x1`, `y1`, `x2`, `y2` (relative corners), and optionally `method_mos`,
/// `width`, `height`, `fps`.
///
/// # Errors
/// [`Error::Row`](crate::Error::Row) for an unusable row, a box outside the frame, or a repeated clip.
pub fn parse_vra_labels(input: impl Read, path: impl AsRef<Path>) -> Result<Vec<VraLabel>> {
    vra_labels(Table::new(input, path.as_ref(), &VRA)?)
}

fn vra_labels<R: Read>(mut table: Table<R>) -> Result<Vec<VraLabel>> {
    let (mut rows, mut once) = (Vec::new(), Once::default());
    while table.advance()? {
        let clip = clip(&table, 0)?;
        once.check(&table, clip.as_str(), "the clip")?;
        let set = table.parse(1, "train, test1, test2 or test3", Partition::from_name)?;
        let crop = RelativeBox::new(table.number(4)?, table.number(5)?, table.number(6)?, table.number(7)?);
        let crop =
            crop.map_err(|error| table.fault(error.reason(), "give corners as fractions of the frame"))?;
        let pixels = |column| {
            let size = |text: &str| text.parse().ok().filter(|&size: &u32| size > 0);
            table.cell(column).map(|_| table.parse(column, "a number of pixels", size)).transpose()
        };
        let rate = |text: &str| text.parse().ok().filter(|&fps: &f64| fps.is_finite() && fps > 0.0);
        rows.push(VraLabel {
            clip,
            set,
            mos: table.number(2)?,
            method_mos: table.optional_number(3)?,
            crop,
            size: pixels(8)?.zip(pixels(9)?),
            fps: table.cell(10).map(|_| table.parse(10, "frames per second, above 0", rate)).transpose()?,
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_scores_or_none() {
        let read = |text: &str| parse_mos_list(text.as_bytes(), "l.csv");
        assert_eq!(read("\u{feff}file,mos\r\na/b.mp4,2.6\r\n").unwrap()[0].mos, Some(2.6));
        assert_eq!(read("a.mp4\nb.mp4\n").unwrap().iter().filter(|row| row.mos.is_none()).count(), 2);
        for (text, wanted) in [
            ("a.mp4,1\nb.mp4,2\na.mp4,3\n", "l.csv:3: the clip `a.mp4` was on line 1 already; remove"),
            ("a.mp4,1\nb.mp4,\n", "l.csv:2: column `mos` is empty; fill it in"),
            ("a.mp4,1\nb.mp4,x\n", "l.csv:2: column `mos` is `x`; it must be a finite number"),
            ("file,mos\n\"a\nb\",1\n", "l.csv:2: the name `a\\nb` has control characters"),
            ("title,mos\nx,1\n", "l.csv:1: no column `file` among `title,mos`; expected a list"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn vra_rows_and_their_faults() {
        let header = "file,split,mos5,method_mos,x1,y1,x2,y2,width,height,fps\n";
        let read = |row: &str| parse_vra_labels(format!("{header}{row}\n").as_bytes(), "v.csv");
        let row =
            &read("C1/1-1-3-submit-1.mp4,test_set2,4.4,3.5,0.25,0.1,0.5,0.6,1920,1080,30.0").unwrap()[0];
        assert_eq!((row.set, row.mos, row.method_mos), (Partition::Test2, 4.4, Some(3.5)));
        assert_eq!(
            (row.crop.corners(), row.size, row.fps),
            ([0.25, 0.1, 0.5, 0.6], Some((1920, 1080)), Some(30.0))
        );
        assert_eq!(read("a,train_set,4,,0,0,1,1,,,").unwrap()[0].size, None);
        for (row, wanted) in [
            ("a,validation,4,,0,0,1,1,,,", "column `split` is `validation`; it must be train,"),
            ("a,train_set,4,,0.5,0,0.5,1,,,", "0.5,0,0.5,1 must satisfy"),
            ("a,train_set,4,,0,0,1,1,0,9,", "column `width` is `0`; it must be a number of pixels"),
            ("a,train_set,4,,0,0,1,1,9,9,-1", "column `fps` is `-1`"),
            ("a,train_set,,,0,0,1,1,9,9,1", "column `mos5` is empty"),
        ] {
            let error = read(row).unwrap_err().to_string();
            assert!(error.starts_with("v.csv:2: ") && error.contains(wanted), "{error}");
        }
    }
}
