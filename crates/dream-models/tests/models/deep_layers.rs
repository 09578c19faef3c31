//! The kernels of the layers against candle's own operations in double precision, and against finite differences.
#![cfg(feature = "deep")]
#![allow(clippy::unwrap_used, reason = "a panic in a test helper is a failed test")]

use dream_models::deep::candle_core::{DType, Device, Module, Result, Tensor, Var};
use dream_models::deep::candle_nn::VarBuilder;
use dream_models::deep::layers::{
    BatchNorm, Conv2d, DepthwiseConv, LayerNorm, Linear, Mode, Window, gelu, max_pool, quick_gelu, relu,
    softmax_last,
};

type Layer = fn(&[Tensor]) -> Result<Tensor>;

fn norm(inputs: &[Tensor]) -> Result<Tensor> {
    let [x, weight, bias] = inputs else { unreachable!("three inputs") };
    let tensors = [("weight".to_owned(), weight.clone()), ("bias".to_owned(), bias.clone())];
    let vb = VarBuilder::from_tensors(tensors.into(), x.dtype(), &Device::Cpu);
    LayerNorm::new(weight.dim(0)?, 1e-5, &vb)?.forward(x)
}

fn linear(inputs: &[Tensor]) -> Result<Tensor> {
    let [x, weight] = inputs else { unreachable!("two inputs") };
    let vb =
        VarBuilder::from_tensors([("weight".to_owned(), weight.clone())].into(), x.dtype(), &Device::Cpu);
    Linear::without_bias(weight.dim(1)?, weight.dim(0)?, &vb)?.forward(x)
}

fn conv(inputs: &[Tensor], stride: usize) -> Result<Tensor> {
    let [x, weight, bias] = inputs else { unreachable!("three inputs") };
    let tensors = [("weight".to_owned(), weight.clone()), ("bias".to_owned(), bias.clone())];
    let vb = VarBuilder::from_tensors(tensors.into(), x.dtype(), &Device::Cpu);
    let (outputs, planes, kernel, _) = weight.dims4()?;
    Conv2d::new(planes, outputs, Window::new(kernel, stride, kernel / 2)?, &vb)?.forward(x)
}

fn pool(x: &Tensor, kernel: usize, padding: usize) -> Result<Tensor> {
    max_pool(x, Window::new(kernel, 2, padding)?)
}

/// With running statistics that are variables of their own.
fn batch_norm(inputs: &[Tensor], mode: Mode) -> Result<Tensor> {
    let [x, weight, bias] = inputs else { unreachable!("three inputs") };
    let running = |first: f32| -> Result<Tensor> {
        let values = (0..weight.elem_count()).map(|i| first + 0.1 * i as f32).collect::<Vec<_>>();
        let tensor = Tensor::new(values, &Device::Cpu)?.to_dtype(x.dtype())?;
        Ok(Var::from_tensor(&tensor)?.as_tensor().clone())
    };
    let tensors = [
        ("weight".to_owned(), weight.clone()),
        ("bias".to_owned(), bias.clone()),
        ("running_mean".to_owned(), running(-0.2)?),
        ("running_var".to_owned(), running(0.5)?),
    ];
    let vb = VarBuilder::from_tensors(tensors.into(), x.dtype(), &Device::Cpu);
    BatchNorm::new(weight.dim(0)?, 1e-5, 0.1, &vb)?.forward(x, mode)
}

fn depthwise(inputs: &[Tensor]) -> Result<Tensor> {
    let [x, weight, bias] = inputs else { unreachable!("three inputs") };
    let tensors = [("weight".to_owned(), weight.clone()), ("bias".to_owned(), bias.clone())];
    let vb = VarBuilder::from_tensors(tensors.into(), x.dtype(), &Device::Cpu);
    DepthwiseConv::new(weight.dim(0)?, weight.dim(3)?, &vb)?.forward(x)
}

