//! Deep features: on random weights, which say so, and on files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dream_models::deep::candle_core::{DType, Tensor};
use dream_models::deep::checkpoint::write_tensors;
use dream_models::deep::features::{FeatureSet, Preparation};

use crate::helpers::*;

const SETS: [(&str, &str); 3] =
    [("resnet50", "ResNet-50"), ("vgg-face", "VGG-Face"), ("dfgc1st", "DFGC-1st")];

/// Small weights of a set in a file, behind a prefix.
fn weights(folder: &Path, set: FeatureSet, seed: u64, prefix: &str) -> String {
    let tensors = set.small(Preparation::Own).tower.seeded(seed).unwrap();
    save(folder, &format!("{}{prefix}{seed}", set.name()), tensors, prefix)
}

fn save(folder: &Path, name: &str, tensors: BTreeMap<String, Tensor>, prefix: &str) -> String {
    let named = tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect();
    let path = folder.join(format!("{name}.safetensors"));
    write_tensors(&path, &named).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn random_weights_say_so_and_bytes_do_not_depend_on_jobs_or_a_kill() {
    let bench = Bench::new();
    let case =
        |name: &str, jobs: &str| bench.case(name, &["--methods", "deep", "--splits", "1", "--jobs", jobs]);
    let (one, three) = (case("one", "1"), case("three", "3"));
    let shown = one.run(0);
    assert!(!shown.contains("resnet50: weights"), "{shown}");
    let table = fs::read_to_string(one.out.join("table4.csv")).unwrap();
    let page = fs::read_to_string(one.out.join("report.html")).unwrap();
    let protocol = fs::read_to_string(one.out.join("protocol.json")).unwrap();
    for (name, title) in SETS {
        assert!(table.contains(&format!("{title} (random weights)")), "{table}");
        assert!(shown.contains(&format!("{title} (random weights): its numbers say nothing")));
        assert!(page.contains(&format!("random weights: a small network of its build was drawn with seed 0, name trained weights with --{name}")));
        assert!(one.out.join(format!("predictions/{name}.csv")).exists());
        assert!(one.out.join(format!("cache/features/{name}")).exists());
    }
    for words in [
        "native size, levels 0 to 1 (published script)",
        "224x224 in floating point, levels 0 to 1",
        "384x384 in floating point, levels 0 to 1",
        "last frames of strides of 1/6 second",
        "Deep features and SVR",
        "training keeps 20 to 500 of them",
    ] {
        assert!(protocol.contains(words), "{words}: {protocol}");
    }

    let killed = || results(&three.out.join("cache/features")).len() >= 20;
    assert!(kill_when(&mut command(&three.arguments()), killed), "it was over before");
    let kept = results(&three.out.join("cache/features")).into_keys().next().unwrap();
    let written = || fs::metadata(three.out.join("cache/features").join(&kept)).unwrap().modified().unwrap();
    let before = written();
    three.run(0);
    assert_eq!(written(), before, "{kept} was extracted again");
    same(&one.out, &three.out);

    let own = bench.case("own", &["--methods", "resnet50", "--splits", "1", "--deep-input", "own"]);
    own.run(0);
    let predictions = |case: &Case| fs::read(case.out.join("predictions/resnet50.csv")).unwrap();
    assert_ne!(predictions(&own), predictions(&one), "another preparation is another result");
    let refused = ["--methods", "vgg-face", "--splits", "1", "--vgg-convention", "bgr-mean-subtracted"];
    assert!(bench.case("refused", &refused).run(2).contains("add --deep-input own"));
    let file = weights(bench.root(), FeatureSet::VggFace, 1, "");
    let vgg = |convention: &str| {
        let common = ["--methods", "vgg-face", "--splits", "1", "--vgg-face", &file, "--deep-input", "own"];
        let case = bench.case(convention, &[&common[..], &["--vgg-convention", convention]].concat());
        case.run(0);
        fs::read(case.out.join("predictions/vgg-face.csv")).unwrap()
    };
    assert_ne!(vgg("rgb-mean-subtracted"), vgg("bgr-mean-subtracted"));
}

#[test]
fn weights_of_a_file_are_what_the_cache_goes_by() {
    let bench = Bench::new();
    for (set, (name, title)) in FeatureSet::ALL.into_iter().zip(SETS) {
        let files =
            [(1, ""), (1, "visual."), (2, "")].map(|(seed, prefix)| weights(bench.root(), set, seed, prefix));
        let flag = format!("--{name}");
        let run = |file: &str| {
            let case = bench.case(name, &["--methods", name, "--splits", "1", &flag, file]);
            let shown = case.run(0);
            let table = fs::read_to_string(case.out.join("table4.csv")).unwrap();
            assert!(table.contains(title) && !table.contains("random"), "{table}");
            let folder = case.out.join(format!("cache/features/{name}"));
            let entry = results(&folder).into_keys().next().unwrap();
            let written = fs::metadata(folder.join(&entry)).unwrap().modified().unwrap();
            (fs::read(case.out.join(format!("predictions/{name}.csv"))).unwrap(), written, shown)
        };
        let [(first, written, _), (prefixed, again, notes), (other, anew, _)] =
            [&files[0], &files[1], &files[2]].map(|file| run(file));
        assert!(notes.contains("`visual.` was taken off"), "{notes}");
        assert_eq!((prefixed, again), (first.clone(), written), "the same weights, behind a prefix");
        assert!(other != first && anew != written, "{name}: other weights");
        let protocol = fs::read_to_string(bench.root().join(name).join("protocol.json")).unwrap();
        assert!(protocol.contains(&format!("weights {name}2.safetensors (")), "{protocol}");
        assert!(!protocol.contains(bench.root().to_str().unwrap()), "{protocol}");
    }
}

#[test]
fn weights_that_do_not_fit_are_named_before_the_work_begins() {
    let bench = Bench::new();
    for (at, set) in FeatureSet::ALL.into_iter().enumerate() {
        let good = set.small(Preparation::Own).tower.seeded(1).unwrap();
        let (name, first) = good.iter().find(|(name, _)| name.ends_with(".weight")).unwrap();
        let with = |file: &str, tensor: Tensor| {
            let mut bad = good.clone();
            bad.insert(name.clone(), tensor);
            save(bench.root(), file, bad, "")
        };
        let other = weights(bench.root(), FeatureSet::ALL[(at + 1) % 3], 1, "");
        let nan = with("nan", (first * f64::NAN).unwrap());
        let whole = with("whole", first.zeros_like().unwrap().to_dtype(DType::U8).unwrap());
        let bytes = fs::read(weights(bench.root(), set, 1, "")).unwrap();
        let cut = bench.root().join("cut.safetensors");
        fs::write(&cut, &bytes[..bytes.len() - 3]).unwrap();
        let huge = bench.root().join("huge.safetensors");
        fs::write(&huge, [&(1_u64 << 50).to_le_bytes()[..], &bytes[8..]].concat()).unwrap();
        let flag = format!("--{}", set.name());
        for (file, words) in [
            ("nowhere.safetensors", "nowhere.safetensors"),
            (&other, "wanted is"),
            (&nan, "NaN"),
            (&whole, "not quantised"),
            (cut.to_str().unwrap(), "tensor header"),
            (huge.to_str().unwrap(), "tensor header"),
        ] {
            let case = bench.case("out", &["--methods", set.name(), "--splits", "1", &flag, file]);
            let shown = case.run(2);
            assert!(shown.contains(&flag) && shown.contains(words) && !case.out.exists(), "{file}: {shown}");
        }
    }
}

#[test]
fn the_list_of_methods_has_them_and_all_does_not() {
    let listed = expect(0, &["--list-methods"]);
    for (name, title) in SETS {
        assert!(listed.lines().any(|line| line.starts_with(name) && line.contains(title)), "{listed}");
    }
    let bench = Bench::new();
    let shown = bench.case("out", &["--methods", "deeper"]).run(2);
    assert!(shown.contains("on deep features resnet50, vgg-face, dfgc1st, or `deep`"), "{shown}");
    let across = bench.across(&["--repeats", "1", "--methods", "resnet50"]).1;
    assert!(across.contains("ResNet-50 (random weights)"), "{across}");
}

#[test]
fn a_broken_clip_is_a_failure_of_its_own() {
    let bench = Bench::new();
    let (torn, ..) = bench.tear(1);
    let case = bench.case("out", &["--methods", "resnet50", "--splits", "1"]);
    case.run(1);
    let failures = fs::read_to_string(case.out.join("failures.csv")).unwrap();
    assert!(failures.contains(&torn) && failures.contains("resnet50"), "{failures}");
    assert!(!failures.contains(bench.root().to_str().unwrap()), "{failures}");
}
