//! The frames that a network sees, decoded, cut and resized: bytes, kept on disk in one file a video.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, ensure};
use dream_data::{Cropped, FrameSource, RelativeBox, Sampling, open_sampled};
use dream_features::color;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::face::{BoxExpansion, FaceBox};
use dream_models::preprocess::ImageView;

use crate::data::Clip;
use crate::files::write;
use crate::input::ReadArgs;
use crate::view::view;

/// How videos become bytes, and where those are kept.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    pub(crate) folder: Option<&'a Path>,
    pub(crate) input: &'a Input,
    pub(crate) reading: &'a ReadArgs,
}

/// The frames of a video, `side * side * 3` bytes each.
#[derive(Debug, Clone)]
pub(crate) struct Video {
    bytes: Vec<u8>,
    frame: usize,
    /// What was settled about it without asking.
    pub(crate) assumptions: Vec<String>,
}

impl Video {
    pub(crate) fn new(bytes: Vec<u8>, frame: usize, assumptions: Vec<String>) -> Self {
        Self { bytes, frame, assumptions }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / self.frame.max(1)
    }

    pub(crate) fn frame(&self, at: usize) -> &[u8] {
        self.bytes.get(at * self.frame..(at + 1) * self.frame).unwrap_or_default()
    }
}

/// The part of the frames of a video that is seen.
#[derive(Debug, Clone, Copy)]
struct Part {
    corners: RelativeBox,
    /// Of a box that becomes the square of its width first: how much wider the square is made.
    square: Option<BoxExpansion>,
}

impl Part {
    /// Within frames of so many pixels.
    fn within(self, width: u32, height: u32) -> Result<RelativeBox> {
        let Some(expansion) = self.square else { return Ok(self.corners) };
        let [left, top, right, bottom] = self.corners.corners();
        let square = FaceBox { left, top, right, bottom }.squared(width as usize, height as usize);
        let square = square.and_then(|square| square.expanded(expansion).clamped());
        let [left, top, right, bottom] = square.context("the frames have no pixels")?.corners();
        Ok(RelativeBox::new(left, top, right, bottom)?)
    }
}

impl Frames<'_> {
    /// Takes a video from the cache, or decodes it and puts it there.
    pub(crate) fn get(&self, clip: &Clip) -> Result<Video> {
        let Input { pixels, .. } = self.input;
        let frame = pixels.size * pixels.size * 3;
        let name = clip.name();
        let part = self.part(clip).with_context(|| name.to_owned())?;
        let decoded = || self.decode(&clip.path, part).with_context(|| name.to_owned());
        let Some(folder) = self.folder else {
            let (bytes, assumptions) = decoded()?;
            return Ok(Video::new(bytes, frame, assumptions));
        };

        let stamp = stamp(&clip.path).with_context(|| format!("cannot read {}", clip.path.display()))?;
        let corners = part.map(|part| part.corners.corners());
        let square =
            part.and_then(|part| part.square).map_or_else(String::new, |square| format!(" {square:?}"));
        let reading = self.reading.settings().unwrap_or_default();
        let seen =
            format!("{} {corners:?}{square} {} {reading}", self.input.frames, serde_json::to_string(pixels)?);
        let key = format!("dream-frames-3 {name} {stamp} {seen}\n");
        // Methods that look at a video in other ways have their own files.
        let path: PathBuf = folder.join(format!("{name}.{:016x}.rgb", digest(0, &seen)));
        if let Ok(file) = fs::read(&path)
            && let Some((assumptions, bytes)) = entry(&file, &key)
            // Where assumptions are errors, the reader has to find them.
            && (assumptions.is_empty() || !self.reading.any.strict)
        {
            return Ok(Video::new(bytes.to_vec(), frame, assumptions));
        }
        let (bytes, assumptions) = decoded()?;
        let mut whole = key.into_bytes();
        serde_json::to_writer(&mut whole, &assumptions)?;
        whole.push(b'\n');
        whole.extend((bytes.len() as u64).to_le_bytes());
        whole.extend(&bytes);
        write(&path, &whole)?;
        Ok(Video::new(bytes, frame, assumptions))
    }

    /// The part of the frames that is seen; `None` for all of it.
    fn part(&self, clip: &Clip) -> Result<Option<Part>> {
        let as_it_is = |corners| Some(Part { corners, square: None });
        Ok(match &self.input.face {
            FaceRule::Whole => None,
            FaceRule::Crop { corners: [left, top, right, bottom] } => {
                as_it_is(RelativeBox::new(*left, *top, *right, *bottom)?)
            }
            FaceRule::Face(config) => {
                let face = clip.face.context(
                    "the network looks at faces, and there is no face box: add a row to --boxes, or use --crop",
                )?;
                if config.square {
                    Some(Part { corners: face, square: Some(config.expansion) })
                } else {
                    as_it_is(face.expanded(config.expansion.0)?)
                }
            }
            other => anyhow::bail!("this program cannot cut frames by {other:?}"),
        })
    }

    /// The frames, and what was assumed about the video.
    fn decode(&self, path: &Path, part: Option<Part>) -> Result<(Vec<u8>, Vec<String>)> {
        let plan: Sampling = self.input.frames.to_string().parse()?;
        let mut source: Box<dyn FrameSource> = Box::new(open_sampled(path, &self.reading.options(), plan)?);
        if let Some(part) = part {
            let (width, height) = (source.info().width, source.info().height);
            source = Box::new(Cropped::new(source, part.within(width, height)?));
        }
        let (mut bytes, mut buffer) = (Vec::new(), Vec::new());
        while let Some(frame) = source.next_frame()? {
            let frame = view(frame.pixels())?;
            color::pack_rgb8(&frame, &mut buffer);
            let (width, height) = frame.size();
            let view = ImageView::rgb(&buffer, width, height)?;
            bytes.extend(self.input.pixels.resize(&view)?.data);
        }
        ensure!(!bytes.is_empty(), "it has no frames");
        Ok((bytes, source.info().assumptions.iter().map(ToString::to_string).collect()))
    }
}

/// What a file of the cache holds, where it is whole and of this key: the assumptions in a line, the number of bytes, and
/// these.
fn entry<'a>(file: &'a [u8], key: &str) -> Option<(Vec<String>, &'a [u8])> {
    let rest = file.strip_prefix(key.as_bytes())?;
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let (assumptions, rest) = rest.split_at_checked(end)?;
    let (count, bytes) = rest.get(1..)?.split_at_checked(8)?;
    let whole = count == (bytes.len() as u64).to_le_bytes();
    whole.then_some((serde_json::from_slice(assumptions).ok()?, bytes))
}

/// Changes with the file, or with the files of a folder.
///
/// # Errors
/// When it cannot be read.
pub fn stamp(path: &Path) -> io::Result<String> {
    let of = |about: fs::Metadata| {
        let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        format!("{} {}", about.len(), modified.map_or(0, |time| time.as_nanos()))
    };
    if !path.is_dir() {
        return Ok(of(fs::metadata(path)?));
    }
    let file = |entry: io::Result<fs::DirEntry>| -> io::Result<String> {
        let entry = entry?;
        Ok(format!("{:?} {}", entry.file_name(), of(entry.metadata()?)))
    };
    let mut files = fs::read_dir(path)?.map(file).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(format!("{} {:016x}", files.len(), digest(0, &files.join("\n"))))
}

/// A number for a text, going on from another one: to tell texts apart, not to withstand anybody.
pub(crate) fn digest(from: u64, text: &str) -> u64 {
    text.bytes().fold(from, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
