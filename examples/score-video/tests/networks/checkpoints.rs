//! Checkpoints and options that are refused.

use std::fs;
use std::path::{Path, PathBuf};

use dream_models::deep::methods::da_clip::KIND;
use serde_json::Value;

use crate::common::{holds, refusal};
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
    let refused = |weights: &str, words: &str| holds(&refusal(&["--weights", weights, &portrait]), words);
    let manifest = fs::read_to_string(&weights).unwrap();
    let old = manifest.replace("\"format_version\": 2", "\"format_version\": 1");
    assert_ne!(old, manifest);
    fs::write(&weights, old).unwrap();
    refused(&weights, "a.json|version 1|train again");
    fs::write(&weights, manifest).unwrap();

    let whole = fs::read(tensors(&weights)).unwrap();
    fs::write(tensors(&weights), &whole[..whole.len() / 2]).unwrap();
    refused(&weights, "a.json|tensor");
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(tensors(&weights), flipped).unwrap();
    refused(&weights, "a.json|SHA-256");
    fs::write(&weights, "{").unwrap();
    refused(&weights, "a.json|not valid");

    let mut all = da_clip_tensors(&da_clip_config());
    let moved = all.remove("regressor.weight").unwrap();
    all.insert("regressor.wait".to_owned(), moved);
    let renamed = scene.save("b.json", KIND, da_clip_config(), &usual(), &all);
    refused(&renamed, "missing: regressor.weight|unknown: regressor.wait");
    let unknown = scene.save("c.json", "no_such_kind", da_clip_config(), &usual(), &all);
    refused(&unknown, "c.json|no_such_kind|da_clip");

    let pickle = scene.path("model.pth");
    fs::write(&pickle, b"PK\x03\x04aaaaaaaa").unwrap();
    refused(&pickle, "model.pth|PyTorch pickle|python -c");
    let missing = refusal(&["--weights", "nowhere.json", &portrait]);
    holds(&missing, "--weights|nowhere.json");
    #[cfg(unix)]
    assert_eq!(missing.matches("No such file").count(), 1, "{missing}");
}

/// Files that are no checkpoints, and one that no score can come from: named before a video is opened.
#[test]
fn what_is_no_checkpoint_is_called_what_it_is() {
    let scene = Scene::new();
    let refused = |weights: &str, words: &str| {
        let error = refusal(&["--weights", weights, "no-such-video.mp4"]);
        holds(&error, words);
        assert!(!error.contains("no-such-video"), "{error}");
    };
    let good = scene.da_clip("a.json", &usual());
    let alone = tensors(&good).display().to_string();
    refused(&alone, "--weights|a safetensors file, weights alone|name the checkpoint, a.json next to it");
    let pointer = scene.path("lfs.json");
    fs::write(&pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n").unwrap();
    refused(&pointer, "lfs.json is a Git LFS pointer|git lfs pull");
    fs::write(&alone, "<!DOCTYPE html><html>").unwrap();
    refused(&good, "a.json|safetensors is a web page");

    let mut all = da_clip_tensors(&da_clip_config());
    let bias = all.get("visual.norm.bias").unwrap().affine(0.0, f64::NAN).unwrap();
    all.insert("visual.norm.bias".to_owned(), bias);
    let astray = scene.save("b.json", KIND, da_clip_config(), &usual(), &all);
    refused(&astray, "b.json|`visual.norm.bias` of|safetensors holds NaN at place 0");
}

#[test]
fn options_that_do_not_go_together_say_so() {
    let scene = Scene::new();
    let (weights, opdai) = (scene.da_clip("a.json", &usual()), scene.opdai("b.json", &usual()));
    let network = |more: &[&str]| refusal(&[&["--weights", &weights], more].concat());
    holds(&refusal(&["--method", "da-clip"]), "da-clip|--weights");
    holds(&refusal(&["--method", "guess"]), "--method guess|known are videval60, brisque, da-clip");
    holds(&refusal(&["--no-face", "skip"]), "--weights <FILE>");
    holds(&network(&["--method", "opdai"]), "--method opdai|is of da-clip|a.json");
    let other = refusal(&["--method", "da-clip", "--weights", &opdai]);
    holds(&other, "--method da-clip|is of opdai|b.json");
    holds(&network(&["--method", "brisque"]), "--method brisque|leave out");
    holds(&network(&["--level", "0.5"]), "--level|cannot be used with");
    holds(&network(&["--box", "1,2,3"]), "LEFT,TOP,WIDTH,HEIGHT");
    holds(&network(&["--box", "1,2,3,4", "--no-face", "skip"]), "cannot be used with");
    holds(&network(&["--every", "2"]), "trained with frames every:6|leave out --every");
    holds(&network(&["--expand", "1"]), "expanded 1.3 times|leave out --expand");
    holds(&network(&["--crop", "0,0,1,1"]), "trained with|leave out --crop");
    holds(&network(&["--boxes", "none.csv"]), "none.csv");
}
