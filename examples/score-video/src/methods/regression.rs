//! Features and a quality model: the methods that need no weights but the embedded ones.

use std::sync::Arc;

use dream_data::{Layout, RelativeBox};
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, Error as FeatureError, FeatureVector, Frame, Pooled, Pooling, Recipe, Sampling, Statistic,
    VideoFeatures, VideoSession, VideoSpec,
};
use dream_models::Error as ModelError;
use dream_models::regression::{Evaluation, FeatureGroups, Prediction, QualityModel};

use super::{About, Entry, Judgement, Method, Session, Shown};
use crate::details::Details;
use crate::error::{Error, Result};
use crate::options::Options;

pub(super) const VIDEVAL60: Entry = Entry {
    name: "videval60",
    about: "60 features of naturalness, colour, motion and sharpness; every second frame",
    load: videval60,
};

pub(super) const BRISQUE: Entry = Entry {
    name: "brisque",
    about: "36 features of naturalness, one frame a second or as the options say: quick, but agrees with people clearly less",
    load: brisque,
};

fn videval60(options: &Options) -> Result<Arc<dyn Method>> {
    if options.every.is_some() || options.per_second.is_some() {
        let reason =
            "`every` and `per_second` are for `method` brisque: videval60 looks at every second frame";
        return Err(Error::Options(reason.to_owned()));
    }
    let model = model(options, QualityModel::embedded)?;
    let (features, sampling) = (Box::new(Videval60::release()), "every second frame".to_owned());
    // RGB is the same picture as its video, and luma alone is refused unless it is allowed; then a warning says so.
    load(options, VIDEVAL60.name, model, features, sampling, &["pixels"])
}

fn brisque(options: &Options) -> Result<Arc<dyn Method>> {
    let (sampling, words) = match options.every {
        Some(1) => (Sampling::Every { step: 1 }, "every frame".to_owned()),
        Some(step) => (Sampling::Every { step }, format!("every {step} frames")),
        None => {
            let frames = options.per_second.unwrap_or(1.0);
            let unit = if frames == 1.0 { "frame" } else { "frames" };
            (Sampling::PerSecond { frames }, format!("{frames} {unit} a second"))
        }
    };
    let pooling = Pooling { sampling, statistic: Statistic::Mean };
    let features = Box::new(Pooled::new(Brisque::default(), pooling)?);
    let model = model(options, QualityModel::embedded_brisque)?;
    let chosen: &[&str] =
        if options.every.is_some() || options.per_second.is_some() { &["frames"] } else { &[] };
    load(options, BRISQUE.name, model, features, words, chosen)
}

/// The model of the options, or the embedded one.
fn model(options: &Options, embedded: fn() -> dream_models::Result<QualityModel>) -> Result<QualityModel> {
    let Some(path) = &options.model else { return Ok(embedded()?) };
    QualityModel::load(path).map_err(|cause| match cause {
        cause @ ModelError::Io { .. } => Error::Model(Box::new(cause)),
        cause => Error::ModelFile { path: path.clone(), cause: Box::new(cause) },
    })
}

fn load(
    options: &Options,
    name: &'static str,
    model: QualityModel,
    features: Box<dyn VideoFeatures>,
    sampling: String,
    chosen: &'static [&'static str],
) -> Result<Arc<dyn Method>> {
    model.check_inputs(features.layout().names()).map_err(|cause| Error::OtherFeatures(Box::new(cause)))?;
    let pairs = if name == BRISQUE.name {
        "53 private pairs of an original and its swap, the swap scored lower in 29"
    } else {
        "14 private pairs of an original and its swap, the swap scored lower in 7"
    };
    let limit = format!("does not see face swaps: of {pairs}, which is chance; face-blend is made for them");
    let level = options.level();
    let (least, most) = model.calibration().levels();
    if !(least..=most).contains(&level) {
        return Err(Error::Options(format!("`level` {level}: the model has intervals of {least} to {most}")));
    }
    let (output, evaluation) = (model.output(), model.provenance().evaluation.as_ref());
    let about = Arc::new(About {
        method: name.to_owned(),
        model: model.version().to_owned(),
        measures: output.meaning.clone(),
        scale: output.scale.clone(),
        accuracy: evaluation.map(Evaluation::words),
        intervals: Some(format!(
            "the interval holds the mean rating of {:.0} % of such videos",
            100.0 * level
        )),
        learned_from: None,
        limits: if options.model.is_none() { vec![limit] } else { Vec::new() },
        sampling,
        checkpoint: None,
        reference: None,
    });
    let (luma_only, crop, details) = (options.luma_only, options.crop, options.details);
    Ok(Arc::new(Regression { name, model, features, luma_only, crop, level, about, chosen, details }))
}

struct Regression {
    name: &'static str,
    model: QualityModel,
    features: Box<dyn VideoFeatures>,
    /// Features of colour may be those of luma alone.
    luma_only: bool,
    crop: Option<RelativeBox>,
    level: f64,
    about: Arc<About>,
    /// Keys of the recipe of features that may differ from the model's.
    chosen: &'static [&'static str],
    /// Scores come with their details.
    details: bool,
}

impl Method for Regression {
    fn about(&self) -> &Arc<About> {
        &self.about
    }

    fn crop(&self) -> Option<RelativeBox> {
        self.crop
    }

    fn refuses_luma(&self) -> bool {
        !(self.luma_only || self.is_luma())
    }

