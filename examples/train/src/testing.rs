//! What the tests of the programs share: a small data set, and a kill at the right moment.
#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use dream_data::synthetic::{Synthetic, SyntheticConfig};

/// Writes `root/data`: two splits of 48 clips, of 4 people and 9 methods, 8 frames of 48x40.
#[must_use]
pub fn tree(root: &Path) -> PathBuf {
    tree_of(root, 8)
}

/// The same with so many frames in a clip.
#[must_use]
pub fn tree_of(root: &Path, frames: u32) -> PathBuf {
    let config = SyntheticConfig {
        identities: 4,
        methods: 9,
        frames,
        width: 48,
        height: 40,
        raters: 8,
        session_clips: 20,
        portraits: false,
        seed: 3,
        ..SyntheticConfig::default()
    };
    let data = root.join("data");
    Synthetic::new(config).unwrap().write_tree(&data, 2, &|_| {}).unwrap();
    data
}

/// Changes a word in the first line of a video of y4m: what it says about itself.
pub fn retag(video: &Path, from: &str, to: &str) {
    let bytes = std::fs::read(video).unwrap();
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    assert!(head.contains(from), "{head}");
    std::fs::write(video, [head.replace(from, to).as_bytes(), &bytes[end..]].concat()).unwrap();
}

/// The videos of a data set.
#[must_use]
pub fn videos(data: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(data.join("videos")).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

/// Starts a program and kills it as soon as `ready` holds: with SIGKILL on Unix, after which nothing of it runs. `false`
/// when it ended before.
pub fn kill_when(command: &mut Command, mut ready: impl FnMut() -> bool) -> bool {
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    while !ready() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(start.elapsed() < Duration::from_secs(300), "the moment to kill the program did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}
