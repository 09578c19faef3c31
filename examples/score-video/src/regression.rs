//! Features and a quality model: the methods that need no weights but the embedded ones.

use anyhow::{Context, Result, bail};
use dream_data::Pixels;
use dream_features::color::luma_bt601_studio;
use dream_features::nss::FlatAreas;
use dream_features::tlvqm::Ties;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, Frame, LumaView, Pooled, RgbView, VideoFeatures, VideoSession, VideoSpec, Yuv420View,
};
use dream_models::Error as ModelError;
use dream_models::regression::{Evaluation, QualityModel};

use crate::args::Args;
use crate::method::{About, Judgement, Method, MethodName, Part, Session};

/// VIDEVAL-60 as the model learned it, from tables of the original code: rounding noise and ties as they come, and NaN for
/// what is undefined, which the model fills in as in its training.
const VIDEVAL60: Videval60 =
    Videval60 { ties: Ties::Plain, flat_areas: FlatAreas::Literal, keep_undefined: true };

pub(crate) struct Regression {
    model: QualityModel,
    features: Box<dyn VideoFeatures>,
    /// Whether the features are of luma alone.
    luma: bool,
    level: f64,
    sampling: String,
}

impl Regression {
    pub(crate) fn load(args: &Args) -> Result<Self> {
        let luma = args.method == MethodName::Brisque;
        let model = match &args.model {
            None if luma => QualityModel::embedded_brisque()?,
            None => QualityModel::embedded()?,
            Some(path) => {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                QualityModel::from_bytes(&bytes).with_context(|| format!("{} is no model", path.display()))?
            }
        };
        let features: Box<dyn VideoFeatures> = if luma {
            Box::new(Pooled::new(Brisque::default(), args.pooling())?)
        } else {
            Box::new(VIDEVAL60)
        };
        model
            .check_inputs(features.layout().names())
            .context("the model takes other features than this --method gives")?;
        let (least, most) = model.calibration().levels();
        if !(least..=most).contains(&args.level()) {
            bail!("--level {}: the model has intervals of {least} to {most}", args.level());
        }
        Ok(Self { model, features, luma, level: args.level(), sampling: args.sampling_words() })
    }
}

impl Method for Regression {
    fn about(&self) -> About {
        let output = self.model.output();
        let evaluation = self.model.provenance().evaluation.as_ref();
        About {
            model: self.model.version().to_owned(),
            measures: output.meaning.clone(),
            scale: output.scale.clone(),
            accuracy: evaluation.map(Evaluation::words),
            intervals: Some(format!(
                "the interval holds the mean rating of {:.0} % of such videos",
                100.0 * self.level
            )),
            sampling: self.sampling.clone(),
            checkpoint: None,
        }
    }

    /// On whole chroma samples where chroma counts and is at half size.
    fn part(&self, part: Part, pixels: Pixels<'_>) -> Part {
        let (x, y, width, height) = part;
        let Pixels::Yuv420 { y: luma, .. } = pixels else { return part };
        if self.luma {
            return part;
        }
        let even = |from: usize, len: usize, size: usize| {
            let start = from / 2 * 2;
            (start, ((from + len).div_ceil(2) * 2).min(size) - start)
        };
        let ((x, width), (y, height)) = (even(x, width, luma.width), even(y, height, luma.height));
        (x, y, width, height)
    }

    fn start(&self, spec: VideoSpec) -> Result<Box<dyn Session + '_>> {
        let session = self.features.start(spec).context(self.remedy(spec))?;
        Ok(Box::new(Running { of: self, spec, session }))
    }
}

impl Regression {
    /// What to do about a video that is too short or too small.
    fn remedy(&self, spec: VideoSpec) -> String {
        if self.luma {
            return "no score".to_owned();
        }
        let half = (spec.frames_per_second.round() / 2.0).floor();
        format!(
            "--method videval60 needs 64x64 pixels and {} frames at this rate; --method brisque scores smaller and \
             shorter videos",
            2.0 * half + 4.0
        )
    }
}

struct Running<'a> {
    of: &'a Regression,
    spec: VideoSpec,
    session: Box<dyn VideoSession + 'a>,
}

