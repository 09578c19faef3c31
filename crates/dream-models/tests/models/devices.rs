//! What changes with the number type and the device, as far as it shows on the CPU.
#![cfg(feature = "deep")]
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::explain::attcat::AttCat;
use dream_models::deep::methods::da_clip::{Config, DaClip, KIND};
use dream_models::deep::text::clip;
use dream_models::deep::train::Params;

const CPU: &Device = &Device::Cpu;

fn tiny() -> Config {
    let text = clip::Config { vocab_size: 40, eos_token_id: 39, ..clip::Config::default() };
    Config { text: Some(text), ..Config::default() }
}

fn frames(videos: usize, count: usize) -> Tensor {
    let size = videos * count * 3 * 64 * 64;
    let values: Vec<f32> = (0..size).map(|i| (i * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
    Tensor::from_vec(values, vec![videos, count, 3, 64, 64], CPU).unwrap()
}

fn ids() -> Tensor {
    Tensor::new(&[[1u32, 5, 9, 39, 39], [1, 7, 39, 0, 0], [1, 8, 3, 2, 39]], CPU).unwrap()
}

/// Half precision takes the compositions that devices take, so this also holds them against the kernels of the CPU.
#[test]
fn half_precision_loads_from_a_checkpoint_and_scores_nearly_the_same() {
    let params = Params::seeded(3, DType::F32, CPU);
    let model = DaClip::new(&tiny(), &params.builder()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let input = Some(tiny().input());
    let contents = Contents { kind: KIND.to_owned(), config: tiny(), input, provenance: () };
    Checkpoint::save(&path, &contents, &params.tensors().unwrap()).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();

    let videos = frames(2, 2);
    let numbers = |tensor: &Tensor| tensor.to_vec1::<f32>().unwrap();
    let exact = numbers(&model.score_video(&videos).unwrap());
    let exact_text = model.embed_text(&ids(), &[2, 1]).unwrap().to_vec2::<f32>().unwrap();
    for (dtype, tolerance) in [(DType::BF16, 2e-2), (DType::F16, 2e-3)] {
        let half = DaClip::load(&checkpoint, dtype, CPU).unwrap();
        let scores = half.score_video(&videos).unwrap();
        assert_eq!(scores.dtype(), DType::F32, "what follows the towers is single precision");
        let visual = DaClip::load_visual(&checkpoint, dtype, CPU).unwrap().score_video(&videos).unwrap();
        assert_eq!(numbers(&scores), numbers(&visual));
        for (a, b) in exact.iter().zip(numbers(&scores)) {
            assert!((a - b).abs() < tolerance && *a != b, "{dtype:?}: {a} and {b}");
        }
        let text = half.embed_text(&ids(), &[2, 1]).unwrap().to_vec2::<f32>().unwrap();
        for (a, b) in exact_text.iter().flatten().zip(text.iter().flatten()) {
            assert!((a - b).abs() < 10.0 * tolerance, "{dtype:?}: {a} and {b}");
        }
        let explained = half.explain_video(&frames(1, 2).squeeze(0).unwrap()).unwrap();
        assert!(
            explained.total.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().all(|x| x.is_finite())
        );
        assert!(half.explain_text(&ids(), AttCat::default()).unwrap().score.is_finite());
    }
}

/// Black frames make queries of zeros, and bright ones features whose squares do not fit into half precision.
#[test]
fn half_precision_gives_numbers_for_any_frame() {
    let params = Params::seeded(3, DType::F32, CPU);
    DaClip::new(&tiny(), &params.builder()).unwrap();
    for dtype in [DType::BF16, DType::F16] {
        let weights = params.tensors().unwrap().into_iter().collect();
        let model = DaClip::visual_only(&tiny(), &VarBuilder::from_tensors(weights, dtype, CPU)).unwrap();
        for factor in [0.0, 1.0, 1e4] {
            let score =
                model.score_video(&(frames(1, 2) * factor).unwrap()).unwrap().to_vec1::<f32>().unwrap();
            assert!(score.iter().all(|x| x.is_finite()), "{dtype:?}, frames times {factor}: {score:?}");
        }
    }
}

#[test]
fn parameters_in_half_precision_are_not_trained() {
    let params = Params::seeded(3, DType::F32, CPU);
    DaClip::new(&tiny(), &params.builder()).unwrap();
    let half = Params::from_tensors(&params.tensors().unwrap(), DType::BF16, CPU).unwrap();
    let error = DaClip::new(&tiny(), &half.builder()).unwrap_err().to_string();
    assert!(error.contains("visual_proj.") && error.contains("single precision"), "{error}");
}
