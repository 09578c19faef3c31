//! Words of a text, put together from the pieces that the network reads.

use std::ops::Range;

use super::tokenizer::Tokenizer;
use crate::{Error, Result};

/// What a stretch of tokens is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// The token in front of every text.
    Start,
    /// A word, a sign or a digit.
    Word,
    /// The token that ends a text.
    End,
}

/// A word of a text and the tokens that it was cut into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Whether it is a word, or one of the two tokens that stand for none.
    pub kind: WordKind,
    /// Its bytes in the text, at borders of letters: what a page marks. Empty for the start, and for the end unless the text
    /// itself has the end token in it.
    pub bytes: Range<usize>,
    /// Its tokens, start counted: positions in a row of [`Tokens`](super::Tokens), and in an
    /// [`Impact`](crate::deep::explain::attcat::Impact).
    pub tokens: Range<usize>,
}

impl Tokenizer {
    /// The words of a text in their order, with the start and the end as entries of their own. Their tokens are all that a
    /// tower looks at: a text that is too long is cut as in [`encode_batch`](Self::encode_batch), and ends at its first end
    /// token.
    ///
    /// A word is what the tokenizer cuts into pieces by itself: letters, one digit, signs between spaces, and what follows an
    /// apostrophe.
    ///
    /// ```
    /// use dream_models::deep::text::clip::Tokenizer;
    ///
    /// let text = "Ghosting eyebrows!";
    /// let words = Tokenizer::clip()?.words(text)?;
    /// let marked: Vec<&str> = words.iter().filter_map(|word| text.get(word.bytes.clone())).collect();
    /// assert_eq!(marked, ["", "Ghosting", "eyebrows", "!", ""]);
    /// assert_eq!(words[1].tokens, 1..3);
    /// # Ok::<(), dream_models::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] when the library refuses a text.
    pub fn words(&self, text: &str) -> Result<Vec<Word>> {
        let refused =
            |error: tokenizers::Error| Error::InvalidInput { argument: "text", reason: error.to_string() };
        let encoding = self.inner.encode(text, false).map_err(refused)?;
        let ids = encoding.get_ids().iter().zip(encoding.get_word_ids()).zip(encoding.get_offsets());
        let mut words = vec![Word { kind: WordKind::Start, bytes: 0..0, tokens: 0..1 }];
        let (mut end, mut last, mut token) = (text.len()..text.len(), None, 1);
        for ((&id, &word), &(from, to)) in ids.take(self.context.saturating_sub(2)) {
            let bytes = whole_letters(text, from, to);
            if id == self.end {
                end = bytes;
                break;
            }
            match words.last_mut() {
                Some(same) if word.is_some() && word == last => {
                    same.tokens.end = token + 1;
                    same.bytes.end = same.bytes.end.max(bytes.end);
                }
                _ => words.push(Word { kind: WordKind::Word, bytes, tokens: token..token + 1 }),
            }
            (last, token) = (word, token + 1);
        }
        words.push(Word { kind: WordKind::End, bytes: end, tokens: token..token + 1 });
        Ok(words)
    }
}

/// Bytes widened to whole letters: a token can be a part of one.
fn whole_letters(text: &str, from: usize, to: usize) -> Range<usize> {
    let (mut from, mut to) = (from.min(text.len()), to.min(text.len()));
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    while !text.is_char_boundary(to) {
        to += 1;
    }
    from..to.max(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tokenizer: &Tokenizer, text: &str) -> Vec<Word> {
        let words = tokenizer.words(text).unwrap();
        // One behind the other, and as many tokens as the network gets.
        let tokens = tokenizer.encode_batch(&[text]).unwrap();
        let ids = tokens.rows()[0].iter().position(|&id| id == tokenizer.end()).unwrap() + 1;
        assert_eq!((words[0].tokens.start, words.last().unwrap().tokens.end), (0, ids), "{text:?}");
        for pair in words.windows(2) {
            assert_eq!(pair[0].tokens.end, pair[1].tokens.start, "{text:?}");
            assert!(pair[0].bytes.end <= pair[1].bytes.start, "{text:?}: {words:?}");
        }
        assert!(words.iter().all(|word| !word.tokens.is_empty() && text.get(word.bytes.clone()).is_some()));
        words
    }

    fn marked<'a>(tokenizer: &Tokenizer, text: &'a str) -> Vec<&'a str> {
        let words = words(tokenizer, text);
        let inner = &words[1..words.len() - 1];
        assert!(inner.iter().all(|word| word.kind == WordKind::Word));
        inner.iter().map(|word| &text[word.bytes.clone()]).collect()
    }

    #[test]
    fn pieces_become_words_again() {
        let clip = Tokenizer::clip().unwrap();
        for (text, expected) in [
            ("", &[][..]),
            ("  The  mouth\tis Blurry. ", &["The", "mouth", "is", "Blurry", "."]),
            ("don't; 12", &["don", "'t", ";", "1", "2"]),
            ("photorealistically unblemished", &["photorealistically", "unblemished"]),
            ("\u{4f60}\u{597d} \u{5d0}\u{5d1}!", &["\u{4f60}\u{597d}", "\u{5d0}\u{5d1}", "!"]),
            ("na\u{ef}ve \u{1f600}\u{1f600}", &["na\u{ef}ve", "\u{1f600}\u{1f600}"]),
            ("<script>", &["<", "script", ">"]),
        ] {
            assert_eq!(marked(&clip, text), expected, "{text:?}");
        }
        // Several pieces, one word.
        let words = words(&clip, "photorealistically");
        assert!(words.len() == 3 && words[1].tokens.len() > 1, "{words:?}");
    }

    #[test]
    fn a_text_ends_where_the_network_stops_reading() {
        let clip = Tokenizer::clip().unwrap();
        let short = clip.clone().with_context(4).unwrap();
        assert_eq!(marked(&short, "the eyes look stiff"), ["the", "eyes"]);
        // A word is cut in the middle of its pieces, and is marked as far as it was read.
        let cut = marked(&clip.clone().with_context(3).unwrap(), "photorealistically");
        assert!(cut.len() == 1 && "photorealistically".starts_with(cut[0]), "{cut:?}");
        let text = "a <|endoftext|> b";
        let words = words(&clip, text);
        let end = words.last().unwrap();
        assert_eq!((words.len(), &text[end.bytes.clone()], end.kind), (3, "<|endoftext|>", WordKind::End));
        // Letters that are put together before they are read.
        assert_eq!(marked(&clip, "cafe\u{301} x").last(), Some(&"x"));
    }
}
