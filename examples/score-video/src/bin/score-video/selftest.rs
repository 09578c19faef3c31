//! What a bug report needs to know: models, decoders, machine, and whether two built-in clips get the stated scores.

use std::io::Write;
use std::num::NonZeroUsize;

use anyhow::{Context, Result};
#[cfg(feature = "deep")]
use dream_models::deep::methods::face_blend::Head;
use dream_models::face::FaceDetector;
use dream_models::regression::QualityModel;
use score_video::Scorer;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::demo::{Clip, Look};
use crate::print::Out;

/// How far a score may be from the stated one: processors and compilers differ in the last digits only.
const TOLERANCE: f64 = 0.02;

/// A method that needs no weights from a file, its model, and what it says about the built-in clips.
struct Entry {
    name: &'static str,
    model: fn() -> dream_models::Result<QualityModel>,
    demo: Stated,
}

const METHODS: [Entry; 2] = [
    Entry {
        name: "videval60",
        model: QualityModel::embedded,
        demo: Stated { clean: 3.6, over_compressed: 2.56, least_difference: 0.5 },
    },
    Entry {
        name: "brisque",
        model: QualityModel::embedded_brisque,
        demo: Stated { clean: 4.05, over_compressed: 2.6, least_difference: 0.7 },
    },
];

/// Scores of built-in clips.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Stated {
    clean: f64,
    over_compressed: f64,
    /// How far they must be apart at least.
    least_difference: f64,
}

#[derive(Serialize)]
struct Report {
    version: &'static str,
    target: &'static str,
    threads: usize,
    instruction_set: String,
    models: Vec<Model>,
    decoders: Vec<Decoder>,
    tolerance: f64,
    scores: Vec<Scores>,
    good: bool,
}

#[derive(Serialize)]
struct Model {
    name: String,
    sha256: String,
}

#[derive(Serialize)]
struct Decoder {
    name: String,
    available: bool,
    detail: String,
}

/// The clips by one method.
#[derive(Serialize)]
struct Scores {
    method: &'static str,
    clean: Option<f64>,
    over_compressed: Option<f64>,
    stated: Stated,
    /// What is wrong.
    faults: Vec<String>,
}

/// Prints the report. Whether nothing is wrong.
pub(crate) fn run(json: bool) -> Result<bool> {
    let decoders = dream_data::decoders().into_iter().map(|found| Decoder {
        name: found.decoder.to_string(),
        available: found.available,
        detail: found.detail,
    });
    let scores: Vec<Scores> = METHODS.iter().map(Scores::of).collect();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        target: env!("DREAM_TARGET"),
        threads: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        instruction_set: dream_features::instruction_set(),
        models: models()?,
        decoders: decoders.collect(),
        tolerance: TOLERANCE,
        good: scores.iter().all(|scores| scores.faults.is_empty()),
        scores,
    };
    if json {
        serde_json::to_writer_pretty(Out, &report)?;
        writeln!(Out)?;
    } else {
        report.print(&mut Out)?;
    }
    Ok(report.good)
}

/// The models in the program, by the hash of the form in which they are saved.
fn models() -> Result<Vec<Model>> {
    let model = |name: &str, bytes: &[u8]| Model {
        name: name.to_owned(),
        sha256: format!("{:x}", Sha256::digest(bytes)),
    };
    let mut models = Vec::new();
    for entry in METHODS {
        let embedded = (entry.model)().with_context(|| format!("the model of {} is broken", entry.name))?;
        models.push(model(embedded.version(), &embedded.to_bytes()?));
    }
    models.push(model("blazeface-short-range", FaceDetector::embedded_bytes()));
    #[cfg(feature = "deep")]
    models.push(model(&Head::embedded()?.parts().name, Head::embedded_bytes()));
    Ok(models)
}

