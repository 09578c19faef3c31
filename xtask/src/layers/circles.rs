//! Import circles between the files of a folder.
//!
//! File A points at file B when code of A, outside tests, names something that B defines; a name is followed through
//! re-exports to its definition. Two things are not arrows:
//!
//! - `mod b;`, which says where a file is, and
//! - `pub use b::X` in a file above `b` that does not use `X` itself: whoever takes `X` from there points at `b`.
//!
//! So a `mod.rs` may declare and re-export its children while they use what it defines. It may not also use them: a
//! trait beside the list of its implementors is such a circle, and the list belongs in a file of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use super::imports::{Import, Sources};

/// The packages whose files are looked at, and the folder below their `src`, if not all of it.
const FOLDERS: [(&str, &str); 6] = [
    ("crates/dream-data", "frames/"),
    ("crates/dream-features", ""),
    ("crates/dream-models", "deep/"),
    ("examples/benchmark", ""),
    ("examples/score-video", ""),
    ("examples/train", ""),
];

/// An arrow that may be part of a circle, and why.
struct Allowed {
    package: &'static str,
    /// Relative to `src` of the package.
    from: &'static str,
    to: &'static str,
    reason: &'static str,
}

/// Every entry must be needed: an entry whose arrow is gone is a fault.
const ALLOWED: [Allowed; 1] = [Allowed {
    package: "crates/dream-features",
    from: "videval60/session.rs",
    to: "videval60/extractor.rs",
    reason: "a session holds the options of the extractor that starts it; both are one page of the method",
}];

/// Checks the workspace in `root`; returns what was checked, and the faults in it.
pub(super) fn check(root: &Path) -> Result<Vec<(String, Vec<String>)>> {
    let folder = |&(package, inside): &(&str, &str)| {
        let src = root.join(package).join("src");
        let what = format!("{package}/src/{inside}");
        if !src.join(inside).is_dir() {
            let fault = format!("{what} does not exist: change FOLDERS in xtask/src/layers/circles.rs");
            return Ok((what, vec![fault]));
        }
        let name = package.rsplit('/').next().unwrap_or(package);
        let sources = Sources::read(&src, name)?;
        let allowed: Vec<&Allowed> = ALLOWED.iter().filter(|allowed| allowed.package == package).collect();
        let files = sources.paths().filter(|path| path.starts_with(inside)).count();
        let excepted = match allowed.len() {
            0 => String::new(),
            n => format!(", {n} exceptions"),
        };
        Ok((format!("{what}: {files} files{excepted}"), faults(&sources, package, inside, &allowed)))
    };
    FOLDERS.iter().map(folder).collect()
}

fn faults(sources: &Sources, package: &str, inside: &str, allowed: &[&Allowed]) -> Vec<String> {
    let imports = sources.imports();
    let is = |import: &Import, allowed: &Allowed| import.from == allowed.from && import.to == allowed.to;
    let mut arrows: BTreeMap<&str, BTreeMap<&str, &Import>> = BTreeMap::new();
    for import in imports.iter().filter(|i| i.from.starts_with(inside) && i.to.starts_with(inside)) {
        let excepted = allowed.iter().any(|allowed| is(import, allowed));
        if !(excepted || import.passes_on && above(&import.from, &import.to)) {
            // Sorted by line: the first one is kept.
            arrows.entry(&import.from).or_default().entry(&import.to).or_insert(import);
        }
    }
    let unused = allowed.iter().filter(|allowed| !imports.iter().any(|import| is(import, allowed)));
    let unused = unused.map(|allowed| {
        let Allowed { from, to, reason, .. } = allowed;
        format!("{package}: {from} no longer names {to}: remove the exception ({reason})")
    });
    let circles = circles(&arrows).into_iter().map(|circle| shown(&circle, &arrows, package));
    unused.chain(circles).collect()
}

/// Whether the file `parent` is the `mod.rs`, or the root, of a folder in which `child` lies.
fn above(parent: &str, child: &str) -> bool {
    let folder = match parent {
        "lib.rs" | "main.rs" => "",
        _ => parent.strip_suffix("mod.rs").unwrap_or("-"),
    };
    child.starts_with(folder)
}

