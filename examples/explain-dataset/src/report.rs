//! Everything that is told, and the files it is told in.

use std::path::Path;

use anyhow::{Context, Result};
use dream_data::name_of;
use dream_eval::{PlaneMap, TokenCounts};
use train::Clip;

use crate::draw::{self, Figure};
use crate::examples::{Example, examples};
use crate::explained::Explained;
use crate::faces::{Average, POINTS};
use crate::page::{Content, page};
use crate::pointing::{self, Pointed};
use crate::print::{count, say};
use crate::profiles::{self, Found, MOST, Table};
use crate::save::save;
use crate::similarity::{self, Both, Similarities};
use crate::summaries::{self, Judged, Three};
use crate::tables;
use crate::tokens::{self, Reader};

/// Occurrences that a token needs to have a probability.
const LEAST: u64 = 20;

/// What came out.
pub(crate) struct Report {
    tables: Vec<Table>,
    similarities: Similarities,
    map: Option<(Vec<usize>, PlaneMap)>,
    tokens: TokenCounts,
    token_clips: usize,
    judged: Vec<Three<Judged>>,
    faces: Average,
    examples: Vec<Example>,
    pointing: Option<Pointed>,
}

impl Report {
    pub(crate) fn new(of: &Explained<'_>) -> Result<Self> {
        let args = of.args;
        let clips_of =
            |chosen: &[usize]| -> Vec<&Clip> { chosen.iter().filter_map(|at| of.clips.get(*at)).collect() };
        let rows = of.videos.iter().flat_map(|video| &video.representation).map(|v| f64::from(*v));
        let mos: Vec<f64> = of.clips.iter().map(|clip| clip.mos).collect();
        let both = Both::new(rows.collect(), similarity::texts(&of.own)?, &mos, of.index.dim());
        let map = match usize::from(args.map_clips) {
            0 => None,
            most => {
                let chosen = of.some(most);
                let map = both.map(&chosen, args.seed)?;
                Some((chosen, map))
            }
        };
        let reader = Reader::new(&of.network)?;
        let token_clips = of.some(args.token_clips);
        let judged = summaries::judge(&of.clips, &of.found, &of.index)?;
        Ok(Self {
            tables: tables_of(of)?,
            similarities: both.similarities(args.seed)?,
            map,
            tokens: tokens::count(&reader, &clips_of(&token_clips))?,
            token_clips: token_clips.len(),
            examples: examples(of, &reader, &judged, args.examples)?,
            judged,
            faces: Average::of(&clips_of(&of.some(args.face_clips)), &of.network, &of.how())?,
            pointing: pointing::play(of)?,
        })
    }

    /// Writes everything; how many files there are.
    pub(crate) fn write(&self, of: &Explained<'_>) -> Result<usize> {
        let out = &of.args.out;
        let mut files = self.write_tables(of, out)?;
        let figures = self.figures(of);
        for (_, figure, _) in &figures {
            let name = format!("{}.svg", figure.name);
            train::write(&out.join(&name), figure.svg.as_bytes())?;
            files.push(name);
        }
        let headline = self.headline();
        let content = Content {
            data: &data(of),
            stand_in: of.args.data.join("truth.json").is_file(),
            facts: facts(of),
            headline: headline.clone(),
            tables: &self.tables,
            pointing: self.pointing.as_ref(),
            figures,
            examples: &self.examples,
            files: &files,
        };
        train::write(&out.join("report.html"), page(&content).context("report.html")?.as_bytes())?;
        say!("{}", headline.join("\n"));
        Ok(files.len() + 1)
    }

