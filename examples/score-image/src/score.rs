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
pub(crate) struct Scorer {
    model: Model,
    open: OpenOptions,
}

enum Model {
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
    /// `open` says how images are read, but for their range.
    pub(crate) fn new(metric: Metric, open: OpenOptions) -> Result<Self> {
        let model = match metric {
            Metric::Brisque => Model::Brisque(Box::new(SvrModel::brisque_live()?)),
            Metric::Niqe => Model::Niqe,
            Metric::Ugc => Model::Ugc(Box::new(QualityModel::embedded_brisque()?.for_images()?)),
        };
        // The published metrics are defined on full range, the model on that of video.
        let full = OpenOptions { range: ColorRange::Full, ..open.clone() };
        let open = if matches!(model, Model::Ugc(_)) { open } else { full };
        Ok(Self { model, open })
    }

    /// Name and number of what is computed; another one where scores have changed.
    pub(crate) fn version(&self) -> &str {
        match &self.model {
            Model::Brisque(model) => model.version(),
            Model::Niqe => "niqe-live-1",
            Model::Ugc(model) => model.version(),
        }
    }

    pub(crate) fn run(&self, path: &Path) -> Result<Scored> {
        let mut source = open(path, &self.open)?;
        let Some(frame) = source.next_frame()? else { bail!("{}: there is no image in it", path.display()) };
        let (pixels, mut gray) = (frame.pixels(), Vec::new());
        let frame = match &self.model {
            Model::Ugc(_) => view(pixels)?,
            Model::Brisque(_) | Model::Niqe => published(pixels, &mut gray)?,
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
        Ok(match &self.model {
            Model::Niqe => (Niqe::default().score(frame)?, None),
            Model::Brisque(model) => {
                let features = Brisque { flat_areas: FlatAreas::Literal }.extract(frame)?;
                (model.predict(defined(&features)?)?.score, None)
            }
            Model::Ugc(model) => {
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
