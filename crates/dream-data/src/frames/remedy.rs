//! Advice for files that no available decoder reads.

/// For formats that no decoder of this crate delivers, or that need FFmpeg.
pub(crate) const CONVERT: &str = if cfg!(feature = "ffmpeg") {
    "convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
} else {
    "build with `--features ffmpeg`, or convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
};

/// For files that OpenH264 or its container reader cannot take.
#[cfg(feature = "h264")]
pub(crate) const OTHER_DECODER: &str = if cfg!(feature = "ffmpeg") {
    "choose the decoder `auto` or `ffmpeg-library`"
} else {
    "build with `--features ffmpeg` to read everything that FFmpeg reads, \
     or convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`"
};

#[cfg(not(any(feature = "h264", feature = "ffmpeg")))]
pub(super) const NO_DECODER: &str = "build with `--features h264` for H.264 in mp4 or mov (no system library) or \
     `--features ffmpeg` for everything that FFmpeg reads, \
     or convert it: `ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m`";
