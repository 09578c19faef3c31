//! Clips of the video features: from a file, or from the recipe of their name.

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "recipes are integer arithmetic modulo 2^32, and its result is checked against a digest"
)]
#[path = "../../../crates/dream-features/tests/common/clips.rs"]
mod recipes;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_features::{LumaView, Yuv420View};
use sha2::{Digest, Sha256};

use crate::table::json_if_there;

/// A clip and its rate.
#[derive(Debug)]
pub(crate) struct VideoClip {
    planes: recipes::Clip,
    /// Frames per second; also the block length of TLVQM.
    pub(crate) frames_per_second: f64,
}

/// The rate where nothing else is said.
const FRAMES_PER_SECOND: f64 = 10.0;

impl VideoClip {
    /// `{name}.y4m` of `folder` if there is one, else the recipe of that name if it gives the bytes that `clips.json`
    /// names. `None` when there is neither.
    pub(crate) fn find(folder: &Path, name: &str) -> Result<Option<Self>> {
        let list = json_if_there(&folder.join("clips.json"))?.unwrap_or_default();
        let listed = &list[name];
        let rate = listed["framerate"].as_f64();
        let file = folder.join(format!("{name}.y4m"));
        if file.is_file() {
            let (planes, stated) =
                y4m(&fs::read(&file)?).with_context(|| format!("{} is no clip", file.display()))?;
            return Ok(Some(Self { planes, frames_per_second: rate.unwrap_or(stated) }));
        }
        let number = |key: &str| listed[key].as_u64().and_then(|n| usize::try_from(n).ok());
        let (Some(width), Some(height), Some(frames)) = (number("width"), number("height"), number("frames"))
        else {
            return Ok(None);
        };
        let ppm = fs::read(folder.join("astronaut_crop_256.ppm")).ok();
        let made = recipes::recipe(name, width, height, frames, ppm.as_deref());
        let checked = made.filter(|clip| {
            let digest: String = Sha256::digest(clip.bytes()).iter().map(|b| format!("{b:02x}")).collect();
            listed["sha256"].as_str() == Some(&digest)
        });
        Ok(checked.map(|planes| Self { planes, frames_per_second: rate.unwrap_or(FRAMES_PER_SECOND) }))
    }

    pub(crate) const fn size(&self) -> (usize, usize) {
        (self.planes.width, self.planes.height)
    }

    /// Frame `index`, counted from 0.
    pub(crate) fn frame(&self, index: usize) -> Result<Yuv420View<'_>> {
        let frame =
            self.planes.frames.get(index).with_context(|| format!("the clip has no frame {index}"))?;
        let (width, height) = self.size();
        let (w, h) = (width.div_ceil(2), height.div_ceil(2));
        let luma = LumaView::new(&frame.y, width, height, width)?;
        Ok(Yuv420View::new(luma, LumaView::new(&frame.u, w, h, w)?, LumaView::new(&frame.v, w, h, w)?)?)
    }
}

/// An 8-bit 4:2:0 YUV4MPEG2 file and its rate.
fn y4m(bytes: &[u8]) -> Result<(recipes::Clip, f64)> {
    let line = |bytes: &[u8]| -> Result<(String, usize)> {
        let end = bytes.iter().position(|&b| b == b'\n').context("a line does not end")?;
        Ok((String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned(), end + 1))
    };
    let (header, mut at) = line(bytes)?;
    ensure!(header.starts_with("YUV4MPEG2 "), "the header is missing");
    let field = |key: char| header.split(' ').skip(1).find_map(|field| field.strip_prefix(key));
    let side = |key: char| -> Result<usize> {
        field(key).and_then(|text| text.parse().ok()).with_context(|| format!("no size {key} in {header}"))
    };
    let (width, height) = (side('W')?, side('H')?);
    let colours = field('C').unwrap_or("420");
    ensure!(colours.starts_with("420") && !colours.starts_with("420p1"), "C{colours} is not 8-bit 4:2:0");
    let rate = field('F').and_then(|text| {
        let (a, b) = text.split_once(':')?;
        Some(a.parse::<f64>().ok()? / b.parse::<f64>().ok()?)
    });
    let chroma = width.div_ceil(2) * height.div_ceil(2);
    let mut frames = Vec::new();
    while at < bytes.len() {
        let (marker, skip) = line(bytes.get(at..).unwrap_or_default())?;
        ensure!(marker.starts_with("FRAME"), "no frame at byte {at}");
        at += skip;
        let mut take = |n: usize| -> Result<Vec<u8>> {
            let plane = bytes.get(at..at + n).context("the last frame is cut off")?;
            at += n;
            Ok(plane.to_vec())
        };
        frames.push(recipes::Planes { y: take(width * height)?, u: take(chroma)?, v: take(chroma)? });
    }
    Ok((recipes::Clip { width, height, frames }, rate.unwrap_or(FRAMES_PER_SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_before_the_list_and_nothing_is_no_clip() {
        let dir = tempfile::tempdir().unwrap();
        assert!(VideoClip::find(dir.path(), "a").unwrap().is_none());
        let mut bytes = b"YUV4MPEG2 W3 H2 F30000:1001 Ip C420jpeg\nFRAME\n".to_vec();
        bytes.extend(0..10u8);
        fs::write(dir.path().join("a.y4m"), &bytes).unwrap();
        let clip = VideoClip::find(dir.path(), "a").unwrap().unwrap();
        assert_eq!((clip.size(), clip.frames_per_second), ((3, 2), 30_000.0 / 1001.0));
        let frame = clip.frame(0).unwrap();
        assert_eq!(
            (frame.y().row(1), frame.u().row(0), frame.v().row(0)),
            (&[3, 4, 5][..], &[6, 7][..], &[8, 9][..])
        );
        assert!(clip.frame(1).is_err());
        bytes.pop();
        fs::write(dir.path().join("a.y4m"), &bytes).unwrap();
        assert!(VideoClip::find(dir.path(), "a").is_err());
    }

    #[test]
    fn a_recipe_that_gives_other_bytes_is_no_clip() {
        let dir = tempfile::tempdir().unwrap();
        let list = |digest: &str| {
            let text =
                format!(r#"{{"black": {{"width": 2, "height": 2, "frames": 1, "sha256": "{digest}"}}}}"#);
            fs::write(dir.path().join("clips.json"), text).unwrap();
        };
        list("00");
        assert!(VideoClip::find(dir.path(), "black").unwrap().is_none());
        let digest: String =
            Sha256::digest([0, 0, 0, 0, 128, 128]).iter().map(|b| format!("{b:02x}")).collect();
        list(&digest);
        assert_eq!(VideoClip::find(dir.path(), "black").unwrap().unwrap().size(), (2, 2));
    }
}
