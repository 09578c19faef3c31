//! The tables of the page that a click sorts: what the script finds in them, and what it does in a browser.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::helpers::*;
use crate::page::between;

/// What the script sorts by, as it reads it.
fn number(cell: &str) -> Option<f64> {
    let plain = cell.replace('\u{2212}', "-");
    let (mean, deviation) = plain.split_once('±').unwrap_or((&plain, "0"));
    deviation.parse::<f64>().ok()?;
    mean.parse().ok()
}

/// The text of each cell of the rows that are sorted.
fn cells(table: &str) -> Vec<Vec<String>> {
    let body = between(table, "<tbody>", "</tbody>");
    let rows = body.split("<tr").skip(1).filter(|row| !row.starts_with(" class=\"family\""));
    let text = |cell: &str| cell.split_once('>').unwrap().1.split("</t").next().unwrap().to_owned();
    rows.map(|row| {
        let cells = row.replace("<td", "<th");
        cells.split("<th").skip(1).map(text).collect()
    })
    .collect()
}

#[test]
fn the_tables_are_as_the_script_expects_them() {
    let bench = Bench::new();
    let (clip, _, _) = bench.tear(1);
    let case = bench.case("out", &some());
    case.run(1);
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    let tables: Vec<&str> = page.split("<table ").filter(|part| part.contains("sortable\">")).collect();
    assert_eq!(tables.len(), 3, "Table IV, Table V and the failures");
    for table in &tables {
        let table = table.split("</table>").next().unwrap();
        for part in ["<thead>", "<tbody>"] {
            assert_eq!(table.matches(part).count(), 1, "{part} {table}");
        }
        let heads = table.matches("scope=\"col\"").count();
        let rows = cells(table);
        assert!(rows.len() > 1 && rows.iter().all(|row| row.len() == heads), "{heads} {rows:?}");
    }
    // Every cell of the two tables of results is a number or a lone hyphen.
    for row in cells(tables[0]).iter().chain(&cells(tables[1])) {
        assert!(row[1..].iter().all(|cell| cell == "-" || number(cell).is_some()), "{row:?}");
    }
    assert!(cells(tables[2]).iter().any(|row| row[1] == clip), "{:?}", cells(tables[2]));
}

/// A browser, where there is one: nothing else runs the script as people see it.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    if found.is_none() {
        let missing = "no browser runs the script of the page: install chromium";
        // Written past the test runner, which hides what a passing test prints.
        writeln!(std::io::stderr().lock(), "SKIPPED: {missing}").unwrap();
    }
    found
}

/// The page after clicks on headings of its tables, as a browser has it.
fn clicked(browser: &str, folder: &Path, page: &str, clicks: &[(usize, usize)]) -> String {
    let click = |(table, head): &(usize, usize)| {
        format!(
            "document.querySelectorAll('table.sortable')[{table}].querySelectorAll('thead button')[{head}].click();"
        )
    };
    let clicks: String = clicks.iter().map(click).collect();
    let path = folder.join("clicked.html");
    fs::write(&path, page.replace("</body>", &format!("<script>{clicks}</script></body>"))).unwrap();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let options = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"];
    let output = Command::new(browser).args(options).arg(profile).arg(&path).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("<h1>"), "{browser}: {}", String::from_utf8_lossy(&output.stderr));
    shown
}

#[test]
fn a_click_sorts() {
    let Some(browser) = browser() else { return };
    let bench = Bench::new();
    bench.tear(1);
    let case = bench.case("out", &some());
    case.run(1);
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    // What a table looks like, and in which direction it says that it is sorted.
    let table = |page: &str, number: usize| -> (Vec<Vec<String>>, String) {
        let tables = page.split("<table class=\"").filter(|part| part.contains("sortable\">"));
        let table = tables.filter_map(|part| part.split("</table>").next()).nth(number).unwrap();
        let said = table.split("aria-sort=\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap());
        (cells(table), said.to_owned())
    };
    let after = |clicks: &[(usize, usize)]| clicked(browser, bench.root(), &page, clicks);
    let column =
        |rows: &[Vec<String>], at: usize| -> Vec<String> { rows.iter().map(|row| row[at].clone()).collect() };
    let (written, _) = table(&page, 0);
    // The average, which the method mean has not: the largest first, then the smallest, and last what is not there.
    let average = written[0].len() - 1;
    let numbers = |rows: &[Vec<String>]| -> Vec<f64> {
        column(rows, average).iter().filter_map(|cell| number(cell)).collect()
    };
    let mut expected = numbers(&written);
    assert!(expected.len() == 3 && written.len() == 4, "{written:?}");
    expected.sort_by(|a, b| b.total_cmp(a));
    let (falling, said) = table(&after(&[(0, average)]), 0);
    assert_eq!((numbers(&falling), said.as_str()), (expected.clone(), "descending"));
    expected.reverse();
    let (rising, said) = table(&after(&[(0, average); 2]), 0);
    assert_eq!((numbers(&rising), said.as_str()), (expected, "ascending"));
    assert!([&falling, &rising].iter().all(|rows| rows[3][0] == "Method mean" && rows[3][average] == "-"));
    assert_eq!(table(&after(&[(0, average); 3]), 0), (written.clone(), String::new()));
    // Another column after that one: words from A, and what was sorted before does not count.
    let (names, said) = table(&after(&[(0, average), (0, 0)]), 0);
    let in_order = ["BRISQUE", "GM-LOG", "Method mean", "Random"].map(String::from);
    assert_eq!((column(&names, 0), said.as_str()), (in_order.into(), "ascending"));
    // Words in a later column, and a table above it that stays as it is.
    let mut words = column(&table(&page, 2).0, 2);
    words.sort();
    let shown = after(&[(2, 2)]);
    let (sorted, said) = table(&shown, 2);
    assert_eq!((column(&sorted, 2), said.as_str()), (words, "ascending"));
    assert_eq!(table(&shown, 0).0, written);
}
