//! Degenerate, huge and wrong input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

use crate::common::{Loss, all_zero, flat, oracle, scalar, scores, tensor, var};
use candle_core::{DType, Device, Tensor};
use dream_loss::{
    Alignment, DaClipBatch, DaClipLoss, Error, Kl, LevelMass, NormInNorm, Plcc, Rank, SoftLabel, candle_core,
    level_kl, mae,
};

const FLOATS: [DType; 2] = [DType::F32, DType::F64];

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
            let tiny = |values: &[f64]| values.iter().all(|v| v.abs() < 1e-7);
            if loss == Loss::RmseEps {
                assert!((value - 1e-6).abs() < 1e-12);
            } else if matches!(loss, Loss::Plcc(_) | Loss::RmsePlcc | Loss::MaePlccRank) {
                // The eps beside the norms keeps the correlation below 1, and f32 rounds it.
                assert!(value.abs() < 1e-6, "{loss:?}: {value}");
                assert!(tiny(&by_pred) && tiny(&by_target), "{loss:?}: {by_pred:?}");
                continue;
            } else {
                assert_eq!(value, 0.0, "{loss:?}");
            }
            assert!(all_zero(&by_pred) && all_zero(&by_target), "{loss:?}: {by_pred:?}");
        }
    }
}

#[test]
fn a_batch_of_one_is_zero_for_what_compares_within_the_batch() {
    for dtype in FLOATS {
        for loss in Loss::all() {
            let (value, by_pred, by_target) = loss.evaluate(&[2.0], &[3.5], dtype).unwrap();
            if loss.is_relative() {
                assert!(value == 0.0 && all_zero(&by_pred) && all_zero(&by_target), "{loss:?}");
            } else {
                let (error, slope) = if loss == Loss::Mse { (2.25, 3.0) } else { (1.5, 1.0) };
                assert!((value - error).abs() < 1e-7, "{loss:?}: {value}");
                assert!((by_pred[0] + slope).abs() < 1e-7 && (by_target[0] - slope).abs() < 1e-7, "{loss:?}");
            }
        }
    }
}

#[test]
fn two_values_have_finite_gradients_in_any_order() {
    for dtype in FLOATS {
        for (pred, target) in [
            ([2.0, 2.5], [1.0, 4.0]),
            ([2.5, 2.0], [1.0, 4.0]),
            ([2.0, 2.0], [1.0, 4.0]),
            ([1.0, 3.0], [2.0, 2.0]),
        ] {
            for loss in Loss::all() {
                let (value, by_pred, by_target) = loss.evaluate(&pred, &target, dtype).unwrap();
                let calm = by_pred.iter().chain(&by_target).all(|g| g.abs() < 10.0);
                assert!(value.is_finite() && calm, "{loss:?} {pred:?}: {value} {by_pred:?}");
            }
        }
    }
}

