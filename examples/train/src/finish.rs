//! The best network on the test sets, and the checkpoint that is left.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use dream_eval::SetScore;
use dream_loss::Line;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::text::clip::Tokens;
use serde_json::{Map, Value, json};

use crate::data::Sentences;
use crate::methods::Network;
use crate::notes::{self, Assumptions};
use crate::state::Progress;
use crate::training::{BEST, Training, opinions};

/// What has come out of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// In the order of the test sets.
    pub tests: Vec<TestScores>,
    /// The network.
    pub checkpoint: PathBuf,
    /// Of its tensors.
    pub sha256: String,
    /// Sentences to learn from that were cut, because they were longer than the text tower takes.
    pub cut_sentences: usize,
    /// Which epoch it was and what it reached, in a line.
    pub note: String,
    /// What was assumed about the videos.
    pub assumptions: Assumptions,
    /// Of training, over all runs: the only number here that is another one in another run.
    pub seconds: f64,
}

/// Scores of a test set, in the order of its clips.
#[derive(Debug, Clone, PartialEq)]
pub struct TestScores {
    /// The name of the set.
    pub name: String,
    /// From the videos.
    pub scores: Vec<f64>,
    /// From the descriptions of each clip alone, where it has some; `None` when the network does not read or nobody has
    /// described a clip of the set.
    pub from_text: Option<Vec<Option<f64>>>,
}

/// The best network as training has left it.
pub(crate) struct Best {
    pub(crate) weights: BTreeMap<String, Tensor>,
    /// What it reached on the held-out clips.
    validation: Option<Value>,
}

/// What was assumed about videos as a table, which programs leave beside their results.
///
/// # Errors
/// None: it is written to memory.
pub fn assumptions_csv(assumed: &Assumptions) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["file", "assumption"])?;
    for (file, texts) in assumed {
        texts.iter().try_for_each(|text| csv.write_record([file, text]))?;
    }
    csv.into_inner().context("assumptions.csv")
}

