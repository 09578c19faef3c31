//! Degenerate, huge and wrong input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

mod common;

use candle_core::{DType, Device, Tensor};
use common::{Loss, scalar, scores, tensor, var};
use dream_loss::{Error, NormInNorm, candle_core, mae};

const FLOATS: [DType; 2] = [DType::F32, DType::F64];

fn all_zero(values: &[f64]) -> bool {
    values.iter().all(|v| *v == 0.0)
}

#[test]
fn a_tie_has_no_gradient() {
    let (pred, target) = ([1.0, 2.0, 3.0, 5.0], [1.0, 4.0, 3.0, 2.0]);
    for dtype in FLOATS {
        let (value, by_pred, by_target) = Loss::Mae.evaluate(&pred, &target, dtype).unwrap();
        assert_eq!(value, 1.25);
        assert_eq!(by_pred, [0.0, -0.25, 0.0, 0.25]);
        assert_eq!(by_target, [0.0, 0.25, 0.0, -0.25]);
        for loss in Loss::all() {
            let (value, by_pred, by_target) = loss.evaluate(&target, &target, dtype).unwrap();
            assert!(value == 0.0 && all_zero(&by_pred) && all_zero(&by_target), "{loss:?}");
        }
    }
}

#[test]
fn a_batch_of_one_is_zero_for_norm_in_norm_and_usual_for_mae() {
    for dtype in FLOATS {
        for loss in Loss::all().into_iter().skip(1) {
            let (value, by_pred, by_target) = loss.evaluate(&[2.0], &[3.5], dtype).unwrap();
            assert!(value == 0.0 && all_zero(&by_pred) && all_zero(&by_target), "{loss:?}");
        }
        let (value, by_pred, _) = Loss::Mae.evaluate(&[2.0], &[3.5], dtype).unwrap();
        assert_eq!((value, by_pred), (1.5, vec![-1.0]));
    }
}

#[test]
fn equal_predictions_have_the_value_of_the_target_alone_and_no_gradient() {
    // 0.1 in batches of 3, 7, 13: the plain mean of equal values rounds.
    for dtype in FLOATS {
        for n in [2, 3, 7, 8, 13] {
            let (flat, target) = (vec![0.1; n], scores(7, n));
            for q in [1.0, 2.0, 3.0] {
                let loss = Loss::NormInNorm(NormInNorm { q, ..NormInNorm::paper() });
                let (value, by_pred, by_target) = loss.evaluate(&flat, &target, dtype).unwrap();
                let mean = target.iter().sum::<f64>() / n as f64;
                let norm = target.iter().map(|t| (t - mean).abs().powf(q)).sum::<f64>().powf(1.0 / q);
                let expected: f64 = target.iter().map(|t| (t - mean).abs() / (norm + 1e-8)).sum();
                assert!((value - expected).abs() < 1e-5, "n = {n} q = {q}: {value} is not {expected}");
                assert!(all_zero(&by_pred), "n = {n} q = {q}: {by_pred:?}");
                assert!(by_target.iter().all(|g| g.is_finite()));

                // The other way round the predictions still learn, unless q = 1 makes the value constant.
                let (mirrored, by_pred, by_target) = loss.evaluate(&target, &flat, dtype).unwrap();
                assert!((mirrored - value).abs() < 1e-6);
                assert!(all_zero(&by_target));
                assert!(q == 1.0 || n == 2 || by_pred.iter().any(|g| g.abs() > 1e-3), "n = {n} q = {q}");
            }
        }
    }
}

#[test]
fn the_gradient_stops_where_the_norm_falls_below_one_millionth() {
    let loss = Loss::NormInNorm(NormInNorm::paper());
    let target = [1.0, 2.0, 4.0];
    // The norm of (0, 0, s) after centring is s · √(2/3).
    let at = |norm: f64| loss.evaluate(&[0.0, 0.0, norm * 1.5_f64.sqrt()], &target, DType::F64).unwrap();
    let (below_value, below, _) = at(0.99e-6);
    let (above_value, above, _) = at(1.01e-6);
    assert!(all_zero(&below), "{below:?}");
    assert!(above.iter().any(|g| g.abs() > 1e4), "{above:?}");
    assert!((below_value - above_value).abs() < 1e-3, "the value does not jump");
}

