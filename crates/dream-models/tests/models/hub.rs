//! Weights from a model hub, which here is a server in the test that answers what the library asks.
#![cfg(feature = "hub")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use dream_models::Error;
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::backbones::vit::{self, ClipVit};
use dream_models::deep::candle_core::{DType, Device, Tensor};
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

#[test]
fn the_image_tower_is_read_out_of_a_cached_file() {
    let config =
        vit::Config { image_size: 32, width: 8, layers: 2, heads: 2, mlp_width: 12, ..vit::Config::b16() };
    let params = Params::seeded(5, DType::F32, &Device::Cpu);
    ClipVit::new(&config, &params.builder()).unwrap();
    let (cache, remote) = (tempfile::tempdir().unwrap(), Remote::clip_vit_b16());
    let folder = format!("models--{}/snapshots/{}", remote.repository.replace('/', "--"), remote.revision);
    let folder = cache.path().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    write_tensors(folder.join(&remote.file), &params.tensors().unwrap()).unwrap();
    let hub = Hub { cache: Some(cache.path().to_path_buf()), endpoint: None, offline: true };
    let tensors = hub.clip_vit(&remote, &config.up_to(1), DType::BF16, &Device::Cpu).unwrap();
    assert_eq!(tensors.len(), 5 + 16);
    assert!(tensors.values().all(|tensor| tensor.dtype() == DType::BF16));
}
