//! What the terminal has room for, and its colours. Part of [`crate::print`], which every program includes.
#![allow(dead_code, reason = "no program needs all of it")]

use std::env;
use std::sync::OnceLock;

use console::{Term, measure_text_width, strip_ansi_codes};

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
        static STDOUT: OnceLock<Terminal> = OnceLock::new();
        *STDOUT.get_or_init(|| Self::of(&Term::stdout()))
    }

    pub(crate) fn of_stderr() -> Self {
        static STDERR: OnceLock<Terminal> = OnceLock::new();
        *STDERR.get_or_init(|| Self::of(&Term::stderr()))
    }

    fn of(term: &Term) -> Self {
        if !term.is_term() {
            return Self::default();
        }
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|name| name == "dumb");
        // Older consoles of Windows show the codes.
        let color = !set("NO_COLOR") && !dumb && (!cfg!(windows) || set("WT_SESSION") || set("TERM"));
        Self { width: width(term), color }
    }

    /// Letters that a line may have.
    pub(crate) fn room(self) -> usize {
        self.width.unwrap_or(usize::MAX)
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

    /// Lines that fit: the rest of a long one goes below, where its last column begins, or a little further in.
    pub(crate) fn folded(self, text: &str) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        let fold =
            |line: &str| if measure_text_width(line) > width { hung(line, width) } else { line.to_owned() };
        text.split('\n').map(fold).collect::<Vec<_>>().join("\n")
    }

    /// The help of a program: paragraphs fill the width, and other lines fit as in [`Self::folded`].
    pub(crate) fn help(self, text: &str) -> String {
        let paragraph = |line: &str| !line.starts_with(' ') && !strip_ansi_codes(line).starts_with("Usage:");
        let fit = |line: &str| if paragraph(line) { self.wrapped(line, 0) } else { self.folded(line) };
        text.split('\n').map(fit).collect::<Vec<_>>().join("\n")
    }

    /// A message whose first word says how bad it is, in colour.
    pub(crate) fn marked(self, text: &str) -> String {
        let marks = [
            ("error:", Ink::Bad),
            ("failed:", Ink::Bad),
            ("warning:", Ink::Doubtful),
            ("note:", Ink::Doubtful),
        ];
        let found = marks.iter().find_map(|(mark, ink)| Some((*mark, *ink, text.strip_prefix(mark)?)));
        found.map_or_else(|| text.to_owned(), |(mark, ink, rest)| self.paint(ink, mark) + rest)
    }

    /// A table in which one column holds names of any length. Where it is too wide, the names lose their middle.
    pub(crate) fn table(self, names: &[&str], make: impl Fn(&[String]) -> String) -> String {
        let cut = |room: usize| names.iter().map(|name| shortened(name, room)).collect::<Vec<_>>();
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let table = make(&cut(longest));
        let widest = table.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        match self.width {
            Some(width) if widest > width => make(&cut(longest.saturating_sub(widest - width).max(SHORTEST))),
            _ => table,
        }
    }
}

/// Names keep so many letters in any terminal.
const SHORTEST: usize = 12;

/// Room for a name beside a progress bar.
const BESIDE: usize = 22;

/// A name with some more words beside a progress bar, as long for every name: the bar does not jump. It leaves a bar at 80
/// columns.
pub(crate) fn beside(name: &str, more: &str) -> String {
    format!("{:<1$}", format!("{}{more}", shortened(name, BESIDE)), BESIDE + 13)
}

/// Room that is worth a column.
const COLUMN: usize = 30;

/// How far in the text of an option is.
const FAR: usize = 8;

