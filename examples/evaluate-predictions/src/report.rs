//! Computes and prints the metrics.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::name_of;
use dream_eval::{
    Bca, Correction, DependentCorrelations, Logistic4, Method, SetScore, Summary, Test, krcc, mae,
    nadeau_bengio, plcc, rmse, srcc, wilcoxon,
};

use crate::args::Args;
use crate::labels::{Clip, Split};
use crate::predictions::Predictions;

/// With fewer clips, a correlation says little: of two unrelated lists of 20, one pair in twenty has 0.44 or more.
const FEW_CLIPS: usize = 20;

/// A method's predictions on one test set; none if it cannot predict that set.
pub(crate) struct Scored {
    pub(crate) set: String,
    pub(crate) pred: Option<Vec<f64>>,
    pub(crate) truth: Vec<f64>,
}

/// A method on all splits and sets.
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) splits: Vec<Vec<Scored>>,
    pub(crate) notes: Vec<String>,
}

/// A file of predictions.
pub(crate) fn from_file(path: &Path, splits: &[Split], args: &Args) -> Result<Candidate> {
    let predictions = Predictions::read(path, splits, args)?;
    let mut notes = predictions.notes.clone();
    let mut used = 0;
    let mut scored = Vec::new();
    for split in splits {
        let mut sets = Vec::new();
        for (set, clips) in &split.sets {
            let found = predictions.of(&split.name, clips);
            let absent = clips.iter().zip(&found).filter(|(_, p)| p.is_none());
            let absent: Vec<&str> = absent.map(|(clip, _)| clip.name.as_str()).collect();
            used += clips.len() - absent.len();
            if !absent.is_empty() {
                let some = absent.iter().take(3).copied().collect::<Vec<_>>().join(", ");
                let of = format!("{} of {} clips of {set}", absent.len(), clips.len());
                let (others, why) =
                    (absent.len() < clips.len(), predictions.why_missing(&split.name, &absent));
                ensure!(
                    args.allow_missing && others,
                    "{}: no prediction for {of} (split {}): {some}, ...: {why}{}",
                    predictions.path(),
                    split.name,
                    if others { "; --allow-missing scores the others" } else { "" }
                );
                notes.push(format!("{}: no prediction for {of}; they are left out", predictions.path()));
            }
            let kept = clips.iter().zip(&found).filter_map(|(clip, p)| p.map(|p| (p, clip.mos)));
            let (pred, truth): (Vec<f64>, Vec<f64>) = kept.unzip();
            sets.push(Scored { set: set.clone(), pred: Some(pred), truth });
        }
        scored.push(sets);
    }
    if used < predictions.len() && splits.len() == 1 {
        let rest = predictions.len() - used;
        notes.push(format!("{}: {rest} predictions are for clips of no test set", predictions.path()));
    }
    let all = || scored.iter().flatten().filter_map(|set| Some((set.pred.as_ref()?, &set.truth)));
    if all().all(|(pred, truth)| pred == truth) {
        notes.push(format!(
            "{}: every prediction equals its label: is it a copy of the labels, or their file?",
            predictions.path()
        ));
    }
    let name = name_of(path.file_stem().unwrap_or(path.as_os_str()));
    Ok(Candidate { name, splits: scored, notes })
}

