//! The table as text, Markdown, CSV, LaTeX and HTML.

use std::fmt::Write;

use super::{Cell, Row, Table};

/// A format of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// Aligned columns for a terminal.
    #[default]
    Text,
    /// A Markdown table; the best value of a column is bold.
    Markdown,
    /// Comma-separated, with separate columns for mean, deviation and median, in full precision.
    Csv,
    /// A `tabular` with the rules of the booktabs package; the best value of a column is bold, the second underlined.
    Latex,
    /// A `table` for a page that brings the style: the classes are `family` for a row that names one, `baseline` for a row
    /// of [`Table::with_baselines`], `best` for the best value of a column and `none` for a value that is not there. Numbers
    /// have a true minus sign, U+2212.
    Html,
}

impl Format {
    /// Every format, the default first.
    pub const ALL: [Self; 5] = [Self::Text, Self::Markdown, Self::Csv, Self::Latex, Self::Html];

    /// The format by name, as options of programs have it.
    ///
    /// ```
    /// use dream_eval::Format;
    ///
    /// assert_eq!(Format::ALL.map(Format::name), ["text", "markdown", "csv", "latex", "html"]);
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Latex => "latex",
            Self::Html => "html",
        }
    }
}

/// Shown if a method cannot predict a test set.
const ABSENT: &str = "-";

