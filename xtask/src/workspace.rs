//! Where the workspace is, and how cargo is called on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The workspace root: the folder above this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// The cargo that runs us, in the workspace root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// What a command prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown} does not print UTF-8"))
}

/// Runs a command that prints for itself.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if status.success() { Ok(()) } else { bail!("{status}") }
}

/// `cargo metadata` without the dependency graph: members, their declared dependencies and features.
pub(crate) fn metadata() -> Result<Value> {
    let text = output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    serde_json::from_str(&text).context("cargo metadata does not print JSON")
}

/// Where cargo writes.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(metadata()?["target_directory"].as_str().map_or_else(|| root().join("target"), PathBuf::from))
}

/// The member packages below `folder`.
pub(crate) fn members<'a>(metadata: &'a Value, folder: &str) -> Vec<&'a Value> {
    let base = root().join(folder);
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let inside =
        |package: &&Value| package["manifest_path"].as_str().is_some_and(|p| Path::new(p).starts_with(&base));
    packages.iter().filter(inside).collect()
}

/// The name of a package or dependency.
pub(crate) fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// Builds a program of this package that needs a feature, and hands over to it.
pub(crate) fn hand_over(feature: &str, program: &str, arguments: &[String]) -> Result<()> {
    let fixed = ["run", "--quiet", "--package", "xtask", "--features", feature, "--bin", program, "--"];
    // A directory among the arguments is relative to the user's current folder.
    let mut command = cargo();
    command.current_dir(std::env::current_dir()?).args(fixed).args(arguments);
    match command.status().context("cannot start cargo")? {
        status if status.success() => Ok(()),
        _ => bail!("{feature} failed"),
    }
}