    fn start(self: Arc<Self>, _: &str, spec: VideoSpec) -> Result<Box<dyn Session>> {
        let features = self.features.start(spec).map_err(|cause| self.too_little(spec, cause.into()))?;
        Ok(Box::new(RegressionSession { method: self, spec, features, without_color: false }))
    }
}

impl Regression {
    /// Whether the features are of luma alone.
    fn is_luma(&self) -> bool {
        self.name == BRISQUE.name
    }

    /// A video that is too short or too small, if that is the cause.
    fn too_little(&self, VideoSpec { frames_per_second, .. }: VideoSpec, cause: Error) -> Error {
        if let Error::Frame(FeatureError::Thinned { .. } | FeatureError::FramesMissing { .. }) = cause {
            return cause;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is at most a million"
        )]
        let half = (frames_per_second.round() / 2.0) as u64;
        let least_frames = (!self.is_luma()).then_some(2 * half + 4);
        Error::TooLittle { method: self.name, least_frames, cause: Box::new(cause) }
    }

    /// The model's word on features that are made as those of its training, apart from what was chosen knowingly.
    fn predict(&self, features: &FeatureVector) -> dream_models::Result<Prediction> {
        let Some(trained) = self.model.recipe() else {
            // An older file. The names were compared when it was read.
            return self.model.predict_raw_at(features.values(), self.level);
        };
        let learned: Option<Recipe> = trained.parse().ok();
        let value = |key: &&'static str| Some((*key, learned.as_ref()?.get(key)?));
        let chosen = self.chosen.iter().filter_map(value);
        let recipe = chosen.fold(features.recipe().clone(), |recipe, (key, value)| recipe.with(key, value));
        self.model.predict_at((recipe.as_str(), features.layout().names(), features.values()), self.level)
    }

    /// What features that have a score add to it.
    fn explain(&self, features: FeatureVector) -> Result<Details> {
        let groups = FeatureGroups::by_aspect(self.model.inputs());
        let explanation = Some(self.model.explain_raw(features.values(), &groups)?);
        Ok(Details { features: Some(features), explanation, ..Details::default() })
    }

    /// Frames that were chosen and are not those of the training.
    fn other_frames(&self, features: &FeatureVector) -> Option<String> {
        let learned: Recipe = self.model.recipe()?.parse().ok()?;
        let learned = learned.get("frames")?;
        let found = features.recipe().get("frames").filter(|found| *found != learned)?;
        Some(format!("frames: {found}, while the model learned from {learned}"))
    }

    fn judge(
        &self,
        spec: VideoSpec,
        features: dream_features::Result<FeatureVector>,
        without_color: bool,
    ) -> Result<Judgement> {
        let features = features.map_err(|cause| self.too_little(spec, cause.into()))?;
        let prediction = match self.predict(&features) {
            Err(cause @ ModelError::TooManyMissing { .. }) => return Err(self.too_little(spec, cause.into())),
            other => other?,
        };
        let familiarity = prediction.familiarity;
        let mut warnings = Vec::new();
        if without_color {
            warnings
                .push("scored from luma alone, as if it were gray: the model looks at colour too".to_owned());
        }
        warnings.extend(self.other_frames(&features));
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
        let frames_used = features.frames();
        Ok(Judgement {
            details: self.details.then(|| self.explain(features)).transpose()?.map(Box::new),
            score: prediction.score,
            grade: self.model.grade(prediction.score),
            interval: Some(prediction.interval),
            familiarity: Some(familiarity),
            frames_used,
            warnings,
            ..Judgement::default()
        })
    }
}

struct RegressionSession {
    method: Arc<Regression>,
    spec: VideoSpec,
    features: Box<dyn VideoSession>,
    /// Luma was pushed where the features are of colour.
    without_color: bool,
}

impl Session for RegressionSession {
    fn wants(&mut self, _: u64, _: f64) -> bool {
        let wanted = self.features.wants_next();
        if !wanted {
            self.features.skip();
        }
        wanted
    }

    fn push(&mut self, frame: &Frame<'_>, Shown { layout, time }: Shown) -> Result<()> {
        match time {
            Some(time) => self.features.push_at(frame, time)?,
            None => self.features.push(frame)?,
        }
        self.without_color |= layout == Layout::Gray && !self.method.is_luma();
        Ok(())
    }

    fn lose(&mut self) {
        self.features.skip();
    }

    fn peek(&mut self) -> Result<Judgement> {
        self.method.judge(self.spec, self.features.peek(), self.without_color)
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let Self { method, spec, features, without_color } = *self;
        method.judge(spec, features.finish(), without_color)
    }
}

#[cfg(test)]
mod tests {
    use dream_features::nss::FlatAreas;
    use dream_features::tlvqm::Ties;

    use super::*;

    /// A moving texture with black bars above and below, which are flat, and coloured with a flat part.
    fn letterboxed(features: Videval60) -> Vec<f64> {
        let (width, height) = (128, 96);
        let spec = VideoSpec::new(width, height, 10.0);
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
            let chroma = (&chroma[..], width / 2, height / 2, width / 2);
            session.push(&Frame::yuv420((&luma, width, height, width), chroma, chroma).unwrap()).unwrap();
        }
        session.finish().unwrap().values().to_vec()
    }

    /// The form of the features matters little, so that a caller who takes the default of the extractor is not far off.
    #[test]
    fn snapped_flat_areas_and_ties_by_rule_move_the_score_little() {
        let model = QualityModel::embedded().unwrap();
        let score = |features| model.predict_raw(&letterboxed(features)).unwrap().score;
        let release = score(Videval60::release());
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
