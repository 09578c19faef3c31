//! What people wrote about videos that are close to this one.

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::html::{marked, named};
use crate::report::{Explained, Label, Sentence, Word};
use crate::summary::number;

/// Impacts below this share of the largest are not marked.
const FAINT: f64 = 0.1;

pub(super) fn sentences(out: &mut String, found: &Explained) -> fmt::Result {
    if found.sentences.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>What people wrote about videos like this one</h3>\n<p class=\"note\">The nearest descriptions of the training, which \
         were written about other videos. Words in <mark class=\"raises\">this colour</mark> raise the score that the network \
         gives the sentence, words in <mark class=\"lowers\">this one</mark> lower it; the stronger, the more.</p>"
    )?;
    if !found.digest.is_empty() {
        writeln!(
            out,
            "<h4>In short</h4>\n<p class=\"note\">Those that say most without repeating each other, chosen without a language \
             model (LexRank).</p>\n<ul class=\"sentences\">"
        )?;
        found.digest.iter().try_for_each(|text| writeln!(out, "<li>{}</li>", named(text)))?;
        writeln!(out, "</ul>\n<h4>All</h4>")?;
    }
    writeln!(out, "<ol class=\"sentences\">")?;
    found.sentences.iter().try_for_each(|one| sentence(out, one))?;
    writeln!(out, "</ol>")
}

fn sentence(out: &mut String, one: &Sentence) -> fmt::Result {
    let words: String =
        if one.words.is_empty() { escaped(&one.text) } else { one.words.iter().map(word).collect() };
    let video = one.video.as_ref().map_or_else(String::new, |video| format!(", about {}", named(video)));
    let score = one.score.map_or_else(String::new, |score| format!(", which people gave {}", number(score)));
    writeln!(
        out,
        "<li><bdi>{words}</bdi> <span class=\"note\">cosine {:.4}{video}{score}</span></li>",
        one.cosine
    )
}

fn word(part: &Word) -> String {
    if part.impact.abs() < FAINT { escaped(&part.text) } else { marked(&part.text, part.impact, "") }
}

pub(super) fn labels(out: &mut String, found: &Explained) -> fmt::Result {
    if found.labels.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>What these descriptions mention</h3>\n<p class=\"note\">Share of the descriptions above that name each label, found by \
         the tagger; the line marks its share of all descriptions that the checkpoint knows.</p>"
    )?;
    for kind in ["place", "artifact", "extent"] {
        let all = found.labels.iter().filter(|label| label.kind == kind);
        // What occurs nowhere says nothing.
        let mut some = all.filter(|label| label.here > 0.0 || label.average >= 0.05).peekable();
        if some.peek().is_none() {
            continue;
        }
        writeln!(out, "<h4>{}</h4>\n<div class=\"sum\">", plural(kind))?;
        some.try_for_each(|label| line(out, label))?;
        writeln!(out, "</div>")?;
    }
    Ok(())
}

fn plural(kind: &str) -> &'static str {
    match kind {
        "place" => "Places",
        "artifact" => "Artifacts",
        _ => "Extents",
    }
}

fn line(out: &mut String, Label { label, here, average, .. }: &Label) -> fmt::Result {
    let (here, average) = (100.0 * here, 100.0 * average);
    writeln!(
        out,
        "<p class=\"line\"><span class=\"label\">{}</span><span class=\"bar whole\" aria-hidden=\"true\"><span class=\"share\" \
         style=\"left:0;width:{:.2}%\"></span><span class=\"usual\" style=\"left:{:.2}%\"></span></span><span \
         class=\"amount\">{here:.0} % <small>usual {average:.0} %</small></span></p>",
        escaped(label),
        here.clamp(0.0, 100.0),
        average.clamp(0.0, 100.0)
    )
}
