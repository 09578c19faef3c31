//! Progress bars.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// A progress bar, drawn on a terminal only; it vanishes when it is dropped.
pub(crate) fn bar(what: &str, length: usize) -> Result<ProgressBar> {
    let style = format!("{what} {{wide_bar}} {{pos}}/{{len}}, {{elapsed}}, {{eta}} left");
    let bar = ProgressBar::new(length as u64).with_finish(ProgressFinish::AndClear);
    Ok(bar.with_style(ProgressStyle::with_template(&style)?))
}
