//! Which tokens of descriptions move the score (Figures 11 and 12).

use anyhow::{Context, Result};
use dream_eval::TokenCounts;
use dream_models::deep::candle_core::Device;
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
    pub(crate) tokenizer: Tokenizer,
}

/// A sentence in pieces, and what each does to the score.
pub(crate) type Pieces = Vec<(String, f64)>;

impl<'a> Reader<'a> {
    pub(crate) fn new(network: &'a DaClip) -> Result<Self> {
        let tower = network.text().context("the checkpoint has no text tower")?;
        let tokenizer = Tokenizer::clip()?.with_context(tower.config().max_position_embeddings)?;
        Ok(Self { network, tokenizer })
    }

    /// The tokens of the sentences of one video with their impact on its score by the text, without start and end.
    pub(crate) fn impacts(&self, sentences: &[String]) -> Result<Vec<Pieces>> {
        let tokens = self.tokenizer.encode_batch(sentences)?;
        let rows: Vec<&[u32]> = tokens.unpadded().collect();
        let explained = self.network.explain_text(&Tokens::stack(&rows, &Device::Cpu)?, AttCat::default())?;
        let pieces = |(ids, impact): (&&[u32], &Impact)| {
            let inner = ids.iter().zip(&impact.tokens).skip(1).take(ids.len().saturating_sub(2));
            inner.map(|(id, impact)| (self.tokenizer.token(*id).unwrap_or_default(), *impact)).collect()
        };
        Ok(rows.iter().zip(&explained.sentences).map(pieces).collect())
    }
}

/// Counts the tokens of the sentences of clips at both ends of the ranking of each sentence.
pub(crate) fn count(reader: &Reader<'_>, clips: &[&Clip]) -> Result<TokenCounts> {
    let bar = bar("tokens", clips.len(), false)?;
    let mut counts = TokenCounts::default();
    for batch in clips.chunks(BATCH) {
        for sentence in all(batch, |clip| reader.impacts(&clip.sentences))?.iter().flatten() {
            add(&mut counts, sentence)?;
        }
        bar.inc(batch.len() as u64);
    }
    Ok(counts)
}

fn add(counts: &mut TokenCounts, sentence: &Pieces) -> Result<()> {
    let (names, impacts): (Vec<&str>, Vec<f64>) =
        sentence.iter().map(|(token, impact)| (shown(token), *impact)).unzip();
    let (top, bottom) = most_relevant(&impacts, SHARE, Ranking::Absolute)?;
    Ok(counts.add(&names, &top, &bottom)?)
}

/// A token as people read it: the end of a word is not marked.
fn shown(token: &str) -> &str {
    token.strip_suffix("</w>").unwrap_or(token)
}

/// The words of a sentence, put together from their pieces, with the sum of their impacts.
pub(crate) fn words(pieces: &Pieces) -> Pieces {
    let (mut words, mut open) = (Pieces::new(), false);
    for (token, impact) in pieces {
        match words.last_mut() {
            Some((word, sum)) if open => {
                word.push_str(shown(token));
                *sum += impact;
            }
            _ => words.push((shown(token).to_owned(), *impact)),
        }
        open = !token.ends_with("</w>");
    }
    words
}

#[cfg(test)]
mod tests {
    use dream_eval::Side;

    use super::*;

    fn pieces(of: &[(&str, f64)]) -> Pieces {
        of.iter().map(|(token, impact)| ((*token).to_owned(), *impact)).collect()
    }

    #[test]
    fn words_are_put_together() {
        let found = words(&pieces(&[("gho", 0.5), ("sting</w>", -0.25), ("eyes</w>", 1.0), ("x", 2.0)]));
        assert_eq!(found, pieces(&[("ghosting", 0.25), ("eyes", 1.0), ("x", 2.0)]));
    }

    #[test]
    fn each_sentence_has_its_ends() {
        let mut counts = TokenCounts::default();
        add(&mut counts, &pieces(&[("a</w>", 0.1), ("b</w>", -3.0), ("a</w>", 0.2)])).unwrap();
        add(&mut counts, &Pieces::new()).unwrap();
        assert_eq!(counts.commonest(Side::Top, 9)[0].0, "b");
        let a = counts.get("a").unwrap();
        assert_eq!((a.bottom, a.top, a.all), (1, 0, 2));
    }
}
