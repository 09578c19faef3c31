//! Precision and recall of every label on the labelled sentences, and whether docs/tagger.md says the same.

use std::fmt::Write;

use dream_data::tagging::{Artifact, ArtifactSet, Extent, Label, Place, PlaceSet, Tags};

use super::score::{Counts, Scores, documented};

/// The lexicon was extended on the first. The second was written before the lexicon, the third after it, and nothing
/// was changed for either.
const PARTS: [&str; 3] = ["development", "held-out", "held-out later"];

struct Sentence {
    part: &'static str,
    expected: Tags,
    text: String,
}

fn sentences() -> Vec<Sentence> {
    let file = include_str!("../../../testdata/tagging/sentences.csv");
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
        let part = PARTS.into_iter().find(|known| *known == part).unwrap();
        Sentence { part, expected, text: quoted.unwrap_or(text).replace("\"\"", "\"") }
    };
    lines.map(parse).collect()
}

/// The scores of one part. `DREAM_TAGGER_ERRORS=development` prints what went wrong; nothing prints the held-out parts,
/// which nobody should look at to improve the lexicon.
fn evaluate(part: &str) -> Scores {
    let show = std::env::var("DREAM_TAGGER_ERRORS").is_ok_and(|v| v == "development") && part == PARTS[0];
    let sentences = sentences().into_iter().filter(|s| s.part == part);
    Scores::of(sentences.map(|s| (s.expected, s.text)), |text, expected, found| {
        if show {
            eprintln!("{text}\n    labelled {expected}\n    tagged   {found}");
        }
    })
}

/// Labels of a kind, and their counts in the three parts.
type Rows<'a> = (&'static str, Vec<&'static str>, [&'a [Counts]; 3]);

fn table(parts: &[Scores; 3]) -> String {
    let mut text = String::new();
    let cell = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.2}"));
    let row = |name: &str, parts: [Counts; 3]| {
        let columns = parts.map(|counts| {
            let labelled = counts.right + counts.missed;
            format!("{labelled} | {} | {}", cell(counts.precision()), cell(counts.recall()))
        });
        format!("| {name} | {} |\n", columns.join(" | "))
    };
    let heads = PARTS.map(|part| format!("{part} | precision | recall"));
    write!(text, "| label | {} |\n|{}\n", heads.join(" | "), " --- |".repeat(10)).unwrap();
    let kinds: [Rows<'_>; 3] = [
        (Place::KIND.name(), Place::ALL.map(Place::label).to_vec(), parts.each_ref().map(|s| &s.places[..])),
        (
            Artifact::KIND.name(),
            Artifact::ALL.map(Artifact::label).to_vec(),
            parts.each_ref().map(|s| &s.artifacts[..]),
        ),
        (
            Extent::KIND.name(),
            Extent::ALL.map(Extent::label).to_vec(),
            parts.each_ref().map(|s| &s.extents[..]),
        ),
    ];
    for (kind, labels, counts) in kinds {
        for (i, label) in labels.iter().enumerate() {
            text.push_str(&row(label, counts.map(|part| part[i])));
        }
        text.push_str(&row(&format!("**every {kind}**"), counts.map(Counts::sum)));
    }
    text.push('\n');
    for (name, scores) in PARTS.iter().zip(parts) {
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
    for name in PARTS {
        let part: Vec<&Sentence> = all.iter().filter(|s| s.part == name).collect();
        let places: PlaceSet = part.iter().flat_map(|s| s.expected.places.iter()).collect();
        let artifacts: ArtifactSet = part.iter().flat_map(|s| s.expected.artifacts.iter()).collect();
        assert_eq!((places.len(), artifacts.len()), (14, 19), "{name}");
        for s in part {
            let clean = s.expected.artifacts == Artifact::None.into();
            assert_eq!(clean, s.expected.extent == Extent::NoArtifact, "{}", s.text);
        }
    }
}

/// Floors at what was measured, so that a change for the worse is seen.
#[test]
fn labels_reach_what_they_reached() {
    let floors = [[0.989, 0.992, 0.995], [0.977, 0.955, 1.0], [0.961, 0.469, 0.95]];
    for (part, floors) in PARTS.into_iter().zip(floors) {
        for (reached, floor) in evaluate(part).f1().into_iter().zip(floors) {
            assert!(reached >= floor, "{part}: {reached} is below {floor}");
        }
    }
}

#[test]
fn the_documented_table_is_current() {
    documented("evaluation", &table(&PARTS.map(evaluate)));
}
