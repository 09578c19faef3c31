//! The output folder: whole files only, one writer, and the digests that cached results are known by.

pub(crate) mod digest;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where unfinished files lie.
const UNFINISHED: &str = "tmp";

/// A folder that this process alone writes to.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
    next: AtomicU64,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
}

/// What a video file looked like when it was digested.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    bytes: u64,
    modified_ns: u128,
    sha256: String,
}

impl Store {
    /// Takes the folder, which is made where it is missing, and sweeps out what a killed run left unfinished.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let lock = ::train::lock(root)?;
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(&unfinished).with_context(|| format!("cannot make {}", unfinished.display()))?;
        for entry in fs::read_dir(&unfinished).with_context(|| unfinished.display().to_string())? {
            let path = entry?.path();
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(Self { root: root.to_owned(), next: AtomicU64::new(0), _lock: lock })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file so that its name means it is whole: a kill leaves the old content or the new one.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(name);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.root.join(UNFINISHED).join(number.to_string());
        ::train::write_by(&unfinished, &path, bytes)
    }

    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec(value)?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }

    /// Names of the files below a folder, sorted.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<String>> {
        let found = files(&self.root.join(folder))?;
        let name = |path: &PathBuf| Ok(path.strip_prefix(&self.root)?.to_string_lossy().into_owned());
        found.iter().map(name).collect()
    }

    /// Removes a file, where it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let path = self.root.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// `None` for what is not there. Neither is what cannot be understood: it is computed again.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.root.join(name)).ok()?).ok()
    }

    /// Digest of a video. It is remembered under `memo` for as long as size and time of change stay.
    pub(crate) fn content(&self, path: &Path, memo: &str) -> Result<String> {
        let place = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(place)?;
        let about = file.metadata().with_context(place)?;
        let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let (bytes, modified_ns) = (about.len(), modified.map_or(0, |time| time.as_nanos()));
        if let Some(seen) = self.read_json::<Seen>(memo)
            && (seen.bytes, seen.modified_ns) == (bytes, modified_ns)
        {
            return Ok(seen.sha256);
        }
        let mut digest = Sha256::new();
        io::copy(&mut file, &mut digest).with_context(place)?;
        let seen = Seen { bytes, modified_ns, sha256: format!("{:x}", digest.finalize()) };
        self.write_json(memo, &seen)?;
        Ok(seen.sha256)
    }
}

/// All files below a folder but hidden ones, sorted; none where it is not there.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        // A file manager's or an archive's, such as `._x.json`: no result.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_writer_and_no_unfinished_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let error = Store::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("an --out of its own"), "{error}");
        fs::write(folder.path().join("tmp/7"), "half").unwrap();
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert!(!folder.path().join("tmp/7").exists());
        store.write_json("a/b.json", &0.1_f64).unwrap();
        assert_eq!(store.read_json::<f64>("a/b.json"), Some(0.1));
        fs::write(folder.path().join("a/._b.json"), "x").unwrap();
        assert_eq!(store.list("a").unwrap(), ["a/b.json"]);
        store.write("a/b.json", b"0.").unwrap();
        assert_eq!(store.read_json::<f64>("a/b.json"), None);
    }

    #[test]
    fn the_digest_follows_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("out")).unwrap();
        let video = folder.path().join("v");
        fs::write(&video, "abc").unwrap();
        let first = store.content(&video, "seen/v").unwrap();
        assert_eq!(first, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        fs::write(&video, "abcd").unwrap();
        assert_ne!(store.content(&video, "seen/v").unwrap(), first);
    }
}
