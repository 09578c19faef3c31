//! The columns of the table.

use anyhow::Result;

use crate::args::Args;
use crate::extract::{Extracted, Method};
use crate::rows::{Rows, Shape};

/// The table, and what every row says of its settings.
pub(crate) struct Output {
    pub(crate) rows: Rows,
    settings: String,
    /// Rows of this run.
    pub(crate) written: usize,
}

impl Output {
    pub(crate) fn open(args: &Args, method: &Method) -> Result<Self> {
        let shape = Shape {
            header: header(method),
            settings: method.settings(),
            columns_by: "--set, --pooling, --per-frame",
            failed: None,
        };
        let rows = Rows::open(args.out.as_deref(), args.resume, &shape)?;
        Ok(Self { rows, settings: method.settings().to_owned(), written: 0 })
    }

    /// Writes the rows of an input.
    pub(crate) fn write(&mut self, input: &str, extracted: &Extracted) -> Result<()> {
        self.written += extracted.rows.len();
        self.rows.write(extracted.rows.iter().map(|row| {
            let mut cells = vec![input.to_owned()];
            cells.extend(row.frame.map(|frame| frame.to_string()));
            // 17 significant digits keep every bit of the number.
            cells.extend(row.values.iter().map(|value| format!("{value:.16e}")));
            if row.frame.is_none() {
                cells.push(row.frames.to_string());
            }
            cells.push(row.undefined.to_string());
            cells.extend([row.recipe.to_string(), self.settings.clone(), extracted.assumptions.join("; ")]);
            cells
        }))
    }
}

fn header(method: &Method) -> Vec<String> {
    let start: &[&str] = if method.per_frame() { &["video", "frame"] } else { &["video"] };
    let end = ["frames", "undefined", "recipe", "settings", "assumptions"];
    let end = end.get(usize::from(method.per_frame())..).unwrap_or_default();
    let names = method.layout().names().iter().map(String::as_str);
    start.iter().copied().chain(names).chain(end.iter().copied()).map(str::to_owned).collect()
}
