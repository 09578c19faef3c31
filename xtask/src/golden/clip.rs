//! Clips of the video features: `clips.json` lists them, a file or a recipe gives the pixels.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_features::{Frame, LumaView, VideoSpec, Yuv420View};
use serde_json::Value;
use sha2::{Digest, Sha256};

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "recipes are integer formulas modulo powers of two"
)]
#[path = "../../../crates/dream-features/tests/features/common/clips.rs"]
mod recipes;

use crate::report::{Group, Report, Tolerance};
use crate::table::{index, json_if_there, number, text};

/// A clip and its frame rate.
pub(crate) struct Clip {
    pixels: recipes::Clip,
    frames_per_second: f64,
}

impl Clip {
    /// The data that a session needs.
    pub(crate) fn spec(&self) -> VideoSpec {
        let recipes::Clip { width, height, .. } = self.pixels;
        VideoSpec::new(width, height, self.frames_per_second)
    }

    /// The frames, in order.
    pub(crate) fn frames(&self) -> impl Iterator<Item = Result<Frame<'_>>> {
        (0..self.pixels.frames.len()).map(|index| Ok(Frame::from_yuv420(self.view(index)?)))
    }

    /// One frame.
    pub(crate) fn view(&self, index: usize) -> Result<Yuv420View<'_>> {
        let recipes::Clip { width, height, frames } = &self.pixels;
        let planes = frames.get(index).with_context(|| format!("frame {index} is outside the clip"))?;
        let (w, h) = (width.div_ceil(2), height.div_ceil(2));
        Ok(Yuv420View::new(
            LumaView::new(&planes.y, *width, *height, *width)?,
            LumaView::new(&planes.u, w, h, w)?,
            LumaView::new(&planes.v, w, h, w)?,
        )?)
    }
}

/// A clip that a folder mentions.
pub(crate) struct Listed {
    pub(crate) name: String,
    /// The pixels, or why there are none.
    pub(crate) clip: Result<Clip>,
    /// Its intermediate values, if there are any.
    pub(crate) steps: Option<Value>,
}

/// The clips of a folder: those in `clips.json`, in intermediate files and in the tables.
pub(crate) fn list(folder: &Path, tables: &[&str]) -> Result<Vec<Listed>> {
    let listed = json_if_there(&folder.join("clips.json"))?;
    let mut names: Vec<String> =
        listed.iter().filter_map(Value::as_object).flat_map(|map| map.keys()).cloned().collect();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".intermediate.json").map(str::to_owned));
    }
    for table in tables {
        if let Some(columns) = Columns::read(folder, table)? {
            names.extend(columns.names.iter().cloned());
        }
    }
    names.sort();
    names.dedup();
    let clips = names.into_iter().map(|name| {
        let entry = listed.as_ref().map_or(&Value::Null, |all| &all[&name]);
        let clip = load(folder, &name, entry);
        let steps = json_if_there(&folder.join(format!("{name}.intermediate.json")))?;
        Ok(Listed { clip, steps, name })
    });
    clips.collect()
}