#[test]
fn equal_predictions_can_leave_through_the_losses_that_allow_it() {
    let (flat, target) = ([2.5; 5], [1.0, 4.0, 2.0, 3.5, 5.0]);
    for dtype in FLOATS {
        for loss in Loss::all() {
            let (value, by_pred, by_target) = loss.evaluate(&flat, &target, dtype).unwrap();
            // Without the norm-in-norm of a constant and the correlation of one value, which are 0.
            let limited = loss.is_normalised() || loss == Loss::Rank(Rank::FastVqa);
            assert_eq!(all_zero(&by_pred), limited, "{loss:?}: {by_pred:?}");
            assert!(by_pred.iter().chain(&by_target).all(|g| g.abs() < 10.0), "{loss:?}");
            // The loops divide 0 by eps and get the same.
            let expected = oracle::value(&loss, &flat, &target);
            assert!(
                (value - expected).abs() < 1e-5 * expected.max(1.0),
                "{loss:?}: {value} is not {expected}"
            );
        }
    }
    let of = |loss: Plcc| Loss::Plcc(loss).evaluate(&flat, &target, DType::F64).unwrap().0;
    assert_eq!((of(Plcc::Half), of(Plcc::OneMinus)), (0.5, 1.0));
    assert!((of(Plcc::FastVqa) - 0.25).abs() < 1e-8);
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

                // In the other direction the predictions still learn, unless q = 1 makes the value constant.
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
                    match loss.evaluate(p, t, dtype) {
                        Ok((value, by_pred, by_target)) => {
                            let calm = by_pred.iter().chain(&by_target).all(|g| g.abs() <= 1e7);
                            assert!(value.is_finite() && calm, "{loss:?} {dtype:?} {size:e}: {by_pred:?}");
                        }
                        // Reported, not returned: a square, or a divergence of scores this far apart.
                        Err(Error::Overflow { .. } | Error::Steep { .. }) if size > 1e6 => {
                            let grows = matches!(loss, Loss::Mse | Loss::Kl(_) | Loss::NinKl);
                            // The hinges of two huge batches add up.
                            let adds =
                                matches!(loss, Loss::Rank(Rank::Margin) | Loss::RmseRank | Loss::MaePlccRank);
                            let full = size > 1e38 && (dtype == DType::F32 || size > 1e307);
                            assert!(grows || adds && full, "{loss:?} {dtype:?} {size:e}");
                        }
                        Err(error) => panic!("{loss:?} {dtype:?} {size:e}: {error}"),
                    }
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
    // Zero eps works: nothing is divided by a zero norm.
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

#[test]
fn huge_correlations_and_rankings_do_not_depend_on_the_size() {
    let (shape, target) = ([1.0, -1.0, 0.5, 0.25], [1.0, 2.0, 3.0, 4.0]);
    for (dtype, sizes) in [(DType::F32, [1e4, 1e30]), (DType::F64, [1e160, 1e300])] {
        for size in sizes {
            for loss in [Plcc::FastVqa, Plcc::Half, Plcc::OneMinus].map(Loss::Plcc) {
                let (value, ..) = loss.evaluate(&shape.map(|v| v * size), &target, dtype).unwrap();
                let (usual, ..) = loss.evaluate(&shape, &target, dtype).unwrap();
                assert!((value - usual).abs() < 1e-6, "{loss:?} {size:e}: {value} is not {usual}");
            }
            // RMSE is homogeneous.
            let zeros = [0.0; 4];
            let (value, by_pred, _) = Loss::Rmse.evaluate(&shape.map(|v| v * size), &zeros, dtype).unwrap();
            let (usual, gradient, _) = Loss::Rmse.evaluate(&shape, &zeros, dtype).unwrap();
            assert!(
                (value / size - usual).abs() < 1e-6 && (by_pred[0] - gradient[0]).abs() < 1e-6,
                "{size:e}"
            );
        }
    }
    // In the other direction: squares of these vanish.
    let (value, by_pred, _) = Loss::Rmse.evaluate(&[3e-30, -4e-30], &[0.0, 0.0], DType::F32).unwrap();
    assert!((value / (12.5_f64.sqrt() * 1e-30) - 1.0).abs() < 1e-6, "{value}");
    assert!((by_pred[0] - 3.0 / 50.0_f64.sqrt()).abs() < 1e-6, "{by_pred:?}");
}

#[test]
fn settings_of_the_published_form_are_checked() {
    let batch = tensor(&[1.0, 2.0, 3.0], DType::F64);
    let published = NormInNorm::normalized();
    assert_eq!(published, NormInNorm { normalized: true, ..NormInNorm::paper() });
    for (alpha, field) in [
        ([-1.0, 2.0], "alpha[0]"),
        ([1.0, f64::NAN], "alpha[1]"),
        ([1.0, f64::INFINITY], "alpha[1]"),
        ([0.0, 0.0], "alpha"),
        ([f64::MAX, f64::MAX], "alpha"),
    ] {
        let error = NormInNorm { alpha, ..published }.forward(&batch, &batch).unwrap_err();
        assert!(matches!(error, Error::InvalidConfig { field: found, .. } if found == field), "{error}");
    }
    for eps in [-1e-12, f64::NAN, f64::INFINITY] {
        let error = dream_loss::rmse_eps(&batch, &batch, eps).unwrap_err();
        assert!(matches!(error, Error::InvalidConfig { field: "eps", .. }), "{error}");
    }
    assert_eq!(scalar(&dream_loss::rmse_eps(&batch, &batch, 0.0).unwrap()), 0.0);
    assert!((scalar(&dream_loss::rmse_eps(&batch, &batch, 0.25).unwrap()) - 0.5).abs() < 1e-15);
}

#[test]
fn the_published_form_is_bounded_and_the_printed_one_grows() {
    for n in [2, 4, 16, 64] {
        let rising: Vec<f64> = (0..n).map(f64::from).collect();
        let falling: Vec<f64> = rising.iter().map(|v| -v).collect();
        let of = |loss: NormInNorm| {
            scalar(&loss.forward(&tensor(&rising, DType::F64), &tensor(&falling, DType::F64)).unwrap())
        };
        let (printed, published) = (of(NormInNorm::paper()), of(NormInNorm::normalized()));
        assert!(published <= 1.0 && published > 0.8, "{published}");
        assert!((printed / published - 2.0 * f64::from(n).sqrt()).abs() < 1e-9);
        // For p = q = 2 it is (1 - PLCC) / 2.
        let square = NormInNorm { p: 2.0, ..NormInNorm::normalized() };
        assert!((of(square) - 1.0).abs() < 1e-7);
    }
}

#[test]
fn matrices_are_checked() {
    let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
    let align = |x: &Tensor, t: &Tensor| Alignment::Mean.forward(x, t).unwrap_err();
    let error = align(&x.flatten_all().unwrap(), &x);
    assert!(
        matches!(&error, Error::NotAMatrix { argument: "visual", shape, .. } if *shape == [6]),
        "{error}"
    );
    assert!(matches!(align(&x, &x.unsqueeze(0).unwrap()), Error::NotAMatrix { argument: "text", .. }));
    let error = align(&x, &x.t().unwrap());
    assert_eq!(error.to_string(), "`visual` has shape [2, 3] and `text` [3, 2]: pair them row by row");
    for empty in [(0, 3), (2, 0)] {
        let empty = Tensor::zeros(empty, DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(align(&empty, &empty), Error::EmptyBatch));
    }
    let whole = x.to_dtype(DType::U32).unwrap();
    assert!(matches!(align(&x, &whole), Error::UnsupportedDType { argument: "text", .. }));
    let broken = Tensor::new(&[[1.0_f32, 2.0, 3.0], [1.0, f32::NAN, 3.0]], &Device::Cpu).unwrap();
    assert!(matches!(align(&x, &broken), Error::NonFinite { argument: "text", index: 4, .. }));

    let scores = tensor(&[1.0, 2.0], DType::F32);
    let batch =
        DaClipBatch { visual_scores: &scores, text_scores: &scores, mos: &scores, visual: &x, text: &x };
    for lambda in [-0.1, f64::NAN, f64::INFINITY] {
        let error = DaClipLoss { lambda, ..DaClipLoss::default() }.forward(&batch).unwrap_err();
        assert!(matches!(error, Error::InvalidConfig { field: "lambda", .. }), "{error}");
    }
    assert!(DaClipLoss { lambda: 0.0, ..DaClipLoss::default() }.forward(&batch).is_ok());
}

#[test]
fn a_vector_without_direction_gets_no_gradient() {
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        // Rows of norm 0, below 1e-6, far below it, huge and usual.
        let rows =
            [[0.0, 0.0, 0.0], [3e-7, 1e-7, 0.0], [1e-40, -1e-40, 0.0], [6e4, 3e4, -6e4], [0.5, 0.25, -1.0]];
        let shaped = |v: &[f64]| {
            let tensor = tensor(v, dtype).reshape((5, 3)).unwrap();
            candle_core::Var::from_tensor(&tensor).unwrap()
        };
        let (x, t) = (shaped(&rows.concat()), shaped(&[1.0, 2.0, -1.0].repeat(5)));
        let value = Alignment::SumOfOneMinus.forward(&x, &t).unwrap();
        let gradients = value.backward().unwrap();
        let (by_x, by_t) = (flat(gradients.get(&x).unwrap()), flat(gradients.get(&t).unwrap()));
        assert!(all_zero(&by_x[..9]), "{dtype:?}: {by_x:?}");
        assert!(by_x[12..].iter().any(|g| g.abs() > 1e-2), "{dtype:?}: {by_x:?}");
        assert!(by_x.iter().chain(&by_t).all(|g| g.abs() < 10.0));
        assert!(by_t[9..].iter().any(|g| g.abs() > 1e-2), "{dtype:?}: {by_t:?}");
        // cos 0 for the zero vector; the tiny one keeps its direction, since 1e-8 is smaller still.
        let one = |row: usize| {
            let pick = |v: &Tensor| v.narrow(0, row, 1).unwrap();
            scalar(&Alignment::Mean.forward(&pick(&x), &pick(&t)).unwrap())
        };
        assert_eq!(one(0), 1.0);
        if matches!(dtype, DType::F32 | DType::F64) {
            let cosine = 5.0 / 60.0_f64.sqrt();
            assert!((one(1) - (1.0 - cosine)).abs() < 1e-6, "{}", one(1));
        }
        assert!((one(2) - 1.0).abs() < 1e-6);
    }
    // Next to the threshold: 1e-6.
    for (norm, trained) in [(0.99e-6, false), (1.01e-6, true)] {
        let x = candle_core::Var::new(&[[norm, 0.0]], &Device::Cpu).unwrap();
        let t = Tensor::new(&[[1.0_f64, 1.0]], &Device::Cpu).unwrap();
        let gradients = Alignment::Mean.forward(&x, &t).unwrap().backward().unwrap();
        let gradient = flat(gradients.get(&x).unwrap());
        assert_eq!(gradient[1].abs() > 1e5, trained, "{norm}: {gradient:?}");
        assert!(gradient[1].abs() <= 1e6);
    }
    // Squares of the entries do not fit f32.
    let big = Tensor::new(&[[1e38_f32, 1e38], [-3e38, 3e38]], &Device::Cpu).unwrap();
    assert!(scalar(&Alignment::Mean.forward(&big, &big).unwrap()).abs() < 1e-6);
}

