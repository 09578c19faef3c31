//! `ci`: everything that must hold before a change goes in, cheapest first, with the time of every step.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{cargo, members, metadata, name, root, succeed};
use crate::{layers, tidy};

const HELP: &str = "\
Runs everything CI runs, cheapest first, and prints the time of every step. Stops at the first failure.

Usage: cargo xtask ci [--list] [--only A,B]

Options:
  --list        print the steps instead of running them
  --only A,B    run these steps only; `clippy` stands for every step that starts with `clippy`

The feature `ffmpeg` of dream-data needs FFmpeg's development packages, libclang and pkg-config, and the step `deny`
needs cargo-deny: .ci/run installs both. The step `package` needs a clean git tree. The reference outputs are looked
for in $DREAM_SHARED/golden, or ../shared/golden; without them the step `golden` is skipped, or fails where
DREAM_REQUIRE_SHARED=1.

Examples:
  cargo xtask ci
  cargo xtask ci --only fmt,tidy,layers,clippy
";

/// Features that need hardware or a system we do not have; they are only passed on to candle.
const DEVICE_FEATURES: [&str; 5] = ["cuda", "cudnn", "metal", "accelerate", "mkl"];

/// The feature that brings the golden runner.
const GOLDEN: &str = "xtask/golden";

/// The feature that brings networks into the program, which is off so that the README's first command stays quick.
const DEEP: &str = "score-video/deep";

struct Step {
    name: String,
    action: Action,
}

enum Action {
    Cargo { arguments: Vec<String>, environment: Vec<(&'static str, String)> },
    Check(fn(&[String]) -> Result<()>),
    Golden,
}

impl Step {
    /// A cargo command, written as one would type it.
    fn cargo(name: impl Into<String>, line: &str) -> Self {
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        Self { name: name.into(), action: Action::Cargo { arguments, environment: Vec::new() } }
    }

    fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if let Action::Cargo { environment, .. } = &mut self.action {
            environment.push((key, value.into()));
        }
        self
    }

    fn shown(&self) -> String {
        match &self.action {
            Action::Cargo { arguments, .. } => format!("cargo {}", arguments.join(" ")),
            Action::Check(_) => format!("cargo xtask {}", self.name),
            Action::Golden => "cargo xtask golden --dir SHARED/golden".to_owned(),
        }
    }

    fn run(&self) -> Result<()> {
        match &self.action {
            Action::Check(check) => check(&[]),
            Action::Golden => golden(),
            Action::Cargo { arguments, environment } => {
                let mut command = cargo();
                command.args(arguments).envs(environment.iter().map(|(key, value)| (key, value)));
                succeed(&mut command)
            }
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut only: Option<Vec<String>> = None;
    let mut list = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(());
            }
            "--list" => list = true,
            "--only" => {
                let names = rest.next().context("--only needs step names, for example --only fmt,tidy")?;
                only = Some(names.split(',').map(str::to_owned).collect());
            }
            other => bail!("ci does not know `{other}`: see `cargo xtask ci --help`"),
        }
    }
    let steps = chosen(steps(&metadata()?), only.as_deref())?;
    if list {
        for step in &steps {
            println!("{:<34} {}", step.name, step.shown());
        }
        return Ok(());
    }

    let mut times: Vec<(String, Duration)> = Vec::new();
    let began = Instant::now();
    for step in &steps {
        println!("==> {}: {}", step.name, step.shown());
        let start = Instant::now();
        let result = step.run();
        let time = start.elapsed();
        println!(
            "==> {}: {} in {:.1} s",
            step.name,
            if result.is_ok() { "ok" } else { "FAILED" },
            time.as_secs_f64()
        );
        times.push((step.name.clone(), time));
        if let Err(error) = result {
            print_times(&times, began.elapsed());
            return Err(error.context(format!("step {} failed; again with: {}", step.name, step.shown())));
        }
    }
    print_times(&times, began.elapsed());
    Ok(())
}

fn print_times(times: &[(String, Duration)], total: Duration) {
    println!("\ntime of every step, in seconds");
    for (name, time) in times {
        println!("{:>8.1}  {name}", time.as_secs_f64());
    }
    println!("{:>8.1}  total", total.as_secs_f64());
}

/// The steps that `only` names: by their full name or by the word before the first blank.
fn chosen(steps: Vec<Step>, only: Option<&[String]>) -> Result<Vec<Step>> {
    let Some(only) = only else { return Ok(steps) };
    let named =
        |step: &Step, wanted: &str| step.name == wanted || step.name.split(' ').next() == Some(wanted);
    if let Some(unknown) = only.iter().find(|wanted| !steps.iter().any(|step| named(step, wanted))) {
        bail!("there is no step `{unknown}`: see `cargo xtask ci --list`");
    }
    Ok(steps.into_iter().filter(|step| only.iter().any(|wanted| named(step, wanted))).collect())
}

