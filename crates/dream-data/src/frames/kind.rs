//! What a path looks like by its name.

use crate::error::{Error, Result};
use std::cmp::Ordering;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

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

/// The images directly in a folder, `2.png` before `10.png`.
pub(super) fn images_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::io(folder, e))? {
        let path = entry.map_err(|e| Error::io(folder, e))?.path();
        if is_frame(&path) {
            paths.push(path);
        }
    }
    paths.sort_by(|a, b| natural_order(a, b));
    Ok(paths)
}

/// Digits compare as numbers, all else byte by byte; names that are equal so compare as bytes.
fn natural_order(a: &Path, b: &Path) -> Ordering {
    let name = |path: &Path| path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
    let (a, b) = (name(a), name(b));
    let (mut x, mut y) = (&a[..], &b[..]);
    loop {
        let order = match (x.first(), y.first()) {
            (None, None) => return a.cmp(&b),
            (Some(p), Some(q)) if p.is_ascii_digit() && q.is_ascii_digit() => {
                let (m, n) = (take_number(&mut x), take_number(&mut y));
                m.len().cmp(&n.len()).then_with(|| m.cmp(n))
            }
            (p, q) => {
                (x, y) = (x.get(1..).unwrap_or_default(), y.get(1..).unwrap_or_default());
                p.cmp(&q)
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Splits the leading digits off, without their leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length).unwrap_or_default();
    *text = rest;
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}
