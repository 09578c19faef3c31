//! Gradients against finite differences, and through a small network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test helper is a failed test"
)]

use crate::common::{Loss, close, differences, flat, oracle, scalar, scores, tensor, var};
use candle_core::{DType, Device, Result, Tensor, Var};
use dream_loss::{
    Alignment, Contrast, DaClipBatch, DaClipLoss, LevelMass, NormInNorm, SoftLabel, candle_core, level_kl,
};

#[test]
fn values_equal_plain_loops() {
    for loss in Loss::all() {
        for (seed, n) in [(51, 2), (52, 3), (53, 4), (54, 7), (55, 16), (56, 33), (57, 130)] {
            let (pred, target) = (scores(seed, n), scores(seed + 100, n));
            let expected = oracle::value(&loss, &pred, &target);
            for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 2e-5)] {
                let (value, ..) = loss.evaluate(&pred, &target, dtype).unwrap();
                close(&format!("{loss:?} n = {n} {dtype:?}"), &[value], &[expected], tolerance);
            }
        }
    }
}

#[test]
fn gradients_equal_differences_of_plain_loops() {
    for loss in Loss::all() {
        for (seed, n) in [(1, 2), (2, 3), (3, 4), (4, 7), (5, 8), (6, 33)] {
            // Any two values normalise to the same pair: the true gradient is 0, and there is a kink.
            if n == 2 && matches!(loss, Loss::NormInNorm(_) | Loss::NinKl) {
                continue;
            }
            let (pred, target) = (scores(seed, n), scores(seed + 100, n));
            let (_, by_pred, by_target) = loss.evaluate(&pred, &target, DType::F64).unwrap();
            let numeric_pred = differences(&pred, 1e-6, |p| oracle::value(&loss, p, &target));
            let numeric_target = differences(&target, 1e-6, |t| oracle::value(&loss, &pred, t));
            let name = format!("{loss:?} n = {n}");
            close(&name, &by_pred, &numeric_pred, 1e-7);
            close(&name, &by_target, &numeric_target, 1e-7);
            // The sign of a target has no slope; two perfectly ordered or correlated values have nothing to learn.
            let learns = |gradient: &[f64]| gradient.iter().any(|g| g.abs() > 1e-3);
            if n > 2 {
                assert!(learns(&by_pred) || scalar_is_zero(&loss, &pred, &target), "{name}: {by_pred:?}");
                let blind = loss == Loss::Rank(dream_loss::Rank::FastVqa);
                assert!(blind || learns(&by_target), "{name}: {by_target:?}");
            }
        }
    }
}

fn scalar_is_zero(loss: &Loss, pred: &[f64], target: &[f64]) -> bool {
    oracle::value(loss, pred, target) == 0.0
}

#[test]
fn gradients_are_right_beside_ties_and_at_far_points() {
    // Ties of targets, ties of predictions, both, large and small numbers; no differences across a kink.
    let points: [(&[f64], &[f64]); 5] = [
        (&[1.2, 2.15, 2.0, 3.3, 2.9], &[1.0, 2.0, 2.0, 3.0, 3.0]),
        (&[2.5, 2.5, 3.1, 1.0, 1.0], &[1.1, 2.0, 4.0, 3.0, 3.7]),
        (&[250.0, -130.0, 410.0, 90.0, 15.5], &[1.1, 2.0, 4.0, 3.0, 3.7]),
        (&[0.025, -0.013, 0.041, 0.009, 0.0015], &[1.1, 2.0, 4.0, 3.0, 3.7]),
        (&[1e4, -2e4, 1.5e4, 3e3, -7e3], &[3e3, 1e4, -5e3, 2.5e4, -1e4]),
    ];
    for (index, (pred, target)) in points.into_iter().enumerate() {
        let size = pred.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for loss in Loss::all() {
            // A tie of predictions is a kink of the ranking, as is a pair inverted by zero.
            if index < 2 && matches!(loss, Loss::Rank(_) | Loss::RmseRank | Loss::MaePlccRank) {
                continue;
            }
            // The loops overflow where the loss does not.
            if index == 4 && matches!(loss, Loss::Kl(_) | Loss::NinKl) {
                continue;
            }
            let (_, by_pred, _) = loss.evaluate(pred, target, DType::F64).unwrap();
            let numeric = differences(pred, 1e-6 * size, |p| oracle::value(&loss, p, target));
            close(&format!("{loss:?} at {pred:?}"), &by_pred, &numeric, 1e-6);
        }
    }
}

