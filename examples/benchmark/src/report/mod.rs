//! The last stage: predictions, tables, tests and the page, from what the folder holds.

mod page;
mod scatter;
mod significance;

use std::fmt::Write;

use anyhow::{Context, Result};
use dream_eval::{Format, Method, SetScore, Table};

use crate::method::About;
use crate::protocol::{Failure, Kind, Protocol};
use crate::sets::Set;
use crate::store::Store;
use crate::train::Run;

pub(crate) use significance::Comparison;

/// Files of the tables, without their endings.
const TABLES: [&str; 3] = ["table4", "table5", "table8"];

/// Fewest clips that a correlation is computed from.
const FEWEST: usize = 3;

/// A method with its runs, in the order of the splits.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) about: About,
    pub(crate) runs: Vec<Run>,
    /// By split, then test set.
    pub(crate) scores: Vec<Vec<Option<SetScore>>>,
}

/// A table with its title, what must be known of it, and the names of its rows.
#[derive(Debug)]
pub(crate) struct Titled {
    pub(crate) file: &'static str,
    pub(crate) title: String,
    pub(crate) notes: Vec<String>,
    pub(crate) table: Table,
    pub(crate) rows: Vec<About>,
}

/// All that is reported.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) protocol: Protocol,
    pub(crate) judged: Vec<Judged>,
    pub(crate) tables: Vec<Titled>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) failures: Vec<Failure>,
}

impl Report {
    /// Judges the runs of a complete folder.
    pub(crate) fn new(store: &Store, protocol: Protocol) -> Result<Self> {
        let judged = judge(store, &protocol, &protocol.methods)?;
        let (file, title) = match protocol.kind {
            Kind::Splits => ("table4", "Table IV: correlations with mean opinion scores"),
            Kind::Across => ("table8", "Table VIII: trained on one data set, tested on others"),
        };
        let undefined = protocol.undefined(store);
        let mut tables = vec![titled(file, title.to_owned(), &judged, &protocol, &undefined)?];
        let losses = judge(store, &protocol, &protocol.losses)?;
        if !losses.is_empty() {
            tables.push(titled("table5", "Table V: losses".to_owned(), &losses, &protocol, &undefined)?);
        }
        let comparisons = match protocol.kind {
            Kind::Splits => significance::compare(&judged, &protocol.test_sets)?,
            Kind::Across => significance::compare_clips(&judged, &protocol.test_sets)?,
        };
        let failures = protocol.failures(store);
        Ok(Self { protocol, judged, tables, comparisons, failures })
    }

    /// Writes everything into the folder.
    pub(crate) fn write(&self, store: &Store) -> Result<()> {
        self.remove_old(store)?;
        for judged in &self.judged {
            let name = format!("predictions/{}.csv", judged.about.name);
            store.write(&name, &self.predictions(judged)?)?;
        }
        for titled in &self.tables {
            let text =
                format!("{}\n\n{}\n{}", titled.title, titled.table.format(Format::Text), titled.text());
            store.write(&format!("{}.txt", titled.file), text.as_bytes())?;
            for (ending, format) in [("md", Format::Markdown), ("csv", Format::Csv), ("tex", Format::Latex)] {
                store.write(&format!("{}.{ending}", titled.file), titled.table.format(format).as_bytes())?;
            }
        }
        store.write("significance.csv", significance::csv(&self.comparisons)?.as_bytes())?;
        let mut failures = csv::Writer::from_writer(Vec::new());
        failures.write_record(["stage", "item", "what", "error"])?;
        for failure in &self.failures {
            failures.write_record([failure.stage, &failure.item, &failure.what, &failure.error])?;
        }
        store.write("failures.csv", &failures.into_inner().context("failures.csv")?)?;
        store.write("report.html", page::page(self)?.as_bytes())
    }

    /// Removes tables and predictions of a run with other methods: they would look like results of this one.
    fn remove_old(&self, store: &Store) -> Result<()> {
        let methods: Vec<String> =
            self.judged.iter().map(|judged| format!("predictions/{}.csv", judged.about.name)).collect();
        let tables: Vec<&str> = self.tables.iter().map(|titled| titled.file).collect();
        let predictions = store.list("predictions")?;
        for name in predictions.iter().filter(|name| !methods.contains(name)) {
            store.remove(name)?;
        }
        for file in TABLES.iter().filter(|file| !tables.contains(file)) {
            for ending in ["txt", "md", "csv", "tex"] {
                store.remove(&format!("{file}.{ending}"))?;
            }
        }
        Ok(())
    }

    /// The main table for a terminal.
    pub(crate) fn text(&self) -> String {
        let text = |t: &Titled| format!("{}\n{}\n{}\n", t.title, t.table.format(Format::Text), t.text());
        self.tables.iter().map(text).collect()
    }

