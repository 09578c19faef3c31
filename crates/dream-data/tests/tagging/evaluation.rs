//! Precision and recall of every label on the labelled sentences, and whether docs/tagger.md says the same.

use std::fmt::Write;
use std::path::Path;

use dream_data::tagging::{Artifact, ArtifactSet, Extent, Label, Place, PlaceSet, Tagger, Tags};

struct Sentence {
    held_out: bool,
    expected: Tags,
    text: String,
}

fn sentences() -> Vec<Sentence> {
    let file = include_str!("../../testdata/tagging/sentences.csv");
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("part,place,artifact,extent,sentence"));
    let parse = |line: &str| {
        let [part, places, artifacts, extent, text] =
            line.splitn(5, ',').collect::<Vec<_>>().try_into().unwrap();
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let expected = Tags {
            places: places.parse().unwrap(),
            artifacts: artifacts.parse().unwrap(),
            extent: extent.parse().unwrap(),
        };
        let held_out = match part {
            "development" => false,
            "held-out" => true,
            other => panic!("{other}"),
        };
        Sentence { held_out, expected, text: quoted.unwrap_or(text).replace("\"\"", "\"") }
    };
    lines.map(parse).collect()
}

/// Right, too much, missed.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    right: u32,
    extra: u32,
    missed: u32,
}

impl Counts {
    fn add(&mut self, expected: bool, found: bool) {
        self.right += u32::from(expected && found);
        self.extra += u32::from(!expected && found);
        self.missed += u32::from(expected && !found);
    }

    fn sum(counts: impl Iterator<Item = Self>) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            right: a.right + b.right,
            extra: a.extra + b.extra,
            missed: a.missed + b.missed,
        })
    }

    fn precision(self) -> Option<f64> {
        share(self.right, self.right + self.extra)
    }

    fn recall(self) -> Option<f64> {
        share(self.right, self.right + self.missed)
    }

    /// The harmonic mean of precision and recall.
    fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.extra + self.missed).unwrap_or(0.0)
    }
}

fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

/// Counts of every label of the three kinds, and how many sentences are right in everything.
struct Result {
    places: Vec<Counts>,
    artifacts: Vec<Counts>,
    extents: Vec<Counts>,
    exact: u32,
    sentences: u32,
}

fn evaluate(held_out: bool) -> Result {
    let mut result = Result {
        places: vec![Counts::default(); Place::ALL.len()],
        artifacts: vec![Counts::default(); Artifact::ALL.len()],
        extents: vec![Counts::default(); Extent::ALL.len()],
        exact: 0,
        sentences: 0,
    };
    let show = std::env::var("DREAM_TAGGER_ERRORS").is_ok_and(|v| v == "development") && !held_out;
    for Sentence { expected, text, .. } in sentences().into_iter().filter(|s| s.held_out == held_out) {
        let found = Tagger::english().tag(&text);
        for (counts, place) in result.places.iter_mut().zip(Place::ALL) {
            counts.add(expected.places.contains(place), found.places.contains(place));
        }
        for (counts, artifact) in result.artifacts.iter_mut().zip(Artifact::ALL) {
            counts.add(expected.artifacts.contains(artifact), found.artifacts.contains(artifact));
        }
        for (counts, extent) in result.extents.iter_mut().zip(Extent::ALL) {
            counts.add(expected.extent == extent, found.extent == extent);
        }
        result.sentences += 1;
        result.exact += u32::from(expected == found);
        if show && expected != found {
            eprintln!("{text}\n    labelled {expected}\n    tagged   {found}");
        }
    }
    result
}

