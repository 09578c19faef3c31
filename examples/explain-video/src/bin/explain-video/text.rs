//! The summary in words, for whoever wants no page.

use std::io::{Result, Write};

use explain_video::report::{Explained, Group, Report};

use crate::print::terminal::{Ink, Terminal};

/// Letters of the longest bar.
const BAR: usize = 12;

pub(crate) fn print(report: &Report, out: &mut dyn Write) -> Result<()> {
    let terminal = Terminal::of_stdout();
    for video in &report.videos {
        writeln!(out, "{}", terminal.paint(Ink::Heading, &terminal.wrapped(&video.file, 0)))?;
        if let Some(error) = &video.error {
            writeln!(out, "{}", terminal.paint(Ink::Bad, &terminal.wrapped(&format!("failed: {error}"), 0)))?;
        }
        if let Some(found) = &video.explained {
            explained(found, terminal, out)?;
        }
        writeln!(out)?;
    }
    let about = &report.about;
    let limits = about.limits.iter().map(|limit| format!("; it {limit}")).collect::<String>();
    let line = format!("The score: {}. The model: {}{limits}.", about.measures, about.model);
    writeln!(out, "{}", terminal.wrapped(&line, 0))
}

fn explained(found: &Explained, terminal: Terminal, out: &mut dyn Write) -> Result<()> {
    for line in &found.summary {
        writeln!(out, "  {}", terminal.wrapped(line, 2))?;
    }
    if let Some(warning) = &found.score.warning {
        writeln!(out, "  {}", terminal.paint(Ink::Doubtful, &terminal.wrapped(warning, 2)))?;
    }
    if let Some(shares) = &found.shares {
        let largest = shares.groups.iter().fold(0.0_f64, |most, group| most.max(group.share.abs()));
        writeln!(out, "\n  {:30} {:>6.2}", "average features", shares.reference)?;
        shares.groups.iter().try_for_each(|group| bar(group, largest, terminal, out))?;
        if shares.clamping != 0.0 {
            writeln!(out, "  {:30} {:>+6.2}", "to stay within the scale", shares.clamping)?;
        }
        if let Some(score) = found.score.score {
            writeln!(out, "  {:30} {score:>6.2}", "this video")?;
        }
    }
    for sentence in &found.sentences {
        let line = format!("{:.2}  {}", sentence.cosine, sentence.text);
        writeln!(out, "  {}", terminal.wrapped(&line, 8))?;
    }
    Ok(())
}

/// A group of features: what it adds, as a number and as a bar from the middle.
fn bar(group: &Group, largest: f64, terminal: Terminal, out: &mut dyn Write) -> Result<()> {
    let share = if largest > 0.0 { group.share.abs() / largest } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the longest bar")]
    let letters = (share * BAR as f64).round() as usize;
    let (left, right, ink) = if group.share < 0.0 {
        (format!("{:>BAR$}", "-".repeat(letters)), String::new(), Ink::Bad)
    } else {
        (" ".repeat(BAR), "+".repeat(letters), Ink::Good)
    };
    let bar = terminal.paint(ink, &format!("{left}|{right}"));
    writeln!(out, "  {:30} {:>+6.2}  {}", group.title.to_lowercase(), group.share, bar.trim_end())
}
