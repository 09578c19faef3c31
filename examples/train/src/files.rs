//! Whole files, and one writer in a folder.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};

/// Writes a file so that its name means it is whole. Folders that are missing are made.
///
/// # Errors
/// When the disk is full or the place cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    // One of its own for every call: two threads may write the same file.
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{call}.tmp", std::process::id()));
    write_by(&path.with_file_name(name), path, bytes)
}

/// The same through a file of another name, on the same disk, which a kill leaves behind.
///
/// # Errors
/// As [`write()`].
pub fn write_by(partial: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let place = || format!("cannot write {}: is there room, and may we write there?", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(place)?;
    }
    fs::write(partial, bytes).with_context(place)?;
    fs::rename(partial, path).with_context(place)
}

/// Makes a folder and takes it for this process. The system gives it free when the file is dropped or the process ends,
/// however it ends.
///
/// # Errors
/// When another run has it, and when it cannot be written.
pub fn lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{}: another run writes to this folder: wait for it, or give every run an --out of its own",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}
