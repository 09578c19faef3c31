//! Threads with large stacks, and progress bars.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// candle walks the graph of a backward pass by recursion; the large network's would not fit into a common stack.
const STACK: usize = 256 << 20;

/// Runs something on threads of its own, with stacks that are large enough.
pub(crate) fn with_threads<T: Send>(count: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(STACK).build();
    threads.context("cannot start the threads")?.install(work)
}

/// A progress bar, drawn on a terminal only; it vanishes when it is dropped.
///
/// # Errors
/// None for a name without braces.
pub fn bar(what: &str, length: usize, quiet: bool) -> Result<ProgressBar> {
    if quiet {
        return Ok(ProgressBar::hidden());
    }
    // Every part but the bar has a fixed width, so that nothing jumps.
    let digits = length.to_string().len();
    let style =
        format!("{what} {{wide_bar}} {{pos:>{digits}}}/{{len}}, {{elapsed:>3}}, {{eta:>3}} left{{msg}}");
    let bar = ProgressBar::new(length as u64).with_finish(ProgressFinish::AndClear);
    Ok(bar.with_style(ProgressStyle::with_template(&style)?))
}