/// Name, layer, shapes of the inputs, largest size of a value.
const LAYERS: [(&str, Layer, &[&[usize]], f32); 24] = [
    ("product of one column", linear, &[&[7, 45], &[1, 45]], 2.0),
    ("narrow product", linear, &[&[3, 5, 600], &[37, 600]], 1.0),
    ("product of few rows", linear, &[&[3, 45], &[90, 45]], 2.0),
    // More rows than a piece of work, more columns than a tile, more channels than a register, and odd numbers of each.
    ("depthwise", depthwise, &[&[2, 19, 13, 21], &[21, 1, 7, 7], &[21]], 1.0),
    ("depthwise wider than its grid", depthwise, &[&[1, 2, 3, 5], &[5, 1, 9, 9], &[5]], 1.0),
    ("depthwise of one tap", depthwise, &[&[1, 3, 2, 33], &[33, 1, 1, 1], &[33]], 1.0),
    ("relu", |x| relu(&x[0]), &[&[7, 45]], 2.0),
    ("gelu", |x| gelu(&x[0]), &[&[7, 45]], 8.0),
    ("quick gelu", |x| quick_gelu(&x[0]), &[&[7, 45]], 8.0),
    ("softmax", |x| softmax_last(&x[0]), &[&[3, 5, 77]], 9.0),
    ("softmax of one", |x| softmax_last(&x[0]), &[&[4, 1]], 3.0),
    ("norm", norm, &[&[6, 50], &[50], &[50]], 2.0),
    ("norm of many rows", norm, &[&[700, 33], &[33], &[33]], 2.0),
    ("relu", |x| relu(&x[0]), &[&[7, 45]], 2.0),
    ("convolution", |x| conv(x, 1), &[&[2, 5, 4, 3], &[4, 3, 3, 3], &[4]], 1.0),
    ("convolution to many", |x| conv(x, 2), &[&[2, 8, 6, 3], &[70, 3, 3, 3], &[70]], 1.0),
    ("convolution of a stem", |x| conv(x, 2), &[&[2, 9, 9, 3], &[5, 3, 7, 7], &[5]], 1.0),
    ("convolution of pixels", |x| conv(x, 1), &[&[2, 3, 4, 6], &[5, 6, 1, 1], &[5]], 1.0),
    ("convolution of every second pixel", |x| conv(x, 2), &[&[2, 5, 5, 6], &[5, 6, 1, 1], &[5]], 1.0),
    ("pool of three", |x| pool(&x[0], 3, 1), &[&[2, 7, 6, 5]], 2.0),
    ("pool of two", |x| pool(&x[0], 2, 0), &[&[2, 7, 6, 5]], 2.0),
    ("batch norm", |x| batch_norm(x, Mode::Eval), &[&[2, 3, 4, 5], &[5], &[5]], 2.0),
    ("batch norm in training", |x| batch_norm(x, Mode::Train), &[&[2, 3, 4, 5], &[5], &[5]], 2.0),
    ("batch norm of rows in training", |x| batch_norm(x, Mode::Train), &[&[9, 2], &[2], &[2]], 2.0),
];

fn numbers(count: usize, size: f32, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1_u64 << 23) as f32) - 1.0
    };
    (0..count).map(|_| size * next()).collect()
}

