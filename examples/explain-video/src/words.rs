//! What each word of a sentence does to the score that a network gives the sentence.

use anyhow::Result;
use dream_models::deep::candle_core::Device;
use dream_models::deep::explain::attcat::AttCat;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::Tokenizer;

use crate::report::{Sentence, Word};

/// Divides sentences into words with their impacts. A model without a text tower leaves them whole.
pub(crate) fn mark(model: &DaClip, sentences: &mut [Sentence]) -> Result<()> {
    if model.text().is_none() || sentences.is_empty() {
        return Ok(());
    }
    let tokenizer = Tokenizer::clip()?;
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let tokens = tokenizer.encode_batch(&texts)?;
    let impacts = model.explain_text(&tokens.ids(&Device::Cpu)?, AttCat::default())?.sentences;
    let rows: Vec<Vec<u32>> = tokens.unpadded().map(<[u32]>::to_vec).collect();
    for ((sentence, impact), row) in sentences.iter_mut().zip(impacts).zip(rows) {
        // Without the tokens for start and end, which are no words.
        let pieces = row.iter().zip(&impact.tokens).skip(1).take(row.len().saturating_sub(2));
        let pieces = pieces.map(|(id, impact)| (tokenizer.token(*id).unwrap_or_default(), *impact));
        sentence.words = words(&sentence.text, pieces);
    }
    Ok(())
}

/// The words of a sentence from its pieces, which are spelled in small letters and end with `</w>` where a word does. Empty
/// where a piece is not found in the sentence.
fn words(text: &str, pieces: impl Iterator<Item = (String, f64)>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut rest, mut word) = (text, Word::default());
    for (piece, impact) in pieces {
        let bare = piece.strip_suffix("</w>").unwrap_or(&piece);
        let trimmed = rest.trim_start();
        let space = rest.len() - trimmed.len();
        let Some(length) = beginning(trimmed, bare) else { return Vec::new() };
        let (before, after) = rest.split_at_checked(space + length).unwrap_or((rest, ""));
        match words.last_mut().filter(|_| word.text.is_empty()) {
            // A space belongs to the word before it.
            Some(last) => last.text.push_str(before.get(..space).unwrap_or_default()),
            None => word.text.push_str(before.get(..space).unwrap_or_default()),
        }
        word.text.push_str(before.get(space..).unwrap_or_default());
        word.impact += impact;
        rest = after;
        if bare.len() < piece.len() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.text.is_empty() {
        words.push(word);
    }
    // What was cut off, since the tower reads so many tokens and no more.
    if !rest.is_empty() {
        words.push(Word { text: rest.to_owned(), impact: 0.0 });
    }
    let largest = words.iter().fold(0.0_f64, |most, word| most.max(word.impact.abs()));
    if largest > 0.0 {
        words.iter_mut().for_each(|word| word.impact /= largest);
    }
    words
}

/// Bytes of the beginning of `text` that are `piece` in other letters.
fn beginning(text: &str, piece: &str) -> Option<usize> {
    let (mut length, mut wanted) = (0, piece.chars());
    for letter in text.chars() {
        if wanted.as_str().is_empty() {
            break;
        }
        for small in letter.to_lowercase() {
            if wanted.next() != Some(small) {
                return None;
            }
        }
        length += letter.len_utf8();
    }
    wanted.as_str().is_empty().then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, pieces: &[(&str, f64)]) -> Vec<(String, f64)> {
        let pieces = pieces.iter().map(|(piece, impact)| ((*piece).to_owned(), *impact));
        words(text, pieces).into_iter().map(|word| (word.text, word.impact)).collect()
    }

    #[test]
    fn pieces_are_joined_to_words_of_the_sentence() {
        let pieces = [("the</w>", 0.5), ("blur", 1.0), ("riness</w>", 1.0), (".</w>", -0.5)];
        let found = cut("The Blurriness. ", &pieces);
        let expected = [("The ", 0.25), ("Blurriness", 1.0), (".", -0.25), (" ", 0.0)]
            .map(|(word, impact)| (word.to_owned(), impact));
        assert_eq!(found, expected);
        assert_eq!(found.iter().map(|(word, _)| word.as_str()).collect::<String>(), "The Blurriness. ");
    }

    #[test]
    fn what_is_spelled_otherwise_stays_whole() {
        assert!(cut("na\u{ef}ve", &[("na", 1.0), ("\u{c3}\u{af}ve</w>", 1.0)]).is_empty());
        assert_eq!(cut("a b", &[("a</w>", 0.0)]), [("a".to_owned(), 0.0), (" b".to_owned(), 0.0)]);
    }
}