impl Session for Running<'_> {
    fn wants_next(&self) -> bool {
        self.session.wants_next()
    }

    fn push(&mut self, pixels: Pixels<'_>, (x, y, width, height): Part) -> Result<()> {
        let session = &mut self.session;
        let mut push = |frame: Frame<'_>| Ok(session.push(&frame.crop(x, y, width, height)?)?);
        match pixels {
            Pixels::Yuv420 { y, u, v } if !self.of.luma => {
                let [y, u, v] = [y, u, v].map(|p| LumaView::new(p.data, p.width, p.height, p.stride));
                push(Frame::from_yuv420(Yuv420View::new(y?, u?, v?)?))
            }
            Pixels::Yuv420 { y: p, .. } | Pixels::Gray(p) => {
                push(Frame::from_luma(LumaView::new(p.data, p.width, p.height, p.stride)?))
            }
            // The luma that video decoders hand out, since that is what the model was trained on.
            Pixels::Rgb(p) if self.of.luma => {
                let luma = luma_bt601_studio(&RgbView::new(p.data, p.width, p.height, p.stride)?);
                push(Frame::from_luma(LumaView::new(&luma, p.width, p.height, p.width)?))
            }
            Pixels::Rgb(p) => push(Frame::from_rgb(RgbView::new(p.data, p.width, p.height, p.stride)?)),
            other => bail!("cannot score this pixel layout: {other:?}"),
        }
    }

    fn skip(&mut self) {
        self.session.skip();
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let Self { of, spec, session } = *self;
        let features = session.finish().with_context(|| of.remedy(spec))?;
        let prediction = match of.model.predict_at(features.values(), of.level) {
            Err(error @ ModelError::TooManyMissing { .. }) => return Err(error).context(of.remedy(spec)),
            other => other?,
        };
        let familiarity = prediction.familiarity;
        let mut warnings = Vec::new();
        if features.replaced() > 0 {
            warnings.push(format!("flat frames: {} undefined features taken as 0", features.replaced()));
        }
        if familiarity.missing > 0 {
            let missing = familiarity.missing;
            warnings.push(format!("{missing} undefined features, taken as those of the average video"));
        }
        if !familiarity.is_familiar() {
            warnings.push(format!(
                "unlike the videos of the training (distance {:.1}, familiar up to {:.1}): do not rely on the score",
                familiarity.distance, familiarity.limit
            ));
        }
        Ok(Judgement {
            score: Some(prediction.score),
            grade: of.model.grade(prediction.score),
            interval: Some(prediction.interval),
            familiarity: Some(familiarity),
            frames_used: features.frames(),
            warnings,
            face: None,
            nearest: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use dream_features::{Frame, LumaView, VideoFeatures, VideoSpec, Yuv420View};
    use dream_models::regression::QualityModel;

    use super::*;

    /// A moving texture with black bars above and below, which are flat, and coloured with a flat part.
    fn letterboxed(features: Videval60) -> Vec<f64> {
        let (width, height) = (128, 96);
        let spec = VideoSpec { width, height, frames_per_second: 10.0 };
        let mut session = features.start(spec).unwrap();
        for t in 0..20usize {
            let luma: Vec<u8> = (0..width * height)
                .map(|i| {
                    let (x, y) = (i % width + t, i / width);
                    let texture = (x * x / 7 + x * y / 3 + y * y / 5) % 37 + (x / 16 + y / 12) % 2 * 60 + 50;
                    if (12..84).contains(&y) { u8::try_from(texture).unwrap() } else { 16 }
                })
                .collect();
            let half = width / 2 * height / 2;
            let tint = |i: usize| if i % 64 < 40 { 128 } else { u8::try_from(100 + i % 64).unwrap() };
            let chroma: Vec<u8> = (0..half).map(tint).collect();
            let plane = |data, w, h| LumaView::new(data, w, h, w).unwrap();
            let view = Yuv420View::new(
                plane(&luma, width, height),
                plane(&chroma, width / 2, height / 2),
                plane(&chroma, width / 2, height / 2),
            );
            session.push(&Frame::from_yuv420(view.unwrap())).unwrap();
        }
        session.finish().unwrap().values().to_vec()
    }

    /// The form of the features matters little, so that a caller who takes the default of the extractor is not far off.
    #[test]
    fn snapped_flat_areas_and_ties_by_rule_move_the_score_little() {
        let model = QualityModel::embedded().unwrap();
        let score = |features| model.predict(&letterboxed(features)).unwrap().score;
        let release = score(VIDEVAL60);
        for (ties, flat_areas) in [
            (Ties::Canonical, FlatAreas::Literal),
            (Ties::Plain, FlatAreas::Snapped),
            (Ties::Canonical, FlatAreas::Snapped),
        ] {
            let other = score(Videval60 { ties, flat_areas, keep_undefined: true });
            assert!((other - release).abs() < 0.15, "{ties:?} {flat_areas:?}: {release} and {other}");
        }
    }
}
