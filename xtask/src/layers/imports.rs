//! What each file of a crate names from other files: `use` lines and paths in code, outside tests.
//!
//! A name is followed through `use` lines to the file that defines it, so a re-export hides nothing. Macros that are in
//! scope by their place in the text, without a path, are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::rust_files;
use super::scan::{Mention, Scan, scan};
use crate::source::{code_only, code_without_tests, has_word};

/// The path from the crate's root to a module; empty for the root.
type Module = Vec<String>;

/// One file names something that another one defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    /// Both relative to the folder of the crate's sources, with `/`.
    pub(super) from: String,
    pub(super) to: String,
    /// Where in `from`, counted from 1.
    pub(super) line: usize,
    /// The path as far as it is spelled out from the root of the crate.
    pub(super) path: String,
    /// A `pub use` whose name the file itself does not use.
    pub(super) passes_on: bool,
}

/// The files of a crate.
#[derive(Debug)]
pub(super) struct Sources {
    files: BTreeMap<Module, File>,
    /// Modules in files of other folders, by `#[path = "..."]`: what they define is no part of this crate's order.
    elsewhere: BTreeSet<Module>,
    /// The name by which `main.rs` knows a library beside it.
    library: Option<String>,
}

#[derive(Debug)]
struct File {
    shown: String,
    code: String,
    scan: Scan,
}

impl Sources {
    /// Reads the sources below `folder`, the `src` of the package `package`.
    pub(super) fn read(folder: &Path, package: &str) -> Result<Self> {
        let mut texts = Vec::new();
        for path in rust_files(folder)? {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let inside = path.strip_prefix(folder).unwrap_or(&path);
            let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
            texts.push((parts.join("/"), text));
        }
        Ok(Self::new(&texts, package))
    }

    pub(super) fn new(texts: &[(String, String)], package: &str) -> Self {
        let has_library = texts.iter().any(|(path, _)| path == "lib.rs");
        let declared = |find: fn(&str) -> Vec<String>| {
            texts.iter().flat_map(move |(path, text)| {
                let module = module_of(path, has_library);
                find(text).into_iter().map(move |name| join(&module, &name))
            })
        };
        let tests: Vec<Module> = declared(test_modules).collect();
        let elsewhere = declared(modules_elsewhere).collect();
        let file = |(path, text): &(String, String)| {
            let code = code_without_tests(text);
            let module = module_of(path, has_library);
            let scan = scan(&code, &module);
            (module, File { shown: path.clone(), code, scan })
        };
        let library = has_library.then(|| package.replace('-', "_"));
        let files = texts.iter().map(file);
        let files = files.filter(|(module, _)| !tests.iter().any(|test| module.starts_with(test)));
        Self { files: files.collect(), elsewhere, library }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.values().map(|file| file.shown.as_str())
    }

    /// The code of a file, without comments, literals and tests.
    pub(super) fn code(&self, path: &str) -> Option<&str> {
        self.files.values().find(|file| file.shown == path).map(|file| file.code.as_str())
    }

