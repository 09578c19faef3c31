//! Files that are whole or not there, and the standard input as a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Whether a path means the standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens a file to read it from front to back. The path `-` is the standard input, which can be opened once; a file of
/// this name is `./-`.
///
/// # Errors
/// [`Error::Io`]; [`Error::Unsupported`] for the standard input where it was opened before.
///
/// # Example
/// ```no_run
/// let mut text = String::new();
/// std::io::Read::read_to_string(&mut dream_data::open_file("-")?, &mut text)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_file(path: impl AsRef<Path>) -> Result<File> {
    let path = path.as_ref();
    if is_standard_input(path) {
        take_standard_input()
    } else {
        File::open(path).map_err(|e| Error::io(path, e))
    }
}

/// The standard input, for the one who reads it.
pub(crate) fn take_standard_input() -> Result<File> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let path = Path::new("-");
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(Error::unsupported(
            path,
            "reading the standard input a second time",
            "save it to a file first",
        ));
    }
    standard_input().map_err(|e| Error::io(path, e))
}

/// Another handle of the standard input. They share their place in it.
pub(crate) fn standard_input() -> io::Result<File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    #[cfg(not(any(unix, windows)))]
    let handle = return Err(io::ErrorKind::Unsupported.into());
    Ok(File::from(handle))
}

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
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
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
            Err(io::ErrorKind::StorageFull.into())
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
