//! Uses several threads with the `rayon` feature, and a plain loop without it. Each piece has its own output and is
//! computed by one thread in a fixed order, so the result does not depend on the number of threads.

/// Runs both, in parallel if possible.
#[cfg(feature = "rayon")]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

/// Runs one, then the other.
#[cfg(not(feature = "rayon"))]
pub(crate) fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let a = a();
    (a, b())
}

/// Calls `work` with every item and its index.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_mut<T: Send>(items: &mut [T], work: impl Fn(usize, &mut T) + Send + Sync) {
    use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
    items.par_iter_mut().enumerate().for_each(|(i, item)| work(i, item));
}

/// Calls `work` with every item and its index.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_mut<T: Send>(items: &mut [T], work: impl Fn(usize, &mut T) + Send + Sync) {
    for (i, item) in items.iter_mut().enumerate() {
        work(i, item);
    }
}
