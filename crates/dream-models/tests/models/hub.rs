//! Weights from a model hub, which here is a server in the test that answers what the library asks.
#![cfg(feature = "hub")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use dream_models::Error;
use dream_models::deep::backbones::convnext::{self, ConvNext};
use dream_models::deep::backbones::resnet::{self, ResNet};
use dream_models::deep::backbones::swin::{self, Swin};
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::backbones::vit::{self, ClipVit};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::write_tensors;
use dream_models::deep::hub::{Hub, Remote};
use dream_models::deep::text::clip::{Config, TextTower};
use dream_models::deep::train::Params;

/// Serves one file under any name that ends in `model.safetensors`, and writes down what was asked for.
fn serve(content: Vec<u8>, commit: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(request)) = lines.next() else { continue };
            let mut range = None;
            for line in lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
                    let (from, to) = value.split_once('-').unwrap();
                    let last = content.len() - 1;
                    let to = if to.is_empty() { last } else { to.parse::<usize>().unwrap().min(last) };
                    range = Some((from.parse::<usize>().unwrap(), to));
                }
            }
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            log.lock().unwrap().push(path.clone());
            if !path.ends_with("/model.safetensors") {
                stream
                    .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
                continue;
            }
            let (from, to) = range.unwrap_or((0, content.len() - 1));
            let body = &content[from..=to];
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{to}/{}\r\n\
                 ETag: \"e7a9\"\r\nX-Repo-Commit: {commit}\r\nConnection: close\r\n\r\n",
                body.len(),
                content.len(),
            );
            // A client that has what it needs may be gone.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    (endpoint, asked)
}

fn tiny() -> Config {
    Config { vocab_size: 30, eos_token_id: 29, ..Config::default() }
}

/// A file of a whole CLIP: a text tower and something of an image encoder.
fn clip_file() -> (Params, Vec<u8>) {
    let params = Params::seeded(5, DType::F32, &Device::Cpu);
    TextTower::new(&tiny(), &params.builder()).unwrap();
    let mut all = params.tensors().unwrap();
    all.insert("vision_model.post_layernorm.bias".to_owned(), Tensor::new(&[1f32], &Device::Cpu).unwrap());
    all.insert("logit_scale".to_owned(), Tensor::new(4.6f32, &Device::Cpu).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write_tensors(&path, &all).unwrap();
    (params, std::fs::read(path).unwrap())
}

#[test]
fn a_file_is_asked_for_once_and_found_offline() {
    let (params, file) = clip_file();
    let remote = Remote::clip_vit_b32();
    let (endpoint, asked) = serve(file, "d15b5f29721ca72dac15f8526b284be910de18be");
    let cache = tempfile::tempdir().unwrap();
    let online = Hub { cache: Some(cache.path().to_path_buf()), endpoint: Some(endpoint), offline: false };
    let offline = Hub { offline: true, ..online.clone() };

    // Nothing is asked for while offline, and the error says what to do.
    match offline.get(&remote).unwrap_err() {
        Error::Hub { repository, reason, .. } => {
            assert_eq!(repository, "openai/clip-vit-base-patch32");
            assert!(reason.contains("HF_HUB_OFFLINE"), "{reason}");
        }
        error => panic!("{error}"),
    }
    assert!(asked.lock().unwrap().is_empty());

    let load = |hub: &Hub| hub.clip_text(&remote, &tiny(), DType::F32, &Device::Cpu);
    let tensors = load(&online).unwrap();
    assert_eq!(tensors.keys().collect::<Vec<_>>(), params.tensors().unwrap().keys().collect::<Vec<_>>());
    let requests = asked.lock().unwrap().clone();
    let path = format!("/openai/clip-vit-base-patch32/resolve/{}/model.safetensors", remote.revision);
    assert!(!requests.is_empty() && requests.iter().all(|request| *request == path), "{requests:?}");

    // From the cache from now on, online or not.
    assert_eq!(load(&online).unwrap().len(), load(&offline).unwrap().len());
    assert_eq!(asked.lock().unwrap().len(), requests.len());
}

#[test]
fn another_network_is_refused_and_a_missing_file_is_an_error() {
    let (_, file) = clip_file();
    let (endpoint, _) = serve(file, "aaaa");
    let cache = tempfile::tempdir().unwrap();
    let hub = Hub { cache: Some(cache.path().to_path_buf()), endpoint: Some(endpoint), offline: false };
    let remote = Remote::swin_v2_large();
    let result = hub.swin_v2(&remote, &swin_v2::Config::default(), DType::F32, &Device::Cpu);
    assert!(matches!(result, Err(Error::TensorMismatch { .. })), "{result:?}");
    let absent = Remote { file: "absent.bin".to_owned(), ..remote.clone() };
    assert!(matches!(hub.get(&absent), Err(Error::Hub { .. })));
    for file in ["../x", "/etc/passwd", "a/../../b", ""] {
        let outside = Remote { file: file.to_owned(), ..remote.clone() };
        assert!(hub.get(&outside).unwrap_err().to_string().contains("out of the cache"), "{file}");
    }
}

#[test]
fn files_that_python_has_cached_are_found() {
    let cache = tempfile::tempdir().unwrap();
    let remote = Remote::clip_vit_b32();
    let folder = cache.path().join("models--openai--clip-vit-base-patch32/snapshots").join(&remote.revision);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("model.safetensors"), clip_file().1).unwrap();
    let hub = Hub { cache: Some(cache.path().to_path_buf()), endpoint: None, offline: true };
    hub.clip_text(&remote, &tiny(), DType::F32, &Device::Cpu).unwrap();
}

