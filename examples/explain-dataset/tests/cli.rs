//! The program on a small data set, with a network that has learnt nothing.
#![allow(clippy::unwrap_used, reason = "a panic in a test helper is a failed test")]

#[path = "../../print_test.rs"]
mod print_test;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::deep::methods::da_clip::{Config, DaClip, KIND};
use dream_models::deep::train::Params;
use tempfile::TempDir;

struct Scene {
    folder: TempDir,
    data: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = train::testing::tree(folder.path());
        let scene = Self { folder, data };
        scene.checkpoint("model.json", Config::default());
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn checkpoint(&self, name: &str, config: Config) {
        self.seeded(1, name, config);
    }

    fn seeded(&self, seed: u64, name: &str, config: Config) {
        let params = Params::seeded(seed, DType::F32, &Device::Cpu);
        DaClip::new(&config, &params.builder()).unwrap();
        let input = Input { frames: FramePlan::Every { n: 4 }, face: FaceRule::Whole, ..config.input() };
        let contents = Contents {
            kind: KIND.to_owned(),
            config,
            input: Some(input),
            provenance: "random weights of a test",
        };
        Checkpoint::save(self.path(name), &contents, &params.tensors().unwrap()).unwrap();
    }

    fn command(&self, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_explain-dataset"));
        command.arg("--data").arg(&self.data).arg("--weights").arg(self.path("model.json"));
        command.arg("--out").arg(self.path(out)).args([
            "--face-clips",
            "4",
            "--map-clips",
            "12",
            "--examples",
            "2",
            "--pointing-clips",
            "3",
        ]);
        command.args(more);
        command
    }

    /// Runs, expects an exit status, and gives what was said.
    fn run(&self, code: i32, out: &str, more: &[&str]) -> String {
        let output = self.command(out, more).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_eq!(output.status.code(), Some(code), "{text}");
        text
    }
}

/// The results in a folder by name.
fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().unwrap().is_file() && entry.file_name() != "lock");
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

