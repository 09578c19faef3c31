//! A text as expressions, cut into the parts of its sentences.

use std::ops::Range;

use super::lexicon::{Lexicon, Meaning};
use super::tokens::{Token, scan};

/// A known expression, or a mark.
#[derive(Debug, Clone)]
pub(super) struct Item<'a> {
    /// Bytes of the text.
    pub(super) span: Range<usize>,
    /// Numbers of its tokens.
    pub(super) tokens: Range<usize>,
    pub(super) what: What<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What<'a> {
    Comma,
    Stop,
    Expression(&'a [Meaning]),
}

impl Item<'_> {
    pub(super) fn means(&self, meaning: Meaning) -> bool {
        self.meanings().contains(&meaning)
    }

    pub(super) fn meanings(&self) -> &[Meaning] {
        match self.what {
            What::Expression(meanings) => meanings,
            What::Comma | What::Stop => &[],
        }
    }
}

/// The known expressions of `text`, longest first, and its marks.
pub(super) fn items<'a>(lexicon: &'a Lexicon, text: &str) -> Vec<Item<'a>> {
    let mut words: Vec<(u32, Range<usize>)> = Vec::new();
    let mut found = Vec::new();
    let mut first = 0;
    scan(text, |token, span| {
        let what = match token {
            // A text of any length has fewer words than bytes; the number of the word identifies it.
            Token::Word(word) => return words.push((lexicon.word(word), span)),
            Token::Comma => What::Comma,
            Token::Stop => What::Stop,
        };
        run(lexicon, &words, first, &mut found);
        first += words.len();
        words.clear();
        found.push(Item { span, tokens: first..first + 1, what });
        first += 1;
    });
    run(lexicon, &words, first, &mut found);
    found
}

/// The expressions of words without a mark between them; `first` is the number of the first word.
fn run<'a>(lexicon: &'a Lexicon, words: &[(u32, Range<usize>)], first: usize, found: &mut Vec<Item<'a>>) {
    let mut rest = words;
    let mut at = first;
    while let [(_, start), after @ ..] = rest {
        let Some((length, meanings)) = lexicon.longest(rest.iter().map(|&(word, _)| word)) else {
            (rest, at) = (after, at + 1);
            continue;
        };
        let (expression, after) = rest.split_at(length.clamp(1, rest.len()));
        let end = expression.last().map_or(start.end, |(_, span)| span.end);
        let what = What::Expression(meanings);
        found.push(Item { span: start.start..end, tokens: at..at + length, what });
        (rest, at) = (after, at + length);
    }
}

/// What separates a part from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    Stop,
    Comma,
    /// A boundary word, or `and` before a statement of its own.
    Word,
}

/// A stretch of a sentence in which words belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) items: Range<usize>,
    pub(super) before: Break,
    /// Says when something happens.
    pub(super) circumstance: bool,
    /// Continues a denied list: `no blur, noise or seams`.
    pub(super) goes_on: bool,
}

