//! Frames and their heat maps.

use std::fmt::{self, Write};

use crate::figure::escaped;
use crate::report::{Explained, Frame};
use crate::summary::{number, signed};

pub(super) fn frames(out: &mut String, at: usize, found: &Explained) -> fmt::Result {
    if found.frames.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Frames</h3>\n<p class=\"note\">Shown: {}.</p>", escaped(&found.part))?;
    if let Some(words) = &found.maps {
        writeln!(
            out,
            "<p class=\"note\" id=\"maps-note-{at}\"><span class=\"key raises\"></span> raises the score, <span class=\"key \
             lowers\"></span> lowers it. {}</p>",
            escaped(words)
        )?;
        // The style sheet looks at the box, so that no script is needed.
        writeln!(
            out,
            "<input type=\"checkbox\" class=\"switch\" id=\"maps-{at}\" checked aria-describedby=\"maps-note-{at}\">\
             <label for=\"maps-{at}\">Heat maps</label>"
        )?;
    }
    writeln!(out, "<div class=\"frames\">")?;
    found.frames.iter().try_for_each(|shown| frame(out, shown))?;
    writeln!(out, "</div>")
}

fn frame(out: &mut String, frame: &Frame) -> fmt::Result {
    let ([width, height], time) = (frame.size, number(frame.time));
    writeln!(
        out,
        "<figure>\n<div class=\"stack\">\n<img src=\"data:image/jpeg;base64,{}\" width=\"{width}\" height=\"{height}\" alt=\"Frame {} \
         at {time} s\">",
        escaped(&frame.jpeg),
        frame.index
    )?;
    if let Some(map) = &frame.map {
        writeln!(
            out,
            "<img class=\"map\" src=\"data:image/png;base64,{}\" alt=\"Heat map: {}\">",
            escaped(&map.png),
            escaped(&map.words)
        )?;
    }
    let more = frame.traces.map_or_else(String::new, |traces| format!(", traces {}", signed(traces)));
    writeln!(out, "</div>\n<figcaption>{time} s{more}</figcaption>\n</figure>")
}
