//! A table of results, and what must be known of it.

use anyhow::Result;
use dream_eval::{Method, Table};

use super::protocol::{Kind, Protocol};
use super::results::MethodResults;
use crate::features::deep::RANDOM;
use crate::features::sets::Set;
use crate::methods::baseline::FAMILY;

/// Endings of its files.
pub(super) const FORMATS: [&str; 4] = ["txt", "md", "csv", "tex"];

/// A table with its title and what must be known of it.
#[derive(Debug)]
pub(crate) struct ResultTable {
    pub(crate) file: &'static str,
    pub(crate) title: String,
    /// Of how many runs the numbers are, and which set a number in the heading means.
    over: String,
    sets: String,
    notes: Vec<String>,
    pub(crate) table: Table,
}

impl ResultTable {
    pub(super) fn new(
        file: &'static str,
        title: &str,
        methods: &[MethodResults],
        protocol: &Protocol,
        undefined: &[(Set, f64)],
    ) -> Result<Self> {
        let method = |method: &MethodResults| Method {
            name: method.about.title.clone(),
            family: method.about.family.clone(),
            splits: method.scores.clone(),
        };
        let titles: Vec<String> = protocol.test_sets.iter().map(|set| protocol.set_title(set)).collect();
        let table = Table::new(titles.len(), methods.iter().map(method).collect())?
            .with_baselines(FAMILY)
            .with_set_names(&titles.iter().map(String::as_str).collect::<Vec<_>>());
        let count = protocol.splits.len();
        let over = match (protocol.kind, count) {
            (Kind::Splits, 1) => "One split".to_owned(),
            (Kind::Splits, _) => format!("Mean ± deviation over {count} splits"),
            (Kind::Across, 1) => "One repeat".to_owned(),
            (Kind::Across, _) => {
                format!("Mean ± deviation over {count} repeats, each with a seed of its own")
            }
        };
        let sets: Vec<String> =
            titles.iter().enumerate().map(|(at, title)| format!("{} is {title}", at + 1)).collect();
        let mut notes = table.warnings();
        notes.extend(methods.iter().flat_map(|method| gaps(method, undefined)));
        notes.extend(methods.iter().enumerate().filter_map(|(at, MethodResults { about, .. })| {
            let first = methods.iter().take(at).find(|other| other.about.name == about.name)?;
            Some(format!("{}: the same training as {}", about.title, first.about.title))
        }));
        Ok(Self { file, title: title.to_owned(), over, sets: sets.join(", "), notes, table })
    }

    /// The notes, a line each.
    pub(super) fn text(&self) -> String {
        let first = format!("{}; {}", self.over, self.sets);
        self.lines(&first).map(|line| line + "\n").collect()
    }

    /// The notes below a table whose heading names the sets.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.lines(&self.over)
    }

    fn lines(&self, first: &str) -> impl Iterator<Item = String> {
        let first = format!("{first}; \"-\" where a method cannot predict a set.");
        [first].into_iter().chain(self.notes.iter().cloned())
    }
}

/// What a reader must know of a method's row.
fn gaps(method: &MethodResults, undefined: &[(Set, f64)]) -> Vec<String> {
    let MethodResults { about, runs, .. } = method;
    let mut notes = Vec::new();
    let sets = runs.iter().flat_map(|run| &run.sets).filter(|set| set.predicted);
    let (mut absent, mut all) = (0, 0);
    for row in sets.flat_map(|set| &set.rows) {
        absent += usize::from(row.prediction.is_none());
        all += 1;
    }
    if absent > 0 {
        notes.push(format!(
            "{absent} of {all} test clips have no prediction and are left out, see failures.csv"
        ));
    }
    let failed = runs.iter().filter(|run| run.failed).count();
    if failed > 0 {
        notes.push(format!("{failed} trainings failed, see failures.csv"));
    }
    // A feature that is 0 on every clip says nothing, and a reader must know.
    for (set, mean) in undefined.iter().filter(|(set, mean)| about.sets.contains(set) && *mean >= 0.05) {
        notes.push(format!(
            "{mean:.1} of the {} values of {} are undefined on a clip and stand as 0; clips of this size and length have too \
             little for them",
            set.len(),
            set.name()
        ));
    }
    if runs.iter().any(|run| run.note.starts_with(RANDOM)) {
        notes.push("its numbers say nothing about the network that it is named after".to_owned());
    }
    let open = runs.iter().filter(|run| run.note.contains("not converged")).count();
    if open > 0 {
        notes.push(format!("{open} fits reached the bound on their steps"));
    }
    notes.into_iter().map(|note| format!("{}: {note}", about.title)).collect()
}