/// A line that is too wide as several.
fn hung(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    // Two blanks stand between columns, and nowhere else. In a list, what a name means is a column as well.
    let begins = |&(at, letter): &(usize, char)| {
        let before = line.get(..at).unwrap_or_default();
        letter != ' ' && at > indent && (before.ends_with("  ") || is_name_in_list(before))
    };
    let columns: Vec<(usize, usize)> = line
        .char_indices()
        .filter(begins)
        .map(|(at, _)| (at, measure_text_width(line.get(..at).unwrap_or_default())))
        .collect();
    let (start, below, ends_line) = match columns.iter().rfind(|(_, seen)| seen + COLUMN <= width) {
        Some(&(end, seen)) => (end, seen, false),
        None => match columns.last() {
            Some(&(end, _)) => (end, indent + FAR, true),
            // What is that far in belongs to something above.
            None if indent >= FAR && !line.trim_start().starts_with("- ") => (indent, indent, false),
            None => (indent, indent + 2, false),
        },
    };
    let (head, rest) = line.split_at(start);
    let begin = if ends_line { format!("{}\n{:below$}", head.trim_end(), "") } else { head.to_owned() };
    let lines = broken(rest, width.saturating_sub(below).max(20));
    begin + &lines.join(&format!("\n{:below$}", ""))
}

/// Whether a text is `- name: `.
fn is_name_in_list(text: &str) -> bool {
    let text = strip_ansi_codes(text);
    let name = text.trim_start().strip_prefix("- ").and_then(|rest| rest.strip_suffix(": "));
    name.is_some_and(|name| !name.contains(' '))
}

