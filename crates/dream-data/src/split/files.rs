//! Splits on disk: a folder with four lists.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::dataset::{Labelled, read_mos_list};
use crate::error::{Error, Result};
use crate::files::write_atomic;
use crate::split::{Partition, Split};
use crate::table::quoted;

/// Reads `train_set.csv`, `test_set1.csv`, `test_set2.csv` and `test_set3.csv` of a folder, each a list of clips and
/// scores ([`parse_mos_list`](crate::dataset::parse_mos_list)). It does not compare the sets with each other:
/// [`check_split`](super::check_split) does.
///
/// # Errors
/// [`Error::Io`] for a missing file, and those of the list.
pub fn read_split(folder: impl AsRef<Path>) -> Result<Split> {
    let mut split = Split::default();
    for set in Partition::ALL {
        *split.set_mut(set) = read_mos_list(folder.as_ref().join(set.file_name()))?;
    }
    Ok(split)
}

/// Writes the four lists of a split into a folder. It creates the folder if necessary and replaces existing files. The
/// columns are `file,mos`, or `file` alone for a set without scores. Reading gives exactly the same split.
///
/// # Errors
/// [`Error::Io`], and [`Error::InvalidOption`] for a set in which only some clips have scores, or a score that is not
/// finite; it writes nothing then.
pub fn write_split(split: &Split, folder: impl AsRef<Path>) -> Result<()> {
    let folder = folder.as_ref();
    let texts = Partition::ALL.map(|set| Ok((set, text(split.set(set), set.file_stem())?)));
    let texts: Vec<(Partition, String)> = texts.into_iter().collect::<Result<_>>()?;
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    for (set, text) in texts {
        let path = folder.join(set.file_name());
        write_atomic(&path, |out| out.write_all(text.as_bytes()))?;
    }
    Ok(())
}

/// Writes one list of clips and scores, for example a part of train held out for validation, and replaces an existing
/// file. The columns are those of [`write_split`].
///
/// # Errors
/// [`Error::Io`], and [`Error::InvalidOption`] for a list in which only some clips have scores, or a score that is not
/// finite; it writes nothing then.
///
/// # Example
/// ```
/// use dream_data::dataset::{Labelled, read_mos_list};
/// use dream_data::split::write_mos_list;
///
/// let rows = [Labelled { clip: "a.mp4".parse()?, mos: Some(3.5) }];
/// let path = std::env::temp_dir().join(format!("list-{}.csv", std::process::id()));
/// write_mos_list(&rows, &path)?;
/// assert_eq!(read_mos_list(&path)?, rows);
/// std::fs::remove_file(&path).ok();
/// # Ok::<(), dream_data::Error>(())
/// ```
pub fn write_mos_list(rows: &[Labelled], path: impl AsRef<Path>) -> Result<()> {
    let (path, text) = (path.as_ref(), text(rows, "the list")?);
    write_atomic(path, |out| out.write_all(text.as_bytes()))
}

fn text(rows: &[Labelled], list: &str) -> Result<String> {
    let scored = rows.iter().any(|row| row.mos.is_some());
    let mut text = String::from(if scored { "file,mos\n" } else { "file\n" });
    for row in rows {
        text.push_str(&quoted(row.clip.as_str()));
        match row.mos {
            Some(mos) if mos.is_finite() => text.push_str(&format!(",{mos}")),
            None if !scored => {}
            _ => {
                let reason = format!("`{}` in {list} has no finite score, but others have one", row.clip);
                return Err(Error::option("split", reason));
            }
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::SplitDesign;
    use crate::split::design::tests::grid;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let design = SplitDesign { test_identities: 2, test_methods: 3, ..Default::default() };
        let plain = design.draw(&grid(6, 7), 1).unwrap();
        let scored = plain.clone().with_mos(|clip| Some(1.0 / (clip.as_str().len() as f64 + 0.1)));
        let mut odd = plain.clone().with_mos(|_| Some(-1e-300));
        odd.train[0].clip = "a, \"b\".mp4".parse().unwrap();
        for (name, split) in [("plain", &plain), ("deep/scored", &scored), ("plain", &odd)] {
            let path = folder.path().join(name);
            write_split(split, &path).unwrap();
            assert_eq!(&read_split(&path).unwrap(), split, "{name}");
        }
        fs::remove_file(folder.path().join("plain/test_set2.csv")).unwrap();
        let error = read_split(folder.path().join("plain")).unwrap_err().to_string();
        assert!(error.contains("test_set2.csv"), "{error}");
    }

    #[test]
    fn half_scored_sets_are_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let design = SplitDesign { test_identities: 1, test_methods: 1, ..Default::default() };
        let split = design.draw(&grid(3, 3), 0).unwrap().with_mos(|_| Some(3.0));
        for mos in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            let mut split = split.clone();
            split.test1[0].mos = mos;
            assert!(matches!(write_split(&split, folder.path().join("x")), Err(Error::InvalidOption { .. })));
        }
        assert!(!folder.path().join("x").exists());
    }
}
