//! The output file: its header, its rows, and the rows that an interrupted run left in it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow, ensure};

use crate::args::Args;
use crate::extract::{Extracted, Method};
use crate::print::{self, Out};

/// The destination of rows, and the inputs that it has already.
pub(crate) struct Output {
    csv: csv::Writer<Box<dyn Write + Send>>,
    settings: String,
    pub(crate) done: HashSet<String>,
    /// The file, where it is not the standard output.
    file: Option<PathBuf>,
}

impl Output {
    pub(crate) fn open(args: &Args, method: &Method) -> Result<Self> {
        let header = header(method);
        let (mut done, mut fresh) = (HashSet::new(), true);
        let out: Box<dyn Write + Send> = match &args.out {
            None => Box::new(Out),
            Some(path) if args.resume && path.is_file() => {
                let (file, names) = resume(path, &header, method.settings())?;
                (done, fresh) = (names, false);
                Box::new(file)
            }
            Some(path) => {
                Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
            }
        };
        let mut csv = csv::Writer::from_writer(out);
        if fresh {
            let written = csv.write_record(&header).and_then(|()| Ok(csv.flush()?));
            written.map_err(|error| cannot_write(error, args.out.as_deref()))?;
        }
        Ok(Self { csv, settings: method.settings().to_owned(), done, file: args.out.clone() })
    }

    /// Whether rows go nowhere from now on.
    pub(crate) fn lost(&self) -> bool {
        self.file.is_none() && print::lost()
    }

    /// Writes the rows of an input.
    pub(crate) fn write(&mut self, input: &str, extracted: &Extracted) -> Result<()> {
        self.add(input, extracted).map_err(|error| cannot_write(error, self.file.as_deref()))
    }

    fn add(&mut self, input: &str, extracted: &Extracted) -> csv::Result<()> {
        for row in &extracted.rows {
            let mut cells = vec![input.to_owned()];
            cells.extend(row.frame.map(|frame| frame.to_string()));
            // 17 significant digits keep every bit of the number.
            cells.extend(row.values.iter().map(|value| format!("{value:.16e}")));
            if row.frame.is_none() {
                cells.push(row.frames.to_string());
            }
            cells.push(row.undefined.to_string());
            cells.extend([self.settings.clone(), extracted.assumptions.join("; ")]);
            self.csv.write_record(&cells)?;
        }
        Ok(self.csv.flush()?)
    }
}

/// The operating system's answer, which `csv` hides from those who look for it, and the file.
fn cannot_write(error: csv::Error, file: Option<&Path>) -> Error {
    let error = match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::from(error),
        other => anyhow!("{other:?}"),
    };
    error.context(format!("cannot write {}", file.unwrap_or(Path::new("the rows")).display()))
}

fn header(method: &Method) -> Vec<String> {
    let start: &[&str] = if method.per_frame() { &["video", "frame"] } else { &["video"] };
    let end = ["frames", "undefined", "settings", "assumptions"];
    let end = end.get(usize::from(method.per_frame())..).unwrap_or_default();
    let names = method.layout().names().iter().map(String::as_str);
    start.iter().copied().chain(names).chain(end.iter().copied()).map(str::to_owned).collect()
}

/// Opens a file to continue: cuts off an incomplete row and the other rows of its input.
fn resume(path: &Path, header: &[String], settings: &str) -> Result<(File, HashSet<String>)> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_slice());
    let (mut names, mut starts) = (Vec::<String>::new(), Vec::new());
    let (mut torn, mut record) = (None, csv::StringRecord::new());
    loop {
        let start = reader.position().byte();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) if starts.is_empty() => {
                let same = record.iter().eq(header.iter().map(String::as_str));
                let other = "this run has other columns: resume with the same --set, --pooling, --per-frame";
                ensure!(same, "cannot resume {}: {other}", path.display());
                starts.push(start);
                names.push(String::new());
            }
            Ok(true) => {
                let name = record.get(0).unwrap_or_default().to_owned();
                let end = usize::try_from(reader.position().byte())?;
                if record.len() != header.len() || text.get(end - 1) != Some(&b'\n') {
                    torn = Some((start, name));
                    break;
                }
                let other = record.iter().rev().nth(1).unwrap_or_default();
                ensure!(
                    other == settings,
                    "cannot resume {}: its rows were made with `{other}`, this run is `{settings}`; use the same \
                     options or another file",
                    path.display()
                );
                starts.push(start);
                names.push(name);
            }
            Err(_) => {
                torn = Some((start, names.last().cloned().unwrap_or_default()));
                break;
            }
        }
    }
    let mut end = text.len() as u64;
    if let Some((start, name)) = torn {
        end = start;
        while names.len() > 1 && names.last() == Some(&name) {
            names.pop();
            end = starts.pop().unwrap_or(end);
        }
    }
    let file = OpenOptions::new().write(true).open(path);
    let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
    file.set_len(end)?;
    file.seek(SeekFrom::End(0))?;
    let whole = text.get(..usize::try_from(end)?).unwrap_or_default();
    let has_header = !names.is_empty() && whole.ends_with(b"\n");
    ensure!(has_header, "cannot resume {}: it has no header", path.display());
    Ok((file, names.into_iter().skip(1).collect()))
}
