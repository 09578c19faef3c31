//! `ci`: every check that a change must pass, cheapest first, with the time of each step.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::print::say;
use crate::workspace::{cargo, members, metadata, name, output, root, succeed, target};
use crate::{alone, layers, outside, readme, tidy};

const HELP: &str = "\
Runs everything CI runs, cheapest first, and prints the time of each step. Stops at the first failure.

Usage: cargo xtask ci [--list] [--only A,B]

Options:
  --list        print the steps instead of running them
  --only A,B    run these steps only; `clippy` means every step whose name starts with `clippy`

The feature `ffmpeg` of dream-data needs FFmpeg's development packages, libclang and pkg-config, and the step `deny`
needs cargo-deny: .ci/run installs both. The step `package` needs a clean git tree. The reference outputs are
expected in $DREAM_SHARED/golden, or ../shared/golden; without them the step `golden` is skipped, or fails if
DREAM_REQUIRE_SHARED=1.

Examples:
  cargo xtask ci
  cargo xtask ci --only fmt,tidy,layers,clippy
";

/// Features that need hardware or a system we do not have; they are only passed on to candle.
const DEVICE_FEATURES: [&str; 5] = ["cuda", "cudnn", "metal", "accelerate", "mkl"];

/// Features that are tested with their crate alone, unless the workspace switches them on. The libraries of `ffmpeg`
/// ask for other features of candle's dependencies; `rayon` changes a crate that many others need. With either, most
/// of the workspace would be compiled once more.
const APART: [&str; 2] = ["ffmpeg", "rayon"];

struct Step {
    name: String,
    action: Action,
}

enum Action {
    Cargo {
        arguments: Vec<String>,
        environment: Vec<(&'static str, String)>,
    },
    Check(fn(&[String]) -> Result<()>),
    /// A program of `Programs`, built with the cargo arguments `build`.
    Golden {
        build: String,
    },
    FeaturesTable {
        build: String,
    },
    Outside {
        build: String,
    },
    Readme {
        build: String,
    },
    Fuzz,
    Package,
}

impl Step {
    /// A cargo command, written as you would type it.
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
            Action::Golden { .. } => "cargo xtask golden --dir SHARED/golden".to_owned(),
            Action::FeaturesTable { .. } => "cargo xtask features-table --check".to_owned(),
            Action::Outside { .. } | Action::Readme { .. } | Action::Fuzz | Action::Package => {
                format!("cargo xtask ci --only {}", self.name)
            }
        }
    }

    fn run(&self) -> Result<()> {
        match &self.action {
            Action::Check(check) => check(&[]),
            Action::Golden { build } => golden(build),
            Action::Outside { build } => {
                succeed(cargo().args(build.split_whitespace()))?;
                let folder = target()?.join("debug");
                outside::run(&|| program(&folder, "score-video"))
            }
            Action::Readme { build } => {
                // Programs are built for the tests from outside. Those with more features come last.
                succeed(cargo().args(["test", "--workspace", "--no-run"]))?;
                succeed(cargo().args(build.split_whitespace()))?;
                readme::run()
            }
            Action::Fuzz => alone::fuzz(),
            Action::Package => alone::package(),
            Action::FeaturesTable { build } => succeed(built(build, "xtask-features")?.arg("--check")),
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
                say!("{}", HELP.trim_end());
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
    let steps = chosen(steps(&metadata()?, &unified()?), only.as_deref())?;
    if list {
        for step in &steps {
            say!("{:<34} {}", step.name, step.shown());
        }
        return Ok(());
    }

    let mut times: Vec<(String, Duration)> = Vec::new();
    let began = Instant::now();
    for step in &steps {
        say!("==> {}: {}", step.name, step.shown());
        let start = Instant::now();
        let result = step.run();
        let time = start.elapsed();
        say!(
            "==> {}: {} in {:.1} s",
            step.name,
            if result.is_ok() { "ok" } else { "FAILED" },
            time.as_secs_f64()
        );
        times.push((step.name.clone(), time));
        if let Err(error) = result {
            print_times(&times, began.elapsed());
            return Err(error.context(format!("step {} failed; retry with: {}", step.name, step.shown())));
        }
    }
    print_times(&times, began.elapsed());
    Ok(())
}

fn print_times(times: &[(String, Duration)], total: Duration) {
    say!("\ntime of every step, in seconds");
    for (name, time) in times {
        say!("{:>8.1}  {name}", time.as_secs_f64());
    }
    say!("\nby kind");
    for (kind, time, steps) in by_kind(times) {
        say!("{:>8.1}  {kind} ({steps})", time.as_secs_f64());
    }
    say!("{:>8.1}  total", total.as_secs_f64());
}

/// The steps grouped by the first word of their names: longest first, with the number of steps.
fn by_kind(times: &[(String, Duration)]) -> Vec<(&str, Duration, usize)> {
    let mut kinds: Vec<(&str, Duration, usize)> = Vec::new();
    for (name, time) in times {
        let kind = name.split(' ').next().unwrap_or(name);
        match kinds.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, sum, steps)) => (*sum, *steps) = (*sum + *time, *steps + 1),
            None => kinds.push((kind, *time, 1)),
        }
    }
    kinds.sort_by_key(|(_, time, _)| Reverse(*time));
    kinds
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

