//! Counting, and the tables of docs/tagger.md.

use std::io::Write;
use std::path::Path;

use dream_data::tagging::{Artifact, Extent, Place, Tagger, Tags};

/// Right, too much, missed.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) right: u32,
    pub(crate) extra: u32,
    pub(crate) missed: u32,
}

impl Counts {
    fn add(&mut self, expected: bool, found: bool) {
        self.right += u32::from(expected && found);
        self.extra += u32::from(!expected && found);
        self.missed += u32::from(expected && !found);
    }

    pub(crate) fn sum(counts: &[Self]) -> Self {
        counts.iter().fold(Self::default(), |a, b| Self {
            right: a.right + b.right,
            extra: a.extra + b.extra,
            missed: a.missed + b.missed,
        })
    }

    pub(crate) fn precision(self) -> Option<f64> {
        share(self.right, self.right + self.extra)
    }

    pub(crate) fn recall(self) -> Option<f64> {
        share(self.right, self.right + self.missed)
    }

    /// The harmonic mean of precision and recall.
    pub(crate) fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.extra + self.missed).unwrap_or(0.0)
    }
}

pub(crate) fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

/// Counts of every label of the three kinds, and how many sentences are right in everything.
pub(crate) struct Scores {
    pub(crate) places: Vec<Counts>,
    pub(crate) artifacts: Vec<Counts>,
    pub(crate) extents: Vec<Counts>,
    pub(crate) exact: u32,
    pub(crate) sentences: u32,
}

impl Scores {
    pub(crate) fn of(
        sentences: impl Iterator<Item = (Tags, String)>,
        mut show: impl FnMut(&str, Tags, Tags),
    ) -> Self {
        let mut scores = Self {
            places: vec![Counts::default(); Place::ALL.len()],
            artifacts: vec![Counts::default(); Artifact::ALL.len()],
            extents: vec![Counts::default(); Extent::ALL.len()],
            exact: 0,
            sentences: 0,
        };
        for (expected, text) in sentences {
            let found = Tagger::english().tag(&text);
            for (counts, place) in scores.places.iter_mut().zip(Place::ALL) {
                counts.add(expected.places.contains(place), found.places.contains(place));
            }
            for (counts, artifact) in scores.artifacts.iter_mut().zip(Artifact::ALL) {
                counts.add(expected.artifacts.contains(artifact), found.artifacts.contains(artifact));
            }
            for (counts, extent) in scores.extents.iter_mut().zip(Extent::ALL) {
                counts.add(expected.extent == extent, found.extent == extent);
            }
            scores.sentences += 1;
            scores.exact += u32::from(expected == found);
            if expected != found {
                show(&text, expected, found);
            }
        }
        scores
    }

    /// Micro-F1 of places, artifacts and extents.
    pub(crate) fn f1(&self) -> [f64; 3] {
        [&self.places, &self.artifacts, &self.extents].map(|counts| Counts::sum(counts).f1())
    }
}

/// Checks that docs/tagger.md says `current` between the marks of that name; with `DREAM_UPDATE_DOCS=1` writes it.
pub(crate) fn documented(name: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tagger.md");
    let Ok(document) = std::fs::read_to_string(&path) else {
        // Outside the repository there are no documents.
        return skipped(&format!("the numbers in the documentation: no {}", path.display()));
    };
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (head, rest) = document.split_once(&open).unwrap();
    let (found, tail) = rest.split_once(&close).unwrap();
    let current = format!("\n{current}\n");
    if std::env::var("DREAM_UPDATE_DOCS").is_ok_and(|v| v == "1") {
        std::fs::write(&path, format!("{head}{open}{current}{close}{tail}")).unwrap();
    } else {
        let remedy = "run the tests `tagging` with DREAM_UPDATE_DOCS=1, one thread";
        assert!(found == current, "docs/tagger.md is not current: {remedy}\n{current}");
    }
}

/// Bypasses the test runner, which hides the output of a passing test.
fn skipped(what: &str) {
    writeln!(std::io::stderr().lock(), "SKIPPED: {what}").unwrap();
}
