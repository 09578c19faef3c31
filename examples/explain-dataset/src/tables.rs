//! Results as CSV.

use std::path::Path;

use anyhow::{Context, Result};

use dream_eval::{PlaneMap, Side, SimilarityMatrix, TokenCount, TokenCounts};
use train::Clip;

use crate::draw::Heat;
use crate::explained::Explained;
use crate::pointing::Row;
use crate::profiles::Table;
use crate::save::save;
use crate::similarity::{GROUPS, Similarities};
use crate::summaries::{Judged, Three, written};

/// Writes rows below a heading.
pub(crate) fn csv<const N: usize>(
    path: &Path,
    heading: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(heading)?;
    rows.into_iter().try_for_each(|row| csv.write_record(row))?;
    train::write(path, &csv.into_inner().context("a table")?)
}

/// Table VII of every set.
pub(crate) fn table_vii(path: &Path, tables: &[Table]) -> Result<()> {
    let row = |table: &Table| {
        let set = table.set.clone();
        let clips = table.clips.to_string();
        let of = move |row: &crate::profiles::Row| {
            let [place, artifact, extent, all] = row.rmse.map(|value| value.to_string());
            [set.clone(), clips.clone(), row.name.clone(), place, artifact, extent, all]
        };
        table.rows.iter().map(of).collect::<Vec<_>>()
    };
    let heading = ["set", "clips", "sentences", "place", "artifact", "extent", "all"];
    csv(path, heading, tables.iter().flat_map(row))
}

/// Tokens with their counts.
pub(crate) fn tokens(path: &Path, counts: &TokenCounts) -> Result<()> {
    let row = |(token, count): (&str, TokenCount)| {
        let [top, bottom] = [Side::Top, Side::Bottom].map(|side| count.probability(side).to_string());
        let [a, b, c] = [count.all, count.top, count.bottom].map(|count| count.to_string());
        [token.to_owned(), a, b, c, top, bottom]
    };
    let heading = ["token", "all", "top", "bottom", "top_probability", "bottom_probability"];
    csv(path, heading, counts.iter().map(row))
}

/// The average map, a row for each cell.
pub(crate) fn heat(path: &Path, heat: &Heat) -> Result<()> {
    let row = |(value, at): (&f64, usize)| {
        let [x, y] = [at % heat.side.max(1), at / heat.side.max(1)].map(|at| at.to_string());
        [x, y, value.to_string()]
    };
    csv(path, ["column", "row", "impact"], heat.values.iter().zip(0..).map(row))
}

/// All matrices, a row for each cell; an empty value where a group is empty.
pub(crate) fn similarities(path: &Path, found: &Similarities) -> Result<()> {
    let cell = |value: &Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let of = |kind: &str, matrix: &SimilarityMatrix| -> Vec<[String; 4]> {
        let row = |(row, from): (&Vec<Option<f64>>, &str)| -> Vec<[String; 4]> {
            let one = |(value, to): (&Option<f64>, &str)| {
                [kind.to_owned(), from.to_owned(), to.to_owned(), cell(value)]
            };
            row.iter().zip(GROUPS).map(one).collect()
        };
        matrix.rows.iter().zip(GROUPS).flat_map(row).collect()
    };
    let [videos, texts, both] = &found.all;
    let mut rows = of("video-video", videos);
    rows.extend(of("text-text", texts));
    rows.extend(of("video-text", both));
    rows.extend(of("video-text-drawn", &found.drawn));
    let own =
        |group: &str, value: String| ["video-own-text".to_owned(), group.to_owned(), group.to_owned(), value];
    rows.extend(found.own.groups.iter().zip(GROUPS).map(|(value, group)| own(group, cell(value))));
    rows.push(own("all", found.own.all.to_string()));
    csv(path, ["kind", "from", "to", "cosine"], rows)
}

/// The points of the map.
pub(crate) fn map(path: &Path, clips: &[Clip], chosen: &[usize], map: &PlaneMap) -> Result<()> {
    let clips = || chosen.iter().filter_map(|at| clips.get(*at));
    let kinds = clips().map(|clip| ("video", clip)).chain(clips().map(|clip| ("text", clip)));
    let row = |((kind, clip), [x, y]): ((&str, &Clip), &[f64; 2])| {
        [kind.to_owned(), clip.name().to_owned(), clip.mos.to_string(), x.to_string(), y.to_string()]
    };
    csv(path, ["kind", "file", "mos", "x", "y"], kinds.zip(&map.points).map(row))
}

/// How often maps fall on a planted artifact, a row for each way to read them.
pub(crate) fn pointing(path: &Path, clips: usize, rows: &[Row]) -> Result<()> {
    let row = |row: &Row| {
        let [accuracy, random, centre] =
            [row.accuracy, row.random, row.centre].map(|value| value.to_string());
        [row.name.to_owned(), clips.to_string(), accuracy, random, centre]
    };
    csv(path, ["map", "clips", "on_artifact", "random", "centre"], rows.iter().map(row))
}

/// All summaries with their measures, one clip after the other: so many sentences need not be in memory together.
pub(crate) fn summaries(path: &Path, of: &Explained<'_>, judged: &[Three<Judged>]) -> Result<()> {
    save(path, |file| {
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(["file", "of", "summary", "importance", "correlation", "sdc", "sdc_star"])?;
        for (clip, three) in of.clips.iter().zip(judged) {
            let written = written(clip, three, &of.index)?;
            for ((judged, sentences), kind) in three.iter().zip(written).zip(["random", "retrieved", "own"]) {
                let [a, b, c, d] = judged.measures.map(|m| m.map_or_else(String::new, |m| m.to_string()));
                csv.write_record([clip.name(), kind, &sentences.join("\n"), &a, &b, &c, &d])?;
            }
        }
        Ok(csv.flush()?)
    })
}
