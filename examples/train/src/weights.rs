//! First weights from files: what is wrong with one is said once, with the option that named it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::pretrained::Pretrained;
use dream_models::deep::train::Params;

/// An option that names a file of first weights, as it was typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) option: &'static str,
    pub(crate) path: &'a Path,
}

impl<'a> Source<'a> {
    /// What `option` names, if anything.
    pub(crate) fn of(option: &'static str, path: Option<&'a PathBuf>) -> Option<Self> {
        path.map(|path| Self { option, path })
    }

    /// The SHA-256 of the file.
    pub(crate) fn sha256(&self) -> Result<String> {
        TensorFile::open(self.path).and_then(|file| file.sha256()).map_err(|error| self.failed(error))
    }

    /// Puts the tensors that `read` finds in the file under `prefix`; what was done to their names, in lines.
    pub(crate) fn put(
        &self,
        params: &Params,
        prefix: &str,
        read: impl FnOnce(&TensorFile) -> dream_models::Result<Pretrained>,
    ) -> Result<Vec<String>> {
        let found =
            TensorFile::open(self.path).and_then(|file| read(&file)).map_err(|error| self.failed(error))?;
        params.insert(prefix, &found.tensors)?;
        let line = |note| format!("{} {}: {note}", self.option, self.path.display());
        Ok(found.notes.iter().map(line).collect())
    }

    /// An error with the option and the file, each once.
    fn failed(&self, error: dream_models::Error) -> anyhow::Error {
        let file = self.path.display().to_string();
        let named = error.to_string().contains(&file);
        let place = if named { self.option.to_owned() } else { format!("{} {file}", self.option) };
        let sizes = matches!(error, dream_models::Error::TensorMismatch { .. });
        let place = if sizes { format!("{place} (--preset gives the sizes)") } else { place };
        anyhow::Error::new(error).context(place)
    }
}