#[test]
fn gradients_are_right_at_equal_predictions() {
    let (pred, target) = ([2.5; 5], [1.1, 2.0, 4.0, 3.0, 3.7]);
    for loss in Loss::all() {
        // A division by the norm of nothing has no slope there.
        if loss.is_normalised() || matches!(loss, Loss::NinKl | Loss::RmsePlcc | Loss::MaePlccRank) {
            continue;
        }
        let (_, by_pred, _) = loss.evaluate(&pred, &target, DType::F64).unwrap();
        let numeric = differences(&pred, 1e-6, |p| oracle::value(&loss, p, &target));
        // The largest inversion starts at 0: its slope is one-sided, and our gradient is not its middle.
        if loss != Loss::Rank(dream_loss::Rank::FastVqa) {
            close(&format!("{loss:?}"), &by_pred, &numeric, 1e-7);
        }
    }
}

#[test]
fn gradients_are_zero_where_everything_is_tied() {
    let target = [1.1, 2.0, 4.0, 3.0, 3.7];
    for loss in Loss::all() {
        // Hinges at 0 have a slope on one side only.
        if matches!(loss, Loss::Rank(_) | Loss::RmseRank | Loss::MaePlccRank) {
            continue;
        }
        let (_, by_pred, _) = loss.evaluate(&target, &target, DType::F64).unwrap();
        let numeric = differences(&target, 1e-4, |p| oracle::value(&loss, p, &target));
        close(&format!("{loss:?}"), &by_pred, &numeric, 1e-4);
        close(&format!("{loss:?}"), &by_pred, &[0.0; 5], 1e-8);
    }
}

#[test]
fn a_nearly_constant_batch_keeps_its_cosine() {
    // Deviations of 1e-13 beside an eps of 1e-8: n(P) has a norm near 1e-5, and a direction.
    let (pred, target) = ([1e-13, -2e-13, 1e-13, 0.0], [2.0, 1.0, 4.0, 3.0]);
    for (p, q) in [(1.0, 2.0), (2.0, 3.0)] {
        let loss = Loss::NormInNorm(NormInNorm { p, q, alpha: [0.0, 1.0], ..NormInNorm::normalized() });
        let (value, ..) = loss.evaluate(&pred, &target, DType::F64).unwrap();
        close(&format!("{loss:?}"), &[value], &[oracle::value(&loss, &pred, &target)], 1e-12);
        let (value, ..) = loss.evaluate(&target, &pred, DType::F64).unwrap();
        close(&format!("{loss:?}"), &[value], &[oracle::value(&loss, &target, &pred)], 1e-12);
    }
}

#[test]
fn a_detached_norm_is_a_constant_in_the_gradient() {
    let (pred, target) = (scores(61, 6), scores(62, 6));
    for (p, q) in [(1.0, 2.0), (2.0, 3.0)] {
        let loss = NormInNorm { p, q, detach: true, ..NormInNorm::normalized() };
        let (value, by_pred, _) = Loss::NormInNorm(loss).evaluate(&pred, &target, DType::F64).unwrap();
        let attached = NormInNorm { detach: false, ..loss };
        let (same, full, _) = Loss::NormInNorm(attached).evaluate(&pred, &target, DType::F64).unwrap();
        assert_eq!(value, same);
        assert!(by_pred.iter().zip(&full).any(|(a, b)| (a - b).abs() > 1e-3));
        // Mean and norm of the predictions, frozen.
        let norms = [&pred, &target].map(|v| {
            let mean = v.iter().sum::<f64>() / 6.0;
            (mean, v.iter().map(|v| (v - mean).abs().powf(q)).sum::<f64>().powf(1.0 / q) + 1e-8)
        });
        let scale = 2.0 * 6.0_f64.powf((1.0 / p - 1.0 / q).max(0.0));
        let frozen = |point: &[f64]| -> f64 {
            let normal = |v: f64, i: usize| (v - norms[i].0) / norms[i].1;
            let terms = point.iter().zip(&target).map(|(a, b)| (normal(*a, 0) - normal(*b, 1)).abs().powf(p));
            terms.sum::<f64>() / scale.powf(p)
        };
        close("detached", &by_pred, &differences(&pred, 1e-6, frozen), 1e-7);
    }
}

