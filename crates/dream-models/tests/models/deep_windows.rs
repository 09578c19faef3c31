//! Convolutions, pools and batch norms by hand: padding, ties, running statistics, and what must not change a bit.
#![cfg(feature = "deep")]
#![allow(clippy::unwrap_used, reason = "a panic in a test helper is a failed test")]

use dream_models::deep::candle_core::{DType, Device, Module, Tensor, Var};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::layers::{
    BatchNorm, Conv2d, Ddof, Mode, Window, max_pool, mean_and_std, mean_plus_std, relu,
};
use dream_models::deep::train::Params;

const CPU: &Device = &Device::Cpu;

/// One picture of one plane.
fn picture(rows: &[&[f32]], dtype: DType) -> Var {
    let values: Vec<f32> = rows.concat();
    let tensor = Tensor::from_vec(values, (1, rows.len(), rows[0].len(), 1), CPU).unwrap();
    Var::from_tensor(&tensor.to_dtype(dtype).unwrap()).unwrap()
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

pub(crate) fn wave(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let value = |i: usize| ((i as f32) * 0.37).sin() + ((i * i % 977) as f32 / 977.0 - 0.5);
    Tensor::from_vec((0..count).map(value).collect::<Vec<f32>>(), shape, CPU).unwrap()
}

/// Single precision has a kernel, double precision candle's operations: both pass the same tests.
const BOTH: [DType; 2] = [DType::F32, DType::F64];

#[test]
fn the_padding_of_a_pool_is_below_every_number() {
    for dtype in BOTH {
        let x = picture(&[&[-5.0, -4.0, -3.0], &[-6.0, -7.0, -2.0], &[-9.0, -8.0, -1.5]], dtype);
        let pooled = max_pool(&x, Window::new(3, 2, 1).unwrap()).unwrap();
        assert_eq!(pooled.dims(), [1, 2, 2, 1]);
        assert_eq!(values(&pooled), [-4.0, -2.0, -6.0, -1.5]);
        let store = (pooled
            * Tensor::new(&[1.0, 2.0, 3.0, 4.0], CPU)
                .unwrap()
                .to_dtype(dtype)
                .unwrap()
                .reshape((1, 2, 2, 1))
                .unwrap())
        .unwrap()
        .sum_all()
        .unwrap()
        .backward()
        .unwrap();
        let expected = [0.0, 1.0, 0.0, 3.0, 0.0, 2.0, 0.0, 0.0, 4.0];
        assert_eq!(values(store.get(&x).unwrap()), expected);
    }
}

#[test]
fn the_first_of_equal_values_gets_the_gradient() {
    for dtype in BOTH {
        let x = picture(&[&[1.0, 3.0, 0.0, 0.0], &[3.0, 3.0, 0.0, 0.0], &[2.0, 2.0, 2.0, 2.0]], dtype);
        let two = max_pool(&x, Window::new(2, 2, 0).unwrap()).unwrap();
        assert_eq!(values(&two), [3.0, 0.0], "the last row is in no window");
        let store = two.sum_all().unwrap().backward().unwrap();
        let expected = [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(values(store.get(&x).unwrap()), expected);
        // Windows that overlap: the one value is the largest of both in a line.
        let three = max_pool(&x, Window::new(3, 2, 1).unwrap()).unwrap();
        assert_eq!(values(&three), [3.0, 3.0, 3.0, 3.0]);
        let store = three.sum_all().unwrap().backward().unwrap();
        let expected = [0.0, 2.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(values(store.get(&x).unwrap()), expected);
        // A window that sees nothing but minus infinity.
        let x = picture(&[&[f32::NEG_INFINITY; 2], &[f32::NEG_INFINITY; 2]], dtype);
        let store =
            max_pool(&x, Window::new(2, 2, 0).unwrap()).unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(values(store.get(&x).unwrap()), [1.0, 0.0, 0.0, 0.0]);
    }
    let x = picture(&[&[1.0, f32::NAN], &[3.0, 2.0]], DType::F32);
    let pooled = max_pool(&x, Window::new(2, 2, 0).unwrap()).unwrap();
    assert!(values(&pooled)[0].is_nan());
    let store = pooled.sum_all().unwrap().backward().unwrap();
    assert_eq!(values(store.get(&x).unwrap()), [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn nothing_passes_a_relu_at_zero() {
    for dtype in BOTH {
        let x = Tensor::new(&[-1.0, -0.0, 0.0, 1e-30, 2.0, f64::NAN], CPU).unwrap().to_dtype(dtype).unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let y = relu(&x).unwrap();
        let found = values(&y);
        assert_eq!(found[..3], [0.0; 3]);
        assert!(found[3] > 0.0 && found[4] == 2.0 && found[5].is_nan());
        let store = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(values(store.get(&x).unwrap())[..5], [0.0, 0.0, 0.0, 1.0, 1.0]);
    }
}

#[test]
fn running_statistics_follow_by_the_unbiased_variance() {
    for dtype in BOTH {
        let params = Params::seeded(1, dtype, CPU);
        let norm = BatchNorm::new(2, 1e-5, 0.1, &params.builder()).unwrap();
        let x = Tensor::new(&[[1.0, 10.0], [2.0, 10.0], [3.0, 10.0], [6.0, 14.0]], CPU).unwrap();
        let y = norm.forward(&x.to_dtype(dtype).unwrap(), Mode::Train).unwrap();
        // Mean 3 and 11, biased variance 3.5 and 3, unbiased 14/3 and 4.
        let expected = [-2.0, -1.0, -1.0, -1.0, 0.0, -1.0, 3.0, 3.0];
        for (i, (found, centred)) in values(&y).iter().zip(expected).enumerate() {
            let expected: f64 = centred / ([3.5_f64, 3.0][i % 2] + 1e-5).sqrt();
            assert!((found - expected).abs() < 1e-6, "{i}: {found} {expected}");
        }
        let after = params.tensors().unwrap();
        let near = |name: &str, expected: [f64; 2]| {
            for (found, expected) in values(&after[name]).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{name}: {found} {expected}");
            }
        };
        near("running_mean", [0.3, 1.1]);
        near("running_var", [0.9 + 0.1 * 14.0 / 3.0, 0.9 + 0.4]);
        // What was trained is what is evaluated with, and evaluating changes nothing.
        let y = norm.forward(&x.to_dtype(dtype).unwrap(), Mode::Eval).unwrap();
        let first = (1.0 - 0.3) / (0.9 + 0.1 * 14.0 / 3.0 + 1e-5_f64).sqrt();
        assert!((values(&y)[0] - first).abs() < 1e-6);
        assert_eq!(values(&params.tensors().unwrap()["running_var"]), values(&after["running_var"]));
    }
}

#[test]
fn what_has_no_batch_statistics_is_refused() {
    let params = Params::seeded(1, DType::F32, CPU);
    let norm = BatchNorm::new(3, 1e-5, 0.1, &params.builder()).unwrap();
    for shape in [&[1, 3][..], &[4, 2], &[0, 3]] {
        let x = Tensor::zeros(shape, DType::F32, CPU).unwrap();
        assert!(norm.forward(&x, Mode::Train).is_err(), "{shape:?}");
    }
    let fixed = VarBuilder::from_tensors(params.tensors().unwrap().into_iter().collect(), DType::F32, CPU);
    let norm = BatchNorm::new(3, 1e-5, 0.1, &fixed).unwrap();
    let x = wave(&[4, 3]);
    norm.forward(&x, Mode::Eval).unwrap();
    let error = norm.forward(&x, Mode::Train).unwrap_err().to_string();
    assert!(error.contains("no variables"), "{error}");
}

fn layer(planes: usize, outputs: usize, window: Window, dtype: DType) -> Conv2d {
    let params = Params::seeded(3, DType::F32, CPU);
    Conv2d::new(planes, outputs, window, &params.builder()).unwrap();
    let tensors = params.tensors().unwrap().into_iter().map(|(name, t)| (name, t.to_dtype(dtype).unwrap()));
    Conv2d::new(planes, outputs, window, &VarBuilder::from_tensors(tensors.collect(), dtype, CPU)).unwrap()
}

/// Sides that a stride fills on one axis only, for which candle's own convolution has no gradient.
#[test]
fn a_convolution_of_any_sides_has_a_gradient() {
    const STEP: f64 = 1e-5;
    let window = Window::new(3, 2, 1).unwrap();
    let (single, wide) = (layer(2, 3, window, DType::F32), layer(2, 3, window, DType::F64));
    let x = Var::from_tensor(&wave(&[2, 8, 7, 2])).unwrap();
    let result = single.forward(&x).unwrap();
    assert_eq!(result.dims(), [2, 4, 4, 3]);
    let weights = wave(&[2, 4, 4, 3]);
    let store = (result * &weights).unwrap().sum_all().unwrap().backward().unwrap();
    let gradient = values(store.get(&x).unwrap());
    let data = values(&x);
    let loss = |at: usize, by: f64| {
        let mut data = data.clone();
        data[at] += by;
        let x = Tensor::from_vec(data, x.dims(), CPU).unwrap();
        let weights = weights.to_dtype(DType::F64).unwrap();
        (wide.forward(&x).unwrap() * weights).unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap()
    };
    for (at, found) in gradient.iter().enumerate() {
        let slope = (loss(at, STEP) - loss(at, -STEP)) / (2.0 * STEP);
        assert!((found - slope).abs() < 1e-4, "{at}: {found} {slope}");
    }
}

#[test]
fn pictures_threads_and_passes_change_no_bit_of_a_convolution() {
    for (outputs, side) in [(16, 3), (80, 3), (80, 1), (80, 5)] {
        let conv = layer(40, outputs, Window::new(side, 2, side / 2).unwrap(), DType::F32);
        // Six pictures are more than one pass.
        let x = wave(&[6, 96, 94, 40]);
        let run = |x: &Tensor| conv.forward(x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let whole = run(&x);
        assert_eq!(run(Var::from_tensor(&x).unwrap().as_tensor()), whole, "in one pass, for a gradient");
        for (i, expected) in whole.chunks(whole.len() / 6).enumerate() {
            assert_eq!(run(&x.narrow(0, i, 1).unwrap()), expected, "picture {i}, {outputs} {side}");
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| run(&x)), whole, "{threads} threads");
        }
    }
}

#[test]
fn windows_without_a_meaning_are_refused() {
    for (kernel, stride, padding) in [(0, 1, 0), (3, 0, 1), (3, 1, 2), (2, 2, 2), (usize::MAX, 1, 0)] {
        assert!(Window::new(kernel, stride, padding).is_err(), "{kernel} {stride} {padding}");
    }
    let window = Window::new(4, 1, 0).unwrap();
    for dtype in BOTH {
        let x = Tensor::zeros((1, 3, 9, 1), dtype, CPU).unwrap();
        assert!(max_pool(&x, window).unwrap_err().to_string().contains("does not fit"));
        assert!(layer(1, 2, window, dtype).forward(&x).is_err());
        assert!(max_pool(&x.squeeze(0).unwrap(), window).is_err());
    }
}

#[test]
fn one_frame_has_no_deviation() {
    let x = Tensor::new(&[[[1.0_f32, 5.0], [3.0, 5.0], [5.0, 5.0]]], CPU).unwrap();
    assert_eq!(values(&mean_and_std(&x, Ddof::One).unwrap()), [3.0, 5.0, 2.0, 0.0]);
    assert_eq!(values(&mean_plus_std(&x, Ddof::One).unwrap()), [5.0, 5.0]);
    let one = x.narrow(1, 1, 1).unwrap();
    assert_eq!(values(&mean_and_std(&one, Ddof::One).unwrap()), [3.0, 5.0, 0.0, 0.0]);
    assert!(mean_and_std(&x.narrow(1, 0, 0).unwrap(), Ddof::One).is_err());
}

#[test]
fn a_negative_running_variance_is_named() {
    let tensor = |values: [f32; 2]| Tensor::new(&values, &Device::Cpu).unwrap();
    let names = ["weight", "bias", "running_mean", "running_var"];
    let tensors = names
        .map(|name| (format!("bn1.{name}"), tensor([1.0, if name == "running_var" { -0.5 } else { 1.0 }])));
    let vb = VarBuilder::from_tensors(tensors.into(), DType::F32, &Device::Cpu);
    let error = BatchNorm::new(2, 1e-5, 0.1, &vb.pp("bn1")).unwrap_err().to_string();
    assert!(error.contains("`bn1.running_var` has -0.5 at 1"), "{error}");
}
