//! `metal-check`: type-checks the code for Apple's GPUs on a machine without one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Tool, files, folder, need, need_linux, once, value};
use crate::print::say;
use crate::workspace::{cargo, output, succeed};

const HELP: &str = "\
Type-checks dream-loss and dream-models with feature `metal` for aarch64-apple-darwin, on x86-64 Linux.

Usage: cargo xtask metal-check [--dir DIR]

rustup's standard library for that target is not needed: Debian's packages of the Rust compiler include its sources, and
cargo checks those. The packages are unpacked into a folder and not installed. Linking, shaders (compiled on the Mac
when the program runs) and results are not checked.

Options:
  --dir DIR     where packages, compiler and cargo's output go (default: target/metal); delete it to start afresh

Needs apt-get and dpkg (Debian 12 or later, package lists up to date), 140 MB of downloads, 2 GB of disk, about 5 minutes
of processor time.

Example:
  cargo xtask metal-check
";

/// The packages to unpack. The standard library's package has the version in its name.
const PACKAGES: [&str; 5] =
    ["rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src", "libllvm22"];

const TARGET: &str = "aarch64-apple-darwin";

const TOOLS: [Tool; 2] = [
    Tool {
        name: "apt-get",
        probe: &["apt-get", "--version"],
        remedy: "metal-check takes its compiler from Debian's packages",
    },
    Tool {
        name: "dpkg",
        probe: &["dpkg", "--version"],
        remedy: "metal-check takes its compiler from Debian's packages",
    },
];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(dir) = parse(arguments)? else {
        say!("{}", HELP.trim_end());
        return Ok(());
    };
    need_linux("metal-check")?;
    need(&TOOLS)?;
    let dir = folder(dir, "metal")?;
    let compiler = compiler(&dir)?;
    say!("==> {}", output(&mut compiler.rustc("--version"))?.trim());
    let mut command = cargo();
    command.args(line()).envs(compiler.environment()).env("CARGO_TARGET_DIR", dir.join("target"));
    say!("==> cargo {}", line().join(" "));
    succeed(&mut command).context("the type check for Metal failed")?;
    say!(
        "==> ok: dream-loss and dream-models type-check for {TARGET} with `metal`; nothing was linked or run"
    );
    Ok(())
}

/// `None` asks for help.
fn parse(arguments: &[String]) -> Result<Option<Option<PathBuf>>> {
    let (mut dir, mut rest) = (None, arguments.iter());
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-h" | "--help" => return Ok(None),
            "--dir" => dir = Some(value("--dir", &mut rest, "target/metal")?.into()),
            other => bail!("metal-check does not know `{other}`: see `cargo xtask metal-check --help`"),
        }
    }
    Ok(Some(dir))
}

fn line() -> Vec<&'static str> {
    let line = "check -Zbuild-std=std,panic_abort --target aarch64-apple-darwin -p dream-loss -p dream-models \
                --features dream-loss/metal,dream-models/metal";
    line.split_whitespace().collect()
}

/// An unpacked compiler, which looks for its libraries and its standard library next to itself.
struct Compiler {
    root: PathBuf,
}

impl Compiler {
    fn environment(&self) -> [(&'static str, OsString); 3] {
        let usr = self.root.join("usr");
        [
            ("RUSTC", usr.join("bin/rustc").into()),
            // Replaces the value that cargo sets, which would find the libraries of another compiler first.
            ("LD_LIBRARY_PATH", usr.join("lib/x86_64-linux-gnu").into()),
            // Building the standard library is an unstable option of cargo.
            ("RUSTC_BOOTSTRAP", "1".into()),
        ]
    }

    fn rustc(&self, argument: &str) -> Command {
        let mut command = Command::new(self.root.join("usr/bin/rustc"));
        command.arg(argument).envs(self.environment());
        command
    }
}

fn compiler(dir: &Path) -> Result<Compiler> {
    let packages = once(dir, "packages", &PACKAGES, |place| {
        say!("==> apt-get download {}", PACKAGES.join(" "));
        succeed(Command::new("apt-get").arg("download").args(PACKAGES).current_dir(place)).context(
            "cannot download the packages: run `apt-get update`; they are in Debian 12 with its security updates",
        )
    })?;
    let root = once(dir, "root", &PACKAGES, |place| {
        for package in files(&packages, "deb")? {
            succeed(Command::new("dpkg").arg("-x").arg(&package).arg(place))
                .with_context(|| format!("cannot unpack {}", package.display()))?;
        }
        Ok(())
    })?;
    Ok(Compiler { root })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let parse = |line: &str| parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parse("").unwrap(), Some(None));
        assert_eq!(parse("--dir a").unwrap(), Some(Some("a".into())));
        assert_eq!(parse("--dir a --help").unwrap(), None);
        assert!(parse("--dir").unwrap_err().to_string().contains("target/metal"));
        assert!(parse("nonsense").unwrap_err().to_string().contains("`nonsense`"));
    }

    #[test]
    fn the_compiler_is_the_unpacked_one() {
        let compiler = Compiler { root: "/x".into() };
        let command = compiler.rustc("-V");
        assert_eq!(command.get_program(), "/x/usr/bin/rustc");
        assert!(compiler.environment().iter().any(|(key, _)| *key == "RUSTC"));
        assert!(line().contains(&TARGET));
    }
}
