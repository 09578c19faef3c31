//! Features by networks, as people run the program.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use score_video::dream_models::deep::backbones::vit::{ClipVit, Config};
use score_video::dream_models::deep::candle_core::{DType, Device};
use score_video::dream_models::deep::checkpoint::write_tensors;
use score_video::dream_models::deep::features::{FeatureSet, Preparation};
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

/// Small weights of a deep feature set.
fn set_weights(folder: &Path, set: FeatureSet, seed: u64) -> String {
    let tensors = set.small(Preparation::Own).tower.seeded(seed).unwrap();
    let path = folder.join(format!("{}-{seed}.safetensors", set.name()));
    write_tensors(&path, &tensors).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn deep_sets_give_means_and_deviations_and_say_how() {
    let folder = tempfile::tempdir().unwrap();
    // 8 frames a second: every frame is a stride of its own; and one frame.
    let (a, one) = (clip(folder.path(), "a.y4m", 5), clip(folder.path(), "one.y4m", 1));
    for (set, own, published) in [
        (FeatureSet::ResNet50, "side=224", "side=native"),
        (FeatureSet::VggFace, "convention=rgb-mean-subtracted", "convention=rgb-unit-range"),
        (FeatureSet::Dfgc1st, "side=384", "side=384"),
    ] {
        let weights = set_weights(folder.path(), set, 1);
        let width = set.small(Preparation::Own).tower.width();
        let with = |weights: &str, more: &[&str]| {
            let arguments = ["--set", set.name(), "--whole-frame", "--weights", weights, &a, &one];
            let output = run(&[&arguments, more].concat());
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            output
        };
        let mut recipes = Vec::new();
        for (more, word) in [(&[][..], own), (&["--published"], published)] {
            let output = with(&weights, more);
            let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
            let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let name = set.name().replace('-', "_");
            assert_eq!(names.len(), 1 + 2 * width + 5);
            assert_eq!(names[1], format!("{name}.mean.0000"));
            assert_eq!(names[width], format!("{name}.mean.{:04}", width - 1));
            assert_eq!(names[width + 1], format!("{name}.std.0000"));
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let values = |row: &csv::StringRecord| -> Vec<f64> {
                row.iter().skip(1).take(2 * width).map(|cell| cell.parse().unwrap()).collect()
            };
            let several = values(&rows[0]);
            assert!(several.iter().all(|v| v.is_finite()));
            let some = |values: &[f64]| values.iter().any(|v| *v != 0.0);
            assert!(some(&several[..width]) && some(&several[width..]), "{set:?} {more:?}");
            let still = values(&rows[1]);
            assert!(some(&still[..width]) && !some(&still[width..]), "one frame has no spread");
            assert!(rows[1][rows[1].len() - 1].contains("one frame has no spread"), "{:?}", rows[1]);
            let recipe = cell(&output, "recipe");
            let start = format!("extractor={} version=1 weights=", set.name());
            assert!(recipe.starts_with(&start) && recipe.contains(word), "{recipe}");
            assert!(recipe.contains("frames=strides-6 pooling=mean-std"), "{recipe}");
            recipes.push(recipe);
            let notes = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(notes.contains(&format!("its network is no {}", set.title())), "{notes}");
        }
        assert_ne!(recipes[0], recipes[1], "another preparation is another recipe");
        assert_ne!(
            cell(&with(&set_weights(folder.path(), set, 2), &[]), "recipe"),
            recipes[0],
            "other weights are another recipe"
        );
        let output = with(&weights, &[]);
        assert_eq!(with(&weights, &["--jobs", "2"]).stdout, output.stdout);
        assert_eq!(cell(&output, "settings"), format!("--set {} --range limited --whole-frame", set.name()));
    }
}

#[test]
fn a_video_that_is_shorter_than_a_stride_is_its_first_frame() {
    let folder = tempfile::tempdir().unwrap();
    let weights = set_weights(folder.path(), FeatureSet::ResNet50, 1);
    let film = |name: &str, frames| {
        let path = clip(folder.path(), name, frames);
        let fast = String::from_utf8_lossy(&fs::read(&path).unwrap()[..64]).into_owned();
        let bytes = fs::read(&path).unwrap();
        let at = fast.find("F8:1 ").unwrap();
        // 30 frames a second: strides of five.
        fs::write(&path, [&bytes[..at], b"F30:1 ", &bytes[at + 5..]].concat()).unwrap();
        path
    };
    let of = |path: &str| {
        let output = run(&["--set", "resnet50", "--whole-frame", "--weights", &weights, path]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        (cell(&output, "resnet50.mean.0003"), cell(&output, "frames"), cell(&output, "assumptions"))
    };
    let (short, single, long) = (film("short.y4m", 4), film("single.y4m", 1), film("long.y4m", 11));
    let (first, frames, said) = of(&short);
    assert_eq!((&first, frames.as_str()), (&of(&single).0, "1"));
    assert!(said.contains("the first frame stands for the video"), "{said}");
    let (_, frames, said) = of(&long);
    assert_eq!((frames.as_str(), said.contains("stands for")), ("2", false));
}

#[test]
fn weights_that_do_not_fit_a_deep_set_are_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let a = clip(folder.path(), "a.y4m", 4);
    for (at, set) in FeatureSet::ALL.into_iter().enumerate() {
        let good = set_weights(folder.path(), set, 1);
        let other = set_weights(folder.path(), FeatureSet::ALL[(at + 1) % 3], 1);
        let bytes = fs::read(&good).unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let mut nan = bytes.clone();
        let end = nan.len();
        nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        let mut huge = bytes.clone();
        huge[..8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        for (weights, words) in [
            (other, "wanted is"),
            (file("nan.safetensors", &nan), "NaN"),
            (file("cut.safetensors", &bytes[..end - 9]), "cut.safetensors"),
            (file("huge.safetensors", &huge), "huge.safetensors"),
            (file("weights.pth", b"\x80\x02}q\x00."), "weights.pth"),
            (folder.path().join("missing.safetensors").to_str().unwrap().to_owned(), "missing.safetensors"),
        ] {
            let output = run(&["--set", set.name(), "--whole-frame", "--weights", &weights, &a]);
            let messages = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{weights}: {messages}");
            assert!(messages.contains(words) && !messages.contains("panicked"), "{weights}: {messages}");
        }
        let options: [(&[&str], &str); 4] = [
            (&["--block", "1"], "--block"),
            (&["--frames", "every:2"], "--frames"),
            (&["--convention", "bgr"], "bgr-mean-subtracted"),
            (&[], "no face in"),
        ];
        for (more, words) in options {
            let output = run(&[&["--set", set.name(), "--weights", &good, &a], more].concat());
            let messages = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() != Some(0) && messages.contains(words), "{more:?}: {messages}");
        }
    }
    let resnet = set_weights(folder.path(), FeatureSet::ResNet50, 1);
    for arguments in [
        ["--set", "resnet50", "--convention", "bgr-mean-subtracted"],
        ["--set", "clip-vit", "--published", "--whole-frame"],
    ] {
        let output = run(&[&arguments[..], &["--weights", &resnet, &a]].concat());
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() != Some(0) && messages.contains("vgg-face"), "{messages}");
    }
}
