//! The building blocks of `primitives.json`: windows, local statistics, fits, moments, gradient, pyramid and colours.
//! `half-size` and `tlvqm-high` compare those of resizing and of the DCT.

use std::path::Path;

use anyhow::{Context, Result};
use dream_features::Plane;
use dream_features::color::{Lab8, lms_cat02, rgb8_from_ycbcr};
use dream_features::filter::{gaussian, log, sobel_magnitude};
use dream_features::nss::{Aggd, FlatAreas, Ggd, Moments, local_statistics};
use dream_features::pyramid::laplacian_band;
use serde_json::Value;

use crate::report::{Group, Report, Tolerance, say};
use crate::steps::products;
use crate::table::{index, json, number_list};

const TOLERANCE: Tolerance = Tolerance { relative: 1e-10, absolute: 1e-12 };

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Videval60) {
        return Ok(());
    }
    say(format_args!("# building blocks of {}", folder.display()));
    let all = json(&folder.join("primitives.json"))?;
    for (key, expected) in all.as_object().into_iter().flatten() {
        let Some(found) = compute(key, &all) else { continue };
        let exact = ["ycbcr2rgb_uint8", "lab8_icc"].contains(&key.as_str());
        let tolerance = if exact { Tolerance::EXACT } else { TOLERANCE };
        report.case(Group::Videval60, &format!("primitives/{key}"), tolerance, |check| {
            check.numbers(key, &found?, &number_list(&expected["data_row_major"])?, tolerance);
            Ok(())
        });
    }
    Ok(())
}

/// The crate's result for an entry; `None` for inputs, and for entries of other groups.
fn compute(key: &str, all: &Value) -> Option<Result<Vec<f64>>> {
    let plane = |name: &str| plane(all, name);
    let local = |name: &str| Ok::<_, anyhow::Error>(local_statistics(&plane(name)?, FlatAreas::Snapped));
    let mapped = |name: &str, convert: &dyn Fn([u8; 3]) -> [f64; 3]| {
        Ok(codes(all, name)?.into_iter().flat_map(convert).collect())
    };
    let numbers = |codes: [u8; 3]| codes.map(f64::from);
    Some(match key {
        "gauss7_7_6" => Ok(gaussian(7, 7.0 / 6.0)),
        "gauss5_0.5" => Ok(gaussian(5, 0.5)),
        "log5_0.5" => Ok(log(5, 0.5)),
        "imgradient_A" => plane("A").map(|a| sobel_magnitude(&a).data().to_vec()),
        "lpyr_band1_B" => plane("B").map(|b| laplacian_band(&b).data().to_vec()),
        "mscn_B_zero_pad" => local("B").map(|local| local.mscn.data().to_vec()),
        "sd_B_zero_pad" => local("B").map(|local| local.sigma.data().to_vec()),
        // From the coefficients of the reference: B is flat in places, and the fit counts signs.
        "aggd_alpha_ls_rs_of_S_times_shift01" => plane("mscn_B_zero_pad").map(|s| {
            let fit = Aggd::fit(&products(&s, 0.0, 1.0));
            vec![fit.shape, fit.left, fit.right]
        }),
        "ggd_alpha_sigma_of_S" => plane("mscn_B_zero_pad").map(|s| {
            let fit = Ggd::fit_zero_mean(s.data());
            vec![fit.shape, fit.variance.sqrt()]
        }),
        "skew_kurt_of_S" => plane("mscn_B_zero_pad").map(|s| {
            let moments = Moments::of(s.data());
            vec![moments.skewness, moments.kurtosis]
        }),
        "ycbcr2rgb_uint8" => mapped("yuv8", &|ycbcr| numbers(rgb8_from_ycbcr(ycbcr))),
        "lab8_icc" => mapped("ycbcr2rgb_uint8", &|rgb| numbers(Lab8::videval().convert(rgb))),
        "cat02_lms" => mapped("ycbcr2rgb_uint8", &lms_cat02),
        _ => return None,
    })
}

fn plane(all: &Value, name: &str) -> Result<Plane> {
    let value = all.get(name).with_context(|| format!("the plane {name} is missing"))?;
    Ok(Plane::new(number_list(&value["data_row_major"])?, index(value, "cols")?, index(value, "rows")?)?)
}

/// Rows of three codes.
fn codes(all: &Value, name: &str) -> Result<Vec<[u8; 3]>> {
    let value = all.get(name).with_context(|| format!("the colours {name} are missing"))?;
    let numbers = number_list(&value["data_row_major"])?;
    let code = |v: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes of 0 to 255")]
        let code = v as u8;
        code
    };
    Ok(numbers.as_chunks::<3>().0.iter().map(|row| row.map(code)).collect())
}
