//! Portraits: which files of a folder, their pixels, their faces. Included as a file, for programs share no crate.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use dream_data::{OpenOptions, Pixels, expand_images, name_of, open};
use dream_models::face::{DetectorConfig, Face, FaceDetector, largest};
use dream_models::preprocess::ImageView;

use crate::print::{count, note};

/// Looks at the whole picture, then at halves and quarters of it.
const LEVELS: u32 = 3;
/// Portraits that have a line of their own when they are left out.
const NAMED: usize = 10;

/// Rows of red, green and blue bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<u8>,
}

/// A face in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    /// Left, top, right, bottom.
    #[allow(dead_code, reason = "not every program needs the box")]
    pub(crate) face: [f64; 4],
    /// Right eye, left eye, tip of the nose, middle of the mouth, right ear, left ear.
    pub(crate) points: [[f64; 2]; 6],
}

/// The PNG and JPEG files of a folder by their names below it.
pub(crate) fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files: Vec<(String, PathBuf)> = expand_images([folder])
        .into_iter()
        .map(|path| (name_of(path.strip_prefix(folder).unwrap_or(&path)), path))
        .collect();
    files.sort();
    ensure!(!files.is_empty(), "{}: there is no PNG or JPEG file in it", folder.display());
    Ok(files)
}

/// The one picture of a file.
pub(crate) fn picture(path: &Path) -> Result<Picture> {
    let mut source = open(path, &OpenOptions::default())?;
    let Some(frame) = source.next_frame()? else { bail!("{}: there is no picture in it", path.display()) };
    let pixels = frame.pixels();
    let (width, height) = match pixels {
        Pixels::Rgb(plane) | Pixels::Gray(plane) | Pixels::Yuv420 { y: plane, .. } => {
            let (_, width, height, _) = plane.parts();
            (width, height)
        }
    };
    let mut data = Vec::new();
    pixels.write_rgb8(&mut data);
    Ok(Picture { width, height, data })
}

/// Finds the largest face, with the detector of `score-video`.
pub(crate) struct Detector(FaceDetector);

impl Detector {
    pub(crate) fn new() -> Result<Self> {
        let config = DetectorConfig { levels: LEVELS, ..DetectorConfig::default() };
        Ok(Self(FaceDetector::embedded()?.with_config(config)?))
    }

    pub(crate) fn find(&self, picture: &Picture) -> Result<Option<Found>> {
        let (width, height) = (picture.width as f64, picture.height as f64);
        let faces = self.0.detect(&ImageView::rgb(&picture.data, picture.width, picture.height)?);
        let Some(Face { area, points, .. }) = largest(&faces) else { return Ok(None) };
        let [left, top, right, bottom] = area.corners();
        let points = points.map(|[x, y]| [x * width, y * height]);
        Ok(Some(Found { face: [left * width, top * height, right * width, bottom * height], points }))
    }
}

/// Says how many portraits have no face, and which.
pub(crate) fn tell_faceless(names: &[String]) {
    if names.is_empty() {
        return;
    }
    note!("note: {} without a face left out:", count(names.len(), "portrait"));
    for name in names.iter().take(NAMED) {
        note!("  {name}");
    }
    if let Some(more) = names.len().checked_sub(NAMED + 1) {
        note!("  and {} more", more + 1);
    }
}
