//! Whether two methods differ, for every pair.

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::report::content::Report;
use crate::report::html::{file, number, signed, wrapped};
use crate::report::protocol::Kind;
use crate::report::significance::{AVERAGE, Comparison, Pair};

pub(super) fn matrices(out: &mut String, report: &Report) -> fmt::Result {
    if report.comparisons.is_empty() {
        return writeln!(out, "<p>One split does not tell: a test needs at least two.</p>");
    }
    let what = match report.protocol.kind {
        Kind::Splits => {
            "the difference of the mean of PLCC and SRCC over the splits, the interval of all differences that the corrected \
             t-test (Nadeau and Bengio) does not reject at 5 %, and the p-value of that test"
        }
        Kind::Across => {
            "the difference of PLCC of the predictions averaged over the repeats, its 95 % interval by drawing clips, the same \
             ones for both (BCa), and the p-value of Williams' test"
        }
    };
    writeln!(
        out,
        "<p class=\"note\">The method of the row minus that of the column: {what}. The interval is of the pair by itself, the \
         p-value after Holm's correction over all pairs of the matrix. <span class=\"swatch better\">better</span> and <span \
         class=\"swatch worse\">worse</span> at p &lt; 0.05. Methods without a value somewhere are left out. {}</p>",
        file("significance.csv")
    )?;
    for comparison in &report.comparisons {
        let title = match comparison.measure.as_str() {
            AVERAGE => "all test sets".to_owned(),
            set if report.protocol.kind == Kind::Across => format!("the data set {set}"),
            set => report.protocol.set_title(set),
        };
        writeln!(out, "<h3>On {}</h3>", escaped(&title))?;
        out.push_str(&wrapped(&title, &matrix(comparison)?));
    }
    Ok(())
}

fn matrix(comparison: &Comparison) -> Result<String, fmt::Error> {
    let mut out = "<table class=\"matrix\">\n<thead><tr><th></th>".to_owned();
    for (method, _) in &comparison.methods {
        write!(out, "<th scope=\"col\">{}</th>", escaped(method))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for (row, (method, mean)) in comparison.methods.iter().enumerate() {
        let mean = number(*mean);
        write!(out, "<tr><th scope=\"row\">{} <span class=\"none\">{mean}</span></th>", escaped(method))?;
        for column in 0..comparison.methods.len() {
            let pair = comparison.pairs.iter().find_map(|pair| match (pair.first, pair.second) {
                (a, b) if (a, b) == (row, column) => Some(cell(pair, 1.0)),
                (a, b) if (b, a) == (row, column) => Some(cell(pair, -1.0)),
                _ => None,
            });
            out.push_str(&pair.unwrap_or_else(|| "<td class=\"self\"></td>".to_owned()));
        }
        writeln!(out, "</tr>")?;
    }
    out.push_str("</tbody></table>");
    Ok(out)
}

/// A pair, seen from its first method or, with -1, from its second.
fn cell(pair: &Pair, sign: f64) -> String {
    let difference = sign * pair.difference;
    let interval = pair.interval.map_or_else(String::new, |[low, high]| {
        let [low, high] = if sign > 0.0 { [low, high] } else { [-high, -low] };
        format!("<br>{} to {}", number(low), number(high))
    });
    let (class, p) = match pair.corrected {
        None => ("", "no test".to_owned()),
        Some(p) => {
            let class = match (p < 0.05, difference > 0.0) {
                (false, _) => "",
                (true, true) => " class=\"better\"",
                (true, false) => " class=\"worse\"",
            };
            (class, if p < 0.001 { "p &lt; 0.001".to_owned() } else { format!("p {p:.3}") })
        }
    };
    format!("<td{class}>{}<small>{interval}<br>{p}</small></td>", signed(difference))
}
