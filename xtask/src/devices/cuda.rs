//! `cuda-build`: builds a program for NVIDIA's GPUs on a machine that has neither a GPU nor the toolkit.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Tool, files, folder, need, need_linux, once, stubs, value};
use crate::print::say;
use crate::workspace::{cargo, output, succeed};

const HELP: &str = "\
Builds a program with feature `cuda` of dream-models on x86-64 Linux without a GPU and without the CUDA toolkit.

Usage: cargo xtask cuda-build [OPTIONS]

The compiler comes from NVIDIA's Python wheels (104 MB). The program is linked against stubs of the libraries of the
driver and the toolkit, so it runs only where the real ones are installed (CUDA 13, driver 580 or later).
Prints the size of the stripped program and the libraries that it needs.

Options:
  --check             type-check dream-loss and dream-models (or the program named) and stop: no stubs, no link
  --package P         the package of the program (default: dream-models)
  --example E         the example to build (default: device)
  --bin B             the binary to build, instead of an example
  --features F        more features, separated by commas
  --cap N             compute capability: 90 for Hopper (default), 80 runs on Ampere and everything later
  --dir DIR           where wheels, compiler and cargo's output go (default: target/cuda); delete it to start afresh

Environment: CUDAFORGE_THREADS sets how many kernels are compiled at a time (default: one for each processor).

Needs pip, unzip, gcc, nm and readelf (binutils). The first time, compiling candle's kernels takes about 17 minutes of
processor time, also with `--check`, and a few GB of disk.

Examples:
  cargo xtask cuda-build --check
  cargo xtask cuda-build --example device
  cargo xtask cuda-build --package xtask --bin xtask-golden --features golden --cap 80
";

/// The compiler, its device library and its headers, all of one release: parts of different releases do not fit.
const WHEELS: [&str; 5] = [
    "nvidia-cuda-nvcc==13.0.88",
    "nvidia-nvvm==13.0.88",
    "nvidia-cuda-crt==13.0.88",
    "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-cccl==13.0.85",
];

/// Ways to call pip.
const PIPS: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

const UNZIP: Tool = Tool {
    name: "unzip",
    probe: &["unzip", "-v"],
    remedy: "install it with your system's packages; wheels are zip files",
};
const GCC: Tool = Tool {
    name: "gcc",
    probe: &["gcc", "--version"],
    remedy: "install gcc and g++; the CUDA compiler calls them",
};
const NM: Tool = Tool { name: "nm", probe: &["nm", "--version"], remedy: "install binutils, or use --check" };
const READELF: Tool =
    Tool { name: "readelf", probe: &["readelf", "--version"], remedy: "install binutils, or use --check" };

/// What is built.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Program {
    Example(String),
    Bin(String),
}

impl Program {
    fn arguments(&self) -> [&str; 2] {
        match self {
            Self::Example(name) => ["--example", name],
            Self::Bin(name) => ["--bin", name],
        }
    }

