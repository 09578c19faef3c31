//! The program as people run it, on portraits and a tower made here.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dream_models::deep::backbones::vit::{ClipVit, Config};
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::write_tensors;
use dream_models::deep::input::FaceRule;
use dream_models::deep::methods::face_blend::Head;
use dream_models::deep::train::Params;
use serde_json::Value;
use tempfile::TempDir;

/// A photograph of a NASA astronaut, public domain.
const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../score-video/assets/portrait.png");

/// Portraits, a tower and room for results.
struct Bench {
    folder: TempDir,
}

fn write_png(path: &Path, (width, height): (u32, u32), rgb: &[u8]) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(rgb).unwrap();
}

/// A disc with eyes and a mouth on a ground, in colours of its own.
fn cartoon(person: usize) -> Vec<u8> {
    let mut rgb = Vec::new();
    let grain = |x: usize, y: usize| (x * 7 + y * 13 + x * y * (3 + person)) % 11;
    for y in 0..96_usize {
        for x in 0..96_usize {
            let from = |cx: usize, cy: usize| x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2);
            let dark = from(36, 40) < 20 || from(60, 40) < 20 || (y.abs_diff(64) < 3 && x.abs_diff(48) < 10);
            let tone = match from(48, 48) < 30 * 30 {
                _ if dark => [40, 30, 30],
                true => [150 + person * 7, 110 + person * 5, 90 + person * 3],
                false => [60 + person * 11, 90, 140 - person * 6],
            };
            rgb.extend(tone.map(|level| u8::try_from((level + grain(x, y)).min(255)).unwrap()));
        }
    }
    rgb
}

impl Bench {
    fn new(people: usize) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        let portraits = bench.path("portraits");
        fs::create_dir(&portraits).unwrap();
        let (mut boxes, mut sources) =
            ("file,left,top,right,bottom\n".to_owned(), "file,source\n".to_owned());
        for person in 0..people {
            write_png(&portraits.join(format!("p{person:02}.png")), (96, 96), &cartoon(person));
            boxes += &format!("p{person:02}.png,22,24,74,76\n");
            sources += &format!("p{person:02}.png,{}\n", if person < 4 { "here" } else { "there" });
        }
        fs::write(bench.path("boxes.csv"), boxes).unwrap();
        fs::write(portraits.join("portraits.csv"), sources).unwrap();
        let config =
            Config { image_size: 32, width: 24, layers: 3, heads: 2, mlp_width: 48, ..Config::b16() };
        fs::write(bench.path("tower.json"), serde_json::to_vec(&config).unwrap()).unwrap();
        let params = Params::seeded(1, DType::F32, &Device::Cpu);
        ClipVit::new(&config, &params.builder()).unwrap();
        write_tensors(bench.path("tower.safetensors"), &params.tensors().unwrap()).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Small numbers of everything, or those of `more`.
    fn command(&self, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_train-face-blend"));
        command.arg(self.path("portraits")).arg("--weights").arg(self.path("tower.safetensors"));
        command.arg("--out").arg(self.path(out)).args(more);
        let tower = self.path("tower.json");
        let small = [("--draws", "1"), ("--folds", "2"), ("--block", "2"), ("--c", "0.1")];
        for (flag, value) in small.into_iter().chain([("--tower", tower.to_str().unwrap())]) {
            if !more.contains(&flag) {
                command.args([flag, value]);
            }
        }
        command
    }

