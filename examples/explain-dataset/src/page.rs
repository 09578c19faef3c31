//! One page with everything in it: nothing from elsewhere, and all there without its script.

use std::fmt::{self, Write};

use crate::draw::Figure;
use crate::examples::Example;
use crate::figure::escaped;
use crate::html::{self, contents, end, file, head, named, note, number, pairs, section, signed, wrapped};
use crate::pointing::Pointed;
use crate::profiles::Table;
use crate::summaries::KINDS;
use crate::tokens::Parts;

/// Everything that the page shows.
pub(crate) struct Content<'a> {
    pub(crate) data: &'a str,
    /// Made by `synthesize-dataset`.
    pub(crate) stand_in: bool,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) headline: Vec<String>,
    pub(crate) tables: &'a [Table],
    /// The pointing game, where it is wanted.
    pub(crate) pointing: Option<&'a Pointed>,
    /// With the notes below each.
    pub(crate) figures: Vec<(&'static str, Figure, Vec<String>)>,
    pub(crate) examples: &'a [Example],
    pub(crate) files: &'a [String],
}

pub(crate) fn page(content: &Content<'_>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let heading = "Why these videos look real or fake";
    head(&mut out, &format!("{heading}: {}", content.data), heading)?;
    if let Some((first, others)) = content.headline.split_first() {
        writeln!(out, "<p class=\"headline\">{}</p>\n<p>{}</p>", escaped(first), escaped(&others.join(" ")))?;
    }
    if content.stand_in {
        writeln!(
            out,
            "<p class=\"warning\"><strong>Stand-in data.</strong> Clips, scores and sentences were made by a program. The numbers \
             show that the explanations work, and nothing about real face swaps.</p>"
        )?;
    }
    pairs(&mut out, content.facts.iter().map(|(name, value)| (*name, value.as_str())))?;
    writeln!(out, "</header>")?;
    let mut parts = vec![("table7", "Retrieved descriptions against the truth")];
    parts.extend(
        content
            .figures
            .iter()
            .filter(|(id, ..)| *id != "table7")
            .map(|(id, figure, _)| (*id, &*figure.title)),
    );
    parts.extend(content.pointing.map(|_| ("pointing", "Do the maps fall on what is wrong")));
    parts.extend([("examples", "Examples"), ("files", "Files")]);
    contents(&mut out, &parts)?;
    writeln!(out, "<main>")?;
    for (id, title) in parts {
        section(&mut out, id, title)?;
        match id {
            "pointing" => content.pointing.iter().try_for_each(|pointed| pointing(&mut out, pointed))?,
            "examples" => content.examples.iter().try_for_each(|example| shown(&mut out, example))?,
            "files" => {
                let links: Vec<String> = content.files.iter().map(|name| file(name)).collect();
                writeln!(out, "<p>{}</p>", links.join(" "))?;
            }
            _ => {}
        }
        for (_, figure, notes) in content.figures.iter().filter(|(own, ..)| *own == id) {
            // What is wide scrolls on a telephone, where its letters would be too small.
            let svg = if figure.is_wide() { &wrapped(&figure.title, &figure.svg) } else { &figure.svg };
            writeln!(out, "<figure class=\"wide\">\n{svg}</figure>")?;
            notes.iter().try_for_each(|text| note(&mut out, text))?;
        }
        if id == "table7" {
            content.tables.iter().try_for_each(|table| errors(&mut out, table))?;
        }
    }
    end(&mut out)?;
    Ok(out)
}

/// Table VII of a set.
fn errors(out: &mut String, table: &Table) -> fmt::Result {
    let title = format!("{}, {} clips", table.set, table.clips);
    writeln!(out, "<h3>{}</h3>", escaped(&title))?;
    let mut rows = String::from("<table>\n<thead><tr><th>sentences</th>");
    for row in &table.rows {
        write!(rows, "<th>{}</th>", escaped(&row.name))?;
    }
    rows.push_str("</tr></thead>\n<tbody>\n");
    for (name, group) in ["place", "artifact", "extent", "all"].into_iter().zip(0usize..) {
        write!(rows, "<tr><th scope=\"row\">{name}</th>")?;
        let values = table.rows.iter().filter_map(|row| row.rmse.get(group).copied());
        let best = values.clone().fold(f64::INFINITY, f64::min);
        for value in values {
            let class = if value <= best { " class=\"best\"" } else { "" };
            write!(rows, "<td{class}>{}</td>", number(value))?;
        }
        rows.push_str("</tr>\n");
    }
    rows.push_str("</tbody>\n</table>");
    out.push_str(&wrapped(&title, &rows));
    Ok(())
}