    fn write_tables(&self, of: &Explained<'_>, out: &Path) -> Result<Vec<String>> {
        tables::table_vii(&out.join("table7.csv"), &self.tables)?;
        tables::tokens(&out.join("figure12.csv"), &self.tokens)?;
        tables::similarities(&out.join("figure15.csv"), &self.similarities)?;
        tables::summaries(&out.join("summaries.csv"), of, &self.judged)?;
        save(&out.join("prompts.jsonl"), |file| {
            of.clips.iter().zip(&of.found).try_for_each(|(clip, found)| {
                let prompt = summaries::prompt(&found.nearest, &of.index)?;
                Ok(writeln!(file, "{}", serde_json::json!({ "file": clip.name(), "prompt": prompt }))?)
            })
        })?;
        let mut files: Vec<String> =
            ["table7", "figure12", "figure15", "summaries"].map(|name| format!("{name}.csv")).into();
        if self.faces.faces > 0 {
            tables::heat(&out.join("figure13b.csv"), &self.faces.heat())?;
            files.push("figure13b.csv".to_owned());
        }
        files.push("prompts.jsonl".to_owned());
        if let Some(Pointed::Played { clips, rows, .. }) = &self.pointing {
            tables::pointing(&out.join("pointing.csv"), *clips, rows)?;
            files.push("pointing.csv".to_owned());
        }
        if let Some((chosen, map)) = &self.map {
            tables::map(&out.join("figure14.csv"), &of.clips, chosen, map)?;
            files.push("figure14.csv".to_owned());
        }
        Ok(files)
    }

    fn figures(&self, of: &Explained<'_>) -> Vec<(&'static str, Figure, Vec<String>)> {
        let mut all = Vec::new();
        if let Some(table) = self.tables.first() {
            let note = "Ratios of 14 places, 19 artifacts and 4 extents, told from the sentences nearest to each video, against what people wrote about the video itself (Table VII). r13 is not in the paper: thirteen random sentences are near the average video, which is what retrieval has to beat.";
            all.push(("table7", draw::lines(table), vec![note.to_owned()]));
        }
        let note = format!(
            "Per sentence, the tenth of its tokens with the largest and the smallest impact by size (AttCAT on the text branch), of {}; start and end do not count. Probabilities are of tokens with at least {LEAST} occurrences (Figure 12).",
            count(self.token_clips, "clip")
        );
        all.push(("tokens", draw::tokens(&self.tokens, LEAST), vec![note]));
        if self.faces.faces > 0 {
            let title = "What raises and lowers the score in an aligned face";
            let note = format!(
                "Mean of AttCAT's maps over {} in {}, aligned by six points of the detector (Figure 13b).",
                count(self.faces.faces, "face"),
                count(self.faces.frames, "frame")
            );
            all.push(("faces", draw::grid("figure13b", title, &self.faces.heat(), &POINTS), vec![note]));
        }
        if let Some((chosen, map)) = &self.map {
            let clips = chosen.iter().filter_map(|at| of.clips.get(*at)).map(|clip| (clip.name(), clip.mos));
            let note = format!(
                "t-SNE of directions; divergence {:.3} (Figure 14). Distances between groups say little.",
                map.divergence
            );
            all.push(("map", draw::points(&map.points, &clips.collect::<Vec<_>>()), vec![note]));
        }
        let own = &self.similarities.own;
        let note = format!(
            "Mean cosines between clips of groups of opinions, a clip with itself left out (Figure 15). A video and its own description: {:.3} on average.",
            own.all
        );
        all.push(("similarity", draw::matrices(&self.similarities), vec![note]));
        let means = self.means();
        let note = "Judged by what people wrote about the clip. Random sentences are the lower bound, the clip's own sentences the upper one (Figure 17); docs/deviations.md has the definitions.";
        all.push(("summaries", draw::bars(&means), vec![note.to_owned()]));
        all
    }

    fn means(&self) -> Vec<Three<Option<f64>>> {
        let of = |measure| summaries::means(&self.judged, measure).map(|mean| mean.map(|mean| mean.mean));
        (0..summaries::MEASURES.len()).map(of).collect()
    }

