//! The program as people run it, on a small synthetic data set: to its end, and killed on the way.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dream_data::synthetic::{Synthetic, SyntheticConfig};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::methods::da_clip::{DaClip, Descriptions};

/// 48 clips: 4 identities, 9 methods, 8 frames of 48x40.
fn tree(root: &Path) -> PathBuf {
    let config = SyntheticConfig {
        identities: 4,
        methods: 9,
        frames: 8,
        width: 48,
        height: 40,
        raters: 8,
        session_clips: 20,
        portraits: false,
        seed: 3,
        ..SyntheticConfig::default()
    };
    let data = root.join("data");
    Synthetic::new(config).unwrap().write_tree(&data, 2, &|_| {}).unwrap();
    data
}

fn command(data: &Path, out: &Path, cache: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_train-da-clip"));
    command.arg("--data").arg(data).arg("--out").arg(out).arg("--cache").arg(cache);
    command
        .args(["--epochs", "2", "--batch", "4", "--frames", "2", "--sentences", "2", "--threads", "2"])
        .args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The tensors next to a checkpoint.
fn tensors(out: &Path, stem: &str) -> Vec<u8> {
    let found: Vec<PathBuf> = fs::read_dir(out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{stem}.")))
        .filter(|path| !path.to_str().unwrap().contains(".new."))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    fs::read(&found[0]).unwrap()
}

#[test]
fn a_run_killed_in_an_epoch_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let (whole, broken) = (root.join("whole"), root.join("broken"));
    let output = command(&data, &whole, &cache, &["--save-every", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["table.txt", "predictions.csv", "curve.svg", "model.json"] {
        assert!(whole.join(name).exists(), "{name}");
    }
    let lines = fs::read_to_string(whole.join("metrics.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");

    let model = Checkpoint::open(whole.join("model.json")).unwrap();
    let descriptions = Descriptions::load(&model).unwrap().unwrap();
    let width = DaClip::load_visual(&model, DType::F32, &Device::Cpu).unwrap().config().dim;
    let any = Tensor::ones(width, DType::F32, &Device::Cpu).unwrap();
    let nearest = descriptions.nearest(&any, 5).unwrap();
    assert!(nearest.len() == 5 && nearest.iter().all(|(_, text)| text.contains(' ')), "{nearest:?}");

    // Killed as soon as a state inside of an epoch is on the disk, and once more later.
    for epoch in [0, 1] {
        let mut child = command(&data, &broken, &cache, &["--save-every", "1"]).spawn().unwrap();
        let start = Instant::now();
        loop {
            let state = fs::read(broken.join("state.json")).unwrap_or_default();
            let state: serde_json::Value = serde_json::from_slice(&state).unwrap_or_default();
            let place = &state["provenance"];
            if place["epoch"] == epoch && place["step"].as_u64().is_some_and(|step| step > 0) {
                break;
            }
            assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be killed");
            assert!(start.elapsed() < Duration::from_secs(300), "no state inside of epoch {epoch}");
            std::thread::sleep(Duration::from_millis(2));
        }
        // SIGKILL: nothing of the program runs after it.
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!broken.join("model.json").exists());
    }
    let other = command(&data, &broken, &cache, &["--seed", "9"]).output().unwrap();
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && error.contains("seed 0 there, 9 now"), "{error}");

    let output = command(&data, &broken, &cache, &["--save-every", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for stem in ["model", "best", "state"] {
        assert!(tensors(&whole, stem) == tensors(&broken, stem), "{stem}: other weights");
    }
    let table = |out: &Path| fs::read_to_string(out.join("predictions.csv")).unwrap();
    assert_eq!(table(&whole), table(&broken));
}

#[test]
fn other_networks_losses_and_options_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let published = "--shift 2 --group-by none --init published --validation identity --warm-up 1 --loss nin-kl --epochs 1";
    let published: Vec<&str> = published.split(' ').collect();
    let runs: [&[&str]; 4] = [
        &published,
        &["--method", "opdai", "--loss", "mae-plcc-rank", "--epochs", "1"],
        &["--no-text", "--accumulate", "2", "--schedule", "cosine", "--clip-norm", "1", "--epochs", "1"],
        &["--freeze", "text.text_model", "--unfreeze-at", "1", "--layer-decay", "0.8", "--no-decay-vectors"],
    ];
    for (number, more) in runs.iter().enumerate() {
        let out = root.join(number.to_string());
        // Later arguments would be refused as repeated, so the number of epochs is left to the run.
        let mut command = Command::new(env!("CARGO_BIN_EXE_train-da-clip"));
        command.arg("--data").arg(&data).arg("--out").arg(&out).arg("--cache").arg(&cache);
        command.args(["--batch", "4", "--frames", "2", "--sentences", "2"]).args(*more);
        if !more.contains(&"--epochs") {
            command.args(["--epochs", "2"]);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(out.join("model.json").exists());
    }
}
