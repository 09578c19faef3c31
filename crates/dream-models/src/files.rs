//! Files that are whole or not there.

use std::fs::File;
use std::path::Path;

use crate::{Error, Result};

/// Writes a file next to `path` and puts it there when it is complete and on the disk. What is no ordinary file, such as a
/// device, is written directly.
pub(crate) fn atomic(path: &Path, write: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let direct = path.metadata().is_ok_and(|found| !found.is_file());
    let partial = if direct { path.to_owned() } else { path.with_file_name(name) };
    let result = File::create(&partial).and_then(|mut file| {
        write(&mut file)?;
        if direct {
            return Ok(());
        }
        file.sync_all()?;
        std::fs::rename(&partial, path)
    });
    result.map_err(|source| {
        // A partial file is of no use. If it cannot be removed, the first error says why.
        if !direct {
            let _ = std::fs::remove_file(&partial);
        }
        Error::Io { action: "write", path: Some(path.to_path_buf()), source }
    })
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
