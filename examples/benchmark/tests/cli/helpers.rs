//! What the tests share: a small data set, runs of the program, and comparisons of their folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
pub(crate) use train::testing::kill_when;
use train::testing::tree;

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
    // The date of the page must not depend on when the tests run: 2026-11-29.
    command.args(arguments).env("SOURCE_DATE_EPOCH", "1795910400");
    command
}

/// Runs and expects an exit status; what it says, but for what it found.
pub(crate) fn expect(code: i32, arguments: &[&str]) -> String {
    let output = command(arguments).output().unwrap();
    let all = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{all}");
    // That there were results already is said, and is all that may differ.
    all.split_inclusive('\n').filter(|line| !line.starts_with("resumed: ")).collect()
}

/// All results below a folder by name. Digests of files are remembered with the time of the file, by each machine for itself.
pub(crate) fn results(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if ["tmp", "lock", "cache/seen", "cache/networks", "cache/frames"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found)
            } else {
                found.extend(fs::read(&path).map(|b| (name, b)))
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

pub(crate) fn same(first: &Path, second: &Path) {
    let (a, b) = (results(first), results(second));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{name} differs between {} and {}", first.display(), second.display());
    }
}

/// A small data set, and a folder for runs on it.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) data: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { data: tree(folder.path()), folder }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A run that writes to the folder `name`.
    pub(crate) fn case(&self, name: &str, more: &[&str]) -> Case {
        let out = self.root().join(name);
        let mut arguments = vec!["--data", self.data.to_str().unwrap(), "--out", out.to_str().unwrap()];
        arguments.extend(more);
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        Case { out, arguments }
    }

    /// Cuts the video of a clip of the first test set in half; its name, its path and its bytes.
    pub(crate) fn tear(&self, row: usize) -> (String, PathBuf, Vec<u8>) {
        let name = self.tested(row);
        let path = self.data.join("videos").join(&name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        (name, path, bytes)
    }

    /// A clip of the first test set.
    pub(crate) fn tested(&self, row: usize) -> String {
        let list = fs::read_to_string(self.data.join("splits/0/test_set1.csv")).unwrap();
        list.lines().nth(row).unwrap().split(',').next().unwrap().to_owned()
    }

    /// Trains on everything and tests on a list; the folder and what was printed.
    pub(crate) fn across(&self, more: &[&str]) -> (PathBuf, String) {
        let (list, out) = (self.data.join("videos/few.csv"), self.root().join("out"));
        fs::copy(self.data.join("splits/1/train_set.csv"), &list).unwrap();
        let [data, test, to] = [&self.data, &list, &out].map(|path| path.to_str().unwrap());
        let shown = expect(0, &[&["cross", "--train", data, "--test", test, "--out", to], more].concat());
        (out, shown)
    }
}

/// The folder of a run, and its arguments.
pub(crate) struct Case {
    pub(crate) out: PathBuf,
    arguments: Vec<String>,
}

impl Case {
    pub(crate) fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    pub(crate) fn run(&self, code: i32) -> String {
        expect(code, &self.arguments())
    }
}

/// Two methods and the losses.
pub(crate) fn some() -> Vec<&'static str> {
    vec!["--methods", "brisque,gm-log", "--splits", "3", "--loss-ablation", "brisque"]
}
