//! The program as people run it, on a small synthetic data set: to its end, and killed on the way.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dream_data::RelativeBox;
use dream_data::dataset::{ClipId, Dataset};
use dream_data::split::Partition;
use dream_data::synthetic::{Synthetic, SyntheticConfig};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::index::SentenceIndex;
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::input::FaceRule;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::Tokenizer;
use train::testing::{kill_when, tree, tree_of};
use train::{Clip, Scoring, pointing, score};

fn command(data: &Path, out: &Path, cache: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.arg("--data").arg(data).arg("--out").arg(out).arg("--cache").arg(cache);
    command.args(["--batch", "4", "--frames", "2", "--sentences", "2", "--threads", "2"]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a run says that must succeed.
fn succeed(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// The tensors next to a checkpoint.
fn tensors(out: &Path, stem: &str) -> Vec<u8> {
    let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let of = |name: &String| name.starts_with(&format!("{stem}.")) && name.ends_with(".safetensors");
    let found: Vec<String> = names.filter(of).filter(|name| !name.contains(".new.")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    fs::read(out.join(&found[0])).unwrap()
}

/// A run to its end and one that is killed twice on the way. The folder of the first, which has these files of predictions
/// and these rows in its table.
fn killed_and_resumed(
    root: &Path,
    method: &str,
    more: &[&str],
    predictions: &[&str],
    rows: &[&str],
) -> PathBuf {
    let (data, cache) = (tree(root), root.join("frames"));
    let (whole, broken) = (root.join("whole"), root.join("broken"));
    let often = [&["--method", method, "--epochs", "2", "--save-every", "1"], more].concat();
    let said = succeed(command(&data, &whole, &cache, &often));
    let end = format!(" clips below {}\n", whole.display());
    assert!(!said.contains("resumed") && said.ends_with(&end), "{said}");
    for name in ["table.txt", "curve.svg", "model.json"].iter().chain(predictions) {
        assert!(whole.join(name).exists(), "{name}");
    }
    let lines = fs::read_to_string(whole.join("metrics.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let table = fs::read_to_string(whole.join("table.txt")).unwrap();
    assert!(rows.iter().all(|row| table.contains(&format!("\n{row} "))), "{table}");
    let reads = predictions.contains(&"predictions-text.csv");
    assert_eq!(whole.join("predictions-text.csv").exists(), reads);

    // Killed as soon as a state inside of an epoch is on the disk, and once more later.
    for epoch in [0, 1] {
        let killed = kill_when(&mut command(&data, &broken, &cache, &often), || {
            let state = fs::read(broken.join("state.json")).unwrap_or_default();
            let state: serde_json::Value = serde_json::from_slice(&state).unwrap_or_default();
            let place = &state["provenance"];
            place["epoch"] == epoch && place["step"].as_u64().is_some_and(|step| step > 0)
        });
        assert!(killed, "the run ended before it could be killed");
        assert!(!broken.join("model.json").exists());
    }
    let other = command(&data, &broken, &cache, &[&often[..], &["--seed", "9"]].concat()).output().unwrap();
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && error.contains("seed 0 there, 9 now"), "{error}");

    let said = succeed(command(&data, &broken, &cache, &often));
    assert!(said.contains("resumed at step "), "{said}");
    for stem in ["model", "best", "state"] {
        assert!(tensors(&whole, stem) == tensors(&broken, stem), "{stem}: other weights");
    }
    for name in predictions {
        let read = |out: &Path| fs::read_to_string(out.join(name)).unwrap();
        assert_eq!(read(&whole), read(&broken));
    }
    whole
}

#[test]
fn a_run_killed_in_an_epoch_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let predictions = ["predictions.csv", "predictions-text.csv"];
    let whole = killed_and_resumed(folder.path(), "da-clip", &[], &predictions, &["DA-CLIP", "DA-CLIP-T"]);
    let model = Checkpoint::open(whole.join("model.json")).unwrap();
    let descriptions = Descriptions::load(&model).unwrap().unwrap();
    let width = DaClip::load_visual(&model, DType::F32, &Device::Cpu).unwrap().config().dim;
    let any = Tensor::ones(width, DType::F32, &Device::Cpu).unwrap();
    let nearest = descriptions.nearest(&any, 5).unwrap();
    // The index of all sentences of the clips that were learnt from, the same after both kills.
    let path = SentenceIndex::path_beside(&whole.join("model.json"), &model);
    let broken = folder.path().join("broken").join(path.file_name().unwrap());
    assert!(fs::read(&path).unwrap() == fs::read(broken).unwrap(), "another index");
    let index = SentenceIndex::beside(&whole.join("model.json"), &model).unwrap().unwrap();
    index.verify().unwrap();
    let fit =
        train::fitted_clips(&whole.join("model.json"), &Dataset::open(folder.path().join("data")).unwrap())
            .unwrap();
    let known = |clip: &Clip| (clip.name().to_owned(), clip.mos, clip.sentences.len());
    let found = index.clips().iter().map(|clip| (clip.name.clone(), clip.mos, clip.sentences));
    assert!(found.eq(fit.iter().map(known)) && index.len() > 50);
    let sentence = index.sentences_of(3).start + 1;
    assert_eq!(index.sentence(sentence).unwrap(), fit[3].sentences[1]);
    // What is in it is what the network makes of the sentence alone.
    let network = DaClip::load(&model, DType::F32, &Device::Cpu).unwrap();
    let tokens = Tokenizer::clip().unwrap().encode_batch(&[&fit[3].sentences[1]]).unwrap();
    let alone = network.embed_text(&tokens.ids(&Device::Cpu).unwrap(), &[1]).unwrap();
    let rows = index.representations(sentence..sentence + 1).unwrap();
    assert_eq!(rows.to_vec2::<f32>().unwrap(), alone.to_vec2::<f32>().unwrap());
    assert!(nearest.len() == 5 && nearest.iter().all(|(_, text)| text.contains(' ')), "{nearest:?}");
}

/// Its text branch is held when the run goes on.
#[test]
fn a_run_whose_text_branch_is_held_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let predictions = ["predictions.csv", "predictions-text.csv"];
    let more = ["--text-first", "1", "--alignment", "contrast"];
    let whole = killed_and_resumed(folder.path(), "da-clip", &more, &predictions, &["DA-CLIP", "DA-CLIP-T"]);
    // Videos are scored once they are learnt from, and the best epoch is one of those.
    let lines = fs::read_to_string(whole.join("metrics.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = |name: &str| lines.iter().map(|line| line[name].is_number()).collect::<Vec<_>>();
    assert_eq!(
        [found("plcc"), found("srcc"), found("loss_text")],
        [[false, true], [false, true], [true, true]]
    );
    assert!(lines[0]["best"] == false && lines[1]["best"] == true);
}

#[test]
fn opdai_killed_in_an_epoch_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    killed_and_resumed(folder.path(), "opdai", &[], &["predictions.csv"], &["OPDAI"]);
}

#[test]
fn hust_killed_in_an_epoch_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    killed_and_resumed(folder.path(), "hust", &[], &["predictions.csv"], &["HUST"]);
}

/// Its drawn clips and dropped features go on as they would have.
#[test]
fn unilj_killed_in_an_epoch_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    killed_and_resumed(folder.path(), "unilj", &[], &["predictions.csv"], &["UNILJ"]);
}

#[test]
fn other_networks_losses_and_options_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let runs = [
        "--shift 2 --group-by none --init published --validation identity --warm-up 1 --loss nin-kl --epochs 1",
        "--method opdai --loss mae-plcc-rank --epochs 1",
        "--no-text --accumulate 2 --schedule cosine --clip-norm 1 --epochs 1",
        "--method hust --loss nin-kl --freeze stages.0 --unfreeze-at 1 --layer-decay 0.8 --epochs 2",
        "--method unilj --loss mae --freeze backbone --layer-decay 0.8 --shift 2 --epochs 1",
        "--freeze text.text_model --unfreeze-at 1 --layer-decay 0.8 --no-decay-vectors --epochs 2",
    ];
    for (number, more) in runs.iter().enumerate() {
        let (out, more) = (root.join(number.to_string()), more.split(' ').collect::<Vec<_>>());
        succeed(command(&data, &out, &cache, &more));
        assert!(out.join("model.json").exists());
    }
}

/// Which frames and which part of them a network was trained with is in its checkpoint, and scoring obeys it.
#[test]
fn a_checkpoint_knows_what_its_network_looks_at() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let dataset = Dataset::open(&data).unwrap();
    let face = |place: usize| {
        let left = 0.2 + 0.01 * (place % 7) as f64;
        RelativeBox::new(left, 0.25, left + 0.4, 0.75).unwrap()
    };
    let mut list = "file,x1,y1,x2,y2\n".to_owned();
    let split = dataset.split(0).unwrap();
    let names = Partition::ALL.into_iter().flat_map(|set| split.set(set)).map(|row| row.clip.to_string());
    let names: Vec<String> = names.collect();
    for (place, name) in names.iter().enumerate() {
        let [x1, y1, x2, y2] = face(place).corners();
        list += &format!("{name},{x1},{y1},{x2},{y2}\n");
    }
    let boxes = root.join("boxes.csv");
    fs::write(&boxes, list).unwrap();
    let face_options =
        ["--boxes", boxes.to_str().unwrap(), "--expand", "1.5", "--every", "3", "--epochs", "1"];
    for (method, plan) in
        [("opdai", "centres:3"), ("da-clip", "every:3"), ("hust", "centres:20"), ("unilj", "clips:10x5/1")]
    {
        let out = root.join(method);
        succeed(command(&data, &out, &cache, &[&face_options[..], &["--method", method]].concat()));
        let checkpoint = Checkpoint::open(out.join("model.json")).unwrap();
        let input = checkpoint.input().unwrap();
        assert_eq!(input.frames.to_string(), plan);
        assert!(matches!(&input.face, FaceRule::Face(config) if config.expansion.0 == 1.5), "{input:?}");

        let mut predictions = csv::Reader::from_path(out.join("predictions.csv")).unwrap();
        let rows: Vec<csv::StringRecord> = predictions.records().map(Result::unwrap).collect();
        let clip = |row: &csv::StringRecord| {
            let id: ClipId = row[2].parse().unwrap();
            let place = names.iter().position(|name| *name == row[2]).unwrap();
            let path = dataset.video_path(&id).unwrap();
            Clip { about: train::about(id), path, face: Some(face(place)), mos: 0.0, sentences: Vec::new() }
        };
        let mut clips: Vec<Clip> = rows.iter().map(clip).collect();
        // Without the cache of frames, and in other batches.
        let how = Scoring { batch: 3, quiet: true, ..Scoring::default() };
        let scores = score(&out.join("model.json"), &clips, &how).unwrap();
        let expected: Vec<f64> = rows.iter().map(|row| row[4].parse().unwrap()).collect();
        assert_eq!(scores, expected, "{method}");

        clips[0].face = None;
        let error = format!("{:#}", score(&out.join("model.json"), &clips[..1], &how).unwrap_err());
        assert!(error.contains("no face box"), "{error}");
    }
}

