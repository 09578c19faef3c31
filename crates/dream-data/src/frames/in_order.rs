//! Processes many inputs in parallel and returns the results in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Applies `work` to `items` in up to `jobs` threads (at least one) and passes each result to `take`, in the order of
/// the items. A table of many videos thus has the same rows for any number of threads.
///
/// A result stays in memory until all results before it are taken.
///
/// ```
/// let mut lengths = Vec::new();
/// let done = dream_data::in_order(2, &["one", "three"], |name| name.len(), |name, length| {
///     lengths.push((*name, length));
///     Ok::<(), std::io::Error>(())
/// });
/// assert!(done.is_ok());
/// assert_eq!(lengths, [("one", 3), ("three", 5)]);
/// ```
///
/// # Errors
///
/// The first error of `take`. No further item is started after it.
pub fn in_order<T: Sync, R: Send, E>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(&T, R) -> Result<(), E>,
) -> Result<(), E> {
    let (next, work) = (&AtomicUsize::new(0), &work);
    thread::scope(|scope| {
        let (send, results) = mpsc::channel();
        for _ in 0..jobs.max(1).min(items.len()) {
            let send = send.clone();
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    // The receiver is gone after an error of `take`.
                    if send.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let (mut waiting, mut taken) = (BTreeMap::new(), 0);
        for (index, result) in results {
            waiting.insert(index, result);
            while let (Some(result), Some(item)) = (waiting.remove(&taken), items.get(taken)) {
                take(item, result)?;
                taken += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_and_an_error_ends_the_work() {
        let items: Vec<u64> = (0..20).collect();
        for jobs in [0, 1, 3, 50] {
            let mut taken = Vec::new();
            // Earlier items take longer.
            let work = |item: &u64| {
                thread::sleep(Duration::from_micros(100 * (20 - item)));
                2 * item
            };
            let done = in_order(jobs, &items, work, |item, double| {
                taken.push((*item, double));
                if *item == 15 { Err("enough") } else { Ok(()) }
            });
            assert_eq!((done, taken.len()), (Err("enough"), 16), "{jobs}");
            assert!(taken.iter().zip(0..).all(|(pair, item)| *pair == (item, 2 * item)), "{taken:?}");
        }
        assert_eq!(in_order(2, &[] as &[u64], |item| *item, |_, _| Err("none")), Ok(()));
    }
}
