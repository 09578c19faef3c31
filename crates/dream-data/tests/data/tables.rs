//! Every reader of tables on bad bytes: an error that names the file, never a panic, never a lost row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common;
use dream_data::annotation::parse_sessions;
use dream_data::dataset::{
    Descriptions, MAX_ROW_BYTES, parse_manifest, parse_mos_list, parse_raw_scores, parse_vra_labels,
};
use dream_data::{Error, Result};
use std::io::Read;

/// A reader, the header of its table, and a row with `NAME` and `SCORE` in it.
struct Reader {
    name: &'static str,
    header: &'static str,
    row: &'static str,
    /// How many rows are read.
    read: fn(&mut dyn Read) -> Result<usize>,
    /// A column it cannot do without.
    needed: &'static str,
}

const READERS: [Reader; 6] = [
    Reader {
        name: "descriptions",
        header: "video_name,opinion_score,description_cn,description_en",
        row: "NAME,SCORE,x,y",
        read: |input| {
            let (mut rows, mut count) = (Descriptions::new(input, "t.csv")?, 0);
            while rows.next_row()?.is_some() {
                count += 1;
            }
            Ok(count)
        },
        needed: "opinion_score",
    },
    Reader {
        name: "list",
        header: "file,mos",
        row: "NAME,SCORE",
        read: |input| Ok(parse_mos_list(input, "t.csv")?.len()),
        needed: "file",
    },
    Reader {
        name: "labels",
        header: "file,split,mos5,x1,y1,x2,y2",
        row: "NAME,train_set,SCORE,0.1,0.1,0.5,0.5",
        read: |input| Ok(parse_vra_labels(input, "t.csv")?.len()),
        needed: "x2",
    },
    Reader {
        name: "raw scores",
        header: "path,subject,score",
        row: "NAME,7,SCORE",
        read: |input| Ok(parse_raw_scores(input, "t.csv")?.len()),
        needed: "subject",
    },
    Reader {
        name: "manifest",
        header: "path,mos,group,method",
        row: "NAME,SCORE,g,m",
        read: |input| Ok(parse_manifest(input, "t.csv")?.len()),
        needed: "path",
    },
    Reader {
        name: "sessions",
        header: "session,rater,attempt,video_name,opinion_score,checker,gold",
        row: "s1,r1,1,NAME,SCORE,0,",
        read: |input| {
            let sessions = parse_sessions(input, "t.csv")?;
            Ok(sessions.iter().map(|session| session.grades.len()).sum())
        },
        needed: "rater",
    },
];

impl Reader {
    fn text(&self, rows: &[(&str, &str)]) -> String {
        let rows = rows.iter().map(|(name, score)| self.row.replace("NAME", name).replace("SCORE", score));
        [self.header.to_owned()].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
    }

