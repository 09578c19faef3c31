//! The people of the data set from a folder of portraits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use dream_data::in_order;
use dream_data::synthetic::Photograph;

use crate::portrait::{Detector, files, picture, tell_faceless};
use crate::print::{count, note};
use crate::random::seed_of;

/// One photograph for each of `people`, chosen by `seed` and the names of the files alone.
pub(crate) fn read(folder: &Path, people: usize, seed: u64, jobs: usize) -> Result<Vec<Photograph>> {
    ensure!(folder.is_dir(), "--portraits {}: it is no folder", folder.display());
    let mut order = files(folder)?;
    // Another file in the folder takes the place of one person at most.
    order.sort_by_cached_key(|(name, _)| seed_of(seed, name, 0));
    let detector = Detector::new()?;
    let (mut found, mut faceless, mut known) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut left = order.as_slice();
    // As many as are missing at a time, so that the detector sees few more than are needed.
    while found.len() < people && !left.is_empty() {
        let (next, rest) = left.split_at((people - found.len()).min(left.len()));
        left = rest;
        let read = |(name, path): &(String, PathBuf)| one(&detector, name, path);
        in_order(jobs, next, read, |(name, path), made| -> Result<()> {
            let Some(photograph) = made.with_context(|| path.display().to_string())? else {
                faceless.push(name.clone());
                return Ok(());
            };
            if let Some(other) = known.insert(photograph.fingerprint(), name.clone()) {
                note!("note: {name} left out: it is the same picture as {other}");
                return Ok(());
            }
            found.push(photograph);
            Ok(())
        })?;
    }
    tell_faceless(&faceless);
    if found.len() < people {
        let fewer = match found.len() / 2 {
            0 | 1 => String::new(),
            groups => format!(", or give --identities {groups}"),
        };
        bail!(
            "--portraits {}: {} with a face, and {people} people need one each; add portraits{fewer}",
            folder.display(),
            count(found.len(), "portrait")
        );
    }
    Ok(found)
}

/// Nothing where no face is found that is upright and large enough.
fn one(detector: &Detector, name: &str, path: &Path) -> Result<Option<Photograph>> {
    let picture = picture(path)?;
    let Some(face) = detector.find(&picture)? else { return Ok(None) };
    let [right_eye, left_eye, _, mouth, ..] = face.points;
    let size = (picture.width, picture.height);
    Ok(Photograph::new(name, size, picture.data, [right_eye, left_eye], mouth).ok())
}
