//! Resizing and normalising: 8-bit images against Pillow, floating-point planes against PyTorch.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_loss::candle_core::{Device, Tensor, safetensors};
use dream_models::preprocess::{
    FloatFilter, ImageView, Interpolation, Preprocess, ResizeRule, resize, resize_planes,
};
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, index, json, number};

/// The specification allows one level; our resampling repeats the steps of the original.
const LEVELS: Tolerance = Tolerance::EXACT;
const NUMBERS: Tolerance = Tolerance { relative: 0.0, absolute: 1e-5 };

/// The images of one case: input and output.
struct Case<'a> {
    name: String,
    settings: &'a Value,
    tensors: &'a HashMap<String, Tensor>,
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Preprocess) {
        return Ok(());
    }
    say(format_args!("# preprocessing of {}", folder.display()));
    let file = json(&folder.join("preprocess.json"))?;
    let tensors = folder.join("preprocess.safetensors");
    let Some(tensors) = report.input(Group::Preprocess, "tensors", &tensors) else { return Ok(()) };
    let tensors = safetensors::load(&tensors, &Device::Cpu)
        .with_context(|| format!("cannot read {}", tensors.display()))?;
    for settings in array(&file["cases"])? {
        let case = Case { name: index(settings, "case")?.to_string(), settings, tensors: &tensors };
        let run = |report: &mut Report, what: &str, tolerance, compare: fn(&Case<'_>, &mut Check) -> _| {
            let name = format!("{}/{what}", case.name);
            report.case(Group::Preprocess, &name, tolerance, |check| compare(&case, check));
        };
        run(report, "geometry", Tolerance::EXACT, geometry);
        run(report, "squash_bicubic_u8", LEVELS, |case, check| case.squash(Interpolation::Bicubic, check));
        run(report, "squash_bilinear_u8", LEVELS, |case, check| case.squash(Interpolation::Bilinear, check));
        run(report, "bicubic_resize_short_centercrop_u8", LEVELS, short_side);
        run(report, "normalized_f32", NUMBERS, normalized);
        run(report, "tensor_bilinear_antialias_f32", NUMBERS, |case, check| {
            case.planes("tensor_bilinear_antialias_f32", FloatFilter::BilinearAntialias, check)
        });
        run(report, "tensor_bilinear_no_antialias_f32", NUMBERS, |case, check| {
            case.planes("tensor_bilinear_no_antialias_f32", FloatFilter::Bilinear, check)
        });
        run(report, "tensor_bicubic_no_antialias_f32", NUMBERS, |case, check| {
            case.planes("tensor_bicubic_no_antialias_f32", FloatFilter::Bicubic, check)
        });
    }
    Ok(())
}

/// Runs `resnet_256_224.json`: the preprocessing of torchvision's ResNet-50.
pub(crate) fn resnet(folder: &Path, report: &mut Report) -> Result<()> {
    const FILE: &str = "resnet_256_224";
    let tensors = folder.join(format!("{FILE}.safetensors"));
    if !report.wants(Group::Preprocess) || report.input(Group::Preprocess, FILE, &tensors).is_none() {
        return Ok(());
    }
    let file = json(&folder.join(format!("{FILE}.json")))?;
    let tensors = safetensors::load(&tensors, &Device::Cpu)
        .with_context(|| format!("cannot read {}", tensors.display()))?;
    for settings in array(&file["cases"])? {
        let case = Case { name: index(settings, "case")?.to_string(), settings, tensors: &tensors };
        let name = format!("{FILE}/{}", case.name);
        report.case(Group::Preprocess, &name, NUMBERS, |check| resnet_case(&case, check));
    }
    Ok(())
}

fn resnet_case(case: &Case<'_>, check: &mut Check) -> Result<()> {
    let (image, width, height) = case.input()?;
    let (view, config) = (ImageView::rgb(&image, width, height)?, Preprocess::resnet_224());
    let resized: Vec<f64> = array(&case.settings["resized_wh"])?.iter().map(number).collect::<Result<_>>()?;
    let (wide, high) = config.resized_size(width, height);
    check.numbers("the size", &[wide as f64, high as f64], &resized, Tolerance::EXACT);
    let middle = config.resize(&view)?.data;
    let rows = middle.chunks(config.size * 3).step_by(4);
    let every4: Vec<u8> = rows.flat_map(|row| row.chunks(3).step_by(4)).flatten().copied().collect();
    check.numbers("the middle", &numbers(&every4), &numbers(&case.levels("crop_u8_every4")?), LEVELS);
    let mut planes = vec![0.0; config.len()];
    config.apply(&view, &mut planes)?;
    let lines =
        planes.chunks(config.size * config.size).flat_map(|plane| plane.chunks(config.size).step_by(23));
    let found: Vec<f64> = lines.flat_map(|line| line.iter().step_by(19)).copied().map(f64::from).collect();
    check.numbers("the input", &found, &case.reference("normalized_probe_f32")?, NUMBERS);
    Ok(())
}

