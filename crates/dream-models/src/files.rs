//! Files that are whole or not there.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A file that is written next to its path. It is put there when it is complete and on the disk, and removed if that never
/// comes. What is no ordinary file, such as a device, is written directly.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) file: File,
    path: PathBuf,
    /// Where it is until then; `None` for what is written directly, and for what is in its place.
    pending: Option<PathBuf>,
}

impl Partial {
    pub(crate) fn create(path: &Path) -> std::io::Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let direct = path.metadata().is_ok_and(|found| !found.is_file());
        let pending = (!direct).then(|| path.with_file_name(name));
        let file = pending.as_deref().unwrap_or(path);
        let file = File::options().read(!direct).write(true).create(true).truncate(true).open(file)?;
        Ok(Self { file, path: path.to_owned(), pending })
    }

    /// Where it is now.
    #[cfg(feature = "deep")]
    pub(crate) fn place(&self) -> &Path {
        self.pending.as_deref().unwrap_or(&self.path)
    }

    /// Puts it in its place.
    pub(crate) fn finish(mut self) -> std::io::Result<()> {
        let Some(pending) = &self.pending else { return Ok(()) };
        self.file.sync_all()?;
        std::fs::rename(pending, &self.path)?;
        self.pending = None;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // A partial file is of no use. If it cannot be removed, the error before says why.
        if let Some(pending) = &self.pending {
            let _ = std::fs::remove_file(pending);
        }
    }
}

/// Writes a whole file as a [`Partial`].
pub(crate) fn atomic(path: &Path, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    let whole = || {
        let mut partial = Partial::create(path)?;
        write(&mut partial.file)?;
        partial.finish()
    };
    whole().map_err(|source| Error::Io { action: "write", path: Some(path.to_path_buf()), source })
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use super::*;

    #[test]
    fn a_failure_keeps_the_old_file_and_leaves_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.json");
        atomic(&path, |file| file.write_all(b"old")).unwrap();
        let full = |file: &mut File| {
            file.write_all(b"half")?;
            Err(ErrorKind::StorageFull.into())
        };
        assert!(matches!(atomic(&path, full), Err(Error::Io { action: "write", .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_stays_one() {
        let full = Path::new("/dev/full");
        assert!(atomic(full, |file| file.write_all(b"x")).is_err());
        assert!(!full.metadata().unwrap().is_file());
    }
}
