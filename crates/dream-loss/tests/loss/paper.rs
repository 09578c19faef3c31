//! The losses by name.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a panic in a test is a failed test")]

use dream_loss::PaperLoss;
use dream_loss::candle_core::{Device, Tensor};

#[test]
fn names_lead_back_and_losses_differ() {
    let vector = |values: [f64; 5]| Tensor::new(&values, &Device::Cpu).unwrap();
    let (pred, mos) = (vector([2.0, 1.4, 3.9, 2.2, 4.1]), vector([1.0, 2.5, 4.0, 3.1, 3.0]));
    let value = |loss: PaperLoss| loss.forward(&pred, &mos).unwrap().to_scalar::<f64>().unwrap();
    let mut seen: Vec<(f64, &str)> = Vec::new();
    for loss in PaperLoss::ALL {
        assert_eq!(loss.to_string().parse::<PaperLoss>().unwrap(), loss);
        let (found, title) = (value(loss), loss.title());
        assert!(!seen.iter().any(|&(v, t)| v == found || t == title), "{loss} repeats another");
        seen.push((found, title));
        // The sums are those that their titles name.
        let terms: Vec<PaperLoss> = title
            .split(" + ")
            .map(|part| PaperLoss::ALL.into_iter().find(|single| single.title() == part).unwrap())
            .collect();
        let sum: f64 = terms.iter().map(|&term| value(term)).sum();
        assert!((found - sum).abs() < 1e-12, "{loss}: {found} is not {sum}");
    }
    assert_eq!(format!("{:>8}", PaperLoss::Kl), "      kl");
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let message = "MAE".parse::<PaperLoss>().unwrap_err().to_string();
    assert!(message.starts_with("there is no loss `MAE`: it is one of mae, mse,"), "{message}");
    assert!(message.ends_with(", nin-kl"), "{message}");
}
