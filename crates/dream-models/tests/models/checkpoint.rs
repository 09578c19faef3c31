//! Files of weights: what fits is read, what does not is an error that names it.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;
use std::fs;

use dream_models::Error;
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{self, DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents, TensorFile, write_tensors};
use dream_models::deep::input::{FramePlan, Input};
use dream_models::deep::methods::da_clip::{self, DaClip};
use dream_models::deep::parameters;
use dream_models::deep::text::clip::{Config, TextTower, from_openai};
use dream_models::deep::train::Params;

fn tensors() -> BTreeMap<String, Tensor> {
    let cpu = &Device::Cpu;
    BTreeMap::from([
        ("a".to_owned(), Tensor::new(&[[1f32, 2.0, 3.0]], cpu).unwrap()),
        ("b.c".to_owned(), Tensor::new(&[4i64, 5], cpu).unwrap()),
        ("h".to_owned(), Tensor::new(&[0.5f32, -2.0], cpu).unwrap().to_dtype(DType::BF16).unwrap()),
        ("none".to_owned(), Tensor::zeros((0, 3), DType::F32, cpu).unwrap()),
    ])
}

fn bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.safetensors");
    write_tensors(&path, &tensors()).unwrap();
    fs::read(path).unwrap()
}

#[test]
fn what_is_written_is_read_and_candle_reads_it_too() {
    let read = TensorFile::from_bytes(bytes()).unwrap().read_where(|_| true, &Device::Cpu).unwrap();
    let other = candle_core::safetensors::load_buffer(&bytes(), &Device::Cpu).unwrap();
    for (name, expected) in tensors() {
        for found in [&read[&name], &other[&name]] {
            assert_eq!((found.dims(), found.dtype()), (expected.dims(), expected.dtype()), "{name}");
            let values =
                |t: &Tensor| t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert_eq!(values(found), values(&expected), "{name}");
        }
    }
}

#[test]
fn every_truncation_and_every_flipped_bit_of_the_header_is_no_panic() {
    let whole = bytes();
    for length in 0..whole.len() {
        let error = TensorFile::from_bytes(whole[..length].to_vec()).unwrap_err();
        assert!(matches!(error, Error::InvalidModel { .. }), "{length}: {error}");
    }
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(file) = TensorFile::from_bytes(damaged) {
            for (name, _) in file.shapes() {
                let _ = file.read(name, &Device::Cpu);
            }
        }
    }
}

