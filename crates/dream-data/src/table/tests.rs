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
    let wide = ",".repeat(20_000);
    assert!(rows(wide.as_bytes()).unwrap_err().to_string().contains("more than 16384 columns"));
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

#[test]
fn separators_and_decimal_commas_are_recognised() {
    let wanted = [row(2, "a,b.mp4", 2.5), row(3, "c.mp4", 3.0)];
    for text in [
        "file;mos\na,b.mp4;2,5\nc.mp4;3\n",
        "file;mos\r\na,b.mp4;2.5\r\nc.mp4;3.0\r\n",
        "file\tmos\n\"a,b.mp4\"\t2.5\nc.mp4\t3\n",
        "sep=;\nfile;mos;x,y,z\na,b.mp4;2,5;\nc.mp4;3;\n",
        // Both are there; the columns that are needed tell.
        "file;mos;more, and more\na,b.mp4;2.5;\nc.mp4;3,0;\n",
        "file,mos,a;b;c;d\n\"a,b.mp4\",2.5,\nc.mp4,3,\n",
        "\"file\";\"mos\";\"of A, B\"\n\"a,b.mp4\";\"2,5\";1\nc.mp4;3;\n",
    ] {
        let found = rows(text.as_bytes());
        if text.contains("2.5") && text.contains("3,0") {
            let error = found.unwrap_err().to_string();
            assert_eq!(
                error,
                "t.csv:3: column `mos` is `3,0`, and line 2 has `.`; use one decimal mark, and none between thousands"
            );
            continue;
        }
        let shift = u64::from(text.starts_with("sep"));
        let found: Vec<_> =
            found.unwrap().into_iter().map(|(line, name, mos)| (line - shift, name, mos)).collect();
        assert_eq!(found, wanted, "{text}");
    }
    assert_eq!(rows(b"a.mp4;3,5\nb.mp4;4\n;").unwrap_err().to_string(), TWO_WAYS);
    assert_eq!(rows(b"a.mp4;3.5\nb.mp4;4\n").unwrap(), [row(1, "a.mp4", 3.5), row(2, "b.mp4", 4.0)]);
    for (text, wanted) in [
        (
            "file,mos\na,\"2,5\"\n",
            "t.csv:2: column `mos` is `2,5`; it must be a finite number with a decimal point",
        ),
        (
            "file,mos\na,2,5\n",
            "t.csv:2: 3 fields where the first row has 2; quote fields that contain a comma, and separate",
        ),
        ("file;mos\na;1.234,5\n", "t.csv:2: column `mos` is `1.234,5`"),
        ("file;mos\na;1,234,567\n", "t.csv:2: column `mos` is `1,234,567`; it must be a finite number"),
        ("file;score\na;1\n", "t.csv:1: no column `mos` among `file,score`; expected a list"),
        ("file;mos\na\n", "t.csv:2: 1 fields where the first row has 2; quote fields that contain a `;`"),
    ] {
        let error = rows(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{text:?}: {error}");
    }
}

const TWO_WAYS: &str = "t.csv:1: the first row can be divided at `,` and at `;`; begin with a row of column names, or a \
                        line `sep=;`, and quote other fields";

#[test]
fn encodings_are_recognised() {
    let text = "file,mos\r\n\u{6587}\u{1f3ac}.mp4,2.5\r\nb.mp4,4\r\n";
    let wanted = [row(2, "\u{6587}\u{1f3ac}.mp4", 2.5), row(3, "b.mp4", 4.0)];
    let bytes = |mark: &str, of: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(of).collect()
    };
    for mark in ["", "\u{feff}"] {
        assert_eq!(rows(format!("{mark}{text}").as_bytes()).unwrap(), wanted);
        assert_eq!(rows(&bytes(mark, u16::to_le_bytes)).unwrap(), wanted);
        assert_eq!(rows(&bytes(mark, u16::to_be_bytes)).unwrap(), wanted);
    }
    let joined = [bytes("\u{feff}", u16::to_le_bytes), b"\xff\xfec\0,\x001\0\xff\xfe\n\0".to_vec()].concat();
    assert_eq!(rows(&joined).unwrap().last(), Some(&row(4, "c", 1.0)), "pieces with a mark each");
    // Long enough for several pieces, with pairs on their seams.
    let long: String = (0..9000).map(|n| format!("{}\u{1f3ac},{n}\n", "x".repeat(n % 7 + 1))).collect();
    let long: Vec<u8> = format!("file,mos\n{long}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(rows(&long).unwrap().len(), 9000);
    let half: Vec<u8> = [bytes("\u{feff}", u16::to_le_bytes), vec![0x61, 0, 0x2c, 0, 0, 0xd8]].concat();
    for (bytes, wanted) in [
        (half.as_slice(), "t.csv:4: field 2 is not UTF-16; save the file as UTF-8"),
        (&bytes("\u{feff}", u16::to_le_bytes)[..33], "t.csv:2: field 1 is not UTF-16"),
        (b"\xff\xfe\0\0f\0\0\0", "t.csv: a table in UTF-32 is not supported; save it as UTF-8"),
        (b"\x1f\x8b\x08\0", "t.csv: a table that gzip has compressed is not supported; unpack"),
        (
            b"PK\x03\x04xx",
            "t.csv: a spreadsheet or zip archive as a table is not supported; save the sheet as CSV",
        ),
        (b"\xd0\xcf\x11\xe0\xa1", "t.csv: a spreadsheet as a table is not supported"),
    ] {
        let error = rows(bytes).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
    // Full-width letters begin with the first byte of the mark.
    assert!(rows("\u{ff46},mos\n".as_bytes()).unwrap_err().to_string().contains("no column `file` among"));
}

#[test]
fn a_column_that_stands_twice_is_an_error() {
    for (header, wanted) in [
        ("file,mos,mos", "two columns `mos`; rename or remove one of them"),
        ("file,mos,MOS ", "two columns, `mos` and `MOS`; rename"),
        ("file,mos,f 1,f_1", "two columns, `f 1` and `f_1`"),
        ("file,mos,caf\u{e9},cafe\u{301}", "two columns"),
    ] {
        let error = rows(format!("{header}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("t.csv:1: {wanted}")), "{error}");
    }
    assert_eq!(rows(b"file,mos,,\na,1,,\n").unwrap(), [row(2, "a", 1.0)], "nameless columns are of no use");
}

#[test]
fn columns_by_their_place_and_gaps() {
    let spec = Spec { what: "measurements", columns: &[], may_lack_header: false };
    let text = "video,A,b\nx,1.5,\ny,NaN,-2\nz,inf,1\n";
    let mut table = Table::new(text.as_bytes(), "m.csv", &spec).unwrap();
    assert_eq!(table.header(), ["video", "A", "b"]);
    let [a, b, none] = [1, 2, 7].map(|place| table.add(place));
    assert_eq!((table.name(a), table.has(b), table.has(none)), ("A", true, false));
    table.advance().unwrap();
    assert_eq!((table.measured(a).unwrap(), table.measured(b).unwrap()), (Some(1.5), None));
    table.advance().unwrap();
    assert_eq!((table.measured(a).unwrap(), table.measured(b).unwrap()), (None, Some(-2.0)));
    table.advance().unwrap();
    assert!(table.measured(a).unwrap_err().to_string().starts_with("m.csv:4: column `A` is `inf`"));
}
