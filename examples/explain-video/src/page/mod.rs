//! One page with everything in it: nothing from elsewhere, no script, and all text that came from outside as text.

mod bars;
mod facts;
mod frames;
mod head;
mod words;

use std::fmt::{self, Write};

use crate::html::{self, named};
use crate::report::{Report, Video};

/// The page of a report.
///
/// # Errors
/// Only where memory for the text is short.
pub fn page(report: &Report) -> Result<String, fmt::Error> {
    let mut out = String::new();
    head::head(&mut out, report)?;
    writeln!(out, "<main>")?;
    for (at, video) in report.videos.iter().enumerate() {
        section(&mut out, at, video, report)?;
    }
    writeln!(out, "</main>")?;
    facts::footer(&mut out, report)?;
    writeln!(out, "</body>\n</html>")?;
    Ok(out)
}

fn section(out: &mut String, at: usize, video: &Video, report: &Report) -> fmt::Result {
    writeln!(out, "<section id=\"video-{at}\" aria-labelledby=\"title-{at}\">")?;
    writeln!(out, "<h2 id=\"title-{at}\">{}</h2>", named(&video.file))?;
    if let Some(error) = &video.error {
        writeln!(out, "<p class=\"warning\">No score: {}</p>", named(error))?;
    }
    if let Some(found) = &video.explained {
        head::score(out, found)?;
        if let Some(shares) = &found.shares {
            bars::shares(out, shares)?;
        }
        frames::frames(out, at, found)?;
        words::sentences(out, found)?;
        words::labels(out, found)?;
        bars::traces(out, found)?;
    }
    facts::video(out, video, report)?;
    writeln!(out, "</section>")
}

/// Those of some facts, which are markup already, that there are.
fn pairs(out: &mut String, rows: Vec<(&str, String)>) -> fmt::Result {
    html::facts(out, "facts", rows.into_iter().filter(|(_, value)| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use score_video::{Row, Scorer};

    use super::*;
    use crate::report::{Explained, Feature, Frame, Group, Label, Map, Sentence, Shares, Word};

    /// Markup, quotes of both kinds, an override of the direction, and letters from right to left.
    const HOSTILE: &str = "<script>alert(1)</script> \"a\" 'b' & \u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd} </bdi><img src=x onerror=y>";

    fn hostile() -> Report {
        let text = || HOSTILE.to_owned();
        let scorer = Scorer::builder().method("brisque").build().unwrap();
        let mut report = Report::new(scorer.about(), text());
        let mut row = Row::without_score(scorer.about());
        (row.score, row.grade, row.warning, row.assumptions) =
            (Some(3.0), Some("fair"), Some(text()), Some(text()));
        let word = Word { text: text(), impact: -0.7 };
        let words = vec![word.clone(), Word { impact: 0.0, ..word }];
        // A model file may call its features anything.
        let feature = Feature { name: text(), deviations: Some(1.0), ..Feature::default() };
        let group = |share| Group { share, features: vec![feature.clone()], ..Group::default() };
        let map = Map { impacts: vec![vec![1.0]], ..Map::default() };
        let found = Explained {
            score: row,
            summary: vec!["own".to_owned()],
            shares: Some(Shares { reference: 2.0, clamping: 0.5, groups: vec![group(1.0), group(-0.5)] }),
            frames: vec![Frame { map: Some(map), size: [4, 3], ..Frame::default() }],
            maps: Some("own".to_owned()),
            sentences: vec![Sentence { text: text(), video: Some(text()), words, ..Sentence::default() }],
            digest: vec![text()],
            labels: vec![Label { kind: "place", label: "mouth", here: 0.5, average: 0.25 }],
            ..Explained::default()
        };
        report.videos = vec![Video::built_in(text(), found), Video::failed(text(), text())];
        report
    }

    #[test]
    fn text_from_outside_is_text() {
        let report = hostile();
        let page = page(&report).unwrap();
        assert!(!page.contains("<script") && !page.contains("<img src=x") && !page.contains("onerror=y>"));
        assert!(
            page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot;a&quot; &apos;b&apos; &amp; \u{202e}")
        );
        // What turns the direction is shut in.
        let shown = page.split_once("</head>").unwrap().1;
        for (at, _) in shown.match_indices('\u{202e}') {
            let before = &shown[..at];
            let within = before.rfind("<bdi>") > before.rfind("</bdi>");
            assert!(within, "{}", before.get(before.len().saturating_sub(300)..).unwrap_or(before));
        }
    }

    #[test]
    fn the_page_is_alone_and_has_no_script() {
        let page = page(&hostile()).unwrap();
        let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1;
        assert!(policy.starts_with("default-src 'none';") && !page.contains("script-src"));
        for (at, _) in page.match_indices("src=\"") {
            assert!(page[at + 5..].starts_with("data:image/"));
        }
        let links = page.match_indices("href=\"").all(|(at, _)| page[at + 6..].starts_with('#'));
        assert!(links && !page.contains("@import") && !page.contains("url("));
        // Every element that is opened is closed.
        for tag in [
            "section", "div", "p", "span", "table", "tr", "td", "th", "ul", "ol", "li", "details", "summary",
            "bdi", "mark",
        ] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn maps_can_be_switched_off_without_a_script() {
        let page = page(&hostile()).unwrap();
        assert!(page.contains("<input type=\"checkbox\" class=\"switch\" id=\"maps-0\" checked"));
        assert!(page.contains("<label for=\"maps-0\">"));
        assert!(page.contains(".switch:not(:checked)~.frames .map{visibility:hidden}"));
        let (switch, frames) =
            (page.find("class=\"switch\"").unwrap(), page.find("class=\"frames\"").unwrap());
        assert!(switch < frames, "the style sheet finds only what comes after the box");
    }
}
