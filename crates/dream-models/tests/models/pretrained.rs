//! Published weights: whose names, whose numbers and whose wrappers a file has changes nothing; what does not fit is named.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use dream_models::Error;
use dream_models::deep::backbones::swin_v2::{self, SwinV2};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents, TensorFile, write_tensors};
use dream_models::deep::methods::da_clip::{self, DaClip};
use dream_models::deep::pretrained::{self, Note, Pretrained};
use dream_models::deep::text::clip::{self, TextTower};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::{AdamW, AdamWConfig};
use dream_models::deep::train::state::State;

const CPU: &Device = &Device::Cpu;

type Tensors = BTreeMap<String, Tensor>;

fn visual() -> swin_v2::Config {
    swin_v2::Config { embed_dim: 8, depths: vec![1, 2, 1], num_heads: vec![1, 2, 4], ..small() }
}

fn small() -> swin_v2::Config {
    swin_v2::Config {
        img_size: [32; 2],
        window_size: [4; 2],
        pretrained_window_sizes: vec![4; 3],
        ..Default::default()
    }
}

fn text() -> clip::Config {
    clip::Config {
        vocab_size: 60,
        eos_token_id: 59,
        hidden_size: 8,
        intermediate_size: 16,
        ..Default::default()
    }
}

/// Tensors with timm's names, with a head of three classes that the network lacks.
fn timm() -> Tensors {
    let params = Params::seeded(5, DType::F32, CPU);
    SwinV2::new(&swin_v2::Config { num_classes: 3, ..visual() }, &params.builder()).unwrap();
    params.tensors().unwrap()
}

/// The same as Microsoft has them, with what is derived.
fn microsoft() -> Tensors {
    let renamed = |name: String| match name.split_once(".downsample.") {
        Some((stage, rest)) => {
            let stage: usize = stage.strip_prefix("layers.").unwrap().parse().unwrap();
            format!("layers.{}.downsample.{rest}", stage - 1)
        }
        None => name.replace("head.fc.", "head."),
    };
    let mut all: Tensors = timm().into_iter().map(|(name, tensor)| (renamed(name), tensor)).collect();
    let derived = Tensor::new(&[f32::NEG_INFINITY], CPU).unwrap();
    for name in ["attn_mask", "attn.relative_coords_table", "attn.relative_position_index", "attn.k_bias"] {
        all.insert(format!("layers.1.blocks.1.{name}"), derived.clone());
    }
    all
}

fn openai() -> Tensors {
    let params = Params::seeded(6, DType::F32, CPU);
    TextTower::new(&text(), &params.builder()).unwrap();
    params.tensors().unwrap()
}

fn prefixed(prefix: &str, tensors: Tensors) -> Tensors {
    tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, tensors: &Tensors) -> TensorFile {
        write_tensors(self.path(name), tensors).unwrap();
        TensorFile::open(self.path(name)).unwrap()
    }

    fn swin(&self, tensors: &Tensors) -> dream_models::Result<Pretrained> {
        pretrained::swin_v2(&self.file("swin.safetensors", tensors), &visual())
    }

    fn text(&self, tensors: &Tensors) -> dream_models::Result<Pretrained> {
        pretrained::clip_text(&self.file("text.safetensors", tensors), &text())
    }
}

fn same(found: &Tensors, expected: &Tensors) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (name, tensor) in expected {
        assert_eq!((found[name].dims(), values(&found[name])), (tensor.dims(), values(tensor)), "{name}");
    }
}

fn without_head() -> Tensors {
    let mut all = timm();
    all.retain(|name, _| !name.starts_with("head."));
    all
}

