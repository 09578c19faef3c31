//! `layers`: the architecture invariants that a manifest or a line of code can break.

mod circles;
mod imports;
mod levels;
mod scan;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::print::{note, say};
use crate::source::{code_without_tests, lines_with};
use crate::workspace::{cargo, members, metadata, name, output, root};

const HELP: &str = "\
Checks the layers of the workspace.

Usage: cargo xtask layers [--sources DIR]

- No crate under crates/ depends on another one there: normal, dev or build, optional, renamed or by path.
- dream-features and dream-eval depend on no tensor library and no FFmpeg, with any feature and on any target.
- Both do no IO: their default tree has no IO crate, and no line of their sources outside tests does IO.
- Both stay small: normal dependencies with default features, counted as `cargo tree -e normal` lists them.
- Inside `deep` of dream-models no module imports from a level above its own: ground, checkpoint, towers, above
  the towers, methods.
- No import circle between files: dream-data's frames, dream-features, dream-models' deep, benchmark, score-video, train.
  A mod.rs may re-export its children while they use what it defines; it may not use them itself.

Options:
  --sources DIR   checks the sources of the checkout in DIR only: levels and circles

Example:
  cargo xtask layers
";

/// A crate that must stay pure, and the number its dependency tree (with itself) must stay below.
const PURE: [(&str, usize); 2] = [("dream-eval", 25), ("dream-features", 40)];

/// Tensor libraries and video decoders. A name that ends in `-` stands for a family.
const HEAVY: [&str; 16] = [
    "candle-",
    "candle",
    "tch",
    "torch-sys",
    "burn-",
    "burn",
    "ort-",
    "ort",
    "tract-",
    "tract",
    "tflitec",
    "video-rs",
    "ffmpeg-",
    "ffmpeg",
    "openh264-",
    "openh264",
];

/// Crates that read or write files, terminals or networks.
const IO_CRATES: [&str; 22] = [
    "image",
    "png",
    "csv",
    "hf-hub",
    "ureq",
    "reqwest",
    "hyper",
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "memmap2",
    "tempfile",
    "walkdir",
    "glob",
    "fs-err",
    "indicatif",
    "clap",
    "log",
    "env_logger",
    "re_mp4",
];

/// Paths and macros through which a source would do IO.
const IO_CODE: [&str; 11] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::env",
    "std::os",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
];

/// The same modules in `use std::{fs, ...}`.
const IO_MODULES: [&str; 6] = ["fs", "io", "net", "process", "env", "os"];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => {
            let mut faults = packages()?;
            faults.extend(sources(&root())?);
            verdict(&faults)
        }
        [flag] if flag == "--help" || flag == "-h" => {
            say!("{}", HELP.trim_end());
            Ok(())
        }
        [flag, folder] if flag == "--sources" => verdict(&sources(Path::new(folder))?),
        _ => bail!("layers does not know these arguments: see `cargo xtask layers --help`"),
    }
}

fn verdict(faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    for fault in faults {
        note!("  {fault}");
    }
    bail!("layers: {} violations", faults.len())
}

fn line(what: &str, faults: &[String]) {
    say!("layers: {what}: {}", if faults.is_empty() { "ok" } else { "FAIL" });
}

/// Levels and import circles inside the packages of the workspace in `root`.
fn sources(root: &Path) -> Result<Vec<String>> {
    let (files, mut faults) = levels::check(root)?;
    line(&format!("dream-models: levels inside deep, {files} files"), &faults);
    for (what, circles) in circles::check(root)? {
        line(&format!("no import circle in {what}"), &circles);
        faults.extend(circles);
    }
    Ok(faults)
}

/// Checks what the packages of this workspace depend on, and the rules for the pure ones.
fn packages() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let crates = members(&metadata, "crates");
    if crates.is_empty() {
        bail!("no crate found under crates/");
    }
    let mut faults = Vec::new();
    let mut report = |what: String, found: Vec<String>| {
        line(&what, &found);
        faults.extend(found);
    };

    for package in &crates {
        let declared = package["dependencies"].as_array().map_or(0, Vec::len);
        report(
            format!("{}: {declared} dependencies, none of them ours", name(package)),
            edges(package, &crates),
        );
    }
    for (pure, limit) in PURE {
        let all = tree(pure, &["--all-features", "--target", "all", "--edges", "all"])?;
        let heavy = forbidden(pure, &all, &HEAVY);
        report(
            format!("{pure}: {} crates with every feature, no tensor library, no FFmpeg", all.len()),
            heavy,
        );

        let default = tree(pure, &["--edges", "normal"])?;
        report(
            format!("{pure}: {} crates by default, no IO crate", default.len()),
            forbidden(pure, &default, &IO_CRATES),
        );
        let large = (default.len() >= limit).then(|| {
            format!("{pure} has {} crates in its normal tree; it must have fewer than {limit}", default.len())
        });
        report(format!("{pure}: fewer than {limit} crates"), large.into_iter().collect());

        let sources = rust_files(&root().join("crates").join(pure).join("src"))?;
        let mut found = Vec::new();
        for path in &sources {
            let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
            let shown = path.strip_prefix(root()).unwrap_or(path).display().to_string();
            found.extend(
                io_in(&text).into_iter().map(|(line, word)| format!("{shown}:{line}: `{word}` does IO")),
            );
        }
        report(format!("{pure}: {} sources without IO outside tests", sources.len()), found);
    }
    Ok(faults)
}