/// Groups of files that reach each other.
fn circles<'a>(arrows: &BTreeMap<&'a str, BTreeMap<&'a str, &Import>>) -> Vec<BTreeSet<&'a str>> {
    let reached = |from: &'a str| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(file) = next.pop() {
            let targets = arrows.get(file).into_iter().flat_map(BTreeMap::keys).copied();
            next.extend(targets.filter(|to| seen.insert(*to)));
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|from| (*from, reached(from))).collect();
    let mutual =
        |a: &'a str, b: &'a str| reach[a].contains(b) && reach.get(b).is_some_and(|back| back.contains(a));
    let group = |file: &&'a str| reach[*file].iter().copied().filter(|other| mutual(file, other)).collect();
    let groups: BTreeSet<BTreeSet<&str>> = arrows.keys().map(group).collect();
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

/// A circle with every arrow in it.
fn shown(circle: &BTreeSet<&str>, arrows: &BTreeMap<&str, BTreeMap<&str, &Import>>, package: &str) -> String {
    let mut text = format!(
        "{package}/src: {} files import each other in a circle: move what they share into a file that imports none of them",
        circle.len()
    );
    for from in circle {
        for (to, import) in arrows.get(from).into_iter().flatten().filter(|(to, _)| circle.contains(*to)) {
            text.push_str(&format!("\n    {package}/src/{from}:{} -> {to} (`{}`)", import.line, import.path));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], allowed: &[&Allowed]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        faults(&Sources::new(&files, "x"), "crates/x", "", allowed)
    }

    #[test]
    fn a_circle_is_shown_with_its_arrows() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "\nuse crate::b::B;\npub struct A;"),
            ("b.rs", "pub struct B;\nfn f() -> super::c::C { todo!() }"),
            ("c.rs", "use super::a::A;\npub struct C;\nuse crate::d::D;"),
            ("d.rs", "pub struct D;"),
        ];
        let found = found(&files, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        let lines: Vec<&str> = found[0].lines().collect();
        assert!(lines[0].starts_with("crates/x/src: 3 files import each other"));
        assert_eq!(
            lines[1..],
            [
                "    crates/x/src/a.rs:2 -> b.rs (`b::B`)",
                "    crates/x/src/b.rs:2 -> c.rs (`c::C`)",
                "    crates/x/src/c.rs:1 -> a.rs (`a::A`)"
            ]
        );
    }

    #[test]
    fn a_parent_may_re_export_its_children_but_not_use_them() {
        let child = ("m/child.rs", "use super::Trait;\npub struct Child;\npub fn child() {}");
        let plain = ("m/mod.rs", "pub mod child;\npub use child::{Child, child};\npub trait Trait {}");
        assert_eq!(found(&[plain, child], &[]), Vec::<String>::new());
        let list = (
            "m/mod.rs",
            "mod child;\npub use child::Child;\npub trait Trait {}\nfn all() -> Child { Child }",
        );
        assert_eq!(found(&[list, child], &[]).len(), 1);
        let registry =
            ("m/registry.rs", "use super::{Child, Trait};\nfn all() -> Box<dyn Trait> { Box::new(Child) }");
        assert_eq!(found(&[plain, child, registry], &[]), Vec::<String>::new());
        // A re-export of something that is not below is an arrow.
        let files =
            [("a.rs", "pub use crate::b::B;\npub struct A;"), ("b.rs", "use crate::a::A;\npub struct B;")];
        assert_eq!(found(&files, &[]).len(), 1);
    }

    #[test]
    fn names_are_followed_through_re_exports() {
        // `user` takes the child's type from the parent: that is no arrow to the parent.
        let files = [
            ("lib.rs", "mod m; mod user;"),
            ("m/mod.rs", "mod child;\npub use child::*;\nuse crate::user::User;\nfn f(_: User) {}"),
            ("m/child.rs", "pub struct Child;"),
            ("user.rs", "use crate::m::Child;\npub struct User;"),
        ];
        assert_eq!(found(&files, &[]), Vec::<String>::new());
        // A program beside its library.
        let files = [
            ("lib.rs", "pub mod a;"),
            ("a.rs", "pub fn f() {}"),
            ("main.rs", "use x::a::f;\nfn g() { f() }"),
        ];
        assert_eq!(found(&files, &[]), Vec::<String>::new());
    }

    #[test]
    fn exceptions_have_to_be_needed() {
        let allowed = |to| Allowed { package: "crates/x", from: "a.rs", to, reason: "why" };
        let files =
            [("a.rs", "use crate::b::B;\npub struct A;"), ("b.rs", "use crate::a::A;\npub struct B;")];
        assert_eq!(found(&files, &[&allowed("b.rs")]), Vec::<String>::new());
        let unused = found(&files, &[&allowed("b.rs"), &allowed("c.rs")]);
        assert_eq!(unused, ["crates/x: a.rs no longer names c.rs: remove the exception (why)"]);
    }
}
