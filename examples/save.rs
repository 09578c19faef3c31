//! How programs write files. Those that need it include this file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file so that its name means that it is whole. What is no ordinary file, such as a device, is written directly.
/// Of the errors of `write`, an [`io::Error`] is taken for one of the file.
pub(crate) fn save(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let place = || format!("cannot write {}", path.display());
    let direct = path.metadata().is_ok_and(|found| !found.is_file());
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let partial = if direct { path.to_owned() } else { path.with_file_name(name) };
    let mut file = BufWriter::new(File::create(&partial).with_context(place)?);
    let written = write(&mut file).and_then(|()| {
        file.flush()?;
        if !direct {
            fs::rename(&partial, path)?;
        }
        Ok(())
    });
    if written.is_err() && !direct {
        let _ = fs::remove_file(&partial);
    }
    written.map_err(|error| if error.is::<io::Error>() { error.context(place()) } else { error })
}