/// A line as several of at most `room` letters, broken between words, but not inside of `[low, high]` and `name 0.5` that
/// fit. A word that fits into no line stays where it is.
fn broken(line: &str, room: usize) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match words.last_mut() {
            Some(last) if last.starts_with('[') && !last.contains(']') => *last = format!("{last} {word}"),
            Some(last) if is_number(word) && is_word(last) => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    let parts = |word: &String| -> Vec<String> {
        let whole = measure_text_width(word) <= room;
        if whole { vec![word.clone()] } else { word.split(' ').map(str::to_owned).collect() }
    };
    for word in words.iter().flat_map(parts) {
        let wide = measure_text_width(&word) > room;
        match lines.last_mut() {
            Some(line) if wide || measure_text_width(line) + 1 + measure_text_width(&word) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn is_number(word: &str) -> bool {
    word.trim_start_matches(['+', '-']).starts_with(|letter: char| letter.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    !text.contains(' ') && text.ends_with(char::is_alphabetic)
}

/// The width that the user states, or that the terminal has.
fn width(term: &Term) -> Option<usize> {
    let stated = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    stated.or_else(|| Some(term.size_checked()?.1.into())).filter(|width| *width > 0)
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
    fn long_lines_go_on_further_in() {
        let terminal = Terminal { width: Some(30), color: false };
        let text = "short\n  split 3: PLCC 0.8125 [0.7001, 0.9034] SRCC 0.8\n";
        assert_eq!(terminal.folded(text), "short\n  split 3: PLCC 0.8125\n    [0.7001, 0.9034] SRCC 0.8\n");
        let text = "PLCC 0.8125 SRCC [0.7001, 0.9034]";
        assert_eq!(terminal.folded(text), "PLCC 0.8125 SRCC\n  [0.7001, 0.9034]");
        let path = format!("note: {}: it is odd", "x".repeat(40));
        assert_eq!(terminal.folded(&path), format!("note: {}:\n  it is odd", "x".repeat(40)));
        assert_eq!(Terminal::default().folded(text), text);
        let painted = "\x1b[32mthirty letters\x1b[0m with colours";
        assert_eq!(Terminal { width: Some(27), color: true }.folded(painted), painted);
        // A letter of Chinese takes two places.
        assert_eq!(Terminal { width: Some(6), color: false }.folded("视频 视频"), "视频 视频");
        assert_eq!(Terminal { width: Some(22), color: false }.folded(&"视频 ".repeat(5)).lines().count(), 2);
    }

    #[test]
    fn numbers_stay_with_their_names() {
        let terminal = Terminal { width: Some(24), color: false };
        assert_eq!(terminal.folded("PLCC 0.8125 SRCC -0.8034 12"), "PLCC 0.8125\n  SRCC -0.8034 12");
        // Where both have no room, the line is broken between them.
        let long = format!("{} 0.5", "x".repeat(22));
        assert_eq!(terminal.folded(&format!("a {long}")), format!("a\n  {long}").replace(" 0.5", "\n  0.5"));
    }

    #[test]
    fn what_a_list_says_goes_on_below_itself() {
        let terminal = Terminal { width: Some(44), color: false };
        let line = "  - large: The paper's: wide and deep, and slow on every machine";
        let shown = "  - large: The paper's: wide and deep, and\n           slow on every machine";
        assert_eq!(terminal.folded(line), shown);
        let styled = line.replace("large:", "\x1b[1mlarge\x1b[0m:");
        assert_eq!(terminal.folded(&styled), shown.replace("large:", "\x1b[1mlarge\x1b[0m:"));
        // A place without a number is no list.
        let row = "       -  a.png  failed: it is no picture at all";
        assert_eq!(terminal.folded(row), "       -  a.png  failed: it is no picture at\n          all");
        let usage = "\x1b[4mUsage:\x1b[0m a-program [OPTIONS] --out <DIR> <FILE>...";
        assert_eq!(terminal.help(usage), "\x1b[4mUsage:\x1b[0m a-program [OPTIONS] --out <DIR>\n  <FILE>...");
    }

    #[test]
    fn long_lines_go_on_below_their_last_column() {
        let terminal = Terminal { width: Some(44), color: false };
        let help = "  -o, --out  The folder to write; another one [default: out] [values: a, b]";
        let shown = "  -o, --out  The folder to write; another\n             one [default: out]\n             [values: a, b]";
        assert_eq!(terminal.folded(help), shown);
        let styled = help.replace("--out", "\x1b[1m--out\x1b[0m");
        assert_eq!(terminal.folded(&styled), shown.replace("--out", "\x1b[1m--out\x1b[0m"));
        let long = format!("{help}, {}]", "value, ".repeat(9));
        assert!(terminal.folded(&long).lines().all(|line| line.len() <= 44), "{}", terminal.folded(&long));
        // Any number of blanks from two on is the gap between columns.
        let wider = help.replace("--out  ", "--out   ");
        assert_eq!(terminal.folded(&wider).lines().nth(1), Some("              one [default: out]"));
        let narrow = "      --session-checkers <N>  Checkers in a session";
        assert_eq!(
            terminal.folded(narrow),
            "      --session-checkers <N>\n              Checkers in a session"
        );
    }

    #[test]
    fn names_lose_their_middle_only_where_the_table_is_too_wide() {
        let names = ["/data/predictions/of-the-first-method.csv", "b.csv"];
        let make = |names: &[String]| {
            names.iter().map(|name| format!("{name:<20} 0.8125 0.8034\n")).collect::<String>()
        };
        let at = |width| Terminal { width, color: false }.table(&names, make);
        let whole = make(&names.map(str::to_owned));
        assert_eq!((at(None), at(Some(120))), (whole.clone(), whole));
        let narrow = at(Some(40));
        assert_eq!(narrow.lines().next(), Some("/data/pr…-first-method.csv 0.8125 0.8034"), "{narrow}");
        assert!(narrow.contains("b.csv   ") && narrow.lines().all(|line| line.chars().count() <= 40));
        assert!(at(Some(5)).contains("/da…thod.csv"), "{}", at(Some(5)));
    }

    #[test]
    fn a_bar_has_the_same_room_beside_every_name() {
        let long = beside("videos/C1/some-very-long-name-of-a-clip.mp4", ": frame 1234");
        assert_eq!(long.chars().count(), beside("a.mp4", ": frame 1").chars().count());
        assert!(long.ends_with(": frame 1234 ") && long.chars().count() == 35, "{long}");
    }

    #[test]
    fn the_first_word_of_a_message_is_marked() {
        let shown = Terminal { width: None, color: true };
        assert_eq!(shown.marked("error: no room"), "\x1b[31merror:\x1b[0m no room");
        assert_eq!(shown.marked("an error: no room"), "an error: no room");
        assert_eq!(Terminal::default().marked("note: x"), "note: x");
    }

    #[test]
    fn colours_only_where_they_are_shown() {
        let paint = |color| Terminal { width: None, color }.paint(Ink::Bad, "no");
        assert_eq!((paint(true).as_str(), paint(false).as_str()), ("\x1b[31mno\x1b[0m", "no"));
    }
}
