//! Networks: a tiny DA-CLIP of random weights, with descriptions in its checkpoint and in an index beside it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::explain::index::{self, IndexedClip, SentenceIndex, Writer};
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::deep::methods::da_clip::{Config, DaClip, KIND};
use dream_models::deep::train::Params;
use explain_video::report::Explained;
use explain_video::{Explainer, Settings, page};
use score_video::Scorer;

/// Descriptions, two of which are an attack.
const TEXTS: [&str; 4] = [
    "The mouth is blurry.",
    "<script>alert(1)</script> the \"eyes\" flicker",
    "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "Severe blocking on the chin and the neck.",
];

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A checkpoint with the descriptions in it, if it is to carry them.
    fn checkpoint(&self, name: &str, carries: bool) -> PathBuf {
        let config = Config::default();
        let input = Input { face: FaceRule::Whole, ..config.input() };
        let params = Params::seeded(3, DType::F32, &Device::Cpu);
        DaClip::new(&config, &params.builder()).unwrap();
        let mut tensors: BTreeMap<String, Tensor> = params.tensors().unwrap();
        if carries {
            let texts = TEXTS.map(str::to_owned);
            tensors.extend(Descriptions::tensors(&texts, &representations(config.dim)).unwrap());
        }
        let contents =
            Contents { kind: KIND.to_owned(), config, input: Some(input), provenance: "</bdi><script>" };
        let path = self.0.path().join(name);
        Checkpoint::save(&path, &contents, &tensors).unwrap();
        path
    }

    /// A y4m file of so many frames, coloured.
    fn clip(&self, name: &str, frames: usize) -> PathBuf {
        let mut bytes = b"YUV4MPEG2 W96 H64 F10:1 Ip A1:1 C420jpeg\n".to_vec();
        for t in 0..frames {
            bytes.extend_from_slice(b"FRAME\n");
            bytes.extend((0..96 * 64).map(|i| (40 + i % 96 + (i / 96 * t) % 60) as u8));
            bytes.extend((0..96 * 64 / 2).map(|i| (90 + (i + 3 * t) % 48) as u8));
        }
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn representations(dim: usize) -> Tensor {
    let values = (0..TEXTS.len() * dim).map(|i| ((i * i + 3 * i) % 17) as f32 / 8.0 - 1.0).collect();
    Tensor::from_vec::<_, f32>(values, (TEXTS.len(), dim), &Device::Cpu).unwrap()
}

fn explainer(weights: &Path, settings: Settings) -> Explainer {
    Explainer::new(Scorer::builder().weights(weights), settings).unwrap()
}

fn explained(explainer: &Explainer, clip: &Path) -> Explained {
    explainer.explain_file(clip).unwrap().explained.unwrap()
}

#[test]
fn a_page_has_maps_and_sentences() {
    let scene = Scene::new();
    let (weights, clip) = (scene.checkpoint("model.json", true), scene.clip("a.y4m", 50));
    let explainer = explainer(&weights, Settings { frames: 4, ..Settings::default() });
    let mut report = explainer.report("explain-video".to_owned());
    report.videos.push(explainer.explain_file(&clip).unwrap());
    let found = report.videos[0].explained.clone().unwrap();
    // Every sixth of 50 frames is looked at, and four of these nine are shown.
    assert_eq!(found.score.frames_used, Some(9));
    let shown: Vec<u64> = found.frames.iter().map(|frame| frame.index).collect();
    assert_eq!(shown, [0, 12, 24, 36]);
    for frame in &found.frames {
        let map = frame.map.as_ref().unwrap();
        assert_eq!((map.impacts.len(), map.impacts[0].len()), (16, 16));
        assert!(map.impacts.iter().flatten().any(|impact| *impact != 0.0) && !map.words.is_empty());
    }
    // The nearest first, each with its words.
    assert_eq!(found.sentences.len(), TEXTS.len());
    assert!(found.sentences.windows(2).all(|pair| pair[0].cosine >= pair[1].cosine));
    for sentence in &found.sentences {
        let joined: String = sentence.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(joined, sentence.text);
        let largest = sentence.words.iter().fold(0.0_f64, |most, word| most.max(word.impact.abs()));
        assert!((largest - 1.0).abs() < 1e-12, "{sentence:?}");
    }
    assert!(found.sentences.iter().any(|sentence| sentence.words.len() > 3));
    assert_eq!((found.labels.len(), found.digest.len()), (37, 3));
    let chin = found.labels.iter().find(|label| label.label == "chin").unwrap();
    assert_eq!((chin.here, chin.average), (0.25, 0.25));

    let page = page(&report).unwrap();
    assert!(!page.contains("<script"), "descriptions and provenance are text");
    assert!(page.contains("&lt;script&gt;"), "provenance is shown");
    assert_eq!((page.matches("class=\"map\"").count(), page.matches("<figure>").count()), (4, 4));
    assert!(page.contains(&report.about.checkpoint.as_ref().unwrap().sha256));
}

#[test]
fn an_index_beside_the_checkpoint_is_used() {
    let scene = Scene::new();
    let (weights, clip) = (scene.checkpoint("model.json", true), scene.clip("C1/a.y4m", 20));
    let checkpoint = Checkpoint::open(&weights).unwrap();
    let dim = Config::default().dim;
    let named = |name: &str, mos| IndexedClip { name: name.to_owned(), mos, sentences: 2 };
    let contents = index::Contents {
        checkpoint: checkpoint.sha256().to_owned(),
        dim,
        clips: vec![named("C1/other.mp4", 3.5), named("C1/a.y4m", 2.0)],
    };
    let path = SentenceIndex::path_beside(&weights, &checkpoint);
    let mut writer = Writer::create(&path, &contents).unwrap();
    writer.push(&TEXTS, &representations(dim)).unwrap();
    writer.finish().unwrap();
    let found = explained(&explainer(&weights, Settings::default()), &clip);
    // The sentences of the clip itself are left out.
    assert_eq!(found.sentences.len(), 2);
    assert!(found.sentences.iter().all(|one| one.video.as_deref() == Some("C1/other.mp4")));
    assert!(found.sentences.iter().all(|one| one.score == Some(3.5)));

    let other = scene.checkpoint("bare.json", false);
    let settings = Settings { index: Some(path.clone()), ..Settings::default() };
    // The index of another checkpoint: these weights are the same, but without descriptions.
    let refused = Explainer::new(Scorer::builder().weights(&other), settings).unwrap_err();
    assert!(format!("{refused:#}").contains("checkpoint"), "{refused:#}");
    let found = explained(&explainer(&other, Settings::default()), &clip);
    assert!(found.sentences.is_empty() && found.labels.is_empty() && found.frames[0].map.is_some());
}

#[test]
fn the_same_whatever_is_held_at_once() {
    let scene = Scene::new();
    let (weights, clip) = (scene.checkpoint("model.json", true), scene.clip("a.y4m", 50));
    let once = explained(&explainer(&weights, Settings::default()), &clip);
    let network = score_video::NetworkOptions { batch: Some(5), ..Default::default() };
    let scorer = Scorer::builder().weights(&weights).network(network);
    assert_eq!(explained(&Explainer::new(scorer, Settings::default()).unwrap(), &clip), once);
}