/// The clip in `<name>.y4m`, or made by its recipe and checked.
fn load(folder: &Path, name: &str, entry: &Value) -> Result<Clip> {
    let file = folder.join(format!("{name}.y4m"));
    let listed_rate = number(&entry["framerate"]).ok();
    if file.is_file() {
        let (pixels, rate) = y4m(&fs::read(&file)?).with_context(|| format!("reading {}", file.display()))?;
        return Ok(Clip { pixels, frames_per_second: listed_rate.unwrap_or(rate) });
    }
    ensure!(entry.is_object(), "{} is missing, and clips.json has no entry `{name}`", file.display());
    let (width, height, frames) = (index(entry, "width")?, index(entry, "height")?, index(entry, "frames")?);
    let ppm = fs::read(folder.join("astronaut_crop_256.ppm")).ok();
    let pixels = recipes::recipe(name, width, height, frames, ppm.as_deref())
        .with_context(|| format!("{} is missing, and so is a recipe or its portrait", file.display()))?;
    let found: String = Sha256::digest(pixels.bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = text(entry, "sha256")?;
    ensure!(found == expected, "the recipe gives SHA-256 {found}, not {expected}");
    Ok(Clip { pixels, frames_per_second: listed_rate.context("reading `framerate`")? })
}

/// An 8-bit 4:2:0 YUV4MPEG2 file and its frame rate.
fn y4m(bytes: &[u8]) -> Result<(recipes::Clip, f64)> {
    let line = |bytes: &[u8]| bytes.iter().position(|&b| b == b'\n').context("a line does not end");
    let end = line(bytes)?;
    let header = std::str::from_utf8(&bytes[..end])?;
    let mut fields = header.split(' ');
    ensure!(fields.next() == Some("YUV4MPEG2"), "no YUV4MPEG2 header");
    let (mut width, mut height, mut rate) = (0usize, 0usize, 25.0);
    for field in fields {
        match field.split_at_checked(1) {
            Some(("W", value)) => width = value.parse()?,
            Some(("H", value)) => height = value.parse()?,
            Some(("F", value)) => {
                let (n, d) = value.split_once(':').context("a frame rate is n:d")?;
                rate = n.parse::<f64>()? / d.parse::<f64>()?;
            }
            Some(("C", value)) => {
                let eight_bits = matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv");
                ensure!(eight_bits, "{value} is not 8-bit 4:2:0");
            }
            _ => {}
        }
    }
    let luma = width.checked_mul(height).filter(|&n| n > 0).context("the frames have no size")?;
    let chroma = width.div_ceil(2) * height.div_ceil(2);
    let (mut rest, mut frames) = (&bytes[end + 1..], Vec::new());
    while !rest.is_empty() {
        let start = line(rest)? + 1;
        ensure!(rest.starts_with(b"FRAME"), "frame {} has no FRAME line", frames.len());
        let Some(planes) = rest.get(start..start + luma + 2 * chroma) else {
            bail!("frame {} is cut off", frames.len())
        };
        let (y, uv) = planes.split_at(luma);
        let (u, v) = uv.split_at(chroma);
        frames.push(recipes::Planes { y: y.to_vec(), u: u.to_vec(), v: v.to_vec() });
        rest = &rest[start + luma + 2 * chroma..];
    }
    Ok((recipes::Clip { width, height, frames }, rate))
}

/// A table with one column of numbers per clip, after an index and a name.
pub(crate) struct Columns {
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
}

impl Columns {
    /// The table, if it is there.
    pub(crate) fn read(folder: &Path, file: &str) -> Result<Option<Self>> {
        let path = folder.join(file);
        if !path.is_file() {
            return Ok(None);
        }
        let content = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut lines = content.lines().filter(|line| !line.trim().is_empty());
        let cells = |line: &str| line.split(',').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let names: Vec<String> =
            cells(lines.next().with_context(|| format!("{file} is empty"))?).into_iter().skip(2).collect();
        let mut columns = vec![Vec::new(); names.len()];
        for (row, line) in lines.enumerate() {
            let values = cells(line);
            ensure!(values.len() == names.len() + 2, "{file}, line {}: {} cells", row + 2, values.len());
            for (column, cell) in columns.iter_mut().zip(values.iter().skip(2)) {
                column.push(cell.parse().with_context(|| format!("{file}, line {}: `{cell}`", row + 2))?);
            }
        }
        Ok(Some(Self { names, columns }))
    }

    /// The numbers of a clip.
    pub(crate) fn of(&self, clip: &str) -> Option<&[f64]> {
        self.names.iter().position(|name| name == clip).and_then(|i| self.columns.get(i)).map(Vec::as_slice)
    }
}

/// Whether the first frame has a flat area of 7x7 pixels, where the reference follows rounding noise.
pub(crate) fn is_flat(clip: &Clip) -> bool {
    let recipes::Clip { width, frames, .. } = &clip.pixels;
    let flat = |planes: &recipes::Planes| {
        let rows: Vec<&[u8]> = planes.y.chunks_exact((*width).max(1)).collect();
        let count = rows
            .windows(7)
            .flat_map(|window| (0..width.saturating_sub(6)).map(move |x| (window, x)))
            .filter(|(window, x)| window.iter().all(|row| row[*x..x + 7].iter().all(|v| *v == window[0][*x])))
            .count();
        count > 0
    };
    frames.first().is_some_and(flat)
}

/// Numbers of a list; `null` is NaN.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().map(|v| number(v).unwrap_or(f64::NAN)).collect()
}

/// Rows of numbers.
pub(crate) fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().into_iter().flatten().map(numbers).collect()
}

/// Reports a clip without pixels.
pub(crate) fn skip(report: &mut Report, group: Group, listed: &Listed) -> bool {
    if let Err(error) = &listed.clip {
        report.skip(group, &listed.name, format_args!("{error:#}"));
        return true;
    }
    false
}

/// Whether a folder mentions clips.
pub(crate) fn has_clips(folder: &Path) -> bool {
    folder.join("clips.json").is_file()
        || fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.ends_with(".intermediate.json") || name.ends_with("_features.csv")
        })
}

/// Relative, or 1e-12 absolute.
pub(crate) const fn within(relative: f64) -> Tolerance {
    Tolerance { relative, absolute: 1e-12 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y4m_files_are_read() {
        let mut file = b"YUV4MPEG2 W4 H2 F30000:1001 C420jpeg\n".to_vec();
        for t in 0..2u8 {
            file.extend_from_slice(b"FRAME\n");
            file.extend((0..12).map(|i| i + 20 * t));
        }
        let (clip, rate) = y4m(&file).unwrap();
        assert_eq!((clip.width, clip.height, clip.frames.len()), (4, 2, 2));
        assert_eq!((&clip.frames[1].y[..2], &clip.frames[1].v[..]), (&[20u8, 21][..], &[30u8, 31][..]));
        assert!((rate - 29.97).abs() < 0.001);
        assert!(y4m(&file[..file.len() - 1]).is_err() && y4m(b"P5 4 2\n").is_err());
        assert!(y4m(b"YUV4MPEG2 W4 H2 C420p10\n").is_err() && y4m(b"YUV4MPEG2 W0 H2\n").is_err());
    }

    #[test]
    fn a_file_wins_over_the_recipe_and_a_wrong_digest_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let entry =
            serde_json::json!({"width": 8, "height": 8, "frames": 2, "framerate": 10, "sha256": "00"});
        let error = load(dir.path(), "synth_x", &entry).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("SHA-256"), "{error}");
        assert!(load(dir.path(), "other", &entry).is_err() && load(dir.path(), "x", &Value::Null).is_err());
        let mut file = b"YUV4MPEG2 W2 H2 F5:1\nFRAME\n".to_vec();
        file.extend([1; 6]);
        fs::write(dir.path().join("synth_x.y4m"), file).unwrap();
        let clip = load(dir.path(), "synth_x", &entry).unwrap();
        assert_eq!((clip.spec().width, clip.spec().frames_per_second), (2, 10.0));
        assert_eq!(load(dir.path(), "synth_x", &Value::Null).unwrap().spec().frames_per_second, 5.0);
    }
}