/// The inputs of a layer as variables of a type.
fn inputs(shapes: &[&[usize]], size: f32, dtype: DType) -> Vec<Var> {
    let input = |(i, shape): (usize, &&[usize])| {
        let data = numbers(shape.iter().product(), size, 31 + i as u64);
        let tensor = Tensor::from_vec(data, *shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
        Var::from_tensor(&tensor).unwrap()
    };
    shapes.iter().enumerate().map(input).collect()
}

fn tensors(vars: &[Var]) -> Vec<Tensor> {
    vars.iter().map(|var| var.as_tensor().clone()).collect()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// A sum of the results with weights that differ.
fn loss(result: &Tensor) -> Tensor {
    let weights =
        Tensor::from_vec(numbers(result.elem_count(), 1.0, 5), result.dims(), &Device::Cpu).unwrap();
    (result * weights.to_dtype(result.dtype()).unwrap()).unwrap().sum_all().unwrap()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(1e-3, |largest: f64, v| largest.max(v.abs()))
}

#[test]
fn kernels_agree_with_candle_in_double_precision() {
    for (name, layer, shapes, size) in LAYERS {
        let (single, wide) = (inputs(shapes, size, DType::F32), inputs(shapes, size, DType::F64));
        let (found, expected) = (layer(&tensors(&single)).unwrap(), layer(&tensors(&wide)).unwrap());
        let reference = values(&expected);
        for (f, e) in values(&found).iter().zip(&reference) {
            assert!((f - e).abs() <= 2e-6 * largest(&reference), "{name}: {f} instead of {e}");
        }
        let (store, exact) = (loss(&found).backward().unwrap(), loss(&expected).backward().unwrap());
        for (i, (single, wide)) in single.iter().zip(&wide).enumerate() {
            let expected = values(exact.get(wide).unwrap());
            for (f, e) in values(store.get(single).unwrap()).iter().zip(&expected) {
                assert!((f - e).abs() <= 1e-5 * largest(&expected), "{name}, input {i}: {f} instead of {e}");
            }
        }
    }
}

/// The gradients of the kernels against differences of the double-precision layers.
#[test]
fn gradients_agree_with_finite_differences() {
    const STEP: f64 = 1e-5;
    for (name, layer, shapes, size) in LAYERS {
        let single = inputs(shapes, size, DType::F32);
        let store = loss(&layer(&tensors(&single)).unwrap()).backward().unwrap();
        let wide = tensors(&inputs(shapes, size, DType::F64));
        for (i, var) in single.iter().enumerate() {
            let gradient = values(store.get(var).unwrap());
            for at in (0..gradient.len()).step_by(gradient.len().div_ceil(25)) {
                let moved = |by: f64| {
                    let mut data = values(&wide[i]);
                    data[at] += by;
                    let mut inputs = wide.clone();
                    inputs[i] = Tensor::from_vec(data, wide[i].dims(), &Device::Cpu).unwrap();
                    loss(&layer(&inputs).unwrap()).to_scalar::<f64>().unwrap()
                };
                let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let apart = (gradient[at] - slope).abs();
                assert!(
                    apart <= 1e-4 * largest(&gradient),
                    "{name}, input {i}[{at}]: {} {slope}",
                    gradient[at]
                );
            }
        }
    }
}

#[test]
fn extreme_values_stay_finite() {
    let big = [0.0, -0.0, 1e-38, -1e-38, 40.0, -40.0, 1e18, -1e18, 13.9, -13.9, 14.1, -14.1];
    let x = Var::from_tensor(&Tensor::new(&big[..], &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap())
        .unwrap();
    for result in [gelu(&x).unwrap(), quick_gelu(&x).unwrap(), softmax_last(&x).unwrap()] {
        let store = result.sum_all().unwrap().backward().unwrap();
        let gradient = values(store.get(&x).unwrap());
        assert!(values(&result).iter().chain(&gradient).all(|v| v.is_finite()), "{result}");
    }
    // A constant row has no spread.
    let flat = Var::from_tensor(&Tensor::full(3.0_f32, (2, 40), &Device::Cpu).unwrap()).unwrap();
    let ones = Tensor::ones(40, DType::F32, &Device::Cpu).unwrap();
    let result = norm(&[flat.as_tensor().clone(), ones.clone(), ones]).unwrap();
    let store = result.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    assert!(values(&result).iter().all(|v| *v == 1.0));
    assert!(values(store.get(&flat).unwrap()).iter().all(|v| v.is_finite()));
}

#[test]
fn layouts_and_threads_change_no_bit() {
    let data = Tensor::from_vec(numbers(900 * 48, 3.0, 2), (900, 48), &Device::Cpu).unwrap();
    let turned = data.t().unwrap().contiguous().unwrap().t().unwrap();
    let shifted = Tensor::cat(&[&data, &data], 0).unwrap().narrow(0, 900, 900).unwrap();
    let weight = Tensor::ones(48, DType::F32, &Device::Cpu).unwrap();
    let run = |x: &Tensor| {
        let normal = norm(&[x.clone(), weight.clone(), weight.clone()]).unwrap();
        [gelu(x).unwrap(), quick_gelu(x).unwrap(), softmax_last(x).unwrap(), normal]
            .map(|t| t.to_vec2::<f32>().unwrap())
    };
    let expected = run(&data);
    assert_eq!(run(&turned), expected);
    assert_eq!(run(&shifted), expected);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| run(&data)), expected);
    }
}

