//! Detectors as people train them: from names and from a list, killed on the way, and as the start of another training.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, TensorFile};
use dream_models::deep::methods;
use serde_json::Value;
use train::testing::{kill_when, tree};

/// A run of a tiny network in steps of a few clips.
fn command(out: &Path, cache: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.arg("--out").arg(out).arg("--cache").arg(cache);
    command.args(["--batch", "4", "--frames", "2", "--threads", "1"]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("RAYON_NUM_THREADS", "1");
    command
}

/// What a run says that must end with this status.
fn said(code: i32, mut command: Command) -> String {
    let output = command.output().unwrap();
    let all = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert_eq!(output.status.code(), Some(code), "{command:?}: {all}");
    all
}

/// The file of the tensors of a run.
fn tensors(out: &Path) -> PathBuf {
    let model = Checkpoint::open(out.join("model.json")).unwrap();
    out.join(format!("model.{}.safetensors", model.sha256().get(..12).unwrap()))
}

/// The tensors below a prefix, as bits.
fn numbers(path: &Path, prefix: &str) -> BTreeMap<String, Vec<u32>> {
    let all = TensorFile::open(path).unwrap().read_where(|_| true, &Device::Cpu).unwrap();
    let bits = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let part = |(name, tensor): (String, Tensor)| {
        let name = name.strip_prefix(prefix)?.to_owned();
        Some((name, bits(tensor).into_iter().map(f32::to_bits).collect()))
    };
    all.into_iter().filter_map(part).filter(|(name, _)| !name.starts_with("head.fc.")).collect()
}

/// A list of the clips of a data set with people.
fn list(data: &Path) -> PathBuf {
    let mut text = "file,label,person\n".to_owned();
    for folder in fs::read_dir(data.join("videos")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let label = if name.contains("target") { "real" } else { "fake" };
            let person = name.split('-').next().unwrap();
            writeln!(text, "{},{label},{person}", path.strip_prefix(data).unwrap().display()).unwrap();
        }
    }
    let path = data.join("detection.csv");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_killed_detector_ends_with_the_same_bytes_and_starts_the_other_trainings() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let (whole, broken) = (root.join("whole"), root.join("broken"));
    let more =
        ["--task", "detection", "--data", data.to_str().unwrap(), "--epochs", "2", "--save-every", "1"];
    let words = said(0, command(&whole, &cache, &more));
    assert!(words.contains("of other people to choose by") && words.contains(": AUC "), "{words}");
    let killed = kill_when(&mut command(&broken, &cache, &more), || {
        let state: Value = serde_json::from_slice(&fs::read(broken.join("state.json")).unwrap_or_default())
            .unwrap_or_default();
        state["provenance"]["step"].as_u64().is_some_and(|step| step > 0)
    });
    assert!(killed && !broken.join("model.json").exists());
    let words = said(0, command(&broken, &cache, &more));
    assert!(words.contains("resumed at step "), "{words}");
    assert_eq!(fs::read(tensors(&whole)).unwrap(), fs::read(tensors(&broken)).unwrap());
    let read = |out: &Path, name: &str| fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(read(&whole, "predictions.csv"), read(&broken, "predictions.csv"));

    let lines = read(&whole, "metrics.jsonl");
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert!(last["auc"].as_f64().is_some_and(|auc| (0.0..=1.0).contains(&auc)), "{last}");
    assert!(!whole.join("curve.svg").exists());
    let checkpoint = Checkpoint::open(whole.join("model.json")).unwrap();
    let provenance: Value = checkpoint.provenance().unwrap();
    assert_eq!(provenance["settings"]["loss"], "bce");
    // Nobody is on both sides.
    let table = read(&whole, "predictions.csv");
    assert!(table.starts_with("file,label,person,logit\n") && table.contains(",real,"), "{table}");
    // It scores no videos.
    let error = methods::load(&checkpoint, DType::F32, &Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("detector"), "{error}");

    // A frozen tower stays as it came.
    let visual = tensors(&whole);
    for method in ["opdai", "da-clip"] {
        let out = root.join(method);
        let next =
            ["--data", data.to_str().unwrap(), "--method", method, "--visual", visual.to_str().unwrap()];
        let frozen = ["--freeze", "visual", "--epochs", "1", "--no-text"];
        let words = said(0, command(&out, &cache, &[&next[..], &frozen].concat()));
        assert!(words.contains("`visual.` was taken off"), "{words}");
        assert_eq!(numbers(&visual, "visual."), numbers(&tensors(&out), "visual."), "{method}");
    }
}

#[test]
fn every_tower_learns_from_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let list = list(&data);
    let list = list.to_str().unwrap();
    for name in train::detection::names() {
        let out = root.join(name);
        let more = ["--task", "detection", "--list", list, "--backbone", name, "--epochs", "1"];
        let words = said(0, command(&out, &cache, &more));
        assert!(words.contains("best epoch 1 of 1: AUC "), "{words}");
        let found = numbers(&tensors(&out), "");
        assert!(found.contains_key("head.bias") && found.keys().any(|name| name.starts_with("visual.")));
    }
    // The other trainings with such a tower.
    let visual = tensors(&root.join("convnext"));
    for (method, prefix) in [("hust", ""), ("unilj", "backbone.")] {
        let out = root.join(method);
        let next =
            ["--data", data.to_str().unwrap(), "--method", method, "--visual", visual.to_str().unwrap()];
        let frozen =
            if method == "hust" { ["stem", "stages", "head.norm"].as_slice() } else { &["backbone"] };
        let frozen: Vec<&str> = frozen.iter().flat_map(|part| ["--freeze", part]).collect();
        said(0, command(&out, &cache, &[&next[..], &frozen, &["--epochs", "1"]].concat()));
        assert_eq!(numbers(&visual, "visual."), numbers(&tensors(&out), prefix), "{method}");
    }
    // And a detector with what it has learnt.
    let more = ["--task", "detection", "--list", list, "--backbone", "resnet50", "--epochs", "1"];
    let first = tensors(&root.join("resnet50"));
    let again = [&more[..], &["--visual", first.to_str().unwrap(), "--freeze", "visual"]].concat();
    said(0, command(&root.join("again"), &cache, &again));
}

#[test]
fn what_a_detector_cannot_learn_from_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (cache, out) = (root.join("frames"), root.join("out"));
    let path = root.join("list.csv");
    fs::write(&path, "file,label,person\na.mp4,real,ann\nb.mp4,real,bob\nc.mp4,real,eve\n").unwrap();
    let list = ["--task", "detection", "--list", path.to_str().unwrap()];
    let words = said(2, command(&out, &cache, &list));
    assert!(words.contains("of the clips to fit on, 0 are fake and 2 are real"), "{words}");
    let words = said(2, command(&out, &cache, &[&list[..], &["--loss", "mae"]].concat()));
    assert!(words.contains("--loss: a detector has the binary cross-entropy"), "{words}");
    fs::write(&path, "file,label,person\na.mp4,real,ann\nb.mp4,fake,ann\n").unwrap();
    let words = said(2, command(&out, &cache, &list));
    assert!(words.contains("detection holds people out"), "{words}");
    let words = said(2, command(&out, &cache, &["--data", "nowhere", "--backbone", "swin"]));
    assert!(words.contains("--backbone and --list are for --task detection"), "{words}");
    let words = said(2, command(&out, &cache, &["--task", "detection"]));
    assert!(words.contains("--data"), "{words}");
}