/// Dependencies of `package` on other crates of ours, in any section and under any name.
fn edges(package: &Value, crates: &[&Value]) -> Vec<String> {
    let folders: Vec<&Path> =
        crates.iter().filter_map(|c| Path::new(c["manifest_path"].as_str()?).parent()).collect();
    let declared = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours = declared.iter().filter(|dependency| {
        let by_name = crates.iter().any(|other| name(other) == name(dependency));
        let by_path = dependency["path"].as_str().is_some_and(|path| folders.contains(&Path::new(path)));
        by_name || by_path
    });
    ours.map(|dependency| {
        let section = dependency["kind"].as_str().unwrap_or("normal");
        let rename = dependency["rename"].as_str().map(|r| format!(", renamed to {r}")).unwrap_or_default();
        let optional = if dependency["optional"] == true { ", optional" } else { "" };
        format!(
            "{} -> {} ({section}{optional}{rename}): remove it; crates meet in examples/, benches/ and xtask/",
            name(package),
            name(dependency)
        )
    })
    .collect()
}

/// Names with versions of everything in the dependency tree of `package`, itself included.
fn tree(package: &str, arguments: &[&str]) -> Result<BTreeSet<String>> {
    let fixed = ["tree", "--package", package, "--prefix", "none", "--no-dedupe", "--format", "{p}"];
    let text = output(cargo().args(fixed).args(arguments))?;
    // `name v1.2.3 (proc-macro)`, and a path for our own.
    let package = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    Ok(text.lines().map(package).filter(|line| !line.is_empty()).collect())
}

/// The members of `tree` that are on the list.
fn forbidden(package: &str, tree: &BTreeSet<String>, list: &[&str]) -> Vec<String> {
    let hit = |line: &&String| {
        let name = line.split_whitespace().next().unwrap_or_default();
        list.iter().any(|&bad| name == bad || bad.ends_with('-') && name.starts_with(bad))
    };
    let fault =
        |line: &String| format!("{package} -> {line}: run `cargo tree -p {package} -i NAME` to see why");
    tree.iter().filter(hit).map(fault).collect()
}

/// Lines that do IO outside tests, with the word that says so.
fn io_in(source: &str) -> Vec<(usize, String)> {
    let code = code_without_tests(source);
    let direct = IO_CODE
        .iter()
        .flat_map(|&word| lines_with(&code, word).into_iter().map(move |l| (l, word.to_owned())));
    let mut found: Vec<_> = direct.collect();
    // `use std::{fs, io::Read}`, also over several lines. Only the outer names of the group count.
    for (start, _) in code.match_indices("std::{") {
        let (mut depth, mut item, mut line) = (0_usize, String::new(), code[..start].lines().count().max(1));
        for c in code[start + "std::".len()..].chars() {
            let close = c == '}';
            if depth == 1 && (c == ',' || close) {
                let module = item.split("::").next().unwrap_or_default().trim();
                if IO_MODULES.contains(&module) {
                    found.push((line, format!("std::{module}")));
                }
                item.clear();
            } else if depth == 1 {
                item.push(c);
            }
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                '\n' => line += 1,
                _ => {}
            }
            if close && depth == 0 {
                break;
            }
        }
    }
    found.sort();
    found
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependencies: &Value) -> Value {
        json!({ "name": name, "manifest_path": format!("/w/crates/{name}/Cargo.toml"), "dependencies": dependencies })
    }

    #[test]
    fn every_kind_of_edge_is_seen() {
        let kinds = json!([
            { "name": "b", "kind": null },
            { "name": "b", "kind": "dev" },
            { "name": "b", "kind": "build", "optional": true, "rename": "other" },
            { "name": "elsewhere", "kind": null, "path": "/w/crates/b" },
            { "name": "serde", "kind": null, "rename": "bb" },
        ]);
        let (a, b) = (package("a", &kinds), package("b", &json!([])));
        let found = edges(&a, &[&a, &b]);
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(
            found[2],
            "a -> b (build, optional, renamed to other): remove it; crates meet in examples/, benches/ and xtask/"
        );
        assert!(edges(&b, &[&a, &b]).is_empty());
    }

    #[test]
    fn families_and_names_are_forbidden() {
        let tree =
            ["candle-core v0.11.1", "tch v1", "burn v1", "burner v1", "torque v1"].map(str::to_owned).into();
        let found = forbidden("x", &tree, &HEAVY);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("x -> burn v1"));
    }

    #[test]
    fn io_is_found_and_tests_and_comments_are_not() {
        let source = "//! std::fs\nuse std::{\n    collections::HashMap,\n    fs,\n};\nfn f() { println!(\"std::net\"); }\n\
                      #[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(io_in(source), [(4, "std::fs".to_owned()), (6, "println!".to_owned())]);
        assert_eq!(io_in("use std::io::Read;"), [(1, "std::io".to_owned())]);
        assert_eq!(io_in("use std::{fmt, sync::{Arc, io}};"), []);
        assert_eq!(io_in("use std::{fmt::{self, Debug}, process::exit};"), [(1, "std::process".to_owned())]);
    }
}
