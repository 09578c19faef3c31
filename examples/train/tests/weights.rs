//! First weights from files, as people give them: other names, wrappers, and files that are no weights.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, TensorFile, write_tensors};
use train::testing::tree;

fn run(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_train")).args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Without a data set: what is said about weights is said before it is looked for.
fn refused(more: &[&str]) -> String {
    let (done, words) = run(&[&["--data", "no-such-data", "--out", "no-such-out"], more].concat());
    assert!(!done && !Path::new("no-such-out").exists());
    words
}

/// The tensors of the model in a folder.
fn tensors(out: &Path) -> PathBuf {
    let model = Checkpoint::open(out.join("model.json")).unwrap();
    out.join(format!("model.{}.safetensors", model.sha256().get(..12).unwrap()))
}

/// Trains OPDAI for an epoch into `root/name`: the tensors of the model, and what was printed.
fn trained(root: &Path, name: &str, visual: Option<&Path>) -> (PathBuf, String) {
    trained_as("opdai", root, name, visual, &[])
}

/// The same for any method, with more options.
fn trained_as(
    method: &str,
    root: &Path,
    name: &str,
    visual: Option<&Path>,
    more: &[&str],
) -> (PathBuf, String) {
    let data = root.join("data");
    let data = if data.exists() { data } else { tree(root) };
    let (out, cache) = (root.join(name), root.join("frames"));
    let mut arguments = vec!["--data", data.to_str().unwrap(), "--out", out.to_str().unwrap()];
    arguments.extend([
        "--cache",
        cache.to_str().unwrap(),
        "--method",
        method,
        "--epochs",
        "1",
        "--batch",
        "4",
    ]);
    arguments.extend(visual.iter().flat_map(|path| ["--visual", path.to_str().unwrap()]));
    arguments.extend(more);
    let (done, words) = run(&arguments);
    assert!(done, "{words}");
    (tensors(&out), words)
}

/// All tensors of a file, as bytes of their numbers.
fn numbers(path: &Path) -> BTreeMap<String, Vec<u32>> {
    let all = TensorFile::open(path).unwrap().read_where(|_| true, &Device::Cpu).unwrap();
    let bits = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    all.into_iter()
        .map(|(name, tensor)| (name, bits(tensor).into_iter().map(f32::to_bits).collect()))
        .collect()
}

/// The tower of HUST is that of UNILJ: a frozen one stays as it came, and the layers behind it learn.
#[test]
fn a_convnext_goes_from_one_method_to_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (hust, _) = trained_as("hust", root, "hust", None, &[]);
    let (unilj, words) = trained_as("unilj", root, "unilj", Some(&hust), &["--freeze", "backbone"]);
    assert!(!words.contains("was taken off"), "{words}");
    let (before, after) = (numbers(&hust), numbers(&unilj));
    let tower = |names: &BTreeMap<String, Vec<u32>>, prefix: &str| -> BTreeMap<String, Vec<u32>> {
        let part = |(name, values): (&String, &Vec<u32>)| {
            Some((name.strip_prefix(prefix)?.to_owned(), values.clone()))
        };
        names.iter().filter_map(part).filter(|(name, _)| !name.starts_with("head.fc.")).collect()
    };
    assert_eq!(tower(&before, ""), tower(&after, "backbone."));
    let (_, words) = trained_as("hust", root, "again", Some(&unilj), &[]);
    assert!(words.contains("`backbone.` was taken off"), "{words}");
}

/// The tower of an OPDAI as Microsoft names it, in the wrapper of a training on several devices.
fn microsoft(ours: &Path) -> BTreeMap<String, Tensor> {
    let renamed = |(name, tensor): (String, Tensor)| {
        let mut name = name.replace("visual.", "module.").replace("head.fc.", "head.");
        for stage in 1..3 {
            let before = format!("layers.{}.downsample", stage - 1);
            name = name.replace(&format!("layers.{stage}.downsample"), &before);
        }
        (name, tensor)
    };
    let all = TensorFile::open(ours).unwrap().read_where(|_| true, &Device::Cpu).unwrap();
    all.into_iter().map(renamed).collect()
}