/// Predicts a clip by the mean score of its method in the training set: the score that needs no pixels.
pub(crate) fn method_mean(splits: &[Split]) -> Result<Candidate> {
    let mut notes = Vec::new();
    let mut scored = Vec::new();
    for split in splits {
        ensure!(!split.train.is_empty(), "--baseline method-mean needs a training set: pass --by COLUMN");
        let mut scores: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for clip in &split.train {
            scores.entry(method_of(clip)?).or_default().push(clip.mos);
        }
        // Summed as NumPy does: a plain loop would make equal means differ, and that changes ranks.
        let mean = |(method, scores): (_, Vec<f64>)| Ok((method, Summary::with_ddof(&scores, 0)?.mean));
        let means: BTreeMap<&str, f64> = scores.into_iter().map(mean).collect::<Result<_>>()?;
        let mut sets = Vec::new();
        for (set, clips) in &split.sets {
            let methods = clips.iter().map(method_of).collect::<Result<Vec<_>>>()?;
            let pred: Option<Vec<f64>> = methods.iter().map(|method| means.get(method).copied()).collect();
            if pred.is_none() {
                let unseen = methods.iter().filter(|method| !means.contains_key(*method)).count();
                let reason = format!("the methods of {unseen} of its {} clips are not in train", clips.len());
                let note = format!("method-mean cannot predict {set}: {reason}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
            sets.push(Scored { set: set.clone(), pred, truth: clips.iter().map(|clip| clip.mos).collect() });
        }
        scored.push(sets);
    }
    Ok(Candidate { name: "method-mean (no pixels)".into(), splits: scored, notes })
}

fn method_of(clip: &Clip) -> Result<&str> {
    let need = "--baseline method-mean needs a column `method`, or `round` and `submit`";
    clip.method.as_deref().with_context(|| format!("`{}` has no method: {need}", clip.name))
}

/// Sets that are too small for a correlation.
pub(crate) fn small_sets(splits: &[Split]) -> Option<String> {
    let sizes = splits.iter().flat_map(|split| &split.sets).map(|(set, clips)| (clips.len(), set));
    let (clips, set) = sizes.min()?;
    let what = "PLCC and SRCC are mostly chance with fewer than";
    (clips < FEW_CLIPS)
        .then(|| format!("{set} has {clips} clips: {what} {FEW_CLIPS}; --ci shows how uncertain they are"))
}

/// The row of the table.
pub(crate) fn row(candidate: &Candidate) -> Result<Method> {
    let one = |scored: &Scored| -> Result<Option<SetScore>> {
        let Some(pred) = &scored.pred else { return Ok(None) };
        let score = SetScore::of(pred, &scored.truth);
        score.map(Some).with_context(|| format!("{} on {}", candidate.name, scored.set))
    };
    let splits = candidate.splits.iter().map(|sets| sets.iter().map(one).collect()).collect::<Result<_>>()?;
    Ok(Method { name: candidate.name.clone(), family: String::new(), splits })
}

/// One line per set and split: all metrics, with intervals and the fitted curve on request.
pub(crate) fn details(candidate: &Candidate, args: &Args) -> Result<String> {
    let mut out = format!("{}\n", candidate.name);
    let several = candidate.splits.len() > 1;
    for (index, sets) in candidate.splits.iter().enumerate() {
        for Scored { set, pred, truth } in sets {
            let Some(pred) = pred else { continue };
            let place = if several { format!("split {index} {set}") } else { set.clone() };
            // The table notes constant predictions.
            if SetScore::of(pred, truth)?.constant {
                continue;
            }
            let line = line(pred, truth, args).with_context(|| format!("{} on {place}", candidate.name))?;
            writeln!(out, "  {place:<14} {line}")?;
        }
    }
    Ok(out)
}

fn line(pred: &[f64], truth: &[f64], args: &Args) -> Result<String> {
    let mut out = format!("n {:<5}", truth.len());
    for (name, metric) in [("PLCC", plcc as fn(&[f64], &[f64]) -> dream_eval::Result<f64>), ("SRCC", srcc)] {
        write!(out, " {name} {:.4}", metric(pred, truth)?)?;
        if args.ci {
            let interval = bca(args).interval(pred, truth, metric)?;
            write!(out, " [{:.4}, {:.4}]", interval.low, interval.high)?;
        }
    }
    let (krcc, rmse_raw, mae) = (krcc(pred, truth)?, rmse(pred, truth)?, mae(pred, truth)?);
    write!(out, " KRCC {krcc:.4} RMSE {rmse_raw:.4} MAE {mae:.4}")?;
    if args.logistic {
        let fit = Logistic4::fit(pred, truth)?;
        let mapped = fit.curve.map(pred)?;
        // A flat curve has no correlation.
        let plcc = SetScore::of(&mapped, truth)?.plcc;
        write!(out, "; after the curve PLCC {plcc:.4} RMSE {:.4}", rmse(&mapped, truth)?)?;
        if !fit.converged {
            write!(out, " (fit not finished)")?;
        }
    }
    Ok(out)
}

fn bca(args: &Args) -> Bca {
    Bca { resamples: args.resamples, seed: args.seed, ..Bca::default() }
}

/// Tests whether two methods differ, on the clips of each set and over the splits.
pub(crate) fn comparison(
    first: &Candidate,
    second: &Candidate,
    splits: &[Split],
    args: &Args,
) -> Result<String> {
    let mut out = format!("{} against {}\n", first.name, second.name);
    let mut lines = Vec::new();
    let mut p_values = Vec::new();
    for (index, (a, b)) in first.splits.iter().zip(&second.splits).enumerate() {
        for (a, b) in a.iter().zip(b) {
            let (Some(x), Some(y)) = (&a.pred, &b.pred) else { continue };
            let same = x.len() == y.len();
            ensure!(same, "the two methods predict different clips of {}: compare complete files", a.set);
            let place =
                if first.splits.len() > 1 { format!("split {index} {}", a.set) } else { a.set.clone() };
            let context = || format!("comparing on {place}");
            let pair = DependentCorrelations::pearson(x, y, &a.truth).with_context(context)?;
            let (williams, steiger) =
                (pair.williams().with_context(context)?, pair.steiger().with_context(context)?);
            let difference = bca(args).difference(x, y, &a.truth, srcc).with_context(context)?;
            p_values.push(williams.p);
            let (t, t_p, z, z_p) = (williams.statistic, williams.p, steiger.statistic, steiger.p);
            let (plcc, srcc) = (pair.first - pair.second, difference.estimate);
            let (low, high) = (difference.low, difference.high);
            lines.push(format!(
                "  {place:<14} PLCC {plcc:+.4}: Williams t {t:.3} p {t_p:.2e}, Steiger z {z:.3} p {z_p:.2e}; \
                 SRCC {srcc:+.4} [{low:+.4}, {high:+.4}]"
            ));
        }
    }
    let adjusted = Correction::Holm.adjust(&p_values)?;
    for (line, p) in lines.iter().zip(adjusted) {
        writeln!(out, "{line}; Williams p after Holm {p:.2e}")?;
    }
    if splits.len() > 1 {
        out.push_str(&over_splits(first, second, splits)?);
    }
    Ok(out)
}

/// Paired tests of the average of the table over the splits.
fn over_splits(first: &Candidate, second: &Candidate, splits: &[Split]) -> Result<String> {
    let average = |candidate: &Candidate| -> Result<Vec<f64>> {
        let split = |sets: &Vec<Scored>| -> Result<f64> {
            let mut total = 0.0;
            for scored in sets {
                let pred = scored.pred.as_deref().unwrap_or_default();
                let score = SetScore::of(pred, &scored.truth)?;
                total += (score.plcc + score.srcc) / 2.0 / sets.len() as f64;
            }
            Ok(total)
        };
        candidate.splits.iter().map(split).collect()
    };
    let (a, b) = (average(first)?, average(second)?);
    let tests: usize = splits.iter().flat_map(|split| split.sets.values()).map(Vec::len).sum();
    let trains: usize = splits.iter().map(|split| split.train.len()).sum();
    ensure!(trains > 0, "the corrected t-test over splits needs their training sets");
    let ratio = tests as f64 / trains as f64;
    let t_test = nadeau_bengio(&a, &b, ratio).map_or_else(
        |error| format!("no t-test: {error}"),
        |Test { statistic: t, p, .. }| {
            format!("average: corrected t {t:.3} (Nadeau-Bengio, test/train {ratio:.2}) p {p:.2e}")
        },
    );
    let ranks = wilcoxon(&a, &b).map_or_else(
        |error| format!("no signed-rank test: {error}"),
        |Test { statistic: w, p, .. }| format!("average: Wilcoxon W {w} p {p:.2e}"),
    );
    let splits = a.len();
    Ok(format!("  over {splits} splits  {t_test}\n  over {splits} splits  {ranks}\n"))
}
