//! Pictures for people: the contact sheet, and a clip to try a head on.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::features::{Maker, What};
use crate::page::Page;
use crate::portraits::Person;
use crate::print::wrote;
use crate::pseudo::Rgb;
use crate::pseudo::clip::{Clip, ClipOptions};
use crate::save::save;
use crate::sheet;

/// Portraits on the contact sheet.
const SHOWN: usize = 12;
/// Frames of a clip.
const FRAMES: usize = 50;

/// The contact sheet: the first draw of portraits from all over the folder.
pub(crate) fn write_sheet(path: &Path, maker: &Maker<'_>, people: &[Person]) -> Result<()> {
    let step = people.len().div_ceil(SHOWN).max(1);
    let draws = people.iter().step_by(step).map(|person| maker.draw(person, What::Draw(0)));
    let png = sheet::encode(&draws.collect::<Result<Vec<_>>>()?)?;
    save(path, |out| Ok(out.write_all(&png)?))?;
    wrote("the contact sheet", Some(path));
    Ok(())
}

/// A portrait that moves, as the folders of frames `original` and `fake`.
pub(crate) fn write_clip(folder: &Path, person: &Person, seed: u64) -> Result<()> {
    let clip = Clip::new(&person.portrait()?, &ClipOptions::default(), seed);
    let clip = clip.with_context(|| person.path.display().to_string())?;
    let (width, height) = clip.size();
    for name in ["original", "fake"] {
        let place = folder.join(name);
        fs::create_dir_all(&place).with_context(|| format!("cannot make the folder {}", place.display()))?;
    }
    let write = |name: &str, t: usize, picture: &Rgb| {
        let mut page = Page::new(width, height);
        page.place(&picture.data, picture.width, 0, 0).context("a frame of the wrong size")?;
        let png = page.encode()?;
        save(&folder.join(name).join(format!("{t:03}.png")), |out| Ok(out.write_all(&png)?))
    };
    for t in 0..FRAMES {
        let frame = clip.frame(t);
        write("original", t, &frame.original)?;
        write("fake", t, &frame.fake)?;
    }
    wrote(&format!("{FRAMES} frames of {} moved and blended", person.name), Some(folder));
    Ok(())
}
