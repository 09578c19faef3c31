//! Features and a quality model: the methods that need no weights but the embedded ones.

use anyhow::{Context, Result, bail};
use dream_data::{Pixels, RelativeBox};
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, FeatureVector, Frame, Pooled, Pooling, Sampling, Statistic, VideoFeatures, VideoSession,
    VideoSpec,
};
use dream_models::Error as ModelError;
use dream_models::regression::{Evaluation, Prediction, QualityModel, RecipeDifference};

use super::{About, Entry, Judgement, Method, Session, Stated};
use crate::args::Args;
use crate::view::view;

pub(super) const VIDEVAL60: Entry = Entry {
    name: "videval60",
    about: "60 features of naturalness, colour, motion and sharpness; every second frame",
    load: videval60,
    model: QualityModel::embedded,
    demo: Stated { clean: 3.6, over_compressed: 2.56, least_difference: 0.5 },
};

pub(super) const BRISQUE: Entry = Entry {
    name: "brisque",
    about: "36 features of naturalness, one frame a second or as --every and --per-second say:
             quick, but agrees with people clearly less",
    load: brisque,
    model: QualityModel::embedded_brisque,
    demo: Stated { clean: 4.05, over_compressed: 2.6, least_difference: 0.7 },
};

fn videval60(args: &Args) -> Result<Box<dyn Method>> {
    if args.every.is_some() || args.per_second.is_some() {
        bail!("--every and --per-second are for --method brisque: videval60 looks at every second frame");
    }
    let features = Box::new(Videval60::release());
    load(args, &VIDEVAL60, features, false, "every second frame".to_owned())
}

fn brisque(args: &Args) -> Result<Box<dyn Method>> {
    let (sampling, words) = match args.every {
        Some(1) => (Sampling::Every { step: 1 }, "every frame".to_owned()),
        Some(step) => (Sampling::Every { step }, format!("every {step} frames")),
        None => {
            let frames = args.per_second.unwrap_or(1.0);
            let unit = if frames == 1.0 { "frame" } else { "frames" };
            (Sampling::PerSecond { frames }, format!("{frames} {unit} a second"))
        }
    };
    let pooling = Pooling { sampling, statistic: Statistic::Mean };
    let features = Box::new(Pooled::new(Brisque::default(), pooling)?);
    load(args, &BRISQUE, features, true, words)
}

fn load(
    args: &Args,
    entry: &Entry,
    features: Box<dyn VideoFeatures>,
    luma: bool,
    sampling: String,
) -> Result<Box<dyn Method>> {
    let model = match &args.model {
        None => (entry.model)()?,
        Some(path) => {
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            QualityModel::from_bytes(&bytes).with_context(|| format!("{} is no model", path.display()))?
        }
    };
    model
        .check_inputs(features.layout().names())
        .context("the model takes other features than this --method gives")?;
    let level = args.level();
    let (least, most) = model.calibration().levels();
    if !(least..=most).contains(&level) {
        bail!("--level {level}: the model has intervals of {least} to {most}");
    }
    Ok(Box::new(Regression { name: entry.name, model, features, luma, crop: args.crop, level, sampling }))
}

struct Regression {
    name: &'static str,
    model: QualityModel,
    features: Box<dyn VideoFeatures>,
    /// Whether the features are of luma alone.
    luma: bool,
    crop: Option<RelativeBox>,
    level: f64,
    sampling: String,
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

    fn settings(&self) -> String {
        format!("--method {}", self.name)
    }

    fn crop(&self) -> Option<RelativeBox> {
        self.crop
    }

    fn start(&self, _: &str, spec: VideoSpec) -> Result<Box<dyn Session + '_>> {
        let features = self.features.start(spec).context(self.remedy(spec))?;
        Ok(Box::new(RegressionSession { method: self, spec, features }))
    }
}

