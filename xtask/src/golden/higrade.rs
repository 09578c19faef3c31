//! HIGRADE-1 of images and clips: the 8-bit Lab planes, the statistics of every map, and the features.

use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_features::color::Lab8;
use dream_features::filter::sobel_magnitude;
use dream_features::nss::{FlatAreas, LocalStructure, Quantity, local_statistics, local_structure};
use dream_features::resize::half_size;
use dream_features::{Frame, Higrade, ImageFeatures, Plane, RgbView, Workspace};
use serde_json::Value;

use crate::picture::Picture;
use crate::pooled::Set;
use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{Table, array, json_if_there, number, text};

/// For every feature but the first two of a map.
const FITS: Tolerance = Tolerance { relative: 1e-8, absolute: 1e-12 };
/// Cancellation limits the mean and spread of the local deviation.
const SIGMA: Tolerance = Tolerance { relative: 2e-5, absolute: 1e-12 };
const SHOWN: &str = "rel 1e-8 or abs 1e-12; 1, 2 of each map rel 2e-5";

/// Smaller deviations are rounding noise of a constant map, which has no shape.
const NOISE: f64 = 1e-12;

fn tolerance(feature: usize) -> Tolerance {
    if feature % LocalStructure::DIM < 2 { SIGMA } else { FITS }
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Higrade) {
        return Ok(());
    }
    let table = folder.join("higrade.csv");
    let table = table.is_file().then(|| Table::read(&table)).transpose()?;
    let [unstable, steps] =
        ["unstable.json", "intermediates.json"].map(|name| json_if_there(&folder.join(name)));
    let (unstable, steps) = (unstable?, steps?);
    if table.is_some() {
        say(format_args!("# HIGRADE of {}", folder.display()));
    }
    for name in table.iter().flat_map(Table::names) {
        let path = |kind: &str| folder.join(kind).join(format!("{name}.png"));
        if let Some(rgb) = report.input(Group::Higrade, &format!("features/{name}"), &path("images")) {
            let expected = table.as_ref().and_then(|table| table.row(name));
            features(name, &rgb, expected, unstable.as_ref(), report);
        }
        if let Some(lab) = report.input(Group::Higrade, &format!("lab/{name}"), &path("lab")) {
            if path("images").is_file() {
                colours(name, &path("images"), &lab, report);
            }
            match steps.as_ref().map(|steps| &steps[name]["higrade"]) {
                None | Some(Value::Null) => {
                    report.skip(Group::Higrade, &format!("steps/{name}"), "not in intermediates.json");
                }
                Some(maps) => {
                    let shown = format!("{FITS}; sigma {SIGMA}; indices exact");
                    report.case(Group::Higrade, &format!("steps/{name}"), shown, |check| {
                        let lab = Picture::rgb(&lab)?;
                        array(maps)?.iter().try_for_each(|map| step(&lab, map, check))
                    });
                }
            }
        }
    }
    Set { group: Group::Higrade, name: "higrade", extractor: Higrade, tolerance, shown: SHOWN }
        .clips(folder, report)
}

fn features(
    name: &str,
    rgb: &Path,
    expected: Option<Result<Vec<f64>>>,
    unstable: Option<&Value>,
    report: &mut Report,
) {
    let listed = unstable.and_then(|all| all[name]["higrade"].as_array());
    let unstable: Vec<u64> = listed.into_iter().flatten().filter_map(Value::as_u64).collect();
    let shown = format!("{SHOWN}; {} of {} unstable, not compared", unstable.len(), Higrade::DIM);
    report.case(Group::Higrade, &format!("features/{name}"), shown, |check| {
        let image = Picture::rgb(rgb)?;
        let (width, height) = image.size();
        let frame = Frame::from_rgb(RgbView::new(&image.samples, width, height, 3 * width)?);
        let mut found = vec![0.0; Higrade::DIM];
        Higrade.extract_into(&frame, &mut Workspace::new(), &mut found)?;
        let expected = expected.context("no reference row")??;
        check.equal("number of features", &found.len(), &expected.len());
        for (i, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
            if !unstable.contains(&(i as u64 + 1)) {
                check.number(format_args!("f{}", i + 1), found, expected, tolerance(i));
            }
        }
        Ok(())
    });
}

fn colours(name: &str, rgb: &Path, lab: &Path, report: &mut Report) {
    report.case(Group::Higrade, &format!("lab/{name}"), Tolerance::EXACT, |check| {
        let (rgb, lab) = (Picture::rgb(rgb)?, Picture::rgb(lab)?);
        check.equal("size", &rgb.size(), &lab.size());
        for (rgb, lab) in rgb.pixels().zip(lab.pixels()) {
            check.equal(format_args!("Lab of {rgb:?}"), &Lab8::higrade().convert(rgb), &lab);
        }
        Ok(())
    });
}

/// One map at one scale.
fn step(lab: &Picture, expected: &Value, check: &mut Check) -> Result<()> {
    let channel = match text(expected, "channel")? {
        "L" => 0,
        "a" => 1,
        "b" => 2,
        other => bail!("there is no channel {other}"),
    };
    let (width, height) = lab.size();
    let codes = lab.pixels().map(|pixel| f64::from(pixel[channel])).collect();
    let mut map = Plane::new(codes, width, height)?;
    let kind = text(expected, "map")?;
    if kind == "sobel" {
        map = sobel_magnitude(&map);
    }
    if expected["scale"] == 1 {
        map = half_size(&map);
    }
    let place = format!("{} {kind} scale {}", text(expected, "channel")?, expected["scale"]);
    let what = |key: &str| format!("{place} {key}");
    let field = |key: &str| number(&expected[key]).with_context(|| what(key));

    let local = local_statistics(&map, FlatAreas::Snapped);
    let logarithms: Vec<f64> = local.mscn.data().iter().map(|v| (v.abs() + 0.1).ln()).collect();
    let found = local_structure(&map, Quantity::LogMagnitude);
    let numbers = [
        ("height", map.height() as f64, Tolerance::EXACT),
        ("width", map.width() as f64, Tolerance::EXACT),
        ("map_mean", mean(map.data()), FITS),
        ("sigma_mean", found.sigma_mean, SIGMA),
        ("sigma_std", found.sigma_deviation, SIGMA),
        ("log_mean", mean(&logarithms), FITS),
    ];
    for (key, found, tolerance) in numbers {
        check.number(what(key), found, field(key)?, tolerance);
    }
    let fits = array(&expected["ggd"])?;
    check.equal(what("number of fits"), &fits.len(), &found.fits().count());
    for (fit, expected) in found.fits().zip(fits) {
        let what = |key: &str| format!("{place} {} {key}", expected["map"]);
        let sigma = number(&expected["sigma"])?;
        check.number(what("sigma"), fit.variance.sqrt(), sigma, FITS);
        if sigma > NOISE {
            check.number(what("rho"), fit.rho, number(&expected["rho"])?, FITS);
            check.equal(what("index0"), &Some(fit.index as u64), &expected["index0"].as_u64());
        }
    }
    Ok(())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
