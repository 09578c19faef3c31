//! TLVQM's high-complexity vectors of single frames, VIDEVAL's six of them, and the primitives below.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use dream_features::Plane;
use dream_features::color::{lab_from_rgb, rgb_from_ycbcr};
use dream_features::dct::dct2;
use dream_features::resize::scaled;
use dream_features::tlvqm::high::{HighComplexity, NAMES};
use serde_json::Value;

use crate::clip::VideoClip;
use crate::report::{Check, Group, Report, Tolerance};
use crate::table::{array, json, number_list};

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
    let files = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.strip_suffix(".intermediate.json")?.to_owned())).collect();
    names.sort();
    for name in names {
        let golden = json(&folder.join(format!("{name}.intermediate.json")))?;
        let (high, six) = (&golden["tlvqm_canonical"], &golden["videval"]["hcf"]);
        if high["hc"].is_null() && six.is_null() {
            continue;
        }
        let Some(clip) = VideoClip::find(folder, &name)? else {
            report.skip(
                Group::TlvqmHigh,
                &name,
                format_args!("{name}.y4m is missing, and no recipe gives the clip"),
            );
            continue;
        };
        if !high["hc"].is_null() {
            report.case(Group::TlvqmHigh, &name, TLVQM, |check| vectors(&clip, high, check));
        }
        if !six.is_null() {
            report.case(Group::TlvqmHigh, &format!("{name}/videval"), VIDEVAL, |check| {
                videval(&clip, six, check)
            });
        }
    }
    Ok(())
}

/// The vectors of the frames that the reference has picked.
fn vectors(clip: &VideoClip, golden: &Value, check: &mut Check) -> Result<()> {
    let names: Vec<&str> = array(&golden["hc_names"])?.iter().filter_map(Value::as_str).collect();
    check.equal("names", &names.as_slice(), &NAMES.as_slice());
    let (frames, rows) = (array(&golden["hc_frame_index"])?, array(&golden["hc"])?);
    check.equal("number of frames", &frames.len(), &rows.len());
    let (width, height) = clip.size();
    let mut high = HighComplexity::new(width, height)?;
    for (index, row) in frames.iter().zip(rows) {
        let index = usize::try_from(index.as_u64().context("a frame index is no whole number")?)?;
        let found = high.vector(&clip.frame(index)?)?;
        check.numbers(format_args!("frame {index}"), &found, &number_list(row)?, TLVQM);
    }
    Ok(())
}

/// VIDEVAL's frames: from the middle of the first second on, one per second.
fn videval(clip: &VideoClip, golden: &Value, check: &mut Check) -> Result<()> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rounded rate of at least 2"
    )]
    let rate = clip.frames_per_second.round().max(2.0) as usize;
    let (width, height) = clip.size();
    let mut high = HighComplexity::new(width, height)?;
    for (row, index) in array(golden)?.iter().zip((rate / 2 - 1..).step_by(rate)) {
        let found = high.videval_vector(&clip.frame(index)?)?;
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
                let scale: f64 = scale.parse().with_context(|| format!("{scale} is no scale"))?;
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
    let side = |key: &str| -> Result<usize> {
        Ok(usize::try_from(value[key].as_u64().with_context(|| format!("`{key}` is missing"))?)?)
    };
    Ok(Plane::new(number_list(&value["data_row_major"])?, side("cols")?, side("rows")?)?)
}