#[test]
fn norm_in_norm_gradient_ignores_shift_and_scale() {
    let (pred, target) = (scores(11, 9), scores(12, 9));
    for loss in Loss::norms_in_norm() {
        let (_, gradient, _) = loss.evaluate(&pred, &target, DType::F64).unwrap();
        assert!(gradient.iter().any(|g| g.abs() > 1e-3), "{loss:?}");
        assert!(gradient.iter().sum::<f64>().abs() < 1e-12, "{loss:?}: a shift changes nothing");
        // A stretch changes only what eps leaves.
        let along: f64 = gradient.iter().zip(&pred).map(|(g, p)| g * p).sum();
        assert!(along.abs() < 1e-7, "{loss:?}: {along}");
    }
}

#[test]
fn the_largest_inversion_shares_its_gradient_among_ties() {
    // Two disjoint pairs, each inverted by 1, the largest inversion.
    let (pred, target) = ([2.0, 1.0, 7.0, 6.0], [1.0, 2.0, 3.0, 4.0]);
    let loss = Loss::Rank(dream_loss::Rank::FastVqa);
    let (value, by_pred, by_target) = loss.evaluate(&pred, &target, DType::F64).unwrap();
    // R is 1 for four ordered pairs of twelve: (4 / 12) / 2.
    assert!((value - 1.0 / 6.0).abs() < 1e-15);
    // 2/12/2 from the sum, less value/2 · 1/2 from the maximum.
    let g = 1.0 / 12.0 - 1.0 / 24.0;
    close("ties", &by_pred, &[g, -g, g, -g], 1e-15);
    assert_eq!(by_target, [0.0; 4]);
}

#[test]
fn alignment_equals_plain_loops() {
    for (rows, width) in [(1, 4), (2, 3), (5, 8), (3, 1)] {
        let centred = |seed| scores(seed, rows * width).iter().map(|v| v - 3.0).collect::<Vec<_>>();
        let (x, t) = (centred(71), centred(72));
        for form in [Alignment::Mean, Alignment::LiteralSum, Alignment::SumOfOneMinus, Alignment::Centred] {
            let name = format!("{form:?} {rows}x{width}");
            let shaped = |v: &[f64]| Var::from_tensor(&tensor(v, DType::F64).reshape((rows, width))?);
            let (visual, text) = (shaped(&x).unwrap(), shaped(&t).unwrap());
            let value = form.forward(&visual, &text).unwrap();
            close(&name, &[scalar(&value)], &[oracle::alignment(form, &x, &t, width)], 1e-12);
            let gradients = value.backward().unwrap();
            let by_visual = flat(gradients.get(&visual).unwrap());
            let by_text = flat(gradients.get(&text).unwrap());
            close(&name, &by_visual, &differences(&x, 1e-6, |x| oracle::alignment(form, x, &t, width)), 1e-7);
            close(&name, &by_text, &differences(&t, 1e-6, |t| oracle::alignment(form, &x, t, width)), 1e-7);
            let flat = width == 1 || form == Alignment::Centred && rows == 1;
            assert!(flat || by_visual.iter().chain(&by_text).any(|g| g.abs() > 1e-2), "{name}");
        }
    }
}

#[test]
fn contrast_equals_plain_loops() {
    for (rows, width, temperature) in [(1, 4, 0.1), (2, 3, 0.5), (5, 8, 0.1), (4, 2, 1.0)] {
        let centred = |seed| scores(seed, rows * width).iter().map(|v| v - 3.0).collect::<Vec<_>>();
        let (x, t) = (centred(171), centred(172));
        let shaped = |v: &[f64]| Var::from_tensor(&tensor(v, DType::F64).reshape((rows, width))?);
        let (visual, text) = (shaped(&x).unwrap(), shaped(&t).unwrap());
        let value = Contrast { temperature }.forward(&visual, &text).unwrap();
        let name = format!("{rows}x{width}");
        close(&name, &[scalar(&value)], &[oracle::contrast(temperature, &x, &t, width)], 1e-12);
        let gradients = value.backward().unwrap();
        let by_visual = flat(gradients.get(&visual).unwrap());
        let by_text = flat(gradients.get(&text).unwrap());
        close(
            &name,
            &by_visual,
            &differences(&x, 1e-6, |x| oracle::contrast(temperature, x, &t, width)),
            1e-6,
        );
        close(&name, &by_text, &differences(&t, 1e-6, |t| oracle::contrast(temperature, &x, t, width)), 1e-6);
        assert!(rows == 1 || by_visual.iter().chain(&by_text).any(|g| g.abs() > 1e-2), "{name}");
    }
    // What all have in common is worth nothing, however far apart the numbers are.
    let (a, b) =
        (tensor(&[3.0; 12], DType::F64).reshape((4, 3)), tensor(&[2e9; 12], DType::F64).reshape((4, 3)));
    let value = Contrast { temperature: 1e-3 }.forward(&a.unwrap(), &b.unwrap()).unwrap();
    close("alike", &[scalar(&value)], &[4.0_f64.ln()], 1e-12);
    for temperature in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let pair = tensor(&[1.0; 4], DType::F64).reshape((2, 2)).unwrap();
        let found = Contrast { temperature }.forward(&pair, &pair);
        assert!(matches!(found, Err(dream_loss::Error::InvalidConfig { field: "temperature", .. })));
    }
}

