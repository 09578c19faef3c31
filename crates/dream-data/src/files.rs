//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The name of an incomplete file.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// A text file that gets its name when it is complete. What is no ordinary file, such as a device, is written directly.
pub(crate) struct Atomic {
    path: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
}

impl Atomic {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let direct = path.metadata().is_ok_and(|found| !found.is_file());
        let part = if direct { path.to_owned() } else { part_of(path) };
        let file = File::create(&part).map_err(|e| Error::io(&part, e))?;
        Ok(Self { path: path.to_owned(), part, out: BufWriter::new(file) })
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(|e| Error::io(&self.part, e))
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        self.out.flush().map_err(|e| Error::io(&self.part, e))?;
        fs::rename(&self.part, &self.path).map_err(|e| Error::io(&self.path, e))
    }
}

pub(crate) fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<()> {
    let mut file = Atomic::create(path)?;
    let part = file.part.clone();
    let written = write(&mut file.out).map_err(|e| Error::io(path, e)).and_then(|()| file.finish());
    if written.is_err() && part != path {
        // The first error says why.
        let _ = fs::remove_file(part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_old_file_and_leaves_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        write_atomic(&path, |out| out.write_all(b"old")).unwrap();
        let full = |out: &mut BufWriter<File>| {
            out.write_all(b"half")?;
            Err(std::io::ErrorKind::StorageFull.into())
        };
        let error = write_atomic(&path, full).unwrap_err();
        assert!(matches!(error, Error::Io { path: named, .. } if named == path));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_stays_one() {
        let full = Path::new("/dev/full");
        assert!(write_atomic(full, |out| out.write_all(b"x")).is_err());
        assert!(!full.metadata().unwrap().is_file());
    }
}
