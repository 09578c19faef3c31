//! The rules.

use std::collections::BTreeSet;

use super::tree::Tree;
use super::{Rule, Violation, publish};
use crate::source::{code_only, code_without_tests, functions, lines_with};

/// Longest Rust file, tests included. Past it, a file holds more than one idea.
const LONGEST: usize = 600;

/// The same for programs: they only put the crates together, and people read them as examples.
const LONGEST_OF_PROGRAM: usize = 350;

/// Longest function of a program, from its `fn` to its closing brace.
const LONGEST_FUNCTION: usize = 60;

/// Where the programs are.
const PROGRAMS: &str = "examples/";

/// Macros that panic when nobody takes what they print.
const PRINTS: [&str; 4] = ["print!", "println!", "eprint!", "eprintln!"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "Rust files have at most 600 lines, 350 in examples/",
        remedy: "split by idea",
        check: file_length,
    },
    Rule {
        name: "functions in examples/ have at most 60 lines",
        remedy: "split by step, or move the work into a crate",
        check: function_length,
    },
    Rule {
        name: "no path of one machine in a text file",
        remedy: "use a relative path, an environment variable or the language's temporary folder",
        check: machine_paths,
    },
    Rule {
        name: "no package registry named outside Cargo.lock",
        remedy: "let cargo and pip use their configured source",
        check: registry_hosts,
    },
    Rule {
        name: "test data and assets say where they come from",
        remedy: "name the file in the PROVENANCE.md of its folder: source, licence, how it was made",
        check: provenance,
    },
    Rule { name: "crates and examples have a README.md", remedy: "write it", check: readmes },
    Rule {
        name: "every package takes the lints of the workspace",
        remedy: "add `[lints]` with `workspace = true`",
        check: lints,
    },
    Rule {
        name: "no anyhow in crates/",
        remedy: "return the crate's own error; anyhow is for programs",
        check: no_anyhow,
    },
    Rule {
        name: "programs print through examples/print.rs",
        remedy: "use its `say!`, `note!` or `Out`: they do not panic when the output is closed or the disk full",
        check: prints_that_panic,
    },
    Rule { name: "crates can be published", remedy: "see docs/releasing.md", check: publish::manifests },
    Rule {
        name: "one version in Cargo.toml, CITATION.cff and CHANGELOG.md",
        remedy: "write the version of the workspace",
        check: publish::versions,
    },
    Rule {
        name: "no ignored tests",
        remedy: "make it fast, or let it skip loudly when its input is absent",
        check: no_ignored_tests,
    },
];

pub(super) fn violation(path: &str, line: usize, what: impl Into<String>) -> Violation {
    Violation { path: path.to_owned(), line, what: what.into() }
}

fn file_length(tree: &Tree) -> Vec<Violation> {
    let long = tree.texts(".rs").filter_map(|(path, text)| {
        let lines = text.lines().count();
        let limit = if path.starts_with(PROGRAMS) { LONGEST_OF_PROGRAM } else { LONGEST };
        (lines > limit).then(|| violation(path, 0, format!("{lines} lines, {limit} are allowed")))
    });
    long.collect()
}

fn function_length(tree: &Tree) -> Vec<Violation> {
    let programs = tree.texts(".rs").filter(|(path, _)| path.starts_with(PROGRAMS));
    let functions =
        programs.flat_map(|(path, text)| functions(&code_only(text)).into_iter().map(move |f| (path, f)));
    let long = functions.filter(|(_, function)| function.lines > LONGEST_FUNCTION);
    long.map(|(path, f)| violation(path, f.line, format!("`{}` has {} lines", f.name, f.lines))).collect()
}

/// Folders that only one machine has. Built from parts, so that this file passes its own rule.
fn machine_folders() -> Vec<String> {
    let unix = ["home", "root", "work", "opt", "tmp", "Users"].map(|folder| format!("/{folder}"));
    let windows = ['\\', '/'].map(|slash| format!("C:{slash}Users"));
    unix.into_iter().chain(windows).collect()
}

fn machine_paths(tree: &Tree) -> Vec<Violation> {
    let folders = machine_folders();
    let absolute = |line: &str| folders.iter().find(|folder| starts_a_path(line, folder)).cloned();
    on_lines(tree.texts(""), |line| absolute(line).map(|folder| format!("absolute path below {folder}")))
}

