//! Steps of `ci` on code outside the workspace: the fuzz targets, and the packages as users get them. Both reuse the
//! libraries that the workspace has compiled.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::print::say;
use crate::workspace::{cargo, members, metadata, name, root, succeed, target};

/// Checks the fuzz targets with the versions, the profile and the target folder of the workspace.
pub(crate) fn fuzz() -> Result<()> {
    let (manifest, lock) = (root().join("Cargo.toml"), "Cargo.lock");
    let folder = root().join("fuzz");
    fs::copy(root().join(lock), folder.join(lock)).context("cannot copy Cargo.lock to fuzz")?;
    let mut command = cargo();
    command.args(["check", "--manifest-path"]).arg(folder.join("Cargo.toml")).arg("--config").arg(manifest);
    succeed(command.env("CARGO_TARGET_DIR", target()?))
}

/// The largest package, compressed, in bytes. The embedded models and word lists of dream-models take 0.8 MB of its 1.1;
/// test data must not.
const LARGEST: u64 = 5 << 18;

/// Packs the crates and compiles the packages and the tests in them, in a copy of the workspace that has them in place of
/// its crates. It fails if a package lacks a file, or is large.
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
    for part in ["Cargo.toml", "Cargo.lock", "benches", "examples", "xtask"] {
        copy_all(&root().join(part), &copy.join(part))?;
    }
    for package in &crates {
        let version = package["version"].as_str().unwrap_or_default();
        let packed = format!("{}/package/{}-{version}.crate", target.display(), name(package));
        let size = fs::metadata(&packed).with_context(|| packed.clone())?.len();
        say!("package: {}: {} kB", name(package), size.div_ceil(1000));
        if size > LARGEST {
            bail!(
                "{packed} has {size} bytes, {LARGEST} are allowed: exclude what users do not need in its Cargo.toml"
            );
        }
        let folder = copy.join("crates").join(name(package));
        fs::create_dir_all(&folder)?;
        // In a package all files have one old time, by which cargo would take what it compiled last time for new.
        let mut unpack = Command::new("tar");
        unpack.arg("-xmzf").arg(&packed).arg("-C").arg(folder).args(["--strip-components", "1"]);
        succeed(&mut unpack)?;
    }
    let check = |arguments: &mut dyn Iterator<Item = &str>| {
        let mut check = cargo();
        check.args(["check", "--manifest-path"]).arg(copy.join("Cargo.toml")).args(arguments);
        succeed(check.env("CARGO_TARGET_DIR", &target))
    };
    check(&mut ["--workspace", "--lib"].into_iter())?;
    let crates = crates.iter().flat_map(|package| ["-p", name(package)]);
    check(&mut ["--tests", "-p", "unify"].into_iter().chain(crates))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let shown = || format!("cannot copy {}", from.display());
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap_or(to)).with_context(shown)?;
        return fs::copy(from, to).map(|_| ()).with_context(shown);
    }
    for entry in fs::read_dir(from).with_context(shown)? {
        let entry = entry.with_context(shown)?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
