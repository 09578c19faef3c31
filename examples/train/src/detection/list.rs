//! Clips with labels: from a list, or from the names of a data set.

use std::path::Path;

use anyhow::{Context, Result};
use dream_data::FaceBoxes;
use dream_data::dataset::{self, ClipId, Dataset};
use dream_data::split::Partition;
use dream_data::table::{Column, Once, Spec, Table, names};

use crate::data::{Clip, Sets, about};
use crate::options::{Options, Validation};

/// What a clip that is fake has in the place of an opinion; one that is real has 0.
const FAKE: f64 = 1.0;

const LIST: Spec<'static> = Spec {
    what: "a list with the columns file, label and, where it is known, person",
    columns: &[
        Column::required(names::CLIP),
        Column::required(&["label"]),
        Column::optional(&["person", "identity"]),
    ],
    may_lack_header: false,
};

/// The clips of a list `file,label`, where a label is `real` or `fake` (also 0 or 1), with a column `person` or `identity` where it
/// is known who is seen. Files lie where the list does, or have whole paths.
///
/// # Errors
/// When the list cannot be read, lacks a column, has another label or a file twice, or `faces` has no box for a file.
pub fn of_list(path: &Path, faces: Option<&FaceBoxes>) -> Result<Vec<Clip>> {
    read(path, faces).context("--list")
}

fn read(path: &Path, faces: Option<&FaceBoxes>) -> Result<Vec<Clip>> {
    let mut table = Table::open(path, &LIST)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut clips, mut once) = (Vec::new(), Once::default());
    while table.advance()? {
        let id = table.parse(0, "a name of at most 1024 bytes without control characters", |name| {
            ClipId::new(name).ok()
        })?;
        once.check(&table, id.as_str(), "the clip")?;
        let fake = table.parse(1, "real or fake (or 0 or 1)", |label| {
            match label.to_ascii_lowercase().as_str() {
                "real" | "0" => Some(false),
                "fake" | "1" => Some(true),
                _ => None,
            }
        })?;
        let path = folder.join(id.as_str());
        let mut about = about(id);
        if let Some(person) = table.cell(2) {
            about.identity = person.to_owned();
        }
        clips.push(labelled(about, path, fake, faces)?);
    }
    Ok(clips)
}

/// The training clips of a split of a data set, whose names say which of them are real.
///
/// # Errors
/// When the data set cannot be read, or `faces` has no box for a clip.
pub fn of_tree(data: &Path, split: usize, faces: Option<&FaceBoxes>) -> Result<Vec<Clip>> {
    let dataset = Dataset::open(data).context("--data")?;
    let split = dataset.split(split).with_context(|| format!("--split {split}"))?;
    let clip = |row: &dataset::Labelled| {
        let about = about(row.clip.clone());
        let fake = !about.real;
        labelled(about, dataset.video_path(&row.clip)?, fake, faces)
    };
    split.set(Partition::Train).iter().map(clip).collect()
}

/// Whether a clip is fake.
#[must_use]
pub fn is_fake(clip: &Clip) -> bool {
    clip.mos > FAKE / 2.0
}

/// Holds a fifth of the people out, to choose the best epoch by.
///
/// # Errors
/// When there are fewer than two people.
pub fn divide(clips: Vec<Clip>, options: &Options, seed: u64) -> Result<Sets> {
    let options = Options { validation: Validation::Identity, ..options.clone() };
    Sets::divide(clips, Vec::new(), &options, seed).context("detection holds people out")
}

fn labelled(
    about: dataset::Clip,
    path: std::path::PathBuf,
    fake: bool,
    faces: Option<&FaceBoxes>,
) -> Result<Clip> {
    let name = about.id.as_str();
    let face = faces.map(|faces| {
        faces.get(name).with_context(|| format!("--boxes has no box for {name}: add a row, or use --crop"))
    });
    let (face, mos) = (face.transpose()?, if fake { FAKE } else { 0.0 });
    Ok(Clip { about, path, face, mos, sentences: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_people_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            of_list(&path, None)
        };
        let clips = read("file,label,person\na.mp4,real,ann\nb.mp4,FAKE,\nC1/3-1-2-submit-73549.mp4,1,bob\n")
            .unwrap();
        let found: Vec<(&str, f64, &str)> =
            clips.iter().map(|clip| (clip.name(), clip.mos, clip.about.identity.as_str())).collect();
        assert_eq!(
            found,
            [("a.mp4", 0.0, "ann"), ("b.mp4", 1.0, "b.mp4"), ("C1/3-1-2-submit-73549.mp4", 1.0, "bob")]
        );
        assert_eq!(clips[0].path, folder.path().join("a.mp4"));
        for (text, words) in [
            ("file,mos\na.mp4,3\n", "list.csv:1: no column `label` among `file,mos`"),
            (
                "file,label\na.mp4,real\nb.mp4,maybe\n",
                "list.csv:3: column `label` is `maybe`; it must be real or fake",
            ),
            (
                "file,label\na.mp4,real\na.mp4,fake\n",
                "list.csv:3: the clip `a.mp4` was on line 2 already; remove",
            ),
            ("file,label\na.mp4,\n", "list.csv:2: column `label` is empty; fill it in"),
            ("file,label\na.mp4,real,ann\n", "list.csv:2: 3 fields where the first row has 2; quote"),
            ("file,label\na\u{7}.mp4,real\n", "it must be a name of at most 1024 bytes"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(words) && error.contains("--list"), "{error}");
        }
    }

    #[test]
    fn semicolons_a_mark_quotes_and_another_order_are_the_same_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            format!("{:?}", of_list(&path, None).unwrap())
        };
        let plain = read("file,label,person\na b.mp4,real,ann\nc.mp4,1,bob\n");
        for text in [
            "file;label;person\na b.mp4;real;ann\nc.mp4;1;bob\n",
            "\u{feff}Person;note;Label;File\r\nann;\"x;y\";real;\"a b.mp4\"\r\n\r\nbob;;fake;c.mp4",
            "file\tlabel\tidentity\na b.mp4\tReal\tann\nc.mp4\t 1 \tbob\n",
        ] {
            assert_eq!(read(text), plain, "{text}");
        }
    }
}