/// Whether `line` contains `folder` as the start of an absolute path, not inside a longer one.
fn starts_a_path(line: &str, folder: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "._-/*})".contains(c);
    line.match_indices(folder).any(|(start, _)| {
        let before = line.get(..start).and_then(|s| s.chars().next_back());
        let after = line.get(start + folder.len()..).and_then(|s| s.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(|c| c.is_alphanumeric() || "._-".contains(c))
    })
}

/// Hosts of package registries, built from parts for the same reason.
fn registries() -> Vec<String> {
    let dotted = |parts: &[&str]| parts.join(".");
    vec![
        dotted(&["crates", "io"]),
        dotted(&["pypi", "org"]),
        dotted(&["pythonhosted", "org"]),
        dotted(&["npmjs", "org"]),
        dotted(&["npmjs", "com"]),
        dotted(&["proxy", "golang", "org"]),
        dotted(&["rubygems", "org"]),
        dotted(&["deb", "debian", "org"]),
        dotted(&["archive", "ubuntu", "com"]),
    ]
}

fn registry_hosts(tree: &Tree) -> Vec<Violation> {
    let hosts = registries();
    let elsewhere = tree.texts("").filter(|(path, _)| !path.ends_with("Cargo.lock"));
    on_lines(elsewhere, |line| {
        hosts.iter().find(|host| line.contains(host.as_str())).map(|host| format!("names {host}"))
    })
}

fn on_lines<'a>(
    texts: impl Iterator<Item = (&'a str, &'a str)>,
    fault: impl Fn(&str) -> Option<String>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in texts {
        let faults = text.lines().enumerate().filter_map(|(i, line)| Some((i + 1, fault(line)?)));
        found.extend(faults.map(|(line, what)| violation(path, line, what)));
    }
    found
}

fn provenance(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for path in tree.paths() {
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let parts: Vec<&str> = folder.split('/').collect();
        let Some(top) = parts.iter().position(|part| *part == "testdata" || *part == "assets") else {
            continue;
        };
        if name == "PROVENANCE.md" {
            continue;
        }
        // The nearest one counts, up to the data folder itself.
        let nearest = (top + 1..=parts.len())
            .rev()
            .find_map(|depth| tree.text(&format!("{}/PROVENANCE.md", parts.get(..depth)?.join("/"))));
        match nearest {
            None => found.push(violation(path, 0, "no PROVENANCE.md beside it or above")),
            Some(text) if !names(text, name) => found.push(violation(path, 0, "not named in PROVENANCE.md")),
            Some(_) => {}
        }
    }
    found
}

/// Whether `text` names the file, and not only one whose name contains it.
fn names(text: &str, file: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || "_-".contains(c);
    text.match_indices(file).any(|(start, _)| {
        let before = text.get(..start).and_then(|s| s.chars().next_back());
        let mut after = text.get(start + file.len()..).unwrap_or_default().chars();
        // A full stop may end a sentence, or start another suffix.
        let longer = match after.next() {
            Some('.') => after.next().is_some_and(part),
            next => next.is_some_and(part),
        };
        !before.is_some_and(|c| part(c) || c == '.') && !longer
    })
}

/// `crates/x` and `examples/y`: folders with a manifest directly below one of `tops`.
pub(super) fn packages<'a>(tree: &'a Tree, tops: &[&str]) -> BTreeSet<&'a str> {
    let manifests = tree.paths().filter_map(|path| path.strip_suffix("/Cargo.toml"));
    manifests
        .filter(|folder| {
            folder.split_once('/').is_some_and(|(top, rest)| tops.contains(&top) && !rest.contains('/'))
        })
        .collect()
}

fn readmes(tree: &Tree) -> Vec<Violation> {
    let missing = packages(tree, &["crates", "examples"])
        .into_iter()
        .filter(|folder| tree.text(&format!("{folder}/README.md")).is_none_or(|text| text.trim().is_empty()));
    missing.map(|folder| violation(folder, 0, "no README.md, or an empty one")).collect()
}

