//! TLVQM's high-complexity vectors of single frames, VIDEVAL's six of them, and the primitives below them.

use std::path::Path;

use anyhow::{Context, Result};
use dream_features::Plane;
use dream_features::color::{lab_from_rgb, rgb_from_ycbcr};
use dream_features::dct::dct2;
use dream_features::resize::scaled;
use dream_features::tlvqm::high::{HighComplexity, NAMES};
use serde_json::Value;

use crate::clip::{self, Clip};
use crate::report::{Check, Group, Report, Tolerance};
use crate::table::{array, index, json, number_list};

const TLVQM: Tolerance = Tolerance { relative: 1e-9, absolute: 1e-12 };
const VIDEVAL: Tolerance = Tolerance { relative: 1e-8, absolute: 1e-12 };
const PRIMITIVE: Tolerance = Tolerance { relative: 1e-12, absolute: 1e-12 };

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::TlvqmHigh) {
        return Ok(());
    }
    let primitives_file = folder.join("primitives.json");
    if primitives_file.is_file() {
        primitives(&json(&primitives_file)?, report);
    }
    for listed in clip::list(folder, &[])? {
        let name = &listed.name;
        let steps = listed.steps.as_ref().unwrap_or(&Value::Null);
        let (high, six) = (&steps["tlvqm_canonical"], &steps["videval"]["hcf"]);
        if high["hc"].is_null() && six.is_null() || clip::skip(report, Group::TlvqmHigh, &listed) {
            continue;
        }
        let Ok(clip) = &listed.clip else { continue };
        if !high["hc"].is_null() {
            report.case(Group::TlvqmHigh, name, TLVQM, |check| vectors(clip, high, check));
        }
        if !six.is_null() {
            let case = format!("{name}/videval");
            report.case(Group::TlvqmHigh, &case, VIDEVAL, |check| videval(clip, six, check));
        }
    }
    Ok(())
}

/// The vectors of the frames that the reference selected.
fn vectors(clip: &Clip, golden: &Value, check: &mut Check) -> Result<()> {
    let names: Vec<&str> = array(&golden["hc_names"])?.iter().filter_map(Value::as_str).collect();
    check.equal("names", &names.as_slice(), &NAMES.as_slice());
    let (frames, rows) = (array(&golden["hc_frame_index"])?, array(&golden["hc"])?);
    check.equal("number of frames", &frames.len(), &rows.len());
    let spec = clip.spec();
    let mut high = HighComplexity::new(spec.width, spec.height)?;
    for (index, row) in frames.iter().zip(rows) {
        let index = usize::try_from(index.as_u64().context("a frame index is not a whole number")?)?;
        let found = high.vector(&clip.view(index)?)?;
        check.numbers(format_args!("frame {index}"), &found, &number_list(row)?, TLVQM);
    }
    Ok(())
}

/// VIDEVAL's frames: from the middle of the first second on, one per second.
fn videval(clip: &Clip, golden: &Value, check: &mut Check) -> Result<()> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded rate of at least 2"
    )]
    let rate = clip.spec().frames_per_second.round().max(2.0) as usize;
    let spec = clip.spec();
    let mut high = HighComplexity::new(spec.width, spec.height)?;
    for (row, index) in array(golden)?.iter().zip((rate / 2 - 1..).step_by(rate)) {
        let found = high.videval_vector(&clip.view(index)?)?;
        check.numbers(format_args!("frame {index}"), &found, &number_list(row)?, VIDEVAL);
    }
    Ok(())
}

/// `imresize_S` of the plane `A` and `imresize_X_S` of `X`, `dct2_X`, and the colours of `yuv8`.
fn primitives(golden: &Value, report: &mut Report) {
    for (key, expected) in golden.as_object().into_iter().flatten() {
        let made = |input: &str, make: &dyn Fn(&Plane) -> Result<Plane>, check: &mut Check| -> Result<()> {
            let found =
                make(&plane(golden.get(input).with_context(|| format!("the plane {input} is missing"))?)?)?;
            let expected = plane(expected)?;
            let size = |plane: &Plane| (plane.width(), plane.height());
            check.equal("width and height", &size(&found), &size(&expected));
            check.numbers(key, found.data(), expected.data(), PRIMITIVE);
            Ok(())
        };
        let case = format!("primitives/{key}");
        if let Some(rest) = key.strip_prefix("imresize_") {
            let (input, scale) = rest.rsplit_once('_').unwrap_or(("A", rest));
            report.case(Group::TlvqmHigh, &case, PRIMITIVE, |check| {
                let scale: f64 = scale.parse().with_context(|| format!("{scale} is not a scale"))?;
                made(input, &|image| Ok(scaled(image, scale)?), check)
            });
        } else if let Some(input) = key.strip_prefix("dct2_") {
            report.case(Group::TlvqmHigh, &case, PRIMITIVE, |check| {
                made(input, &|image| Ok(dct2(image)), check)
            });
        } else if key == "ycbcr2rgb_double" || key == "rgb2lab_of_that" {
            report.case(Group::TlvqmHigh, &case, PRIMITIVE, |check| {
                let codes = number_list(&golden["yuv8"]["data_row_major"])?;
                let expected = number_list(&expected["data_row_major"])?;
                let found = codes.as_chunks::<3>().0.iter().flat_map(|codes| {
                    let rgb = rgb_from_ycbcr(codes.map(|code| code / 255.0));
                    if key == "rgb2lab_of_that" { lab_from_rgb(rgb) } else { rgb }
                });
                check.numbers(key, &found.collect::<Vec<f64>>(), &expected, PRIMITIVE);
                Ok(())
            });
        }
    }
}

fn plane(value: &Value) -> Result<Plane> {
    Ok(Plane::new(number_list(&value["data_row_major"])?, index(value, "cols")?, index(value, "rows")?)?)
}
