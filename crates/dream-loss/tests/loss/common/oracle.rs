//! Every loss again, as plain loops over f64 straight from its formula: no tricks against overflow, no special cases.

use dream_loss::{Alignment, Kl, NormInNorm, Plcc, Rank, SoftLabel};

use super::Loss;

pub(crate) fn value(loss: &Loss, p: &[f64], q: &[f64]) -> f64 {
    match *loss {
        Loss::Mae => mean(p.iter().zip(q).map(|(p, q)| (p - q).abs())),
        Loss::Mse => mean(p.iter().zip(q).map(|(p, q)| (p - q) * (p - q))),
        Loss::Rmse => value(&Loss::Mse, p, q).sqrt(),
        Loss::RmseEps => (value(&Loss::Mse, p, q) + 1e-12).sqrt(),
        Loss::NormInNorm(loss) => norm_in_norm(&loss, p, q),
        Loss::Plcc(loss) => plcc(loss, p, q),
        Loss::Kl(Kl::Printed) => divergence(&softmax(p), &softmax(q)),
        Loss::Kl(Kl::Reverse) => divergence(&softmax(q), &softmax(p)),
        Loss::Rank(Rank::Margin) => margin(p, q),
        Loss::Rank(Rank::FastVqa) => fast_vqa(p, q),
        Loss::NinKl => norm_in_norm(&NormInNorm::paper(), p, q) + value(&Loss::Kl(Kl::Printed), p, q),
        Loss::RmsePlcc => value(&Loss::Rmse, p, q) + plcc(Plcc::FastVqa, p, q),
        Loss::RmseRank => value(&Loss::Rmse, p, q) + margin(p, q),
        Loss::MaePlccRank => value(&Loss::Mae, p, q) + plcc(Plcc::FastVqa, p, q) + margin(p, q),
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let len = values.len() as f64;
    values.sum::<f64>() / len
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn deviations(v: &[f64]) -> Vec<f64> {
    let centre = mean(v.iter().copied());
    v.iter().map(|v| v - centre).collect()
}

fn norm_in_norm(loss: &NormInNorm, p: &[f64], q: &[f64]) -> f64 {
    let normalised = |v: &[f64]| {
        let deviations = deviations(v);
        let norm = deviations.iter().map(|d| d.abs().powf(loss.q)).sum::<f64>().powf(1.0 / loss.q);
        deviations.iter().map(|d| d / (norm + loss.eps)).collect::<Vec<_>>()
    };
    let (n, m) = (normalised(p), normalised(q));
    let scale = 2.0 * (p.len() as f64).powf((1.0 / loss.p - 1.0 / loss.q).max(0.0));
    let distance = |factor: f64| {
        let power: f64 = n.iter().zip(&m).map(|(n, m)| (factor * n - m).abs().powf(loss.p)).sum();
        if loss.normalized { (power.powf(1.0 / loss.p) / scale).powf(loss.p) } else { power }
    };
    let cosine = dot(&n, &m) / (dot(&n, &n).sqrt().max(1e-8) * dot(&m, &m).sqrt().max(1e-8));
    let [plain, rescaled] = loss.alpha;
    (plain * distance(1.0) + rescaled * distance(cosine)) / (plain + rescaled)
}

fn plcc(loss: Plcc, p: &[f64], q: &[f64]) -> f64 {
    let (a, b) = (deviations(p), deviations(q));
    let rho = dot(&a, &b) / ((dot(&a, &a) * dot(&b, &b)).sqrt() + 1e-8);
    match loss {
        Plcc::OneMinus => 1.0 - rho,
        Plcc::Half => (1.0 - rho) / 2.0,
        Plcc::FastVqa => {
            let z = |d: &[f64]| {
                let sigma = mean(d.iter().map(|d| d * d)).sqrt() + 1e-8;
                d.iter().map(|d| d / sigma).collect::<Vec<_>>()
            };
            let (a, b) = (z(&a), z(&b));
            let rho = mean(a.iter().zip(&b).map(|(a, b)| a * b));
            let quarter = |factor: f64| mean(a.iter().zip(&b).map(|(a, b)| (factor * a - b).powi(2))) / 4.0;
            (quarter(1.0) + quarter(rho)) / 2.0
        }
    }
}

fn softmax(v: &[f64]) -> Vec<f64> {
    let weights: Vec<f64> = v.iter().map(|v| v.exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

fn divergence(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p.ln() - q.ln())).sum()
}

fn margin(p: &[f64], q: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..p.len() {
        for j in 0..p.len() {
            let e = if q[i] >= q[j] { 1.0 } else { -1.0 };
            sum += ((q[i] - q[j]).abs() - e * (p[i] - p[j])).max(0.0);
        }
    }
    sum / (p.len() * p.len()) as f64
}

fn fast_vqa(p: &[f64], q: &[f64]) -> f64 {
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for i in 0..p.len() {
        for j in 0..p.len() {
            let sign = if q[j] > q[i] {
                1.0
            } else if q[j] < q[i] {
                -1.0
            } else {
                0.0
            };
            let inversion = ((p[i] - p[j]) * sign).max(0.0);
            sum += inversion;
            largest = largest.max(inversion);
        }
    }
    sum / (p.len() * (p.len() - 1)) as f64 / (1.0 + largest)
}

/// Rows of length `width`.
pub(crate) fn alignment(form: Alignment, x: &[f64], t: &[f64], width: usize) -> f64 {
    let cosine =
        |(x, t): (&[f64], &[f64])| dot(x, t) / (dot(x, x).sqrt().max(1e-8) * dot(t, t).sqrt().max(1e-8));
    let cosines: Vec<f64> = x.chunks(width).zip(t.chunks(width)).map(cosine).collect();
    match form {
        Alignment::Mean => 1.0 - mean(cosines.iter().copied()),
        Alignment::LiteralSum => 1.0 - cosines.iter().sum::<f64>(),
        Alignment::SumOfOneMinus => cosines.iter().map(|c| 1.0 - c).sum(),
        Alignment::Centred => {
            let centred = |rows: &[f64]| -> Vec<f64> {
                let count = (rows.len() / width) as f64;
                let at = |i: usize| rows.iter().skip(i % width).step_by(width).sum::<f64>() / count;
                rows.iter().enumerate().map(|(i, v)| v - at(i)).collect()
            };
            if rows_of(x, width) == 1 {
                1.0
            } else {
                alignment(Alignment::Mean, &centred(x), &centred(t), width)
            }
        }
    }
}

fn rows_of(x: &[f64], width: usize) -> usize {
    x.len() / width
}

/// Rows of length `width`.
pub(crate) fn contrast(temperature: f64, x: &[f64], t: &[f64], width: usize) -> f64 {
    let rows = |v: &[f64]| -> Vec<Vec<f64>> {
        v.chunks(width).map(|row| row.iter().map(|e| e / dot(row, row).sqrt()).collect()).collect()
    };
    let (x, t) = (rows(x), rows(t));
    let side = |from: &[Vec<f64>], to: &[Vec<f64>]| -> f64 {
        let own = |(i, row): (usize, &Vec<f64>)| {
            let all: Vec<f64> = to.iter().map(|other| dot(row, other) / temperature).collect();
            softmax(&all)[i].ln()
        };
        from.iter().enumerate().map(own).sum()
    };
    -(side(&x, &t) + side(&t, &x)) / (2.0 * x.len() as f64)
}

pub(crate) fn level_kl(logits: &[f64], levels: [u32; 5], labels: &[SoftLabel]) -> f64 {
    let vocabulary = logits.len() / labels.len();
    let row = |(logits, label): (&[f64], &SoftLabel)| -> f64 {
        let q = softmax(logits);
        let term =
            |(p, level): (&f64, u32)| if *p > 0.0 { p * (p.ln() - q[level as usize].ln()) } else { 0.0 };
        label.probabilities.iter().zip(levels).map(term).sum()
    };
    mean(logits.chunks(vocabulary).zip(labels).map(row).collect::<Vec<_>>().into_iter())
}
