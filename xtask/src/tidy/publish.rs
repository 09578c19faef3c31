//! What the registry asks of a package, and versions that are stated in more than one place.

use super::Violation;
use super::rules::{packages, violation};
use super::tree::Tree;

/// Categories of the registry that fit crates of this workspace. It leaves out others without an error.
const CATEGORIES: [&str; 11] = [
    "algorithms",
    "computer-vision",
    "command-line-utilities",
    "encoding",
    "mathematics",
    "multimedia",
    "multimedia::encoding",
    "multimedia::images",
    "multimedia::video",
    "science",
    "text-processing",
];

/// Lines that every crate takes over from the workspace.
const SHARED: [&str; 3] = ["version", "edition", "license"];

/// Every crate can be published, as far as its manifest says.
pub(super) fn manifests(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for folder in packages(tree, &["crates"]) {
        let path = format!("{folder}/Cargo.toml");
        let Some(text) = tree.text(&path) else { continue };
        let mut fault = |key: &str, what: String| {
            let line = text.lines().position(|line| line.starts_with(key)).map_or(0, |index| index + 1);
            found.push(violation(&path, line, what));
        };
        for key in SHARED {
            if value(text, &format!("{key}.workspace")) != Some("true") {
                fault(key, format!("no line `{key}.workspace = true`"));
            }
        }
        if !text.lines().any(|line| line.starts_with("rust-version")) {
            fault("rust-version", "no rust-version: of its own, or the workspace's".to_owned());
        }
        if value(text, "description").is_none_or(|description| description.len() < 12) {
            fault("description", "no description in one line".to_owned());
        }
        let keywords = list(text, "keywords");
        if keywords.is_empty() || keywords.len() > 5 {
            fault("keywords", format!("{} keywords in one line; there must be 1 to 5", keywords.len()));
        }
        for word in keywords.iter().filter(|word| !is_keyword(word)) {
            fault(
                "keywords",
                format!("`{word}` is no keyword: at most 20 of a-z, 0-9, - and _, a letter first"),
            );
        }
        let categories = list(text, "categories");
        if categories.is_empty() || categories.len() > 5 {
            fault("categories", format!("{} categories in one line; there must be 1 to 5", categories.len()));
        }
        for slug in categories.iter().filter(|slug| !CATEGORIES.contains(slug)) {
            fault("categories", format!("`{slug}` is not among the categories that this check knows"));
        }
    }
    found
}

/// The version of the workspace is that of every other place that states it.
pub(super) fn versions(tree: &Tree) -> Vec<Violation> {
    let manifest = tree.text("Cargo.toml").unwrap_or_default();
    let Some(version) = value(manifest, "version").map(|text| text.trim_matches('"')) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (crates, states) = (packages(tree, &["crates"]), format!("version = \"{version}\""));
    for (index, line) in manifest.lines().enumerate() {
        let name = line.split([' ', '=', '.']).next().unwrap_or_default();
        if crates.contains(format!("crates/{name}").as_str()) && !line.contains(&states) {
            found.push(violation(
                "Cargo.toml",
                index + 1,
                format!("`{name}` is not asked for with {states}"),
            ));
        }
    }
    let says = |path: &str, start: &str| {
        let whole = |line: &str| {
            line.strip_prefix(start)
                .is_some_and(|rest| !rest.starts_with(|c: char| c == '.' || c.is_alphanumeric()))
        };
        tree.text(path).is_some_and(|text| text.lines().any(whole))
    };
    for (path, start) in
        [("CITATION.cff", format!("version: {version}")), ("CHANGELOG.md", format!("## {version}"))]
    {
        if !says(path, &start) {
            found.push(violation(path, 0, format!("no line starts with `{start}`")));
        }
    }
    found
}

/// What follows `key =` in a line of its own.
fn value<'a>(manifest: &'a str, key: &str) -> Option<&'a str> {
    manifest.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('=')).map(str::trim)
}

/// The texts of a list in one line.
fn list<'a>(manifest: &'a str, key: &str) -> Vec<&'a str> {
    let inside = value(manifest, key).and_then(|text| text.strip_prefix('[')?.strip_suffix(']'));
    let items = inside.unwrap_or_default().split(',').map(|item| item.trim().trim_matches('"'));
    items.filter(|item| !item.is_empty()).collect()
}

fn is_keyword(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    word.len() <= 20 && word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\ndescription = \"Does this and that\"\nversion.workspace = true\n\
                        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
                        keywords = [\"video\", \"y4m\"]\ncategories = [\"science\", \"multimedia::video\"]\n";

    fn faults(check: fn(&Tree) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<String> {
        let found = check(&Tree::from_texts(files)).into_iter();
        found.map(|v| format!("{}:{}: {}", v.path, v.line, v.what)).collect()
    }

    #[test]
    fn manifests_that_the_registry_would_refuse_or_hide() {
        assert_eq!(
            faults(manifests, &[("crates/a/Cargo.toml", GOOD), ("xtask/Cargo.toml", "[package]\n")]),
            [""; 0]
        );
        for (good, bad, fault) in [
            ("keywords = [\"video\", \"y4m\"]\n", "", ":0: 0 keywords"),
            ("\"y4m\"", "\"b\", \"c\", \"d\", \"e\", \"f\"", ":8: 6 keywords"),
            ("\"y4m\"", "\"4k video\"", ":8: `4k video` is no keyword"),
            ("\"science\"", "\"sciences\"", ":9: `sciences` is not among"),
            ("license.workspace = true\n", "", ":0: no line `license.workspace = true`"),
            ("rust-version.workspace = true\n", "", ":0: no rust-version"),
            ("Does this and that", "", ":3: no description"),
        ] {
            let text = GOOD.replace(good, bad);
            let found = faults(manifests, &[("crates/a/Cargo.toml", &text)]);
            let expected = format!("crates/a/Cargo.toml{fault}");
            assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}, not {expected}");
        }
    }

    #[test]
    fn versions_that_differ() {
        let root = "[workspace.package]\nversion = \"0.2.0\"\n[workspace.dependencies]\n\
                    a = { path = \"crates/a\", version = \"0.2.0\" }\nserde = \"1\"\n";
        let (cite, log) = ("cff-version: 1.2.0\nversion: 0.2.0\n", "# Changes\n\n## 0.2.0 (not released)\n");
        let all = |root, cite, log| {
            let files = [
                ("Cargo.toml", root),
                ("CITATION.cff", cite),
                ("CHANGELOG.md", log),
                ("crates/a/Cargo.toml", GOOD),
            ];
            faults(versions, &files)
        };
        assert_eq!(all(root, cite, log), [""; 0]);
        let old = root.replace("a\", version = \"0.2.0\"", "a\", version = \"0.1.0\"");
        assert_eq!(all(&old, cite, log), ["Cargo.toml:4: `a` is not asked for with version = \"0.2.0\""]);
        assert_eq!(
            all(root, "version: 0.2.01\n", "## 0.2.0.1\n"),
            [
                "CITATION.cff:0: no line starts with `version: 0.2.0`",
                "CHANGELOG.md:0: no line starts with `## 0.2.0`"
            ]
        );
    }
}
