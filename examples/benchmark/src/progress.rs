//! The bar.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Drawn on a terminal only.
pub(crate) fn progress(count: usize, what: &'static str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg:9} {wide_bar} {pos}/{len}, {elapsed}, {eta} left")?;
    Ok(ProgressBar::new(count as u64).with_style(style).with_message(what))
}
