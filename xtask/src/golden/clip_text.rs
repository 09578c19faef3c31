//! CLIP's text tower and tokenizer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::parameters;
use dream_models::deep::tap::{Point, Record};
use dream_models::deep::text::clip::{Config, TextTower, Tokenizer};
use dream_models::deep::train::Params;
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, json, text};
use crate::tensors::{self, FORWARD, GRADIENT};

/// The file that lists the tensors of the full-size model.
const KEYS: &str = "clip_text_vit_b32.json";

/// Runs `clip_tokenizer_cases.json`, `clip_text_*.json` with their weights, and the list of names.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::ClipText) {
        return Ok(());
    }
    let cases = files(folder)?;
    let tokenizer = folder.join("clip_tokenizer_cases.json");
    if cases.is_empty() && !tokenizer.is_file() {
        return Ok(());
    }
    say(format_args!("# clip_text of {}", folder.display()));
    if tokenizer.is_file() {
        tokens(folder, &json(&tokenizer)?, report)?;
    }
    for path in cases {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.ends_with(KEYS) {
            let description = json(&path)?;
            report
                .case(Group::ClipText, &format!("keys/{name}"), "exact", |check| names(&description, check));
            continue;
        }
        let input = |kind: &str| folder.join(format!("{name}.{kind}.safetensors"));
        let (weights, io) = (input("weights"), input("io"));
        if report.input(Group::ClipText, &name, &weights).is_none()
            || report.input(Group::ClipText, &name, &io).is_none()
        {
            continue;
        }
        let shown = format!("{FORWARD}; gradients {GRADIENT:e} of the largest");
        let description = json(&path)?;
        report.case(Group::ClipText, &name, shown, |check| compare(&description, &weights, &io, check));
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("clip_text_") && name.ends_with(".json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Fields of the published configuration that a tower needs.
pub(crate) fn config(fields: &Value) -> Result<Config> {
    let mut fields = fields.as_object().context("reading the text configuration")?.clone();
    for unused in ["bos_token_id", "pad_token_id"] {
        fields.remove(unused);
    }
    serde_json::from_value(fields.into()).context("reading the text configuration")
}

/// Every sentence, with the built-in vocabulary and with the file next to the cases.
fn tokens(folder: &Path, cases: &Value, report: &mut Report) -> Result<()> {
    let mut tokenizers = vec![("built-in", Tokenizer::clip()?)];
    let file = folder.join("tokenizer.json");
    if file.is_file() {
        tokenizers.push(("file", Tokenizer::from_file(&file)?));
    }
    for (name, tokenizer) in tokenizers {
        report.case(Group::ClipText, &format!("tokenizer/{name}"), "exact", |check| {
            let long = tokenizer.clone().with_context(4096)?;
            for case in array(&cases["cases"])? {
                let sentence = text(case, "text")?;
                let ids = |key: &str| -> Result<Vec<u64>> {
                    array(&case[key])?.iter().map(|id| id.as_u64().context("an id")).collect()
                };
                let (full, cut) = (long.encode_batch(&[sentence])?, tokenizer.encode_batch(&[sentence])?);
                let found = |tokens: &dream_models::deep::text::clip::Tokens| -> Vec<u64> {
                    tokens.rows().concat().into_iter().map(u64::from).collect()
                };
                check.equal(format_args!("ids of {sentence:?}"), &found(&full), &ids("ids")?);
                check.equal(format_args!("77 ids of {sentence:?}"), &found(&cut), &ids("ids_truncated_77")?);
                let was_cut = ids("ids")?.len() > 77;
                check.equal(format_args!("cuts of {sentence:?}"), &cut.truncated(), &usize::from(was_cut));
                let length = case["length_truncated"].as_u64();
                check.equal("the length", &cut.lengths().first().map(|&n| n as u64), &length);
            }
            Ok(())
        });
    }
    Ok(())
}

fn names(description: &Value, check: &mut Check) -> Result<()> {
    let config = config(&description["config"])?;
    tensors::names(parameters(|vb| TextTower::new(&config, vb))?, description, check)
}

fn compare(description: &Value, weights: &Path, io: &Path, check: &mut Check) -> Result<()> {
    let device = Device::Cpu;
    let params = Params::from_tensors(&tensors::load(weights)?, DType::F32, &device)?;
    let golden = tensors::load(io)?;
    let of = |name: &str| golden.get(name).with_context(|| format!("there is no `{name}`"));
    let tower = TextTower::new(&config(&description["config"])?, &params.builder())?;

    let mut record = Record::default();
    let embedded = tower.forward_tapped(of("input_ids")?, &mut record)?;
    let representations = tower.forward(of("input_ids")?)?;
    check.numbers(
        "forward, as traced",
        &tensors::values(&representations)?,
        &tensors::values(&embedded)?,
        Tolerance { relative: 0.0, absolute: 1e-5 },
    );
    let zeros = tower.forward(of("input_ids_zero_padded")?)?;
    check.numbers(
        "forward, padded with zeros",
        &tensors::values(&zeros)?,
        &tensors::values(&representations)?,
        Tolerance::EXACT,
    );
    let score = representations.broadcast_mul(of("probe")?)?.sum(1)?;
    let targets = Tensor::arange(0f32, score.elem_count() as f32, &device)?;
    let loss = (&score - targets)?.sqr()?.mean_all()?;
    let mut seen: BTreeMap<String, Tensor> =
        BTreeMap::from([("text_embeds".to_owned(), embedded), ("loss".to_owned(), loss.clone())]);
    seen.extend(record.inputs.iter().enumerate().map(|(i, h)| (format!("hidden_states.{i}"), h.clone())));
    for (point, tensor) in record.points {
        let name = match point {
            Point::Attention { block, .. } => format!("attn.{block}"),
            Point::Norm => "last_hidden_state".to_owned(),
            Point::Pooled => "pooled_eot".to_owned(),
            _ => continue,
        };
        seen.insert(name, tensor);
    }
    for (name, expected) in &golden {
        if let Some(name) = name.strip_prefix("out.") {
            let found = seen.get(name).with_context(|| format!("the tower has no `{name}`"))?;
            check.numbers(name, &tensors::values(found)?, &tensors::values(expected)?, FORWARD);
        }
    }
    tensors::gradients(&loss.backward()?, &params.named(), "grad.", &golden, check)
}
