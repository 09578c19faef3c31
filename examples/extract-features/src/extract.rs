//! From one input to rows of numbers.

use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_data::{OpenOptions, Pixels, RelativeBox, open};
use dream_features::nss::FlatAreas;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, FeatureLayout, Frame, GmLog, Higrade, ImageFeatures, LumaView, Pooled, Pooling, RgbView,
    VideoFeatures, VideoSpec, Yuv420View, videval,
};

use crate::args::{Args, PoolingName, Set};

/// What is extracted, and from what part of the frames.
pub(crate) struct Method {
    kind: Kind,
    crop: Option<RelativeBox>,
    options: OpenOptions,
}

enum Kind {
    Frames(Box<dyn ImageFeatures>),
    Video(Box<dyn VideoFeatures>),
}

/// A row of the output.
pub(crate) struct Row {
    /// Number of the frame, when rows are frames.
    pub(crate) frame: Option<u64>,
    pub(crate) values: Vec<f64>,
    pub(crate) frames: u64,
    pub(crate) undefined: usize,
}

impl Method {
    pub(crate) fn new(args: &Args) -> Result<Self> {
        let flat_areas = if args.literal { FlatAreas::Literal } else { FlatAreas::Snapped };
        let pooling = args.pooling.unwrap_or(PoolingName::OnePerSecond).pooling();
        let kind = match args.set {
            Set::Brisque => frames_or_video(Brisque { flat_areas }, args.per_frame, pooling)?,
            Set::GmLog => frames_or_video(GmLog, args.per_frame, pooling)?,
            Set::Higrade => frames_or_video(Higrade, args.per_frame, pooling)?,
            _ if args.per_frame => {
                bail!("--per-frame is for brisque, gm-log and higrade: the others need a video")
            }
            _ if args.pooling.is_some() => {
                bail!("--pooling is for brisque, gm-log and higrade: the pooling of the others is fixed")
            }
            Set::Tlvqm => Kind::Video(Box::new(Tlvqm::default())),
            Set::VBliinds => Kind::Video(Box::new(VBliinds { flat_areas, ..VBliinds::default() })),
            Set::Videval => Kind::Video(Box::new(videval()?)),
            Set::Videval60 => Kind::Video(Box::new(Videval60 { flat_areas, ..Videval60::default() })),
        };
        Ok(Self { kind, crop: args.crop, options: args.open_options()? })
    }

    pub(crate) fn layout(&self) -> &FeatureLayout {
        match &self.kind {
            Kind::Frames(extractor) => extractor.layout(),
            Kind::Video(extractor) => extractor.layout(),
        }
    }

    /// Whether rows are frames.
    pub(crate) const fn per_frame(&self) -> bool {
        matches!(self.kind, Kind::Frames(_))
    }

    /// The rows of one input, and what is wrong with its end. `seen` hears of every frame.
    pub(crate) fn run(&self, path: &Path, seen: &dyn Fn(u64)) -> Result<(Vec<Row>, Option<String>)> {
        let mut source = open(path, &self.options)?;
        let info = source.info().clone();
        let whole = (0, 0, info.width as usize, info.height as usize);
        let crop = self.crop.map_or(whole, |crop| crop.to_pixels(whole.2, whole.3));
        let spec = |(_, _, width, height): (usize, usize, usize, usize)| VideoSpec {
            width,
            height,
            frames_per_second: info.frame_rate.as_f64(),
        };
        let (mut rows, mut damage, mut session) = (Vec::new(), None, None);
        loop {
            let frame = match source.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error @ dream_data::Error::Damaged { frames: 1.., .. }) => {
                    damage = Some(format!("{error}; the features are of the part before"));
                    break;
                }
                Err(error) => bail!(error),
            };
            seen(frame.index() + 1);
            let crop = aligned(crop, frame.pixels());
            let cut = || -> Result<Frame<'_>> {
                let (x, y, width, height) = crop;
                Ok(view(frame.pixels())?.crop(x, y, width, height)?)
            };
            match &self.kind {
                Kind::Frames(extractor) => {
                    let features = extractor.extract(&cut()?)?;
                    rows.push(Row {
                        frame: Some(frame.index()),
                        values: features.values().to_vec(),
                        frames: features.frames(),
                        undefined: features.replaced(),
                    });
                }
                Kind::Video(extractor) => {
                    if session.is_none() {
                        session = Some(extractor.start(spec(crop))?);
                    }
                    let Some(session) = &mut session else { continue };
                    if session.wants_next() { session.push(&cut()?)? } else { session.skip() }
                }
            }
        }
        if let Kind::Video(extractor) = &self.kind {
            let session = session.map_or_else(|| extractor.start(spec(crop)), Ok)?;
            let features = session.finish().with_context(|| path.display().to_string())?;
            rows.push(Row {
                frame: None,
                values: features.values().to_vec(),
                frames: features.frames(),
                undefined: features.replaced(),
            });
        }
        Ok((rows, damage))
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

/// The box, on whole chroma samples where chroma is at half size.
fn aligned(crop: (usize, usize, usize, usize), pixels: Pixels<'_>) -> (usize, usize, usize, usize) {
    let (x, y, width, height) = crop;
    let Pixels::Yuv420 { y: luma, .. } = pixels else { return crop };
    let even = |from: usize, len: usize, size: usize| {
        let start = from / 2 * 2;
        (start, ((from + len).div_ceil(2) * 2).min(size) - start)
    };
    let ((x, width), (y, height)) = (even(x, width, luma.width), even(y, height, luma.height));
    (x, y, width, height)
}

/// The pixels as the extractors take them.
fn view(pixels: Pixels<'_>) -> Result<Frame<'_>> {
    Ok(match pixels {
        Pixels::Yuv420 { y, u, v } => {
            let luma = LumaView::new(y.data, y.width, y.height, y.stride)?;
            let cb = LumaView::new(u.data, u.width, u.height, u.stride)?;
            let cr = LumaView::new(v.data, v.width, v.height, v.stride)?;
            Frame::from_yuv420(Yuv420View::new(luma, cb, cr)?)
        }
        Pixels::Gray(p) => Frame::from_luma(LumaView::new(p.data, p.width, p.height, p.stride)?),
        Pixels::Rgb(p) => Frame::from_rgb(RgbView::new(p.data, p.width, p.height, p.stride)?),
        other => bail!("cannot extract features from this pixel layout: {other:?}"),
    })
}
