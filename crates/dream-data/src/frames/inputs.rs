//! Expands command-line arguments to videos: files, folders and globs.

use std::fs;
use std::path::{Path, PathBuf};

use glob::MatchOptions;

use crate::error::Error;
use crate::frames::kind::{SourceKind, images_in, is_hidden, kind_of};
use crate::frames::numbered::are_frames;

/// The videos that `arguments` name, in order. A file stands for itself. A folder of images stands for one video if
/// their names differ in one number only that goes up in equal steps, otherwise for the images. Any other folder stands
/// for all videos and image folders below it, sorted by name; links to folders are not followed.
/// A pattern with `*`, `?` or `[` stands for its matches. Hidden files and folders, whose names begin with a dot, are
/// taken only where an argument names them.
///
/// A missing file, an empty folder or a pattern without a match stays in the list unchanged; opening it gives the
/// error to report.
///
/// # Example
/// ```
/// let videos = dream_data::expand_inputs(["no-such-file.mp4"]);
/// assert_eq!(videos, [std::path::PathBuf::from("no-such-file.mp4")]);
/// ```
pub fn expand_inputs<P: AsRef<Path>>(arguments: impl IntoIterator<Item = P>) -> Vec<PathBuf> {
    expand(arguments, false)
}

/// As [`expand_inputs`], but every image of a folder stands for itself.
///
/// # Example
/// ```
/// let folder = std::env::temp_dir().join("dream-data-expand-images");
/// std::fs::create_dir_all(&folder)?;
/// for name in ["1.png", "2.png"] {
///     std::fs::write(folder.join(name), b"")?;
/// }
/// assert_eq!(dream_data::expand_inputs([&folder]), [folder.clone()]);
/// assert_eq!(dream_data::expand_images([&folder]), [folder.join("1.png"), folder.join("2.png")]);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn expand_images<P: AsRef<Path>>(arguments: impl IntoIterator<Item = P>) -> Vec<PathBuf> {
    expand(arguments, true)
}

fn expand<P: AsRef<Path>>(arguments: impl IntoIterator<Item = P>, each: bool) -> Vec<PathBuf> {
    let visible = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let mut videos = Vec::new();
    for argument in arguments {
        let (argument, before) = (argument.as_ref(), videos.len());
        if argument.exists() {
            add(argument, each, &mut videos);
        } else if let Some(pattern) = argument.to_str() {
            for path in glob::glob_with(pattern, visible).into_iter().flatten().flatten() {
                add(&path, each, &mut videos);
            }
        }
        if videos.len() == before {
            videos.push(argument.to_owned());
        }
    }
    videos
}

/// Whether a path that does not exist was meant as a pattern.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// What is wrong with a folder that is no video.
pub(super) fn folder_fault(folder: &Path) -> Error {
    let (found, expected) = match expand_inputs([folder]).as_slice() {
        [only] if only == folder => (
            "no videos and no images in this folder",
            "videos, or .png or .jpg frames (name raw files one by one)",
        ),
        _ => ("a folder of videos", "one video"),
    };
    Error::Unrecognised { path: folder.to_owned(), found: found.to_owned(), expected: expected.to_owned() }
}

fn add(path: &Path, each: bool, videos: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        videos.push(path.to_owned());
        return;
    }
    let mut entries: Vec<_> = fs::read_dir(path).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let start = videos.len();
    for entry in entries {
        let (path, is_dir) = (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
        if is_hidden(&path) {
            continue;
        }
        if is_dir {
            add(&path, each, videos);
        } else if matches!(kind_of(&path), Some(SourceKind::Video | SourceKind::Y4m)) {
            videos.push(path);
        }
    }
    // A folder that contains images, and no videos or image folders, is itself a video or an album.
    if videos.len() == start && kind_of(path) == Some(SourceKind::ImageFolder) {
        match images_in(path) {
            Ok(images) if each || !are_frames(&images) => videos.extend(images),
            _ => videos.push(path.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_globs() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, b"x").unwrap();
            path
        };
        let (b, a) = (file("clips/b.mp4"), file("clips/a.y4m"));
        let hidden = file("clips/._b.mp4");
        file("clips/.trash/d.mp4");
        let deep = file("clips/deep/c.MOV");
        file("clips/notes.txt");
        file("clips/frames/1.png");
        file("clips/frames/2.png");
        let (one, other) = (file("photos/beach.jpg"), file("photos/dog.jpg"));
        file("empty/notes.txt");
        let frames = root.path().join("clips/frames");
        let empty = root.path().join("empty");

        let all = expand_inputs([root.path().join("clips")]);
        assert_eq!(all, [a.clone(), b.clone(), deep, frames.clone()]);
        assert_eq!(expand_inputs([root.path().join("clips/*.mp4")]), std::slice::from_ref(&b));
        assert_eq!(expand_images([&frames]), [frames.join("1.png"), frames.join("2.png")]);
        assert_eq!(expand_inputs([&frames]), [frames]);
        assert_eq!(expand_inputs([root.path().join("photos")]), [one, other]);
        assert_eq!(expand_inputs([&hidden]), [hidden]);
        let nothing = root.path().join("*.avi");
        assert_eq!(expand_inputs([&empty, &nothing, &b, &a]), [empty.clone(), nothing.clone(), b, a]);
    }

    #[test]
    fn what_stands_for_no_video_is_named() {
        let root = tempfile::tempdir().unwrap();
        let error = |name: &str| {
            let path = expand_inputs([root.path().join(name)]).remove(0);
            crate::open(path, &crate::OpenOptions::default()).err().unwrap()
        };
        fs::create_dir_all(root.path().join("empty/deep")).unwrap();
        fs::write(root.path().join("empty/deep/._a.mp4"), b"x").unwrap();
        assert!(error("empty").to_string().contains("empty: no videos and no images in this folder"));
        assert!(matches!(error("*.mp4"), Error::NothingMatches { pattern } if pattern.ends_with("*.mp4")));
        fs::write(root.path().join("._b.mp4"), b"x").unwrap();
        assert!(matches!(error("*.mp4"), Error::NothingMatches { .. }));
        assert!(matches!(error("a.mp4"), Error::Io { .. }));
        fs::write(root.path().join("empty/a.mp4"), b"x").unwrap();
        let error = crate::open(root.path().join("empty"), &crate::OpenOptions::default()).err().unwrap();
        assert!(error.to_string().contains("a folder of videos; expected one video"), "{error}");
    }

    #[test]
    fn a_name_with_brackets_is_a_file_first() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("clip [1].mp4");
        fs::write(&path, b"x").unwrap();
        assert_eq!(expand_inputs([&path]), [path]);
    }
}
