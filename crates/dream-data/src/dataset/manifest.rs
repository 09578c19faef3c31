//! A plain list of a user's own videos.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::labels::clip;
use crate::dataset::{Clip, ClipId};
use crate::error::{Error, Result};
use crate::file_name::path_of;
use crate::table::{Column, Once, Spec, Table, fold, names};

const SPEC: Spec<'static> = Spec {
    what: "a manifest with the columns path[,mos][,group][,method]",
    columns: &[
        Column::required(names::CLIP).called("path"),
        Column::optional(names::MOS),
        Column::optional(names::IDENTITY),
        Column::optional(names::METHOD),
    ],
    may_lack_header: true,
};

/// One video of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestRow {
    /// The path as written, which is also the name of the clip.
    pub clip: ClipId,
    /// Its mean opinion score, if known.
    pub mos: Option<f64>,
    /// Who is visible, if known.
    pub group: Option<String>,
    /// How it was made, if known. `real` or a name that ends in `/target` marks a recording without manipulation.
    pub method: Option<String>,
}

impl ManifestRow {
    /// The path of the video: as written (see [`path_of`]), below `folder` if it is relative.
    #[must_use]
    pub fn path(&self, folder: impl AsRef<Path>) -> PathBuf {
        folder.as_ref().join(path_of(self.clip.as_str()))
    }

    /// The clip with identity and method. If its name is a benchmark name, the name supplies what the row leaves out.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if the row lacks one of them and the name does not supply it.
    pub fn to_clip(&self) -> Result<Clip> {
        if let (Some(identity), Some(method)) = (&self.group, &self.method) {
            let real = is_real(method);
            return Ok(Clip {
                id: self.clip.clone(),
                identity: identity.clone(),
                method: method.clone(),
                real,
            });
        }
        let mut clip = Clip::from_id(self.clip.clone()).map_err(|_| {
            let name = self.clip.as_str();
            Error::option("manifest", format!("`{name}` needs the columns group and method for splits"))
        })?;
        if let Some(group) = &self.group {
            clip.identity.clone_from(group);
        }
        if let Some(method) = &self.method {
            clip.method.clone_from(method);
            clip.real = is_real(method);
        }
        Ok(clip)
    }
}

fn is_real(method: &str) -> bool {
    let method = fold(method);
    method == "real" || method.ends_with("/target")
}

/// Reads a manifest.
///
/// # Errors
/// [`Error::Io`], and as [`parse_manifest`].
pub fn read_manifest(path: impl AsRef<Path>) -> Result<Vec<ManifestRow>> {
    manifest(Table::open(path.as_ref(), &SPEC)?)
}

/// Reads a manifest from any byte stream: `path`, then optionally `mos`, `group`, `method`; with a header in any order.
/// Empty cells are unknown.
///
/// # Errors
/// [`Error::Row`] for an unusable row or a repeated path.
///
/// # Example
/// ```
/// let file = "path,group,method\nmine/1.mp4,anna,swap-a\nmine/2.mp4,ben,\n";
/// let rows = dream_data::dataset::parse_manifest(file.as_bytes(), "manifest.csv")?;
/// assert_eq!((rows[0].to_clip()?.identity.as_str(), rows[1].method.as_deref()), ("anna", None));
/// # Ok::<(), dream_data::Error>(())
/// ```
pub fn parse_manifest(input: impl Read, path: impl AsRef<Path>) -> Result<Vec<ManifestRow>> {
    manifest(Table::new(input, path.as_ref(), &SPEC)?)
}

fn manifest<R: Read>(mut table: Table<R>) -> Result<Vec<ManifestRow>> {
    let (mut rows, mut once) = (Vec::new(), Once::default());
    while table.advance()? {
        let clip = clip(&table, 0)?;
        once.check(&table, clip.as_str(), "the path")?;
        let text = |column| table.cell(column).map(str::to_owned);
        rows.push(ManifestRow { clip, mos: table.optional_number(1)?, group: text(2), method: text(3) });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headerless_rows_and_names_of_the_benchmark() {
        let read = |text: &str| parse_manifest(text.as_bytes(), "m.csv");
        let rows = read("own/a.mp4,3.5,anna,real\nC1/3-1-2-submit-7.mp4,,,\n/abs/b.mp4,2,,\n").unwrap();
        assert_eq!(rows[0].mos, Some(3.5));
        assert!(rows[0].to_clip().unwrap().real);
        assert!(read("a.mp4,,anna,REAL\n").unwrap()[0].to_clip().unwrap().real);
        let clip = rows[1].to_clip().unwrap();
        assert_eq!((clip.identity.as_str(), clip.method.as_str(), clip.real), ("3", "C1/7", false));
        assert!(rows[2].to_clip().unwrap_err().to_string().contains("group and method"));
        assert_eq!(rows[0].path("videos"), Path::new("videos/own/a.mp4"));
        assert_eq!(rows[2].path("videos"), Path::new("/abs/b.mp4"));
        let error = read("a.mp4\na.mp4\n").unwrap_err().to_string();
        assert!(error.starts_with("m.csv:2: the path `a.mp4` was on line 1 already"), "{error}");
    }
}
