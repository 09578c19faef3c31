//! Traces of a pasted face: a tiny tower of random weights, and a head of made-up numbers.

use std::fs;
use std::path::Path;

use dream_models::deep::backbones::vit;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::{TensorFile, write_tensors};
use dream_models::deep::methods::face_blend::{Head, HeadParts, Reach, Tower, input};
use dream_models::deep::train::Params;
use score_video::Scorer;
use serde_json::Value;

use crate::common::{holds, json, refusal, run, run_on, text, video};
use crate::{Scene, usual};

const WIDTH: usize = 24;

fn config() -> vit::Config {
    vit::Config { image_size: 32, width: WIDTH, layers: 2, heads: 2, mlp_width: 48, ..vit::Config::b16() }
        .up_to(2)
}

/// A head on a tower, whose limit of familiarity is so far.
fn head(scene: &Scene, name: &str, tower: Tower, limit: f64) -> String {
    let spread = |seed: usize| (0..WIDTH).map(move |i| ((i * 37 + seed) % 11) as f64 / 5.0 - 1.0);
    let parts = HeadParts {
        name: "tiny-1".to_owned(),
        learned_from: "nothing at all".to_owned(),
        measured: "CV AUC 0.5".to_owned(),
        input: input(&tower.config),
        tower,
        block: 2,
        weights: spread(3).collect(),
        bias: 0.125,
        percentiles: (0..=100).map(|i| f64::from(i) / 10.0 - 5.0).collect(),
        familiarity: Reach { mean: spread(1).collect(), deviation: vec![1.0; WIDTH], limit },
    };
    Head::new(parts, &"made up for a test").unwrap().write(scene.path(name)).unwrap();
    scene.path(name)
}

/// A tower, and a head that fits it.
pub struct Files {
    pub tower: String,
    pub head: String,
}

impl Files {
    pub fn new(scene: &Scene) -> Self {
        let params = Params::seeded(3, DType::F32, &Device::Cpu);
        vit::ClipVit::new(&config(), &params.builder()).unwrap();
        let tensors = params.tensors().unwrap();
        let tower = scene.path("tower.safetensors");
        write_tensors(&tower, &tensors).unwrap();
        let described = Tower::of("tiny", &config(), &tensors).unwrap();
        Self { tower, head: head(scene, "head.json", described, 1e3) }
    }

    pub fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["--method", "face-blend", "--weights", &self.tower, "--head", &self.head], more].concat()
    }
}

pub fn traces(video: &Value) -> f64 {
    video["traces"]["mean"].as_f64().unwrap_or_else(|| panic!("{video}"))
}

pub fn frames(video: &Value) -> Vec<f64> {
    let frames = video["traces"]["frames"].as_array().unwrap();
    frames.iter().map(|frame| frame["traces"].as_f64().unwrap()).collect()
}

/// Checks that the box is a square, but for the rounding of its borders.
pub fn square(video: &Value) {
    let side = |key: &str| video[key].as_u64().unwrap();
    assert!(side("face_width").abs_diff(side("face_height")) <= 1, "{video}");
}

