//! Networks: trained split by split, rows like any other.

use std::fs;

use crate::helpers::*;

/// One split, an epoch of the tiny networks.
fn quick<'a>(methods: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let quick = ["--splits", "1", "--epochs", "1", "--batch", "4", "--frames", "2", "--sentences", "2"];
    [&["--methods", methods][..], &quick, more].concat()
}

#[test]
fn killed_sharded_or_with_other_jobs_the_bytes_are_the_same() {
    let bench = Bench::new();
    let case = |name: &str, more: &[&str]| {
        bench.case(name, &quick("opdai,da-clip", &[&["--save-every", "1"][..], more].concat()))
    };
    let whole = case("whole", &["--jobs", "1"]);
    let shown = whole.run(0);
    let rows = fs::read_to_string(whole.out.join("table4.csv")).unwrap();
    for row in ["DA-CLIP,", "DA-CLIP-T,", "OPDAI,"] {
        assert!(rows.contains(row), "{row}: {rows}");
    }
    assert!(whole.out.join("predictions/da-clip-t.csv").exists());
    let model = whole.out.join("cache/networks/0/da-clip/model.json");
    let written = || fs::metadata(&model).unwrap().modified().unwrap();
    let before = written();
    assert!(!model.with_file_name("state.json").exists(), "the state is of no more use");
    assert_eq!((whole.run(0), written()), (shown, before), "trained again");

    let killed = case("killed", &["--jobs", "2"]);
    for network in ["da-clip", "opdai"] {
        let state = killed.out.join("cache/networks/0").join(network).join("state.json");
        assert!(kill_when(&mut command(&killed.arguments()), || state.exists()), "it was over before");
        assert!(!killed.out.join("report.html").exists());
    }
    killed.run(0);
    same(&whole.out, &killed.out);

    let shards = ["1/2", "2/2"].map(|part| case(&part.replace('/', "of"), &["--shard", part]));
    for shard in &shards {
        assert!(shard.run(1).contains("the trainings of this shard are done"));
    }
    let merged = bench.root().join("merged");
    let [first, second, out] = [&shards[0].out, &shards[1].out, &merged].map(|path| path.to_str().unwrap());
    expect(0, &["merge", "--out", out, first, second]);
    same(&whole.out, &merged);
}

#[test]
fn every_network_has_a_row() {
    let bench = Bench::new();
    let case = bench.case("out", &quick("networks", &["--crop", "0.17,0,0.83,0.8"]));
    case.run(0);
    let rows = fs::read_to_string(case.out.join("table4.csv")).unwrap();
    for row in ["DA-CLIP,", "DA-CLIP-T,", "OPDAI,", "HUST,", "UNILJ,"] {
        assert!(rows.contains(row), "{row}: {rows}");
    }
}

#[test]
fn a_broken_clip_is_left_out_and_another_option_is_another_training() {
    let bench = Bench::new();
    let (torn, video, bytes) = bench.tear(1);
    let case = bench.case("out", &quick("opdai", &[]));
    let shown = case.run(1);
    assert!(shown.contains("OPDAI: 1 of ") && shown.contains("1 failure: "), "{shown}");
    let failures = fs::read_to_string(case.out.join("failures.csv")).unwrap();
    assert!(failures.contains(&format!("frames,{torn},opdai,")), "{failures}");
    assert!(!failures.contains(bench.root().to_str().unwrap()), "{failures}");

    fs::write(&video, &bytes).unwrap();
    case.run(0);
    let predictions = || fs::read_to_string(case.out.join("predictions/opdai.csv")).unwrap();
    let repaired = predictions();
    assert!(repaired.contains(&torn));
    let other = bench.case("out", &quick("opdai", &["--loss", "mae"]));
    other.run(0);
    assert_ne!(predictions(), repaired);
}

/// First weights are looked at before features and videos, and a file that does not fit is named with its option.
#[test]
fn first_weights_are_read_before_the_work_begins() {
    let bench = Bench::new();
    let pointer = bench.root().join("lfs.safetensors");
    fs::write(&pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n").unwrap();
    let asset = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/dream-models/assets/blazeface-short-range.safetensors"
    );
    for (file, expected) in [
        ("nowhere.safetensors", "nowhere.safetensors"),
        (pointer.to_str().unwrap(), "Git LFS pointer"),
        (asset, "holds no Swin-V2"),
    ] {
        let case = bench.case("out", &quick("opdai", &["--visual", file]));
        let shown = case.run(2);
        assert!(shown.contains("--visual") && shown.contains(expected) && !case.out.exists(), "{shown}");
    }
}

#[test]
fn across_data_sets() {
    let bench = Bench::new();
    let options = quick("da-clip", &[]);
    // `--splits 1` is not an option of `cross`.
    let options: Vec<&str> = options[..2].iter().chain(&options[4..]).copied().collect();
    let (_, shown) = bench.across(&[&["--repeats", "1"][..], &options].concat());
    // The clips of the list have no descriptions to be scored by.
    assert!(shown.contains("DA-CLIP ") && !shown.contains("DA-CLIP-T"), "{shown}");
}
