//! Draws pseudo-fakes to look at them.

#![allow(dead_code, reason = "the trainer that uses these modules is written elsewhere")]

#[path = "../../page.rs"]
mod page;
mod pseudo;
mod sheet;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use dream_models::face::{DetectorConfig, FaceDetector, largest};
use dream_models::preprocess::ImageView;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

use pseudo::clip::{Clip, ClipOptions};
use pseudo::{Options, Portrait, Rgb};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, out, files @ ..] = arguments.as_slice() else {
        bail!("sheet OUT.png PORTRAIT.jpg..., or clip FOLDER PORTRAIT.jpg");
    };
    let config = DetectorConfig { levels: 3, ..DetectorConfig::default() };
    let detector = FaceDetector::embedded()?.with_config(config)?;
    let mut draws = Vec::new();
    let mut spent = 0.0;
    for file in files {
        let Some(portrait) = read(&detector, file)? else { continue };
        match what.as_str() {
            "sheet" => {
                let started = Instant::now();
                let options = Options {
                    damage: std::env::var_os("CLEAN").map(|_| pseudo::Damage::None),
                    ..Options::default()
                };
                draws.push(pseudo::draw(&portrait, &options, pseudo::seed_of(1, file, 0))?);
                spent += started.elapsed().as_secs_f64();
            }
            "clip" => {
                let clip = Clip::new(&portrait, &ClipOptions::default(), 1)?;
                for t in 0..50 {
                    let frame = clip.frame(t);
                    write(&frame.original, &Path::new(out).join(format!("original-{t:03}.png")))?;
                    write(&frame.fake, &Path::new(out).join(format!("fake-{t:03}.png")))?;
                }
            }
            "damage" => {
                for crf in [18, 23, 28, 33, 36] {
                    let damaged = pseudo::Damage::H264(crf).apply(&portrait)?;
                    write(&damaged.picture, &Path::new(out).join(format!("crf{crf}.png")))?;
                }
            }
            _ => bail!("unknown: {what}"),
        }
    }
    if what == "sheet" {
        eprintln!("{} draws, {:.3} s each", draws.len(), spent / draws.len() as f64);
        std::fs::write(out, sheet::encode(&draws)?)?;
    }
    Ok(())
}

fn write(picture: &Rgb, path: &Path) -> Result<()> {
    let mut page = page::Page::new(picture.width, picture.height);
    page.place(&picture.data, picture.width, 0, 0).context("too large")?;
    Ok(std::fs::write(path, page.encode()?)?)
}

fn read(detector: &FaceDetector, file: &str) -> Result<Option<Portrait>> {
    let mut decoder = JpegDecoder::new(ZCursor::new(std::fs::read(file)?));
    let data = decoder.decode()?;
    let (width, height) = decoder.dimensions().context("no size")?;
    let picture = Rgb { width, height, data };
    let found = detector.detect(&ImageView::rgb(&picture.data, width, height)?);
    let Some(face) = largest(&found) else { return Ok(None) };
    let (w, h) = (width as f64, height as f64);
    let [left, top, right, bottom] = face.area.corners();
    let points = face.points.map(|[x, y]| [x * w, y * h]);
    Ok(Some(Portrait {
        face: [left * w, top * h, right * w, bottom * h],
        points: Some(points).filter(|_| std::env::var_os("ELLIPSE").is_none()),
        picture,
    }))
}
