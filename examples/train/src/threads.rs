//! Threads with large stacks, and progress bars.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

/// candle walks the graph of a backward pass by recursion; the large network's would not fit into a common stack.
const STACK: usize = 256 << 20;

/// Runs something on so many threads of its own, 0 for one per processor, with stacks that are large enough for backward
/// passes.
///
/// # Errors
/// Those of the work, and when threads cannot be started.
pub fn with_threads<T: Send>(count: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(STACK).build();
    threads.context("cannot start the threads")?.install(work)
}

/// What becomes of every item, in their order, on the threads of the pool this is called in.
///
/// # Errors
/// The error of the first item that has one, whichever thread meets an error first. Later items are then left out.
pub fn all<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> Result<T> + Sync) -> Result<Vec<T>> {
    // Only items behind a failed one are left out, so those in front of the first failed one are always done.
    let failed = AtomicUsize::new(usize::MAX);
    let one = |(at, item)| {
        if at > failed.load(Ordering::Relaxed) {
            return None;
        }
        let found = work(item);
        if found.is_err() {
            failed.fetch_min(at, Ordering::Relaxed);
        }
        Some(found)
    };
    let found: Vec<Option<Result<T>>> = items.par_iter().enumerate().map(one).collect();
    found.into_iter().flatten().collect()
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::thread::sleep;
    use std::time::Duration;

    use anyhow::bail;

    use super::*;

    #[test]
    fn the_first_error_is_that_of_the_first_item() {
        let items: Vec<u64> = (0..40).collect();
        let done = AtomicU32::new(0);
        let work = |item: &u64| {
            done.fetch_add(1, Ordering::Relaxed);
            match item {
                // The thread that has this one meets its error last.
                3 => sleep(Duration::from_millis(200)),
                5.. => {}
                _ => return Ok(2 * item),
            }
            bail!("item {item}")
        };
        for threads in [1, 2, 4] {
            done.store(0, Ordering::Relaxed);
            let error = with_threads(threads, || all(&items, work)).unwrap_err();
            assert_eq!(error.to_string(), "item 3", "{threads} threads");
            assert!(done.load(Ordering::Relaxed) < 40, "the work goes on after an error");
        }
        let doubled = with_threads(2, || all(&items[..3], work)).unwrap();
        assert_eq!(doubled, [0, 2, 4]);
    }
}
