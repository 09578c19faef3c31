//! From an image to its score.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use dream_data::{ColorRange, OpenOptions, Pixels, open};
use dream_features::nss::FlatAreas;
use dream_features::{Brisque, FeatureVector, Frame, ImageFeatures, Niqe};
use dream_models::regression::{QualityModel, SvrModel};

use crate::args::Metric;
use crate::view::view;

/// A metric that is ready to score.
pub(crate) enum Scorer {
    Brisque(Box<SvrModel>),
    Niqe,
    Ugc(Box<QualityModel>),
}

/// The score of an image.
pub(crate) struct Scored {
    pub(crate) score: f64,
    /// Ends of the 90 % interval, where the metric has one.
    pub(crate) interval: Option<[f64; 2]>,
    pub(crate) size: (usize, usize),
    /// What was settled about the file without asking.
    pub(crate) assumptions: Vec<String>,
}

impl Scorer {
    pub(crate) fn new(metric: Metric) -> Result<Self> {
        Ok(match metric {
            Metric::Brisque => Self::Brisque(Box::new(SvrModel::brisque_live()?)),
            Metric::Niqe => Self::Niqe,
            Metric::Ugc => Self::Ugc(Box::new(QualityModel::embedded_brisque()?.for_images()?)),
        })
    }

    /// Name and number of what is computed; another one where scores have changed.
    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Brisque(model) => model.version(),
            Self::Niqe => "niqe-live-1",
            Self::Ugc(model) => model.version(),
        }
    }

    /// How images are opened. The published metrics are defined on full range, the model on that of video.
    fn options(&self) -> OpenOptions {
        match self {
            Self::Ugc(_) => OpenOptions::default(),
            Self::Brisque(_) | Self::Niqe => {
                OpenOptions { range: ColorRange::Full, ..OpenOptions::default() }
            }
        }
    }

    pub(crate) fn run(&self, path: &Path) -> Result<Scored> {
        let mut source = open(path, &self.options())?;
        let Some(frame) = source.next_frame()? else { bail!("{}: there is no image in it", path.display()) };
        let (pixels, mut gray) = (frame.pixels(), Vec::new());
        let frame = match self {
            Self::Ugc(_) => view(pixels)?,
            Self::Brisque(_) | Self::Niqe => published(pixels, &mut gray)?,
        };
        let size = frame.size();
        let (score, interval) = self.score(&frame)?;
        // What has more than one picture is no image.
        let more = source.next_frame()?.is_some();
        ensure!(!more, "{}: it is a video, and this program scores images: use score-video", path.display());
        let assumptions = source.info().assumptions.iter().map(ToString::to_string).collect();
        Ok(Scored { score, interval, size, assumptions })
    }

    fn score(&self, frame: &Frame<'_>) -> Result<(f64, Option<[f64; 2]>)> {
        Ok(match self {
            Self::Niqe => (Niqe::default().score(frame)?, None),
            Self::Brisque(model) => {
                let features = Brisque { flat_areas: FlatAreas::Literal }.extract(frame)?;
                (model.predict(defined(&features)?)?.score, None)
            }
            Self::Ugc(model) => {
                let features = Brisque::default().extract(frame)?;
                let found = model.predict(defined(&features)?)?;
                (found.score, Some([found.interval.low, found.interval.high]))
            }
        })
    }
}

/// The features, if the image has them all.
fn defined(features: &FeatureVector) -> Result<&FeatureVector> {
    let (missing, all) = (features.replaced(), features.values().len());
    ensure!(
        missing == 0,
        "the image has no score: {missing} of {all} features are undefined, as in an image of one colour"
    );
    Ok(features)
}

/// Pixels as the published metrics take them: luma is `rgb2gray` of RGB, and that of gray is the gray itself.
fn published<'a>(pixels: Pixels<'a>, gray: &'a mut Vec<u8>) -> Result<Frame<'a>> {
    Ok(match pixels {
        Pixels::Rgb(plane) => Frame::rgb(plane.parts())?,
        Pixels::Gray(plane) => {
            let (samples, width, height, stride) = plane.parts();
            let rows = samples.chunks(stride.max(1)).take(height).filter_map(|row| row.get(..width));
            gray.extend(rows.flatten().flat_map(|&sample| [sample; 3]));
            Frame::rgb((gray, width, height, 3 * width))?
        }
        Pixels::Yuv420 { .. } => bail!(
            "it holds video samples (YUV), and this metric is defined on RGB and gray: use score-video for a video, and \
             save a picture as PNG"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gray_is_its_own_gray() {
        let codes: Vec<u8> = (0..=255).collect();
        let rgb: Vec<u8> = codes.iter().flat_map(|&code| [code; 3]).collect();
        let frame = Frame::rgb((&rgb, 16, 16, 48)).unwrap();
        assert_eq!(frame.luma_plane(), Frame::luma((&codes, 16, 16, 16)).unwrap().luma_plane());
    }
}
