//! Just enough of Rust's lexical rules to look for words in code, not in comments, strings or tests.

/// The source with comments, strings, characters and test modules blanked out. Line numbers stay.
pub(crate) fn code_without_tests(source: &str) -> String {
    let mut code = code_only(source).into_bytes();
    let marker = b"#[cfg(test)]";
    let mut from = 0;
    while let Some(start) = find(&code, marker, from) {
        let end = item_end(&code, start + marker.len());
        blank(&mut code, start, end);
        from = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// The source with comments, strings and characters blanked out. Line numbers stay.
pub(crate) fn code_only(source: &str) -> String {
    let mut code = source.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let end = literal_end(&code, at);
        match end {
            Some(end) => {
                blank(&mut code, at, end);
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// Lines (from 1) that contain `word` as a whole path or identifier.
pub(crate) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let numbered = code.lines().enumerate();
    numbered.filter(|(_, line)| has_word(line, word)).map(|(number, _)| number + 1).collect()
}

/// Whether `line` contains `word` without letters, digits or `_` around it.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|s| s.chars().next_back());
        let after = line.get(start + word.len()..).and_then(|s| s.chars().next());
        // A word that ends in a punctuation mark, such as `print!`, ends there.
        let open = word.chars().next_back().is_some_and(part) && after.is_some_and(part);
        !before.is_some_and(part) && !open
    })
}

/// A function with a body: its name, the line of `fn` (from 1) and how many lines it has down to its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// The functions of `code`, from which comments and literals are blanked out. One inside another is also listed.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let name: String =
            code[start + 3..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let inside_a_word =
            code[..start].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        // `fn (x)` is a type.
        if inside_a_word || name.is_empty() {
            continue;
        }
        let bytes = code.as_bytes();
        let Some(body) = body_start(bytes, start) else { continue };
        let end = item_end(bytes, body).min(code.len());
        let line = 1 + code[..start].matches('\n').count();
        found.push(Function { name, line, lines: 1 + code[start..end].matches('\n').count() });
    }
    found
}

/// The brace that opens the body of the function that starts at `from`, if it has one.
fn body_start(code: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, &byte) in code.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The end of the comment, string or character that starts at `at`.
fn literal_end(code: &[u8], at: usize) -> Option<usize> {
    let rest = code.get(at..)?;
    let previous = at.checked_sub(1).and_then(|i| code.get(i)).copied().unwrap_or(b' ');
    if rest.starts_with(b"//") {
        return Some(find(code, b"\n", at).unwrap_or(code.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(block_comment_end(code, at));
    }
    if rest.starts_with(b"\"") {
        return Some(quoted_end(code, at + 1));
    }
    let prefixed = !(previous.is_ascii_alphanumeric() || previous == b'_');
    let raw = rest.strip_prefix(b"br").or_else(|| rest.strip_prefix(b"r"));
    if let Some(raw) = raw.filter(|_| prefixed) {
        let hashes = raw.iter().take_while(|&&b| b == b'#').count();
        if raw.get(hashes) == Some(&b'"') {
            let closing = [b"\"".as_slice(), &raw[..hashes]].concat();
            let body = code.len() - raw.len() + hashes + 1;
            return Some(find(code, &closing, body).map_or(code.len(), |end| end + closing.len()));
        }
    }
    match rest {
        [b'\'', b'\\', ..] => Some(find(code, b"'", at + 3).map_or(code.len(), |end| end + 1)),
        // `'a'`, but not the lifetime `'a`; the character may be several bytes long.
        [b'\'', first, tail @ ..] => {
            let width =
                if first.is_ascii() { 0 } else { tail.iter().take_while(|b| **b & 0xC0 == 0x80).count() };
            (tail.get(width) == Some(&b'\'')).then_some(at + 3 + width)
        }
        _ => None,
    }
}

/// Block comments nest.
fn block_comment_end(code: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < code.len() {
        let rest = &code[at..];
        if rest.starts_with(b"/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if rest.starts_with(b"*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    code.len()
}

fn quoted_end(code: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = code.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    code.len()
}

/// The end of the item after an attribute: the closing brace of its body, or a semicolon before any body.
fn item_end(code: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, &byte) in code.iter().enumerate().skip(from) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn find(code: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let rest = code.get(from..)?;
    rest.windows(needle.len()).position(|window| window == needle).map(|i| from + i)
}

fn blank(code: &mut [u8], start: usize, end: usize) {
    let end = end.min(code.len());
    for byte in code.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        let source = "a // x\n\"x \\\" x\" b /* x /* x */ x */ c r#\"x\"x\"# d 'x' e '\\'' 'f g<'h> 'é' \u{69} br\"x\"";
        let words: Vec<String> = code_only(source).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["a", "b", "c", "d", "e", "'f", "g<'h>", "i"]);
        assert_eq!(code_only(source).lines().count(), source.lines().count());
        assert_eq!(code_only("\"open"), "     ");
        assert_eq!(code_only("bar\"x\""), "bar   ");
    }

    #[test]
    fn tests_are_not_code() {
        let source =
            "use a;\n#[cfg(test)]\nmod tests {\n fn f() { b(); }\n}\n#[cfg(test)]\nuse c;\nfn d() {}";
        let words: Vec<String> = code_without_tests(source).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["use", "a;", "fn", "d()", "{}"]);
    }

    #[test]
    fn functions_have_a_length() {
        let source = "fn a() {}\nconst fn b(x: [u8; 2]) -> fn(u8)\nwhere\n{\n    fn c() {\n    }\n    if x {}\n}\n\
                      trait T { fn d(&self); }\ntype F = fn (u8);\n";
        let found: Vec<_> =
            functions(&code_only(source)).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("a".to_owned(), 1, 1), ("b".to_owned(), 2, 7), ("c".to_owned(), 5, 2)]);
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(lines_with("std::fs::read\nmystd::fs\nstd::fs", "std::fs"), [1, 3]);
        assert_eq!(lines_with("std::fsx\nprintln!(1)\neprintln!(1)", "println!"), [2]);
    }
}