impl Regression {
    /// The prediction. Frames that the options chose, and chroma that is not there, may differ from the training: that is a
    /// warning. Any other difference is an error.
    fn predict(
        &self,
        features: &FeatureVector,
        warnings: &mut Vec<String>,
    ) -> Result<Prediction, ModelError> {
        match self.model.predict_at(features, self.level) {
            // A file of before; its names were compared when it was loaded.
            Err(ModelError::NoRecipe { .. }) => {}
            Err(ModelError::RecipeMismatch { differences, .. })
                if differences.iter().all(|other| ["frames", "pixels"].contains(&other.key.as_str())) =>
            {
                warnings.extend(differences.into_iter().filter_map(Self::warning));
            }
            other => return other,
        }
        self.model.predict_raw_at(features.values(), self.level)
    }

    fn warning(RecipeDifference { key, expected, found, .. }: RecipeDifference) -> Option<String> {
        let [found, expected] =
            [found, expected].map(|value| value.unwrap_or_else(|| "not stated".to_owned()));
        // A picture has one score, whatever file it is in: docs/same-picture.md.
        let equal = key == "pixels" && found == "rgb";
        (!equal).then(|| format!("{key}: {found}, while the model learned from {expected}"))
    }

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

struct RegressionSession<'a> {
    method: &'a Regression,
    spec: VideoSpec,
    features: Box<dyn VideoSession>,
}

impl Session for RegressionSession<'_> {
    fn wants(&mut self, _: u64, _: f64) -> bool {
        let wanted = self.features.wants_next();
        if !wanted {
            self.features.skip();
        }
        wanted
    }

    fn push(&mut self, pixels: Pixels<'_>) -> Result<()> {
        let frame = match pixels {
            Pixels::Yuv420 { y, .. } if self.method.luma => Frame::luma(y.parts())?,
            other => view(other)?,
        };
        Ok(self.features.push(&frame)?)
    }

    fn finish(self: Box<Self>) -> Result<Judgement> {
        let Self { method, spec, features } = *self;
        let features = features.finish().with_context(|| method.remedy(spec))?;
        let mut warnings = Vec::new();
        let prediction = match method.predict(&features, &mut warnings) {
            Err(error @ ModelError::TooManyMissing { .. }) => return Err(error).context(method.remedy(spec)),
            other => other?,
        };
        let familiarity = prediction.familiarity;
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
            grade: method.model.grade(prediction.score),
            interval: Some(prediction.interval),
            familiarity: Some(familiarity),
            frames_used: features.frames(),
            warnings,
            ..Judgement::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use dream_features::nss::FlatAreas;
    use dream_features::tlvqm::Ties;

    use super::*;

    /// A moving texture with black bars above and below, which are flat, and coloured with a flat part.
    fn letterboxed(features: Videval60, color: bool) -> FeatureVector {
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
            let luma = (&luma[..], width, height, width);
            let frame = if color { Frame::yuv420(luma, chroma, chroma) } else { Frame::luma(luma) };
            session.push(&frame.unwrap()).unwrap();
        }
        session.finish().unwrap()
    }

    #[test]
    fn gray_frames_are_a_warning_and_other_options_an_error() {
        let method = Regression {
            name: VIDEVAL60.name,
            model: QualityModel::embedded().unwrap(),
            features: Box::new(Videval60::release()),
            luma: false,
            crop: None,
            level: 0.9,
            sampling: String::new(),
        };
        let mut warnings = Vec::new();
        method.predict(&letterboxed(Videval60::release(), true), &mut warnings).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        method.predict(&letterboxed(Videval60::release(), false), &mut warnings).unwrap();
        assert_eq!(warnings, ["pixels: luma, while the model learned from color"]);
        let other = method.predict(&letterboxed(Videval60::default(), true), &mut warnings);
        assert!(matches!(other, Err(ModelError::RecipeMismatch { .. })), "{other:?}");
    }

    /// The form of the features matters little, so that a caller who takes the default of the extractor is not far off.
    #[test]
    fn snapped_flat_areas_and_ties_by_rule_move_the_score_little() {
        let model = QualityModel::embedded().unwrap();
        let score = |features| model.predict_raw(letterboxed(features, true).values()).unwrap().score;
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
