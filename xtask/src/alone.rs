//! Steps of `ci` on what is no member of the workspace: the fuzz targets, and the packages as users get them. Both take
//! the libraries that the workspace has compiled.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{cargo, members, metadata, name, root, succeed, target};

/// Checks the fuzz targets: with the versions, the profile and the folder of the workspace.
pub(crate) fn fuzz() -> Result<()> {
    let (manifest, lock) = (root().join("Cargo.toml"), "Cargo.lock");
    let folder = root().join("fuzz");
    fs::copy(root().join(lock), folder.join(lock)).context("cannot copy Cargo.lock to fuzz")?;
    let mut command = cargo();
    command.args(["check", "--manifest-path"]).arg(folder.join("Cargo.toml")).arg("--config").arg(manifest);
    succeed(command.env("CARGO_TARGET_DIR", target()?))
}

/// Packs the crates, and compiles what is in the packages: in a copy of the last commit that has them in place of its
/// crates. A file that a package lacks is an error then.
pub(crate) fn package() -> Result<()> {
    let metadata = metadata()?;
    let crates = members(&metadata, "crates");
    let mut pack = cargo();
    pack.args(["package", "--locked", "--no-verify"]);
    succeed(pack.args(crates.iter().flat_map(|package| ["-p", name(package)])))?;

    let (target, copy) = (target()?, target()?.join("package/workspace"));
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| format!("cannot empty {}", copy.display()))?;
    }
    fs::create_dir_all(&copy).with_context(|| format!("cannot create {}", copy.display()))?;
    let archive = target.join("package/workspace.tar");
    let mut commit = Command::new("git");
    succeed(commit.current_dir(root()).args(["archive", "HEAD", "--output"]).arg(&archive))?;
    unpack(&archive, &copy, &[])?;
    for package in crates {
        let version = package["version"].as_str().unwrap_or_default();
        let packed = target.join(format!("package/{}-{version}.crate", name(package)));
        let folder = copy.join("crates").join(name(package));
        fs::remove_dir_all(&folder).with_context(|| format!("no {} in the commit", folder.display()))?;
        fs::create_dir(&folder)?;
        unpack(&packed, &folder, &["--strip-components", "1"])?;
    }
    let mut check = cargo();
    check.args(["check", "--workspace", "--lib", "--manifest-path"]).arg(copy.join("Cargo.toml"));
    succeed(check.env("CARGO_TARGET_DIR", target))
}

fn unpack(archive: &Path, folder: &Path, options: &[&str]) -> Result<()> {
    succeed(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(folder).args(options))
}