/// All steps. Feature sets come from the manifests, so that a new feature cannot be forgotten here. `unified` says which
/// features each member has when the whole workspace is built.
///
/// Compiling the tensor library takes the most time: once for each set of features that cargo works out for the crates
/// it needs. That set depends on which packages are selected, and on whether a test is among the targets (features
/// of development dependencies). So nearly everything here selects the whole workspace and at least one test.
fn steps(metadata: &Value, unified: &Features) -> Vec<Step> {
    let crates = members(metadata, "crates");
    let programs = Extra::programs(metadata);
    let mut steps = vec![
        Step::cargo("fmt", "fmt --all --check"),
        Step { name: "tidy".into(), action: Action::Check(tidy::run) },
        Step { name: "layers".into(), action: Action::Check(layers::run) },
    ];

    // Built together, members share the features of their dependencies, so each feature set of a crate is also checked
    // alone: only with `unify`, which the crates do not depend on.
    let strict = "--all-targets --locked -- -D warnings";
    steps.push(Step::cargo("clippy workspace", &format!("clippy --workspace {strict}")));
    let line = format!("clippy --workspace --features {} {strict}", programs.features);
    steps.push(Step::cargo("clippy programs", &line));
    for package in &crates {
        let (name, features) = (name(package), features(package));
        steps.push(Step::cargo(
            format!("clippy {name}"),
            &format!("clippy -p {name} -p unify --no-default-features {strict}"),
        ));
        let together = (features.len() > 1).then(|| features.join(","));
        for set in features.iter().map(|f| (*f).to_owned()).chain(together) {
            let set_of =
                set.split(',').map(|feature| format!("{name}/{feature}")).collect::<Vec<_>>().join(",");
            let line =
                format!("clippy -p {name} -p unify --no-default-features --features {set_of} {strict}");
            steps.push(Step::cargo(format!("clippy {name} {set}"), &line));
        }
    }

    // The second command of the README, word for word.
    steps.push(Step::cargo("test workspace", "test --workspace"));
    // Everything that needs more features, with one set of them: the crates and their dependencies are compiled once
    // more, not once for the programs and once for the crates.
    let (together, apart) = feature_tests(&crates, unified);
    let more = together.and(&programs);
    let set = format!("--workspace --features {}", more.features);
    if !more.features.is_empty() {
        steps.push(Step::cargo("test features", &format!("test {set} {}", more.targets)));
    }
    let build = || format!("build {set} {}", more.targets);
    steps.push(Step { name: "golden".into(), action: Action::Golden { build: build() } });
    steps.push(Step { name: "features-table".into(), action: Action::FeaturesTable { build: build() } });
    steps.push(Step { name: "outside".into(), action: Action::Outside { build: build() } });
    steps.push(Step { name: "readme".into(), action: Action::Readme { build: build() } });
    if !together.features.is_empty() {
        steps.push(Step::cargo("test features-doc", &format!("test {set} --doc")));
    }
    steps.extend(apart);

    steps.push(Step { name: "fuzz".into(), action: Action::Fuzz });

    let doc = Step::cargo("doc", "doc --workspace --no-deps --locked");
    steps.push(doc.with("RUSTDOCFLAGS", "-D warnings"));

    steps.push(Step { name: "package".into(), action: Action::Package });

    steps.push(Step::cargo("deny", "deny check --hide-inclusion-graph licenses bans sources"));
    steps
}