    /// With the boxes of the cartoons.
    fn run(&self, out: &str, more: &[&str]) -> Output {
        self.command(out, more).arg("--boxes").arg(self.path("boxes.csv")).output().unwrap()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_head_is_the_same_for_any_threads_and_after_an_interruption() {
    let bench = Bench::new(8);
    let (report, sheet) = (bench.path("a.csv"), bench.path("a.png"));
    let (report, sheet) = (report.to_str().unwrap(), sheet.to_str().unwrap());
    let clip = bench.path("clip");
    let clip = ["--clip", clip.to_str().unwrap()];
    let options =
        ["--robustness", "2", "--report", report, "--sheet", sheet, "--jobs", "1", clip[0], clip[1]];
    let first = bench.run("a.json", &options);
    assert!(first.status.success(), "{}", error(&first));
    assert!(error(&first).contains("wrote the head of 8 portraits to"), "{}", error(&first));
    let printed = String::from_utf8(first.stdout).unwrap();
    assert!(printed.contains("held-out people, block 2, C 0.1") && printed.contains("jpeg 40"), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    let rows = String::from_utf8(bench.read("a.csv")).unwrap();
    // Header, two folds, their mean, twelve kinds of damage.
    assert_eq!(rows.lines().count(), 1 + 2 + 1 + 12, "{rows}");
    assert!(png::Decoder::new(std::io::BufReader::new(File::open(sheet).unwrap())).read_info().is_ok());

    for name in ["original", "fake"] {
        assert_eq!(fs::read_dir(bench.path("clip").join(name)).unwrap().count(), 50);
    }
    assert_ne!(bench.read("clip/original/049.png"), bench.read("clip/fake/049.png"));

    let head = Head::read(bench.path("a.json")).unwrap();
    let record: Value = head.provenance().unwrap();
    assert_eq!((head.parts().name.as_str(), head.parts().block), ("a", 2));
    assert_eq!(record["sources"], serde_json::json!({"here": 4, "there": 4}));
    assert_eq!((&record["portraits"], &record["draws"], &record["seed"]), (&8.into(), &1.into(), &1.into()));
    assert_eq!(record["auc_by_fold"].as_array().unwrap().len(), 2);

    // Other threads, nothing known.
    assert!(bench.run("b/a.json", &["--jobs", "3"]).status.code() == Some(2), "there is no folder b");
    fs::create_dir(bench.path("b")).unwrap();
    assert!(bench.run("b/a.json", &["--jobs", "3"]).status.success());
    assert_eq!(bench.read("b/a.json"), bench.read("a.json"));

    // Half of the numbers are lost, one is damaged.
    let mut kept: Vec<PathBuf> =
        fs::read_dir(bench.path("b/a.cache")).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.sort();
    assert_eq!(kept.len(), 16);
    kept.iter().step_by(2).for_each(|path| fs::remove_file(path).unwrap());
    fs::write(&kept[1], b"short").unwrap();
    fs::remove_file(bench.path("b/a.json")).unwrap();
    let again = bench.run("b/a.json", &[]);
    assert!(error(&again).contains("were in the cache"), "{}", error(&again));
    assert_eq!(bench.read("b/a.json"), bench.read("a.json"));

    // Another seed is another head.
    assert!(bench.run("b/a.json", &["--seed", "2"]).status.success());
    assert_ne!(bench.read("b/a.json"), bench.read("a.json"));
}

/// Numbers of other settings are not taken for those of these, whatever lies in the cache.
#[test]
fn a_cache_of_other_settings_changes_nothing() {
    let bench = Bench::new(4);
    let (shared, report) = (bench.path("shared"), bench.path("r.csv"));
    let settings: [&[&str]; 6] = [
        &["--robustness", "2"],
        &["--seed", "2", "--robustness", "2"],
        &["--crop", "1.6"],
        &["--jpeg", "0.9", "--h264", "0.1"],
        &["--draws", "2"],
        &["--block", "1"],
    ];
    let mut heads = Vec::new();
    for (number, more) in settings.into_iter().enumerate() {
        let own = bench.path(&number.to_string());
        let run = |cache: &Path| {
            let (cache, report) = (cache.to_str().unwrap(), report.to_str().unwrap());
            let output = bench.run("h.json", &[more, &["--cache", cache, "--report", report]].concat());
            assert!(output.status.success(), "{}", error(&output));
            (bench.read("h.json"), bench.read("r.csv"))
        };
        let alone = run(&own);
        assert_eq!(run(&shared), alone, "{more:?}");
        heads.push(alone);
    }
    let apart = |i: usize| heads.iter().skip(i + 1).all(|(head, _)| *head != heads[i].0);
    assert!((0..heads.len()).all(apart));
    // Two draws of four people and their portraits: a second draw is another picture, not the first one twice.
    assert_eq!(fs::read_dir(bench.path("4")).unwrap().count(), 4 * (2 + 1));
    // Videos are cut as the portraits were.
    let FaceRule::Face(rule) = &Head::from_json(&heads[2].0).unwrap().parts().input.face.clone() else {
        panic!("a head looks at faces")
    };
    assert_eq!(rule.expansion.0, 1.6);
    // No two kinds of damage leave the same; a crop of 1.3 is no damage.
    let report = String::from_utf8(heads[0].1.clone()).unwrap();
    let damage: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("damage,")).collect();
    let figures = |name: &str| {
        let line = damage.iter().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{report}")).split_once(',').unwrap().1.to_owned()
    };
    assert_eq!(figures("none"), figures("crop 1.3"));
    assert!(damage.iter().filter(|line| line.ends_with(&figures("none"))).count() < 6, "{report}");
}

#[test]
fn the_choice_is_a_table_of_blocks_and_c() {
    let bench = Bench::new(6);
    let report = bench.path("r.json");
    let output = bench.run("h.json", &["--choose", "--block", "1", "--report", report.to_str().unwrap()]);
    assert!(output.status.success(), "{}", error(&output));
    let rows: Vec<Value> = serde_json::from_slice(&bench.read("r.json")).unwrap();
    let choices: Vec<&Value> = rows.iter().filter(|row| row["part"] == "choice").collect();
    assert_eq!(choices.len(), 3 * 5);
    let best = choices.iter().map(|row| row["auc"].as_f64().unwrap()).fold(0.0, f64::max);
    let mean = rows.iter().find(|row| row["part"] == "mean").unwrap();
    assert_eq!(mean["auc"].as_f64().unwrap(), best);
    let least = choices.iter().map(|row| row["auc"].as_f64().unwrap()).fold(1.0, f64::min);
    assert!(least < best, "a choice of one");
}

/// The detector finds the photograph, brighter and mirrored too, and no face in a wall.
#[test]
fn portraits_without_a_face_are_named() {
    let bench = Bench::new(0);
    let decoder = png::Decoder::new(std::io::BufReader::new(File::open(PORTRAIT).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    let size = (info.width, info.height);
    let folder = bench.path("portraits");
    for (name, change) in [("a", 0), ("b", 12), ("c", 24), ("d", 36)] {
        let brighter: Vec<u8> = rgb.iter().map(|level| level.saturating_add(change)).collect();
        write_png(&folder.join(format!("{name}.png")), size, &brighter);
    }
    write_png(&folder.join("wall.png"), (64, 64), &[90; 3 * 64 * 64]);
    fs::remove_file(folder.join("portraits.csv")).unwrap();
    let output = bench.command("h.json", &[]).output().unwrap();
    let words = error(&output);
    assert!(output.status.success(), "{words}");
    assert!(words.contains("1 portrait without a face left out:\n  wall.png"), "{words}");
    let record: Value = Head::read(bench.path("h.json")).unwrap().provenance().unwrap();
    assert_eq!((&record["portraits"], &record["without_a_face"]), (&4.into(), &1.into()));
    assert_eq!(record["boxes"], "the embedded detector, BlazeFace short range");
}

#[test]
fn what_is_wrong_is_named() {
    let bench = Bench::new(4);
    let refused = |more: &[&str], words: &str| {
        let output = bench.run("h.json", more);
        assert_eq!(output.status.code(), Some(2), "{}", error(&output));
        assert!(error(&output).contains(words), "{}", error(&output));
    };
    refused(&["--tower", "b64"], "--tower b64: neither b16, b32, l14 nor a file");
    refused(&["--tower", "b16"], "--weights");
    refused(&["--block", "4"], "--block is 4, the tower has 3 blocks");
    refused(&["--folds", "5"], "4 portraits have a face, 5 folds need one each");
    refused(&["--quality", "90,30"], "the lower one first");
    refused(&["--crop", "nan"], "crop");
    let broken = bench.path("portraits/p02.png");
    let whole = fs::read(&broken).unwrap();
    fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    refused(&[], "p02.png");
    fs::copy(bench.path("portraits/p01.png"), &broken).unwrap();
    refused(&[], "p01.png and p02.png are the same file");
    assert!(!bench.path("h.json").exists());
}

#[test]
fn nobody_reads() {
    let bench = Bench::new(4);
    let command = || {
        let mut command = bench.command("h.json", &[]);
        command.arg("--boxes").arg(bench.path("boxes.csv"));
        command
    };
    print_test::without_reader(0, command, || {
        assert!(Head::read(bench.path("h.json")).is_ok());
        fs::remove_file(bench.path("h.json")).unwrap();
    });
}
