//! What `ffprobe` says about a file.

use super::child::{self, Answer, Limits, Running};
use super::locate::{Programs, address, command};
use super::messages::readable;
use crate::error::{Error, Result};
use crate::frames::readers::containers::{FORMATS, NOT_LISTED, PROTOCOLS, RATE_PACKETS};
use crate::frames::readers::durations::Durations;
use crate::frames::readers::promise::Found;
use crate::frames::rotation::Rotation;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::Command;

/// The entries that are asked for; side data is the display matrix.
const ENTRIES: &str = "stream=index,codec_name,width,height,pix_fmt,color_range,avg_frame_rate,r_frame_rate,\
    time_base,start_pts,duration_ts,nb_frames:stream_disposition=default,attached_pic:stream_side_data_list:\
    format=format_name,duration";

/// Said when the programs cannot read a file.
pub(super) const HELP: &str = "check that `ffmpeg -i` reads it, and that it has a video stream";

/// All keys and values of an answer.
#[derive(Debug, Default)]
pub(super) struct Probed(BTreeMap<String, String>);

/// One video track of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Track<'a> {
    probed: &'a Probed,
    place: usize,
}

impl Probed {
    /// Asks `ffprobe` about the video tracks of a file.
    pub(super) fn of(programs: &Programs, path: &Path, limits: &Limits) -> Result<Self> {
        let mut asked = ffprobe(programs);
        asked
            .args(["-of", "flat", "-select_streams", "v", "-show_entries", ENTRIES, "-i"])
            .arg(address(path));
        let Answer { status, output, messages } =
            child::capture(asked, limits).map_err(|e| failed(path, &e))?;
        if !status.success() {
            let name = address(path);
            let lines = messages.lines().map(|line| readable(line, &name.to_string_lossy()));
            let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
            let what = match lines.as_slice() {
                [] => format!("this file (ffprobe ends with {status})"),
                lines if lines.iter().any(|line| line.contains("not on whitelist")) => NOT_LISTED.to_owned(),
                [only] => format!("this file ({only})"),
                [.., detail, last] => format!("this file ({detail}; {last})"),
            };
            return Err(Error::unsupported(path, what, HELP));
        }
        Ok(Self::parse(&String::from_utf8_lossy(&output)))
    }

    /// Lines such as `streams.stream.0.codec_name="h264"`.
    fn parse(text: &str) -> Self {
        let entries = text.lines().filter_map(|line| line.split_once('='));
        Self(entries.map(|(key, value)| (key.to_owned(), unquoted(value))).collect())
    }

    /// The video tracks; cover pictures are none.
    pub(super) fn tracks(&self) -> Vec<Track<'_>> {
        (0..)
            .map(|place| Track { probed: self, place })
            .take_while(|track| track.text("index").is_some())
            .filter(|track| track.text("disposition.attached_pic") != Some("1"))
            .collect()
    }

    pub(super) fn container(&self) -> &str {
        self.0.get("format.format_name").map_or("", String::as_str)
    }

    /// Seconds of all streams.
    pub(super) fn duration(&self) -> Option<f64> {
        self.0.get("format.duration")?.parse().ok()
    }
}

impl<'a> Track<'a> {
    /// The value of a key, if `ffprobe` knows it.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.probed.0.get(&format!("streams.stream.{}.{key}", self.place))?;
        (!matches!(value.as_str(), "N/A" | "unknown" | "")).then_some(value)
    }

    pub(super) fn number<N: std::str::FromStr>(&self, key: &str) -> Option<N> {
        self.text(key)?.parse().ok()
    }

    /// A fraction of numbers above 0.
    pub(super) fn ratio(&self, key: &str) -> Option<(u32, u32)> {
        let (num, den) = self.text(key)?.split_once('/')?;
        let (num, den) = (num.parse().ok()?, den.parse().ok()?);
        (num > 0 && den > 0).then_some((num, den))
    }

    /// Seconds from 0 to the end of the track.
    pub(super) fn end(&self) -> Option<f64> {
        let (num, den) = self.ratio("time_base")?;
        let units = self.number("duration_ts").filter(|&units: &i64| units > 0)?;
        let end = self.number("start_pts").unwrap_or(0i64).saturating_add(units);
        Some(end as f64 * (f64::from(num) / f64::from(den)))
    }

    /// From the display matrix, which is printed as three lines of an offset and three numbers.
    pub(super) fn rotation(&self) -> Rotation {
        let matrix =
            (0..16).find_map(|at| self.text(&format!("side_data_list.side_data.{at}.displaymatrix")));
        let Some(matrix) = matrix else { return Rotation::None };
        let rows = matrix.lines().filter_map(|line| line.split_once(':'));
        let numbers =
            rows.flat_map(|(_, row)| row.split_whitespace()).map(|number| number.parse().unwrap_or(0));
        match numbers.collect::<Vec<i32>>().as_slice() {
            &[a, b, _, c, d, ..] => Rotation::from_matrix(a, b, c, d),
            _ => Rotation::Other,
        }
    }
}

