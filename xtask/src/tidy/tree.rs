//! The files that are, or could be, committed.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::workspace::{output, root};

/// Paths relative to the workspace root with `/`, and the text of those that are text.
#[derive(Debug, Default)]
pub(super) struct Tree(BTreeMap<String, Option<String>>);

impl Tree {
    /// Tracked files, and untracked ones that git does not ignore.
    pub(super) fn of_workspace() -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = output(&mut git)?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|p| !p.is_empty()) {
            // A deleted file is still listed until the deletion is staged.
            let Ok(bytes) = fs::read(root().join(path)) else { continue };
            let text = if bytes.contains(&0) { None } else { String::from_utf8(bytes).ok() };
            files.insert(path.to_owned(), text);
        }
        Ok(Self(files))
    }

    /// All paths, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The text of a file that is text.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path)?.as_deref()
    }

    /// Text files whose path ends in `suffix`.
    pub(super) fn texts<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let ending = self.0.iter().filter(move |(path, _)| path.ends_with(suffix));
        ending.filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    #[cfg(test)]
    pub(super) fn from_texts(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect())
    }
}