    /// The results in sentences.
    fn headline(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(table) = self.tables.first() {
            let all = |name: &str| table.rows.iter().find(|row| row.name == name).map(|row| row.rmse[3]);
            let [first, last] = ["top-1".to_owned(), format!("top-{MOST}")].map(|name| all(&name));
            let [one, many] = [1, MOST].map(|k| all(&format!("random-{k}")));
            if let [Some(first), Some(last), Some(one), Some(many)] = [first, last, one, many] {
                lines.push(format!(
                    "Label ratios told from the {MOST} nearest sentences are {last:.3} off, from the nearest alone {first:.3}; from one \
                     random sentence {one:.3}, from {MOST} random ones {many:.3}."
                ));
            }
        }
        let matrix = &self.similarities.all[2].rows;
        let largest = |(at, row): (usize, &Vec<Option<f64>>)| {
            let value = |cell: &Option<f64>| cell.unwrap_or(f64::NEG_INFINITY);
            row.get(at).copied().flatten().is_some_and(|own| row.iter().all(|cell| value(cell) <= own))
        };
        let found = matrix.iter().enumerate().filter(|row| largest(*row)).count();
        lines.push(format!(
            "In {found} of {} groups of opinions, videos are most like the descriptions of their own group.",
            matrix.len()
        ));
        if let Some(Pointed::Played { clips, rows, .. }) = &self.pointing
            && let Some(row) = rows.first()
        {
            lines.push(format!(
                "Where maps lower the score most lies the planted artifact in {:.0} % of {clips} clips; at a random place in {:.0} %, in the \
                 centre in {:.0} %.",
                100.0 * row.accuracy,
                100.0 * row.random,
                100.0 * row.centre
            ));
        }
        let [importance, _, sdc, _] = self.means()[..] else { return lines };
        for (name, means) in [("importance of n-grams", importance), ("SDC", sdc)] {
            if let [Some(random), Some(found), Some(own)] = means {
                lines.push(format!(
                    "Summaries of retrieved sentences: {name} {found:.3}; random sentences have {random:.3}, the clip's own {own:.3}."
                ));
            }
        }
        lines
    }
}

fn data(of: &Explained<'_>) -> String {
    of.args.data.file_name().map_or_else(|| "data".to_owned(), name_of)
}

/// What the results rest on. Where things lie on this machine is no part of it.
fn facts(of: &Explained<'_>) -> Vec<(&'static str, String)> {
    let sizes = of.sets.iter().enumerate().map(|(at, set)| {
        let clips = of.set_of.iter().filter(|own| **own == at).count();
        format!("{set}: {}", count(clips, "clip"))
    });
    let sentences = of.clips.iter().map(|clip| clip.sentences.len()).sum();
    vec![
        ("data", format!("{}, split {}", data(of), of.args.split)),
        ("explained", format!("{}; {}", sizes.collect::<Vec<_>>().join(", "), count(sentences, "sentence"))),
        (
            "searched",
            format!(
                "{} of {}",
                count(of.index.len(), "sentence"),
                count(of.index.clips().len(), "training clip")
            ),
        ),
        ("checkpoint", format!("SHA-256 {}", of.sha256)),
        ("seed", of.args.seed.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
}

/// Table VII of all test clips together, and of each set.
fn tables_of(of: &Explained<'_>) -> Result<Vec<Table>> {
    let table = |name: &str, wanted: &dyn Fn(usize) -> bool| {
        let rows = of.set_of.iter().zip(&of.found);
        let found: Vec<&Found> = rows.filter(|(set, _)| wanted(**set)).map(|(_, found)| found).collect();
        (!found.is_empty()).then(|| profiles::table(name, &found)).transpose()
    };
    let mut tables: Vec<Table> = table("all test clips", &|_| true)?.into_iter().collect();
    for (at, set) in of.sets.iter().enumerate() {
        tables.extend(table(set, &|found| found == at)?);
    }
    Ok(tables)
}
