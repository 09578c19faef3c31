//! Bars: what groups of features add to a score, and traces in frames.

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::html::named;
use crate::report::{Explained, Feature, Group, Shares};
use crate::summary::{number, signed};

/// How to read the bars.
const READ: &str = "The score is a sum: what the model gives a video whose features all have their averages over the training, and \
                    what this video's features add to it. A bar to the right raises the score, one to the left lowers it. Bars say what the model does \
                    with the features. They do not say what happened to the video, and other ways to group the features give \
                    other bars.";

pub(super) fn shares(out: &mut String, shares: &Shares) -> fmt::Result {
    writeln!(out, "<h3>What raises the score, and what lowers it</h3>\n<p class=\"note\">{READ}</p>")?;
    let largest = shares.groups.iter().fold(0.0_f64, |most, group| most.max(group.share.abs()));
    writeln!(out, "<div class=\"sum\">")?;
    total(out, "Average features", &number(shares.reference))?;
    for group in &shares.groups {
        details(out, group, largest)?;
    }
    if shares.clamping.abs() >= 0.005 {
        total(out, "To stay within the scale", &signed(shares.clamping))?;
    }
    let sum = shares.groups.iter().fold(shares.reference + shares.clamping, |sum, group| sum + group.share);
    total(out, "This video", &number(sum))?;
    writeln!(out, "</div>")
}

fn total(out: &mut String, label: &str, value: &str) -> fmt::Result {
    writeln!(out, "<p class=\"total\"><span>{label}</span><span class=\"amount\">{value}</span></p>")
}

/// A bar that opens to its features. The browser does so, with the keyboard too.
fn details(out: &mut String, group: &Group, largest: f64) -> fmt::Result {
    writeln!(
        out,
        "<details>\n<summary><span class=\"label\">{}</span>{}<span class=\"amount\">{}</span></summary>\n<p>{} <span \
         class=\"note\">Measured: {}.</span></p>",
        escaped(&group.title),
        signed_bar(group.share, largest),
        signed(group.share),
        escaped(&group.words),
        escaped(&group.measures)
    )?;
    writeln!(
        out,
        "<div class=\"wrap\" role=\"region\" aria-label=\"Features: {}\" tabindex=\"0\"><table class=\"features\">\n<thead><tr><th \
         scope=\"col\">Feature</th><th scope=\"col\">adds</th><th scope=\"col\">from average, in deviations</th></tr></thead>\n\
         <tbody>",
        escaped(&group.title)
    )?;
    for feature in &group.features {
        row(out, feature)?;
    }
    writeln!(out, "</tbody></table></div>\n</details>")
}

fn row(out: &mut String, feature: &Feature) -> fmt::Result {
    let meaning = if feature.meaning.is_empty() { &feature.name } else { &feature.meaning };
    let distance = match (feature.value, feature.deviations) {
        (_, None) => "not used".to_owned(),
        (None, Some(_)) => "undefined: taken as average".to_owned(),
        (Some(_), Some(deviations)) => signed(deviations),
    };
    writeln!(
        out,
        "<tr><td>{}<br><small>{}</small></td><td>{}</td><td>{distance}</td></tr>",
        named(meaning),
        named(&feature.name),
        signed(feature.share)
    )
}

/// A bar from the middle to the right or to the left.
pub(super) fn signed_bar(value: f64, largest: f64) -> String {
    let width = if largest > 0.0 { 50.0 * (value.abs() / largest).clamp(0.0, 1.0) } else { 0.0 };
    let (class, left) = if value < 0.0 { ("lowers", 50.0 - width) } else { ("raises", 50.0) };
    format!(
        "<span class=\"bar\" aria-hidden=\"true\"><span class=\"{class}\" style=\"left:{left:.2}%;width:{width:.2}%\"></span></span>"
    )
}

pub(super) fn traces(out: &mut String, found: &Explained) -> fmt::Result {
    let Some(traces) = &found.traces else { return Ok(()) };
    let largest = traces.frames.iter().fold(0.0_f64, |most, frame| most.max(frame.traces.abs()));
    writeln!(
        out,
        "<h3>Traces of a pasted face, frame by frame</h3>\n<p class=\"note\">To the right: more than the middle of the training. The \
         unit is that of a logit.</p>\n<div class=\"sum\">"
    )?;
    for frame in &traces.frames {
        let (label, amount) = (format!("{} s", number(frame.time)), signed(frame.traces));
        // More traces are worse.
        let bar =
            signed_bar(frame.traces, largest).replacen("raises", "more", 1).replacen("lowers", "fewer", 1);
        writeln!(
            out,
            "<p class=\"line\"><span class=\"label\">{label}</span>{bar}<span class=\"amount\">{amount}</span></p>"
        )?;
    }
    writeln!(out, "</div>")
}
