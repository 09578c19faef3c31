//! What `ffmpeg` says about each frame: the lines of its filter `showinfo`, and its errors.

/// Something of interest that `ffmpeg` said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Frame(Shown),
    /// There are no more messages. The last error, or nothing.
    End(String),
}

/// One frame, before any conversion.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    /// In seconds, where it is known.
    pub(super) time: Option<f64>,
    pub(super) format: String,
    pub(super) size: (u32, u32),
    /// `P` for progressive frames, `T` and `B` for the field that comes first.
    pub(super) fields: char,
    /// False when frames before it are missing.
    pub(super) in_order: bool,
}

/// Reads messages in order.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Seconds of a unit of time; known once the filter has started.
    unit: Option<f64>,
    /// The number of the next frame. It starts again when the format changes.
    next: u64,
    error: String,
}

impl Messages {
    /// `None` is the end of the messages.
    pub(super) fn read(&mut self, line: Option<&str>) -> Option<Said> {
        let Some(line) = line else { return Some(Said::End(std::mem::take(&mut self.error))) };
        let message = Message::parse(line);
        // Titles and comments of the file are indented, so they cannot pass for this line.
        if message.from.starts_with("Parsed_showinfo")
            && let Some(config) = message.text.strip_prefix("config in time_base: ")
        {
            (self.unit, self.next) = (fraction(config), 0);
            return None;
        }
        if let Some(shown) = self.unit.and_then(|unit| Shown::parse(line, unit, &mut self.next)) {
            return Some(Said::Frame(shown));
        }
        if message.serious {
            self.error = message.said();
        }
        None
    }
}

impl Shown {
    /// The start of a line is not looked at: messages of several threads may stand in one line.
    fn parse(line: &str, unit: f64, next: &mut u64) -> Option<Self> {
        let (front, rest) = line.split_once(" pts_time:")?;
        let (_, numbers) = front.rsplit_once("n:")?;
        let (number, units) = numbers.split_once(" pts:")?;
        let number: u64 = number.trim().parse().ok()?;
        let time = units.trim().parse::<i64>().ok().map(|units| units as f64 * unit);
        let word = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key));
        let (width, height) = word("s:")?.split_once('x')?;
        let size = (width.parse().ok()?, height.parse().ok()?);
        let (format, fields) = (word("fmt:")?.to_owned(), word("i:")?.chars().next()?);
        let in_order = std::mem::replace(next, number.saturating_add(1)) == number;
        Some(Self { time, format, size, fields, in_order })
    }
}

/// A line of messages without addresses, which differ from run to run.
struct Message<'a> {
    from: &'a str,
    /// An error that ends the work or spoils a frame.
    serious: bool,
    text: &'a str,
}

impl<'a> Message<'a> {
    fn parse(line: &'a str) -> Self {
        let mut message = Self { from: "", serious: false, text: line };
        while let Some((tag, rest)) = message.text.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            match tag.split_once(" @ ") {
                Some((from, _)) => message.from = from,
                None if matches!(tag, "error" | "fatal" | "panic") => message.serious = true,
                None if matches!(tag, "info" | "warning" | "verbose") => {}
                None => break,
            }
            message.text = rest;
        }
        message
    }

    /// What was said and by whom, without control characters.
    fn said(&self) -> String {
        let from = if self.from.is_empty() || self.from == "NULL" { "" } else { self.from };
        let colon = if from.is_empty() { "" } else { ": " };
        let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
        format!("{from}{colon}{}", self.text.trim()).chars().map(shown).collect()
    }
}

/// A message of a program as the end of a sentence. The name of the file is left out: it stands in front already.
pub(super) fn readable(line: &str, name: &str) -> String {
    let said = Message::parse(line).said();
    said.replace(&format!("{name}: "), "")
}

/// `1/600`, up to a comma.
fn fraction(text: &str) -> Option<f64> {
    let (num, den) = text.split(',').next()?.trim().split_once('/')?;
    let (num, den): (i32, i32) = (num.parse().ok()?, den.parse().ok()?);
    (num > 0 && den > 0).then(|| f64::from(num) / f64::from(den))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/600, frame_rate: 58/1";

    fn frame(number: u64, units: &str) -> String {
        format!(
            "n:{number:4} pts:{units:>7} pts_time:0.05 pos: 2163 fmt:yuv420p cl:left sar:0/1 s:64x48 i:P iskey:0 type:B "
        )
    }

    fn shown(messages: &mut Messages, line: &str) -> Option<Shown> {
        match messages.read(Some(line)) {
            Some(Said::Frame(shown)) => Some(shown),
            _ => None,
        }
    }

    #[test]
    fn frames_are_known_by_number_time_and_size() {
        let mut messages = Messages::default();
        // Before the filter starts, the titles of the file are printed.
        assert_eq!(messages.read(Some(&format!("    title           : {}", frame(0, "1")))), None);
        assert_eq!(messages.read(Some(&format!("    title           : {CONFIG}"))), None);
        assert_eq!(messages.read(Some(&frame(0, "1"))), None);
        assert_eq!(messages.read(Some(CONFIG)), None);
        let first =
            shown(&mut messages, &format!("[Parsed_showinfo_0 @ 0x1] [info] {}", frame(0, "300"))).unwrap();
        assert_eq!((first.time, first.size, first.fields, first.in_order), (Some(0.5), (64, 48), 'P', true));
        assert_eq!(first.format, "yuv420p");
        assert_eq!(messages.read(Some("[Parsed_showinfo_0 @ 0x1] [info] color_range:unknown")), None);
        // Another thread was in the middle of a line, and goes on in ours.
        let mixed = format!("[info]   Stream #0:0{}: Video: rawvideo, 2 kb/s", frame(1, "-31"));
        assert_eq!(shown(&mut messages, &mixed).unwrap().time, Some(-31.0 * (1.0 / 600.0)));
        assert_eq!(shown(&mut messages, &frame(2, "NOPTS")).unwrap().time, None);
        assert!(!shown(&mut messages, &frame(4, "9")).unwrap().in_order);
        messages.read(Some(CONFIG));
        assert!(shown(&mut messages, &frame(0, "9")).unwrap().in_order);
        for broken in
            ["n: 1 pts: 2 pts_time:0 s:64 i:P fmt:a", "n: x pts: 2 pts_time:0 s:1x1 i:P fmt:a", "pts_time:"]
        {
            assert_eq!(messages.read(Some(broken)), None, "{broken}");
        }
    }

    #[test]
    fn the_last_error_is_kept_without_addresses() {
        let mut messages = Messages::default();
        for line in [
            "[h264 @ 0x55] [error] first",
            "[in#0/mov @ 0x1] [dec:h264 @ 0x55] [fatal] file:a\u{1b}b: corrupt\tframe",
            "[h264 @ 0x55] [warning] not this one",
            "[info] Conversion failed!",
        ] {
            assert_eq!(messages.read(Some(line)), None);
        }
        let end = messages.read(None);
        assert_eq!(end, Some(Said::End("dec:h264: file:a b: corrupt frame".to_owned())));
        assert_eq!(readable("[NULL @ 0x5] file:x: Invalid data", "file:x"), "Invalid data");
        assert_eq!(readable("[1] plain", "file:x"), "[1] plain");
    }
}