#[test]
fn huge_and_tiny_scores_stay_finite() {
    let target = [1.0, 2.0, 3.0, 4.0];
    let shape = [1.0, -1.0, 0.5, 0.25];
    let sizes = [
        (DType::F32, vec![1e-45, 1e-38, 1e-30, 1e-12, 1e12, 1e30, 3.4e38]),
        (DType::F64, vec![5e-324, 1e-308, 1e-160, 1e-30, 1e160, 1e300, f64::MAX]),
    ];
    for (dtype, sizes) in sizes {
        for size in sizes {
            let pred = shape.map(|v| v * size);
            for loss in Loss::all() {
                for (p, t) in [(&pred, &target), (&target, &pred), (&pred, &pred)] {
                    let (value, by_pred, by_target) = loss
                        .evaluate(p, t, dtype)
                        .unwrap_or_else(|e| panic!("{loss:?} {dtype:?} {size:e}: {e}"));
                    let finite = by_pred.iter().chain(&by_target).all(|g| g.is_finite());
                    assert!(value.is_finite() && finite, "{loss:?} {dtype:?} {size:e}: {by_pred:?}");
                }
            }
            if size > 1e-5 {
                let nin = Loss::NormInNorm(NormInNorm::paper());
                let (value, ..) = nin.evaluate(&pred, &target, dtype).unwrap();
                let (usual, ..) = nin.evaluate(&shape, &target, dtype).unwrap();
                assert!((value - usual).abs() < 1e-5, "{size:e}: {value} is not {usual}");
            }
        }
    }
    // The difference does not fit f32, its mean does.
    let (high, low) = ([3e38, 0.0, 0.0, 0.0], [-3e38, 0.0, 0.0, 0.0]);
    let (value, gradient, _) = Loss::Mae.evaluate(&high, &low, DType::F32).unwrap();
    assert!((value / 1.5e38 - 1.0).abs() < 1e-6 && gradient == [0.25, 0.0, 0.0, 0.0], "{value} {gradient:?}");
    let mean = mae(&tensor(&[1e300, -1e300], DType::F64), &tensor(&[-0.5e300, 0.5e300], DType::F64)).unwrap();
    assert!((scalar(&mean) / 1.5e300 - 1.0).abs() < 1e-15);
}

#[test]
fn a_mean_that_does_not_fit_is_an_error() {
    let (high, low) = (tensor(&[3e38, 3e38], DType::F32), tensor(&[-3e38, -3e38], DType::F32));
    assert!(matches!(mae(&high, &low), Err(Error::Overflow { loss: "MAE", dtype: DType::F32 })));
}

#[test]
fn half_precision_is_computed_in_f32() {
    // All of these are exact in f16 and bf16.
    let (pred, target) = ([3.5, 2.0, 4.0, 1.5], [3.0, 2.5, 4.5, 1.0]);
    for loss in Loss::all() {
        let (value, gradient, _) = loss.evaluate(&pred, &target, DType::F32).unwrap();
        for (dtype, tolerance) in [(DType::F16, 1e-3), (DType::BF16, 1e-2)] {
            let (half_value, half_gradient, _) = loss.evaluate(&pred, &target, dtype).unwrap();
            assert_eq!(half_value, value, "{loss:?} {dtype:?}");
            for (a, b) in half_gradient.iter().zip(&gradient) {
                assert!((a - b).abs() <= tolerance * b.abs().max(1e-3), "{loss:?} {dtype:?}: {a} is not {b}");
            }
        }
    }
    for (a, b, result) in [
        (DType::F16, DType::F16, DType::F32),
        (DType::BF16, DType::F32, DType::F32),
        (DType::F32, DType::F64, DType::F64),
        (DType::F64, DType::F16, DType::F64),
    ] {
        for loss in Loss::all() {
            assert_eq!(loss.forward(&tensor(&pred, a), &tensor(&target, b)).unwrap().dtype(), result);
        }
    }
    // The largest f16 numbers: their sum would not fit f16.
    let (value, ..) = Loss::Mae.evaluate(&[65504.0; 4], &[-65504.0; 4], DType::F16).unwrap();
    assert_eq!(value, 131_008.0);
}

