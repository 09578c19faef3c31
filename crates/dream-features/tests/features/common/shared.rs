//! The one finder of the shared reference data, for the tests of this crate.

use std::io::Write;
use std::path::{Path, PathBuf};

/// `name` in the shared folder: `$DREAM_SHARED`, else beside the repository. Where it is missing the test says `SKIPPED`;
/// with `DREAM_REQUIRE_SHARED=1` it fails.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = std::env::var_os("DREAM_SHARED").map_or_else(beside, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
    assert!(!required, "{} is missing: set DREAM_SHARED to the shared folder", path.display());
    // Written past the test runner, which hides what a passing test prints.
    writeln!(std::io::stderr().lock(), "SKIPPED: {} is missing", path.display()).unwrap();
    None
}
