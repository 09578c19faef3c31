//! The direct resize to 384 pixels: 8-bit images against Pillow, floating-point planes against PyTorch.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_models::deep::candle_core::Tensor;
use dream_models::preprocess::{FloatFilter, ImageView, Preprocess, resize_planes};

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, index, json};
use crate::tensors;

/// The specification allows one level; our resampling repeats the steps of the original.
const LEVELS: Tolerance = Tolerance::EXACT;
const NUMBERS: Tolerance = Tolerance { relative: 0.0, absolute: 1e-5 };
/// Every so many rows and columns of the numbers are kept.
const PROBE: [usize; 2] = [37, 41];

/// Runs `squash384.json`.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let description = folder.join("squash384.json");
    if !report.wants(Group::Preprocess) || !description.is_file() {
        return Ok(());
    }
    say(format_args!("# squash384 of {}", folder.display()));
    let file = folder.join("squash384.safetensors");
    let Some(file) = report.input(Group::Preprocess, "squash384", &file) else { return Ok(()) };
    let all = tensors::load(&file)?;
    for settings in array(&json(&description)?["cases"])? {
        let (case, size) = (index(settings, "case")?, index(settings, "target")?);
        let config = Preprocess { size, ..Preprocess::squash_384() };
        let shown = format!("levels {LEVELS}; numbers {NUMBERS}");
        let name = format!("squash384/{case}");
        report.case(Group::Preprocess, &name, shown, |check| compare(case, &config, &all, check));
    }
    Ok(())
}

fn compare(
    case: usize,
    config: &Preprocess,
    all: &BTreeMap<String, Tensor>,
    check: &mut Check,
) -> Result<()> {
    let of = |what: &str| all.get(&format!("{case}.{what}")).with_context(|| format!("there is no `{what}`"));
    let reference = |what: &str| tensors::values(of(what)?);
    let &[height, width, 3] = of("in_u8")?.dims() else { bail!("in_u8 is not a colour image") };
    let image = of("in_u8")?.flatten_all()?.to_vec1::<u8>()?;
    let (view, size) = (ImageView::rgb(&image, width, height)?, config.size);

    let square = config.resize(&view)?.data;
    let rows: Vec<&[u8]> = square.chunks_exact(3 * size).collect();
    let numbers = |levels: Vec<u8>| -> Vec<f64> { levels.into_iter().map(f64::from).collect() };
    let every5 = rows.iter().step_by(5).flat_map(|row| row.chunks_exact(3).step_by(5).flatten().copied());
    check.numbers("every fifth", &numbers(every5.collect()), &reference("bicubic_u8_every5")?, LEVELS);
    let three = [0, size / 2, size - 1].into_iter().filter_map(|row| rows.get(row));
    let three = three.flat_map(|row| row.iter().copied()).collect();
    check.numbers("three rows", &numbers(three), &reference("bicubic_u8_rows")?, LEVELS);

    let probe = |planes: &[f32]| -> Vec<f64> {
        let rows =
            planes.chunks_exact(size * size).flat_map(|plane| plane.chunks_exact(size).step_by(PROBE[0]));
        rows.flat_map(|row| row.iter().step_by(PROBE[1]).copied().map(f64::from)).collect()
    };
    let mut input = vec![0.0; config.len()];
    config.apply(&view, &mut input)?;
    check.numbers("the input", &probe(&input), &reference("normalized_probe_f32")?, NUMBERS);
    let plane = |channel: usize| image.iter().skip(channel).step_by(3).map(|level| f32::from(*level) / 255.0);
    let planes: Vec<f32> = (0..3).flat_map(plane).collect();
    for (name, filter) in [
        ("float_bilinear_no_antialias_probe_f32", FloatFilter::Bilinear),
        ("float_bilinear_antialias_probe_f32", FloatFilter::BilinearAntialias),
    ] {
        let found = resize_planes(&planes, (width, height), (size, size), filter)?;
        check.numbers(name, &probe(&found), &reference(name)?, NUMBERS);
    }
    Ok(())
}