#[test]
fn both_namings_and_every_type_of_number_are_one_tower() {
    let folder = Folder::new();
    let mut results = Vec::new();
    for theirs in [timm(), microsoft()] {
        for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
            let to = |dtype| move |(name, t): (String, Tensor)| (name, t.to_dtype(dtype).unwrap());
            let found = folder.swin(&theirs.clone().into_iter().map(to(dtype)).collect()).unwrap();
            let expected = without_head().into_iter().map(to(dtype)).map(to(DType::F32)).collect();
            same(&found.tensors, &expected);
            assert_eq!(found.notes, []);
            let params = Params::from_tensors(&found.tensors, DType::F32, CPU).unwrap();
            let frames = Tensor::ones((1, 3, 32, 32), DType::F32, CPU).unwrap();
            let model = SwinV2::new(&visual(), &params.builder()).unwrap();
            results.push((dtype, model.forward_features(&frames).unwrap().to_vec2::<f32>().unwrap()));
        }
    }
    let (first, second) = results.split_at(4);
    assert_eq!(first, second);
    assert_eq!(first[0].1, first[1].1, "double precision");
    assert_ne!(first[0].1, first[3].1, "eight bits are not all");

    // A head that is wanted has one name too.
    let config = swin_v2::Config { num_classes: 3, ..visual() };
    let head = pretrained::swin_v2(&folder.file("swin.safetensors", &microsoft()), &config).unwrap();
    same(&head.tensors, &timm());
}

#[test]
fn the_widths_decide_where_a_merging_belongs() {
    let folder = Folder::new();
    // The first merging of Microsoft's is gone: by its places alone the file would look like timm's.
    let mut torn = microsoft();
    torn.retain(|name, _| !name.starts_with("layers.0.downsample."));
    match folder.swin(&torn).unwrap_err() {
        Error::TensorMismatch { missing, extra, .. } => {
            assert!(missing.iter().all(|name| name.starts_with("layers.1.downsample.")), "{missing:?}");
            assert!(missing.len() == 3 && extra.is_empty(), "{extra:?}");
        }
        error => panic!("{error}"),
    }
    // A file of two minds.
    let mut mixed = timm();
    mixed.extend(microsoft().into_iter().filter(|(name, _)| name.starts_with("layers.0.downsample.")));
    let error = folder.swin(&mixed).unwrap_err().to_string();
    assert!(error.contains("`downsample`") && error.contains("Microsoft"), "{error}");
    // Both names of one tensor.
    let mut twice = timm();
    twice.insert("head.bias".to_owned(), Tensor::zeros(3, DType::F32, CPU).unwrap());
    let config = swin_v2::Config { num_classes: 3, ..visual() };
    let error =
        pretrained::swin_v2(&folder.file("twice.safetensors", &twice), &config).unwrap_err().to_string();
    assert!(error.contains("`head.bias` and `head.fc.bias`"), "{error}");
}

#[test]
fn a_common_prefix_is_taken_off_and_reported() {
    let folder = Folder::new();
    for prefix in ["module.", "model.", "visual.", "backbone.", "module.model.", "model.visual.trunk."] {
        let notes = [Note::Prefix { prefix: prefix.to_owned() }];
        for theirs in [timm(), microsoft()] {
            let found = folder.swin(&prefixed(prefix, theirs)).unwrap();
            same(&found.tensors, &without_head());
            assert_eq!(found.notes, notes);
        }
        let found = folder.text(&prefixed(prefix, openai())).unwrap();
        same(&found.tensors, &openai());
        assert_eq!(found.notes, notes);
        assert!(notes[0].to_string().contains(&format!("`{prefix}`")), "{notes:?}");
    }
    assert_eq!(folder.text(&openai()).unwrap().notes, []);
    // A prefix that ends in the middle of a word is none.
    assert!(folder.swin(&prefixed("my_", timm())).is_err());
}

#[test]
fn windows_of_another_size_are_reported() {
    let folder = Folder::new();
    let mut theirs = microsoft();
    for (stage, rows) in [(0, 5), (1, 7)] {
        let table = Tensor::zeros((1, rows, 7, 2), DType::F32, CPU).unwrap();
        theirs.insert(format!("layers.{stage}.blocks.0.attn.relative_coords_table"), table);
    }
    let found = folder.swin(&theirs).unwrap();
    same(&found.tensors, &without_head());
    assert_eq!(found.notes, [Note::Windows { stage: 0, file: [3, 4], network: [4, 4] }]);
    assert!(found.notes[0].to_string().contains("windows of 3x4 tokens"), "{:?}", found.notes);
}