impl Table {
    /// The table as one string that ends with a line feed.
    #[must_use]
    pub fn format(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(None),
            Format::Markdown => self.markdown(),
            Format::Csv => self.csv(),
            Format::Latex => self.latex(),
            Format::Html => self.html(),
        }
    }

    fn markdown(&self) -> String {
        let escaped = |text: &str| text.replace('|', "\\|").replace(['\r', '\n'], " ");
        let mut out = format!("| {} |\n|---|", header(self).join(" | "));
        out.push_str(&"---:|".repeat(self.columns().len()));
        out.push('\n');
        let places = self.places();
        let mut family = "";
        for (row, places) in self.rows.iter().zip(&places) {
            if row.family != family && !row.family.is_empty() {
                let _ = writeln!(out, "| *{}* |{}", escaped(&row.family), " |".repeat(self.columns().len()));
            }
            family = &row.family;
            let _ = write!(out, "| {} |", escaped(&row.name));
            for (cell, place) in row.cells.iter().zip(places) {
                let text = shown(cell.as_ref(), 3);
                let _ =
                    if *place == Some(0) { write!(out, " **{text}** |") } else { write!(out, " {text} |") };
            }
            out.push('\n');
        }
        out
    }

    fn csv(&self) -> String {
        let quoted = |text: &str| {
            let plain = !text.contains([',', '"', '\n', '\r']);
            if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
        };
        let mut out = "family,method".to_owned();
        for column in self.columns() {
            let _ = write!(out, ",{column},{column} std,{column} median");
        }
        out.push('\n');
        for row in &self.rows {
            let _ = write!(out, "{},{}", quoted(&row.family), quoted(&row.name));
            for cell in &row.cells {
                let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v}"));
                let mean = number(cell.map(|c| c.mean));
                let _ = write!(
                    out,
                    ",{mean},{},{}",
                    number(cell.and_then(|c| c.std)),
                    number(cell.map(|c| c.median))
                );
            }
            out.push('\n');
        }
        out
    }

    fn latex(&self) -> String {
        let columns = self.columns();
        let mut out = format!("\\begin{{tabular}}{{l{}}}\n\\toprule\n", "c".repeat(columns.len()));
        let _ = writeln!(out, "{} \\\\", header(self).join(" & "));
        out.push_str("\\midrule\n");
        let places = self.places();
        let mut family: Option<&str> = None;
        for (row, places) in self.rows.iter().zip(&places) {
            if family != Some(&row.family) {
                if family.is_some() {
                    out.push_str("\\midrule\n");
                }
                if !row.family.is_empty() {
                    let title = latex_escaped(&row.family);
                    let _ = writeln!(
                        out,
                        "\\multicolumn{{{}}}{{l}}{{\\textit{{{title}}}}} \\\\",
                        columns.len() + 1
                    );
                }
                family = Some(&row.family);
            }
            out.push_str(&latex_escaped(&row.name));
            for (cell, place) in row.cells.iter().zip(places) {
                let text = shown(cell.as_ref(), 3).replace('±', "$\\pm$");
                // A hyphen is no minus sign; the lone one says that there is no value.
                let text = if cell.is_some() { text.replace('-', "$-$") } else { text };
                let _ = match place {
                    Some(0) => write!(out, " & \\textbf{{{text}}}"),
                    Some(1) => write!(out, " & \\underline{{{text}}}"),
                    _ => write!(out, " & {text}"),
                };
            }
            out.push_str(" \\\\\n");
        }
        out.push_str("\\bottomrule\n\\end{tabular}\n");
        out
    }

    fn html(&self) -> String {
        let mut out = format!("<table>\n<thead>{}</thead>\n<tbody>\n", self.html_heads());
        let span = self.columns().len() + 1;
        let mut family = "";
        for (row, places) in self.rows.iter().zip(&self.places()) {
            if row.family != family {
                family = &row.family;
                let title = html_escaped(family);
                let _ = writeln!(
                    out,
                    "<tr class=\"family\"><th colspan=\"{span}\" scope=\"rowgroup\"><span>{title}</span></th></tr>"
                );
            }
            let class = if self.is_baseline(row) { " class=\"baseline\"" } else { "" };
            let _ = write!(out, "<tr{class}><th scope=\"row\">{}</th>", html_escaped(&row.name));
            for (cell, place) in row.cells.iter().zip(places) {
                let class = match (cell, place) {
                    (None, _) => " class=\"none\"",
                    (_, Some(0)) => " class=\"best\"",
                    _ => "",
                };
                let text = shown(cell.as_ref(), 3);
                let text = if cell.is_some() { text.replace('-', "\u{2212}") } else { text };
                let _ = write!(out, "<td{class}>{text}</td>");
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
        out
    }

    /// One row of headings, or two where the sets have names: coefficients above, sets below.
    fn html_heads(&self) -> String {
        let head = |text: &str| format!("<th scope=\"col\">{}</th>", html_escaped(text));
        if self.set_names.is_empty() {
            return format!("<tr>{}</tr>", header(self).iter().map(|text| head(text)).collect::<String>());
        }
        let group = |text: &str, span: usize| {
            format!("<th colspan=\"{span}\" scope=\"colgroup\"><span>{text}</span></th>")
        };
        let name = |set: usize| self.set_names.get(set).cloned().unwrap_or_else(|| (set + 1).to_string());
        let sets: String = (0..self.sets).map(|set| head(&name(set))).collect();
        let groups = [group("PLCC", self.sets), group("SRCC", self.sets), group("average", 3)].concat();
        let averages = ["PLCC", "SRCC", "both"].map(head).concat();
        format!(
            "<tr><th rowspan=\"2\" scope=\"col\">Method</th>{groups}</tr>\n<tr>{sets}{sets}{averages}</tr>"
        )
    }

    fn is_baseline(&self, row: &Row) -> bool {
        self.baselines.as_ref() == Some(&row.family)
    }

    /// For every cell, how many different values of its column are larger; baselines neither have a place nor take one.
    fn places(&self) -> Vec<Vec<Option<usize>>> {
        let methods = || self.rows.iter().filter(|row| !self.is_baseline(row));
        let place = |column: usize, value: f64| {
            let mut larger: Vec<f64> = methods()
                .filter_map(|row| row.cells.get(column).copied().flatten())
                .map(|cell| rounded(cell.mean))
                .filter(|other| *other > rounded(value))
                .collect();
            larger.sort_by(f64::total_cmp);
            larger.dedup();
            larger.len()
        };
        let row = |row: &Row| {
            let cells = row.cells.iter().enumerate();
            let eligible = !self.is_baseline(row);
            cells
                .map(|(column, cell)| cell.filter(|_| eligible).map(|cell| place(column, cell.mean)))
                .collect()
        };
        self.rows.iter().map(row).collect()
    }
}

/// To the precision of the table: values that look the same get the same mark.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round()
}

pub(super) fn header(table: &Table) -> Vec<String> {
    std::iter::once("Method".to_owned()).chain(table.columns()).collect()
}

