use super::*;
use std::io::Read;

const SPEC: Spec<'static> = Spec {
    what: "a list with the columns file, mos",
    columns: &[
        Column::required(&["file", "video_name"]),
        Column::required(&["mos"]),
        Column::optional(&["note"]),
    ],
    may_lack_header: true,
};

/// Hands out one byte at a time, the worst of all readers.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (Some((&first, rest)), Some(place)) = (self.0.split_first(), buffer.first_mut()) else {
            return Ok(0);
        };
        *place = first;
        self.0 = rest;
        Ok(1)
    }
}

fn rows(bytes: &[u8]) -> Result<Vec<(u64, String, f64)>> {
    let run = |mut table: Table<Box<dyn Read + '_>>| {
        let mut rows = Vec::new();
        while table.advance()? {
            rows.push((table.line(), table.required(0)?.to_owned(), table.number(1)?));
        }
        Ok(rows)
    };
    let fast = Table::new(Box::new(bytes) as Box<dyn Read>, Path::new("t.csv"), &SPEC).and_then(run);
    let slow = Table::new(Box::new(Slow(bytes)) as Box<dyn Read>, Path::new("t.csv"), &SPEC).and_then(run);
    assert_eq!(format!("{fast:?}"), format!("{slow:?}"));
    fast
}

fn row(line: u64, name: &str, value: f64) -> (u64, String, f64) {
    (line, name.to_owned(), value)
}

#[test]
fn headers_marks_line_ends_and_quotes() {
    let plain = vec![row(2, "a.mp4", 3.5), row(3, "b.mp4", 4.0)];
    for text in [
        "file,mos\na.mp4,3.5\nb.mp4,4\n",
        "\u{feff}file,mos\r\na.mp4,3.5\r\nb.mp4,4",
        "MOS,Video Name,else\n3.5,a.mp4,x\n 4 , b.mp4 ,\n",
        "file,mos\r\"a.mp4\",\"3.5\"\rb.mp4,4\r",
    ] {
        let mut found = rows(text.as_bytes()).unwrap();
        if text.contains('\n') {
            assert_eq!(found, plain, "{text}");
        } else {
            // A lone carriage return ends a row, but editors do not count it as a line.
            found.iter_mut().for_each(|row| row.0 = 0);
            assert_eq!(found, [row(0, "a.mp4", 3.5), row(0, "b.mp4", 4.0)]);
        }
    }
    assert_eq!(rows(b"a.mp4,3.5\nb.mp4,4").unwrap(), [row(1, "a.mp4", 3.5), row(2, "b.mp4", 4.0)]);
    assert_eq!(rows(b"video_name,mos,file\n7,1,a\n").unwrap(), [row(2, "a", 1.0)]);
    let odd = "file,mos\n\n\r\n\"a\n,\"\"b\"\"\",1\nc,2\n";
    assert_eq!(rows(odd.as_bytes()).unwrap(), [row(4, "a\n,\"b\"", 1.0), row(6, "c", 2.0)]);
    assert_eq!(rows(b"file,mos\n").unwrap(), []);
}

#[test]
fn faults_name_file_line_and_remedy() {
    for (text, wanted) in [
        ("", "t.csv: an empty file; expected a list with the columns file, mos"),
        ("\u{feff}\r\n\n", "t.csv: an empty file"),
        ("file,score\na,1\n", "t.csv:1: no column `mos` among `file,score`; expected a list"),
        ("a.mp4\n", "t.csv:1: no column `mos` among `a.mp4`"),
        ("file,mos,mos\na,1,2\n", "t.csv:1: two columns `mos`; rename"),
        ("a.mp4,1,x,y\n", "t.csv:1: 4 columns and no header; name the columns"),
        ("file,mos\na,1\nb\n", "t.csv:3: 1 fields where the first row has 2; quote"),
        ("file,mos\na,good\n", "t.csv:2: column `mos` is `good`; it must be a finite number"),
        ("file,mos\na,inf\n", "t.csv:2: column `mos` is `inf`"),
        ("file,mos\n\n,1\n", "t.csv:3: column `file` is empty; fill it in"),
        ("file,mos\na,\"1\nb,2\nc,3\n", "t.csv:2: an odd number of quotes; close"),
        ("file,mos\na 5\" b,1\n", "t.csv:2: an odd number of quotes"),
    ] {
        let error = rows(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{text:?}: {error}");
    }
    for (bytes, wanted) in [
        (&b"file,mos\na\xff,1\n"[..], "t.csv:2: field 1 is not UTF-8; save"),
        // Valid only when the two fields are taken for one.
        (&b"file,mos\na\xc3,\xa9\n"[..], "t.csv:2: field 1 is not UTF-8"),
        (&b"\xef\xbbfile,mos\n"[..], "t.csv:1: the file begins with a part of a byte order mark"),
    ] {
        let error = rows(bytes).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
    let wide = ",".repeat(5000);
    assert!(rows(wide.as_bytes()).unwrap_err().to_string().contains("more than 1024 columns"));
}

#[test]
fn a_field_of_a_gigabyte_is_refused_unread() {
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = buffer.len().min(usize::try_from(1_000_000_000 - self.0).unwrap());
            buffer[..count].fill(b'x');
            self.0 += count as u64;
            Ok(count)
        }
    }
    let mut endless = Endless(0);
    let input = (&b"file,mos\na.mp4,1\nb.mp4,"[..]).chain(&mut endless);
    let mut table = Table::new(input, Path::new("t.csv"), &SPEC).unwrap();
    assert!(table.advance().unwrap());
    let error = table.advance().unwrap_err();
    assert!(matches!(error, Error::RowTooLong { line: 3, limit: MAX_ROW_BYTES, .. }), "{error}");
    assert!(table.rows.bytes_held() <= MAX_ROW_BYTES);
    drop(table);
    assert!(endless.0 <= 2 * MAX_ROW_BYTES as u64, "{} bytes read", endless.0);
}

#[test]
fn written_fields_are_read_back() {
    for field in ["plain", "a,b", "say \"x\"", "two\nlines", "cr\r", "é"] {
        let text = format!("file,mos\n{},1\n", quoted(field));
        assert_eq!(rows(text.as_bytes()).unwrap(), [row(2, field.trim(), 1.0)]);
    }
}
