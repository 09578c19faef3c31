//! DA-CLIP end to end: every open choice, edge cases, training steps, explanations.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_loss::{Alignment, DaClipBatch, DaClipLoss, DaClipTerms};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::explain::attcat::AttCat;
use dream_models::deep::layers::Ddof;
use dream_models::deep::methods::da_clip::{Config, DaClip, Order};
use dream_models::deep::train::Params;
use dream_models::deep::train::optim::{AdamW, AdamWConfig};
use serde_json::Value;

use crate::clip_text;
use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, number, number_list};
use crate::tensors::{self, FORWARD, GRADIENT};

const FILE: &str = "da_tiny";

/// Runs `da_tiny.json` with its weights.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let description = folder.join(format!("{FILE}.json"));
    if !report.wants(Group::DaClip) || !description.is_file() {
        return Ok(());
    }
    say(format_args!("# da_clip of {}", folder.display()));
    let input = |kind: &str| folder.join(format!("{FILE}.{kind}.safetensors"));
    let (weights, io) = (input("weights"), input("io"));
    if report.input(Group::DaClip, FILE, &weights).is_none()
        || report.input(Group::DaClip, FILE, &io).is_none()
    {
        return Ok(());
    }
    let golden = Golden {
        weights: tensors::load(&weights)?,
        io: tensors::load(&io)?,
        description: json(&description)?,
    };
    let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
    for (name, expected) in golden.description["variants"].as_object().context("reading `variants`")? {
        report.case(Group::DaClip, name, &shown, |check| golden.variant(name, expected, check));
    }
    for (name, expected) in golden.description["edge"].as_object().context("reading `edge`")? {
        report.case(Group::DaClip, &format!("edge/{name}"), FORWARD, |check| {
            golden.edge(name, expected, check)
        });
    }
    report.case(Group::DaClip, "adamw", FORWARD, |check| golden.steps(check));
    report.case(Group::DaClip, "attcat/text", FORWARD, |check| golden.attcat_text(check));
    report.case(Group::DaClip, "attcat/visual", FORWARD, |check| golden.attcat_visual(check));
    Ok(())
}

struct Golden {
    weights: BTreeMap<String, Tensor>,
    io: BTreeMap<String, Tensor>,
    description: Value,
}

/// A trainable model, and its results for the videos of the reference.
struct Pass {
    params: Params,
    visual: Tensor,
    text: Tensor,
    terms: DaClipTerms,
    scores: [Tensor; 2],
}

impl Golden {
    fn input(&self, name: &str) -> Result<&Tensor> {
        self.io.get(name).with_context(|| format!("there is no `{name}`"))
    }

    fn config(&self, variant: &str) -> Result<(Config, DaClipLoss)> {
        let mut config = Config {
            visual: serde_json::from_value(self.description["visual_config"].clone())?,
            text: Some(clip_text::config(&self.description["text_config"])?),
            ..Config::default()
        };
        config.dim = config.text.as_ref().map_or(0, |text| text.projection_dim);
        let [order, ddof, alignment] = variant.split('.').collect::<Vec<_>>()[..] else {
            bail!("`{variant}` is not order.ddof.alignment");
        };
        config.order = match order {
            "pool_then_project" => Order::PoolThenProject,
            "project_then_pool" => Order::ProjectThenPool,
            other => bail!("there is no order `{other}`"),
        };
        config.ddof = if ddof == "ddof0" { Ddof::Zero } else { Ddof::One };
        let alignment = match alignment {
            "sim_mean" => Alignment::Mean,
            "sim_literal_sum" => Alignment::LiteralSum,
            "sim_sum_of_one_minus" => Alignment::SumOfOneMinus,
            other => bail!("there is no alignment `{other}`"),
        };
        let lambda = number(&self.description["lambda"])?;
        Ok((config, DaClipLoss { lambda, alignment }))
    }

    fn default_variant(&self) -> Result<&str> {
        self.description["default_variant"].as_str().context("reading `default_variant`")
    }

    fn model(&self, variant: &str) -> Result<(DaClip, Params, DaClipLoss)> {
        let (config, loss) = self.config(variant)?;
        let params = Params::from_tensors(&self.weights, DType::F32, &Device::Cpu)?;
        Ok((DaClip::new(&config, &params.builder())?, params, loss))
    }

    fn counts(&self) -> Result<Vec<usize>> {
        let counts = self.input("sentence_counts")?.to_vec1::<i64>()?;
        Ok(counts.into_iter().map(usize::try_from).collect::<std::result::Result<_, _>>()?)
    }