pub(super) fn shown(cell: Option<&Cell>, digits: usize) -> String {
    match cell {
        None => ABSENT.to_owned(),
        Some(Cell { mean, std: None, .. }) => format!("{mean:.digits$}"),
        Some(Cell { mean, std: Some(std), .. }) => format!("{mean:.digits$}±{std:.digits$}"),
    }
}

fn latex_escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            '\r' | '\n' => out.push(' '),
            _ => out.push(c),
        }
        out
    })
}

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, SetScore};

    fn method(name: &str, family: &str, plcc: Option<f64>) -> Method {
        let score = plcc.map(|plcc| SetScore { plcc, srcc: 0.5, constant: false });
        Method { name: name.into(), family: family.into(), splits: vec![vec![score]] }
    }

    #[test]
    fn html_escapes_names_and_marks_the_best() {
        let methods = [("<one>", Some(-0.25)), ("two", Some(0.75)), ("no", None)]
            .map(|(name, r)| method(name, "A&B", r));
        let html = Table::new(1, methods.into()).unwrap().format(Format::Html);
        assert!(html.starts_with("<table>\n<thead><tr><th scope=\"col\">Method</th><th "), "{html}");
        assert_eq!(html.matches("<tr class=\"family\"><th colspan=\"").count(), 1, "{html}");
        assert!(html.contains("<span>A&amp;B</span></th></tr>\n"), "{html}");
        assert!(html.contains("<th scope=\"row\">&lt;one&gt;</th><td>\u{2212}0.250</td>"), "{html}");
        assert!(html.contains("<th scope=\"row\">two</th><td class=\"best\">0.750</td>"), "{html}");
        assert!(html.contains("<th scope=\"row\">no</th><td class=\"none\">-</td>"), "{html}");
        assert!(html.ends_with("</tr>\n</tbody></table>\n"), "{html}");
    }

    #[test]
    fn a_baseline_is_never_the_best() {
        let rows = [("base", "none", 0.9), ("two", "real", 0.7), ("three", "real", 0.6)];
        let rows = rows.map(|(name, family, r)| method(name, family, Some(r)));
        let plain = Table::new(1, rows.into()).unwrap();
        let table = plain.clone().with_baselines("none");
        assert!(plain.format(Format::Markdown).contains("| base | **0.900** | **0.500** |"));
        let text = table.format(Format::Markdown);
        assert!(text.contains("| base | 0.900 | 0.500 |") && text.contains("| two | **0.700** |"), "{text}");
        let latex = table.format(Format::Latex);
        assert!(latex.contains("base & 0.900 &") && latex.contains("two & \\textbf{0.700}"), "{latex}");
        assert!(latex.contains("three & \\underline{0.600}"), "{latex}");
        let html = table.format(Format::Html);
        assert!(html.contains("<tr class=\"baseline\"><th scope=\"row\">base</th><td>0.900"), "{html}");
        assert_eq!(
            [Format::Text, Format::Csv].map(|f| table.format(f)),
            [Format::Text, Format::Csv].map(|f| plain.format(f))
        );
    }

    #[test]
    fn sets_have_names_on_a_page() {
        let score = Some(SetScore { plcc: -0.5, srcc: 0.5, constant: false });
        let row = Method { name: "a".into(), family: String::new(), splits: vec![vec![score; 2]] };
        let table =
            Table::new(2, vec![row]).unwrap().with_set_names(&["new <people>", "new methods", "third"]);
        let html = table.format(Format::Html);
        assert!(html.contains("<th colspan=\"2\" scope=\"colgroup\"><span>PLCC</span></th>"), "{html}");
        assert_eq!(html.matches(">new &lt;people&gt;</th>").count(), 2, "{html}");
        assert!(!html.contains("third") && !html.contains("PLCC1"), "{html}");
        assert!(table.format(Format::Csv).starts_with("family,method,PLCC1,"));
        assert!(table.format(Format::Latex).contains(" & \\textbf{$-$0.500} & "));
    }

    #[test]
    fn every_special_of_latex_is_escaped() {
        assert_eq!(latex_escaped("a&b%c$d#e_f{g}h"), "a\\&b\\%c\\$d\\#e\\_f\\{g\\}h");
        assert_eq!(latex_escaped("~^\\\nx"), "\\textasciitilde{}\\textasciicircum{}\\textbackslash{} x");
    }
}
