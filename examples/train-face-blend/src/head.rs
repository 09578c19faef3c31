//! The head and where it comes from.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use dream_models::deep::input::FaceRule;
use dream_models::deep::methods::face_blend::{self, Head, HeadParts, Reach};
use dream_models::face::{BoxExpansion, VideoBoxConfig};
use dream_models::regression::Split;
use serde::Serialize;

use crate::args::Args;
use crate::features::{Blocks, Maker};
use crate::line::Line;
use crate::measure::{Measures, percentiles};
use crate::portraits::Portraits;
use crate::pseudo::RECIPE;
use crate::validate::Table;

/// What a head is made from.
pub(crate) struct Parts<'a> {
    pub(crate) args: &'a Args,
    pub(crate) maker: &'a Maker<'a>,
    pub(crate) portraits: &'a Portraits,
    pub(crate) table: &'a Table,
    pub(crate) splits: &'a [Split],
    /// A line and its figures for each fold.
    pub(crate) folds: &'a [(Line, Measures)],
    /// Portraits as they are, after each block.
    pub(crate) untouched: &'a [Blocks],
    pub(crate) c: f64,
    pub(crate) block: usize,
    /// Place of the block among those that were looked at.
    pub(crate) place: usize,
}

/// The record in the file.
#[derive(Serialize)]
struct Provenance<'a> {
    made_by: String,
    portraits: usize,
    without_a_face: usize,
    sources: &'a BTreeMap<String, usize>,
    boxes: &'a str,
    recipe: u32,
    options: String,
    draws: u64,
    seed: u64,
    folds: usize,
    c: f64,
    auc_by_fold: Vec<f64>,
    mean_over_folds: Measures,
    percentiles: &'static str,
    familiarity: &'static str,
}

impl Parts<'_> {
    pub(crate) fn head(&self) -> Result<Head> {
        let Self { args, maker, portraits, .. } = self;
        let line = self.table.fit(&self.table.everybody(), self.c)?;
        let (spread, limit) = self.table.reach(self.splits);
        let measures: Vec<Measures> = self.folds.iter().map(|(_, measures)| *measures).collect();
        let mean = Measures::mean(&measures);
        let tower = maker.eye.describe(self.block)?;
        let mut input = face_blend::input(&tower.config);
        if let FaceRule::Face(rule) = input.face {
            input.face = FaceRule::Face(VideoBoxConfig { expansion: BoxExpansion(args.recipe.crop), ..rule });
        }
        let people = portraits.people.len();
        let parts = HeadParts {
            name: args.name(),
            learned_from: format!(
                "{people} portraits, each blended {} with altered copies of itself; no fakes of others and no ratings",
                if args.draws.get() == 1 { "once".to_owned() } else { format!("{} times", args.draws) }
            ),
            measured: format!(
                "AUC {:.3} between such blends and unblended pictures of people held out, mean of {} folds; nothing was \
                 measured on real face swaps",
                mean.auc,
                self.splits.len()
            ),
            tower,
            block: self.block,
            input,
            weights: line.weights,
            bias: line.bias,
            percentiles: percentiles(&self.held_out()?),
            familiarity: Reach { mean: spread.mean, deviation: spread.deviation, limit },
        };
        let provenance = Provenance {
            made_by: format!("train-face-blend {}", env!("CARGO_PKG_VERSION")),
            portraits: people,
            without_a_face: portraits.faceless.len(),
            sources: &portraits.sources,
            boxes: &portraits.boxes,
            recipe: RECIPE,
            options: format!("{:?}", maker.options),
            draws: args.draws.get(),
            seed: args.seed,
            folds: self.splits.len(),
            c: self.c,
            auc_by_fold: measures.iter().map(|measures| measures.auc).collect(),
            mean_over_folds: mean,
            percentiles: "traces of portraits as they are, each by the head of the folds without it",
            familiarity: "real pictures under the damage of the recipe; the limit is the 99 % point of people held out",
        };
        Ok(Head::new(parts, &provenance)?)
    }

    /// Traces of every portrait as it is, by the line that has not seen the person.
    fn held_out(&self) -> Result<Vec<f64>> {
        let mut traces = Vec::new();
        for ((_, test), (line, _)) in self.splits.iter().zip(self.folds) {
            for &person in test {
                let rows = self.untouched.get(person).and_then(|blocks| blocks.get(self.place));
                traces.push(line.logit(rows.context("a portrait is missing")?));
            }
        }
        Ok(traces)
    }
}
