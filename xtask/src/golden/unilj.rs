//! UNILJ: every step from frames to the score of a clip, its loss, and every gradient.

use std::path::Path;

use anyhow::{Context, Result};
use dream_loss::rmse;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::methods::unilj::{Config, Unilj};
use dream_models::deep::train::Params;

use crate::convnext;
use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::index;
use crate::tensors::{self, FORWARD, GRADIENT, Golden};

const FILE: &str = "unilj_tiny";

/// Runs `unilj_tiny.json` with its weights.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Unilj) || !folder.join(format!("{FILE}.json")).is_file() {
        return Ok(());
    }
    say(format_args!("# unilj of {}", folder.display()));
    let Some(golden) = Golden::open(folder, FILE, Group::Unilj, report)? else { return Ok(()) };
    let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
    report.case(Group::Unilj, FILE, shown, |check| compare(&golden, check));
    Ok(())
}

fn compare(golden: &Golden, check: &mut Check) -> Result<()> {
    let fields = &golden.description["config"];
    let hidden = serde_json::from_value(fields["hidden"].clone()).context("reading `hidden`")?;
    let config = Config { backbone: convnext::config(fields)?, hidden, frames: index(fields, "frames")? };
    let params = Params::from_tensors(&golden.weights, DType::F32, &Device::Cpu)?;
    let model = Unilj::new(&config, &params.builder())?;
    let (input, target) = (golden.of("input")?, golden.of("input.mos")?);
    let (clips, frames, ..) = input.dims5()?;
    let features = model.frame_features(&input.flatten(0, 1)?)?.reshape((clips, frames, ()))?;
    golden.compare("frame_features", &features, check)?;
    let features = model.clip_features(&features)?;
    golden.compare("clip_feature_mean_std", &features, check)?;
    let [first, _, third] = model.hidden(&features)?;
    golden.compare("h1", &first, check)?;
    golden.compare("h3", &third, check)?;
    let scores = model.regress(&features)?;
    golden.compare("score", &scores, check)?;
    let whole = tensors::values(&model.score_video(input)?)?;
    check.numbers("a video of one clip", &whole, &tensors::values(&scores)?, Tolerance::EXACT);
    let loss = rmse(&scores, target)?;
    golden.compare("loss", &loss, check)?;
    let store = loss.backward()?;
    tensors::gradients(&store, &params.named(), "grad.", &golden.io, check)?;
    tensors::norms(&store, &params.named(), "", &golden.description, check)
}
