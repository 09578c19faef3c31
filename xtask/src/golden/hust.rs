//! HUST: scores of frames and videos, its loss, and every gradient.

use std::path::Path;

use anyhow::Result;
use dream_loss::{Plcc, Rank, mae, mae_plcc_rank};
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::methods::hust::Hust;
use dream_models::deep::train::Params;

use crate::convnext;
use crate::report::{Check, Group, Report, say};
use crate::table::index;
use crate::tensors::{self, FORWARD, GRADIENT, Golden};

const FILE: &str = "hust_tiny";

/// Runs `hust_tiny.json` with its weights.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Hust) || !folder.join(format!("{FILE}.json")).is_file() {
        return Ok(());
    }
    say(format_args!("# hust of {}", folder.display()));
    let Some(golden) = Golden::open(folder, FILE, Group::Hust, report)? else { return Ok(()) };
    let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
    report.case(Group::Hust, FILE, shown, |check| compare(&golden, check));
    Ok(())
}

fn compare(golden: &Golden, check: &mut Check) -> Result<()> {
    let fields = &golden.description["config"];
    let params = Params::from_tensors(&golden.weights, DType::F32, &Device::Cpu)?;
    let model = Hust::new(&convnext::config(fields)?, &params.builder())?;
    let (input, target) = (golden.of("input")?, golden.of("input.mos")?);
    let scores = model.frame_scores(input)?;
    golden.compare("frame_score", &scores, check)?;
    let (_, planes, height, width) = input.dims4()?;
    let (videos, frames) = (index(fields, "videos")?, index(fields, "frames_per_video")?);
    let video = input.reshape([videos, frames, planes, height, width].as_slice())?;
    golden.compare("video_score", &model.score_video(&video)?, check)?;
    golden.compare("mae", &mae(&scores, target)?, check)?;
    golden.compare("plcc_loss", &Plcc::FastVqa.forward(&scores, target)?, check)?;
    golden.compare("rank_loss", &Rank::Margin.forward(&scores, target)?, check)?;
    let loss = mae_plcc_rank(&scores, target)?;
    golden.compare("loss", &loss, check)?;
    let store = loss.backward()?;
    tensors::gradients(&store, &params.named(), "grad.", &golden.io, check)?;
    tensors::norms(&store, &params.named(), "", &golden.description, check)
}