/// The pointing game: how often maps fall on a planted artifact, beside what needs no map.
fn pointing(out: &mut String, pointed: &Pointed) -> fmt::Result {
    let (clips, fell, rows) = match pointed {
        Pointed::LeftOut(why) => return note(out, &format!("Left out: {why}.")),
        Pointed::Played { clips, fell, rows } => (clips, fell, rows),
    };
    note(
        out,
        &format!(
            "{clips} clips of this stand-in with one severe artifact each, which lies in a part of the face; the score of {fell} of them \
             falls by it. A clip counts where the most striking value of its maps over all frames lies on the artifact (pointing \
             game, which the paper does not have). The first row is what an artifact should do."
        ),
    )?;
    let mut table = String::from(
        "<table>\n<thead><tr><th>what counts of the map</th><th>on the artifact</th><th>a random place</th>\
                                  <th>the centre</th></tr></thead>\n<tbody>\n",
    );
    for row in rows {
        let cells = [row.accuracy, row.random, row.centre].map(|value| format!("<td>{}</td>", number(value)));
        writeln!(table, "<tr><th scope=\"row\">{}</th>{}</tr>", escaped(row.what), cells.concat())?;
    }
    table.push_str("</tbody>\n</table>");
    out.push_str(&wrapped("Pointing game", &table));
    Ok(())
}

/// A sentence with the mark that ends it.
fn ended(sentence: &str) -> String {
    let sentence = sentence.trim();
    if sentence.ends_with(['.', '!', '?', '。', '！', '？']) {
        sentence.to_owned()
    } else {
        format!("{sentence}.")
    }
}

/// A clip: what was found for it, which words count, and the summaries.
fn shown(out: &mut String, example: &Example) -> fmt::Result {
    let mos = format!("MOS {:.2}, score {:.2}, {}", example.mos, example.score, example.set);
    writeln!(out, "<h3>{}: {}</h3>", named(&example.clip), escaped(&mos))?;
    for (kind, summary) in KINDS.into_iter().zip(&example.summaries) {
        let text = summary.iter().map(|sentence| ended(sentence)).collect::<Vec<_>>().join(" ");
        writeln!(out, "<p><strong>Summary of {}:</strong> {}</p>", escaped(kind), named(&text))?;
    }
    writeln!(
        out,
        "<details><summary>{} nearest sentences, with what each word does to the score</summary>",
        example.nearest.len()
    )?;
    let largest =
        example.nearest.iter().flat_map(|near| &near.words).fold(0.0_f64, |m, (_, v)| m.max(v.abs()));
    for near in &example.nearest {
        marked(out, &near.words, largest)?;
        let about = format!("{:.3} near, about {}, MOS {:.2}", near.cosine, near.clip, near.mos);
        note(out, &about)?;
    }
    writeln!(
        out,
        "</details>\n<details><summary>Prompt for a language model of your own</summary>\n<pre>{}</pre>\n</details>",
        named(&example.prompt)
    )
}

/// The words of a sentence (Figure 11): blue ones raise the score by the text, red ones lower it.
fn marked(out: &mut String, words: &Parts, largest: f64) -> fmt::Result {
    write!(out, "<p class=\"words\"><bdi>")?;
    for (word, impact) in words {
        let share = if largest > 0.0 { impact / largest } else { 0.0 };
        let plain = *impact == 0.0;
        out.push_str(&if plain { escaped(word) } else { html::marked(word, share, &signed(*impact)) });
    }
    writeln!(out, "</bdi></p>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::Near;

    #[test]
    fn sentences_end_once() {
        let ended = ["It is blurred", " It flickers! ", "Why?", "It ends."].map(ended);
        assert_eq!(ended, ["It is blurred.", "It flickers!", "Why?", "It ends."]);
    }

    #[test]
    fn what_people_wrote_is_text() {
        let evil = "<script>alert('x')</script> \u{202e}\"&";
        let near = Near {
            words: vec![(evil.to_owned(), -0.5), ("eyes".to_owned(), 0.25)],
            clip: evil.to_owned(),
            mos: 2.0,
            cosine: 0.5,
        };
        let example = Example {
            clip: evil.to_owned(),
            set: "test_set1".to_owned(),
            mos: 2.0,
            score: 2.5,
            nearest: vec![near],
            summaries: std::array::from_fn(|_| vec![evil.to_owned()]),
            prompt: evil.to_owned(),
        };
        let content = Content {
            data: evil,
            stand_in: true,
            facts: vec![("data", evil.to_owned())],
            headline: vec![evil.to_owned()],
            tables: &[],
            pointing: Some(&Pointed::LeftOut(evil.to_owned())),
            figures: Vec::new(),
            examples: &[example],
            files: &[evil.to_owned()],
        };
        let page = page(&content).unwrap();
        // The one script is that of the page.
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.matches("&lt;script&gt;").count() >= 9 && page.contains("--much:70%"), "{page}");
    }
}
