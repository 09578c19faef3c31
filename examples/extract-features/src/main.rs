//! Writes one CSV row of named features per video. See README.md.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use dream_data::{FrameRate, OpenOptions, Pixels, RelativeBox, expand_inputs, open};
use dream_features::nss::FlatAreas;
use dream_features::{
    Brisque, FeatureVector, Frame, LumaView, Pooled, Pooling, RgbView, VideoFeatures, VideoSpec,
};
use indicatif::{ProgressBar, ProgressStyle};

/// Writes one CSV row of named quality features per video.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Files, folders (searched for videos) and patterns such as 'clips/*.mp4'
    #[arg(value_name = "VIDEO", required = true)]
    videos: Vec<PathBuf>,

    /// Which features
    #[arg(long, value_enum, default_value = "brisque")]
    set: Set,

    /// Which frames, and what is computed over them
    #[arg(long, value_enum, default_value = "one-per-second")]
    pooling: PoolingName,

    /// Keep the rounding noise of flat areas, as the original MATLAB code does
    #[arg(long)]
    literal: bool,

    /// Look only inside this box, in parts of width and height
    #[arg(long, value_name = "X1,Y1,X2,Y2")]
    crop: Option<RelativeBox>,

    /// Write to this file instead of the standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Frame rate of folders of images
    #[arg(long, value_name = "HZ", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
}

const EXAMPLES: &str = "\
Examples:
  extract-features clip.mp4                                  36 features, one frame a second
  extract-features --pooling feature-fusion clips/ -o f.csv  72 features of every video below a folder

The columns are `video`, the features by name, `frames` (looked at) and `undefined` (values the reference leaves
undefined, here 0). Exit status: 0 all good, 1 some videos failed or are damaged, 2 wrong usage.";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Set {
    /// 36 natural scene statistics of luma
    Brisque,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PoolingName {
    /// Mean over one frame a second (BVQA benchmark)
    OnePerSecond,
    /// Mean and deviation in windows of about a second, every second frame (VIDEVAL's feature fusion)
    FeatureFusion,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<bool> {
    let pooling = match args.pooling {
        PoolingName::OnePerSecond => Pooling::one_per_second(),
        PoolingName::FeatureFusion => Pooling::feature_fusion(),
    };
    let flat_areas = if args.literal { FlatAreas::Literal } else { FlatAreas::Snapped };
    let extractor = match args.set {
        Set::Brisque => Pooled::new(Brisque { flat_areas }, pooling)?,
    };
    let out: Box<dyn Write> = match &args.out {
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut csv = csv::Writer::from_writer(out);
    let names = extractor.layout().names().iter().map(String::as_str);
    csv.write_record(["video"].into_iter().chain(names).chain(["frames", "undefined"]))?;

    let videos = expand_inputs(&args.videos);
    let bar = ProgressBar::new(videos.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} videos, {eta} left  {msg}") {
        bar.set_style(style);
    }
    let mut all_good = true;
    for path in &videos {
        bar.set_message(path.display().to_string());
        match extract(path, &extractor, args) {
            Ok((features, whole)) => {
                all_good &= whole;
                let values = features.values().iter().map(f64::to_string);
                let tail = [features.frames().to_string(), features.replaced().to_string()];
                csv.write_record([path.display().to_string()].into_iter().chain(values).chain(tail))?;
                csv.flush()?;
            }
            Err(error) => {
                all_good = false;
                bar.suspend(|| eprintln!("failed: {error:#}"));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all_good)
}

/// The features of one video, and whether the video was whole.
fn extract(path: &Path, extractor: &impl VideoFeatures, args: &Args) -> Result<(FeatureVector, bool)> {
    let options = OpenOptions { image_rate: FrameRate::new(args.rate, 1)?, ..OpenOptions::default() };
    let mut source = open(path, &options)?;
    let info = source.info().clone();
    let whole = (0, 0, info.width as usize, info.height as usize);
    let (x, y, width, height) = args.crop.map_or(whole, |crop| crop.to_pixels(whole.2, whole.3));
    let frames_per_second = info.frame_rate.as_f64();
    let mut session = extractor.start(VideoSpec { width, height, frames_per_second })?;
    let mut damage = None;
    loop {
        match source.next_frame() {
            Ok(Some(frame)) if session.wants_next() => {
                session.push(&view(frame.pixels())?.crop(x, y, width, height)?)?;
            }
            Ok(Some(_)) => session.skip(),
            Ok(None) => break,
            Err(error @ dream_data::Error::Damaged { frames: 1.., .. }) => {
                eprintln!("warning: {error}; the features are of the part before");
                damage = Some(error);
                break;
            }
            Err(error) => bail!(error),
        }
    }
    let features = session.finish().with_context(|| path.display().to_string())?;
    Ok((features, damage.is_none()))
}

/// The pixels as the extractors take them.
fn view(pixels: Pixels<'_>) -> Result<Frame<'_>> {
    Ok(match pixels {
        Pixels::Yuv420 { y: p, .. } | Pixels::Gray(p) => {
            Frame::from_luma(LumaView::new(p.data, p.width, p.height, p.stride)?)
        }
        Pixels::Rgb(p) => Frame::from_rgb(RgbView::new(p.data, p.width, p.height, p.stride)?),
        other => bail!("cannot extract features from this pixel layout: {other:?}"),
    })
}