#[test]
fn depthwise_is_what_a_plain_loop_gives_in_any_batch_and_for_any_number_of_threads() {
    for (rows, columns, channels, side) in [(12, 12, 40, 7), (17, 25, 9, 7), (5, 30, 16, 3), (1, 1, 1, 5)] {
        let (x, weight) =
            (numbers(3 * rows * columns * channels, 1.0, 6), numbers(channels * side * side, 1.0, 7));
        let (bias, margin) = (numbers(channels, 1.0, 8), side / 2);
        let mut expected = Vec::new();
        for (image, row, column, channel) in (0..3).flat_map(|n| {
            (0..rows)
                .flat_map(move |r| (0..columns).flat_map(move |q| (0..channels).map(move |c| (n, r, q, c))))
        }) {
            let mut sum = f64::from(bias[channel]);
            for (i, j) in (0..side).flat_map(|i| (0..side).map(move |j| (i, j))) {
                let (r, q) = ((row + i).wrapping_sub(margin), (column + j).wrapping_sub(margin));
                if r < rows && q < columns {
                    let value = x[((image * rows + r) * columns + q) * channels + channel];
                    sum += f64::from(value) * f64::from(weight[(channel * side + i) * side + j]);
                }
            }
            expected.push(sum);
        }
        let x = Tensor::from_vec(x, (3, rows, columns, channels), &Device::Cpu).unwrap();
        let weight = Tensor::from_vec(weight, (channels, 1, side, side), &Device::Cpu).unwrap();
        let bias = Tensor::from_vec(bias, channels, &Device::Cpu).unwrap();
        let run = |x: &Tensor| depthwise(&[x.clone(), weight.clone(), bias.clone()]).unwrap();
        let flat = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let whole = run(&x);
        for (found, expected) in values(&whole).iter().zip(&expected) {
            assert!((found - expected).abs() <= 1e-5, "{rows}x{columns}: {found} instead of {expected}");
        }
        for image in 0..3 {
            let alone = run(&x.narrow(0, image, 1).unwrap());
            assert_eq!(flat(&alone), flat(&whole.narrow(0, image, 1).unwrap()));
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| flat(&run(&x))), flat(&whole));
            let gradients = || {
                let vars = [&x, &weight, &bias].map(|tensor| Var::from_tensor(tensor).unwrap());
                let store = loss(&depthwise(&tensors(&vars)).unwrap()).backward().unwrap();
                vars.map(|var| flat(store.get(&var).unwrap()))
            };
            assert_eq!(pool.install(gradients), gradients());
        }
    }
}

#[test]
fn an_even_side_is_refused() {
    let vb = VarBuilder::zeros(DType::F32, &Device::Cpu);
    assert!(DepthwiseConv::new(4, 6, &vb).unwrap_err().to_string().contains("odd"));
}

#[test]
fn relu_has_no_slope_at_zero() {
    let x = Var::from_tensor(&Tensor::new(&[-1.0_f32, 0.0, 2.0], &Device::Cpu).unwrap()).unwrap();
    let result = relu(&x).unwrap();
    assert_eq!(result.to_vec1::<f32>().unwrap(), [0.0, 0.0, 2.0]);
    let store = result.sum_all().unwrap().backward().unwrap();
    assert_eq!(store.get(&x).unwrap().to_vec1::<f32>().unwrap(), [0.0, 0.0, 1.0]);
}

/// Rows and columns around the sizes of tiles, blocks and panels, and where gemm's own order of a sum changes with their number.
#[test]
fn other_rows_change_no_bit_of_a_product() {
    for outputs in [1, 2, 5, 33, 64, 65, 100, 300] {
        for inputs in [1, 2, 3, 48, 700, 2048] {
            let weight = Tensor::from_vec(numbers(outputs * inputs, 1.0, 3), (outputs, inputs), &Device::Cpu);
            let x = Tensor::from_vec(numbers(130 * inputs, 1.0, 4), (130, inputs), &Device::Cpu).unwrap();
            let weight = weight.unwrap();
            let run = |first, rows| {
                let rows = x.narrow(0, first, rows).unwrap();
                linear(&[rows, weight.clone()]).unwrap().to_vec2::<f32>().unwrap()
            };
            let whole = run(0, 130);
            for rows in [1, 2, 3, 4, 9, 50, 64, 65] {
                for first in [0, 57] {
                    let expected = whole.get(first..first + rows).unwrap();
                    assert_eq!(run(first, rows), expected, "{rows} of {inputs} to {outputs}");
                }
            }
        }
    }
}
