//! Words of English sentences.

/// Words that say little by themselves, in the order of their letters.
const STOP_WORDS: [&str; 88] = [
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "being", "both", "but",
    "by", "can", "could", "did", "do", "does", "each", "for", "from", "had", "has", "have", "he", "her",
    "here", "him", "his", "i", "if", "in", "into", "is", "it", "its", "just", "me", "my", "of", "on", "one",
    "or", "other", "our", "out", "over", "own", "quite", "rather", "really", "she", "should", "so", "some",
    "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to",
    "too", "us", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "will",
    "with", "would", "you", "your",
];

/// The words of a text in lower case: runs of letters and digits, with the apostrophes inside them.
///
/// ```
/// let found: Vec<String> = dream_eval::text::words("The mouth isn't sharp, 2 teeth blur.").collect();
/// assert_eq!(found, ["the", "mouth", "isn't", "sharp", "2", "teeth", "blur"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '\u{2019}'));
    parts.filter_map(|part| {
        let word = part.trim_matches(['\'', '\u{2019}']);
        (!word.is_empty()).then(|| word.to_lowercase().replace('\u{2019}', "'"))
    })
}

/// Whether a word in lower case says little by itself: articles, pronouns, prepositions, auxiliaries. Words that deny,
/// such as "not" and "no", are kept.
#[must_use]
pub fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// The words that say something.
pub(super) fn content_words(text: &str) -> Vec<String> {
    words(text).filter(|word| !is_stop_word(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_keeps_denials() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("the") && is_stop_word("your") && is_stop_word("a"));
        assert!(!is_stop_word("not") && !is_stop_word("no") && !is_stop_word("mouth"));
    }

    #[test]
    fn words_of_any_script() {
        let of = |text| words(text).collect::<Vec<_>>();
        assert_eq!(of("'Tis ÉTÉ\u{2019}s; \u{5de6}\u{8033}--x''"), ["tis", "été's", "\u{5de6}\u{8033}", "x"]);
        assert!(of(" ' \u{2019}'\u{1f600}...").is_empty());
    }
}
