//! Features by networks, as people run the program.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use score_video::dream_models::deep::backbones::vit::{ClipVit, Config};
use score_video::dream_models::deep::candle_core::{DType, Device};
use score_video::dream_models::deep::checkpoint::write_tensors;
use score_video::dream_models::deep::train::Params;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_extract-features")).args(arguments).output().unwrap()
}

/// A clip without a face.
fn clip(folder: &Path, name: &str, frames: u64) -> String {
    let mut bytes = b"YUV4MPEG2 W48 H32 F8:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n".to_vec();
    for t in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..48 * 32 * 3 / 2u64).map(|i| (16 + (i * i / 31 + i % 48 * 7 + t * 5) % 219) as u8));
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The first block of ViT-B/16 with random numbers.
fn tower(folder: &Path, seed: u64) -> String {
    let params = Params::seeded(seed, DType::F32, &Device::Cpu);
    ClipVit::new(&Config::b16().up_to(1), &params.builder()).unwrap();
    let path = folder.join(format!("tower-{seed}.safetensors"));
    write_tensors(&path, &params.tensors().unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The table by columns' names: that of the first row.
fn cell(output: &Output, column: &str) -> String {
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let at = reader.headers().unwrap().iter().position(|name| name == column).unwrap();
    reader.records().next().unwrap().unwrap()[at].to_owned()
}

#[test]
fn a_tower_gives_a_row_of_its_width_and_says_how_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, other) = (tower(folder.path(), 1), tower(folder.path(), 2));
    let (a, b) = (clip(folder.path(), "a.y4m", 9), clip(folder.path(), "b.y4m", 3));
    let with = |weights: &str, more: &[&str]| {
        let set = ["--set", "clip-vit", "--block", "1", "--whole-frame", "--weights", weights, &a, &b];
        run(&[&set, more].concat())
    };
    let output = with(&weights, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!((names.len(), names[768].as_str()), (1 + 768 + 5, "clip_vit.768p16.b1.0767"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), &rows[0][769], &rows[1][769]), (2, "8", "3"), "frames");
    let values = rows[0].iter().skip(1).take(768).map(|cell| cell.parse::<f64>().unwrap());
    assert!(values.clone().all(f64::is_finite) && values.clone().any(|value| value.abs() > 0.1));

    let recipe = cell(&output, "recipe");
    assert!(recipe.starts_with("extractor=clip-vit version=1 tower="), "{recipe}");
    assert!(
        recipe.ends_with("block=1 tokens=patch-mean face=whole side=224 frames=centres-8 pooling=mean pixels=rgb source=whole"),
        "{recipe}"
    );
    assert_ne!(recipe, cell(&with(&other, &[]), "recipe"), "other weights are another recipe");
    let fewer = with(&weights, &["--frames", "centres:2"]);
    assert_eq!(
        (cell(&fewer, "frames"), cell(&fewer, "settings")),
        ("2".to_owned(), {
            "--set clip-vit --range limited --block 1 --frames centres:2 --whole-frame".to_owned()
        })
    );
    assert_eq!(
        with(&weights, &["--jobs", "2"]).stdout,
        output.stdout,
        "the same bytes for any number of jobs"
    );
}

#[test]
fn what_does_not_fit_is_an_error_with_the_flag_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, a) = (tower(folder.path(), 1), clip(folder.path(), "a.y4m", 4));
    let broken = folder.path().join("broken.safetensors");
    fs::write(&broken, b"not tensors").unwrap();
    for (arguments, words) in [
        (vec!["--set", "clip-vit", &a], "--weights"),
        (vec!["--set", "network", &a], "--weights"),
        (vec!["--set", "clip-vit", "--block", "13", "--weights", &weights, &a], "blocks 1 to 12"),
        (vec!["--set", "clip-vit", "--block", "2", "--weights", &weights, &a], "layers.1"),
        (vec!["--set", "clip-vit", "--crop", "0,0,1,0.5", "--weights", &weights, &a], "--crop"),
        (vec!["--set", "clip-vit", "--per-frame", "--weights", &weights, &a], "--per-frame"),
        (vec!["--set", "clip-vit", "--weights", broken.to_str().unwrap(), &a], "broken.safetensors"),
        (vec!["--set", "network", "--block", "1", "--weights", &weights, &a], "--block"),
        (vec!["--set", "clip-vit", "--block", "1", "--weights", &weights, &a], "no face in"),
    ] {
        let output = run(&arguments);
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() != Some(0) && messages.contains(words), "{arguments:?}: {messages}");
        assert!(!messages.contains("panicked"), "{messages}");
    }
}
