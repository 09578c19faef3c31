//! How much of the descriptions of another study the tagger understands, and how well.

use dream_data::tagging::{Place, Tagger, Tags};

use super::score::{Counts, Scores, documented, share};
use crate::common::shared::shared;

/// The fourth of four columns, quoted where it has commas. The file has one line a row.
fn description(line: &str) -> String {
    let last = line.splitn(4, ',').nth(3).unwrap();
    let quoted = last.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.unwrap_or(last).replace("\"\"", "\"")
}

/// Row and labels; the texts are in the shared folder only.
fn labels() -> Vec<(usize, Tags)> {
    let file = include_str!("../../../testdata/tagging/ddvqa_labels.csv");
    let parse = |line: &str| {
        let [row, places, artifacts, extent] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let tags = Tags {
            places: places.parse().unwrap(),
            artifacts: artifacts.parse().unwrap(),
            extent: extent.parse().unwrap(),
        };
        (row.parse().unwrap(), tags)
    };
    file.lines().skip(1).map(parse).collect()
}

/// Shares of texts in which an artifact and a place were recognised.
fn coverage<'a>(texts: impl Iterator<Item = &'a str>) -> [f64; 2] {
    let (mut all, mut artifact, mut place) = (0, 0, 0);
    for text in texts {
        let explanation = Tagger::english().explain(text);
        all += 1;
        artifact += u32::from(explanation.recognised());
        place += u32::from(!explanation.tags.places.contains(Place::NotSpecified));
    }
    [artifact, place].map(|count| 100.0 * share(count, all).unwrap())
}

#[test]
fn descriptions_of_another_study() {
    let name = "data/ddvqa_train_overall_descriptions.csv";
    let Some(path) = shared("descriptions_of_another_study", name) else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let texts: Vec<String> = text.lines().skip(1).map(description).collect();
    let [artifact, place] = coverage(texts.iter().map(String::as_str));
    // Nearly all begin with "The image looks fake." or "... real.", which alone would be an artifact.
    let rest = texts.iter().filter_map(|text| text.split_once(". ").map(|(_, rest)| rest));
    let [artifact_rest, place_rest] = coverage(rest);
    let labelled = labels().into_iter().map(|(row, tags)| (tags, texts[row].clone()));
    let scores = Scores::of(labelled, |_, _, _| ());
    let percent = |share: Option<f64>| 100.0 * share.unwrap();
    let both = |counts: &[Counts]| {
        let sum = Counts::sum(counts);
        format!("precision {:.1} %, recall {:.1} %", percent(sum.precision()), percent(sum.recall()))
    };
    documented(
        "shared",
        &format!(
            "- {} descriptions: {artifact:.1} % have an artifact that was recognised (`none` counted), {place:.1} % a place; \n  \
             without their first sentence {artifact_rest:.1} % and {place_rest:.1} %.\n\
             - {} of them labelled by hand: places {}; artifacts {}; extents {} right.\n",
            texts.len(),
            scores.sentences,
            both(&scores.places),
            both(&scores.artifacts),
            Counts::sum(&scores.extents).right,
        )
        .replace("; \n", ";\n"),
    );
}