#[test]
fn short_vectors_have_small_cosines() {
    // Norms of 5e-9, 1e-8 and 5: the first counts as 1e-8.
    let rows: [&[f64]; 3] = [&[3e-9, 4e-9], &[6e-9, 8e-9], &[3.0, -4.0]];
    for x in rows {
        for t in rows {
            let shaped =
                |v: &[f64]| Var::from_tensor(&tensor(v, DType::F64).reshape((1, 2)).unwrap()).unwrap();
            let (visual, text) = (shaped(x), shaped(t));
            let value = Alignment::Mean.forward(&visual, &text).unwrap();
            let name = format!("{x:?} {t:?}");
            close(&name, &[scalar(&value)], &[oracle::alignment(Alignment::Mean, x, t, 2)], 1e-12);
            let gradient = flat(value.backward().unwrap().get(&visual).unwrap());
            if x[0] < 1.0 {
                assert_eq!(gradient, [0.0; 2], "{name}");
            } else {
                let numeric = differences(x, 1e-6, |x| oracle::alignment(Alignment::Mean, x, t, 2));
                close(&name, &gradient, &numeric, 1e-8);
            }
        }
    }
}

#[test]
fn level_kl_equals_plain_loops() {
    let (rows, vocabulary, levels) = (3, 9, [7, 0, 4, 8, 2]);
    let logits: Vec<f64> = scores(81, rows * vocabulary).iter().map(|v| 2.0 * v - 6.0).collect();
    // The first sums to a little more than 1, the last is 0 on most levels.
    let labels = [(1.42, 0.6), (3.4, 0.9), (2.3, 0.0)];
    let labels = labels.map(|(mos, std)| SoftLabel::new(mos, std, LevelMass::Density).unwrap());
    assert!(labels[0].probabilities.iter().sum::<f64>() > 1.01);
    let input = Var::from_tensor(&tensor(&logits, DType::F64).reshape((rows, vocabulary)).unwrap()).unwrap();
    let value = level_kl(&input, levels, &labels).unwrap();
    close("level KL", &[scalar(&value)], &[oracle::level_kl(&logits, levels, &labels)], 1e-12);
    let gradient = flat(value.backward().unwrap().get(&input).unwrap());
    let numeric = differences(&logits, 1e-6, |v| oracle::level_kl(v, levels, &labels));
    close("level KL", &gradient, &numeric, 1e-7);
    assert!(gradient.iter().all(|g| *g != 0.0));
}

