//! Videos that come through a pipe: what can be read once, from front to back.

use crate::error::{Error, Result};
use crate::files::standard_input;
use crate::frames::options::OpenOptions;
use crate::frames::readers::images::ImageSequence;
use crate::frames::readers::raw::RawReader;
use crate::frames::readers::still::{MAX_DECODER_BYTES, are_several, is_image};
use crate::frames::readers::y4m::{SIGNATURE, Y4mReader};
use crate::frames::source::FrameSource;
use std::fs::{self, File, Metadata};
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

const REMEDY: &str = "save it to a file first, or send it as y4m: `ffmpeg -i INPUT -pix_fmt yuv420p -f yuv4mpegpipe - | PROGRAM -`";

/// The path of the file that the standard input was redirected from. It can be opened again and again.
pub(super) fn redirected() -> Option<PathBuf> {
    let here = standard_input().ok()?.metadata().ok().filter(Metadata::is_file)?;
    let device = Path::new("/dev/stdin");
    // A file that was removed or replaced has no path of its own any more.
    let same = |path: &PathBuf| path.metadata().is_ok_and(|there| is_same(&here, &there));
    fs::canonicalize(device).ok().filter(same).or_else(|| Some(device.to_owned()).filter(same))
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere nothing tells, and what is redirected is read as a pipe.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// The first bytes of a file, which must not be empty.
pub(super) fn start_of(file: &mut File, path: &Path) -> Result<Vec<u8>> {
    let mut magic = Vec::with_capacity(16);
    file.take(16).read_to_end(&mut magic).map_err(|e| Error::io(path, e))?;
    if magic.is_empty() {
        return Err(Error::Unrecognised {
            path: path.to_owned(),
            found: "the file is empty".to_owned(),
            expected: "a video or an image".to_owned(),
        });
    }
    Ok(magic)
}

/// Reads y4m, one picture or raw video.
pub(super) fn open_pipe(mut file: File, path: &Path, options: &OpenOptions) -> Result<Box<dyn FrameSource>> {
    let magic = start_of(&mut file, path)?;
    let (is_y4m, is_image, kind) = (magic.starts_with(SIGNATURE), is_image(&magic), container(&magic));
    // The bytes already read are put back in front.
    let stream = Cursor::new(magic).chain(BufReader::with_capacity(1 << 16, file));
    let refuse = |what: &str| Error::unsupported(path, what, REMEDY);
    // FFmpeg would have to open it again.
    let unread = |error| match error {
        Error::Unsupported { what, .. } => refuse(&format!("{what} through a pipe")),
        other => other,
    };
    if is_y4m {
        let opened = Y4mReader::open_named(stream, path, None, options.frame_rate);
        return Ok(Box::new(opened.map_err(unread)?));
    }
    if is_image {
        let picture = ImageSequence::of_bytes(picture(stream, path)?, path, options.frame_rate);
        return Ok(Box::new(picture.map_err(unread)?));
    }
    if let Some(kind) = kind {
        return Err(refuse(&format!("{kind} through a pipe, which cannot be sought,")));
    }
    let Some(format) = options.raw_format() else {
        let what = "anything but y4m, PNG, JPEG and raw video of a stated size through a pipe, which cannot be sought,";
        return Err(refuse(what));
    };
    Ok(Box::new(RawReader::named(stream, format, path.to_owned())?))
}

/// Reads one picture to its end.
fn picture(stream: impl Read, path: &Path) -> Result<Vec<u8>> {
    let (mut bytes, limit) = (Vec::new(), MAX_DECODER_BYTES as u64);
    stream.take(limit + 1).read_to_end(&mut bytes).map_err(|e| Error::io(path, e))?;
    if bytes.len() as u64 > limit {
        let (path, value) = (path.to_owned(), bytes.len() as u64);
        return Err(Error::TooLarge { path, what: "the number of bytes of a picture", value, limit });
    }
    if are_several(&bytes) {
        return Err(Error::unsupported(
            path,
            "several pictures, one after the other, through a pipe",
            REMEDY,
        ));
    }
    Ok(bytes)
}

/// The container that starts with these bytes, so that it is not taken for raw video.
fn container(start: &[u8]) -> Option<&'static str> {
    const BOXES: [&[u8]; 9] =
        [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"sidx", b"pnot"];
    const OTHERS: [(&[u8], &str); 7] = [
        (b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
        (b"RIFF", "AVI or another RIFF file"),
        (b"GIF8", "GIF"),
        (b"FLV\x01", "FLV"),
        (b"OggS", "Ogg"),
        (b"\0\0\x01\xba", "MPEG"),
        (b"\x30\x26\xb2\x75", "WMV"),
    ];
    if start.get(4..8).is_some_and(|kind| BOXES.contains(&kind)) {
        return Some("mp4 or mov");
    }
    OTHERS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}
