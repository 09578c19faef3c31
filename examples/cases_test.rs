//! The shared folder of cases, which once broke a program. Included by tests as a file.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder; nothing, loudly, where it is missing and may be.
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("DREAM_SHARED").map_or_else(beside, PathBuf::from).join("cases");
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|value| value == "1");
    assert!(!required, "{} is missing: set DREAM_SHARED to the shared folder", folder.display());
    // Written past the test runner, which hides what a passing test prints.
    writeln!(std::io::stderr().lock(), "SKIPPED: {} is missing", folder.display()).unwrap();
    None
}