/// A packet: whether it is of the video stream, the seconds at which it ends, and its decoding time in units.
struct Packet {
    video: bool,
    end: Option<f64>,
    decoded: Option<i64>,
}

/// Reads the packets of a file and passes each one on. `stream` is the number of the video stream; with a number in
/// `first` they are the first ones of that stream alone.
fn packets(
    programs: &Programs,
    path: &Path,
    stream: u32,
    first: Option<usize>,
    limits: &Limits,
    mut each: impl FnMut(&Packet),
) -> io::Result<()> {
    let mut asked = ffprobe(programs);
    if let Some(first) = first {
        asked.args(["-select_streams", &stream.to_string(), "-read_intervals", &format!("%+#{first}")]);
    }
    let entries = "packet=stream_index,pts_time,dts,dts_time,duration_time";
    asked.args(["-of", "csv=p=0", "-show_entries", entries, "-i"]).arg(address(path));
    let mut running = Running::start(asked, limits.stall, |_| None::<()>)?;
    let mut lines = BufReader::new(&mut running.output);
    let mut line = Vec::new();
    while lines.by_ref().take(4096).read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let words: Vec<&str> = text.trim_end().split(',').collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let seconds = |at: usize| word(at).parse::<f64>().ok();
        let end = seconds(1).or_else(|| seconds(3)).map(|time| time + seconds(4).unwrap_or(0.0));
        if let Ok(index) = word(0).parse::<u32>() {
            each(&Packet { video: index == stream, end, decoded: word(2).parse().ok() });
        }
        line.clear();
    }
    Ok(())
}

/// How far all packets of a file reach.
pub(super) fn survey(programs: &Programs, path: &Path, stream: u32, limits: &Limits) -> io::Result<Found> {
    let mut found = Found::default();
    packets(programs, path, stream, None, limits, |packet| {
        found.packets += u64::from(packet.video);
        let end = packet.end.unwrap_or(0.0);
        found.end = found.end.max(end);
        if packet.video {
            found.video_end = found.video_end.max(end);
        }
    })?;
    Ok(found)
}

/// How long the first frames last.
pub(super) fn durations(
    programs: &Programs,
    path: &Path,
    stream: u32,
    limits: &Limits,
) -> io::Result<Durations> {
    let mut durations = Durations::default();
    packets(programs, path, stream, Some(RATE_PACKETS), limits, |packet| {
        if let Some(time) = packet.decoded {
            durations.see_time(time);
        }
    })?;
    durations.finish();
    Ok(durations)
}

fn ffprobe(programs: &Programs) -> Command {
    let mut command = command(&programs.ffprobe);
    command.args([
        "-hide_banner",
        "-v",
        "error",
        "-protocol_whitelist",
        PROTOCOLS,
        "-format_whitelist",
        FORMATS,
    ]);
    command
}

/// The program does not run, or not within its limits.
pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    let text = match error.kind() {
        io::ErrorKind::TimedOut => "FFmpeg gives no answer in time".to_owned(),
        io::ErrorKind::FileTooLarge => "FFmpeg says too much about the file".to_owned(),
        _ => format!("FFmpeg does not run: {error}"),
    };
    Error::io(path, io::Error::new(error.kind(), text))
}

/// A value without its quotes and escapes.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let probed = Probed::parse(
            "streams.stream.0.index=0\nstreams.stream.0.disposition.attached_pic=1\nstreams.stream.1.index=3\n\
             streams.stream.1.codec_name=\"h264\"\nstreams.stream.1.pix_fmt=\"unknown\"\nstreams.stream.1.width=64\n\
             streams.stream.1.time_base=\"1/600\"\nstreams.stream.1.start_pts=60\nstreams.stream.1.duration_ts=600\n\
             streams.stream.1.nb_frames=\"N/A\"\nstreams.stream.1.avg_frame_rate=\"0/0\"\n\
             streams.stream.1.side_data_list.side_data.0.side_data_type=\"x\"\n\
             streams.stream.1.side_data_list.side_data.1.displaymatrix=\"\\n00000000:            0       65536           \
             0\\n00000001:       -65536           0           0\\n00000002:            0           0  1073741824\\n\"\n\
             format.format_name=\"mov,\\\"mp4\\\\\"\nformat.duration=\"1.5\"\nnonsense\n",
        );
        let [track] = probed.tracks()[..] else { panic!("{probed:?}") };
        assert_eq!((track.number("index"), track.text("codec_name")), (Some(3), Some("h264")));
        assert_eq!((track.text("pix_fmt"), track.number::<u64>("nb_frames")), (None, None));
        assert_eq!((track.ratio("avg_frame_rate"), track.number("width")), (None, Some(64)));
        assert_eq!((track.rotation(), track.end().unwrap().round()), (Rotation::Quarter, 1.0));
        assert_eq!((probed.container(), probed.duration()), ("mov,\"mp4\\", Some(1.5)));
        assert!(Probed::parse("").tracks().is_empty());
    }
}
