//! How much of the descriptions of another study the tagger understands.

use std::io::Write;
use std::path::PathBuf;

use dream_data::tagging::{Place, Tagger};

/// The fourth of four columns, quoted where it has commas. The file has one line a row.
fn description(line: &str) -> String {
    let last = line.splitn(4, ',').nth(3).unwrap();
    let quoted = last.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.unwrap_or(last).replace("\"\"", "\"")
}

#[test]
fn coverage_of_shared_descriptions() {
    let root = std::env::var_os("DREAM_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("data/ddvqa_train_overall_descriptions.csv");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let required = std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1");
            assert!(!required, "{}: {error}; set DREAM_SHARED to the shared folder", path.display());
            // Written past the test runner, which hides what a passing test prints.
            let line = format!("SKIPPED: coverage_of_shared_descriptions: {}: {error}", path.display());
            return writeln!(std::io::stderr(), "{line}").unwrap();
        }
    };
    let (mut all, mut artifact, mut place) = (0, 0, 0);
    for line in text.lines().skip(1) {
        let explanation = Tagger::english().explain(&description(line));
        all += 1;
        artifact += u32::from(explanation.recognised());
        place += u32::from(!explanation.tags.places.contains(Place::NotSpecified));
    }
    assert_eq!(all, 2008);
    let share = |count: u32| f64::from(count) / f64::from(all);
    eprintln!("{all} descriptions: an artifact in {:.4}, a place in {:.4}", share(artifact), share(place));
    assert!(share(artifact) >= 0.9 && share(place) >= 0.9, "{artifact}, {place} of {all}");
}
