//! A picture of what is in the data set.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use dream_data::synthetic::{Blend, Planted, Synthetic};

use crate::page::Page;
use crate::save::save;

/// Groups in the upper part.
const COLUMNS: usize = 8;
/// Methods in the upper part, below the real clips.
const METHODS: usize = 4;
/// Strengths of the blends in the last part.
const STRENGTHS: [f64; 4] = [0.15, 0.4, 0.7, 1.0];
/// Pixels between pictures.
const GAP: usize = 2;

/// Writes a picture. The upper part has a column per identity group: real clips, then methods from the best to the worst.
/// The lower part, below a wider gap, has every artifact at full strength, in the order of `Planted::kinds`, on the first
/// and on the second person. With photographs, a third part follows: every person of the first row with blends of four
/// strengths, mild ones first, each person with that of another method.
pub(crate) fn write(synthetic: &Synthetic, path: &Path) -> Result<()> {
    let (width, height) = (synthetic.config().width, synthetic.config().height);
    let mut by_method: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, clip) in synthetic.clips().iter().enumerate() {
        by_method.entry(&clip.clip.method).or_default().push(i);
    }
    let realism = |clips: &[usize]| {
        let sum: f64 = clips.iter().filter_map(|&i| synthetic.clips().get(i)).map(|clip| clip.realism).sum();
        sum / clips.len().max(1) as f64
    };
    let mut fakes: Vec<&Vec<usize>> =
        by_method.iter().filter(|(name, _)| !name.ends_with("/target")).map(|(_, clips)| clips).collect();
    fakes.sort_by(|a, b| realism(b).total_cmp(&realism(a)));
    let shown = (0..METHODS).filter_map(|i| fakes.get(i * fakes.len().saturating_sub(1) / (METHODS - 1)));
    let rows: Vec<&Vec<usize>> = by_method.get("C1/target").into_iter().chain(shown.copied()).collect();
    let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0).min(COLUMNS);

    let kinds = Planted::kinds();
    let lower = 2 * kinds.len().div_ceil(columns.max(1));
    let (width, height) = (width as usize, height as usize);
    let blends: Vec<Blend> = synthetic.methods().iter().filter_map(|method| method.blend).collect();
    let strengths: &[f64] = if blends.is_empty() { &[] } else { &STRENGTHS };
    let down = rows.len() + lower + strengths.len();
    let gaps = if blends.is_empty() { 4 * GAP } else { 8 * GAP };
    let mut sheet = Page::new(columns.max(1) * (width + GAP) - GAP, down * (height + GAP) - GAP + gaps);
    let mut place = |pixels: Vec<u8>, column: usize, row: usize, extra: usize| -> Result<()> {
        sheet
            .place(&pixels, width, column * (width + GAP), row * (height + GAP) + extra)
            .context("a frame of the wrong size")
    };
    // Not the first frame: some artifacts need a past.
    let frame = synthetic.config().frames.saturating_sub(1).min(7);
    for (r, row) in rows.iter().enumerate() {
        for (c, &clip) in row.iter().take(columns).enumerate() {
            place(synthetic.still(clip, frame)?, c, r, 0)?;
        }
    }
    for (person, clip) in rows.first().map(|row| row.iter().take(2).enumerate()).into_iter().flatten() {
        for (i, &(artifact, places)) in kinds.iter().enumerate() {
            let Some(&spot) = places.first() else { continue };
            let planted = [Planted { place: spot, artifact, strength: 1.0 }];
            let row = rows.len() + person * (lower / 2) + i / columns.max(1);
            place(synthetic.still_with(*clip, frame, &planted)?, i % columns.max(1), row, 4 * GAP)?;
        }
    }
    for (i, &strength) in strengths.iter().enumerate() {
        let people = rows.first().into_iter().flat_map(|row| row.iter());
        for (c, (&clip, blend)) in people.zip(blends.iter().cycle()).take(columns).enumerate() {
            let blend = Blend { strength, ..*blend };
            place(synthetic.still_blended(clip, frame, &blend)?, c, rows.len() + lower + i, 8 * GAP)?;
        }
    }
    let png = sheet.encode()?;
    save(path, |out| Ok(out.write_all(&png)?))
}