    fn terms(
        &self,
        model: &DaClip,
        loss: DaClipLoss,
        frames: &Tensor,
    ) -> Result<(Tensor, Tensor, [Tensor; 2], DaClipTerms)> {
        let visual = model.embed_video(frames)?;
        let text = model.embed_text(self.input("input_ids")?, &self.counts()?)?;
        let scores = [model.regress(&visual)?, model.regress(&text)?];
        let terms = loss.forward(&DaClipBatch {
            visual_scores: &scores[0],
            text_scores: &scores[1],
            mos: self.input("mos")?,
            visual: &visual,
            text: &text,
        })?;
        Ok((visual, text, scores, terms))
    }

    fn pass(&self, variant: &str, frames: &Tensor) -> Result<Pass> {
        let (model, params, loss) = self.model(variant)?;
        let (visual, text, scores, terms) = self.terms(&model, loss, frames)?;
        Ok(Pass { params, visual, text, terms, scores })
    }

    fn variant(&self, name: &str, expected: &Value, check: &mut Check) -> Result<()> {
        let pass = self.pass(name, self.input("frames")?)?;
        let rows = |value: &Value| -> Result<Vec<f64>> {
            Ok(array(value)?.iter().map(number_list).collect::<Result<Vec<_>>>()?.concat())
        };
        for (key, found) in [("visual_rep", &pass.visual), ("text_rep", &pass.text)] {
            check.numbers(key, &tensors::values(found)?, &rows(&expected[key])?, FORWARD);
        }
        for (key, found) in ["score_visual", "score_text"].into_iter().zip(&pass.scores) {
            check.numbers(key, &tensors::values(found)?, &number_list(&expected[key])?, FORWARD);
        }
        losses(&pass.terms, expected, "", check)?;
        let store = pass.terms.total.backward()?;
        let vars = pass.params.named();
        tensors::gradients(&store, &vars, &format!("{name}.grad."), &self.io, check)?;
        for (branch, expected) in expected["grad_l2"].as_object().context("reading `grad_l2`")? {
            let mut squares = 0.0;
            for (_, var) in vars.iter().filter(|(name, _)| name.starts_with(&format!("{branch}."))) {
                let gradient = store.get(var).map(tensors::values).transpose()?.unwrap_or_default();
                squares += gradient.iter().map(|g| g * g).sum::<f64>();
            }
            let expected = number(expected)?;
            let tolerance = Tolerance { relative: GRADIENT, absolute: 0.0 };
            check.number(
                format_args!("the norm of the gradient of {branch}"),
                squares.sqrt(),
                expected,
                tolerance,
            );
        }
        Ok(())
    }

    fn edge(&self, name: &str, expected: &Value, check: &mut Check) -> Result<()> {
        let frames = self.input("frames")?;
        let first = frames.narrow(1, 0, 1)?;
        let frames = match name {
            "single_frame" => first,
            "identical_frames" => first.repeat((1, frames.dim(1)?, 1, 1, 1))?,
            other => bail!("there is no edge case `{other}`"),
        };
        let pass = self.pass(self.default_variant()?, &frames)?;
        let scores = tensors::values(&pass.scores[0])?;
        check.numbers("score_visual", &scores, &number_list(&expected["score_visual"])?, FORWARD);
        losses(&pass.terms, expected, "", check)?;
        let store = pass.terms.total.backward()?;
        let mut squares = 0.0;
        for (name, var) in pass.params.named() {
            let gradient = store.get(&var).map(tensors::values).transpose()?.unwrap_or_default();
            let finite = !gradient.is_empty() && gradient.iter().all(|g| g.is_finite());
            check.demand(finite, || format!("the gradient of {name} is missing or not finite"));
            if name.starts_with("visual.") {
                squares += gradient.iter().map(|g| g * g).sum::<f64>();
            }
        }
        let tolerance = Tolerance { relative: GRADIENT, absolute: 0.0 };
        check.number("grad_l2_visual", squares.sqrt(), number(&expected["grad_l2_visual"])?, tolerance);
        Ok(())
    }

