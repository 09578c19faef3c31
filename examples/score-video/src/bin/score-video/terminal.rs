//! What the terminal has room for, and its colours.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

/// How the standard output looks. Where it is no terminal, lines have any length and no colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Letters in a line.
    pub(crate) width: Option<usize>,
    pub(crate) color: bool,
}

/// What colours say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Heading,
    Good,
    Doubtful,
    Bad,
}

impl Terminal {
    pub(crate) fn of_stdout() -> Self {
        if !io::stdout().is_terminal() {
            return Self::default();
        }
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|name| name == "dumb");
        // Older consoles of Windows show the codes.
        let color = !set("NO_COLOR") && !dumb && (!cfg!(windows) || set("WT_SESSION") || set("TERM"));
        Self { width: width(), color }
    }

    /// The text in a colour.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Heading => 1,
            Ink::Good => 32,
            Ink::Doubtful => 33,
            Ink::Bad => 31,
        };
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A text in lines that fit, all but the first below `indent` blanks, which the first has before it already.
    pub(crate) fn wrapped(self, text: &str, indent: usize) -> String {
        let Some(room) = self.width.map(|width| width.saturating_sub(indent).max(20)) else {
            return text.to_owned();
        };
        let lines: Vec<String> = text.lines().flat_map(|line| broken(line, room)).collect();
        lines.join(&format!("\n{:indent$}", ""))
    }
}

/// A line as several of at most `room` letters, broken between words.
fn broken(line: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (number, word) in line.split(' ').enumerate() {
        match lines.last_mut() {
            Some(line) if number == 0 || line.chars().count() + 1 + word.chars().count() <= room => {
                line.push_str(if number == 0 { "" } else { " " });
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The width that the user states, or that the terminal has.
fn width() -> Option<usize> {
    let stated = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    stated.or_else(measured).filter(|width| *width > 0)
}

/// Rows and columns by the program that every Unix has; nothing elsewhere.
fn measured() -> Option<usize> {
    let terminal = File::open("/dev/tty").ok()?;
    let output = Command::new("stty").arg("size").stdin(terminal).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

/// A name of at most `room` letters: what is too long lacks its middle, for both ends tell names apart.
pub(crate) fn shortened(name: &str, room: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= room {
        return name.to_owned();
    }
    let kept = room.saturating_sub(1);
    // The end of a path is its file.
    let before = kept / 3;
    let after = letters.len() - (kept - before);
    letters.iter().take(before).chain(&['…']).chain(letters.iter().skip(after)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("a.mp4", 24), "a.mp4");
        let long = shortened("/data/videos/2024-06-11/subject-0412/take-3.mp4", 24);
        assert_eq!((long.as_str(), long.chars().count()), ("/data/v…-0412/take-3.mp4", 24));
        assert_eq!(shortened("zażółć gęślą jaźń", 10), "zaż…ą jaźń");
        assert_eq!([0, 1, 2].map(|room| shortened("abc", room)), ["…", "…", "…c"]);
    }

    #[test]
    fn lines_are_broken_between_words() {
        let terminal = Terminal { width: Some(28), color: false };
        let text = "the interval holds the mean rating of most";
        assert_eq!(terminal.wrapped(text, 8), "the interval holds\n        the mean rating of\n        most");
        assert_eq!(Terminal::default().wrapped(text, 8), text);
        let long = "x".repeat(50);
        assert_eq!(terminal.wrapped(&long, 8), long);
    }

    #[test]
    fn colours_only_where_they_are_shown() {
        let paint = |color| Terminal { width: None, color }.paint(Ink::Bad, "no");
        assert_eq!((paint(true).as_str(), paint(false).as_str()), ("\x1b[31mno\x1b[0m", "no"));
    }
}