#[test]
fn the_towers_of_our_own_checkpoints_are_found() {
    let folder = Folder::new();
    let config = da_clip::Config { visual: visual(), text: Some(text()), ..da_clip::Config::default() };
    let params = Params::seeded(5, DType::F32, CPU);
    DaClip::new(&config, &params.builder()).unwrap();
    let all = params.tensors().unwrap();
    let part = |prefix: &str| -> Tensors {
        let cut = |(name, tensor): (&String, &Tensor)| {
            Some((name.strip_prefix(prefix)?.to_owned(), tensor.clone()))
        };
        all.iter().filter_map(cut).collect()
    };
    for (found, prefix) in [(folder.swin(&all), "visual."), (folder.text(&all), "text.")] {
        let found = found.unwrap();
        same(&found.tensors, &part(prefix));
        let left = all.len() - part(prefix).len();
        let first = "regressor.bias".to_owned();
        let notes = [Note::Prefix { prefix: prefix.to_owned() }, Note::LeftOut { count: left, first }];
        assert_eq!(found.notes, notes);
    }

    // The JSON file in place of its tensors, and the tensors in place of the JSON file.
    let (path, input) = (folder.path("model.json"), Some(config.input()));
    let contents = Contents { kind: da_clip::KIND.to_owned(), config, input, provenance: "a test" };
    let sha256 = Checkpoint::save(&path, &contents, &all).unwrap();
    let file = format!("model.{}.safetensors", &sha256[..12]);
    let error = TensorFile::open(&path).unwrap_err();
    assert!(matches!(error, Error::OtherFile { .. }) && error.to_string().contains(&file), "{error}");
    let error = Checkpoint::open(folder.path(&file)).unwrap_err();
    assert!(matches!(error, Error::OtherFile { .. }), "{error}");
    assert!(error.to_string().contains("name the checkpoint, model.json next to it"), "{error}");
    let error = Checkpoint::open(folder.path("swin.safetensors")).unwrap_err().to_string();
    assert!(error.contains("what a training starts from"), "{error}");

    // The state of a training holds three of each.
    let adam = AdamW::new(AdamWConfig::default(), params.named()).unwrap();
    let contents = Contents { kind: "a.state".to_owned(), config: 0, input: None, provenance: 0 };
    State::save(folder.path("state.json"), &contents, &params, &adam).unwrap();
    let state = Checkpoint::open(folder.path("state.json")).unwrap();
    let error = pretrained::swin_v2(state.tensors(), &visual()).unwrap_err().to_string();
    assert!(error.contains("state of a training"), "{error}");
}

#[test]
fn several_towers_are_not_chosen_from() {
    let folder = Folder::new();
    let both = prefixed("model.", timm()).into_iter().chain(prefixed("model_ema.", timm())).collect();
    let error = folder.swin(&both).unwrap_err().to_string();
    assert!(error.contains("several towers") && error.contains("`model.`, `model_ema.`"), "{error}");
}

