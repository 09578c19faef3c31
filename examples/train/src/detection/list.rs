//! Clips with labels: from a list, or from the names of a data set.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_data::FaceBoxes;
use dream_data::dataset::{self, ClipId, Dataset};
use dream_data::split::Partition;

use crate::data::{Clip, Sets, about};
use crate::options::{Options, Validation};

/// What a clip that is fake has in the place of an opinion; one that is real has 0.
const FAKE: f64 = 1.0;

/// The clips of a list `file,label`, where a label is `real` or `fake` (also 0 or 1), with a column `person` or `identity` where it
/// is known who is seen. Files lie where the list does, or have whole paths.
///
/// # Errors
/// When the list cannot be read, lacks a column, has another label or a file twice, or `faces` has no box for a file.
pub fn of_list(path: &Path, faces: Option<&FaceBoxes>) -> Result<Vec<Clip>> {
    let named = || format!("--list {}", path.display());
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).with_context(named)?;
    let header = reader.headers().with_context(named)?.clone();
    let column = |name: &str| {
        header.iter().position(|cell| cell.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
    };
    let needed = |name| column(name).with_context(|| format!("{}: no column `{name}`", named()));
    let (file, label) = (needed("file")?, needed("label")?);
    let person = column("person").or_else(|| column("identity"));
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut clips, mut seen) = (Vec::new(), BTreeSet::new());
    for row in reader.records() {
        let row = row.with_context(named)?;
        let cell = |at| row.get(at).unwrap_or_default();
        let name = cell(file);
        let fake = match cell(label).to_ascii_lowercase().as_str() {
            "real" | "0" => false,
            "fake" | "1" => true,
            other => bail!("{}: `{name}` has the label `{other}`, which is neither real nor fake", named()),
        };
        let id = ClipId::new(name).with_context(named)?;
        ensure!(seen.insert(id.clone()), "{}: `{name}` is listed twice", named());
        let known = about(id);
        let identity = person.map(cell).filter(|who| !who.is_empty()).map(str::to_owned);
        let about = dataset::Clip { identity: identity.unwrap_or_else(|| known.identity.clone()), ..known };
        clips.push(labelled(about, folder.join(name), fake, faces)?);
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
            ("file,mos\na.mp4,3\n", "no column `label`"),
            ("file,label\na.mp4,maybe\n", "neither real nor fake"),
            ("file,label\na.mp4,real\na.mp4,fake\n", "listed twice"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(words) && error.contains("--list"), "{error}");
        }
    }
}