impl Scores {
    fn of(entry: &Entry) -> Self {
        let (clean, over_compressed) = (score_clip(entry, Look::Clean), score_clip(entry, Look::Blocky));
        let mut faults = Vec::new();
        for error in [&clean, &over_compressed].into_iter().filter_map(|score| score.as_ref().err()) {
            faults.push(format!("no score: {error:#}"));
        }
        let (clean, over_compressed) = (clean.ok(), over_compressed.ok());
        faults.extend(differences(clean, over_compressed, entry.demo));
        Self { method: entry.name, clean, over_compressed, stated: entry.demo, faults }
    }
}

fn score_clip(entry: &Entry, look: Look) -> Result<f64> {
    let scorer = Scorer::builder().method(entry.name).build()?;
    Ok(scorer.score_reopened(look.name(), &mut || Ok(Box::new(Clip::new(look)?)))?.score)
}

/// What is wrong with the scores.
fn differences(clean: Option<f64>, over_compressed: Option<f64>, stated: Stated) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, found, stated) in
        [("clean", clean, stated.clean), ("over-compressed", over_compressed, stated.over_compressed)]
    {
        let near = found.is_none_or(|found| (found - stated).abs() <= TOLERANCE);
        if let Some(found) = found.filter(|_| !near) {
            faults.push(format!("{name}: {found} is not within {TOLERANCE} of {stated}"));
        }
    }
    if let (Some(clean), Some(other)) = (clean, over_compressed) {
        let (apart, least) = (clean - other, stated.least_difference);
        let enough = apart >= least;
        if !enough {
            faults.push(format!("the clips are {apart} apart, and must be {least} at least"));
        }
    }
    faults
}

impl Report {
    fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "score-video {}", self.version)?;
        writeln!(out, "target     {}", self.target)?;
        writeln!(out, "threads    {}", self.threads)?;
        writeln!(out, "processor  {}", self.instruction_set)?;
        for Model { name, sha256 } in &self.models {
            writeln!(out, "model      {name}: SHA-256 {sha256}")?;
        }
        for Decoder { name, detail, .. } in &self.decoders {
            writeln!(out, "decoder    {name}: {detail}")?;
        }
        let number = |score: Option<f64>| score.map_or("none".to_owned(), |score| score.to_string());
        for scores in &self.scores {
            let (method, stated) = (scores.method, scores.stated);
            for (look, score, stated) in [
                ("clean", scores.clean, stated.clean),
                ("over-compressed", scores.over_compressed, stated.over_compressed),
            ] {
                writeln!(out, "score      {method}, {look}: {} (stated {stated})", number(score))?;
            }
            let apart = scores.clean.zip(scores.over_compressed).map(|(clean, other)| clean - other);
            let least = stated.least_difference;
            writeln!(out, "difference {method}: {} (at least {least})", number(apart))?;
            for fault in &scores.faults {
                writeln!(out, "WRONG      {method}: {fault}")?;
            }
        }
        writeln!(out, "{}", if self.good { "all is well" } else { "something is wrong: see above" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_without_weights_is_tested() {
        let all = score_video::methods().into_iter().filter(|method| !method.needs_weights);
        let names: Vec<&str> = all.map(|method| method.name).collect();
        assert_eq!(names, METHODS.map(|entry| entry.name));
    }

    #[test]
    fn scores_that_are_off_are_told() {
        let stated = Stated { clean: 3.5, over_compressed: 2.5, least_difference: 0.9 };
        let told = |clean, other| differences(clean, other, stated).join("; ");
        assert_eq!(told(Some(3.51), Some(2.49)), "");
        assert!(told(Some(3.53), Some(2.5)).starts_with("clean: 3.53 is not within 0.02 of 3.5"));
        assert!(told(Some(f64::NAN), Some(2.5)).contains("apart"));
        let both = told(Some(3.0), Some(3.0));
        assert!(both.contains("over-compressed: 3 is") && both.contains("0 apart"), "{both}");
        assert_eq!(told(None, Some(2.5)), "");
    }
}
