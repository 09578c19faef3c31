//! Splits text into words and punctuation, in one pass.

use std::ops::Range;

/// A token of the scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A word in lower case, without possessive.
    Word(&'a str),
    /// A comma, a bracket, a dash.
    Comma,
    /// The end of a statement: `.`, `!`, `?`, `;`, `:`, a new line.
    Stop,
}

/// Calls `emit` with every word and mark of `text`.
///
/// A hyphen separates words, so `eye-brows` and `eye brows` are the same. `isn't` is `is` and `not`,
/// `cannot` is `can` and `not`, `face's` is `face`.
pub(super) fn scan(text: &str, mut emit: impl FnMut(Token<'_>, Range<usize>)) {
    let mut word = String::new();
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((start, c)) = chars.next() {
        if c.is_alphanumeric() {
            word.clear();
            push_lower(&mut word, c);
            let mut end = start + c.len_utf8();
            before = c;
            while let Some(&(at, next)) = chars.peek() {
                if next.is_alphanumeric() {
                    push_lower(&mut word, next);
                } else if is_apostrophe(next) {
                    word.push('\'');
                } else {
                    break;
                }
                end = at + next.len_utf8();
                before = next;
                chars.next();
            }
            emit_word(&word, start..end, &mut emit);
            continue;
        }
        let next = chars.peek().map_or(' ', |&(_, next)| next);
        if let Some(mark) = mark(before, c, next) {
            emit(mark, start..start + c.len_utf8());
        }
        before = c;
    }
}

fn mark(before: char, c: char, next: char) -> Option<Token<'static>> {
    match c {
        // 0.5 is a number.
        '.' if before.is_ascii_digit() && next.is_ascii_digit() => None,
        '.' | '!' | '?' | ';' | ':' | '\n' | '\r' | '…' | '。' | '！' | '？' | '；' | '：' => {
            Some(Token::Stop)
        }
        ',' | '(' | ')' | '[' | ']' | '–' | '—' | '，' | '、' | '（' | '）' => Some(Token::Comma),
        '-' if before.is_whitespace() && next.is_whitespace() => Some(Token::Comma),
        _ => None,
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '′' | '`' | '´')
}

fn push_lower(word: &mut String, c: char) {
    if c.is_ascii() {
        word.push(c.to_ascii_lowercase());
    } else {
        word.extend(c.to_lowercase());
    }
}

fn emit_word(word: &str, span: Range<usize>, emit: &mut impl FnMut(Token<'_>, Range<usize>)) {
    let Some((head, tail)) = word.split_once('\'') else {
        if word == "cannot" {
            emit(Token::Word("can"), span.clone());
            return emit(Token::Word("not"), span);
        }
        return emit(Token::Word(word), span);
    };
    if tail == "t" && head.ends_with('n') {
        let verb = match head {
            "can" => "can",
            "won" => "will",
            "shan" => "shall",
            regular => regular.strip_suffix('n').unwrap_or(regular),
        };
        if !verb.is_empty() {
            emit(Token::Word(verb), span.clone());
        }
        return emit(Token::Word("not"), span);
    }
    // face's, it's, they're: the first half counts.
    emit(Token::Word(head), span);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        scan(text, |token, span| {
            assert!(text.get(span).is_some());
            found.push(match token {
                Token::Word(word) => word.to_owned(),
                Token::Comma => ",".to_owned(),
                Token::Stop => ".".to_owned(),
            });
        });
        found
    }

    #[test]
    fn words_in_any_spelling() {
        assert_eq!(tokens("Eye-Brows, eye brows"), ["eye", "brows", ",", "eye", "brows"]);
        assert_eq!(tokens("The face’s “edge” ISN'T"), ["the", "face", "edge", "is", "not"]);
        assert_eq!(
            tokens("can't cannot won’t they're dogs'"),
            ["can", "not", "can", "not", "will", "not", "they", "dogs"]
        );
        assert_eq!(tokens("blur/noise - 0.5 s.Then"), ["blur", "noise", ",", "0", "5", "s", ".", "then"]);
        assert_eq!(tokens("Blur.5 frames 5.blur"), ["blur", ".", "5", "frames", "5", ".", "blur"]);
        assert_eq!(tokens("GRÖSSE İ"), ["grösse", "i\u{307}"]);
    }

    #[test]
    fn marks_alone_and_nothing() {
        assert_eq!(tokens("''-–。"), [",", "."]);
        assert_eq!(tokens(""), Vec::<String>::new());
        assert_eq!(tokens("n't 't \u{200d}👁️"), ["not", "t"]);
    }
}
