//! The results table: its numbers, and every format.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test helper is a failed test")]

use dream_eval::{Error, Format, Method, SetScore, Table};

fn score(plcc: f64, srcc: f64) -> Option<SetScore> {
    Some(SetScore { plcc, srcc, constant: false })
}

fn method(name: &str, family: &str, splits: Vec<Vec<Option<SetScore>>>) -> Method {
    Method { name: name.into(), family: family.into(), splits }
}

/// Two splits, two sets; the last method cannot predict the second set.
fn table() -> Table {
    let a = vec![vec![score(0.8, 0.7), score(0.6, 0.5)], vec![score(0.9, 0.8), score(0.7, 0.6)]];
    let b = vec![vec![score(0.85, 0.75), score(0.5, 0.4)]; 2];
    let c = vec![vec![score(0.1, 0.2), None]; 2];
    let rows =
        vec![method("A_1", "Hand & eye", a), method("B, \"b\"", "Deep", b), method("mean|x", "Deep", c)];
    Table::new(2, rows).unwrap()
}

#[test]
fn averages_are_taken_within_a_split_first() {
    let table = table();
    assert_eq!(table.columns(), ["PLCC1", "PLCC2", "SRCC1", "SRCC2", "PLCC-avr", "SRCC-avr", "avr"]);
    let cells: Vec<_> = table.cells(0).iter().map(|cell| cell.unwrap()).collect();
    let means: Vec<f64> = cells.iter().map(|cell| cell.mean).collect();
    for (mean, expected) in means.iter().zip([0.85, 0.65, 0.75, 0.55, 0.75, 0.65, 0.7]) {
        assert!((mean - expected).abs() < 1e-12, "{means:?}");
    }
    // Both splits differ by 0.1 in every number: the sample deviation is 0.1/√2, that of the averages too.
    assert!(cells.iter().all(|cell| (cell.std.unwrap() - 0.1 / 2.0_f64.sqrt()).abs() < 1e-12));
    assert!(cells.iter().all(|cell| (cell.median - cell.mean).abs() < 1e-12));
    assert_eq!(table.cells(1)[0].unwrap().std, Some(0.0));
    let absent: Vec<bool> = table.cells(2).iter().map(Option::is_none).collect();
    assert_eq!(absent, [false, true, false, true, true, true, true]);
    assert!(table.cells(9).is_empty());
}

#[test]
fn text_is_aligned_and_grouped() {
    let text = table().format(Format::Text);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("Method") && lines[0].ends_with("avr"));
    assert_eq!((lines[2], lines[5]), ("Hand & eye", "Deep"));
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[3].chars().count(), lines[0].chars().count());
    assert!(lines[3].contains("0.850±0.071") && lines[3].trim_end().ends_with("0.700±0.071"), "{text}");
    assert_eq!(
        lines[7].split_whitespace().collect::<Vec<_>>()[1..],
        ["0.100±0.000", "-", "0.200±0.000", "-", "-", "-", "-"]
    );
}

#[test]
fn markdown_marks_the_best_and_escapes() {
    let text = table().format(Format::Markdown);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().all(|line| line.replace("\\|", "").matches('|').count() == 9), "{text}");
    assert!(text.contains("| *Hand & eye* |") && text.contains("| mean\\|x |"));
    // A and B tie in the first column; only A is best in the second.
    assert!(lines[3].starts_with("| A_1 | **0.850±0.071** | **0.650±0.071** |"), "{text}");
    assert!(lines[5].starts_with("| B, \"b\" | **0.850±0.000** | 0.500±0.000 |"), "{text}");
}

#[test]
fn ties_in_the_shown_digits_are_both_best() {
    let rows = vec![
        method("a", "", vec![vec![score(0.8501, 0.1)]]),
        method("b", "", vec![vec![score(0.8502, 0.2)]]),
        method("c", "", vec![vec![score(0.7, 0.3)]]),
    ];
    let text = Table::new(1, rows).unwrap().format(Format::Latex);
    assert_eq!(text.matches("\\textbf{0.850}").count(), 4, "PLCC1 and PLCC-avr of two: {text}");
    assert_eq!(text.matches("\\underline{0.700}").count(), 2);
}

#[test]
fn csv_is_exact_and_quoted() {
    let text = table().format(Format::Csv);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("family,method,PLCC1,PLCC1 std,PLCC1 median,PLCC2,"));
    assert!(lines[1].starts_with("Hand & eye,A_1,0.85"));
    assert!(lines[2].starts_with("Deep,\"B, \"\"b\"\"\",0.85,0,0.85,0.5,"), "{}", lines[2]);
    assert!(lines[3].starts_with("Deep,mean|x,0.1,0,0.1,,,,0.2,"));
    let value: f64 = lines[1].split(',').nth(2).unwrap().parse().unwrap();
    assert_eq!(value, table().cells(0)[0].unwrap().mean);
}

#[test]
fn latex_has_a_rule_per_family_and_no_raw_specials() {
    let text = table().format(Format::Latex);
    assert!(
        text.starts_with("\\begin{tabular}{lccccccc}\n\\toprule\n") && text.ends_with("\\end{tabular}\n")
    );
    assert!(text.contains("\\multicolumn{8}{l}{\\textit{Hand \\& eye}} \\\\") && text.contains("A\\_1 & "));
    assert_eq!(text.matches("\\midrule").count(), 2);
    assert!(text.contains("\\textbf{0.650$\\pm$0.071}"), "{text}");
}

#[test]
fn one_split_has_no_deviation_and_constants_are_told() {
    let constant = SetScore::of(&[2.0; 3], &[1.0, 2.0, 3.0]).unwrap();
    let table = Table::new(1, vec![method("flat", "", vec![vec![Some(constant)]])]).unwrap();
    assert_eq!(table.cells(0)[0].unwrap().std, None);
    assert!(table.format(Format::Text).contains("0.000  0.000"));
    assert_eq!(
        table.warnings(),
        ["flat: all predictions are equal on 1 test set; counted as a correlation of 0"]
    );
    assert!(self::table().warnings().is_empty());
    assert!(matches!(
        SetScore::of(&[1.0, 2.0], &[3.0, 3.0]),
        Err(Error::ConstantInput { argument: "truth" })
    ));
}

#[test]
fn bad_tables_are_typed_errors() {
    assert!(matches!(Table::new(0, vec![]), Err(Error::TooFew { argument: "sets", .. })));
    assert!(matches!(Table::new(1, vec![]), Err(Error::TooFew { argument: "methods", .. })));
    let empty = method("m", "", vec![]);
    assert!(matches!(Table::new(1, vec![empty]), Err(Error::TooFew { argument: "splits", .. })));
    let short = method("m", "", vec![vec![score(0.1, 0.1)], vec![]]);
    assert!(matches!(Table::new(1, vec![short]), Err(Error::UnequalLengths { .. })));
    for bad in [1.5, f64::NAN] {
        let out = method("m", "", vec![vec![score(0.1, bad)]]);
        assert!(matches!(Table::new(1, vec![out]), Err(Error::OutOfRange { .. })));
    }
}