/// All steps. Feature sets come from the manifests, so that a new feature cannot be forgotten here.
fn steps(metadata: &Value) -> Vec<Step> {
    let crates = members(metadata, "crates");
    let mut steps = vec![
        Step::cargo("fmt", "fmt --all --check"),
        Step { name: "tidy".into(), action: Action::Check(tidy::run) },
        Step { name: "layers".into(), action: Action::Check(layers::run) },
    ];

    let table = "run --quiet --package xtask --features features --bin xtask-features -- --check";
    steps.push(Step::cargo("features-table", table));

    // Built together, members share the features of their dependencies, so each feature set of a crate is also checked
    // alone. A crate without features is built alone by the step `package`.
    let strict = "--all-targets --locked -- -D warnings";
    steps.push(Step::cargo("clippy workspace", &format!("clippy --workspace --features {GOLDEN} {strict}")));
    steps
        .push(Step::cargo("clippy deep", &format!("clippy --workspace --features {GOLDEN},{DEEP} {strict}")));
    for package in crates.iter().filter(|package| !features(package).is_empty()) {
        let (name, features) = (name(package), features(package));
        steps.push(Step::cargo(
            format!("clippy {name}"),
            &format!("clippy -p {name} --no-default-features {strict}"),
        ));
        let together = (features.len() > 1).then(|| features.join(","));
        for set in features.iter().map(|f| (*f).to_owned()).chain(together) {
            let line = format!("clippy -p {name} --no-default-features --features {set} {strict}");
            steps.push(Step::cargo(format!("clippy {name} {set}"), &line));
        }
    }

    // The second command of the README, as it stands there.
    steps.push(Step::cargo("test workspace", "test --workspace"));
    for package in crates.iter().filter(|package| !features(package).is_empty()) {
        let (name, set) = (name(package), features(package).join(","));
        steps.push(Step::cargo(format!("test {name} {set}"), &format!("test -p {name} --features {set}")));
    }
    // The whole workspace again, though one program is tested: with `-p xtask` candle would be compiled once more.
    let line = format!("test --workspace --features {GOLDEN} --bin xtask-golden");
    steps.push(Step::cargo("test golden", &line));

    let line = format!("test --workspace --features {GOLDEN},{DEEP} --bin score-video --test networks");
    steps.push(Step::cargo("test deep", &line));

    // A workspace of its own, which no other step compiles. Its lock file is not kept.
    let fuzz = Step::cargo("fuzz", "check --manifest-path fuzz/Cargo.toml");
    steps.push(fuzz.with("CARGO_TARGET_DIR", target(metadata).join("fuzz").display().to_string()));

    let doc = Step::cargo("doc", "doc --workspace --no-deps --locked");
    steps.push(doc.with("RUSTDOCFLAGS", "-D warnings"));
    steps.push(Step { name: "golden".into(), action: Action::Golden });

    let packages: Vec<String> = crates.iter().map(|package| format!("-p {}", name(package))).collect();
    // A package is built in a workspace of its own: without debug information, and in a folder that is used again.
    let package = Step::cargo("package", &format!("package --locked {}", packages.join(" ")));
    let target = target(metadata).display().to_string();
    steps.push(package.with("CARGO_TARGET_DIR", target).with("CARGO_PROFILE_DEV_DEBUG", "false"));

    steps.push(Step::cargo("deny", "deny check --hide-inclusion-graph licenses bans sources"));
    steps
}

/// Where cargo writes.
fn target(metadata: &Value) -> PathBuf {
    metadata["target_directory"].as_str().map_or_else(|| root().join("target"), PathBuf::from)
}

/// The features of a package that can be built here, without `default` and implicit ones.
fn features(package: &Value) -> Vec<&str> {
    let declared = package["features"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    declared.filter(|name| *name != "default" && !DEVICE_FEATURES.contains(name)).collect()
}

fn golden() -> Result<()> {
    let shared = std::env::var_os("DREAM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let golden = shared.join("golden");
    if !golden.is_dir() {
        if std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1") {
            bail!(
                "{} is absent and DREAM_REQUIRE_SHARED=1: point DREAM_SHARED at the reference data",
                golden.display()
            );
        }
        println!(
            "SKIPPED: no reference outputs at {}; set DREAM_SHARED to compare with them",
            golden.display()
        );
        return Ok(());
    }
    // As in the step `test golden`: nothing but the program itself is compiled here.
    succeed(cargo().args(["build", "--workspace", "--features", GOLDEN, "--bin", "xtask-golden"]))?;
    let program =
        target(&metadata()?).join("debug").join(format!("xtask-golden{}", std::env::consts::EXE_SUFFIX));
    succeed(Command::new(program).current_dir(root()).arg("--dir").arg(golden))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.name.as_str()).collect()
    }

    #[test]
    fn every_feature_set_of_a_crate_is_checked() {
        let manifest = root().join("crates/a/Cargo.toml");
        let package = json!({ "name": "a", "manifest_path": manifest, "features": { "default": [], "cuda": [], "x": [], "y": [] } });
        let all = steps(&json!({ "packages": [package] }));
        let clippy = chosen(all, Some(&["clippy".to_owned()])).unwrap();
        assert_eq!(
            names(&clippy),
            ["clippy workspace", "clippy deep", "clippy a", "clippy a x", "clippy a y", "clippy a x,y"]
        );
        assert!(clippy.iter().all(|step| step.shown().ends_with("-- -D warnings")));
    }

    #[test]
    fn unknown_steps_are_an_error() {
        let all = || steps(&json!({ "packages": [] }));
        assert_eq!(names(&chosen(all(), Some(&["doc".into(), "fmt".into()])).unwrap()), ["fmt", "doc"]);
        assert!(chosen(all(), Some(&["fmt".into(), "nonsense".into()])).is_err());
    }
}