    /// Where cargo puts it.
    fn path(&self, target: &Path) -> PathBuf {
        match self {
            Self::Example(name) => target.join("release/examples").join(name),
            Self::Bin(name) => target.join("release").join(name),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    check: bool,
    package: Option<String>,
    program: Option<Program>,
    features: Option<String>,
    cap: Option<u32>,
    dir: Option<PathBuf>,
}

impl Options {
    /// `None` asks for help.
    fn parse(arguments: &[String]) -> Result<Option<Self>> {
        let (mut options, mut rest) = (Self::default(), arguments.iter());
        while let Some(argument) = rest.next() {
            let mut value = |example| value(argument, &mut rest, example);
            let program = match argument.as_str() {
                "-h" | "--help" => return Ok(None),
                "--check" => {
                    options.check = true;
                    continue;
                }
                "--example" => Program::Example(value("device")?),
                "--bin" => Program::Bin(value("xtask-golden")?),
                other => {
                    match other {
                        "--package" | "-p" => options.package = Some(value("dream-models")?),
                        "--features" => options.features = Some(value("golden")?),
                        "--dir" => options.dir = Some(value("target/cuda")?.into()),
                        "--cap" => options.cap = Some(capability(&value("90")?)?),
                        _ => bail!("cuda-build does not know `{other}`: see `cargo xtask cuda-build --help`"),
                    }
                    continue;
                }
            };
            if options.program.replace(program).is_some() {
                bail!("cuda-build builds one program: name one --example or one --bin");
            }
        }
        if options.package.is_some() && options.program.is_none() {
            bail!("--package needs --example or --bin: cuda-build builds one program");
        }
        Ok(Some(options))
    }

    fn program(&self) -> Program {
        self.program.clone().unwrap_or_else(|| Program::Example("device".to_owned()))
    }

    /// The packages and features of a cargo command.
    fn selection(&self, program: bool) -> Vec<String> {
        let features = |own: &str| match &self.features {
            Some(more) => format!("{own},{more}"),
            None => own.to_owned(),
        };
        let words: Vec<String> = if program {
            let package = self.package.as_deref().unwrap_or("dream-models");
            let [kind, name] = self.program().arguments().map(str::to_owned);
            vec!["-p".into(), package.into(), kind, name, "--features".into(), features("dream-models/cuda")]
        } else {
            let both = features("dream-loss/cuda,dream-models/cuda");
            ["-p", "dream-loss", "-p", "dream-models", "--lib", "--features", &both].map(str::to_owned).into()
        };
        words
    }
}

/// Accepts `90` and also `9.0`, as it is often written.
fn capability(text: &str) -> Result<u32> {
    let cap = text.replacen('.', "", 1).parse().ok().filter(|cap| (75..=129).contains(cap));
    cap.with_context(|| {
        format!("--cap {text} is not a compute capability of CUDA 13 (75 and up), for example --cap 90")
    })
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(options) = Options::parse(arguments)? else {
        say!("{}", HELP.trim_end());
        return Ok(());
    };
    need_linux("cuda-build")?;
    let dir = folder(options.dir.clone(), "cuda")?;
    let pip = PIPS.into_iter().find(|pip| super::starts(&[pip, &["--version"][..]].concat()));
    need(if options.check { &[UNZIP, GCC][..] } else { &[UNZIP, GCC, NM, READELF][..] })?;
    let build =
        Build { home: toolkit(&dir, pip)?, target: dir.join("target"), cap: options.cap.unwrap_or(90) };

    if options.check {
        // Optimised like the program, so that the kernels are compiled once for both.
        build.cargo("check", &options.selection(options.program.is_some()))?;
        say!("==> ok: it type-checks with `cuda`; nothing was linked or run");
        return Ok(());
    }
    build.cargo("build", &Options { features: None, ..Options::default() }.selection(false))?;
    let (deps, library) = (build.target.join("release/deps"), build.home.join("lib"));
    let known = stubs::wanted(&deps)?;
    stubs::write(&known, &library, &build.target)?;
    let selection = options.selection(true);
    if let Err(error) = build.cargo("build", &selection) {
        // A package with other features may call other functions, and they are known only now.
        let more = stubs::wanted(&deps)?;
        if more == known {
            return Err(error);
        }
        stubs::write(&more, &library, &build.target)?;
        build.cargo("build", &selection)?;
    }
    report(&options.program().path(&build.target))
}

/// How cargo is called.
struct Build {
    /// The prefix of the toolkit.
    home: PathBuf,
    target: PathBuf,
    cap: u32,
}

impl Build {
    fn environment(&self) -> Result<Vec<(&'static str, OsString)>> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.home.join("bin")).chain(std::env::split_paths(&path));
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("CUDA_HOME", self.home.clone().into()),
            ("CUDA_COMPUTE_CAP", self.cap.to_string().into()),
            ("PATH", std::env::join_paths(path)?),
            ("CARGO_TARGET_DIR", self.target.clone().into()),
            // The program is copied to another machine.
            ("CARGO_PROFILE_RELEASE_DEBUG", "false".into()),
            ("CARGO_PROFILE_RELEASE_STRIP", "true".into()),
        ];
        if std::env::var_os("CUDAFORGE_THREADS").is_none() {
            let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            environment.push(("CUDAFORGE_THREADS", threads.to_string().into()));
        }
        Ok(environment)
    }

    fn cargo(&self, command: &str, selection: &[String]) -> Result<()> {
        say!("==> cargo {command} --release --locked {}", selection.join(" "));
        let mut cargo = cargo();
        cargo.args([command, "--release", "--locked"]).args(selection).envs(self.environment()?);
        succeed(&mut cargo).with_context(|| format!("cargo {command} with `cuda` failed"))
    }
}

/// The prefix of an unpacked compiler.
fn toolkit(dir: &Path, pip: Option<&[&str]>) -> Result<PathBuf> {
    let wheels = once(dir, "wheels", &WHEELS, |place| {
        let Some((program, first)) = pip.and_then(|pip| pip.split_first()) else {
            bail!("pip is missing: install Python 3 with pip; the CUDA compiler comes as Python wheels")
        };
        say!("==> pip download {}", WHEELS.join(" "));
        let mut command = Command::new(program);
        command.args(first).args(["download", "--quiet", "--no-deps", "-d"]).arg(place).args(WHEELS);
        succeed(&mut command).context("cannot download the wheels of the CUDA compiler")
    })?;
    let root = once(dir, "toolkit", &WHEELS, |place| {
        for wheel in files(&wheels, "whl")? {
            succeed(Command::new("unzip").arg("-qo").arg(&wheel).arg("-d").arg(place))
                .with_context(|| format!("cannot unpack {}", wheel.display()))?;
        }
        let home = home(place);
        // Wheels keep neither file modes nor links.
        for tools in ["bin", "nvvm/bin"] {
            succeed(Command::new("chmod").args(["-R", "+x"]).arg(home.join(tools)))?;
        }
        succeed(Command::new("ln").args(["-sfn", "lib"]).arg(home.join("lib64")))?;
        succeed(Command::new("ln").args(["-sfn", "libcudart.so.13"]).arg(home.join("lib/libcudart.so")))
    })?;
    let home = home(&root);
    let release = output(Command::new(home.join("bin/nvcc")).arg("--version"))?;
    say!("==> nvcc: {}", release.lines().find(|line| line.contains("release")).unwrap_or(&release));
    Ok(home)
}

/// The wheels of CUDA 13 share one prefix.
fn home(root: &Path) -> PathBuf {
    root.join("nvidia/cu13")
}

fn report(program: &Path) -> Result<()> {
    let size =
        std::fs::metadata(program).with_context(|| format!("{} does not exist", program.display()))?.len();
    say!("==> {}: {:.1} MB, stripped", program.display(), size as f64 / 1e6);
    let listing = output(Command::new("readelf").arg("-d").arg(program))?;
    say!("==> needs {}", stubs::needed(&listing).join(", "));
    say!("==> it was not run: copy it to a machine with a GPU, with CUDA 13's libraries in LD_LIBRARY_PATH");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_become_a_cargo_command() {
        let line = |text: &str| {
            let options = parse(text).unwrap().unwrap();
            options.selection(!options.check || options.program.is_some()).join(" ")
        };
        assert_eq!(line(""), "-p dream-models --example device --features dream-models/cuda");
        assert_eq!(
            line("--package xtask --bin xtask-golden --features golden"),
            "-p xtask --bin xtask-golden --features dream-models/cuda,golden"
        );
        assert_eq!(
            line("--check"),
            "-p dream-loss -p dream-models --lib --features dream-loss/cuda,dream-models/cuda"
        );
        assert_eq!(line("--check --example x"), "-p dream-models --example x --features dream-models/cuda");
    }

    #[test]
    fn the_rest_is_kept() {
        let options = parse("--cap 8.0 --dir a/b").unwrap().unwrap();
        assert_eq!((options.cap, options.dir), (Some(80), Some("a/b".into())));
        assert_eq!(parse("--cap 80 --help").unwrap(), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_an_example() {
        for (line, said) in [
            ("--cap hopper", "--cap 90"),
            ("--cap 61", "75 and up"),
            ("--cap", "--cap 90"),
            ("--example", "--example device"),
            ("--example --check", "--example device"),
            ("--example a --bin b", "one program"),
            ("--package a", "--example or --bin"),
            ("--cpa 90", "`--cpa`"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn pip_is_asked_for_only_when_wheels_are_missing() {
        let dir = tempfile::tempdir().unwrap();
        let error = toolkit(dir.path(), None).unwrap_err().to_string();
        assert!(error.contains("pip is missing"), "{error}");
    }

    #[test]
    fn the_compiler_comes_first_in_the_path() {
        let build = Build { home: "/x".into(), target: "/y".into(), cap: 90 };
        let environment = build.environment().unwrap();
        let path = &environment.iter().find(|(key, _)| *key == "PATH").unwrap().1;
        assert_eq!(std::env::split_paths(path).next(), Some("/x/bin".into()));
        assert!(environment.contains(&("CUDA_COMPUTE_CAP", "90".into())));
    }
}