/// Width, height and bytes of a PNG file.
pub fn picture(path: impl AsRef<Path>) -> (u32, u32, Vec<u8>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

/// A copy of a folder of frames, in which every picture is changed: its number and its rows. Frames may get longer.
pub fn version(scene: &Scene, from: &str, name: &str, change: impl Fn(usize, &mut Vec<u8>)) -> String {
    fs::create_dir(scene.path(name)).unwrap();
    let mut files: Vec<_> = fs::read_dir(from).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for (t, file) in files.iter().enumerate() {
        let (width, _, mut pixels) = picture(file);
        change(t, &mut pixels);
        let height = u32::try_from(pixels.len()).unwrap() / (3 * width);
        let out = fs::File::create(scene.path(&format!("{name}/{t:03}.png"))).unwrap();
        let mut encoder = png::Encoder::new(out, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }
    scene.path(name)
}

#[test]
fn traces_are_reported_as_what_they_are() {
    let scene = Scene::new();
    let (files, portrait) = (Files::new(&scene), scene.portrait("portrait", 20, 1));
    let base = files.arguments(&[&portrait]);
    let (report, code) = json(&base);
    assert_eq!(code, Some(0), "{report}");
    let found = &report["videos"][0];
    for absent in ["score", "grade", "low", "high", "level"] {
        assert!(found[absent].is_null(), "{absent}: {found}");
    }
    let each = frames(found);
    assert_eq!((each.len(), &found["frames_used"]), (8, &8.into()));
    let mean = each.iter().sum::<f64>() / 8.0;
    assert!((traces(found) - mean).abs() < 1e-12, "{found}");
    let expected = ((mean + 5.0) * 10.0).clamp(0.0, 100.0);
    assert!((found["traces"]["percentile"].as_f64().unwrap() - expected).abs() < 1e-9, "{found}");
    // The middles of eight parts of 20 frames at the rate of pictures, 25 a second.
    let times: Vec<f64> =
        found["traces"]["frames"].as_array().unwrap().iter().map(|f| f["time"].as_f64().unwrap()).collect();
    assert_eq!(times, [1, 3, 6, 8, 11, 13, 16, 18].map(|frame| f64::from(frame) / 25.0));
    assert!(found["familiar"].as_bool().unwrap() && found["distance"].as_f64().unwrap() > 0.0);
    assert_eq!((&report["model"], &report["learned_from"]), (&"tiny-1".into(), &"nothing at all".into()));
    assert_eq!(report["checkpoint"]["frames"], "centres:8");
    holds(&report["limits"].to_string(), "no verdict|one recording|lip movements|not measured");

    // The face is a square, and its box gives the same again.
    square(found);
    let side = |key: &str| found[key].to_string();
    let part = ["face_left", "face_top", "face_width", "face_height"].map(side).join(",");
    let given = video(&files.arguments(&["--box", &part, &portrait]));
    assert_eq!((traces(&given), frames(&given)), (traces(found), each.clone()));

    let table = text(&run(&base).stdout);
    holds(
        &table,
        "traces|% of portraits|CV AUC 0.5|learned from nothing at all|limits  no grade|fewer is better",
    );
    assert!(!table.contains("1 (bad)") && !table.contains("mean opinion"), "{table}");
    let csv = text(&run(&files.arguments(&["--csv", &portrait])).stdout);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let (header, row) = (rows.headers().unwrap().clone(), rows.records().next().unwrap().unwrap());
    let cell = |name: &str| &row[header.iter().position(|have| have == name).unwrap()];
    assert_eq!((cell("score"), cell("grade"), cell("above_reference")), ("", "", ""));
    assert_eq!(cell("traces").parse::<f64>().unwrap(), traces(found));
    assert!(cell("frame_traces").starts_with(&format!("0.04:{}", each[0])), "{}", cell("frame_traces"));
    holds(cell("settings"), "--method face-blend --weights sha256:|--head sha256:");

    let scorer =
        Scorer::builder().method("face-blend").weights(&files.tower).head(&files.head).build().unwrap();
    let score = scorer.score_file(&portrait).unwrap();
    assert_eq!((score.score, score.grade, score.interval), (traces(found), None, None));
    let words = score.to_string();
    holds(&words, &format!("traces {mean:.2} (more than|% of untouched portraits), from 8 frames by tiny-1"));
    assert_eq!(serde_json::to_value(&score).unwrap()["traces"], found["traces"]);
}

#[test]
fn batch_threads_and_jobs_do_not_change_a_byte() {
    let scene = Scene::new();
    let (files, portrait) = (Files::new(&scene), scene.portrait("portrait", 20, 1));
    let other = version(&scene, &portrait, "other", |_, pixels| pixels[3000..30_000].fill(40));
    let base = files.arguments(&["--json", "--reference", &portrait, &other, &portrait]);
    let first = run_on("1", &base);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    for (threads, batch, jobs) in [("1", "3", "2"), ("2", "1", "1"), ("4", "8", "2")] {
        let again = run_on(threads, &[&base[..], &["--batch", batch, "--jobs", jobs]].concat());
        assert_eq!(text(&again.stdout), text(&first.stdout), "{threads} threads, batch {batch}, {jobs} jobs");
    }
}

#[test]
fn what_does_not_go_together_is_explained() {
    let scene = Scene::new();
    let (files, portrait) = (Files::new(&scene), scene.portrait("portrait", 8, 1));
    let refused = |arguments: &[&str], words: &str| holds(&refusal(arguments), words);
    let (tower, head) = (files.tower.as_str(), files.head.as_str());
    refused(
        &["--method", "face-blend", &portrait],
        "--method face-blend has no weights of its own|CLIP ViT-B/16|with --weights",
    );
    let checkpoint = scene.da_clip("a.json", &usual());
    let blend = |weights: &str, more: &[&str], words: &str| {
        refused(
            &[&["--method", "face-blend", "--weights", weights, "--head", head], more, &[&portrait]].concat(),
            words,
        );
    };
    blend(&checkpoint, &[], "a.json|checkpoint|CLIP ViT-B/16, a safetensors file");
    let other = fs::read_dir(scene.path("")).unwrap().map(|file| file.unwrap().path().display().to_string());
    let other =
        other.into_iter().find(|name| name.contains("/a.") && name.ends_with(".safetensors")).unwrap();
    blend(&other, &[], "a.|image tower of OpenAI's CLIP ViT-B/16");
    blend("nowhere.safetensors", &[], "--weights|nowhere.safetensors");
    blend(tower, &["--explain"], "--explain|no descriptions");
    blend(tower, &["--every", "6"], "centres:8|leave out --every");
    blend(tower, &["--reference", "nowhere.mp4"], "--reference nowhere.mp4|nowhere.mp4");
    blend(tower, &["--reference", &scene.wall(9)], "--reference|wall.y4m|no face in 8 frames");
    refused(
        &["--weights", &checkpoint, "--reference", &portrait, &portrait],
        "--reference is for --method face-blend",
    );
    refused(&["--weights", &checkpoint, "--head", head, &portrait], "--head is for --method face-blend");
    refused(
        &["--weights", &checkpoint, "--compare-versions", &portrait],
        "--compare-versions is for --method face-blend",
    );
    refused(&["--reference", &portrait, &portrait], "--weights <FILE>");
    refused(
        &["--weights", tower, &portrait],
        "tower.safetensors|a safetensors file, weights alone|goes with --method face-blend",
    );
    fs::write(scene.path("bad.json"), fs::read_to_string(head).unwrap().replace("\"bias\"", "\"bais\""))
        .unwrap();
    refused(
        &["--method", "face-blend", "--weights", tower, "--head", &scene.path("bad.json"), &portrait],
        "bad.json|bais",
    );
    let failed = video(&files.arguments(&[&scene.wall(9)]));
    holds(failed["error"].as_str().unwrap(), "no face in 8 frames|--no-face whole-frame");
}

#[test]
fn another_tower_and_an_unlike_face_are_told() {
    let scene = Scene::new();
    let (files, portrait) = (Files::new(&scene), scene.portrait("portrait", 8, 1));
    let mut tensors = TensorFile::open(&files.tower).unwrap().read_where(|_| true, &Device::Cpu).unwrap();
    let described = Tower::of("tiny", &config(), &tensors).unwrap();
    let shifted = |name: &str, by: f64| (name.to_owned(), tensors[name].affine(1.0, by).unwrap());
    let other = shifted("vision_model.embeddings.class_embedding", 1.0);
    let near = shifted("vision_model.encoder.layers.0.mlp.fc1.bias", 1e-4);
    let on = |tower: &str, head: &str| {
        run(&["--json", "--method", "face-blend", "--weights", tower, "--head", head, &portrait])
    };
    let rounded = scene.path("rounded.safetensors");
    tensors.extend([near]);
    write_tensors(&rounded, &tensors).unwrap();
    let report: Value = serde_json::from_slice(&on(&rounded, &files.head).stdout).unwrap();
    holds(&report["limits"].to_string(), "not those that the head was fitted on");
    assert!(report["videos"][0]["warning"].is_null(), "{report}");
    let usual: Value = serde_json::from_slice(&on(&files.tower, &files.head).stdout).unwrap();
    assert!(!usual["limits"].to_string().contains("fitted on"), "{usual}");

    let foreign = scene.path("foreign.safetensors");
    tensors.extend([other]);
    write_tensors(&foreign, &tensors).unwrap();
    let refused = on(&foreign, &files.head);
    assert_eq!(refused.status.code(), Some(2));
    holds(&text(&refused.stderr), "foreign.safetensors|another model of the same sizes|tiny");

    let strict = head(&scene, "strict.json", described, 1e-3);
    let report: Value = serde_json::from_slice(&on(&files.tower, &strict).stdout).unwrap();
    let found = &report["videos"][0];
    holds(found["warning"].as_str().unwrap(), "unfamiliar|do not rely");
    assert_eq!(found["familiar"], false);
}