#[test]
fn results_depend_on_neither_threads_nor_an_interruption() {
    let scene = Scene::new();
    let said = scene.run(0, "one", &["--threads", "1"]);
    assert!(said.contains("explained ") && said.contains("Label ratios told from the 13 nearest"), "{said}");
    let one = results(&scene.path("one"));
    let names: Vec<&str> = one.keys().map(String::as_str).collect();
    for name in ["report.html", "table7.csv", "figure12.csv", "figure14.svg", "figure15.svg", "summaries.csv"]
    {
        assert!(names.contains(&name), "{names:?}");
    }
    let table = String::from_utf8(one["table7.csv"].clone()).unwrap();
    // A heading, and fifteen rows for all test clips and for each set.
    assert_eq!(table.lines().count() % 15, 1, "{table}");
    let pointing = String::from_utf8(one["pointing.csv"].clone()).unwrap();
    let shares = pointing.lines().skip(1).flat_map(|line| line.split(',').skip(2));
    let shares: Vec<f64> = shares.map(|share| share.parse().unwrap()).collect();
    assert!(shares.len() == 12 && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{pointing}");
    assert!(shares[1] > 0.0 && pointing.contains("lowers,3,"), "{pointing}");
    let page = String::from_utf8(one["report.html"].clone()).unwrap();
    assert!(page.contains("Stand-in data") && !page.contains("src=") && !page.contains("@import"));
    assert!(page.contains("where it lowers the score most"));
    // Start and end are no words.
    let tokens = String::from_utf8(one["figure12.csv"].clone()).unwrap();
    assert!(tokens.lines().count() > 4 && !tokens.contains("<|"), "{tokens}");
    let home = scene.folder.path().to_str().unwrap();
    assert!(one.values().all(|bytes| !String::from_utf8_lossy(bytes).contains(home)));

    // A run that was cut off while it wrote videos down goes on.
    let cache = scene.path("two").join("cache");
    fs::create_dir_all(&cache).unwrap();
    let mut list = fs::read_dir(scene.path("one").join("cache")).unwrap().map(|entry| entry.unwrap().path());
    let list = list.find(|path| path.extension().is_some_and(|ending| ending == "jsonl")).unwrap();
    let text = fs::read(&list).unwrap();
    fs::write(cache.join(list.file_name().unwrap()), &text[..text.len() / 2]).unwrap();
    let said = scene.run(0, "two", &["--threads", "2"]);
    assert!(said.contains("resumed at video"), "{said}");
    assert_eq!(results(&scene.path("two")), one);
    assert!(scene.run(0, "one", &[]).contains("resumed: all "));
    assert_eq!(results(&scene.path("one")), one);

    print_test::without_reader(
        0,
        || scene.command("one", &[]),
        || {
            assert_eq!(results(&scene.path("one")), one);
        },
    );
}

/// What was kept of a run is taken for the same clips, the same videos and the same checkpoint only.
#[test]
fn what_is_kept_is_that_of_these_videos() {
    let scene = Scene::new();
    let with = |more: &[&'static str]| [&["--token-clips", "2"], more].concat();
    scene.run(0, "kept", &with(&[]));
    // Another split has other clips in its index.
    scene.run(0, "kept", &with(&["--split", "1"]));
    scene.run(0, "fresh", &with(&["--split", "1"]));
    assert_eq!(results(&scene.path("kept")), results(&scene.path("fresh")));
    // Other videos under the same names.
    let before = results(&scene.path("kept"));
    let videos = train::testing::videos(&scene.data);
    for pair in videos.chunks_exact(2) {
        let (one, other) = (fs::read(&pair[0]).unwrap(), fs::read(&pair[1]).unwrap());
        fs::write(&pair[0], other).unwrap();
        fs::write(&pair[1], one).unwrap();
    }
    scene.run(0, "kept", &with(&["--split", "1"]));
    scene.run(0, "again", &with(&["--split", "1"]));
    assert_eq!(results(&scene.path("kept")), results(&scene.path("again")));
    assert_ne!(results(&scene.path("kept"))["figure14.csv"], before["figure14.csv"]);
    // An index of another checkpoint is refused.
    let caches = fs::read_dir(scene.path("fresh").join("cache")).unwrap().map(|entry| entry.unwrap().path());
    let index: Vec<PathBuf> =
        caches.filter(|path| path.extension().is_some_and(|ending| ending == "safetensors")).collect();
    scene.seeded(2, "model.json", Config::default());
    let said = scene.run(2, "other", &["--index", index[0].to_str().unwrap()]);
    assert!(said.contains("the index") && said.contains("checkpoint"), "{said}");
}

/// Real data sets do not say where artifacts are.
#[test]
fn without_planted_artifacts_there_is_no_pointing_game() {
    let scene = Scene::new();
    fs::remove_file(scene.data.join("truth.json")).unwrap();
    let said = scene.run(0, "out", &["--token-clips", "2"]);
    assert!(said.contains("no pointing game: the data set does not say"), "{said}");
    let files = results(&scene.path("out"));
    let page = String::from_utf8(files["report.html"].clone()).unwrap();
    assert!(page.contains("Left out: the data set does not say") && !page.contains("Stand-in data"));
    assert!(!files.contains_key("pointing.csv"));
}

#[test]
fn faults_name_the_file_and_the_remedy() {
    let scene = Scene::new();
    scene.checkpoint("silent.json", Config { text: None, ..Config::default() });
    let silent = scene.path("silent.json");
    let said = scene.run(2, "a", &["--split", "77"]);
    assert!(said.contains("--split 77"), "{said}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_explain-dataset"));
    command.arg("--data").arg(&scene.data).arg("--weights").arg(&silent).arg("--out").arg(scene.path("b"));
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("trained without descriptions"), "{said}");
    let said = scene.run(2, "c", &["--index", silent.to_str().unwrap()]);
    assert!(said.contains("silent.json"), "{said}");
}
