//! The levels inside `deep` of dream-models: what may import what.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::imports::{Import, Sources};

/// The folder of the crate, and the module in it that has levels.
const PACKAGE: &str = "dream-models";
const DEEP: &str = "deep";

/// The modules of `deep`, lowest level first. A module may name what is on its own level or below.
const LEVELS: [(&str, &[&str]); 5] = [
    ("ground", &["numeric", "tap", "parameters", "kernels", "layers", "input"]),
    ("checkpoint", &["checkpoint"]),
    ("towers", &["backbones", "text"]),
    ("above the towers", &["pretrained", "hub", "network", "features", "train", "explain"]),
    ("methods", &["methods"]),
];

/// Where these levels are written down, for messages.
const HERE: &str = "LEVELS in xtask/src/layers/levels.rs";

/// Checks the workspace in `root`; returns how many files were checked, and the faults.
pub(super) fn check(root: &Path) -> Result<(usize, Vec<String>)> {
    let folder = root.join("crates").join(PACKAGE).join("src");
    let sources = Sources::read(&folder, PACKAGE)?;
    Ok((sources.paths().filter(|path| module(path).is_some()).count(), faults(&sources)))
}

/// The faults in the levels.
fn faults(sources: &Sources) -> Vec<String> {
    let shown = |path: &str| format!("crates/{PACKAGE}/src/{path}");
    let (mut found, mut unknown) = (Vec::new(), BTreeSet::new());
    for path in sources.paths() {
        match module(path) {
            Some("mod") => {
                let code = sources.code(path).unwrap_or_default();
                let items = ["fn ", "struct ", "enum ", "trait ", "impl "];
                let defines = |line: &str| items.iter().any(|item| line.contains(item));
                let lines = code.lines().enumerate().filter(|(_, line)| defines(line));
                found.extend(lines.map(|(index, _)| {
                    format!(
                        "{}:{}: only declares modules and re-exports: move the item into one of them",
                        shown(path),
                        index + 1
                    )
                }));
            }
            Some(name) if level(name).is_none() && unknown.insert(name) => {
                let path = shown(path);
                found.push(format!(
                    "{path}: `{DEEP}::{name}` has no level: add it to {HERE}, above everything it imports"
                ));
            }
            _ => {}
        }
    }
    let mut climbing: Vec<String> =
        sources.imports().iter().filter_map(|import| climbs(import, &shown)).collect();
    found.append(&mut climbing);
    found
}

/// The fault in one import, if there is one.
fn climbs(import: &Import, shown: &dyn Fn(&str) -> String) -> Option<String> {
    let to = target(import)?;
    let (line, from) = (import.line, shown(&import.from));
    let to_level = level(to)?;
    let to_name = LEVELS.get(to_level)?.0;
    let Some(name) = module(&import.from) else {
        // The root of the crate declares `deep`; everything else there is below it.
        return (import.from != "lib.rs").then(|| {
            format!(
                "{from}:{line}: `{}` lies in `{DEEP}`, which stands on this module: turn the import round",
                import.path
            )
        });
    };
    let from_level = level(name)?;
    let from_name = LEVELS.get(from_level)?.0;
    (to_level > from_level).then(|| {
        format!(
            "{from}:{line}: `{name}` (level {from_name}) names `{}` (level {to_name}): pass it in from above, or move \
             what both need down",
            import.path
        )
    })
}

/// The module of `deep` that an import reaches: where the name is defined, or, where no file is found, as it is spelled.
fn target(import: &Import) -> Option<&str> {
    let defined = module(&import.to);
    let mut spelled = import.path.split("::");
    let spelled = (spelled.next() == Some(DEEP)).then(|| spelled.next()).flatten();
    [defined, spelled].into_iter().flatten().max_by_key(|name| level(name))
}

