//! Which tokens of descriptions move the score (Figures 11 and 12).

use anyhow::{Context, Result};
use dream_eval::TokenCounts;
use dream_models::deep::explain::attcat::{AttCat, Impact, Ranking, most_relevant};
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::{Tokenizer, Tokens};
use train::{Clip, all, bar};

/// Of the tokens of a sentence, at each end of the ranking.
const SHARE: f64 = 0.1;
/// Clips whose impacts are in memory at a time.
const BATCH: usize = 32;

/// Sentences as the text tower reads them.
pub(crate) struct Reader<'a> {
    network: &'a DaClip,
    tokenizer: Tokenizer,
}

/// Parts of a sentence, one after the other, and what each does to the score.
pub(crate) type Parts = Vec<(String, f64)>;

impl<'a> Reader<'a> {
    pub(crate) fn new(network: &'a DaClip) -> Result<Self> {
        let tower = network.text().context("the checkpoint has no text tower")?;
        let tokenizer = Tokenizer::clip()?.with_context(tower.config().max_position_embeddings)?;
        Ok(Self { network, tokenizer })
    }

    /// What the tokens of the sentences of one video do to its score by the text.
    fn impacts(&self, sentences: &[String]) -> Result<Vec<(Vec<u32>, Impact)>> {
        let tokens = self.tokenizer.encode_batch(sentences)?;
        let rows: Vec<Vec<u32>> = tokens.unpadded().map(<[u32]>::to_vec).collect();
        let ids = Tokens::stack(&rows, self.network.device())?;
        let explained = self.network.explain_text(&ids, AttCat::default())?;
        Ok(rows.into_iter().zip(explained.sentences).collect())
    }

    /// The tokens of these sentences, without start and end.
    pub(crate) fn tokens(&self, sentences: &[String]) -> Result<Vec<Parts>> {
        let one = |(ids, impact): (Vec<u32>, Impact)| {
            let inner = ids.iter().zip(&impact.tokens).skip(1).take(ids.len().saturating_sub(2));
            inner.map(|(id, impact)| (self.tokenizer.token(*id).unwrap_or_default(), *impact)).collect()
        };
        Ok(self.impacts(sentences)?.into_iter().map(one).collect())
    }

    /// The words of these sentences as they were written, and what is between them, which does nothing.
    pub(crate) fn words(&self, sentences: &[String]) -> Result<Vec<Parts>> {
        let one = |((_, impact), text): ((Vec<u32>, Impact), &String)| -> Result<Parts> {
            let parts = impact.of_text(text, &self.tokenizer.words(text)?)?;
            Ok(parts.iter().map(|part| (part.text.to_owned(), part.impact.unwrap_or(0.0))).collect())
        };
        self.impacts(sentences)?.into_iter().zip(sentences).map(one).collect()
    }
}

/// Counts the tokens of the sentences of clips at both ends of the ranking of each sentence.
pub(crate) fn count(reader: &Reader<'_>, clips: &[&Clip]) -> Result<TokenCounts> {
    let bar = bar("tokens", clips.len(), false)?;
    let mut counts = TokenCounts::default();
    for batch in clips.chunks(BATCH) {
        for sentence in all(batch, |clip| reader.tokens(&clip.sentences))?.iter().flatten() {
            add(&mut counts, sentence)?;
        }
        bar.inc(batch.len() as u64);
    }
    Ok(counts)
}

fn add(counts: &mut TokenCounts, sentence: &Parts) -> Result<()> {
    let (names, impacts): (Vec<&str>, Vec<f64>) =
        sentence.iter().map(|(token, impact)| (shown(token), *impact)).unzip();
    let (top, bottom) = most_relevant(&impacts, SHARE, Ranking::Absolute)?;
    Ok(counts.add(&names, &top, &bottom)?)
}

/// A token as people read it: the end of a word is not marked.
fn shown(token: &str) -> &str {
    token.strip_suffix("</w>").unwrap_or(token)
}

#[cfg(test)]
mod tests {
    use dream_eval::Side;

    use super::*;

    fn pieces(of: &[(&str, f64)]) -> Parts {
        of.iter().map(|(token, impact)| ((*token).to_owned(), *impact)).collect()
    }

    #[test]
    fn each_sentence_has_its_ends() {
        let mut counts = TokenCounts::default();
        add(&mut counts, &pieces(&[("a</w>", 0.1), ("b</w>", -3.0), ("a</w>", 0.2)])).unwrap();
        add(&mut counts, &Parts::new()).unwrap();
        assert_eq!(counts.commonest(Side::Top, 9)[0].0, "b");
        let a = counts.get("a").unwrap();
        assert_eq!((a.bottom, a.top, a.all), (1, 0, 2));
    }
}