    fn steps(&self, check: &mut Check) -> Result<()> {
        let (model, params, loss) = self.model(self.default_variant()?)?;
        let settings = &self.description["adamw"];
        let betas = number_list(&settings["betas"])?;
        let of = |key: &str| number(&settings[key]);
        let [beta1, beta2] = betas[..] else { bail!("`betas` must be two numbers") };
        let (lr, eps, weight_decay) = (of("lr")?, of("eps")?, of("weight_decay")?);
        let config = AdamWConfig { lr, beta1, beta2, eps, weight_decay, ..AdamWConfig::default() };
        let mut adam = AdamW::new(config.clone(), params.named())?;
        let expected = array(&settings["loss_before_each_step_then_final"])?;
        let count = expected.len();
        for (step, expected) in expected.iter().enumerate() {
            let (.., terms) = self.terms(&model, loss, self.input("frames")?)?;
            losses(&terms, expected, &format!(" before step {step}"), check)?;
            // The last loss is computed without a step.
            if step + 1 == count {
                break;
            }
            adam.step(&terms.total.backward()?)?;
            // Writing and reading a state must change nothing.
            let state = adam.state()?;
            adam = AdamW::new(config.clone(), params.named())?;
            adam.load_state(&state)?;
        }
        for (name, tensor) in params.tensors()? {
            if let Some(expected) = self.io.get(&format!("adamw{}.{name}", adam.steps())) {
                let (found, expected) = (tensors::values(&tensor)?, tensors::values(expected)?);
                check.numbers(format_args!("{name} after the steps"), &found, &expected, FORWARD);
                let before = tensors::values(self.weights.get(&name).context("the weight before")?)?;
                let moved = before.iter().zip(&found).any(|(a, b)| (a - b).abs() > 1e-5);
                check.demand(moved, || format!("{name} did not move"));
            }
        }
        Ok(())
    }

    fn attcat_text(&self, check: &mut Check) -> Result<()> {
        let (model, ..) = self.model(self.default_variant()?)?;
        let ids = self.input("input_ids")?;
        let mut first = 0;
        for (video, (&count, expected)) in
            self.counts()?.iter().zip(array(&self.description["attcat_text"])?).enumerate()
        {
            let ids = ids.narrow(0, first, count)?;
            first += count;
            for (key, form) in [
                ("default", AttCat::Inputs),
                ("eot_row", AttCat::EndRow),
                ("output_features", AttCat::Outputs),
                ("cat_only", AttCat::WithoutAttention),
            ] {
                let found = model.explain_text(&ids, form)?;
                check.number("score", found.score, number(&expected["score"])?, FORWARD);
                let sentences = array(&expected["sentences"])?;
                check.equal("sentences", &found.sentences.len(), &sentences.len());
                for (s, (found, expected)) in found.sentences.iter().zip(sentences).enumerate() {
                    let what = format!("{key} of video {video} sentence {s}");
                    check.numbers(&what, &found.tokens, &number_list(&expected[key])?, FORWARD);
                    if form != AttCat::Inputs {
                        continue;
                    }
                    let layers = array(&expected["per_layer_default"])?;
                    check.equal("blocks", &found.layers.len(), &layers.len());
                    for (found, expected) in found.layers.iter().zip(layers) {
                        check.numbers(
                            format_args!("a block of {what}"),
                            found,
                            &number_list(expected)?,
                            FORWARD,
                        );
                    }
                }
            }
        }
        Ok(())
    }

    fn attcat_visual(&self, check: &mut Check) -> Result<()> {
        let (model, ..) = self.model(self.default_variant()?)?;
        let found = model.explain_video(&self.input("frames")?.get(0)?)?;
        check.number("score", found.score, number(&self.description["attcat_visual_score_video0"])?, FORWARD);
        let prefix = "attcat_visual.video0";
        let mut maps: BTreeMap<String, &Tensor> = BTreeMap::from([(format!("{prefix}.total"), &found.total)]);
        for map in &found.blocks {
            maps.insert(format!("{prefix}.layers.{}.blocks.{}", map.stage, map.block), &map.map);
        }
        for (name, expected) in self.io.iter().filter(|(name, _)| name.starts_with(prefix)) {
            let found = maps.get(name).with_context(|| format!("there is no `{name}`"))?;
            check.equal("the shape", &found.dims(), &expected.dims());
            check.numbers(name, &tensors::values(found)?, &tensors::values(expected)?, FORWARD);
        }
        Ok(())
    }
}

/// The terms in the reference.
fn losses(terms: &DaClipTerms, expected: &Value, when: &str, check: &mut Check) -> Result<()> {
    for (key, found) in
        [("L_V", &terms.visual), ("L_T", &terms.text), ("L_sim", &terms.alignment), ("L_total", &terms.total)]
    {
        if let Some(expected) = expected.get(key) {
            let found = found.to_dtype(DType::F64)?.to_scalar()?;
            check.number(format_args!("{key}{when}"), found, number(expected)?, FORWARD);
        }
    }
    Ok(())
}
