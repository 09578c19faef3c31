//! Compares the crates with reference outputs: `cargo xtask golden --help`.

mod clip;
mod clip_text;
mod convnext;
mod da_clip;
mod gm_log;
mod higrade;
mod hust;
mod image;
#[cfg(test)]
mod independent;
mod losses;
mod metrics;
mod picture;
mod pooled;
mod preprocess;
mod primitives;
#[path = "../print.rs"]
mod print;
mod rapique;
mod report;
mod resnet;
mod squash;
mod steps;
mod swin;
mod swin_v2;
mod table;
mod tensors;
mod tlvqm;
mod tlvqm_high;
mod unilj;
mod v_bliinds;
mod vgg_face;
mod video;
mod videval60;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use report::{Group, Report};

use crate::print::say;

const HELP: &str = "\
Compares the crates with reference outputs.

Usage: cargo xtask golden --dir DIR [--only A,B]

The files below DIR decide which cases run, so DIR may be a whole golden set, one part of it, or another set of the
same layout:
  brisque     images/, gray/, brisque.csv, brisque_snapped.csv, unstable.json, intermediates.json,
              video_{W}x{H}_{N}f.yuv with video_*_brisque*_{frames,video}.csv
  gm-log      gray/, gmlog.csv, intermediates.json, video_*.yuv with video_*_gmlog_{frames,video}.csv
  higrade     images/, lab/, higrade.csv, unstable.json, intermediates.json, video_*.yuv with
              video_*_higrade_{frames,video}.csv
  half-size   the half-size images of intermediates.json; imresize_*0.5 of primitives.json
  tlvqm       clips.json, tlvqm_canonical_features.csv, <clip>.intermediate.json
  tlvqm-high  the frames of <clip>.intermediate.json; imresize, dct2 and Lab of primitives.json
  v-bliinds   clips.json, vbliinds_features.csv, <clip>.intermediate.json
  videval60   clips.json, videval_{canonical,plain}_features.csv, <clip>.intermediate.json; the other building blocks
              of primitives.json
  metrics     correlation.json
  clip_text   clip_tokenizer_cases.json, tokenizer.json; clip_text_*.json with .weights.safetensors and .io.safetensors;
              clip_text_*.json of keys/
  da_clip     da_tiny.json with .weights.safetensors and .io.safetensors
  swin        swin_*.json with .weights.safetensors and .io.safetensors; swin_*.json of keys/
  swinv2      swinv2_*.json with .weights.safetensors and .io.safetensors; swinv2_*.json of keys/
  convnext    convnext_*.json with .weights.safetensors and .io.safetensors; convnext_*.json of keys/
  hust        hust_tiny.json with .weights.safetensors and .io.safetensors
  unilj       unilj_tiny.json with .weights.safetensors and .io.safetensors
  dfgc1st     dfgc1st_tiny.json with .weights.safetensors and .io.safetensors
  resnet      resnet*_tiny*.json with .weights.safetensors and .io.safetensors; resnet50*.json of keys/
  vgg_face    vgg_face_tiny.json with .weights.safetensors and .io.safetensors; vgg_face*.json and vgg16*.json of keys/
  rapique     rapique.json, rapique.safetensors
  losses      losses.json, cosine_losses.json, level_scores.json
  preprocess  preprocess.json, preprocess.safetensors; resnet_256_224.json, squash384.json, with .safetensors
`image-features` stands for brisque, half-size, gm-log and higrade, `video-features` for tlvqm,
tlvqm-high, v-bliinds and videval60.

A clip is the file <clip>.y4m if it exists; otherwise its recipe makes it and its SHA-256 is checked.

Every case prints its worst absolute error, its worst relative error (of values above the absolute tolerance), the
tolerance, and PASS or FAIL. A value passes if it is within the relative or the absolute tolerance; NaN passes only if
the reference is NaN. SKIPPED means that an input is missing or that the crates do not have the method yet; it is
counted separately and is not a pass.

The command fails on any FAIL, if it compared nothing, or if a group of --only compared nothing.

The frame rate of a clip is `..._{R}fps` in its name, else `fps` of its entry in manifest.json, else 8.

Examples:
  cargo xtask golden --dir ../shared/golden
  cargo xtask golden --dir ../shared/golden/models --only metrics,losses
";

/// Maximum depth of a golden folder below DIR.
const DEPTH: usize = 4;

fn main() -> ExitCode {
    print::main(run)
}

fn run(arguments: &[String]) -> Result<()> {
    let (mut dir, mut only) = (None, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-h" | "--help" => {
                say!("{}", HELP.trim_end());
                return Ok(());
            }
            "--dir" => dir = Some(rest.next().context("--dir needs a folder")?),
            "--only" => {
                only = Some(rest.next().context("--only needs groups, for example --only metrics,losses")?)
            }
            other => bail!("golden does not know `{other}`: see `cargo xtask golden --help`"),
        }
    }
    let dir = dir.context("--dir is missing: cargo xtask golden --dir ../shared/golden")?;
    compare(Path::new(dir), only.map(String::as_str))
}