fn table(development: &Result, held_out: &Result) -> String {
    let mut text = String::new();
    let cell = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.2}"));
    let row = |name: &str, a: Counts, b: Counts| {
        let columns = [a, b].map(|counts| {
            let labelled = counts.right + counts.missed;
            format!("{labelled} | {} | {}", cell(counts.precision()), cell(counts.recall()))
        });
        format!("| {name} | {} |\n", columns.join(" | "))
    };
    text.push_str("| label | development | precision | recall | held-out | precision | recall |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    let kinds: [(&str, Vec<&str>, &[Counts], &[Counts]); 3] = [
        (Place::KIND, Place::ALL.map(Place::label).to_vec(), &development.places, &held_out.places),
        (
            Artifact::KIND,
            Artifact::ALL.map(Artifact::label).to_vec(),
            &development.artifacts,
            &held_out.artifacts,
        ),
        (Extent::KIND, Extent::ALL.map(Extent::label).to_vec(), &development.extents, &held_out.extents),
    ];
    for (kind, labels, a, b) in kinds {
        for ((label, &a), &b) in labels.iter().zip(a).zip(b) {
            text.push_str(&row(label, a, b));
        }
        let total = |counts: &[Counts]| Counts::sum(counts.iter().copied());
        text.push_str(&row(&format!("**every {kind}**"), total(a), total(b)));
    }
    text.push('\n');
    for (name, result) in [("development", development), ("held-out", held_out)] {
        let f1 = |counts: &[Counts]| Counts::sum(counts.iter().copied()).f1();
        writeln!(
            text,
            "- {name}: micro-F1 {:.3} of places, {:.3} of artifacts, {:.3} of extents; {} of {} sentences right in every label.",
            f1(&result.places),
            f1(&result.artifacts),
            f1(&result.extents),
            result.exact,
            result.sentences
        )
        .unwrap();
    }
    text
}

#[test]
fn the_sentences_are_what_the_documentation_says() {
    let all = sentences();
    let mut texts: Vec<&str> = all.iter().map(|s| s.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert!(texts.len() == all.len() && all.len() >= 300, "{} of {}", texts.len(), all.len());
    for held_out in [false, true] {
        let part: Vec<&Sentence> = all.iter().filter(|s| s.held_out == held_out).collect();
        let places: PlaceSet = part.iter().flat_map(|s| s.expected.places.iter()).collect();
        let artifacts: ArtifactSet = part.iter().flat_map(|s| s.expected.artifacts.iter()).collect();
        assert_eq!((places.len(), artifacts.len()), (14, 19));
        for s in part {
            let clean = s.expected.artifacts == Artifact::None.into();
            assert_eq!(clean, s.expected.extent == Extent::NoArtifact, "{}", s.text);
        }
    }
}

/// Floors at what was measured, so that a change for the worse is seen.
#[test]
fn labels_reach_what_they_reached() {
    let floors = [(false, [0.0, 0.0, 0.0]), (true, [0.0, 0.0, 0.0])];
    for (held_out, floors) in floors {
        let result = evaluate(held_out);
        let reached = [&result.places, &result.artifacts, &result.extents]
            .map(|counts| Counts::sum(counts.iter().copied()).f1());
        for (reached, floor) in reached.into_iter().zip(floors) {
            assert!(reached >= floor, "held-out {held_out}: {reached} is below {floor}");
        }
    }
}

/// `DREAM_UPDATE_DOCS=1` writes the table instead.
#[test]
fn the_documented_table_is_current() {
    const MARKS: (&str, &str) = ("<!-- evaluation -->\n", "<!-- end of evaluation -->");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tagger.md");
    let Ok(document) = std::fs::read_to_string(&path) else {
        // Outside the repository there are no documents.
        return eprintln!("SKIPPED: the_documented_table_is_current: no {}", path.display());
    };
    let (head, rest) = document.split_once(MARKS.0).unwrap();
    let (found, tail) = rest.split_once(MARKS.1).unwrap();
    let current = format!("\n{}\n", table(&evaluate(false), &evaluate(true)));
    if std::env::var("DREAM_UPDATE_DOCS").is_ok_and(|v| v == "1") {
        std::fs::write(&path, format!("{head}{}{current}{}{tail}", MARKS.0, MARKS.1)).unwrap();
    } else {
        assert!(
            found == current,
            "docs/tagger.md is not current: run this test with DREAM_UPDATE_DOCS=1\n{current}"
        );
    }
}
