//! What each word of a sentence does to the score that a network gives the sentence.

use anyhow::Result;
use dream_models::deep::candle_core::Device;
use dream_models::deep::explain::attcat::AttCat;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::{Tokenizer, WordKind};

use crate::report::{Sentence, Word};

/// Divides sentences into words with their impacts. A model without a text tower leaves them whole.
pub(crate) fn mark(model: &DaClip, tokenizer: &Tokenizer, sentences: &mut [Sentence]) -> Result<()> {
    if model.text().is_none() || sentences.is_empty() {
        return Ok(());
    }
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let ids = tokenizer.encode_batch(&texts)?.ids(&Device::Cpu)?;
    let impacts = model.explain_text(&ids, AttCat::default())?.sentences;
    for (sentence, impact) in sentences.iter_mut().zip(impacts) {
        sentence.words = words(tokenizer, &sentence.text, &impact.tokens)?;
    }
    Ok(())
}

/// All of a sentence in parts: its words with the largest impact at 1 or -1. What stands between words is with the one before.
fn words(tokenizer: &Tokenizer, text: &str, impacts: &[f64]) -> Result<Vec<Word>> {
    let mut parts: Vec<Word> = Vec::new();
    let mut done = 0;
    for word in tokenizer.words(text)?.into_iter().filter(|word| word.kind == WordKind::Word) {
        let between = text.get(done..word.bytes.start).unwrap_or_default();
        match parts.last_mut() {
            Some(last) => last.text.push_str(between),
            None if between.is_empty() => {}
            None => parts.push(Word { text: between.to_owned(), impact: 0.0 }),
        }
        let impact = word.tokens.clone().filter_map(|token| impacts.get(token)).sum();
        let own = text.get(word.bytes.start.max(done)..word.bytes.end).unwrap_or_default();
        parts.push(Word { text: own.to_owned(), impact });
        done = done.max(word.bytes.end);
    }
    // What was cut off, since the tower reads so many tokens and no more.
    let rest = text.get(done..).unwrap_or_default();
    if !rest.is_empty() {
        parts.push(Word { text: rest.to_owned(), impact: 0.0 });
    }
    let largest = parts.iter().fold(0.0_f64, |most, part| most.max(part.impact.abs()));
    if largest > 0.0 {
        parts.iter_mut().for_each(|part| part.impact /= largest);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_sentence() {
        let clip = Tokenizer::clip().unwrap();
        for text in [
            " The  mouth\tis Blurry. ",
            "",
            "na\u{ef}ve \u{202e}\u{5d0}\u{5d1}!",
            "photorealistically so",
            "  ",
        ] {
            let impacts: Vec<f64> = (0..40).map(|i| f64::from(i) - 3.0).collect();
            let parts = words(&clip, text, &impacts).unwrap();
            let joined: String = parts.iter().map(|part| part.text.as_str()).collect();
            assert_eq!(joined, text);
            assert!(parts.iter().all(|part| part.impact.abs() <= 1.0));
        }
        // The pieces of a word are added up; the start has no word.
        let parts = words(&clip, "photorealistically so", &[9.0, 1.0, 1.0, 0.5, 0.5, 0.5]).unwrap();
        assert_eq!((parts.len(), parts[0].text.as_str(), parts[0].impact), (2, "photorealistically ", 1.0));
    }
}