/// Cuts at marks, at boundary words, and at `and` between two statements.
pub(super) fn parts(items: &[Item<'_>]) -> Vec<Part> {
    let verb_ahead = verb_ahead(items);
    let mut found = Vec::new();
    let mut part = Part { items: 0..0, before: Break::Stop, circumstance: false, goes_on: false };
    let (mut statement, mut said) = (false, false);
    for (i, (item, &ahead)) in items.iter().zip(&verb_ahead).enumerate() {
        let circumstance = item.means(Meaning::Circumstance);
        let before = match item.what {
            What::Stop => Break::Stop,
            What::Comma => Break::Comma,
            _ if circumstance || item.means(Meaning::Boundary) => Break::Word,
            _ if item.means(Meaning::And) && statement && ahead => Break::Word,
            _ => {
                said = true;
                statement |= item.means(Meaning::Verb) || item.means(Meaning::Negation);
                continue;
            }
        };
        if said {
            part.items.end = i;
            found.push(part);
            part = Part { items: i..i, before, circumstance, goes_on: false };
        } else {
            // ", but" and ". When": one cut, as deep as the deeper of the two.
            part.before = if part.before == Break::Stop { Break::Stop } else { before };
            part.circumstance |= circumstance;
        }
        (statement, said) = (false, false);
    }
    part.items.end = items.len();
    found.push(part);
    mark_lists(&mut found, items);
    found
}

/// For every item: whether a verb follows before the sentence is cut anyway.
fn verb_ahead(items: &[Item<'_>]) -> Vec<bool> {
    let mut ahead = vec![false; items.len()];
    let mut verb = false;
    for (item, ahead) in items.iter().zip(&mut ahead).rev() {
        *ahead = verb;
        let cut = [Meaning::Boundary, Meaning::Circumstance].into_iter().any(|meaning| item.means(meaning));
        verb = match item.what {
            What::Comma | What::Stop => false,
            What::Expression(_) => !cut && (verb || item.means(Meaning::Verb)),
        };
    }
    ahead
}

/// A part after a comma continues a list if it has no verb and ends the list with `or`, or with `and` and without a
/// place, or if the part after it does.
fn mark_lists(parts: &mut [Part], items: &[Item<'_>]) {
    let mut list_ahead = false;
    for part in parts.iter_mut().rev() {
        let inside = items.get(part.items.clone()).unwrap_or_default();
        let any = |meaning| inside.iter().any(|item| item.means(meaning));
        let place =
            inside.iter().flat_map(Item::meanings).any(|meaning| matches!(meaning, Meaning::Place(_)));
        let ends = any(Meaning::Or) || any(Meaning::And) && !place;
        part.goes_on = part.before == Break::Comma && !any(Meaning::Verb) && (ends || list_ahead);
        list_ahead = part.goes_on;
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::LEXICON;
    use super::*;

    fn cut(text: &str) -> Vec<(String, bool, bool)> {
        let lexicon = Lexicon::parse(LEXICON).unwrap();
        let items = items(&lexicon, text);
        let words = |part: &Part| {
            let spans: Vec<&str> =
                items[part.items.clone()].iter().map(|item| &text[item.span.clone()]).collect();
            (spans.join(" "), part.circumstance, part.goes_on)
        };
        parts(&items).iter().map(words).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        cut(text).into_iter().map(|(words, ..)| words).collect()
    }

    #[test]
    fn sentences_are_cut_where_the_subject_changes() {
        assert_eq!(texts("No flicker but the mouth is blurred"), ["No flicker", "but mouth is blurred"]);
        assert_eq!(
            texts("There is no flicker and the mouth is blurred"),
            ["There is no flicker", "and mouth is blurred"]
        );
        assert_eq!(texts("No blur and flicker"), ["No blur and flicker"]);
        assert_eq!(texts("Eyes and nose are blurred."), ["Eyes and nose are blurred", "."]);
        assert_eq!(texts("Blur, but noise. When: grain"), ["Blur", ", but noise", ". When : grain"]);
        assert_eq!(texts(""), [""]);
    }

    #[test]
    fn circumstances_and_lists_are_marked() {
        let parts = cut("The face blurs when the head moves");
        assert_eq!((parts[0].1, parts[1].1), (false, true));
        let before: Vec<Break> = {
            let lexicon = Lexicon::parse(LEXICON).unwrap();
            super::parts(&items(&lexicon, "Blur, but noise. When, grain")).iter().map(|p| p.before).collect()
        };
        assert_eq!(before, [Break::Stop, Break::Word, Break::Stop]);
        let goes_on = |text| cut(text).into_iter().map(|(.., goes_on)| goes_on).collect::<Vec<_>>();
        assert_eq!(goes_on("no blur, noise or seams"), [false, true]);
        assert_eq!(goes_on("no blur, noise, or seams"), [false, true, true]);
        assert_eq!(goes_on("no blur, noise and seams"), [false, true]);
        assert_eq!(goes_on("no flicker, blurry mouth and stiff eyes"), [false, false]);
        assert_eq!(goes_on("no blur, the mouth is stiff or odd"), [false, false]);
    }

    #[test]
    fn tokens_are_numbered_through() {
        let lexicon = Lexicon::parse(LEXICON).unwrap();
        let items = items(&lexicon, "xx mouth, out of focus zz nose");
        let tokens: Vec<Range<usize>> = items.iter().map(|item| item.tokens.clone()).collect();
        assert_eq!(tokens, [1..2, 2..3, 3..6, 7..8]);
    }
}
