//! What a path looks like by its name.

use std::ffi::OsStr;
use std::path::Path;

/// What a path looks like, judged by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceKind {
    /// A y4m file.
    Y4m,
    /// Raw YUV, which needs [`OpenOptions::raw`](crate::OpenOptions::raw).
    RawVideo,
    /// A still image.
    Image,
    /// A folder with at least one image in it.
    ImageFolder,
    /// A video container. Whether it can be decoded depends on the features.
    Video,
}

const IMAGE: &[&str] = &["png", "jpg", "jpeg"];
pub(super) const RAW: &[&str] = &["yuv", "i420", "nv12", "nv21", "raw"];
const VIDEO: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "wmv", "flv", "3gp",
    "ogv", "h264", "264", "hevc", "h265", "vob", "mxf", "gif",
];

/// What `path` looks like by its extension (a folder: by its content); `None` for anything else.
/// Programs use it to expand folders. [`open`](crate::open) looks at the content as well.
#[must_use]
pub fn kind_of(path: impl AsRef<Path>) -> Option<SourceKind> {
    let path = path.as_ref();
    if path.is_dir() {
        return has_image(path).then_some(SourceKind::ImageFolder);
    }
    if has_extension(path, IMAGE) {
        Some(SourceKind::Image)
    } else if has_extension(path, RAW) {
        Some(SourceKind::RawVideo)
    } else if has_extension(path, &["y4m"]) {
        Some(SourceKind::Y4m)
    } else {
        has_extension(path, VIDEO).then_some(SourceKind::Video)
    }
}

pub(super) fn has_extension(path: &Path, list: &[&str]) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|found| list.iter().any(|known| known.eq_ignore_ascii_case(found)))
}

/// Files that begin with a dot, such as the `._x.mp4` of some archives, are nobody's videos.
pub(crate) fn is_hidden(path: &Path) -> bool {
    path.file_name().unwrap_or_default().as_encoded_bytes().starts_with(b".")
}

/// True for the images that a folder of frames consists of: hidden files are none.
pub(super) fn is_frame(path: &Path) -> bool {
    !is_hidden(path) && has_extension(path, IMAGE) && path.is_file()
}

fn has_image(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| is_frame(&path))
}
