//! From one input to rows of numbers.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_data::{ColorRange, Cropped, FrameSource, OpenOptions, Pixels, RelativeBox, VideoFrame, open};
use dream_features::nss::FlatAreas;
use dream_features::rapique::Rapique;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, FeatureLayout, FeatureVector, Frame, GmLog, Higrade, ImageFeatures, Pooled, Pooling, Recipe,
    VideoFeatures, VideoSpec, videval,
};

use crate::args::{Args, PoolingName, Range, Set};
#[cfg(feature = "deep")]
use crate::network::Network;
use crate::view::view;

/// The features to extract, and the part of the frames they come from.
pub(crate) struct Method {
    kind: Kind,
    crop: Option<RelativeBox>,
    options: OpenOptions,
    /// What else the numbers depend on, as it stands in the table.
    settings: String,
}

/// What came of one input.
pub(crate) struct Extracted {
    pub(crate) rows: Vec<Row>,
    /// The damage that ended it early.
    pub(crate) damage: Option<String>,
    /// What was settled about it without asking.
    pub(crate) assumptions: Vec<String>,
}

enum Kind {
    Frames(Box<dyn ImageFeatures>),
    Video(Box<dyn VideoFeatures>),
    #[cfg(feature = "deep")]
    Network(Box<Network>),
}

/// A row of the output.
pub(crate) struct Row {
    /// Number of the frame, if each row is a frame.
    pub(crate) frame: Option<u64>,
    pub(crate) values: Vec<f64>,
    pub(crate) frames: u64,
    pub(crate) undefined: usize,
    /// How the values were made: what a model of such features checks.
    pub(crate) recipe: Recipe,
}

impl Row {
    fn new(frame: Option<u64>, features: &FeatureVector, range: ColorRange) -> Self {
        let (values, frames) = (features.values().to_vec(), features.frames());
        let mut recipe = features.recipe().clone();
        // The extractor cannot see it. Of pixels that are RGB it says `image-luma`, which has full range.
        if range == ColorRange::Full && recipe.get("pixels") == Some("luma") {
            recipe = recipe.with("range", "full");
        }
        Self { frame, values, frames, undefined: features.replaced(), recipe }
    }
}

impl Method {
    pub(crate) fn new(args: &Args) -> Result<Self> {
        let flat_areas = if args.literal { FlatAreas::Literal } else { FlatAreas::Snapped };
        if args.range == Range::Full && !matches!(args.set, Set::Brisque | Set::GmLog) {
            bail!(
                "--range full needs brisque or gm-log: the others are defined on video, which has limited range"
            );
        }
        let pooling = args.pooling.unwrap_or(PoolingName::OnePerSecond).pooling();
        let kind = match args.set {
            Set::Brisque => frames_or_video(Brisque { flat_areas }, args.per_frame, pooling)?,
            Set::GmLog => frames_or_video(GmLog, args.per_frame, pooling)?,
            Set::Higrade => frames_or_video(Higrade, args.per_frame, pooling)?,
            _ if args.per_frame => bail!("--per-frame needs brisque, gm-log or higrade: others need a video"),
            _ if args.pooling.is_some() => {
                bail!("--pooling needs brisque, gm-log or higrade: the others have a fixed pooling")
            }
            #[cfg(feature = "deep")]
            Set::ClipVit | Set::Network | Set::ResNet50 | Set::VggFace | Set::Dfgc1st => {
                Kind::Network(Box::new(Network::new(args)?))
            }
            Set::Tlvqm => Kind::Video(Box::new(Tlvqm::default())),
            Set::VBliinds => Kind::Video(Box::new(VBliinds { flat_areas, ..VBliinds::default() })),
            Set::Videval => Kind::Video(Box::new(videval()?)),
            Set::Rapique => Kind::Video(Box::new(Rapique::default())),
            Set::Videval60 => Kind::Video(Box::new(Videval60 { flat_areas, ..Videval60::default() })),
        };
        Ok(Self { kind, crop: args.crop, options: args.open_options(), settings: args.settings() })
    }

    pub(crate) fn settings(&self) -> &str {
        &self.settings
    }

    pub(crate) fn layout(&self) -> &FeatureLayout {
        match &self.kind {
            Kind::Frames(extractor) => extractor.layout(),
            Kind::Video(extractor) => extractor.layout(),
            #[cfg(feature = "deep")]
            Kind::Network(network) => network.layout(),
        }
    }

    /// Whether each row is a frame.
    pub(crate) const fn per_frame(&self) -> bool {
        matches!(self.kind, Kind::Frames(_))
    }

