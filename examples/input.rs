//! How videos are opened: the options that all programs with videos share. Included as a file, for programs share no
//! crate.
#![allow(unreachable_pub, reason = "`train` is a library too, which gives the options away")]

use std::path::PathBuf;

use dream_data::{
    Decoder, FrameRate, FrameSize, Interlaced, OpenOptions, RawFormat, RawPixels, expand_images,
    expand_inputs,
};

/// Options for what a video file does not say, and for what is done about it.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Reading videos")]
pub struct ReadArgs {
    /// Size of raw YUV files (.yuv)
    #[arg(long, value_name = "WxH")]
    pub size: Option<FrameSize>,

    /// Samples of raw YUV files, by FFmpeg's names: yuv420p, nv12, nv21, gray, yuv420p10le, p010le, ... [default:
    /// yuv420p]
    #[arg(long, value_name = "NAME", requires = "size")]
    pub pixels: Option<RawPixels>,

    /// Frame rate of raw YUV files, of y4m without one, and of folders of images, such as 25 or 29.97 [folders: 25]
    #[arg(long, value_name = "RATE")]
    pub fps: Option<FrameRate>,

    /// The video track to read, from 1 [default: the one that players show]
    #[arg(long, value_name = "N", value_parser = track)]
    pub track: Option<usize>,

    /// What is done about interlaced video: weave (both fields are one picture), deinterlace (the first field only) or
    /// refuse [default: weave]
    #[arg(long, value_name = "HOW")]
    pub interlaced: Option<Interlaced>,

    /// What images have as well.
    #[command(flatten)]
    pub any: AnyArgs,
}

/// Options for images and videos alike.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
pub struct AnyArgs {
    /// auto, builtin, ffmpeg-program (FFmpeg as installed) or ffmpeg-library (built with --features ffmpeg) [default:
    /// auto]
    #[arg(long, value_name = "NAME")]
    pub decoder: Option<Decoder>,

    /// Fail where something about the file would have to be assumed or changed, instead of noting it
    #[arg(long)]
    pub strict: bool,
}

impl AnyArgs {
    /// What of it decides what is seen, as one would type it.
    pub(crate) fn settings(&self) -> Option<String> {
        option("decoder", self.decoder.filter(|&decoder| decoder != Decoder::default()))
    }

    /// As [`dream_data::open`] takes them.
    #[must_use]
    pub fn options(&self) -> OpenOptions {
        OpenOptions {
            decoder: self.decoder.unwrap_or_default(),
            strict: self.strict,
            ..OpenOptions::default()
        }
    }
}

fn option<T: std::fmt::Display>(flag: &str, value: Option<T>) -> Option<String> {
    value.map(|value| format!("--{flag} {value}"))
}

/// The same for a program that is given files and folders.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Reading videos")]
#[allow(dead_code, reason = "other programs know their videos by name")]
pub(crate) struct InputArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,

    /// Take every image of a folder for itself, even if they are numbered as the frames of a clip
    #[arg(long)]
    pub(crate) each: bool,
}

#[allow(dead_code, reason = "other programs know their videos by name")]
impl InputArgs {
    /// The videos and images behind the arguments.
    pub(crate) fn expand(&self, arguments: &[PathBuf]) -> Vec<PathBuf> {
        if self.each { expand_images(arguments) } else { expand_inputs(arguments) }
    }
}

impl ReadArgs {
    /// The options that decide what is seen of a video, as one would type them; none where all are the defaults.
    #[allow(dead_code, reason = "not every program writes them down")]
    #[must_use]
    pub fn settings(&self) -> Option<String> {
        let parts = [
            option("size", self.size),
            option("pixels", self.pixels),
            option("fps", self.fps),
            option("track", self.track),
            option("interlaced", self.interlaced.filter(|&how| how != Interlaced::default())),
            self.any.settings(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// As [`dream_data::open`] takes them.
    #[must_use]
    pub fn options(&self) -> OpenOptions {
        let raw = self.size.map(|FrameSize { width, height }| RawFormat {
            pixels: self.pixels.unwrap_or(RawPixels::YUV420P),
            ..RawFormat::new(width, height, self.fps)
        });
        OpenOptions {
            raw,
            frame_rate: self.fps,
            track: self.track,
            interlaced: self.interlaced.unwrap_or_default(),
            ..self.any.options()
        }
    }
}

/// The option behind a library's name for it.
pub(crate) fn flag(option: &str) -> Option<&'static str> {
    Some(match option {
        "raw" => "--size and --fps",
        "frame_rate" => "--fps",
        "pixels" => "--pixels",
        "decoder" => "--decoder",
        "track" => "--track",
        "interlaced" => "--interlaced",
        _ => return None,
    })
}

fn track(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&track| track > 0).ok_or_else(|| "tracks are counted from 1".to_owned())
}
