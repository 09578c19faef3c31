//! Checkpoints and options that are refused.

use std::fs;
use std::path::{Path, PathBuf};

use dream_models::deep::methods::da_clip::KIND;
use serde_json::Value;

use crate::common::refusal;
use crate::{Scene, da_clip_config, da_clip_tensors, usual};

/// The tensors next to a checkpoint.
fn tensors(checkpoint: &str) -> PathBuf {
    let json: Value = serde_json::from_slice(&fs::read(checkpoint).unwrap()).unwrap();
    Path::new(checkpoint).with_file_name(json["tensors"]["file"].as_str().unwrap())
}

#[test]
fn a_wrong_checkpoint_is_refused_by_name() {
    let scene = Scene::new();
    let (weights, portrait) = (scene.da_clip("a.json", &usual()), scene.portrait("portrait", 1, 1));
    let refused = |weights: &str, words: &[&str]| {
        let error = refusal(&["--weights", weights, &portrait]);
        for word in words {
            assert!(error.contains(word), "{word} is missing in {error}");
        }
    };
    let manifest = fs::read_to_string(&weights).unwrap();
    let old = manifest.replace("\"format_version\": 2", "\"format_version\": 1");
    assert_ne!(old, manifest);
    fs::write(&weights, old).unwrap();
    refused(&weights, &[&weights, "version 1", "train again"]);
    fs::write(&weights, manifest).unwrap();

    let whole = fs::read(tensors(&weights)).unwrap();
    fs::write(tensors(&weights), &whole[..whole.len() / 2]).unwrap();
    refused(&weights, &[&weights, "tensor"]);
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(tensors(&weights), flipped).unwrap();
    refused(&weights, &[&weights, "SHA-256"]);
    fs::write(&weights, "{").unwrap();
    refused(&weights, &[&weights, "not valid"]);

    let mut all = da_clip_tensors(&da_clip_config());
    let moved = all.remove("regressor.weight").unwrap();
    all.insert("regressor.wait".to_owned(), moved);
    let renamed = scene.save("b.json", KIND, da_clip_config(), &usual(), &all);
    refused(&renamed, &["missing: regressor.weight", "not known: regressor.wait"]);
    let unknown = scene.save("c.json", "no_such_kind", da_clip_config(), &usual(), &all);
    refused(&unknown, &["c.json", "no_such_kind", KIND]);

    let pickle = scene.path("model.pth");
    fs::write(&pickle, b"PK\x03\x04aaaaaaaa").unwrap();
    refused(&pickle, &["model.pth", "PyTorch pickle", "python -c"]);
    refused("nowhere.json", &["nowhere.json"]);
}

#[test]
fn options_that_do_not_go_together_say_so() {
    let scene = Scene::new();
    let (weights, opdai) = (scene.da_clip("a.json", &usual()), scene.opdai("b.json", &usual()));
    let network = |more: &[&str]| refusal(&[&["--weights", &weights], more].concat());
    let wrong: [(String, &[&str]); 13] = [
        (refusal(&["--method", "da-clip"]), &["da-clip", "--weights"]),
        (refusal(&["--method", "guess"]), &["guess", "--help"]),
        (refusal(&["--no-face", "skip"]), &["--weights <CKPT>"]),
        (network(&["--method", "opdai"]), &["--method opdai", "is of da-clip", &weights]),
        (
            refusal(&["--method", "da-clip", "--weights", &opdai]),
            &["--method da-clip", "is of opdai", &opdai],
        ),
        (network(&["--method", "brisque"]), &["--method brisque", "leave out"]),
        (network(&["--level", "0.5"]), &["--level", "cannot be used with"]),
        (network(&["--box", "1,2,3"]), &["LEFT,TOP,WIDTH,HEIGHT"]),
        (network(&["--box", "1,2,3,4", "--no-face", "skip"]), &["cannot be used with"]),
        (network(&["--every", "2"]), &["trained with frames every:6", "leave out --every"]),
        (network(&["--expand", "1"]), &["expanded 1.3 times", "leave out --expand"]),
        (network(&["--crop", "0,0,1,1"]), &["trained with", "leave out --crop"]),
        (network(&["--boxes", "none.csv"]), &["none.csv"]),
    ];
    for (error, words) in wrong {
        for word in words {
            assert!(error.contains(word), "{word} is missing in {error}");
        }
    }
}
