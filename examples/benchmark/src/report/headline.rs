//! The result in plain words.

use dream_eval::Cell;

use super::html::number;
use super::protocol::{Kind, Protocol};
use super::results::MethodResults;
use super::significance::{AVERAGE, Comparison, Pair};
use super::tables::ResultTable;
use crate::methods::baseline::FAMILY;

/// A method and a number of it.
type Ranked<'a> = (&'a MethodResults, f64);

/// A sentence for each thing that a reader takes away.
pub(super) fn headline(
    protocol: &Protocol,
    methods: &[MethodResults],
    tables: &[ResultTable],
    comparisons: &[Comparison],
) -> Vec<String> {
    let Some(table) = tables.first() else { return Vec::new() };
    let rows: Vec<(&MethodResults, &[Option<Cell>])> =
        methods.iter().enumerate().map(|(row, method)| (method, table.table.cells(row))).collect();
    let average = |cells: &[Option<Cell>]| cells.last().copied().flatten().map(|cell| cell.mean);
    let mut ranked: Vec<Ranked<'_>> = rows
        .iter()
        .filter(|(method, _)| !is_baseline(method))
        .filter_map(|(method, cells)| Some((*method, average(cells)?)))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut sentences = vec![first(protocol, methods, &ranked)];
    if let [best, next, ..] = ranked.as_slice() {
        sentences.push(second(protocol, *best, *next, comparisons));
    }
    sentences.extend(protocol.test_sets.iter().enumerate().filter_map(|(at, set)| {
        let value = |cells: &[Option<Cell>]| {
            let cell = |column: usize| cells.get(column).copied().flatten().map(|cell| cell.mean);
            Some((cell(at)? + cell(at + protocol.test_sets.len())?) / 2.0)
        };
        let values = rows.iter().filter_map(|(method, cells)| Some((*method, value(cells)?)));
        let (baselines, others): (Vec<Ranked<'_>>, Vec<_>) = values.partition(|(method, _)| is_baseline(method));
        let ((baseline, reached), (_, best)) = (top(baselines)?, top(others)?);
        (reached >= best).then(|| {
            format!(
                "On {}, no method is above the baseline {}, which sees no pixels: it has {}, the best method {}.",
                protocol.set_holds(set),
                baseline.about.title,
                number(reached),
                number(best)
            )
        })
    }));
    sentences
}

fn top(ranked: Vec<Ranked<'_>>) -> Option<Ranked<'_>> {
    ranked.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))
}

fn is_baseline(method: &MethodResults) -> bool {
    method.about.family == FAMILY
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("one {what}") } else { format!("{count} {what}s") }
}

fn first(protocol: &Protocol, methods: &[MethodResults], ranked: &[Ranked<'_>]) -> String {
    let Some((best, value)) = ranked.first() else {
        return "No method has a value on every test set, so none is the best.".to_owned();
    };
    let (sets, runs) = match protocol.kind {
        Kind::Splits => ("test set", "split"),
        Kind::Across => ("other data set", "training"),
    };
    let where_ = format!(
        "{} on average (of PLCC and SRCC on {}, over {})",
        number(*value),
        counted(protocol.test_sets.len(), sets),
        counted(protocol.splits.len(), runs)
    );
    let title = &best.about.title;
    match methods.iter().filter(|method| !is_baseline(method)).count() {
        1 => format!(
            "{title} is the only method; its scores correlate with the opinions of people at {where_}."
        ),
        count => format!(
            "Of {count} methods, {title} agrees best with people: its scores correlate with their opinions at {where_}."
        ),
    }
}

/// Whether the best is better than the next for certain.
fn second(protocol: &Protocol, best: Ranked<'_>, next: Ranked<'_>, comparisons: &[Comparison]) -> String {
    let title = &next.0.about.title;
    let of_all = match protocol.kind {
        Kind::Splits => comparisons.iter().find(|comparison| comparison.measure == AVERAGE),
        // On several sets there is no test of all.
        Kind::Across => comparisons.first().filter(|_| comparisons.len() == 1),
    };
    let found = of_all.and_then(|comparison| tested(comparison, &best.0.about.title, title));
    let Some((difference, [low, high], p)) = found.filter(|(difference, ..)| *difference > 0.0) else {
        let alone = protocol.kind == Kind::Splits && protocol.splits.len() == 1;
        let untold = if alone { "; one split does not tell whether they differ" } else { "" };
        return format!("The next is {title} with {}{untold}.", number(next.1));
    };
    let by = if protocol.kind == Kind::Across { " by PLCC" } else { "" };
    let verdict = match p < 0.05 {
        true => "more than chance explains",
        false => "these data do not tell the two apart",
    };
    let p = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p {p:.3}") };
    format!(
        "The next, {title}, is {} lower{by} (95 % interval {} to {}; {p} after correction for all pairs): {verdict}.",
        number(difference),
        number(low),
        number(high)
    )
}

/// The difference of two methods, its interval and the corrected p-value.
fn tested(comparison: &Comparison, first: &str, second: &str) -> Option<(f64, [f64; 2], f64)> {
    let place = |title: &str| comparison.methods.iter().position(|(name, _)| name == title);
    let (a, b) = (place(first)?, place(second)?);
    let all = |pair: &Pair| Some((pair.difference, pair.interval?, pair.corrected?));
    let same = |pair: &&Pair| (pair.first, pair.second) == (a.min(b), a.max(b));
    let (difference, [low, high], p) = all(comparison.pairs.iter().find(same)?)?;
    Some(if a < b { (difference, [low, high], p) } else { (-difference, [-high, -low], p) })
}