#[test]
fn what_does_not_fit_is_said_shortly() {
    let folder = Folder::new();
    let file = folder.file("swin.safetensors", &timm());
    // Another size: nothing of the large network is allocated.
    let large = swin_v2::Config::large_w12to16_192to256();
    let error = pretrained::swin_v2(&file, &large).unwrap_err();
    let words = error.to_string();
    assert!(words.len() < 1500, "{} letters: {words}", words.len());
    for part in [
        "a Swin-V2 of width 8 with 1, 2, 1 blocks, wanted is a Swin-V2 of width 192 with 2, 2, 18, 2 blocks",
        "[8] in the file, [192] in the network",
        " more; with another shape: ",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let Error::TensorMismatch { missing, misshaped, .. } = error else { panic!("{error}") };
    assert!(missing.len() > 300 && misshaped.len() > 30, "the value has all");
    assert!(
        words.contains(&format!("{}, {} and {} more", missing[3], missing[4], missing.len() - 5)),
        "{words}"
    );

    // Another network.
    let error = folder.swin(&openai()).unwrap_err().to_string();
    assert!(
        error.contains("the file is a text tower of CLIP of width 8 with 2 blocks, wanted is a Swin-V2"),
        "{error}"
    );
    let error = folder.text(&prefixed("module.", timm())).unwrap_err().to_string();
    assert!(
        error.contains("the file is a Swin-V2 of width 8") && error.contains("text tower of CLIP"),
        "{error}"
    );
    let narrow = clip::Config { hidden_size: 4, ..text() };
    let file = folder.file("text.safetensors", &openai());
    let error = pretrained::clip_text(&file, &narrow).unwrap_err().to_string();
    assert!(error.contains("of width 8 with 2 blocks, wanted is a text tower of CLIP of width 4"), "{error}");
    let other: Tensors =
        openai().into_iter().map(|(name, t)| (name.replace("text_model", "bert"), t)).collect();
    let error =
        folder.text(&other.into_iter().map(|(n, t)| (n.replace("token_", ""), t)).collect()).unwrap_err();
    assert!(error.to_string().contains("holds no text tower of CLIP"), "{error}");
    let hugging_face =
        |name: String| name.replace("attn.cpb_mlp", "attention.self.continuous_position_bias_mlp");
    let theirs = timm().into_iter().map(|(name, tensor)| (hugging_face(name), tensor)).collect();
    let error = folder.swin(&theirs).unwrap_err().to_string();
    assert!(error.contains("names of the Hugging Face library"), "{error}");

    // Rows for columns.
    let turned = timm().into_iter().map(|(name, tensor)| match tensor.dims() {
        [_, _] => (name, tensor.t().unwrap().contiguous().unwrap()),
        _ => (name, tensor),
    });
    let error = folder.swin(&turned.collect()).unwrap_err().to_string();
    assert!(
        error.contains("transposed") && error.contains("[8, 24] in the file, [24, 8] in the network"),
        "{error}"
    );
}

#[test]
fn numbers_that_cannot_be_computed_with_are_named() {
    let folder = Folder::new();
    let name = "layers.1.blocks.0.mlp.fc1.weight";
    let with = |value: f64, dtype: DType| {
        let mut all = timm();
        let mut values =
            all[name].to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        values[70] = value;
        let shape = all[name].shape().clone();
        all.insert(name.to_owned(), Tensor::from_vec(values, shape, CPU).unwrap().to_dtype(dtype).unwrap());
        all
    };
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let all = prefixed("module.", with(value, dtype));
            match folder.swin(&all).unwrap_err() {
                Error::NonFiniteTensor { path, tensor, index, value: found } => {
                    assert_eq!(path, Some(folder.path("swin.safetensors")));
                    assert_eq!((tensor, index), (format!("module.{name}"), 70));
                    assert!(
                        found.to_bits() == value.to_bits() || found.is_nan() && value.is_nan(),
                        "{found}"
                    );
                }
                error => panic!("{error}"),
            }
        }
    }
    let words = folder.swin(&with(f64::NAN, DType::F32)).unwrap_err().to_string();
    assert!(words.contains("swin.safetensors holds NaN at place 70") && words.contains(name), "{words}");
    // A number of double precision that single precision does not have.
    let error = folder.swin(&with(1e300, DType::F64)).unwrap_err().to_string();
    assert!(error.contains(name) && error.contains("place 70") && error.contains("too large"), "{error}");
    // Whole numbers are codes of something else.
    let error = folder.swin(&with(1.0, DType::U8)).unwrap_err().to_string();
    assert!(error.contains(name) && error.contains("quantised"), "{error}");
    // What is not used may be anything.
    let mut all = timm();
    all.insert("head.fc.bias".to_owned(), Tensor::new(&[f32::NAN; 3], CPU).unwrap());
    folder.swin(&all).unwrap();
    let expected = dream_models::deep::parameters(|vb| SwinV2::new(&visual(), vb)).unwrap();
    let mut exact = with(f64::NAN, DType::F32);
    exact.retain(|name, _| !name.starts_with("head."));
    let error = folder.file("x.safetensors", &exact).read_exactly(&expected, DType::F32, CPU).unwrap_err();
    assert!(matches!(error, Error::NonFiniteTensor { .. }), "{error}");
}
