//! Names that are written in two ways: case, and the two forms of Unicode (`é`, or `e` with an accent after it).

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Letters and marks by character; the mark is 0 where a character stands for one other.
type Decompositions = BTreeMap<char, (char, char)>;

/// Hangul syllables: the first one, and the first letters of the three places.
const HANGUL: [u32; 4] = [0xac00, 0x1100, 0x1161, 0x11a7];

fn decompositions() -> &'static Decompositions {
    static TABLE: OnceLock<Decompositions> = OnceLock::new();
    TABLE.get_or_init(|| {
        let character = |text: &str| u32::from_str_radix(text, 16).ok().and_then(char::from_u32);
        let mut table = Decompositions::new();
        for line in include_str!("decompositions.txt").lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let mark = words.next().and_then(character).unwrap_or('\0');
            for (whole, letter) in words.filter_map(|word| word.split_once('=')) {
                if let (Some(whole), Some(letter)) = (character(whole), character(letter)) {
                    table.insert(whole, (letter, mark));
                }
            }
        }
        table
    })
}

/// Whether the character changes the letter before it.
fn is_mark(character: char) -> bool {
    static MARKS: OnceLock<std::collections::BTreeSet<char>> = OnceLock::new();
    let marks = || decompositions().values().map(|(_, mark)| *mark).filter(|mark| *mark != '\0').collect();
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
        || MARKS.get_or_init(marks).contains(&character)
}

/// The text with every letter apart from its marks, and the marks of a letter sorted: two texts that Unicode calls
/// canonically equivalent become equal (ideographs for compatibility excepted). The order of marks is lost, which
/// the standard keeps for some: it may call two names alike that are not, and never the reverse.
#[must_use]
fn apart(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out: Vec<char> = Vec::new();
    for character in text.chars() {
        push(character, &mut out);
    }
    for run in out.chunk_by_mut(|_, next| is_mark(*next)) {
        if let Some((_, marks)) = run.split_first_mut() {
            marks.sort_unstable();
        }
    }
    out.into_iter().collect()
}

fn push(character: char, out: &mut Vec<char>) {
    if let Some(&(letter, mark)) = decompositions().get(&character) {
        push(letter, out);
        if mark != '\0' {
            push(mark, out);
        }
        return;
    }
    let [first, leading, vowel, trailing] = HANGUL;
    match u32::from(character).checked_sub(first) {
        Some(place @ 0..11_172) => {
            let letters = [leading + place / 588, vowel + place % 588 / 28, trailing + place % 28];
            let used = if place % 28 == 0 { 2 } else { 3 };
            out.extend(letters.into_iter().take(used).filter_map(char::from_u32));
        }
        _ => out.push(character),
    }
}

/// A name as it is compared when case and Unicode form must not count.
///
/// # Example
/// ```
/// use dream_data::table::fold;
///
/// assert_eq!(fold("ANNA"), fold("anna"));
/// assert_eq!(fold("Ren\u{e9}e"), fold("rene\u{301}e"));
/// assert_ne!(fold("ben"), fold("den"));
/// ```
#[must_use]
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    apart(&caseless(&apart(name)))
}

/// Character by character: as a whole, the case of a letter depends on its place in the word.
fn caseless(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// What two different names differ in, if it is only case or Unicode form.
///
/// # Example
/// ```
/// use dream_data::table::difference;
///
/// assert_eq!(difference("Ren\u{e9}e", "rene\u{301}e"), Some("case and Unicode form"));
/// assert_eq!(difference("ANNA", "anna"), Some("case"));
/// assert_eq!(difference("anna", "anna"), None);
/// assert_eq!(difference("anna", "hannah"), None);
/// ```
#[must_use]
pub fn difference(a: &str, b: &str) -> Option<&'static str> {
    if a == b || fold(a) != fold(b) {
        return None;
    }
    Some(match (apart(a) == apart(b), caseless(a) == caseless(b)) {
        (true, _) => "Unicode form",
        (false, true) => "case",
        (false, false) => "case and Unicode form",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_name_are_alike() {
        assert_eq!(decompositions().len(), 1059);
        for (composed, apart_) in [
            ("\u{c5}", "A\u{30a}"),
            ("\u{212b}", "A\u{30a}"),
            // Two marks, in both orders: Vietnamese.
            ("\u{1ec7}", "e\u{323}\u{302}"),
            ("\u{1ec7}", "e\u{302}\u{323}"),
            ("\u{304c}", "\u{304b}\u{3099}"),
            ("\u{d55c}\u{ae00}", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("\u{439}", "\u{438}\u{306}"),
        ] {
            assert_eq!(apart(composed), apart(apart_), "{composed}");
            assert_eq!(difference(composed, apart_), Some("Unicode form"), "{composed}");
            assert_eq!(fold(&composed.to_lowercase()), fold(&apart_.to_uppercase()), "{composed}");
        }
        assert_eq!(difference("Stra\u{df}e", "STRASSE"), Some("case"));
        assert_eq!(difference("\u{3c3}\u{3bf}\u{3c2}", "\u{3a3}\u{39f}\u{3a3}"), Some("case"));
        assert_eq!(difference("\u{c9}t\u{e9}", "e\u{301}te\u{301}"), Some("case and Unicode form"));
        for (a, b) in
            [("e", "\u{e9}"), ("\u{e8}", "\u{e9}"), ("\u{ac00}", "\u{ac01}"), ("\u{304b}", "\u{304c}")]
        {
            assert_eq!(difference(a, b), None, "{a} {b}");
        }
    }
}