#[test]
fn levels_and_labels_are_checked() {
    for (mos, std) in [(0.99, 0.5), (5.01, 0.5), (f64::NAN, 0.5)] {
        let error = SoftLabel::new(mos, std, LevelMass::Density).unwrap_err();
        assert!(matches!(error, Error::InvalidConfig { field: "mos", .. }), "{error}");
    }
    for std in [-0.1, 3.01, f64::NAN, f64::INFINITY] {
        let error = SoftLabel::new(3.0, std, LevelMass::Bin).unwrap_err();
        assert!(matches!(error, Error::InvalidConfig { field: "std", .. }), "{error}");
    }
    // Any score and spread gives a distribution.
    for mass in [LevelMass::Density, LevelMass::Bin] {
        for mos in 0..=400 {
            let mos = 1.0 + f64::from(mos) / 100.0;
            for std in [0.0, 0.1, 0.199, 0.2, 0.35, 0.5, 1.0, 2.0, 3.0] {
                let label = SoftLabel::new(mos, std, mass).unwrap();
                let sum: f64 = label.probabilities.iter().sum();
                assert!(
                    label.probabilities.iter().all(|p| (0.0..=1.1).contains(p)),
                    "{mos} {std}: {label:?}"
                );
                assert!(
                    (sum - 1.0).abs() < 0.1 && (label.mean() - mos).abs() <= 0.1,
                    "{mos} {std}: {label:?}"
                );
            }
        }
    }

    let logits = Tensor::zeros((2, 6), DType::F64, &Device::Cpu).unwrap();
    let labels = [2.0, 4.5].map(|mos| SoftLabel::new(mos, 0.6, LevelMass::Density).unwrap());
    let levels = [0, 1, 2, 3, 5];
    assert!(level_kl(&logits, levels, &labels).is_ok());
    let error = |logits: &Tensor, levels, labels: &[SoftLabel]| level_kl(logits, levels, labels).unwrap_err();
    let flattened = logits.flatten_all().unwrap();
    assert!(matches!(error(&flattened, levels, &labels), Error::NotAMatrix { argument: "logits", .. }));
    let empty = logits.narrow(0, 0, 0).unwrap();
    assert!(matches!(error(&empty, levels, &[]), Error::EmptyBatch));
    assert!(matches!(error(&logits, levels, &labels[..1]), Error::LengthMismatch { pred: 2, target: 1 }));
    let message = error(&logits, [0, 1, 2, 3, 6], &labels).to_string();
    assert_eq!(message, "level token 6 lies outside the vocabulary of 6");
    let message = error(&logits, [0, 1, 2, 3, 1], &labels).to_string();
    assert_eq!(message, "level token 1 is named twice: five different tokens are needed");
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        let mut wrong = labels;
        wrong[1].probabilities[2] = bad;
        let message = error(&logits, levels, &wrong).to_string();
        assert!(message.starts_with("labels[1] has the probability"), "{message}");
    }
    let whole = logits.to_dtype(DType::I64).unwrap();
    assert!(matches!(error(&whole, levels, &labels), Error::UnsupportedDType { argument: "logits", .. }));

    // The largest possible distance of logits: a divergence that fits, and one that does not.
    for (size, fits) in [(1e30_f32, true), (3e38, false)] {
        let far = Tensor::new(&[[size, -size, -size, -size, -size]], &Device::Cpu).unwrap();
        match level_kl(&far, [0, 1, 2, 3, 4], &labels[..1]) {
            Ok(value) => assert!(fits && scalar(&value).is_finite()),
            Err(error) => assert!(!fits && matches!(error, Error::Overflow { .. }), "{error}"),
        }
    }
}