#[test]
fn adversarial_headers_are_refused_before_anything_is_allocated() {
    let with = |header: &str, data: usize| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        TensorFile::from_bytes(bytes)
    };
    let entry = |shape: &str, from: u64, to: u64| {
        format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    assert!(with(&format!(r#"{{"a":{}}}"#, entry("[2]", 0, 8)), 8).is_ok());
    for (header, data) in [
        (format!(r#"{{"a":{}}}"#, entry("[2]", 0, 8)), 7),
        (format!(r#"{{"a":{}}}"#, entry("[2]", 0, 8)), 9),
        (format!(r#"{{"a":{}}}"#, entry("[2]", 8, 0)), 8),
        (format!(r#"{{"a":{}}}"#, entry("[3]", 0, 8)), 8),
        (format!(r#"{{"a":{}}}"#, entry("[4611686018427387904,4]", 0, 0)), 0),
        (format!(r#"{{"a":{}}}"#, entry("[18446744073709551615]", 0, 8)), 8),
        (format!(r#"{{"a":{}}}"#, entry("[-1]", 0, 8)), 8),
        (format!(r#"{{"a":{0},"a":{0}}}"#, entry("[2]", 0, 8)), 8),
        (format!(r#"{{"a":{0},"b":{0}}}"#, entry("[2]", 0, 8)), 8),
        ("[".repeat(100_000), 0),
        (r#"{"__metadata__":3}"#.to_owned(), 0),
    ] {
        let error = with(&header, data).unwrap_err();
        assert!(matches!(error, Error::InvalidModel { part: "tensor header", .. }), "{error}");
    }
    let mut long = u64::MAX.to_le_bytes().to_vec();
    long.extend([0; 64]);
    assert!(TensorFile::from_bytes(long).unwrap_err().to_string().contains("at most"));
}

#[test]
fn faults_of_a_header_name_the_tensor() {
    let error = |header: &str, data: usize| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        TensorFile::from_bytes(bytes).unwrap_err().to_string()
    };
    let entry = |name: &str, dtype: &str, shape: &str, from: u64, to: u64| {
        format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let good = entry("good", "F32", "[2]", 0, 8);
    for (bad, data, expected) in [
        (entry("good", "F32", "[2]", 0, 8), 8, "`good` is there twice"),
        (entry("gap", "F32", "[2]", 9, 17), 17, "`gap`"),
        (entry("over", "F32", "[2]", 4, 12), 12, "`over`"),
        (entry("back", "F32", "[2]", 12, 4), 12, "`back` is at 12 to 4"),
        (entry("small", "F32", "[3]", 8, 16), 16, "`small` of F32 [3] cannot have 8 bytes"),
        (entry("odd", "F4", "[3]", 8, 9), 9, "`odd` of F4 [3]"),
        (
            entry("large", "F32", "[4611686018427387904]", 8, 16),
            16,
            "`large` of F32 [4611686018427387904] fits no memory",
        ),
        (entry("alien", "F99", "[2]", 8, 16), 16, "F99"),
        (entry("rest", "F32", "[2]", 8, 16), 17, "16 bytes, 17 follow"),
        (entry("short", "F32", "[2]", 8, 16), 15, "16 bytes, 15 follow"),
    ] {
        let found = error(&format!("{{{good},{bad}}}"), data);
        assert!(found.contains(expected), "{found}");
    }
}

/// What the checks of this crate are for: see the module of the header.
#[test]
fn the_library_alone_lets_faults_through() {
    let twice = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut bytes = (twice.len() as u64).to_le_bytes().to_vec();
    bytes.extend(twice.as_bytes());
    bytes.extend([0; 4]);
    let theirs = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
    assert_eq!(theirs["a"].dims(), [1], "the last of two tensors of one name");
    assert!(TensorFile::from_bytes(bytes).unwrap_err().to_string().contains("twice"));
}

#[test]
fn the_bytes_are_those_of_the_library() {
    let theirs = safetensors::serialize(tensors(), None).unwrap();
    assert_eq!(bytes(), theirs);
}

#[test]
fn pickles_are_refused_with_a_command() {
    let folder = tempfile::tempdir().unwrap();
    for (name, first) in [("zip.pth", b"PK\x03\x04aaaaaaaa"), ("old.pt", b"\x80\x02}q\x00(aaaaaa")] {
        let path = folder.path().join(name);
        fs::write(&path, first).unwrap();
        for error in [TensorFile::open(&path).unwrap_err(), Checkpoint::open(&path).unwrap_err()] {
            let Error::Pickle { command, .. } = &error else { panic!("{error}") };
            assert!(command.starts_with("python -c") && command.contains(name), "{command}");
        }
    }
}

/// Each is named for what it is, with what to do; a length of a header is not spoken of.
#[test]
fn files_that_are_something_else_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 787239152\n";
    let zip = |name: &str| {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(26, 0);
        bytes.extend([u8::try_from(name.len()).unwrap(), 0, 0, 0]);
        bytes.extend(name.as_bytes());
        bytes
    };
    let both: [(&[u8], &str, &str); 12] = [
        (b"", "an empty file", "get the file again"),
        (lfs.as_bytes(), "a Git LFS pointer, which stands for a file of 787239152 bytes", "git lfs pull"),
        (b"/annex/objects/SHA256E-s7--0.safetensors\n", "a git-annex pointer", "git annex get"),
        (b"<!DOCTYPE html>\n<html><head>", "a web page", "download the file itself"),
        (b"\xef\xbb\xbf\r\n <HTML lang=en>", "a web page", "download the file itself"),
        (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied", "XML", "download the file itself"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0", "a gzip archive", "unpack it"),
        (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file", "convert it"),
        (b"\x93NUMPY\x01\0v\0", "a NumPy array", "convert it"),
        (b"GGUF\x03\0\0\0\0\0\0\0", "a GGUF file", "convert it"),
        (&zip("a/weights.npy"), "an archive of NumPy arrays", "convert it"),
        (&zip("model.safetensors"), "a zip archive that begins with model.safetensors", "unpack it"),
    ];
    let of_tensors: [(&[u8], &str, &str); 4] = [
        (br#"{"weight_map": {"a": "1.safetensors"}}"#, "the index of weights", "join these files"),
        (br#"  {"error": "not found"}"#, "a JSON text", "name the safetensors file"),
        (
            b"Access denied for reasons\nof state",
            "a text that begins with `Access denied for reasons`",
            "take the",
        ),
        (b"Entry not found", "a text that begins with `Entry not found`", "take the safetensors file"),
    ];
    let path = folder.path().join("model.safetensors");
    let named = |error: Error, found: &str, remedy: &str| {
        assert!(matches!(error, Error::OtherFile { .. }), "{error}");
        let words = error.to_string();
        assert!(
            words.contains("model.safetensors is ") && words.contains(found) && words.contains(remedy),
            "{words}"
        );
        assert!(!words.contains("header"), "{words}");
    };
    for (bytes, found, remedy) in both.into_iter().chain(of_tensors) {
        fs::write(&path, bytes).unwrap();
        named(TensorFile::open(&path).unwrap_err(), found, remedy);
    }
    for (bytes, found, remedy) in both {
        fs::write(&path, bytes).unwrap();
        named(Checkpoint::open(&path).unwrap_err(), found, remedy);
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    named(TensorFile::open(&path).unwrap_err(), "a folder", "name a file in it");
    // What PyTorch writes today: the first file of its archive is a pickle.
    let zipped = folder.path().join("model.bin");
    fs::write(&zipped, zip("archive/data.pkl")).unwrap();
    assert!(matches!(TensorFile::open(&zipped).unwrap_err(), Error::Pickle { .. }));
    // Whatever the length of its header, a good file is none of these, even if its first byte is a brace or a letter.
    for length in 0..140 {
        let name = "x".repeat(length);
        let file = folder.path().join("good.safetensors");
        write_tensors(&file, &BTreeMap::from([(name.clone(), Tensor::new(&[1f32], &Device::Cpu).unwrap())]))
            .unwrap();
        TensorFile::open(&file).unwrap().read(&name, &Device::Cpu).unwrap();
    }
}

/// The reason of the operating system comes once, in a message and in its sources.
#[test]
fn a_missing_file_is_said_once() {
    for error in
        [TensorFile::open("nowhere.safetensors").unwrap_err(), Checkpoint::open("nowhere.json").unwrap_err()]
    {
        let source = std::error::Error::source(&error).unwrap().to_string();
        let words = error.to_string();
        assert!(words.contains("nowhere.") && !words.contains(&source), "{words}: {source}");
    }
}

/// A file of zeros with these tensors.
fn zeros(list: &[(String, Vec<usize>)]) -> BTreeMap<String, Tensor> {
    let zero = |shape: &Vec<usize>| Tensor::zeros(shape.as_slice(), DType::U8, &Device::Cpu).unwrap();
    list.iter().map(|(name, shape)| (name.clone(), zero(shape))).collect()
}

#[test]
fn full_size_names_fit_and_one_that_is_renamed_is_named() {
    let text = parameters(|vb| TextTower::new(&Config::vit_b32(), vb)).unwrap();
    let visual = swin_v2::Config { num_classes: 1000, ..swin_v2::Config::large_w12to16_192to256() };
    let visual = parameters(|vb| swin_v2::SwinV2::new(&visual, vb)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (expected, count) in [(text, 197), (visual, 425)] {
        assert_eq!(expected.len(), count);
        let mut all = zeros(&expected);
        let path = folder.path().join("zeros.safetensors");
        write_tensors(&path, &all).unwrap();
        let read = TensorFile::open(&path).unwrap().read_exactly(&expected, DType::U8, &Device::Cpu).unwrap();
        assert_eq!(read.len(), count);
        let (name, shape) = &expected[count / 2];
        let tensor = all.remove(name).unwrap();
        all.insert("renamed".to_owned(), tensor);
        let (other, _) = &expected[0];
        all.insert(other.clone(), Tensor::zeros(1, DType::U8, &Device::Cpu).unwrap());
        write_tensors(&path, &all).unwrap();
        let file = TensorFile::open(&path).unwrap();
        match file.read_exactly(&expected, DType::U8, &Device::Cpu).unwrap_err() {
            Error::TensorMismatch { missing, extra, misshaped, hint: None } => {
                assert_eq!((missing, extra), (vec![name.clone()], vec!["renamed".to_owned()]), "{shape:?}");
                assert!(misshaped.len() == 1 && misshaped[0].starts_with(other), "{misshaped:?}");
            }
            error => panic!("{error}"),
        }
    }
}

#[test]
fn openai_names_are_the_same_tower() {
    let config = Config { vocab_size: 60, eos_token_id: 59, num_attention_heads: 2, ..Config::default() };
    let params = Params::seeded(3, DType::F32, &Device::Cpu);
    let tower = TextTower::new(&config, &params.builder()).unwrap();
    let ours = params.tensors().unwrap();
    // To OpenAI's layout and back.
    let mut theirs = BTreeMap::new();
    for (name, tensor) in &ours {
        let renamed = match name.as_str() {
            "text_projection.weight" => {
                theirs.insert("text_projection".to_owned(), tensor.t().unwrap());
                continue;
            }
            "text_model.embeddings.position_embedding.weight" => "positional_embedding".to_owned(),
            other => other
                .replace("text_model.embeddings.", "")
                .replace("text_model.final_layer_norm", "ln_final")
                .replace("text_model.encoder.layers", "transformer.resblocks")
                .replace("layer_norm", "ln_")
                .replace("self_attn.out_proj", "attn.out_proj")
                .replace("mlp.fc1", "mlp.c_fc")
                .replace("mlp.fc2", "mlp.c_proj"),
        };
        if let Some((block, rest)) = renamed.split_once("self_attn.") {
            let (part, kind) = rest.split_once('.').unwrap();
            if part == "q_proj" {
                let of = |part: &str| ours[&name.replace("q_proj", part)].clone();
                let joint = Tensor::cat(&[of("q_proj"), of("k_proj"), of("v_proj")], 0).unwrap();
                theirs.insert(format!("{block}attn.in_proj_{kind}"), joint);
            }
            continue;
        }
        theirs.insert(renamed, tensor.clone());
    }
    theirs.insert("logit_scale".to_owned(), Tensor::new(100f32, &Device::Cpu).unwrap());
    theirs.insert("visual.conv1.weight".to_owned(), Tensor::new(1f32, &Device::Cpu).unwrap());
    let back = Params::from_tensors(&from_openai(theirs).unwrap(), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(back.named().len(), ours.len());
    let again = TextTower::new(&config, &back.builder()).unwrap();
    let ids = Tensor::new(&[[1u32, 7, 59, 3]], &Device::Cpu).unwrap();
    let values = |tower: &TextTower| tower.forward(&ids).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(values(&again), values(&tower));
}

#[test]
fn a_checkpoint_comes_back_whole_or_as_its_visual_branch() {
    let config = da_clip::Config::default();
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    let model = DaClip::new(&config, &params.builder()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let contents = Contents {
        kind: da_clip::KIND.to_owned(),
        config: config.clone(),
        input: Some(Input { frames: FramePlan::Every { n: 3 }, ..config.input() }),
        provenance: "a test".to_owned(),
    };
    Checkpoint::save(&path, &contents, &params.tensors().unwrap()).unwrap();
    let read = Checkpoint::open(&path).unwrap();
    assert_eq!((read.kind(), read.library_version()), (da_clip::KIND, dream_models::VERSION));
    assert_eq!(read.config::<da_clip::Config>().unwrap(), config);
    assert_eq!(read.provenance::<String>().unwrap(), contents.provenance);
    assert_eq!(read.input().ok(), contents.input.as_ref());
    let frames = Tensor::rand(0f32, 1.0, (1, 2, 3, 64, 64), &Device::Cpu).unwrap();
    let score = |model: &DaClip| model.score_video(&frames).unwrap().to_vec1::<f32>().unwrap();
    let whole = DaClip::load(&read, DType::F32, &Device::Cpu).unwrap();
    let visual = DaClip::load_visual(&read, DType::F32, &Device::Cpu).unwrap();
    assert_eq!((score(&whole), score(&visual)), (score(&model), score(&model)));
    assert!(whole.text().is_some() && visual.text().is_none());

    // Without the text tower in the file.
    let mut tensors = params.tensors().unwrap();
    tensors.retain(|name, _| !name.starts_with("text."));
    Checkpoint::save(&path, &contents, &tensors).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the old tensors are gone");
    let read = Checkpoint::open(&path).unwrap();
    assert_eq!(score(&DaClip::load_visual(&read, DType::F32, &Device::Cpu).unwrap()), score(&model));
    assert!(matches!(DaClip::load(&read, DType::F32, &Device::Cpu), Err(Error::TensorMismatch { .. })));

    // Damage, and names that lead elsewhere.
    let json = fs::read_to_string(&path).unwrap();
    fs::write(&path, json.replace("\"format_version\": 2", "\"format_version\": 1")).unwrap();
    let error = Checkpoint::open(&path).unwrap_err().to_string();
    assert!(error.contains("version 1") && error.contains("train again"), "{error}");
    fs::write(&path, json.replace("every:3", "every:0")).unwrap();
    assert!(Checkpoint::open(&path).unwrap_err().to_string().contains("every:6"));
    let outside = json.replace("\"file\": \"model.", "\"file\": \"../model.");
    fs::write(&path, outside).unwrap();
    assert!(Checkpoint::open(&path).unwrap_err().to_string().contains("next to it"));
    fs::write(&path, &json).unwrap();
    let mut tensors = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path());
    let tensors = tensors.find(|path| path.extension().is_some_and(|e| e == "safetensors")).unwrap();
    let mut bytes = fs::read(&tensors).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&tensors, bytes).unwrap();
    assert!(Checkpoint::open(&path).unwrap_err().to_string().contains("SHA-256"));
}
