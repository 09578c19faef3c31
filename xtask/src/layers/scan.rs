//! The paths in a file: `use` lines leaf by leaf, and paths in code.

use std::collections::BTreeSet;

/// A path that a file names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    /// From 1.
    pub(super) line: usize,
    /// The module around it.
    pub(super) scope: Vec<String>,
    /// As written: it may start with `crate`, `self` or `super`. Without the `*` of a glob.
    pub(super) segments: Vec<String>,
    /// What comes after `as`.
    alias: Option<String>,
    /// In a `use`, and one with a visibility.
    pub(super) imports: bool,
    pub(super) public: bool,
    pub(super) glob: bool,
}

impl Mention {
    /// The name that a `use` brings.
    pub(super) fn name(&self) -> &str {
        let last = self.segments.iter().rfind(|segment| *segment != "self");
        self.alias.as_ref().or(last).map_or("", String::as_str)
    }
}

/// What a file names and declares.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) mentions: Vec<Mention>,
    /// Modules written out in the file.
    pub(super) modules: BTreeSet<Vec<String>>,
    /// Every word outside `use` and `mod` lines.
    pub(super) words: BTreeSet<String>,
}

#[derive(Debug)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// Reads `code`, from which comments, literals and tests are blanked out, as the file of `module`.
pub(super) fn scan(code: &str, module: &[String]) -> Scan {
    let tokens = tokens(code);
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut found = Scan::default();
    let mut scope = module.to_vec();
    // How deep the braces of the modules written out here are.
    let (mut depth, mut opened) = (0_usize, Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "mod" if text(at + 2) == "{" => {
                scope.push(text(at + 1).to_owned());
                found.modules.insert(scope.clone());
                depth += 1;
                opened.push(depth);
                at += 3;
                continue;
            }
            "mod" => {
                at += 2;
                continue;
            }
            "{" => depth += 1,
            "}" => {
                if opened.last() == Some(&depth) {
                    opened.pop();
                    scope.pop();
                }
                depth = depth.saturating_sub(1);
            }
            // `use<'a>` lists what a type captures.
            "use" if text(at + 1) != "<" => {
                let before = at.checked_sub(1).map_or("", text);
                let public = before == "pub" || before == ")";
                let start = found.mentions.len();
                at = tree(&tokens, at + 1, &[], &scope, &mut found.mentions);
                found.mentions[start..].iter_mut().for_each(|mention| mention.public = public);
                continue;
            }
            word if is_name(word) => {
                let before = at.checked_sub(1).map_or("", text);
                let (end, segments) = path(&tokens, at);
                // `.name::<T>()` is a method, `::name` another crate, `pub(in path)` a visibility.
                let elsewhere =
                    matches!(before, "." | "::") || before == "in" && text(at.wrapping_sub(2)) == "(";
                if segments.len() > 1 && !elsewhere {
                    let (line, scope) = (tokens[at].line, scope.clone());
                    let (alias, imports, public, glob) = (None, false, false, false);
                    found.mentions.push(Mention { line, scope, segments, alias, imports, public, glob });
                }
                found.words.extend(tokens[at..end].iter().map(|token| token.text.to_owned()));
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads the names of a path that starts at `at`, and where it ends.
fn path(tokens: &[Token<'_>], mut at: usize) -> (usize, Vec<String>) {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut segments = vec![text(at).to_owned()];
    at += 1;
    while text(at) == "::" && is_name(text(at + 1)) {
        segments.push(text(at + 1).to_owned());
        at += 2;
    }
    (at, segments)
}

/// Reads one tree of a `use` below `prefix`, and returns where it ends: behind its semicolon, or at `,` or `}`.
fn tree(
    tokens: &[Token<'_>],
    mut at: usize,
    prefix: &[String],
    scope: &[String],
    found: &mut Vec<Mention>,
) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let line = tokens.get(at).map_or(0, |token| token.line);
    let mut segments = prefix.to_vec();
    let (mut alias, mut glob, mut leaf) = (None, false, true);
    while at < tokens.len() {
        match text(at) {
            ";" => {
                at += 1;
                break;
            }
            "," | "}" => break,
            "::" => {}
            "*" => glob = true,
            "as" => {
                alias = Some(text(at + 1).to_owned());
                at += 1;
            }
            "{" => {
                leaf = false;
                at += 1;
                while at < tokens.len() && text(at) != "}" {
                    at = tree(tokens, at, &segments, scope, found);
                    at += usize::from(text(at) == ",");
                }
            }
            name => segments.push(name.to_owned()),
        }
        at += 1;
    }
    if leaf && segments.len() > prefix.len() || glob {
        let scope = scope.to_vec();
        found.push(Mention { line, scope, segments, alias, imports: true, public: false, glob });
    }
    at
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and every other sign alone.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                _ if rest.starts_with("::") => 2,
                c if part(c) => rest.find(|c| !part(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            let (text, after) = rest.split_at(length);
            found.push(Token { text, line: index + 1 });
            rest = after.trim_start();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<(usize, String)> {
        let scan = scan(code, &["m".to_owned()]);
        scan.mentions.iter().map(|m| (m.line, m.segments.join("::"))).collect()
    }

    #[test]
    fn every_leaf_of_a_use() {
        let code = "pub(crate) use crate::{\n    a::{self, b as c},\n    d::*,\n};\nuse super::super::e;\nfn f() -> impl use<'a> {}";
        let found: Vec<(usize, String)> =
            [(2, "crate::a::self"), (2, "crate::a::b"), (3, "crate::d"), (5, "super::super::e")]
                .map(|(line, path)| (line, path.to_owned()))
                .into();
        assert_eq!(paths(code), found);
        let scan = scan(code, &[]);
        let names: Vec<_> = scan.mentions.iter().map(|m| (m.name(), m.public, m.glob)).collect();
        assert_eq!(names, [("a", true, false), ("c", true, false), ("d", true, true), ("e", false, false)]);
    }

    #[test]
    fn paths_in_code_but_no_visibilities_or_methods() {
        let code =
            "pub(in crate::x) fn f(a: &super::T) {\n    a.g::<u8>();\n    crate::y::h::<u8>(); ::std::z(); }";
        assert_eq!(paths(code), [(1, "super::T".to_owned()), (3, "crate::y::h".to_owned())]);
    }

    #[test]
    fn modules_written_out() {
        let scan = scan("mod a { mod b { use super::c; } fn d() {} } use e::f;", &["m".to_owned()]);
        let scopes: Vec<_> = scan.mentions.iter().map(|m| m.scope.join("::")).collect();
        assert_eq!(scopes, ["m::a::b", "m"]);
        assert_eq!(scan.modules.len(), 2);
    }
}
