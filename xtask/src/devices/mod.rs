//! Builds for graphics processors on machines that have none: `cuda-build` and `metal-check`.

pub(crate) mod cuda;
pub(crate) mod metal;
mod stubs;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::root;

/// A program of the system, a harmless command that shows whether it is there, and what to do if it is missing.
struct Tool {
    name: &'static str,
    probe: &'static [&'static str],
    remedy: &'static str,
}

/// An error that names every tool that cannot be started.
fn need(tools: &[Tool]) -> Result<()> {
    let missing: Vec<String> = tools
        .iter()
        .filter(|tool| !starts(tool.probe))
        .map(|tool| format!("{} is missing: {}", tool.name, tool.remedy))
        .collect();
    if missing.is_empty() { Ok(()) } else { bail!("{}", missing.join("\n       ")) }
}

fn starts(line: &[&str]) -> bool {
    let Some((program, arguments)) = line.split_first() else { return false };
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet(Command::new(program).args(arguments)).is_ok_and(|status| status.success())
}

/// Both recipes work on one kind of machine only.
fn need_linux(command: &str) -> Result<()> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(());
    }
    bail!(
        "{command} works on x86-64 Linux: elsewhere, use your system's toolkit and `--features cuda` or `metal`"
    )
}

/// The folder that the user named, or its default in the target folder; absolute, and created if needed.
fn folder(given: Option<PathBuf>, default: &str) -> Result<PathBuf> {
    let dir = match given {
        Some(dir) => std::path::absolute(dir)?,
        None => root().join("target").join(default),
    };
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(dir)
}

/// Fills `dir/name` with what `contents` lists, unless it is already complete: `fill` gets an empty folder.
fn once(
    dir: &Path,
    name: &str,
    contents: &[&str],
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let (place, stamp, list) = (dir.join(name), dir.join(name).join(".complete"), contents.join("\n"));
    if fs::read_to_string(&stamp).is_ok_and(|found| found == list) {
        return Ok(place);
    }
    // Leftovers of an interrupted or older run cannot be trusted.
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
    fill(&place)?;
    fs::write(&stamp, list).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(place)
}

/// The files of a folder with this extension, in the order of their names.
fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|path| path.extension() == Some(OsStr::new(extension)));
    files.sort();
    Ok(files)
}

/// The value that follows an option.
fn value(option: &str, rest: &mut std::slice::Iter<'_, String>, example: &str) -> Result<String> {
    match rest.next() {
        Some(value) if !value.starts_with('-') => Ok(value.clone()),
        _ => bail!("{option} needs a value, for example {option} {example}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{members, metadata};

    #[test]
    fn missing_tools_are_all_named_with_a_remedy() {
        let tool = |name, probe| Tool { name, probe, remedy: "install it" };
        need(&[tool("cargo", &["cargo", "--version"])]).unwrap();
        let error = need(&[
            tool("cargo", &["cargo", "--version"]),
            tool("aa", &["no-such-program-aa"]),
            tool("bb", &["cargo", "no-such-command"]),
        ]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("aa is missing: install it") && error.contains("bb is missing"), "{error}");
        assert!(!error.contains("cargo is missing"));
    }

    #[test]
    fn a_folder_is_filled_once_and_again_for_other_contents() {
        let dir = tempfile::tempdir().unwrap();
        let fill = |contents: &[&str], works: bool| {
            let mut called = false;
            let result = once(dir.path(), "x", contents, |place| {
                called = true;
                assert_eq!(fs::read_dir(place)?.count(), 0, "it is empty");
                fs::write(place.join("file"), "")?;
                if works { Ok(()) } else { bail!("interrupted") }
            });
            (called, result.is_ok())
        };
        assert_eq!(fill(&["a"], false), (true, false));
        assert_eq!(fill(&["a"], true), (true, true));
        assert_eq!(fill(&["a"], true), (false, true));
        assert_eq!(fill(&["b"], true), (true, true));
    }

    /// Documentation that needs a GPU library could not be built; a program that needs one by default could not start.
    #[test]
    fn neither_defaults_nor_published_documentation_ask_for_a_device() {
        let metadata = metadata().unwrap();
        let is_device = |feature: &serde_json::Value| {
            let feature = feature.as_str().unwrap_or_default();
            ["cuda", "cudnn", "metal", "accelerate", "mkl"]
                .iter()
                .any(|device| feature.split('/').any(|part| part == *device))
        };
        let mut with_devices = 0;
        for package in members(&metadata, "crates") {
            let has = package["features"].as_object().unwrap().contains_key("cuda");
            with_devices += usize::from(has);
            let docs = &package["metadata"]["docs"]["rs"];
            assert!(!(has && docs["all-features"].as_bool().unwrap_or(false)), "{}", package["name"]);
            let default = package["features"]["default"].as_array().into_iter().flatten();
            let mut asked = docs["features"].as_array().into_iter().flatten().chain(default);
            assert!(!asked.any(is_device), "{}", package["name"]);
        }
        assert_eq!(with_devices, 2);
    }
}