/// A cache that holds these tensors as the file of a hub, and nothing to ask.
fn cached(remote: &Remote, tensors: &BTreeMap<String, Tensor>) -> (tempfile::TempDir, Hub) {
    let cache = tempfile::tempdir().unwrap();
    let folder = format!("models--{}/snapshots/{}", remote.repository.replace('/', "--"), remote.revision);
    let folder = cache.path().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    write_tensors(folder.join(&remote.file), tensors).unwrap();
    let hub = Hub { cache: Some(cache.path().to_path_buf()), endpoint: None, offline: true };
    (cache, hub)
}

#[test]
fn the_image_tower_is_read_out_of_a_cached_file() {
    let config =
        vit::Config { image_size: 32, width: 8, layers: 2, heads: 2, mlp_width: 12, ..vit::Config::b16() };
    let params = Params::seeded(5, DType::F32, &Device::Cpu);
    ClipVit::new(&config, &params.builder()).unwrap();
    let remote = Remote::clip_vit_b16();
    let (_cache, hub) = cached(&remote, &params.tensors().unwrap());
    let tensors = hub.clip_vit(&remote, &config.up_to(1), DType::BF16, &Device::Cpu).unwrap();
    assert_eq!(tensors.len(), 5 + 16);
    assert!(tensors.values().all(|tensor| tensor.dtype() == DType::BF16));
}

/// The parameters of a network, and the tensors that its file has besides.
fn file_of(build: impl FnOnce(&VarBuilder<'_>), more: &[&str]) -> [BTreeMap<String, Tensor>; 2] {
    let params = Params::seeded(5, DType::F32, &Device::Cpu);
    build(&params.builder());
    let own = params.tensors().unwrap();
    let more = more.iter().map(|name| ((*name).to_owned(), Tensor::new(&[1f32], &Device::Cpu).unwrap()));
    let file = own.clone().into_iter().chain(more).collect();
    [own, file]
}

#[test]
fn the_image_networks_of_timm_are_read_out_of_cached_files() {
    let same = |found: &BTreeMap<String, Tensor>, own: &BTreeMap<String, Tensor>| {
        assert_eq!(found.keys().collect::<Vec<_>>(), own.keys().collect::<Vec<_>>());
        assert!(found.values().all(|tensor| tensor.dtype() == DType::F16));
    };
    let (dtype, device) = (DType::F16, Device::Cpu);

    let (config, remote) = (swin::Config::default(), Remote::swin_large());
    let head = ["head.fc.weight", "head.fc.bias"];
    let [own, file] = file_of(|vb| drop(Swin::new(&config, vb).unwrap()), &head);
    let (_cache, hub) = cached(&remote, &file);
    same(&hub.swin(&remote, &config, dtype, &device).unwrap(), &own);

    let config = convnext::Config::default();
    let [own, file] = file_of(|vb| drop(ConvNext::new(&config, vb).unwrap()), &head);
    for remote in [Remote::convnext_tiny(), Remote::convnext_xlarge()] {
        let (_cache, hub) = cached(&remote, &file);
        same(&hub.convnext(&remote, &config, dtype, &device).unwrap(), &own);
        let other = hub.swin(&remote, &swin::Config::default(), dtype, &device).unwrap_err();
        assert!(other.to_string().contains("ConvNeXt"), "{other}");
    }

    // timm's names are torchvision's, and its files count batches.
    let config =
        resnet::Config { stem: 8, widths: vec![4, 8], depths: vec![1, 2], ..resnet::Config::resnet50() };
    let more = ["fc.weight", "fc.bias", "bn1.num_batches_tracked", "layer1.0.bn2.num_batches_tracked"];
    let [own, file] = file_of(|vb| drop(ResNet::new(&config, vb).unwrap()), &more);
    let remote = Remote::resnet50();
    let (_cache, hub) = cached(&remote, &file);
    same(&hub.resnet50(&remote, &config, dtype, &device).unwrap(), &own);
    for name in ["conv1.weight", "bn1.running_var", "layer1.0.downsample.1.weight", "layer2.1.conv3.weight"] {
        assert!(own.contains_key(name), "{name}");
    }
}

#[test]
fn published_files_are_named() {
    let remotes = [
        Remote::swin_v2_large(),
        Remote::swin_large(),
        Remote::convnext_tiny(),
        Remote::convnext_xlarge(),
        Remote::resnet50(),
        Remote::clip_vit_b32(),
        Remote::clip_vit_b16(),
    ];
    for remote in &remotes {
        let owner = remote.repository.split_once('/').unwrap().0;
        assert!(owner == "timm" || owner == "openai", "{remote:?}");
        let commit =
            remote.revision.len() == 40 && remote.revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(commit || remote.revision == "main", "{remote:?}");
        assert!(remote.file.ends_with("model.safetensors"), "{remote:?}");
    }
    let names: BTreeSet<&str> = remotes.iter().map(|remote| remote.repository.as_str()).collect();
    assert_eq!(names.len(), remotes.len());
}