/// The module of `deep` in which a file lies; `mod` for `deep` itself.
fn module(path: &str) -> Option<&str> {
    let inside = path.strip_prefix(DEEP)?.strip_prefix('/')?;
    let first = inside.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|(_, modules)| modules.contains(&module))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::rust_files;
    use crate::workspace::root;
    use std::fs;

    /// The faults of a small crate with one more line in `planted`.
    fn with(planted: &str, line: &str) -> Vec<String> {
        let files = [
            ("lib.rs", "pub mod deep;\npub mod face;\n"),
            ("face.rs", ""),
            (
                "deep/mod.rs",
                "pub mod backbones;\npub mod methods;\nmod kernels;\npub use methods::tiny::Tiny;\n",
            ),
            ("deep/numeric.rs", ""),
            ("deep/tap.rs", "pub struct Tap;\n"),
            ("deep/kernels/mod.rs", "mod tile;\n"),
            ("deep/kernels/tile.rs", ""),
            ("deep/checkpoint/mod.rs", "pub struct Checkpoint;\n"),
            ("deep/backbones/mod.rs", "pub mod swin;\n"),
            ("deep/backbones/swin/mod.rs", "use crate::deep::tap::Tap;\npub struct Swin;\n"),
            ("deep/methods/mod.rs", "pub mod tiny;\n"),
            (
                "deep/methods/tiny.rs",
                "use crate::deep::{backbones::swin::Swin, checkpoint::Checkpoint};\npub struct Tiny;\n",
            ),
        ];
        let text = |(path, text): (&str, &str)| {
            let text = if path == planted { format!("{text}{line}\n") } else { text.to_owned() };
            (path.to_owned(), text)
        };
        faults(&Sources::new(&files.map(text), PACKAGE))
    }

    #[test]
    fn every_kind_of_planted_import_is_seen() {
        assert_eq!(with("", ""), Vec::<String>::new());
        let planted = [
            (
                "deep/checkpoint/mod.rs",
                2,
                "use crate::deep::backbones::swin::Swin;",
                "`deep::backbones::swin::Swin`",
            ),
            ("deep/checkpoint/mod.rs", 2, "use super::backbones;", "`deep::backbones`"),
            ("deep/checkpoint/mod.rs", 2, "fn f() { crate::deep::backbones::swin::load(); }", "swin::load"),
            ("deep/checkpoint/mod.rs", 2, "use super::*; fn f() { backbones::swin::load(); }", "swin::load"),
            (
                "deep/checkpoint/mod.rs",
                2,
                "use crate::deep; fn f() { deep::backbones::load(); }",
                "backbones::load",
            ),
            (
                "deep/backbones/swin/mod.rs",
                3,
                "use super::super::methods::tiny::Tiny;",
                "`deep::methods::tiny::Tiny`",
            ),
            (
                "deep/backbones/swin/mod.rs",
                3,
                "pub(crate) use crate::deep::methods::tiny;",
                "`deep::methods::tiny`",
            ),
            (
                "deep/backbones/swin/mod.rs",
                3,
                "use crate::{Error, deep::{tap, methods::{x, y}}};",
                "`deep::methods::x`",
            ),
            (
                "deep/backbones/swin/mod.rs",
                3,
                "mod inner { use super::super::super::methods::x; }",
                "`deep::methods::x`",
            ),
            ("deep/numeric.rs", 1, "use super::methods::tiny::Tiny;", "(level ground)"),
            // Through the re-export of `deep` itself.
            ("deep/numeric.rs", 1, "use crate::deep::Tiny;", "`deep::Tiny` (level methods)"),
            ("deep/numeric.rs", 1, "impl From<super::Tiny> for u8 {}", "`deep::Tiny` (level methods)"),
            ("deep/kernels/tile.rs", 1, "use crate::deep::checkpoint::Checkpoint;", "(level checkpoint)"),
            ("face.rs", 1, "use crate::deep::tap::Tap;", "turn the import round"),
        ];
        for (file, line, text, told) in planted {
            let found = with(file, text);
            let place = format!("crates/dream-models/src/{file}:{line}: ");
            assert!(!found.is_empty() && found.iter().all(|f| f.starts_with(&place)), "{text}: {found:?}");
            assert!(found[0].contains(told), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_import_is_not_reported() {
        for text in [
            "// use crate::deep::methods::tiny::Tiny;",
            "/// Taken by [`crate::deep::methods::tiny`].",
            "const X: &str = \"crate::deep::methods\";",
            "#[cfg(test)]\nmod tests { use crate::deep::methods::tiny::Tiny; }",
            "use other::deep::methods::x;",
            "pub(in crate::deep::methods) fn f() {}",
        ] {
            assert_eq!(with("deep/kernels/tile.rs", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn unknown_folders_and_items_of_deep_itself() {
        let files =
            [("deep/mod.rs", "mod odd;\npub fn f() {}\n"), ("deep/odd/mod.rs", ""), ("deep/odd/more.rs", "")];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let found = faults(&Sources::new(&files, PACKAGE));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/dream-models/src/deep/mod.rs:2: only declares"), "{found:?}");
        assert!(
            found[1].contains("`deep::odd` has no level: add it to LEVELS in xtask/src/layers/levels.rs")
        );
    }

    #[test]
    fn a_line_planted_in_the_real_tree_is_seen() {
        let copy = tempfile::tempdir().unwrap();
        let source = root().join("crates").join(PACKAGE).join("src");
        for path in rust_files(&source).unwrap() {
            let to = copy.path().join(path.strip_prefix(root()).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&path, to).unwrap();
        }
        let (files, before) = check(copy.path()).unwrap();
        assert!(files > 30, "{files}");
        let planted = copy.path().join("crates").join(PACKAGE).join("src/deep/checkpoint/mod.rs");
        let text = fs::read_to_string(&planted).unwrap();
        fs::write(&planted, format!("{text}\nuse crate::deep::methods::da_clip;\n")).unwrap();
        let (_, after) = check(copy.path()).unwrap();
        let new: Vec<_> = after.iter().filter(|fault| !before.contains(fault)).collect();
        let place = format!("crates/dream-models/src/deep/checkpoint/mod.rs:{}: ", text.lines().count() + 2);
        assert!(new.len() == 1 && new[0].starts_with(&place), "{new:?}");
    }
}