    /// Extracts the features of one input. Calls `seen` for every frame.
    pub(crate) fn run(&self, path: &Path, seen: &dyn Fn(u64)) -> Result<Extracted> {
        match &self.kind {
            Kind::Frames(extractor) => self.frames(extractor.as_ref(), path, seen),
            Kind::Video(extractor) => self.video(extractor.as_ref(), path, seen),
            #[cfg(feature = "deep")]
            Kind::Network(network) => network.run(path),
        }
    }

    /// A row for each frame.
    fn frames(&self, extractor: &dyn ImageFeatures, path: &Path, seen: &dyn Fn(u64)) -> Result<Extracted> {
        let (mut source, mut rows) = (self.open(path)?, Vec::new());
        let damage = each_frame(source.as_mut(), seen, |frame| {
            let features = extractor.extract(&self.view(frame.pixels())?)?;
            rows.push(Row::new(Some(frame.index()), &features, self.options.range));
            Ok(())
        })?;
        extracted(rows, damage.as_deref(), source.as_ref(), path)
    }

    /// A row for the video.
    fn video(&self, extractor: &dyn VideoFeatures, path: &Path, seen: &dyn Fn(u64)) -> Result<Extracted> {
        let mut source = self.open(path)?;
        let info = source.info();
        let (width, height) = (info.width as usize, info.height as usize);
        let spec = VideoSpec::new(width, height, info.frame_rate.as_f64()).with_thinned(info.thinned);
        let mut session = extractor.start(spec)?;
        let damage = each_frame(source.as_mut(), seen, |frame| {
            if session.wants_next() {
                session.push(&self.view(frame.pixels())?)?;
            } else {
                session.skip();
            }
            Ok(())
        })?;
        // What is wrong with the file comes before what follows from it.
        let cause = || damage.clone().unwrap_or_else(|| path.display().to_string());
        let features = session.finish().with_context(cause)?;
        let row = Row::new(None, &features, self.options.range);
        extracted(vec![row], damage.as_deref(), source.as_ref(), path)
    }

    /// The part of the frames that is looked at.
    fn open(&self, path: &Path) -> Result<Box<dyn FrameSource>> {
        let source = open(path, &self.options)?;
        Ok(match self.crop {
            Some(crop) => Box::new(Cropped::new(source, crop)),
            None => source,
        })
    }

    /// The pixels in the form that extractors take, with luma of the range that videos are brought to.
    fn view<'a>(&self, pixels: Pixels<'a>) -> Result<Frame<'a>> {
        Ok(match pixels {
            Pixels::Rgb(plane) if self.options.range == ColorRange::Full => Frame::rgb(plane.parts())?,
            other => view(other)?,
        })
    }
}

/// The rows of an input whose frames came from `source`.
fn extracted(
    rows: Vec<Row>,
    damage: Option<&str>,
    source: &dyn FrameSource,
    path: &Path,
) -> Result<Extracted> {
    // A row of zeros would look like features.
    let blank = rows.iter().any(|row| row.undefined > 0 && row.undefined >= row.values.len());
    ensure!(
        !blank,
        "{}: every feature is undefined: its pictures are too small for this set",
        path.display()
    );
    let assumptions = source.info().assumptions.iter().map(ToString::to_string).collect();
    Ok(Extracted { rows, damage: damage.map(partly), assumptions })
}

/// Words for the damage of a file whose first frames are good.
pub(crate) fn partly(damage: &str) -> String {
    format!("{damage}; the features cover the part before")
}

/// Hands every frame to `take`. Returns the damage of a file whose first frames are good.
fn each_frame(
    source: &mut dyn FrameSource,
    seen: &dyn Fn(u64),
    mut take: impl FnMut(&VideoFrame) -> Result<()>,
) -> Result<Option<String>> {
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => {
                seen(frame.index() + 1);
                take(frame)?;
            }
            Ok(None) => return Ok(None),
            Err(error @ dream_data::Error::Damaged { frames: 1.., .. }) => {
                return Ok(Some(error.to_string()));
            }
            Err(error) => bail!(error),
        }
    }
}

fn frames_or_video<E: ImageFeatures + 'static>(
    extractor: E,
    per_frame: bool,
    pooling: Pooling,
) -> Result<Kind> {
    if per_frame {
        return Ok(Kind::Frames(Box::new(extractor)));
    }
    Ok(Kind::Video(Box::new(Pooled::new(extractor, pooling)?)))
}
