//! Descriptions of other videos that a checkpoint knows.

use anyhow::{Context, Result};
use dream_data::tagging::{LabelRatio, Profile, Tagger};
use dream_eval::text::Extractive;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::explain::index::{Query, SentenceIndex};
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::Tokenizer;
use score_video::Described;

use crate::explainer::Settings;
use crate::report::{Explained, Label, Sentence};
use crate::words;

/// Sentences that the average over all is taken from; of more, these many at random.
const SAMPLE: usize = 20_000;
/// Of that choice.
const SEED: u64 = 1;

/// What is searched.
pub(crate) struct Known {
    sentences: Source,
    /// Over all of them.
    average: Option<Profile>,
    /// What cuts them into words, where there are some and a tower that reads them.
    tokenizer: Option<Tokenizer>,
}

enum Source {
    None,
    /// Those of the checkpoint itself.
    Carried(Descriptions),
    Index(SentenceIndex),
}

impl Known {
    /// Nothing.
    pub(crate) const NONE: Self = Self { sentences: Source::None, average: None, tokenizer: None };

    /// The index of the settings, or that beside the checkpoint, or what the checkpoint carries.
    pub(crate) fn open(described: &Described, settings: &Settings) -> Result<Self> {
        let (checkpoint, network) = (&described.checkpoint, &described.network);
        let index = match &settings.index {
            Some(path) => {
                let index = SentenceIndex::open(path)?;
                let named = || format!("the index {}", path.display());
                index.expect_checkpoint(checkpoint.sha256()).with_context(named)?;
                Some(index)
            }
            None => SentenceIndex::beside(&described.path, checkpoint)?,
        };
        if let Some(index) = index {
            let mut some = index.random(SAMPLE, SEED, 0, &[])?;
            some.sort_unstable();
            let tags = some.into_iter().map(|at| Ok(Tagger::english().tag(&index.sentence(at)?)));
            let average = Profile::from_tags(tags.collect::<Result<Vec<_>>>()?).ok();
            let tokenizer = words::tokenizer(network)?;
            return Ok(Self { sentences: Source::Index(index), average, tokenizer });
        }
        let Some(carried) = Descriptions::load(checkpoint)? else { return Ok(Self::NONE) };
        // All of them, in any order.
        let nowhere = Tensor::zeros(network.config().dim, DType::F32, &Device::Cpu)?;
        let all = carried.nearest(&nowhere, carried.len())?;
        let average = Profile::from_tags(all.iter().map(|(_, text)| Tagger::english().tag(text))).ok();
        Ok(Self { sentences: Source::Carried(carried), average, tokenizer: words::tokenizer(network)? })
    }

    /// Adds the sentences nearest to a video, `[dim]`, with their words and labels. Those of the video itself are left out.
    pub(crate) fn explain(
        &self,
        name: &str,
        model: &DaClip,
        video: &Tensor,
        k: usize,
        found: &mut Explained,
    ) -> Result<()> {
        found.sentences = match &self.sentences {
            Source::None => return Ok(()),
            Source::Carried(known) => {
                let near = known.nearest(video, k)?.into_iter();
                near.map(|(cosine, text)| Sentence { text: text.to_owned(), cosine, ..Sentence::default() })
                    .collect()
            }
            Source::Index(index) => {
                let own = |(at, clip): (usize, &str)| same(name, clip).then_some(at);
                let clips = index.clips().iter().map(|clip| clip.name.as_str());
                let own: Vec<usize> = clips.enumerate().filter_map(own).collect();
                let near = index.nearest(&[Query::new(video)?.without(own)], k)?;
                let told = near.iter().flatten().map(|one| -> Result<Sentence> {
                    let one = index.look_up(one)?;
                    let (video, score) = (Some(one.clip.name), Some(one.clip.mos));
                    Ok(Sentence { text: one.sentence, cosine: one.cosine, video, score, words: Vec::new() })
                });
                told.collect::<Result<_>>()?
            }
        };
        if let Some(tokenizer) = &self.tokenizer {
            words::mark(model, tokenizer, &mut found.sentences)?;
        }
        let texts: Vec<&str> = found.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        let cosines: Vec<f64> = found.sentences.iter().map(|sentence| sentence.cosine).collect();
        let chosen = Extractive::default().of_texts(&texts, &cosines)?;
        found.digest =
            chosen.into_iter().filter_map(|at| texts.get(at).map(|text| (*text).to_owned())).collect();
        found.labels = self.labels(&found.sentences);
        Ok(())
    }

    /// How often each label occurs in sentences, and in all that are known.
    fn labels(&self, sentences: &[Sentence]) -> Vec<Label> {
        let tags = sentences.iter().map(|sentence| Tagger::english().tag(&sentence.text));
        let (Ok(here), Some(average)) = (Profile::from_tags(tags), &self.average) else { return Vec::new() };
        let both = here.iter().zip(average.iter());
        let label = |(here, all): (LabelRatio, LabelRatio)| Label {
            kind: here.kind.name(),
            label: here.label,
            here: here.ratio,
            average: all.ratio,
        };
        both.map(label).collect()
    }
}

/// Whether a file is a clip of the training: data sets name clips with some of their folders.
fn same(file: &str, clip: &str) -> bool {
    let parts = |name: &str| name.split(['/', '\\']).map(str::to_owned).collect::<Vec<String>>();
    let (file, clip) = (parts(file), parts(clip));
    let shared = file.iter().rev().zip(clip.iter().rev()).take_while(|(a, b)| a == b).count();
    shared > 0 && shared == file.len().min(clip.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_known_by_the_end_of_its_name() {
        assert!(
            same("/data/videos/C1/a.mp4", "C1/a.mp4") && same("a.mp4", "C1/a.mp4") && same("a.mp4", "a.mp4")
        );
        assert!(!same("C2/a.mp4", "C1/a.mp4") && !same("b.mp4", "a.mp4"));
    }
}
