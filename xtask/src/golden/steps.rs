//! The steps to BRISQUE, one by one, and the half-size image.

use std::path::Path;

use anyhow::{Context, Result};
use dream_features::Plane;
use dream_features::nss::{Aggd, FlatAreas, Ggd, local_statistics};
use dream_features::resize::half_size;
use serde_json::Value;

use crate::image::{Gray, SNAPPED};
use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, index, json, number, number_list};

/// In flat areas sigma is the root of pure rounding noise: a few units in the last place of 255², so up to 1e-5.
const SIGMA: Tolerance = Tolerance { relative: 1e-8, absolute: 1e-5 };

/// Compares every step of both scales of one image.
pub(crate) fn image(name: &str, gray: &Gray, scales: &[Value], report: &mut Report) {
    let planes = || -> Result<[Plane; 2]> {
        let full = Plane::from_luma(&gray.view()?);
        let half = half_size(&full);
        Ok([full, half])
    };
    report.case(Group::HalfSize, name, Tolerance::EXACT, |check| {
        let ([_, half], expected) =
            (planes()?, scales.get(1).context("no second scale in intermediates.json")?);
        geometry(&half, expected, check)
    });
    let tolerance = format!("{SNAPPED}; sigma_mean {SIGMA}; indices, counts, image exact");
    report.case(Group::Brisque, &format!("steps/{name}"), tolerance, |check| {
        let planes = planes()?;
        check.equal("number of scales", &scales.len(), &planes.len());
        for (s, (plane, expected)) in planes.iter().zip(scales).enumerate() {
            geometry(plane, expected, check)?;
            scale(s + 1, plane, expected, check)?;
        }
        Ok(())
    });
}

/// Size and mean. The mean is exact: all values are multiples of 2^-16 and their sum fits in an f64.
fn geometry(plane: &Plane, expected: &Value, check: &mut Check) -> Result<()> {
    let size = [plane.height() as u64, plane.width() as u64];
    let expected_size = ["height", "width"].map(|key| expected[key].as_u64().unwrap_or(0));
    check.equal("height and width", &size, &expected_size);
    check.number("image_mean", mean(plane.data()), field(expected, "image_mean")?, Tolerance::EXACT);
    Ok(())
}

/// Everything between the image of one scale and its 18 features, in the snapped form.
fn scale(s: usize, image: &Plane, expected: &Value, check: &mut Check) -> Result<()> {
    let local = local_statistics(image, FlatAreas::Snapped);
    let mscn = local.mscn.data();
    let ggd = Ggd::fit_zero_mean(mscn);
    let absolutes: Vec<f64> = mscn.iter().map(|v| v.abs()).collect();
    let squares: Vec<f64> = mscn.iter().map(|v| v * v).collect();
    let zeros = mscn.iter().filter(|&&v| v == 0.0).count();
    let numbers = [
        ("mu_mean", mean(local.mu.data()), SNAPPED),
        ("sigma_mean", mean(local.sigma.data()), SIGMA),
        ("mscn_mean", mean(mscn), SNAPPED),
        ("mscn_abs_mean", mean(&absolutes), SNAPPED),
        ("mscn_sq_mean", mean(&squares), SNAPPED),
        ("mscn_min", mscn.iter().copied().fold(f64::INFINITY, f64::min), SNAPPED),
        ("mscn_max", mscn.iter().copied().fold(f64::NEG_INFINITY, f64::max), SNAPPED),
        ("flat_fraction", zeros as f64 / mscn.len() as f64, Tolerance::EXACT),
        ("ggd_rho", ggd.rho, SNAPPED),
    ];
    for (key, found, tolerance) in numbers {
        check.number(format_args!("scale {s} {key}"), found, field(expected, key)?, tolerance);
    }
    check.equal(format_args!("scale {s} ggd_index0"), &ggd.index as &usize, &index(expected, "ggd_index0")?);

    for shift in array(&expected["shifts"])? {
        let by = number_list(&shift["shift"])?;
        let &[dy, dx] = by.as_slice() else { anyhow::bail!("a shift has two numbers, not {by:?}") };
        let values = products(&local.mscn, dy, dx);
        let fit = Aggd::fit(&values);
        let zeros = values.len() - usize::try_from(fit.negative + fit.positive)?;
        let what = |key: &str| format!("scale {s} shift ({dy}, {dx}) {key}");
        let counts = [usize::try_from(fit.negative)?, usize::try_from(fit.positive)?, zeros];
        for (key, found) in ["n_neg", "n_pos", "n_zero"].into_iter().zip(counts) {
            check.equal(what(key), &found, &index(shift, key)?);
        }
        check.equal(what("index0"), &fit.index, &index(shift, "index0")?);
        for (key, found) in [("left_std", fit.left), ("right_std", fit.right), ("rhat_norm", fit.ratio)] {
            check.number(what(key), found, field(shift, key)?, SNAPPED);
        }
    }
    Ok(())
}

/// Products of the map with itself, moved circularly: `x[i, j] * x[i - dy, j - dx]`.
pub(crate) fn products(map: &Plane, dy: f64, dx: f64) -> Vec<f64> {
    let moved = |by: f64, i: usize, n: usize| {
        let n = n as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number, not negative")]
        let index = (i as f64 - by).rem_euclid(n) as usize;
        index
    };
    let mut out = Vec::with_capacity(map.data().len());
    for i in 0..map.height() {
        let other = map.row(moved(dy, i, map.height()));
        for (j, value) in map.row(i).iter().enumerate() {
            out.push(value * other[moved(dx, j, map.width())]);
        }
    }
    out
}

/// The half-size images of `primitives.json`: `imresize_0.5` of the plane `A`, `imresize_X_0.5` of `X`.
pub(crate) fn primitives(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::HalfSize) {
        return Ok(());
    }
    say(format_args!("# primitives of {}", folder.display()));
    let all = json(&folder.join("primitives.json"))?;
    for (key, expected) in all.as_object().into_iter().flatten() {
        let Some(input) = key.strip_prefix("imresize_").and_then(|rest| rest.strip_suffix("0.5")) else {
            continue;
        };
        let input = if input.is_empty() { "A" } else { input.trim_end_matches('_') };
        let case = format!("primitives/{key}");
        let Some(image) = all.get(input) else {
            report.skip(Group::HalfSize, &case, format_args!("the plane {input} is missing"));
            continue;
        };
        report.case(Group::HalfSize, &case, Tolerance::EXACT, |check| {
            let (rows, columns, data) = matrix(image)?;
            let half = half_size(&Plane::new(data, columns, rows)?);
            let (rows, columns, expected) = matrix(expected)?;
            check.equal("rows and columns", &(half.height(), half.width()), &(rows, columns));
            check.numbers(key, half.data(), &expected, Tolerance::EXACT);
            Ok(())
        });
    }
    Ok(())
}

fn matrix(value: &Value) -> Result<(usize, usize, Vec<f64>)> {
    Ok((index(value, "rows")?, index(value, "cols")?, number_list(&value["data_row_major"])?))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn field(value: &Value, key: &str) -> Result<f64> {
    number(&value[key]).with_context(|| format!("reading `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_wrap_around() {
        let map = Plane::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 2).unwrap();
        assert_eq!(products(&map, 0.0, 1.0), [3.0, 2.0, 6.0, 24.0, 20.0, 30.0]);
        assert_eq!(products(&map, 1.0, 0.0), [4.0, 10.0, 18.0, 4.0, 10.0, 18.0]);
        assert_eq!(products(&map, -1.0, 1.0), [6.0, 8.0, 15.0, 12.0, 5.0, 12.0]);
    }
}