#[test]
fn a_divergence_of_far_scores_says_so() {
    let (near, far) = ([1.0, 2.0, 3.0], [1e8, 0.0, -1e8]);
    // The prediction weights it, so the gradient is about as large as the scores are far apart.
    let error = Loss::Kl(Kl::Printed).evaluate(&near, &far, DType::F64).unwrap_err();
    assert!(matches!(error, Error::Steep { loss: "KL divergence", argument: "pred", limit: 1e7 }), "{error}");
    // A difference of two distributions is not.
    let (value, by_pred, _) =
        Loss::Kl(Kl::Reverse).evaluate(&far, &near, DType::F64).unwrap_or_else(|error| {
            assert!(matches!(error, Error::Steep { argument: "target", .. }), "{error}");
            let pred = var(&far, DType::F64);
            let loss = Kl::Reverse.forward(&pred, &tensor(&near, DType::F64)).unwrap();
            let gradient = flat(loss.backward().unwrap().get(&pred).unwrap());
            (scalar(&loss), gradient, vec![])
        });
    assert!(value > 1e7 && by_pred.iter().all(|g| g.abs() <= 1.0), "{value} {by_pred:?}");
    let error = Loss::Kl(Kl::Printed).evaluate(&[1.0, 1.0], &[3.4e38, -3.4e38], DType::F32).unwrap_err();
    assert!(matches!(
        error,
        Error::Overflow { loss: "KL divergence", dtype: DType::F32 } | Error::Steep { .. }
    ));
}