impl Case<'_> {
    fn tensor(&self, what: &str) -> Result<&Tensor> {
        let name = format!("{}.{what}", self.name);
        self.tensors.get(&name).with_context(|| format!("preprocess.safetensors has no `{name}`"))
    }

    fn levels(&self, what: &str) -> Result<Vec<u8>> {
        Ok(self.tensor(what)?.flatten_all()?.to_vec1::<u8>()?)
    }

    fn reference(&self, what: &str) -> Result<Vec<f64>> {
        Ok(self.tensor(what)?.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
    }

    /// Bytes, width and height of the input.
    fn input(&self) -> Result<(Vec<u8>, usize, usize)> {
        let &[height, width, 3] = self.tensor("in_u8")?.dims() else { bail!("in_u8 is not a colour image") };
        Ok((self.levels("in_u8")?, width, height))
    }

    fn preprocess(&self) -> Result<Preprocess> {
        let crop_pct = number(&self.settings["crop_pct"]).context("reading `crop_pct`")?;
        let size = index(self.settings, "size")?;
        Ok(Preprocess { rule: ResizeRule::ShortSideCenterCrop { crop_pct }, size, ..Preprocess::default() })
    }

    fn squash(&self, filter: Interpolation, check: &mut Check) -> Result<()> {
        let (image, width, height) = self.input()?;
        let size = index(self.settings, "size")?;
        let found = resize(&ImageView::rgb(&image, width, height)?, size, size, filter)?;
        let name = if filter == Interpolation::Bicubic { "squash_bicubic_u8" } else { "squash_bilinear_u8" };
        check.numbers(name, &numbers(&found.data), &numbers(&self.levels(name)?), LEVELS);
        Ok(())
    }

    fn planes(&self, name: &str, filter: FloatFilter, check: &mut Check) -> Result<()> {
        let (image, width, height) = self.input()?;
        let size = index(self.settings, "size")?;
        let plane =
            |channel: usize| image.iter().skip(channel).step_by(3).map(|level| f32::from(*level) / 255.0);
        let planes: Vec<f32> = (0..3).flat_map(plane).collect();
        let found = resize_planes(&planes, (width, height), (size, size), filter)?;
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        check.numbers(name, &found, &self.reference(name)?, NUMBERS);
        Ok(())
    }
}

fn numbers(levels: &[u8]) -> Vec<f64> {
    levels.iter().copied().map(f64::from).collect()
}

/// The size of the whole resized image.
fn geometry(case: &Case<'_>, check: &mut Check) -> Result<()> {
    let short = index(case.settings, "resize_short_side_to")?;
    let resized: Vec<f64> = array(&case.settings["resized_wh"])?.iter().map(number).collect::<Result<_>>()?;
    let (_, width, height) = case.input()?;
    let (whole_width, whole_height) = case.preprocess()?.resized_size(width, height);
    check.equal("the short side", &whole_width.min(whole_height), &short);
    check.numbers("the size", &[whole_width as f64, whole_height as f64], &resized, Tolerance::EXACT);
    Ok(())
}

fn short_side(case: &Case<'_>, check: &mut Check) -> Result<()> {
    let (image, width, height) = case.input()?;
    let found = case.preprocess()?.resize(&ImageView::rgb(&image, width, height)?)?;
    let expected = case.levels("bicubic_resize_short_centercrop_u8")?;
    check.numbers("the middle", &numbers(&found.data), &numbers(&expected), LEVELS);
    Ok(())
}

fn normalized(case: &Case<'_>, check: &mut Check) -> Result<()> {
    let (image, width, height) = case.input()?;
    let config = case.preprocess()?;
    let mut found = vec![0.0; config.len()];
    config.apply(&ImageView::rgb(&image, width, height)?, &mut found)?;
    let found: Vec<f64> = found.into_iter().map(f64::from).collect();
    check.numbers("the input", &found, &case.reference("normalized_f32")?, NUMBERS);
    Ok(())
}
