//! The folder of the benchmark.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use crate::dataset::{ClipId, Descriptions, Labelled, Round};
use crate::error::{Error, Result};
use crate::file_name::{name_of, path_of};
use crate::frames::kind::is_hidden;
use crate::split::{Partition, Split, read_split};

pub(crate) const DESCRIPTIONS: &str = "all_descriptions_en.csv";

/// Extensions of videos: the published one, and the one of synthetic data.
const VIDEOS: [&str; 2] = ["mp4", "y4m"];

/// The folder of the benchmark: `videos/C1|C2|C3/*.mp4` (or `.y4m`), `splits/0..9/*.csv`, `all_descriptions_en.csv`.
/// Each part is read on request only, so a missing part is an error only then.
///
/// # Example
/// ```no_run
/// let dataset = dream_data::dataset::Dataset::open("DREAM")?;
/// let split = dataset.split(0)?;
/// let missing = dataset.missing(split.clips());
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    root: PathBuf,
}

/// Which videos exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Round, videos found, and videos in the published benchmark.
    pub rounds: [(Round, usize, usize); 3],
    /// Videos whose names are not benchmark names; not counted above.
    pub unknown: Vec<ClipId>,
}

impl Dataset {
    /// Takes a folder.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be listed, [`Error::Unrecognised`] if it has neither `videos` nor `splits` nor
    /// `all_descriptions_en.csv`.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref().to_owned();
        fs::read_dir(&root).map_err(|e| Error::io(&root, e))?;
        if ["videos", "splits", DESCRIPTIONS].iter().all(|name| !root.join(name).exists()) {
            let expected = "videos/, splits/ or all_descriptions_en.csv in it".to_owned();
            return Err(Error::Unrecognised {
                path: root,
                found: "the folder is no data set".to_owned(),
                expected,
            });
        }
        Ok(Self { root })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a clip's video, whether it exists or not ([`missing`](Self::missing)).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a name that leaves the folder (`..`, an absolute path).
    pub fn video_path(&self, clip: &ClipId) -> Result<PathBuf> {
        let name = path_of(clip.as_str());
        if name.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(self.root.join("videos").join(name));
        }
        Err(Error::option(
            "clip",
            format!("`{clip}` leaves the folder of the videos; use a plain relative name"),
        ))
    }

    /// All existing videos but hidden files, sorted by name; names are as [`name_of`] gives them.
    ///
    /// # Errors
    /// [`Error::Io`] if a round's folder exists and cannot be listed.
    pub fn videos(&self) -> Result<Vec<ClipId>> {
        let mut clips = Vec::new();
        for round in Round::ALL {
            let folder = self.root.join("videos").join(round.name());
            if !folder.exists() {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(|e| Error::io(&folder, e))? {
                let name = entry.map_err(|e| Error::io(&folder, e))?.file_name();
                if is_video(Path::new(&name)) {
                    clips.push(ClipId::new(&format!("{round}/{}", name_of(name)))?);
                }
            }
        }
        clips.sort();
        Ok(clips)
    }

    /// Counts the videos of every round.
    ///
    /// # Errors
    /// As [`videos`](Self::videos).
    pub fn inventory(&self) -> Result<Inventory> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.videos()?.into_iter().partition(|clip| clip.parts().is_ok());
        let rounds = Round::ALL.map(|round| {
            let found =
                known.iter().filter(|clip| clip.parts().is_ok_and(|parts| parts.round == round)).count();
            (round, found, round.published_clips())
        });
        Ok(Inventory { rounds, unknown })
    }

    /// The `clips` without a video, sorted, each once. Names that leave the folder are among them.
    pub fn missing<'a>(&self, clips: impl IntoIterator<Item = &'a ClipId>) -> Vec<ClipId> {
        let there = |clip: &&ClipId| self.video_path(clip).is_ok_and(|path| path.is_file());
        let missing: BTreeSet<&ClipId> = clips.into_iter().filter(|clip| !there(clip)).collect();
        missing.into_iter().cloned().collect()
    }

    /// The indices of the existing splits, in order.
    ///
    /// # Errors
    /// [`Error::Io`] if `splits` exists and cannot be listed.
    pub fn splits(&self) -> Result<Vec<usize>> {
        let folder = self.root.join("splits");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut indices = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|e| Error::io(&folder, e))? {
            let name = entry.map_err(|e| Error::io(&folder, e))?.file_name();
            let index = name.to_str().and_then(|name| name.parse().ok());
            indices.extend(index.filter(|index: &usize| name.to_str() == Some(index.to_string().as_str())));
        }
        indices.sort_unstable();
        Ok(indices)
    }

    /// Reads `splits/INDEX`.
    ///
    /// # Errors
    /// As [`read_split`].
    pub fn split(&self, index: usize) -> Result<Split> {
        read_split(self.root.join("splits").join(index.to_string()))
    }

    /// Every clip of all splits together, sorted, with its score.
    ///
    /// # Example
    /// ```no_run
    /// let rows = dream_data::dataset::Dataset::open("DREAM")?.labelled()?;
    /// println!("{} clips, the first is {}", rows.len(), rows[0].clip);
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_split`]; [`Error::InvalidOption`] for a clip that has two scores.
    pub fn labelled(&self) -> Result<Vec<Labelled>> {
        let mut rows: BTreeMap<ClipId, Option<f64>> = BTreeMap::new();
        for index in self.splits()? {
            let split = self.split(index)?;
            for row in Partition::ALL.into_iter().flat_map(|set| split.set(set)) {
                let before = rows.insert(row.clip.clone(), row.mos);
                if before.is_some_and(|mos| mos != row.mos) {
                    let (clip, root) = (&row.clip, self.root.display());
                    let reason =
                        format!("`{clip}` of {root} has two different scores; write the splits again");
                    return Err(Error::option("splits", reason));
                }
            }
        }
        Ok(rows.into_iter().map(|(clip, mos)| Labelled { clip, mos }).collect())
    }

    /// The path of one file of a split.
    #[must_use]
    pub fn split_path(&self, index: usize, set: Partition) -> PathBuf {
        self.root.join("splits").join(index.to_string()).join(set.file_name())
    }

    /// Opens `all_descriptions_en.csv`.
    ///
    /// # Errors
    /// As [`Descriptions::open`].
    pub fn descriptions(&self) -> Result<Descriptions<File>> {
        Descriptions::open(self.root.join(DESCRIPTIONS))
    }
}

fn is_video(path: &Path) -> bool {
    let known = |extension: &std::ffi::OsStr| VIDEOS.iter().any(|name| extension.eq_ignore_ascii_case(name));
    !is_hidden(path) && path.extension().is_some_and(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn all_splits_together_have_each_clip_once() {
        let folder = tempfile::tempdir().unwrap();
        for (split, rotate) in [(0, 0), (1, 1)] {
            for set in Partition::ALL {
                let clip = (set.index() + rotate) % 4;
                let row = format!("C1/{clip}-1-1-target.mp4,{clip}.5\n");
                write(folder.path(), &format!("splits/{split}/{}", set.file_name()), &row);
            }
        }
        let dataset = Dataset::open(folder.path()).unwrap();
        let mos: Vec<Option<f64>> = dataset.labelled().unwrap().iter().map(|row| row.mos).collect();
        assert_eq!(mos, [0.5, 1.5, 2.5, 3.5].map(Some));
        write(folder.path(), "splits/1/train_set.csv", "C1/1-1-1-target.mp4,2\n");
        let error = dataset.labelled().unwrap_err().to_string();
        assert!(error.contains("1-1-1-target.mp4") && error.contains("two different scores"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn videos_whose_names_are_not_utf_8_are_found_and_opened() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "videos/C1/a.mp4", "");
        let raw = folder.path().join("videos/C1").join(std::ffi::OsStr::from_bytes(b"\xFF.mp4"));
        fs::write(&raw, "").unwrap();
        let dataset = Dataset::open(folder.path()).unwrap();
        let names = dataset.videos().unwrap();
        assert_eq!(names.iter().map(ClipId::as_str).collect::<Vec<_>>(), [r"C1/\xFF.mp4", "C1/a.mp4"]);
        assert_eq!(dataset.video_path(&names[0]).unwrap(), raw);
    }

    #[test]
    fn a_small_tree() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(matches!(Dataset::open(root), Err(Error::Unrecognised { .. })));
        assert!(matches!(Dataset::open(root.join("none")), Err(Error::Io { .. })));
        for name in [
            "C1/3-1-2-submit-1.mp4",
            "C1/10-1-1-target.mp4",
            "C3/3-1-2-submit-2.MP4",
            "C3/3-1-2-submit-3.y4m",
            "C2/notes.txt",
            "C1/._3-1-2-submit-1.mp4",
        ] {
            write(root, &format!("videos/{name}"), "");
        }
        for set in Partition::ALL {
            write(
                root,
                &format!("splits/4/{}", set.file_name()),
                &format!("C1/1-1-{}-target.mp4,3\n", set.index() + 1),
            );
        }
        write(root, "splits/04/x", "");
        write(root, DESCRIPTIONS, "C1/3-1-2-submit-1.mp4,2,x,y\n");

        let dataset = Dataset::open(root).unwrap();
        let names: Vec<String> = dataset.videos().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "C1/10-1-1-target.mp4",
                "C1/3-1-2-submit-1.mp4",
                "C3/3-1-2-submit-2.MP4",
                "C3/3-1-2-submit-3.y4m"
            ]
        );
        let inventory = dataset.inventory().unwrap();
        assert_eq!(inventory.rounds, [(Round::C1, 2, 280), (Round::C2, 0, 560), (Round::C3, 1, 680)]);
        assert_eq!(inventory.unknown.len(), 1);
        assert_eq!(dataset.splits().unwrap(), [4]);
        let split = dataset.split(4).unwrap();
        assert_eq!(split.set(Partition::Test1)[0].clip.as_str(), "C1/1-1-2-target.mp4");
        assert_eq!(dataset.missing(split.clips()).len(), 4);
        assert!(matches!(dataset.split(5), Err(Error::Io { .. })));
        assert!(dataset.descriptions().unwrap().next_row().unwrap().is_some());
        for odd in ["../x.mp4", "/x.mp4", "C1/../../x.mp4"] {
            let clip = ClipId::new(odd).unwrap();
            assert!(dataset.video_path(&clip).is_err());
            assert_eq!(dataset.missing([&clip, &clip]), std::slice::from_ref(&clip));
        }
    }
}