/// Tests of the crates with the features that the workspace as a whole does not switch on; and the steps of crates
/// whose features would change the dependencies of others.
fn feature_tests(crates: &[&Value], unified: &Features) -> (Extra, Vec<Step>) {
    let (mut together, mut targets, mut apart) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for package in crates {
        let (name, all) = (name(package), features(package));
        let off = |feature: &&&str| !unified.get(name).is_some_and(|on| on.contains(**feature));
        if all.iter().filter(off).any(|feature| APART.contains(feature)) {
            let set = all.join(",");
            let prefixed =
                all.iter().map(|feature| format!("{name}/{feature}")).collect::<Vec<_>>().join(",");
            let line = format!("test -p {name} -p unify --features {prefixed}");
            apart.push(Step::cargo(format!("test {name} {set}"), &line));
        } else if all.iter().any(|feature| off(&feature)) {
            together.extend(all.iter().map(|feature| format!("{name}/{feature}")));
            targets.insert("--lib".to_owned());
            targets.extend(targets_of(package, "test").map(|(test, _)| format!("--test {test}")));
        }
    }
    (Extra::new(together, targets), apart)
}

/// What `cargo test --workspace` leaves out: features, and the targets to test with them.
struct Extra {
    /// `package/feature`, separated by commas.
    features: String,
    /// Arguments of cargo.
    targets: String,
}

impl Extra {
    fn new(features: BTreeSet<String>, targets: BTreeSet<String>) -> Self {
        let joined = |set: BTreeSet<String>, between| set.into_iter().collect::<Vec<_>>().join(between);
        Self { features: joined(features, ","), targets: joined(targets, " ") }
    }

    /// The features and the targets of both.
    fn and(&self, other: &Self) -> Self {
        let join = |one: &str, other: &str, between: &str| {
            [one, other].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
        };
        Self {
            features: join(&self.features, &other.features, ","),
            targets: join(&self.targets, &other.targets, " "),
        }
    }

    /// From packages outside crates/: targets that need a feature, and the programs of those packages with it.
    fn programs(metadata: &Value) -> Self {
        let (mut features, mut chosen) = (BTreeSet::new(), BTreeSet::new());
        for package in ["examples", "xtask"].iter().flat_map(|folder| members(metadata, folder)) {
            let all = || {
                targets_of(package, "bin")
                    .map(|t| ("bin", t))
                    .chain(targets_of(package, "test").map(|t| ("test", t)))
            };
            let needed: Vec<String> = all().flat_map(|(_, (_, needs))| needs).collect();
            if needed.is_empty() {
                continue;
            }
            features.extend(needed.iter().map(|feature| format!("{}/{feature}", name(package))));
            let left_out = all().filter(|(kind, (_, needs))| *kind == "bin" || !needs.is_empty());
            chosen.extend(left_out.map(|(kind, (target, _))| format!("--{kind} {target}")));
        }
        Self::new(features, chosen)
    }
}

/// The targets of one kind, and the features that each one needs and a package has not by default.
fn targets_of<'a>(package: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a str, Vec<String>)> {
    let words = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let given = words(&package["features"]["default"]);
    let targets = package["targets"].as_array().into_iter().flatten();
    let chosen = targets.filter(move |target| words(&target["kind"]).iter().any(|word| word == kind));
    chosen.map(move |target| {
        let needed =
            words(&target["required-features"]).into_iter().filter(|feature| !given.contains(feature));
        (name(target), needed.collect())
    })
}

/// The features of each member when the whole workspace is built and tested.
type Features = BTreeMap<String, BTreeSet<String>>;

fn unified() -> Result<Features> {
    let fixed = ["tree", "--workspace", "--depth", "1", "--edges", "normal,build,dev"];
    let shape = ["--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"];
    let text = output(cargo().args(fixed).args(shape))?;
    let mut found = Features::new();
    for (package, features) in text.lines().filter_map(|line| line.split_once('|')) {
        let name = package.split(' ').next().unwrap_or(package);
        found.entry(name.to_owned()).or_default().extend(features.split(',').map(str::to_owned));
    }
    Ok(found)
}

