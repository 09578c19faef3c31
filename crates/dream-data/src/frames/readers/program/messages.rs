//! What `ffmpeg` says about each frame: the lines of its filter `showinfo`, and its errors.

/// How versions of `ffmpeg` say that a packet cannot be decoded.
const DECODING: [&str; 3] =
    ["Error while decoding stream", "Error submitting packet to decoder", "Decoding error: "];

/// Something of interest that `ffmpeg` said.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Frame(Shown),
    /// There are no more good frames.
    Damage(String),
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
    /// The time in units of the stream.
    units: Option<i64>,
}

/// Up to where frames are good.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Good {
    /// Frames that were decoded so far.
    Frames(u64),
    /// Frames before this time, in units of the stream.
    Before(i64),
    /// All frames.
    All,
    /// Frames before the packet of which the next line tells the time.
    BeforeNext,
}

/// Reads messages in order.
///
/// Damage is told before the frame that it spoils, by the same thread, and every decoded frame is told by a line of the
/// option `-debug_ts`. So the last good frame is known although newer versions of `ffmpeg` read, decode and filter at the
/// same time.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Seconds of a unit of time; known once the filter has started.
    unit: Option<f64>,
    /// The number of the next frame. It starts again when the format changes.
    next: u64,
    /// Frames that the decoder gave, and that the filter let pass.
    decoded: u64,
    shown: u64,
    damage: Option<(Good, String)>,
    error: String,
}

impl Messages {
    /// `None` is the end of the messages.
    pub(super) fn read(&mut self, line: Option<&str>) -> Option<Said> {
        let Some(line) = line else {
            let error = std::mem::take(&mut self.error);
            return Some(self.damage.take().map_or(Said::End(error), |(_, reason)| Said::Damage(reason)));
        };
        let message = Message::parse(line);
        // Titles and comments of the file are indented, so they cannot pass for this line.
        if message.from.starts_with("Parsed_showinfo")
            && let Some(config) = message.text.strip_prefix("config in time_base: ")
        {
            (self.unit, self.next) = (fraction(config), 0);
            return None;
        }
        if let Some(shown) = self.unit.and_then(|unit| Shown::parse(line, unit, &mut self.next)) {
            if let Some((good, reason)) = &self.damage
                && !good.includes(self.shown, shown.units)
            {
                return Some(Said::Damage(reason.clone()));
            }
            self.shown += 1;
            return Some(Said::Frame(shown));
        }
        self.look_for_damage(line, &message);
        None
    }

    fn look_for_damage(&mut self, line: &str, message: &Message<'_>) {
        self.decoded += u64::from(line.contains("decoder -> "));
        if let Some((good @ Good::BeforeNext, _)) = &mut self.damage
            && line.contains("demuxer -> ")
        {
            let time = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key)?.parse().ok());
            *good = time("pkt_pts:")
                .or_else(|| time("pkt_dts:"))
                .map_or(Good::Frames(self.decoded), Good::Before);
        }
        if message.serious {
            self.error = message.said();
        }
        let cause = || line.rsplit(": ").next().unwrap_or_default().trim().to_owned();
        // Threads share lines, so the start of a line is not looked at where the text is clear.
        let says = |text: &str| line.contains(text);
        let damage = if says("corrupt decoded frame") {
            (Good::Frames(self.decoded), "the decoder reports a corrupt frame".to_owned())
        } else if says("corrupt input packet") {
            (Good::BeforeNext, "a compressed frame is cut off or corrupt".to_owned())
        } else if DECODING.iter().any(|text| says(text)) {
            (Good::Frames(self.decoded), format!("the decoder reports: {}", cause()))
        } else if says("Error during demuxing") {
            (Good::All, format!("reading fails: {}", cause()))
        } else if message.serious && message.from.is_empty() {
            // What decoders and demuxers say under their own names need not mean damage.
            (Good::All, format!("ffmpeg reports: {}", cause()))
        } else {
            return;
        };
        self.damage.get_or_insert(damage);
    }
}

impl Good {
    /// `place` is that of a frame among all.
    fn includes(self, place: u64, units: Option<i64>) -> bool {
        match self {
            Self::Frames(frames) => place < frames,
            Self::Before(limit) => units.is_none_or(|units| units < limit),
            Self::All | Self::BeforeNext => true,
        }
    }
}

