//! The page: what it says, that nothing of it is elsewhere, and that it is the same for the same results.

use std::collections::BTreeMap;
use std::fs;

use crate::helpers::*;

/// Text between two marks, wherever they are.
pub(crate) fn all_between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    assert!(text.contains(from), "no {from}");
    all_between(text, from, to).first().unwrap()
}

/// What the first table says of a name.
fn fact<'a>(page: &'a str, name: &str) -> &'a str {
    between(page, &format!("<th scope=\"row\">{name}</th><td>"), "</td>")
}

/// The rows of the first result table, by method: cells with their classes.
fn rows(page: &str) -> BTreeMap<String, Vec<String>> {
    let table = between(page, "<table class=\"sortable\">", "</table>");
    let rows = between(table, "<tbody>", "</tbody>")
        .split("<tr")
        .skip(1)
        .filter(|row| row.contains("scope=\"row\""));
    let row = |row: &str| {
        let cells = all_between(row, "<td", "</td>").into_iter().map(str::to_owned).collect();
        (between(row, "scope=\"row\">", "</th>").to_owned(), cells)
    };
    rows.map(row).collect()
}

/// Every element is closed by its own end, and what is not an element is written as text.
fn well_formed(page: &str) {
    let (mut open, mut rest) = (Vec::new(), page.strip_prefix("<!DOCTYPE html>").unwrap());
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<') && tag.matches('"').count() % 2 == 0, "{tag}");
        rest = &rest[end + 1..];
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if ["style", "script"].contains(&name) {
            rest = rest.split_once(&format!("</{name}>")).unwrap().1;
        } else if !tag.ends_with('/') && !["meta", "br"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn nothing_is_elsewhere_and_every_link_leads_somewhere() {
    let bench = Bench::new();
    let case = bench.case("out", &some());
    case.run(0);
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    well_formed(&page);
    for outside in ["src=", "url(", "@import", "http:", "https:", "//", "fetch(", "<link", "<iframe"] {
        let text = page.replace("// A click", "");
        assert!(!text.contains(outside), "{outside}");
    }
    assert!(
        page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';")
    );
    assert_eq!(page.matches("<script").count(), 1);
    let script = between(&page, "<script>", "</script>");
    assert!(script.contains("querySelectorAll(\"table.sortable\")") && script.contains("aria-sort"));
    let links = all_between(&page, "href=\"", "\"");
    for link in &links {
        match link.strip_prefix('#') {
            Some(id) => assert_eq!(page.matches(&format!("<h2 id=\"{id}\">")).count(), 1, "{link}"),
            None => assert!(case.out.join(link).is_file(), "{link}"),
        }
    }
    for file in
        ["table4.csv", "table5.tex", "significance.csv", "protocol.json", "predictions/method-mean.csv"]
    {
        assert!(links.contains(&file), "{file}");
    }
    let contents = all_between(between(&page, "<nav", "</nav>"), "href=\"#", "\"");
    assert_eq!(contents, all_between(&page, "<h2 id=\"", "\""));

    // Small screens: what is wide scrolls by itself, and the names stay. Dark ones: other colours.
    let wide = all_between(&page, "<table class=\"sortable\">", "</table>").len()
        + page.matches("<table class=\"matrix\">").count();
    assert_eq!((wide, page.matches("<div class=\"wrap\" role=\"region\" aria-label=\"").count()), (6, 6));
    let style = between(&page, "<style>", "</style>");
    assert!(page.contains("content=\"width=device-width") && style.contains(".wrap{overflow-x:auto;"));
    assert!(
        style.contains(".wrap tbody tr>:first-child:not([colspan]){position:sticky;left:0;")
            && style.contains("scrollbar-color:")
    );
    assert!(style.contains("@media (prefers-color-scheme:dark){:root{--ground:"));
}

#[test]
fn it_says_what_the_results_rest_on() {
    let bench = Bench::new();
    let page = |name: &str| {
        let case = bench.case(name, &["--methods", "brisque", "--splits", "2", "--jobs", "2"]);
        case.run(0);
        fs::read_to_string(case.out.join("report.html")).unwrap()
    };
    let first = page("first");
    assert_eq!(fact(&first, "data"), "data, 48 clips: a stand-in, made by synthesize-dataset");
    assert!(first.contains("<strong>Stand-in data.</strong>"));
    assert_eq!(fact(&first, "size"), "48 clips, 2 splits, 0 failures");
    assert_eq!(fact(&first, "command"), "benchmark --data data --splits 2 --methods brisque");
    assert_eq!(fact(&first, "date"), "2026-11-29 (UTC)");
    assert_eq!(fact(&first, "version"), env!("CARGO_PKG_VERSION"));
    let lists = fact(&first, "lists and scores").strip_prefix("SHA-256 ").unwrap();
    let videos =
        fact(&first, "videos").strip_prefix("SHA-256 ").unwrap().strip_suffix(" of 48 files").unwrap();
    for digest in [lists, videos] {
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    }
    assert!(!first.contains(bench.root().to_str().unwrap()), "where the data lie is nobody's business");

    // Another score, then another video, and no planted truth.
    let list = bench.data.join("splits/1/test_set2.csv");
    let text = fs::read_to_string(&list).unwrap();
    let (start, _) = text.trim_end().rsplit_once(',').unwrap();
    fs::write(&list, format!("{start},1.25\n")).unwrap();
    let second = page("second");
    assert!(!second.contains(lists) && second.contains(videos));
    let video = train::testing::videos(&bench.data).pop().unwrap();
    train::testing::retag(&video, " Ip", " It");
    fs::remove_file(bench.data.join("truth.json")).unwrap();
    let third = page("third");
    assert!(!third.contains(videos) && fact(&third, "lists and scores") == fact(&second, "lists and scores"));
    assert_eq!(fact(&third, "data"), "data, 48 clips: no stand-in of synthesize-dataset");
    assert!(!third.contains("Stand-in data."));
}

#[test]
fn the_result_is_a_sentence_and_only_methods_compete() {
    let bench = Bench::new();
    let case = bench.case("out", &some());
    case.run(0);
    let read = |name: &str| fs::read_to_string(case.out.join(name)).unwrap();
    let (page, table) = (read("report.html"), read("table4.csv"));
    let average = |title: &str| -> f64 {
        let row = table.lines().find(|line| line.contains(title)).unwrap();
        row.rsplit(',').nth(2).unwrap().parse().unwrap()
    };
    let mut both = ["BRISQUE", "GM-LOG"].map(|title| (average(title), title));
    both.sort_by(|a, b| b.0.total_cmp(&a.0));
    let [(best, first), (_, second)] = both;
    let headline = between(&page, "<p class=\"headline\">", "</header>").replace("</p>\n<p>", " ");
    let start = format!(
        "Of 2 methods, {first} agrees best with people: its scores correlate with their opinions at {best:.3} on average (of PLCC and \
         SRCC on 3 test sets, over 3 splits). The next, {second}, is 0."
    )
    .replace("at -", "at \u{2212}");
    assert!(headline.starts_with(&start), "{headline}");
    assert!(
        headline.contains(" lower (95 % interval \u{2212}") && headline.contains("do not tell the two apart")
    );
    let baseline =
        "On new people, no method is above the baseline Method mean, which sees no pixels: it has 0.";
    assert!(headline.contains(baseline), "{headline}");

    // The method mean is the best of the first set, and is not bold.
    let rows = rows(&page);
    assert!(rows["Method mean"][0].starts_with(">0.") && rows.len() == 4, "{rows:?}");
    for baseline in ["Method mean", "Random"] {
        assert!(rows[baseline].iter().all(|cell| !cell.contains("best")), "{rows:?}");
        assert!(page.contains(&format!("<tr class=\"baseline\"><th scope=\"row\">{baseline}</th>")));
    }
    let best =
        |title: &str| rows[title].iter().map(|cell| cell.contains("class=\"best\"")).collect::<Vec<_>>();
    let marked: Vec<bool> = best(first).iter().zip(best(second)).map(|(a, b)| *a || b).collect();
    assert_eq!(marked, [true; 9]);
    assert!(
        read("table4.md").contains("| Method mean | 0.") && read("table4.tex").contains("Method mean & 0.")
    );
}

#[test]
fn sets_numbers_and_points_can_be_read() {
    let bench = Bench::new();
    let case = bench.case("out", &some());
    case.run(0);
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    for set in ["new people (test_set1)", "new methods (test_set2)", "new people and new methods (test_set3)"]
    {
        assert_eq!(page.matches(&format!("<th scope=\"col\">{set}</th>")).count(), 4, "{set}");
        assert!(
            page.contains(&format!("<h3>On {set}</h3>"))
                && page.contains(&format!("<figcaption>{set}<br>PLCC "))
        );
    }
    assert!(!page.contains(">test_set"), "a short name alone");
    assert!(
        fs::read_to_string(case.out.join("table4.txt"))
            .unwrap()
            .contains("1 is new people (test_set1), 2 is")
    );

    // What is said of a training has numbers as well.
    assert!(page.contains("R2 in folds ") && !page.contains("R2 in folds -"));
    let cells = all_between(&page, "<td", "</td>");
    let hyphen =
        |cell: &&&str| cell.as_bytes().windows(2).any(|pair| pair[0] == b'-' && pair[1].is_ascii_digit());
    let numbers = cells
        .iter()
        .filter(|cell| cell.contains("0.") && !cell.contains("SHA") && !cell.contains("benchmark "));
    assert_eq!(numbers.filter(hyphen).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(cells.iter().any(|cell| cell.contains(">\u{2212}0.")), "no negative number at all");

    // Three panels a method, but one for the method mean. Each clip of the first split has a name.
    assert_eq!(page.matches("<svg").count(), 3 * 3 + 1);
    let figures = all_between(&page, "<svg", "</svg>");
    let title = ": predictions against mean opinions, PLCC ";
    assert!(
        figures.iter().all(|figure| between(figure, "role=\"img\">\n<title>", "</title>").contains(title))
    );
    let panels = page.split_once("<h2 id=\"predictions\">").unwrap().1;
    let panels = panels.split_once("<h3>BRISQUE</h3>").unwrap().1.split("<h3>").next().unwrap();
    let predictions = fs::read_to_string(case.out.join("predictions/brisque.csv")).unwrap();
    let rows: Vec<Vec<&str>> = predictions
        .lines()
        .map(|line| line.split(',').collect())
        .filter(|row: &Vec<&str>| row[0] == "0")
        .collect();
    assert_eq!(panels.matches("<circle ").count(), rows.len());
    for row in rows {
        let [mos, predicted] = [row[3], row[4]].map(|number| number.parse::<f64>().unwrap());
        let name = format!("<title>{}: opinion {mos:.2}, predicted {predicted:.2}</title>", row[2]);
        assert!(panels.contains(&name.replace(" -", " \u{2212}")), "{name}");
    }
}

#[test]
fn differences_have_intervals() {
    let bench = Bench::new();
    let case = bench.case("out", &some());
    case.run(0);
    let read = |name: &str| fs::read_to_string(case.out.join(name)).unwrap();
    let (page, significance) = (read("report.html"), read("significance.csv"));
    let mut rows = significance.lines();
    assert_eq!(rows.next(), Some("measure,first,second,difference,low,high,t,p,p_holm"));
    for row in rows {
        let cells: Vec<&str> = row.split(',').collect();
        let [difference, low, high, p] = [3, 4, 5, 7].map(|at| cells[at].parse::<f64>().unwrap());
        assert!(low < difference && difference < high, "{row}");
        assert_eq!(p < 0.05, low > 0.0 || high < 0.0, "{row}");
        let shown = format!("<br>{low:.3} to {high:.3}<br>p ").replace("-", "\u{2212}");
        let turned = format!("<br>{:.3} to {:.3}<br>p ", -high, -low).replace("-", "\u{2212}");
        assert!(page.contains(&shown) && page.contains(&turned), "{row}");
    }
    // A single split has none, and says so.
    let single = bench.case("single", &["--methods", "brisque", "--splits", "1"]);
    single.run(0);
    let page = fs::read_to_string(single.out.join("report.html")).unwrap();
    assert!(
        page.contains("One split does not tell: a test needs at least two.")
            && !page.contains("class=\"matrix\"")
    );
    assert!(page.contains("BRISQUE is the only method; its scores correlate with"));
}

/// Names are text, whatever they are made of. Other systems have no files of such names.
#[cfg(unix)]
#[test]
fn hostile_names_stay_text() {
    let bench = Bench::new();
    let (clip, title) = (bench.tested(1), "<img onerror>&\"quoted\"");
    let bad = "C1/<script>alert(1)</script>.y4m";
    for split in ["0", "1"] {
        for set in ["train_set", "test_set1", "test_set2", "test_set3"] {
            let path = bench.data.join(format!("splits/{split}/{set}.csv"));
            fs::write(&path, fs::read_to_string(&path).unwrap().replace(&clip, bad)).unwrap();
        }
    }
    let first = bench.case("first", &["--methods", "brisque", "--splits", "1"]);
    first.run(1);
    let given = format!("{title}={}", first.out.join("predictions/random.csv").display());
    let case = bench.case("out", &["--methods", "brisque", "--splits", "1", "--predictions", &given]);
    case.run(1);
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    well_formed(&page);
    assert!(!page.contains("<img") && !page.contains("<script>alert"));
    // In the table of failures, under a point, in the command, in headings and below figures.
    let clip = "C1/&lt;script&gt;alert(1)&lt;/script&gt;.y4m";
    assert!(page.contains(&format!("<td>{clip}</td>")) && page.contains(&format!("<title>{clip}: opinion ")));
    let title = "&lt;img onerror&gt;&amp;&quot;quoted&quot;";
    for place in [
        format!("<h3>{title}</h3>"),
        format!("<th scope=\"row\">{title}</th>"),
        format!("<title>{title} on new"),
    ] {
        assert!(page.contains(&place), "{place}");
    }
    assert!(fact(&page, "command").contains("=random.csv&apos;"), "{}", fact(&page, "command"));
}

#[test]
fn the_date_is_given_or_kept() {
    let bench = Bench::new();
    let case = bench.case("out", &["--methods", "brisque", "--splits", "1"]);
    let path = case.out.join("report.html");
    let run = |date: Option<&str>| {
        let mut command = command(&case.arguments());
        match date {
            Some(date) => command.env("SOURCE_DATE_EPOCH", date),
            None => command.env_remove("SOURCE_DATE_EPOCH"),
        };
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, message) = run(Some("yesterday"));
    assert_eq!(status, Some(2));
    assert!(message.contains("SOURCE_DATE_EPOCH must be a number of seconds") && !path.exists(), "{message}");
    assert_eq!(run(Some("951782400")).0, Some(0));
    let given = fs::read_to_string(&path).unwrap();
    assert_eq!(fact(&given, "date"), "2000-02-29 (UTC)");
    // Of a day that has passed: the page is the same, and so is its date.
    fs::write(case.out.join("cache/seen/date.json"), "\"2000-02-29\"").unwrap();
    assert_eq!(run(None).0, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), given);
    fs::remove_file(&path).unwrap();
    assert_eq!(run(None).0, Some(0));
    assert_ne!(fact(&fs::read_to_string(&path).unwrap(), "date"), "2000-02-29 (UTC)");
}