fn lints(tree: &Tree) -> Vec<Violation> {
    let section = |text: &str, name: &str| text.lines().any(|line| line.trim() == name);
    // A package that is a workspace of its own (the fuzz targets) has nowhere to take them from.
    let packages = tree
        .texts("Cargo.toml")
        .filter(|(_, text)| section(text, "[package]") && !section(text, "[workspace]"));
    let takes = |text: &str| {
        let mut section = text.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
        section.find(|line| !line.is_empty() && !line.starts_with('#')) == Some("workspace = true")
    };
    packages
        .filter(|(_, text)| !takes(text))
        .map(|(path, _)| violation(path, 0, "lints of its own, or none"))
        .collect()
}

fn no_anyhow(tree: &Tree) -> Vec<Violation> {
    let inside = |suffix| tree.texts(suffix).filter(|(path, _)| path.starts_with("crates/"));
    let manifests = inside("Cargo.toml").map(|(path, text)| (path, lines_with(text, "anyhow")));
    let sources = inside(".rs").map(|(path, text)| (path, lines_with(&code_only(text), "anyhow")));
    let named = manifests.chain(sources);
    named
        .flat_map(|(path, lines)| lines.into_iter().map(move |line| violation(path, line, "anyhow")))
        .collect()
}

fn prints_that_panic(tree: &Tree) -> Vec<Violation> {
    let sources = tree.texts(".rs").filter(|(path, _)| {
        let mut parts = path.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("examples"), Some(_), folder) => folder.is_none_or(|folder| folder == "src"),
            (Some("xtask"), Some("src"), _) => true,
            _ => false,
        }
    });
    let found = sources.flat_map(|(path, text)| {
        let code = code_without_tests(text);
        let lines = |word| lines_with(&code, word).into_iter().map(move |line| violation(path, line, word));
        PRINTS.into_iter().flat_map(lines).collect::<Vec<_>>()
    });
    found.collect()
}