    fn count(&self, bytes: &[u8]) -> usize {
        (self.read)(&mut &bytes[..]).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The message, which must begin as wanted.
    fn fails(&self, bytes: &[u8], start: &str) {
        let error = (self.read)(&mut &bytes[..]).expect_err(self.name).to_string();
        assert!(error.starts_with(start), "{}: {error}", self.name);
    }
}

#[test]
fn marks_line_ends_and_quotes_lose_nothing() {
    for reader in &READERS {
        let text = reader.text(&[("a.mp4", "3"), ("\"b, c.mp4\"", "4")]);
        assert_eq!(reader.count(text.as_bytes()), 2, "{}", reader.name);
        assert_eq!(reader.count(format!("\u{feff}{text}\n").as_bytes()), 2);
        assert_eq!(reader.count(text.replace('\n', "\r\n").as_bytes()), 2);
        assert_eq!(reader.count(text.replace('\n', "\n\n\r\n").as_bytes()), 2);
        assert_eq!(reader.count(text.to_uppercase().replace("TRAIN_SET", "train_set").as_bytes()), 2);
        assert_eq!(reader.count(reader.header.as_bytes()), 0);
    }
    let quoted = "a.mp4,3,\"two\nlines, \"\"quoted\"\"\",\"three\r\n\r\nlines\"\nb.mp4,4,x,y\n";
    assert_eq!(READERS[0].count(quoted.as_bytes()), 2);
}

#[test]
fn bad_tables_are_errors_with_line_and_remedy() {
    for reader in &READERS {
        for empty in ["", "\n\r\n", "\u{feff}"] {
            reader.fails(empty.as_bytes(), "t.csv: an empty file; expected");
        }
        let good = reader.text(&[("a.mp4", "3")]);
        let missing = good.replacen(reader.needed, "else", 1);
        reader.fails(missing.as_bytes(), &format!("t.csv:1: no column `{}` among", reader.needed));
        let broken = reader.text(&[("a.mp4", "3"), ("\"b.mp4", "4"), ("c.mp4", "5")]);
        reader.fails(broken.as_bytes(), "t.csv:3: an odd number of quotes; close the quote");
        reader.fails(format!("{good}\nx").as_bytes(), "t.csv:3: 1 fields where the first row has");
        reader.fails(format!("{good},x").as_bytes(), "t.csv:2: ");
        reader.fails(reader.text(&[("", "3")]).as_bytes(), "t.csv:2: column `");
        reader.fails(reader.text(&[("a.mp4", "3"), ("b.mp4", "x")]).as_bytes(), "t.csv:3: column `");
        let invalid = [good.as_bytes(), b"\n\xff\xfe"].concat();
        reader.fails(&invalid, "t.csv:3: field 1 is not UTF-8; save the file as UTF-8");
        if reader.name != "descriptions" {
            reader.fails(
                reader.text(&[("a.mp4", "3"), ("b.mp4", "3"), ("a.mp4", "3")]).as_bytes(),
                "t.csv:4: ",
            );
        }
    }
    READERS[0]
        .fails(b"a.mp4,3,x,y\nb.mp4,6,x,y\n", "t.csv:2: column `opinion_score` is `6`; it must be a grade");
}

/// Bytes without an end, counted.
struct Endless {
    given: u64,
    limit: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.limit - self.given).unwrap());
        buffer[..count].fill(b'x');
        self.given += count as u64;
        Ok(count)
    }
}

#[test]
fn a_field_of_a_gigabyte_is_refused_unread() {
    for reader in &READERS {
        for quote in ["", "\""] {
            let start = format!("{}\n{quote}", reader.text(&[("a.mp4", "3")]));
            let mut endless = Endless { given: 0, limit: 1_000_000_000 };
            let error = (reader.read)(&mut start.as_bytes().chain(&mut endless)).unwrap_err();
            assert!(matches!(error, Error::RowTooLong { line: 3, limit: MAX_ROW_BYTES, .. }), "{error}");
            assert!(
                endless.given <= 2 * MAX_ROW_BYTES as u64,
                "{}: read {} bytes",
                reader.name,
                endless.given
            );
        }
        // The same as a first row.
        let mut endless = Endless { given: 0, limit: 1_000_000_000 };
        assert!(matches!((reader.read)(&mut endless), Err(Error::RowTooLong { line: 1, .. })));
    }
}

#[test]
fn failing_streams_are_errors_of_the_system() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    for reader in &READERS {
        let start = reader.text(&[("a.mp4", "3"), ("b", "")]);
        assert!(matches!((reader.read)(&mut start.as_bytes().chain(Failing)), Err(Error::Io { .. })));
    }
}

/// Random bytes of the alphabet of tables, and good tables with damage: no panic, and errors name the stream.
#[test]
fn no_bytes_panic() {
    let mut random = common::Random(11);
    let alphabet = b"a.1,,,\"\"\n\n\r x3-/\xef\xbb\xbf\xff\0";
    for round in 0..4000 {
        for reader in &READERS {
            let mut bytes = if round % 2 == 0 {
                (0..random.below(80)).map(|_| alphabet[random.below(alphabet.len())]).collect()
            } else {
                reader.text(&[("a.mp4", "3"), ("C1/1-1-1-target.mp4", "4"), ("\"q\"", "5")]).into_bytes()
            };
            if round % 2 == 1 {
                for _ in 0..random.below(4) {
                    let at = random.below(bytes.len());
                    bytes[at] = alphabet[random.below(alphabet.len())];
                }
            }
            if let Err(error) = (reader.read)(&mut &bytes[..]) {
                assert!(error.to_string().starts_with("t.csv:"), "{error}");
            }
        }
    }
}