/// Runs every case of the wanted groups below `dir`.
fn compare(dir: &Path, only: Option<&str>) -> Result<()> {
    let mut report = Report::new(only.map(Group::parse_list).transpose()?);
    for folder in folders(dir, DEPTH)? {
        let has = |name: &str| folder.join(name).exists();
        let images = has("brisque.csv") || has("brisque_snapped.csv") || has("intermediates.json");
        if images || has("images") && has("gray") {
            image::run(&folder, &mut report)?;
        }
        video::run(&folder, &mut report)?;
        gm_log::run(&folder, &mut report)?;
        higrade::run(&folder, &mut report)?;
        if clip::has_clips(&folder) {
            tlvqm::run(&folder, &mut report)?;
            tlvqm_high::run(&folder, &mut report)?;
            v_bliinds::run(&folder, &mut report)?;
            videval60::run(&folder, &mut report)?;
        }
        if has("primitives.json") {
            steps::primitives(&folder, &mut report)?;
            primitives::run(&folder, &mut report)?;
        }
        if has("correlation.json") {
            metrics::run(&folder, &mut report)?;
        }
        swin::run(&folder, &mut report)?;
        swin_v2::run(&folder, &mut report)?;
        clip_text::run(&folder, &mut report)?;
        da_clip::run(&folder, &mut report)?;
        resnet::run(&folder, &mut report)?;
        vgg_face::run(&folder, &mut report)?;
        convnext::run(&folder, &mut report)?;
        hust::run(&folder, &mut report)?;
        unilj::run(&folder, &mut report)?;
        squash::run(&folder, &mut report)?;
        rapique::run(&folder, &mut report)?;
        if has("losses.json") || has("cosine_losses.json") || has("level_scores.json") {
            losses::run(&folder, &mut report)?;
        }
        if has("preprocess.json") {
            preprocess::run(&folder, &mut report)?;
        }
        if has("resnet_256_224.json") {
            preprocess::resnet(&folder, &mut report)?;
        }
    }
    report.finish(dir)
}

/// `dir` and the folders below it, sorted, without hidden ones and build output.
fn folders(dir: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let mut found = vec![dir.to_path_buf()];
    let mut below: Vec<PathBuf> = fs::read_dir(dir)
        .with_context(|| format!("cannot read {}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    below.sort();
    for path in below {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if depth > 0 && !name.starts_with('.') && name != "target" {
            found.extend(folders(&path, depth - 1)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two metric cases; one has a number that is off by `error`.
    fn correlation(error: f64) -> String {
        let case = |name: &str, rmse: f64| {
            format!(
                r#"{{"case": "{name}", "pred": [1.0, 2.0, 3.0], "mos": [2.0, 3.0, 5.0],
                "metrics": {{"plcc": 0.9819805060619657, "srcc": 1.0, "rmse": {rmse:?},
                "ranks_pred_average": [1.0, 2.0, 3.0], "ranks_mos_average": [1.0, 2.0, 3.0]}}}}"#
            )
        };
        let rmse = 2f64.sqrt();
        format!(r#"{{"cases": [{}, {}]}}"#, case("good", rmse), case("other", rmse + error))
    }

    #[test]
    fn an_empty_folder_fails() {
        let dir = tempfile::tempdir().unwrap();
        let error = compare(dir.path(), None).unwrap_err();
        assert!(error.to_string().contains("nothing was compared"), "{error}");
        assert!(compare(&dir.path().join("absent"), None).is_err());
    }

    #[test]
    fn a_perturbed_reference_fails() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("models/metrics");
        fs::create_dir_all(&folder).unwrap();
        let write = |error| fs::write(folder.join("correlation.json"), correlation(error)).unwrap();
        write(0.0);
        compare(dir.path(), None).unwrap();
        compare(&folder, Some("metrics")).unwrap();
        write(1e-9);
        let error = compare(dir.path(), None).unwrap_err();
        assert!(error.to_string().contains("1 FAIL"), "{error}");
    }

    #[test]
    fn a_group_without_cases_fails() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("correlation.json"), correlation(0.0)).unwrap();
        let error = compare(dir.path(), Some("metrics,losses")).unwrap_err();
        assert!(error.to_string().contains("losses"), "{error}");
        assert!(compare(dir.path(), Some("nonsense")).is_err());
    }

    #[test]
    fn a_missing_input_is_skipped_and_no_pass() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("brisque_snapped.csv"), "name,f1\nabsent,1.0\n").unwrap();
        let mut report = Report::new(None);
        image::run(dir.path(), &mut report).unwrap();
        assert_eq!((report.passed(), report.failed(), report.skipped()), (0, 0, 2));
        assert!(report.finish(dir.path()).unwrap_err().to_string().contains("nothing was compared"));
    }
}