#[test]
fn wrong_input_is_a_typed_error() {
    let three = tensor(&[1.0, 2.0, 3.0], DType::F32);
    let column = three.reshape((3, 1)).unwrap();
    let whole = Tensor::new(&[1_u32, 2, 3], &Device::Cpu).unwrap();
    for loss in Loss::all() {
        let error = loss.forward(&column, &three).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`pred` has shape [3, 1], a loss needs [n]: flatten or squeeze it first"
        );
        let error = loss.forward(&three, &three.get(0).unwrap()).unwrap_err();
        assert!(matches!(error, Error::NotAVector { argument: "target", .. }));
        let error = loss.forward(&three, &three.narrow(0, 0, 2).unwrap()).unwrap_err();
        assert!(matches!(error, Error::LengthMismatch { pred: 3, target: 2 }));
        let error = loss.forward(&three, &whole).unwrap_err();
        assert!(matches!(error, Error::UnsupportedDType { argument: "target", dtype: DType::U32 }));
        for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let (broken, good) = (var(&[1.0, 2.0, bad], dtype), tensor(&[1.0, 2.0, 3.0], dtype));
                let error = loss.forward(&broken, &good).unwrap_err();
                assert!(matches!(error, Error::NonFinite { argument: "pred", index: 2, .. }), "{error}");
                let error = loss.forward(&good, &broken).unwrap_err();
                assert!(matches!(error, Error::NonFinite { argument: "target", index: 2, .. }), "{error}");
            }
        }
    }
}

#[test]
fn settings_outside_their_range_are_named() {
    let batch = tensor(&[1.0, 2.0, 3.0], DType::F64);
    let paper = NormInNorm::paper();
    assert_eq!(paper, NormInNorm::default());
    assert_eq!((paper.p, paper.q, paper.eps), (1.0, 2.0, 1e-8));
    let field_of = |loss: NormInNorm| match loss.forward(&batch, &batch) {
        Err(Error::InvalidConfig { field, .. }) => field,
        other => panic!("{loss:?}: {other:?}"),
    };
    for bad in [0.0, 0.5, -1.0, 65.0, f64::INFINITY, f64::NAN] {
        assert_eq!(field_of(NormInNorm { p: bad, ..paper }), "p");
        assert_eq!(field_of(NormInNorm { q: bad, ..paper }), "q");
    }
    for bad in [-1e-8, f64::INFINITY, f64::NAN] {
        assert_eq!(field_of(NormInNorm { eps: bad, ..paper }), "eps");
    }
    // No eps at all is fine: nothing is divided by a zero norm.
    let loss = Loss::NormInNorm(NormInNorm { eps: 0.0, ..paper });
    let (value, gradient, _) = loss.evaluate(&[2.0; 3], &[2.0; 3], DType::F64).unwrap();
    assert!(value == 0.0 && all_zero(&gradient));
}

#[test]
fn strided_input_gives_the_same_bits() {
    let rows = tensor(&scores(41, 10), DType::F32).reshape((5, 2)).unwrap();
    let strided = rows.t().unwrap().get(0).unwrap();
    let copied =
        tensor(&strided.to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect::<Vec<_>>(), DType::F32);
    let target = tensor(&scores(42, 5), DType::F32);
    for loss in Loss::all() {
        let (a, b) = (loss.forward(&strided, &target).unwrap(), loss.forward(&copied, &target).unwrap());
        assert_eq!(scalar(&a).to_bits(), scalar(&b).to_bits(), "{loss:?}");
    }
}