/// The features of a package that can be built here, without `default` and implicit ones.
fn features(package: &Value) -> Vec<&str> {
    let declared = package["features"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    declared.filter(|name| *name != "default" && !DEVICE_FEATURES.contains(name)).collect()
}

fn golden(build: &str) -> Result<()> {
    let shared = std::env::var_os("DREAM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let golden = shared.join("golden");
    if !golden.is_dir() {
        if std::env::var("DREAM_REQUIRE_SHARED").is_ok_and(|v| v == "1") {
            bail!(
                "{} is absent and DREAM_REQUIRE_SHARED=1: point DREAM_SHARED at the reference data",
                golden.display()
            );
        }
        say!("SKIPPED: no reference outputs at {}; set DREAM_SHARED to compare with them", golden.display());
        return Ok(());
    }
    succeed(built(build, "xtask-golden")?.arg("--dir").arg(golden))
}

/// Builds the programs with the features and targets of the step `test features`, so that only the programs themselves
/// are compiled here, and returns the command for one of them.
fn built(build: &str, program: &str) -> Result<Command> {
    succeed(cargo().args(build.split_whitespace()))?;
    Ok(self::program(&target()?.join("debug"), program))
}

fn program(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    command.current_dir(root());
    command
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
        let all = steps(&json!({ "packages": [package] }), &Features::new());
        let clippy = chosen(all, Some(&["clippy".to_owned()])).unwrap();
        assert_eq!(
            names(&clippy),
            ["clippy workspace", "clippy programs", "clippy a", "clippy a x", "clippy a y", "clippy a x,y"]
        );
        assert!(clippy.iter().all(|step| step.shown().ends_with("-- -D warnings")));
    }

    #[test]
    fn unknown_steps_are_an_error() {
        let all = || steps(&json!({ "packages": [] }), &Features::new());
        assert_eq!(names(&chosen(all(), Some(&["doc".into(), "fmt".into()])).unwrap()), ["fmt", "doc"]);
        assert!(chosen(all(), Some(&["fmt".into(), "nonsense".into()])).is_err());
    }

    #[test]
    fn what_the_workspace_leaves_out_is_tested() {
        let manifest = |folder: &str| root().join(folder).join("Cargo.toml");
        let test = |name: &str| json!({ "name": name, "kind": ["test"] });
        let packages = json!([
            { "name": "a", "manifest_path": manifest("crates/a"), "features": { "x": [], "y": [] }, "targets": [test("t")] },
            { "name": "b", "manifest_path": manifest("crates/b"), "features": { "z": [] }, "targets": [test("u")] },
            { "name": "c", "manifest_path": manifest("crates/c"), "features": { "z": [], "ffmpeg": [] }, "targets": [] },
            { "name": "d", "manifest_path": manifest("crates/d"), "features": { "rayon": [] }, "targets": [test("v")] },
            { "name": "e", "manifest_path": manifest("crates/e"), "features": { "rayon": [] }, "targets": [test("w")] },
            { "name": "p", "manifest_path": manifest("examples/p"), "features": { "default": ["program"] }, "targets": [
                { "name": "p", "kind": ["bin"], "required-features": ["program"] },
                test("cli"),
                { "name": "nets", "kind": ["test"], "required-features": ["deep"] },
            ] },
            { "name": "q", "manifest_path": manifest("examples/q"), "features": {}, "targets": [test("cli")] },
        ]);
        let on = |name: &str, features: &[&str]| {
            (name.to_owned(), features.iter().map(|feature| (*feature).to_owned()).collect())
        };
        let unified =
            [on("a", &["default", "x"]), on("b", &["z"]), on("c", &["z"]), on("d", &["rayon"])].into();
        let all = steps(&json!({ "packages": packages }), &unified);
        let tests = chosen(all, Some(&["test".to_owned()])).unwrap();
        let lines: Vec<String> = tests.iter().map(Step::shown).collect();
        assert_eq!(
            lines,
            [
                "cargo test --workspace",
                "cargo test --workspace --features a/x,a/y,p/deep --lib --test t --bin p --test nets",
                "cargo test --workspace --features a/x,a/y,p/deep --doc",
                "cargo test -p c -p unify --features c/ffmpeg,c/z",
                "cargo test -p e -p unify --features e/rayon",
            ]
        );
    }

    #[test]
    fn times_are_summed_by_kind() {
        let times = [("test a", 2), ("fmt", 3), ("test b c", 4)];
        let times = times.map(|(name, seconds)| (name.to_owned(), Duration::from_secs(seconds)));
        let kinds = [("test", Duration::from_secs(6), 2), ("fmt", Duration::from_secs(3), 1)];
        assert_eq!(by_kind(&times), kinds);
    }
}
