//! Convolutions of side 3 that are computed by squares, against candle's in double precision.
#![cfg(feature = "deep")]
#![allow(clippy::unwrap_used, reason = "a panic in a test helper is a failed test")]

use dream_models::deep::candle_core::{DType, Device, Module, Tensor, Var};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::layers::{Conv2d, Window};

use crate::deep_windows::{values, wave};

const CPU: &Device = &Device::Cpu;

/// The same weights in single and in double precision, and single ones that a training may change.
fn layers(planes: usize, outputs: usize) -> [Conv2d; 3] {
    let window = Window::new(3, 1, 1).unwrap();
    let weight = (wave(&[outputs, planes, 3, 3]) / 10.0).unwrap();
    let bias = wave(&[outputs]);
    let of = |dtype: DType, open: bool| {
        let tensor = |t: &Tensor| {
            let t = t.to_dtype(dtype).unwrap();
            if open { Var::from_tensor(&t).unwrap().as_tensor().clone() } else { t }
        };
        let tensors = [("weight", tensor(&weight)), ("bias", tensor(&bias))];
        let tensors = tensors.map(|(name, tensor)| (name.to_owned(), tensor)).into();
        Conv2d::new(planes, outputs, window, &VarBuilder::from_tensors(tensors, dtype, CPU)).unwrap()
    };
    [of(DType::F32, false), of(DType::F64, false), of(DType::F32, true)]
}

#[test]
fn squares_of_any_picture_give_what_windows_give() {
    // More planes than are multiplied at a time, and numbers that fill no register.
    for (planes, outputs) in [(32, 32), (33, 47), (40, 130), (1030, 32)] {
        let [single, wide, open] = layers(planes, outputs);
        for (count, rows, columns) in
            [(1, 1, 1), (2, 1, 5), (1, 2, 2), (3, 3, 4), (1, 7, 7), (2, 9, 14), (1, 5, 61)]
        {
            let x = wave(&[count, rows, columns, planes]);
            let found = single.forward(&x).unwrap();
            let expected = values(&wide.forward(&x.to_dtype(DType::F64).unwrap()).unwrap());
            // Sums of up to 9 planes products of size 0.1.
            let allowed = 2e-7 * planes as f64;
            for (found, expected) in values(&found).iter().zip(&expected) {
                let apart = (found - expected).abs();
                assert!(apart < allowed, "{count} {rows} {columns} {planes}: {apart:e}");
            }
            assert_eq!(values(&open.forward(&x).unwrap()), values(&found), "with a gradient");
        }
    }
}

#[test]
fn squares_have_the_gradient_of_windows() {
    let [_, wide, open] = layers(36, 34);
    let x = wave(&[2, 5, 8, 36]);
    let weights = wave(&[2, 5, 8, 34]);
    let gradient = |conv: &Conv2d, dtype: DType| {
        let x = Var::from_tensor(&x.to_dtype(dtype).unwrap()).unwrap();
        let result = (conv.forward(&x).unwrap() * weights.to_dtype(dtype).unwrap()).unwrap();
        values(result.sum_all().unwrap().backward().unwrap().get(&x).unwrap())
    };
    let (found, expected) = (gradient(&open, DType::F32), gradient(&wide, DType::F64));
    assert!(expected.iter().any(|value| value.abs() > 1.0));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn pictures_and_threads_change_no_bit_of_squares() {
    let [conv, ..] = layers(40, 70);
    let x = wave(&[5, 27, 22, 40]);
    let run = |x: &Tensor| conv.forward(x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let whole = run(&x);
    for (i, expected) in whole.chunks(whole.len() / 5).enumerate() {
        assert_eq!(run(&x.narrow(0, i, 1).unwrap()), expected, "picture {i}");
    }
    for threads in [1, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| run(&x)), whole, "{threads} threads");
    }
}
