//! Decoded, cut and resized frames on disk: bytes, one file a video.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, ensure};
use dream_data::{Cropped, FrameSource, OpenOptions, RelativeBox, Sampled, Sampling, open};
use dream_models::preprocess::Preprocess;

use crate::pixels;

/// How frames become the bytes in the cache.
#[derive(Debug, Clone)]
pub(crate) struct Frames {
    pub(crate) folder: PathBuf,
    pub(crate) preprocess: Preprocess,
    pub(crate) every: u64,
}

/// The frames of a video, `side * side * 3` bytes each.
#[derive(Debug, Clone)]
pub(crate) struct Video {
    bytes: Vec<u8>,
    frame: usize,
}

impl Video {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / self.frame.max(1)
    }

    pub(crate) fn frame(&self, at: usize) -> &[u8] {
        self.bytes.get(at * self.frame..(at + 1) * self.frame).unwrap_or_default()
    }
}

impl Frames {
    /// Takes a video from the cache, or decodes it and puts it there.
    pub(crate) fn get(&self, clip: &str, path: &Path, face: Option<&RelativeBox>) -> Result<Video> {
        let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let corners = face.map(RelativeBox::corners);
        let key = format!(
            "dream-frames-1 {clip} {} {} {} {:?} {}\n",
            about.len(),
            modified.map_or(0, |time| time.as_nanos()),
            self.every,
            corners,
            serde_json::to_string(&self.preprocess)?
        );
        let frame = self.preprocess.size * self.preprocess.size * 3;
        let name = self.folder.join(format!("{clip}.rgb"));
        if let Ok(bytes) = fs::read(&name)
            && let Some(bytes) = bytes.strip_prefix(key.as_bytes())
            && let Some((count, bytes)) = bytes.split_at_checked(8)
            && count == (bytes.len() as u64).to_le_bytes()
        {
            return Ok(Video { bytes: bytes.to_vec(), frame });
        }
        let bytes = self.decode(path, face).with_context(|| clip.to_owned())?;
        let mut whole = key.into_bytes();
        whole.extend((bytes.len() as u64).to_le_bytes());
        whole.extend(&bytes);
        write(&name, &whole)?;
        Ok(Video { bytes, frame })
    }

    fn decode(&self, path: &Path, face: Option<&RelativeBox>) -> Result<Vec<u8>> {
        let mut source: Box<dyn FrameSource> = open(path, &OpenOptions::default())?;
        if let Some(face) = face {
            source = Box::new(Cropped::new(source, *face));
        }
        let mut source = Sampled::new(source, Sampling::Every { n: self.every, offset: 0 })?;
        let (mut bytes, mut buffer) = (Vec::new(), Vec::new());
        while let Some(frame) = source.next_frame()? {
            let resized = self.preprocess.resize(&pixels::view(frame.pixels(), &mut buffer)?)?;
            bytes.extend(resized.data);
        }
        ensure!(!bytes.is_empty(), "it has no frames");
        Ok(bytes)
    }
}

/// Writes a file so that its name means it is whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let place = || format!("cannot write {}: is there room, and may we write there?", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(place)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let partial = path.with_file_name(name);
    fs::write(&partial, bytes).with_context(place)?;
    fs::rename(&partial, path).with_context(place)
}