/// UNILJ fills up what is shorter than a clip, and takes as many clips as fit otherwise.
#[test]
fn short_videos_are_learnt_and_scored() {
    let folder = tempfile::tempdir().unwrap();
    for frames in [3, 11] {
        let root = folder.path().join(frames.to_string());
        let (data, cache, out) = (tree_of(&root, frames), root.join("frames"), root.join("out"));
        succeed(command(&data, &out, &cache, &["--method", "unilj", "--epochs", "1"]));
        let dataset = Dataset::open(&data).unwrap();
        let mut predictions = csv::Reader::from_path(out.join("predictions.csv")).unwrap();
        let rows: Vec<csv::StringRecord> = predictions.records().map(Result::unwrap).take(5).collect();
        let clip = |row: &csv::StringRecord| {
            let id: ClipId = row[2].parse().unwrap();
            let path = dataset.video_path(&id).unwrap();
            Clip { about: train::about(id), path, face: None, mos: 0.0, sentences: Vec::new() }
        };
        let clips: Vec<Clip> = rows.iter().map(clip).collect();
        let how = Scoring { batch: 1, quiet: true, ..Scoring::default() };
        let expected: Vec<f64> = rows.iter().map(|row| row[4].parse().unwrap()).collect();
        assert_eq!(score(&out.join("model.json"), &clips, &how).unwrap(), expected, "{frames} frames");
    }
}

