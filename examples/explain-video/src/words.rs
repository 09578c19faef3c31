//! What each word of a sentence does to the score that a network gives the sentence.

use anyhow::Result;
use dream_models::deep::candle_core::Device;
use dream_models::deep::explain::attcat::{AttCat, Impact};
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::Tokenizer;

use crate::report::{Sentence, Word};

/// The tokenizer of a network's text tower; nothing for a network without one.
pub(crate) fn tokenizer(model: &DaClip) -> Result<Option<Tokenizer>> {
    let of = |context| Ok(Tokenizer::clip()?.with_context(context)?);
    model.text().map(|tower| of(tower.config().max_position_embeddings)).transpose()
}

/// Divides sentences into words with their impacts.
pub(crate) fn mark(model: &DaClip, tokenizer: &Tokenizer, sentences: &mut [Sentence]) -> Result<()> {
    if sentences.is_empty() {
        return Ok(());
    }
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let ids = tokenizer.encode_batch(&texts)?.ids(&Device::Cpu)?;
    let impacts = model.explain_text(&ids, AttCat::default())?.sentences;
    for (sentence, impact) in sentences.iter_mut().zip(impacts) {
        sentence.words = words(tokenizer, &sentence.text, &impact)?;
    }
    Ok(())
}

/// All of a sentence in parts: its words with the largest impact at 1 or -1, and what stands between them at 0.
fn words(tokenizer: &Tokenizer, text: &str, impact: &Impact) -> Result<Vec<Word>> {
    let parts = impact.of_text(text, &tokenizer.words(text)?)?;
    let largest = parts.iter().filter_map(|part| part.impact).fold(0.0_f64, |most, one| most.max(one.abs()));
    let share = |impact: Option<f64>| impact.filter(|_| largest > 0.0).map_or(0.0, |impact| impact / largest);
    Ok(parts.iter().map(|part| Word { text: part.text.to_owned(), impact: share(part.impact) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_impact_is_one() {
        let clip = Tokenizer::clip().unwrap();
        let words = |tokens: &[f64]| {
            let impact = Impact { tokens: tokens.to_vec(), layers: Vec::new() };
            words(&clip, "photorealistically so", &impact).unwrap()
        };
        // The pieces of a word are added up; start and end have no word.
        let parts = words(&[9.0, -1.0, -1.0, -1.0, 1.5, 9.0]);
        let found: Vec<(&str, f64)> = parts.iter().map(|part| (part.text.as_str(), part.impact)).collect();
        assert_eq!(found, [("photorealistically", -1.0), (" ", 0.0), ("so", 0.5)]);
        assert!(words(&[0.0; 6]).iter().all(|part| part.impact == 0.0));
    }
}
