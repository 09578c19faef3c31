//! The best network on the test sets, and the checkpoint that is left.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use dream_eval::{Format, Method, SetScore, Table};
use dream_models::deep::candle_core::Tensor;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::methods::da_clip::Descriptions;
use serde_json::{Value, json};

use crate::args::MethodName;
use crate::batch::{score, tokens};
use crate::frames::write;
use crate::state::Progress;
use crate::train::{BEST, Training, opinions};

/// Scores all test sets, writes table, predictions and checkpoint, and gives the table.
pub(crate) fn run(training: &Training<'_>, progress: &Progress) -> Result<String> {
    let Training { args, recipe, shape, data, frames, device, settings } = *training;
    let best = Checkpoint::open(args.out.join(BEST))?;
    let mut weights: BTreeMap<String, Tensor> =
        best.tensors().read_where(|_| true, device)?.into_iter().collect();
    let network = shape.frozen(&weights, device)?;
    let seen = score(&network, &data.validation, frames, device, recipe.batch)?;
    // Losses that ignore an offset or a factor leave the scale open: a line through the validation clips, folded into
    // the last layer, brings it back to that of the opinions. Ranks and linear correlations do not see it.
    let (slope, offset) = line(&seen, &opinions(&data.validation));
    let [weight, bias] = shape.last_layer();
    let missing = || format!("{BEST} has no {weight} or {bias}");
    let scaled = (weights.get(weight).with_context(missing)? * slope)?;
    let moved = weights.get(bias).with_context(missing)?.affine(slope, offset)?;
    weights.insert(weight.to_owned(), scaled);
    weights.insert(bias.to_owned(), moved);
    let network = shape.frozen(&weights, device)?;

    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["split", "set", "file", "mos", "prediction"])?;
    let (mut results, mut figures) = (Vec::new(), serde_json::Map::new());
    for (name, items) in &data.tests {
        let scores = score(&network, items, frames, device, recipe.batch)?;
        let found = SetScore::of(&scores, &opinions(items)).with_context(|| (*name).to_owned())?;
        for (item, score) in items.iter().zip(&scores) {
            csv.write_record([
                &args.split.to_string(),
                *name,
                &item.name,
                &item.mos.to_string(),
                &score.to_string(),
            ])?;
        }
        let figure = json!({ "clips": items.len(), "plcc": found.plcc, "srcc": found.srcc });
        figures.insert((*name).to_owned(), figure);
        results.push(Some(found));
    }
    if !data.common.is_empty() {
        let (texts, rows): (Vec<String>, Vec<&Vec<u32>>) =
            data.common.iter().map(|(text, ids)| (text.clone(), ids)).unzip();
        if let Some(representations) = network.describe(&tokens(&rows, device)?)? {
            weights.extend(Descriptions::tensors(&texts, &representations)?);
        }
    }
    let title = match (args.method, args.no_text) {
        (MethodName::Opdai, _) => "OPDAI",
        (MethodName::DaClip, false) => "DA-CLIP",
        (MethodName::DaClip, true) => "DA-CLIP without text",
    };
    let method = Method { name: title.to_owned(), family: String::new(), splits: vec![results] };
    let table = Table::new(data.tests.len(), vec![method])?.format(Format::Text);
    write(&args.out.join("predictions.csv"), &csv.into_inner().context("predictions.csv")?)?;
    write(&args.out.join("table.txt"), table.as_bytes())?;
    let epoch = progress.best().map_or(0, |best| best.epoch);
    let provenance = json!({
        "program": "train-da-clip", "settings": settings, "epoch": epoch,
        "clips": { "fit": data.fit.len(), "validation": data.validation.len() }, "descriptions": data.common.len(),
        "calibration": { "slope": slope, "offset": offset, "on": "validation" },
        "validation": best.contents().provenance.get("validation").cloned().unwrap_or(Value::Null),
        "test": figures,
    });
    let sha256 = Checkpoint::save(args.out.join("model.json"), &training.contents(provenance)?, &weights)?;
    Ok(format!(
        "{table}\nbest epoch {epoch} of {}, {:.0} s of training; {} (SHA-256 {})\n",
        progress.epoch,
        progress.seconds,
        args.out.join("model.json").display(),
        sha256.get(..12).unwrap_or_default()
    ))
}

/// Slope and offset of least squares; nothing changes where the slope would turn the order round.
fn line(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len().max(1) as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let both: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let spread: f64 = x.iter().map(|x| (x - mx) * (x - mx)).sum();
    let slope = both / spread;
    if slope > 0.0 && slope.is_finite() { (slope, my - slope * mx) } else { (1.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_is_that_of_least_squares_and_never_falls() {
        let (slope, offset) = line(&[0.0, 1.0, 2.0], &[1.0, 3.5, 5.0]);
        assert!((slope - 2.0).abs() < 1e-12 && (offset - 7.0 / 6.0).abs() < 1e-12, "{slope} {offset}");
        assert_eq!(line(&[0.0, 1.0], &[3.0, 2.0]), (1.0, 0.0));
        assert_eq!(line(&[1.0, 1.0], &[3.0, 2.0]), (1.0, 0.0));
    }
}