    /// Everything that a file names from another one.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut found = BTreeSet::new();
        for file in self.files.values() {
            for mention in &file.scan.mentions {
                let Some(path) = self.absolute(file, mention, 0) else { continue };
                if self.elsewhere.iter().any(|module| path.starts_with(module)) {
                    continue;
                }
                let Some(target) = self.definition(&path, 0) else { continue };
                if target.shown != file.shown {
                    found.insert(Import {
                        from: file.shown.clone(),
                        to: target.shown.clone(),
                        line: mention.line,
                        path: path.join("::"),
                        passes_on: mention.public && !file.scan.words.contains(mention.name()),
                    });
                }
            }
        }
        found.into_iter().collect()
    }

    /// The path of a mention from the root of the crate; `None` for a path into another crate.
    fn absolute(&self, file: &File, mention: &Mention, depth: usize) -> Option<Vec<String>> {
        let (first, mut rest) = mention.segments.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => mention.scope.clone(),
            "super" => parent(&mention.scope),
            name if self.library.as_deref() == Some(name) && file.shown == "main.rs" => Vec::new(),
            name => self.in_scope(file, mention, name, depth)?,
        };
        while let Some((segment, after)) = rest.split_first()
            && segment == "super"
        {
            base = parent(&base);
            rest = after;
        }
        base.extend(rest.iter().filter(|segment| *segment != "self").cloned());
        Some(base)
    }

    /// What the first name of a path stands for, when it is neither `crate`, `self` nor `super`.
    fn in_scope(&self, file: &File, mention: &Mention, name: &str, depth: usize) -> Option<Vec<String>> {
        let child = join(&mention.scope, name);
        if self.is_module(&child) {
            return Some(child);
        }
        if depth > 8 {
            return None;
        }
        let uses = || file.scan.mentions.iter().filter(|other| other.imports && *other != mention);
        if let Some(import) = uses().find(|other| !other.glob && other.name() == name) {
            return self.absolute(file, import, depth + 1);
        }
        let globs = uses().filter(|other| other.glob).filter_map(|glob| self.absolute(file, glob, depth + 1));
        globs.map(|module| join(&module, name)).find(|path| self.is_module(path))
    }

    fn is_module(&self, path: &[String]) -> bool {
        self.files.contains_key(path) || self.files.values().any(|file| file.scan.modules.contains(path))
    }

    /// The file that defines what an absolute path names.
    fn definition(&self, path: &[String], depth: usize) -> Option<&File> {
        let known = (0..=path.len()).rev().find(|&length| self.is_module(&path[..length]))?;
        // An inline module lies in the file of one of its parents.
        let file = (0..=known).rev().find_map(|length| self.files.get(&path[..length]))?;
        let Some(item) = path.get(known).filter(|_| depth < 8) else { return Some(file) };
        let uses = || file.scan.mentions.iter().filter(|use_| use_.imports && use_.scope == path[..known]);
        if let Some(through) = uses().find(|use_| !use_.glob && use_.name() == item) {
            return match self.absolute(file, through, 0) {
                Some(mut longer) => {
                    longer.extend_from_slice(&path[known + 1..]);
                    self.definition(&longer, depth + 1)
                }
                // From another crate.
                None => None,
            };
        }
        let globs = uses().filter(|use_| use_.glob).filter_map(|glob| self.absolute(file, glob, 0));
        let through = globs.filter_map(|module| self.definition(&module, depth + 1));
        let through =
            through.into_iter().find(|module| defines(&module.code, item) && !defines(&file.code, item));
        Some(through.unwrap_or(file))
    }
}

/// The module of a file, by where it lies.
fn module_of(path: &str, has_library: bool) -> Module {
    match path {
        "lib.rs" => return Vec::new(),
        // A program beside a library: a root of its own, which nothing can import.
        "main.rs" if !has_library => return Vec::new(),
        "main.rs" => return vec![path.to_owned()],
        _ if path.starts_with("bin/") => return vec![path.to_owned()],
        _ => {}
    }
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.strip_suffix("/mod").unwrap_or(path).split('/').map(str::to_owned).collect()
}

/// Modules in files of their own that are compiled for tests only: `#[cfg(test)] mod name;`.
fn test_modules(text: &str) -> Vec<String> {
    code_only(text).split("#[cfg(test)]").skip(1).filter_map(declared).collect()
}

/// Modules whose file lies elsewhere: `#[path = "..."] mod name;`.
fn modules_elsewhere(text: &str) -> Vec<String> {
    let code = code_only(text);
    let marked = code.split("#[path").skip(1);
    marked.filter_map(|rest| declared(rest.split_once(']')?.1)).collect()
}

/// The module in a file of its own that `code` begins with.
fn declared(code: &str) -> Option<String> {
    let name = code.trim_start().strip_prefix("mod ")?.split_once(';')?.0.trim();
    name.chars().all(|c| c.is_alphanumeric() || c == '_').then(|| name.to_owned())
}

fn parent(module: &[String]) -> Module {
    module.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default()
}

fn join(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

/// Whether an item of this name is declared in `code`.
fn defines(code: &str, name: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules!"];
    kinds.iter().any(|kind| has_word(code, &format!("{kind} {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_tests_do_not_count() {
        let files = [
            (
                "a/mod.rs",
                "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod inline { fn f() {} }\nmod b;\npub struct A;",
            ),
            ("a/tests.rs", "use super::b::B;"),
            ("a/tests/more.rs", "use crate::a::b::B;"),
            ("a/b.rs", "use super::A;"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let imports = Sources::new(&files, "x").imports();
        let arrows: Vec<_> =
            imports.iter().map(|import| (import.from.as_str(), import.to.as_str())).collect();
        assert_eq!(arrows, [("a/b.rs", "a/mod.rs")]);
    }

    #[test]
    fn a_file_of_another_folder_is_no_part_of_the_crate() {
        let files = [
            ("main.rs", "mod a;\n#[path = \"../../print.rs\"]\nmod print;\nuse a::A;\nuse print::say;"),
            ("a.rs", "use crate::print::{Out, say};\npub struct A;"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let imports = Sources::new(&files, "x").imports();
        let arrows: Vec<_> =
            imports.iter().map(|import| (import.from.as_str(), import.to.as_str())).collect();
        assert_eq!(arrows, [("main.rs", "a.rs")]);
    }
}
