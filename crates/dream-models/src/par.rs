//! Work on several threads with feature `rayon`, one piece after the other without it. Every piece has a place of its own
//! and is computed by one thread in one order, so results do not depend on the number of threads.

/// `work(0)`, `work(1)`, ... in order.
#[cfg(feature = "rayon")]
pub(crate) fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    (0..count).into_par_iter().map(work).collect()
}

/// `work(0)`, `work(1)`, ... in order.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    (0..count).map(work).collect()
}

/// Calls `work` with every chunk of `size` items and its number.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_chunk<T: Send>(
    items: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    use rayon::iter::{IndexedParallelIterator, ParallelIterator};
    use rayon::slice::ParallelSliceMut;
    items.par_chunks_mut(size.max(1)).enumerate().for_each(|(i, chunk)| work(i, chunk));
}

/// Calls `work` with every chunk of `size` items and its number.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_chunk<T: Send>(
    items: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    for (i, chunk) in items.chunks_mut(size.max(1)).enumerate() {
        work(i, chunk);
    }
}

/// Threads that [`map`] and [`for_each_chunk`] share work out to. (Feature `deep` has `rayon`.)
#[cfg(feature = "deep")]
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}