#[test]
fn names_of_both_publishers_train_the_same_network() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (ours, words) = trained(root, "first", None);
    assert!(!words.contains("note:"), "{words}");
    // What a training left is what the next one starts from.
    let (second, words) = trained(root, "second", Some(&ours));
    assert!(words.contains("note: --visual ") && words.contains("`visual.` was taken off"), "{words}");
    assert_ne!(fs::read(&second).unwrap(), fs::read(&ours).unwrap());

    let path = root.join("microsoft.safetensors");
    write_tensors(&path, &microsoft(&ours)).unwrap();
    let (third, words) = trained(root, "third", Some(&path));
    assert!(words.contains("microsoft.safetensors: `module.` was taken off"), "{words}");
    assert_eq!(fs::read(second).unwrap(), fs::read(third).unwrap());
}

/// The checkpoint in place of its tensors, a tower for another one, another size, a NaN.
#[test]
fn what_does_not_fit_is_named_before_the_data_are_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (ours, _) = trained(root, "first", None);
    let (ours, name) = (ours.to_str().unwrap(), ours.file_name().unwrap().to_str().unwrap());
    let refused = |more: &[&str]| {
        let words = refused(more);
        assert!(!words.contains("no-such-data"), "{words}");
        words
    };
    let model = root.join("first/model.json");
    let words = refused(&["--visual", model.to_str().unwrap()]);
    assert!(words.contains("--visual: ") && words.contains(name), "{words}");
    let words = refused(&["--text", ours]);
    assert!(words.contains("--text ") && words.contains("the file is a Swin-V2"), "{words}");
    let words = refused(&["--method", "opdai", "--preset", "large", "--visual", ours]);
    assert!(words.contains("of width 32 with 1, 1, 1 blocks") && words.contains(" more; with"), "{words}");
    assert!(words.contains("--preset") && words.len() < 1500, "{} letters: {words}", words.len());
    let words = refused(&["--method", "hust", "--visual", ours]);
    assert!(words.contains("--visual ") && words.contains("the file is a Swin-V2 of width 32"), "{words}");
    assert!(words.contains("wanted is a ConvNeXt of width 32"), "{words}");
    let words = refused(&["--method", "opdai", "--text", ours]);
    assert!(words.contains("--text: this network has no text tower"), "{words}");

    let (broken, bias) = (root.join("nan.safetensors"), "module.norm.bias");
    let mut theirs = microsoft(Path::new(ours));
    let tensor = theirs.get(bias).unwrap().affine(0.0, f64::NAN).unwrap();
    theirs.insert(bias.to_owned(), tensor);
    write_tensors(&broken, &theirs).unwrap();
    let words = refused(&["--visual", broken.to_str().unwrap()]);
    assert!(words.contains("nan.safetensors holds NaN") && words.contains(bias), "{words}");
}

#[test]
fn what_is_no_file_of_weights_is_said_once_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let pointer = folder.path().join("lfs.safetensors");
    fs::write(&pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n").unwrap();
    for option in ["--visual", "--text"] {
        let words = refused(&[option, "nowhere.safetensors"]);
        assert!(words.contains(option), "{words}");
        assert_eq!(words.matches("nowhere.safetensors").count(), 1, "{words}");
        assert_eq!(words.matches("No such file").count(), usize::from(cfg!(unix)), "{words}");
        let words = refused(&[option, pointer.to_str().unwrap()]);
        assert!(words.contains(&format!("{option}: ")) && words.contains("Git LFS pointer"), "{words}");
        assert!(!words.contains("no-such-data"), "{words}");
    }
}

#[test]
fn options_that_train_nothing_are_refused_first() {
    for option in [
        "--epochs",
        "--lr",
        "--clip-norm",
        "--layer-decay",
        "--expand",
        "--frames",
        "--batch",
        "--accumulate",
    ] {
        let words = refused(&[option, "0", "--visual", "nowhere.safetensors"]);
        assert!(words.contains(option) && words.contains("'0'"), "{words}");
        assert!(!words.contains("nowhere.safetensors"), "{words}");
    }
    for option in ["--lr", "--lambda", "--decay"] {
        let words = refused(&[option, "nan"]);
        assert!(words.contains(option) && words.contains("must be a number"), "{words}");
    }
}