impl Shown {
    /// The start of a line is not looked at: messages of several threads may stand in one line.
    fn parse(line: &str, unit: f64, next: &mut u64) -> Option<Self> {
        let (front, rest) = line.split_once(" pts_time:")?;
        let (_, numbers) = front.rsplit_once("n:")?;
        let (number, units) = numbers.split_once(" pts:")?;
        let number: u64 = number.trim().parse().ok()?;
        let units: Option<i64> = units.trim().parse().ok();
        let time = units.map(|units| units as f64 * unit);
        let word = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key));
        let (width, height) = word("s:")?.split_once('x')?;
        let size = (width.parse().ok()?, height.parse().ok()?);
        let (format, fields) = (word("fmt:")?.to_owned(), word("i:")?.chars().next()?);
        let in_order = std::mem::replace(next, number.saturating_add(1)) == number;
        Some(Self { time, format, size, fields, in_order, units })
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

    /// What is left after these lines: frames, and the damage.
    fn after(lines: &[&str]) -> (Vec<u64>, String) {
        let mut messages = Messages::default();
        let mut frames = Vec::new();
        for line in lines.iter().map(|line| Some(*line)).chain([None]) {
            match messages.read(line) {
                Some(Said::Frame(shown)) => frames.push(shown.units.unwrap().unsigned_abs()),
                Some(Said::Damage(reason)) => return (frames, reason),
                Some(Said::End(error)) => return (frames, format!("end {error}")),
                None => {}
            }
        }
        panic!("no end");
    }

    #[test]
    fn frames_before_the_damage_are_good() {
        let frame = |n: u64| frame(n, &n.to_string());
        let (zero, one, two) = (&*frame(0), &*frame(1), &*frame(2));
        let decoded = "[dec:h264 @ 0x5] [info] decoder -> pts:0 pts_time:0 pkt_dts:0 keyframe:1";
        let corrupt = "[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x5] [warning] corrupt decoded frame";
        let reason = "the decoder reports a corrupt frame".to_owned();
        // The filter lags behind the decoder.
        assert_eq!(
            after(&[CONFIG, decoded, decoded, corrupt, zero, decoded, one, two]),
            (vec![0, 1], reason.clone())
        );
        assert_eq!(
            after(&[CONFIG, decoded, zero, "[warning] file:x: corrupt decoded frame in stream 0"]),
            (vec![0], reason)
        );
        let packet = "[warning] file:x: corrupt input packet in stream 0";
        let read = "[info] demuxer -> ist_index:0 type:video next_dts:0 pkt_pts:2 pkt_pts_time:0.1 pkt_dts:1";
        let reason = "a compressed frame is cut off or corrupt".to_owned();
        assert_eq!(after(&[CONFIG, zero, packet, read, one, two]), (vec![0, 1], reason.clone()));
        assert_eq!(after(&[CONFIG, zero, packet, read, one]), (vec![0, 1], reason.clone()));
        assert_eq!(
            after(&[CONFIG, packet, &read.replace("pts:2", "pts:NOPTS"), zero, one]),
            (vec![0], reason)
        );
        for error in [
            "[error] Error while decoding stream #0:0: Invalid data found",
            "[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x5] [error] Error submitting packet to decoder: Invalid data found",
        ] {
            let found = after(&[CONFIG, decoded, error, decoded, zero, one]);
            assert_eq!(found, (vec![0], "the decoder reports: Invalid data found".to_owned()));
        }
        let reading = "[in#0/mov @ 0x5] [error] Error during demuxing: Input/output error";
        assert_eq!(
            after(&[CONFIG, zero, reading, one]),
            (vec![0, 1], "reading fails: Input/output error".to_owned())
        );
        let old = "[error] file:x: Invalid data found";
        assert_eq!(
            after(&[CONFIG, zero, old, one]),
            (vec![0, 1], "ffmpeg reports: Invalid data found".to_owned())
        );
        // Said by decoders of whole files too.
        let harmless = "[h264 @ 0x5] [error] mmco: unref short failure";
        assert_eq!(
            after(&[CONFIG, zero, harmless, one]),
            (vec![0, 1], "end h264: mmco: unref short failure".to_owned())
        );
    }

    #[test]
    fn messages_are_shown_without_addresses() {
        assert_eq!(
            readable("[in#0/mov @ 0x1] [mov @ 0x55] [fatal] a\u{1b}b: corrupt\tframe", "x"),
            "mov: a b: corrupt frame"
        );
        assert_eq!(readable("[NULL @ 0x5] file:x: Invalid data", "file:x"), "Invalid data");
        assert_eq!(readable("[1] plain", "file:x"), "[1] plain");
    }
}