#[test]
fn the_network_is_kept_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, out) = (tree(root), root.join("out"));
    let run = |more: &[&str]| command(&data, &out, &root.join("frames"), more);
    print_test::without_reader(
        0,
        || run(&["--no-text", "--epochs", "1"]),
        || {
            for name in ["model.json", "predictions.csv", "table.txt"] {
                assert!(out.join(name).is_file(), "{name}");
            }
            fs::remove_file(out.join("table.txt")).unwrap();
        },
    );
    let other = root.join("other");
    for (data, option, words) in
        [(&data, "--decay=-1", "'--decay <X>': must be a number"), (&other, "--no-flip", "--data: ")]
    {
        let output = command(data, &other, &root.join("frames"), &["--no-text", option]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && error.contains(words), "{error}");
    }
}

/// The game is played to its end, the same twice, whatever a network that has hardly learnt reaches in it.
#[test]
fn explanations_point_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (data, cache) = (tree(root), root.join("frames"));
    let out = root.join("out");
    let more = ["--epochs", "1", "--crop", "0.17,0,0.83,0.8", "--no-text", "--every", "3"];
    succeed(command(&data, &out, &cache, &more));
    let config = SyntheticConfig { identities: 4, methods: 9, frames: 8, ..SyntheticConfig::default() };
    let synthetic = Synthetic::new(config).unwrap();
    let play = |name: &str, threads| {
        let how = Scoring { threads, quiet: true, ..Scoring::default() };
        pointing(&out.join("model.json"), &synthetic, 6, &root.join(name), &how).unwrap()
    };
    let found = play("a", 1);
    assert_eq!(found, play("b", 2));
    assert_eq!((found.clips.len(), found.lowers.len(), found.change.len()), (6, 6, 6));
    // All four have the same regions.
    let random = found.lowers.random().unwrap();
    assert!(random > 0.003 && random < 0.2, "{random}");
    assert_eq!(found.absolute.random().unwrap(), random);
    assert!(found.clips.iter().any(|clip| clip.scores[0] != clip.scores[1]));
    let with = fs::read_dir(root.join("a/with")).unwrap().count();
    assert_eq!(with, 6);
}
