//! Advice for files that no available decoder reads.

/// What makes FFmpeg available.
macro_rules! install {
    () => {
        "install FFmpeg (its programs `ffmpeg` and `ffprobe` on the path)"
    };
}

/// How to do without it.
macro_rules! convert {
    () => {
        "convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
    };
}

/// For the decoder that runs FFmpeg's programs.
pub(crate) const INSTALL: &str = concat!(
    install!(),
    ", or name their folder in the environment variable `DREAM_FFMPEG`, or choose another decoder"
);

/// For formats that only FFmpeg reads.
pub(crate) const CONVERT: &str = if cfg!(feature = "ffmpeg") {
    concat!("choose the decoder `auto` or `ffmpeg-library`, or ", convert!())
} else {
    concat!(install!(), ", or build with `--features ffmpeg`, or ", convert!())
};

/// The same where nothing was compiled in.
#[cfg(not(any(feature = "h264", feature = "ffmpeg")))]
pub(super) const NO_DECODER: &str = concat!(
    install!(),
    ", or build with `--features h264` for H.264 in mp4 or mov (no system library) or `--features ffmpeg` for all \
     that FFmpeg reads, or ",
    convert!()
);

#[cfg(feature = "h264")]
pub(crate) const OTHER_DECODER: &str = CONVERT;