fn no_ignored_tests(tree: &Tree) -> Vec<Violation> {
    let lines = |text: &str| {
        let code = code_only(text);
        let ignored =
            |line: &str| line.contains("#[ignore") || line.contains("#[cfg_attr") && line.contains("ignore");
        code.lines().enumerate().filter(|(_, line)| ignored(line)).map(|(i, _)| i + 1).collect::<Vec<_>>()
    };
    let found = tree.texts(".rs").map(|(path, text)| (path, lines(text)));
    found
        .flat_map(|(path, lines)| lines.into_iter().map(move |line| violation(path, line, "ignored test")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and lines of what `check` finds.
    fn places(check: fn(&Tree) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<(String, usize)> {
        check(&Tree::from_texts(files)).into_iter().map(|v| (v.path, v.line)).collect()
    }

    fn at(path: &str, line: usize) -> (String, usize) {
        (path.to_owned(), line)
    }

    #[test]
    fn long_files() {
        let files = [("a.rs", "x\n".repeat(600)), ("b.rs", "x\n".repeat(601)), ("c.md", "x\n".repeat(700))];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        assert_eq!(places(file_length, &files), [at("b.rs", 0)]);
        let files = [("examples/a/x.rs", "x\n".repeat(350)), ("examples/a/y.rs", "x\n".repeat(351))];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        assert_eq!(places(file_length, &files), [at("examples/a/y.rs", 0)]);
    }

    #[test]
    fn long_functions_of_programs() {
        let function = |lines: usize| format!("// fn\npub fn f() {{\n{}}}\n", "    // x\n".repeat(lines - 2));
        let files = [
            ("examples/a/src/main.rs", function(61)),
            ("examples/a/tests/cli.rs", function(60)),
            ("crates/a/src/lib.rs", function(61)),
        ];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        assert_eq!(places(function_length, &files), [at("examples/a/src/main.rs", 2)]);
    }

    #[test]
    fn absolute_paths_but_not_relative_ones() {
        let [home, root, work, opt, tmp, users, windows, _] = machine_folders().try_into().unwrap();
        let bad = [
            format!("x\ncd {home}/me"),
            format!("\"{work}/x\""),
            format!("x={tmp}"),
            format!("`{root}`"),
            format!("({opt}/x)"),
            format!("{users}/me"),
            format!("{windows}\\me"),
        ];
        let lines: Vec<usize> =
            bad.iter().flat_map(|t| machine_paths(&Tree::from_texts(&[("a", t)]))).map(|v| v.line).collect();
        assert_eq!(lines, [2, 1, 1, 1, 1, 1, 1]);
        let good = format!("frame{work}/x ..{root}/x {root}-x https://a.b{opt}/x {home}made ${{x}}{tmp}/y");
        assert_eq!(places(machine_paths, &[("a", &good)]), []);
    }

    #[test]
    fn registries_but_not_in_the_lock_file() {
        let host = registries().remove(0);
        let line = format!("\nsee https://{host}/x");
        assert_eq!(places(registry_hosts, &[("a.md", &line), ("Cargo.lock", &line)]), [at("a.md", 2)]);
    }

    #[test]
    fn data_without_provenance() {
        let files = [
            ("crates/a/testdata/PROVENANCE.md", "`one.png`, three.png.bak; bone.csv; two.csv."),
            ("crates/a/testdata/deep/one.png", ""),
            ("crates/a/testdata/two.csv", ""),
            ("crates/a/testdata/three.png", ""),
            ("crates/a/testdata/one.csv", ""),
            ("crates/b/assets/x.bin", ""),
            ("crates/b/src/lib.rs", ""),
        ];
        let expected = [
            at("crates/a/testdata/one.csv", 0),
            at("crates/a/testdata/three.png", 0),
            at("crates/b/assets/x.bin", 0),
        ];
        assert_eq!(places(provenance, &files), expected);
    }

    #[test]
    fn packages_without_readme_or_lints() {
        let files = [
            ("crates/a/Cargo.toml", "[package]\n[lints]\n# why\nworkspace = true\n"),
            ("crates/a/README.md", "# a\n"),
            ("examples/b/Cargo.toml", "[package]\n[lints.rust]\nunsafe_code = \"forbid\"\n"),
            ("examples/b/README.md", "\n"),
            ("xtask/Cargo.toml", "[package]\n"),
            ("fuzz/Cargo.toml", "[package]\n# A workspace of its own.\n[workspace]\n"),
            ("Cargo.toml", "[workspace]\n"),
        ];
        assert_eq!(places(readmes, &files), [at("examples/b", 0)]);
        assert_eq!(places(lints, &files), [at("examples/b/Cargo.toml", 0), at("xtask/Cargo.toml", 0)]);
    }

    #[test]
    fn prints_that_panic_outside_tests() {
        let files = [
            ("examples/a/src/main.rs", "say!(1);\n// println!(1)\nstd::println!(1);\nlet s = \"print!\";\n"),
            (
                "examples/a/src/deep/b.rs",
                "eprint!(1);\n#[cfg(test)]\nmod tests {\n    fn f() { eprintln!(1) }\n}\n",
            ),
            ("examples/a/tests/cli.rs", "eprintln!(1);\n"),
            ("examples/print.rs", "print!(1);\n"),
            ("crates/a/examples/b.rs", "println!(1);\n"),
            ("xtask/src/main.rs", "eprintln!(1);\n"),
        ];
        let expected = [
            at("examples/a/src/deep/b.rs", 1),
            at("examples/a/src/main.rs", 3),
            at("examples/print.rs", 1),
            at("xtask/src/main.rs", 1),
        ];
        assert_eq!(places(prints_that_panic, &files), expected);
    }

    #[test]
    fn anyhow_and_ignored_tests() {
        let files = [
            ("crates/a/Cargo.toml", "[dependencies]\nanyhow.workspace = true\n"),
            ("crates/a/src/lib.rs", "// anyhow\nuse anyhow::Result;\n"),
            ("xtask/src/main.rs", "use anyhow::Result;\n#[ignore = \"slow\"]\n// #[ignore]\n\"#[ignore]\"\n"),
        ];
        assert_eq!(places(no_anyhow, &files), [at("crates/a/Cargo.toml", 2), at("crates/a/src/lib.rs", 2)]);
        assert_eq!(places(no_ignored_tests, &files), [at("xtask/src/main.rs", 2)]);
    }
}
