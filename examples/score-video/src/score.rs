//! From frames to a score: the composition of the three crates.

use anyhow::{Context, Result, bail};
use dream_data::{Error as DataError, FrameSource, Pixels, RelativeBox};
use dream_features::color::luma_bt601_studio;
use dream_features::{Brisque, Frame, LumaView, Pooled, RgbView, VideoFeatures, VideoSpec};
use dream_models::regression::{Grade, QualityModel};

use crate::args::Args;

/// Features, model and what to look at.
pub(crate) struct Scorer {
    pub(crate) model: QualityModel,
    features: Pooled<Brisque>,
    crop: Option<RelativeBox>,
}

/// What came of one video.
pub(crate) struct Scored {
    pub(crate) score: f64,
    pub(crate) grade: Option<Grade>,
    pub(crate) frames_used: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frames_per_second: f64,
    pub(crate) seconds: f64,
    pub(crate) decoder: &'static str,
    /// The frames are bit for bit those of the standard.
    pub(crate) exact: bool,
    /// The file was damaged, and this score is of the part before.
    pub(crate) damage: Option<String>,
    /// Features that were undefined and taken as 0.
    pub(crate) undefined: usize,
}

impl Scorer {
    pub(crate) fn new(args: &Args) -> Result<Self> {
        let model = match &args.model {
            None => QualityModel::embedded()?,
            Some(path) => {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                QualityModel::from_bytes(&bytes).with_context(|| format!("{} is no model", path.display()))?
            }
        };
        let features = Pooled::new(Brisque::default(), args.pooling())?;
        model.check_inputs(features.layout().names()).context("the model wants other features")?;
        Ok(Self { model, features, crop: args.crop })
    }

    /// Scores a video; `progress` is told the number of frames so far.
    pub(crate) fn score(
        &self,
        source: &mut dyn FrameSource,
        mut progress: impl FnMut(u64),
    ) -> Result<Scored> {
        let info = source.info().clone();
        let whole = (0, 0, info.width as usize, info.height as usize);
        let (x, y, width, height) = self.crop.map_or(whole, |crop| crop.to_pixels(whole.2, whole.3));
        let frames_per_second = info.frame_rate.as_f64();
        let mut session = self.features.start(VideoSpec { width, height, frames_per_second })?;
        let (mut frames, mut end, mut damage) = (0, 0.0, None);
        loop {
            let frame = match source.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(DataError::Damaged { frames, reason, .. }) if frames > 0 => {
                    damage = Some(format!("damaged after {frames} frames: {reason}"));
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            frames += 1;
            end = frame.timestamp() + 1.0 / frames_per_second;
            progress(frames);
            if session.wants_next() {
                with_luma(frame.pixels(), |luma| session.push(&luma.crop(x, y, width, height)?))?;
            } else {
                session.skip();
            }
        }
        let features = session.finish()?;
        let score = self.model.predict(features.values())?;
        Ok(Scored {
            score,
            grade: Grade::of(score),
            frames_used: features.frames(),
            width: info.width,
            height: info.height,
            frames_per_second,
            seconds: end,
            decoder: info.decoder,
            exact: info.exact,
            damage,
            undefined: features.replaced(),
        })
    }
}

/// The luma of a frame. Decoded luma as it is; for RGB, the luma that video decoders hand out, since that is
/// what the model was trained on.
fn with_luma<R>(
    pixels: Pixels<'_>,
    use_it: impl FnOnce(Frame<'_>) -> dream_features::Result<R>,
) -> Result<R> {
    let use_luma = |view| Ok(use_it(Frame::from_luma(view))?);
    match pixels {
        Pixels::Yuv420 { y: p, .. } | Pixels::Gray(p) => {
            use_luma(LumaView::new(p.data, p.width, p.height, p.stride)?)
        }
        Pixels::Rgb(p) => {
            let luma = luma_bt601_studio(&RgbView::new(p.data, p.width, p.height, p.stride)?);
            use_luma(LumaView::new(&luma, p.width, p.height, p.width)?)
        }
        other => bail!("cannot score this pixel layout: {other:?}"),
    }
}