    /// As `evaluate-predictions` reads it. Clips without a prediction have no row.
    fn predictions(&self, judged: &Judged) -> Result<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["split", "set", "file", "mos", "prediction"])?;
        for (split, run) in self.protocol.splits.iter().zip(&judged.runs) {
            for (set, found) in self.protocol.test_sets.iter().zip(&run.sets) {
                for row in &found.rows {
                    if let Some(score) = row.prediction {
                        let (mos, score) = (row.mos.to_string(), score.to_string());
                        csv.write_record([split, set, &row.file, &mos, &score])?;
                    }
                }
            }
        }
        csv.into_inner().context("predictions")
    }
}

impl Titled {
    fn text(&self) -> String {
        self.notes.iter().fold(String::new(), |mut text, note| {
            let _ = writeln!(text, "{note}");
            text
        })
    }
}

fn judge(store: &Store, protocol: &Protocol, methods: &[About]) -> Result<Vec<Judged>> {
    let mut judged = Vec::new();
    for (about, runs) in methods.iter().zip(protocol.runs(store, methods)) {
        let runs = runs.into_iter().collect::<Option<Vec<Run>>>();
        let runs = runs.with_context(|| {
            format!("{}: a run of {} is missing: run it again", store.root().display(), about.name)
        })?;
        let scores = runs.iter().map(scores).collect::<Result<_>>();
        let scores = scores.with_context(|| format!("the correlations of {}", about.title))?;
        judged.push(Judged { about: about.clone(), runs, scores });
    }
    Ok(judged)
}

/// Correlations of each test set over the clips that have a prediction.
fn scores(run: &Run) -> Result<Vec<Option<SetScore>>> {
    let set = |set: &crate::train::SetRun| -> Result<Option<SetScore>> {
        let pairs = set.rows.iter().filter_map(|row| Some((row.prediction?, row.mos)));
        let (pred, truth): (Vec<f64>, Vec<f64>) = pairs.unzip();
        if !set.predicted || pred.len() < FEWEST {
            return Ok(None);
        }
        match SetScore::of(&pred, &truth) {
            Ok(score) => Ok(Some(score)),
            // Scores that are all equal rank nobody.
            Err(dream_eval::Error::ConstantInput { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    run.sets.iter().map(set).collect()
}

fn titled(
    file: &'static str,
    title: String,
    judged: &[Judged],
    protocol: &Protocol,
    undefined: &[(Set, f64)],
) -> Result<Titled> {
    let method = |judged: &Judged| Method {
        name: judged.about.title.clone(),
        family: judged.about.family.clone(),
        splits: judged.scores.clone(),
    };
    let table = Table::new(protocol.test_sets.len(), judged.iter().map(method).collect())?;
    let count = protocol.splits.len();
    let over = match (protocol.kind, count) {
        (Kind::Splits, 1) => "One split".to_owned(),
        (Kind::Splits, _) => format!("Mean ± deviation over {count} splits"),
        (Kind::Across, 1) => "One repeat".to_owned(),
        (Kind::Across, _) => format!("Mean ± deviation over {count} repeats, each with a seed of its own"),
    };
    let sets: Vec<String> =
        protocol.test_sets.iter().enumerate().map(|(at, set)| format!("{} is {set}", at + 1)).collect();
    let mut notes = vec![format!("{over}; {}; `-` where a method cannot predict a set.", sets.join(", "))];
    notes.extend(table.warnings());
    for judged in judged {
        let sets = judged.runs.iter().flat_map(|run| &run.sets).filter(|set| set.predicted);
        let (mut absent, mut all) = (0, 0);
        for row in sets.flat_map(|set| &set.rows) {
            absent += usize::from(row.prediction.is_none());
            all += 1;
        }
        if absent > 0 {
            notes.push(format!(
                "{}: {absent} of {all} test clips have no prediction and are left out, see failures.csv",
                judged.about.title
            ));
        }
        let failed = judged.runs.iter().filter(|run| run.failed).count();
        if failed > 0 {
            notes.push(format!("{}: {failed} trainings failed, see failures.csv", judged.about.title));
        }
        // A feature that is 0 on every clip says nothing, and a reader must know.
        for (set, mean) in
            undefined.iter().filter(|(set, mean)| judged.about.sets.contains(set) && *mean >= 0.05)
        {
            notes.push(format!(
                "{}: {mean:.1} of the {} values of {} are undefined on a clip and stand as 0; clips of this size and length have too \
                 little for them",
                judged.about.title,
                set.len(),
                set.name()
            ));
        }
        let open = judged.runs.iter().filter(|run| run.note.contains("not converged")).count();
        if open > 0 {
            notes.push(format!("{}: {open} fits reached the bound on their steps", judged.about.title));
        }
    }
    let rows = judged.iter().map(|judged| judged.about.clone()).collect();
    Ok(Titled { file, title, notes, table, rows })
}
