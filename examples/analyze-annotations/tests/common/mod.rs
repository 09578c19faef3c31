//! What tests of the program share.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_analyze-annotations")).args(arguments).output().unwrap()
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

pub(crate) fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The message of a run that must fail.
pub(crate) fn failure(arguments: &[&str]) -> String {
    let output = run(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    message
}

/// Text, JSON and figures of one input; the figures are well-formed.
pub(crate) fn all(folder: &Path, arguments: &[&str]) -> (String, Value, Vec<PathBuf>) {
    let (json, figures) = (folder.join("report.json"), folder.join("figures/deep"));
    let files = ["--json", json.to_str().unwrap(), "--figures", figures.to_str().unwrap()];
    let text = stdout(&run(&[arguments, &files].concat()));
    let report = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let mut drawn: Vec<PathBuf> = fs::read_dir(figures).unwrap().map(|entry| entry.unwrap().path()).collect();
    drawn.sort();
    drawn.iter().for_each(|figure| well_formed(&fs::read_to_string(figure).unwrap()));
    (text, report, drawn)
}

pub(crate) fn names(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect()
}

/// Every element is closed by its own end, attributes are quoted, and the text has no stray markup.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg.trim();
    assert!(rest.starts_with("<svg") && rest.ends_with("</svg>"), "{rest}");
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        let entities = ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;"];
        let stray =
            text.match_indices('&').any(|(at, _)| !entities.iter().any(|e| text[at..].starts_with(e)));
        assert!(!stray, "{text}");
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "{tag}");
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(svg.contains(" role=\"img\">\n<title>"), "no title");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "a coordinate is not finite");
}