impl Training<'_> {
    /// Scores all test sets with the best network and writes its checkpoint.
    pub(crate) fn finish(&self, progress: &Progress) -> Result<Outcome> {
        let sets = self.job.sets;
        let mut best = self.best()?;
        let truth = opinions(&sets.validation);
        let seen = self.score(&*self.frozen(&best.weights)?, &sets.validation)?;
        let line = line(&seen, &truth)?;
        self.calibrate(&mut best.weights, line)?;
        let network = self.frozen(&best.weights)?;

        let (mut tests, mut figures) = (Vec::new(), Map::new());
        for (at, (name, clips)) in sets.tests.iter().enumerate() {
            let scores = self.score(&*network, clips)?;
            let texts = self.texts.tests.get(at).map_or(&[][..], Vec::as_slice);
            let from_text = self.score_texts(&*network, texts)?;
            let found = SetScore::of(&scores, &opinions(clips)).ok();
            let [plcc, srcc] = [found.map(|found| found.plcc), found.map(|found| found.srcc)];
            figures.insert(name.clone(), json!({ "clips": clips.len(), "plcc": plcc, "srcc": srcc }));
            tests.push(TestScores { name: name.clone(), scores, from_text });
        }
        best.weights.extend(self.descriptions(&*network)?);
        let own = [
            ("descriptions", json!(self.texts.common.len())),
            ("calibration", json!({ "slope": line.slope, "offset": line.offset, "on": "validation" })),
            ("test", Value::Object(figures)),
        ];
        let SetScore { plcc, srcc, .. } = SetScore::of(&seen, &truth)?;
        self.leave(progress, &best, own, tests, &format!("PLCC {plcc:.3}, SRCC {srcc:.3}"))
    }

    /// The network of the best epoch.
    pub(crate) fn best(&self) -> Result<Best> {
        let file = Checkpoint::open(self.job.out.join(BEST))?;
        let weights = file.tensors().read_where(|_| true, self.device)?.into_iter().collect();
        Ok(Best { weights, validation: file.provenance::<Value>()?.get("validation").cloned() })
    }

    /// Writes the checkpoint that is left. Its provenance has `own` beside what every training says; `reached` is what the
    /// best epoch had on the held-out clips.
    pub(crate) fn leave<const N: usize>(
        &self,
        progress: &Progress,
        best: &Best,
        own: [(&str, Value); N],
        tests: Vec<TestScores>,
        reached: &str,
    ) -> Result<Outcome> {
        let (job, sets) = (self.job, self.job.sets);
        let (fit, validation) = (sets.fit.len(), sets.validation.len());
        let epoch = progress.best().context("no epoch is done")?.epoch;
        let mut provenance = json!({
            "program": "train", "settings": self.settings, "epoch": epoch,
            "clips": { "fit": fit, "validation": validation },
            "validation": best.validation,
            "assumptions": notes::counts(self.assumed),
        });
        if let Some(all) = provenance.as_object_mut() {
            all.extend(own.map(|(name, value)| (name.to_owned(), value)));
        }
        let sha256 = self.save_network("model.json", provenance, &best.weights)?;
        Ok(Outcome {
            tests,
            checkpoint: job.out.join("model.json"),
            sha256,
            cut_sentences: self.texts.cut,
            note: format!(
                "best epoch {epoch} of {}: {reached} on {validation} held-out clips",
                progress.epoch
            ),
            assumptions: self.assumed.clone(),
            seconds: progress.seconds,
        })
    }

    /// Folds a line into the last layer. Losses that ignore an offset or a factor leave the scale open: the line through
    /// the validation clips brings it back to that of the opinions. Ranks and linear correlations do not see it.
    fn calibrate(&self, weights: &mut BTreeMap<String, Tensor>, line: Line) -> Result<()> {
        let [weight, bias] = self.plan.last_layer();
        let missing = || format!("{BEST} has no {weight} or {bias}");
        let find = |name: &str| weights.get(name).with_context(missing);
        let (scaled, moved) = line.fold(find(weight)?, find(bias)?)?;
        weights.extend([(weight.to_owned(), scaled), (bias.to_owned(), moved)]);
        Ok(())
    }

    /// Scores of clips by their sentences alone. One by one, so that a score does not depend on the others.
    fn score_texts(&self, network: &dyn Network, clips: &[Sentences]) -> Result<Option<Vec<Option<f64>>>> {
        if clips.iter().all(Vec::is_empty) {
            return Ok(None);
        }
        let one = |sentences: &Sentences| -> Result<Option<f64>> {
            if sentences.is_empty() {
                return Ok(None);
            }
            let ids = Tokens::stack(sentences, self.device)?;
            let Some(read) = network.represent_text(&ids, &[sentences.len()])? else { return Ok(None) };
            let Some(score) = network.score_text(&read)? else { return Ok(None) };
            Ok(score.to_dtype(DType::F64)?.to_vec1()?.first().copied())
        };
        clips.iter().map(one).collect::<Result<Vec<_>>>().map(Some)
    }

    /// The commonest sentences with their representations, for explanations.
    fn descriptions(&self, network: &dyn Network) -> Result<BTreeMap<String, Tensor>> {
        let common = &self.texts.common;
        if common.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (texts, rows): (Vec<String>, Vec<&Vec<u32>>) =
            common.iter().map(|(text, ids)| (text.clone(), ids)).unzip();
        let read = network.represent_text(&Tokens::stack(&rows, self.device)?, &vec![1; rows.len()])?;
        let read = read.context("this network cannot represent descriptions")?;
        Ok(Descriptions::tensors(&texts, &read)?)
    }
}

/// The line to the opinions. A network whose answers do not rise with them, or are all equal, keeps its own scale.
fn line(seen: &[f64], truth: &[f64]) -> Result<Line> {
    let [pred, target] = [seen, truth].map(|values| Tensor::new(values, &Device::Cpu));
    match Line::fit(&pred?, &target?) {
        Err(dream_loss::Error::NoLine { .. }) => Ok(Line::IDENTITY),
        other => Ok(other?),
    }
}