#[test]
fn da_clip_trains_all_it_is_given_and_adds_its_terms_up() {
    let (rows, width) = (5, 4);
    let matrix = |seed| {
        let centred: Vec<f64> = scores(seed, rows * width).iter().map(|v| v - 3.0).collect();
        Var::from_tensor(&tensor(&centred, DType::F64).reshape((rows, width)).unwrap()).unwrap()
    };
    let (visual_scores, text_scores) =
        (var(&scores(91, rows), DType::F64), var(&scores(92, rows), DType::F64));
    let (mos, visual, text) = (tensor(&scores(93, rows), DType::F64), matrix(94), matrix(95));
    let batch = DaClipBatch {
        visual_scores: &visual_scores,
        text_scores: &text_scores,
        mos: &mos,
        visual: &visual,
        text: &text,
    };
    for (lambda, alignment) in [(0.2, Alignment::Mean), (0.0, Alignment::Mean), (1.5, Alignment::LiteralSum)]
    {
        let terms = DaClipLoss { lambda, alignment }.forward(&batch).unwrap();
        let numbers = [&terms.visual, &terms.text, &terms.alignment].map(scalar);
        assert_eq!(numbers[0], scalar(&dream_loss::nin_kl(&visual_scores, &mos).unwrap()));
        assert_eq!(numbers[1], scalar(&dream_loss::nin_kl(&text_scores, &mos).unwrap()));
        assert_eq!(numbers[2], scalar(&alignment.forward(&visual, &text).unwrap()));
        let sum = numbers[0] + numbers[1] + lambda * numbers[2];
        assert!((scalar(&terms.total) - sum).abs() < 1e-14);
        let gradients = terms.total.backward().unwrap();
        for (name, input) in [("q_v", &visual_scores), ("q_t", &text_scores), ("x", &visual), ("t", &text)] {
            // candle does not follow a product with 0, as with lambda 0.
            let gradient = gradients.get(input).map(flat).unwrap_or_default();
            assert!(gradient.iter().all(|g| g.is_finite()), "{name}");
            let learns = gradient.iter().any(|g| g.abs() > 1e-3);
            assert_eq!(learns, lambda > 0.0 || name.starts_with('q'), "{name}: {gradient:?}");
        }
    }
    assert_eq!(DaClipLoss::default(), DaClipLoss { lambda: 0.2, alignment: Alignment::Mean });

    // One branch in half precision: the total takes the wider type.
    let half = text_scores.to_dtype(DType::BF16).unwrap();
    let terms =
        DaClipLoss::default().forward(&DaClipBatch { text_scores: &half, mos: &half, ..batch }).unwrap();
    assert_eq!((terms.text.dtype(), terms.total.dtype()), (DType::F32, DType::F64));
}

struct Network {
    w1: Var,
    b1: Var,
    w2: Var,
}

impl Network {
    fn new(dtype: DType) -> Result<Self> {
        let fill = |seed, rows: usize, columns: usize| {
            let centred: Vec<f64> = scores(seed, rows * columns).iter().map(|v| v / 2.0 - 1.5).collect();
            Var::from_tensor(&tensor(&centred, dtype).reshape((rows, columns))?)
        };
        Ok(Self { w1: fill(21, 3, 4)?, b1: fill(22, 1, 4)?, w2: fill(23, 4, 1)? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.w1)?.broadcast_add(&self.b1)?.tanh()?.matmul(&self.w2)?.squeeze(1)
    }
}

/// One gradient step in user code: `?` on our errors gives candle's.
fn train(loss: Loss, dtype: DType, steps: usize) -> Result<(f64, f64)> {
    let network = Network::new(dtype)?;
    let x = tensor(&scores(31, 24), dtype).reshape((8, 3))?.affine(0.5, -1.5)?;
    let target = tensor(&scores(32, 8), dtype);
    let before = scalar(&loss.forward(&network.forward(&x)?, &target)?);
    for _ in 0..steps {
        let gradients = loss.forward(&network.forward(&x)?, &target)?.backward()?;
        for var in [&network.w1, &network.b1, &network.w2] {
            let gradient = gradients.get(var).expect("every trainable tensor has a gradient");
            let values = gradient.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
            assert!(values.iter().all(|g| g.is_finite()), "{loss:?}");
            assert!(values.iter().any(|g| g.abs() > 1e-6), "{loss:?}: {values:?}");
            var.set(&(var.as_tensor() - (gradient * 0.01)?)?)?;
        }
    }
    Ok((before, scalar(&loss.forward(&network.forward(&x)?, &target)?)))
}

#[test]
fn every_parameter_learns_through_each_loss() {
    for loss in Loss::all() {
        for dtype in [DType::F32, DType::F64] {
            let (before, after) = train(loss, dtype, 20).unwrap();
            assert!(after < before, "{loss:?} {dtype:?}: {before} -> {after}");
        }
    }
}

#[test]
fn our_errors_pass_through_a_candle_step() {
    fn step() -> Result<Tensor> {
        let empty = Tensor::zeros(0, DType::F32, &Device::Cpu)?;
        Ok(dream_loss::mae(&empty, &empty)?)
    }
    let error = step().unwrap_err();
    assert!(error.to_string().starts_with("the batch is empty"), "{error}");
}
