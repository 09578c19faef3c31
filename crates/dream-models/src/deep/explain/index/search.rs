//! The nearest rows of any number of them, by cosine.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use candle_core::Tensor;

use crate::deep::numeric::on_host;
use crate::{Error, Result, par};

/// How many neighbours the paper looks at.
pub(crate) const PAPER_K: usize = 11;
/// Rows that a thread looks at before it takes others.
const ROWS: usize = 256;

/// A description that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its row in the index.
    pub index: usize,
    /// Cosine of the angle between the representations, -1 to 1; 0 where one of them has no direction.
    pub cosine: f64,
}

/// What is searched for: the direction of a representation, and the clips that do not count.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::explain::index::Query;
///
/// let videos = Tensor::new(&[[1f32, 0.0], [3.0, 4.0]], &Device::Cpu)?;
/// // The second video is one of the index, and must not find its own sentences.
/// let mut queries = Query::each(&videos)?;
/// if let Some(known) = queries.pop() {
///     queries.push(known.without([7]));
/// }
/// assert_eq!(queries.len(), 2);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub(super) direction: Vec<f64>,
    pub(super) without: Vec<usize>,
}

impl Query {
    /// A search for what is near to a representation, `[dim]`.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for a value that is not finite, [`Error::Tensor`] when it cannot be brought to the host.
    pub fn new(representation: &Tensor) -> Result<Self> {
        let mut direction = on_host(&representation.flatten_all()?)?.to_vec1::<f64>()?;
        unit(&mut direction)?;
        Ok(Self { direction, without: Vec::new() })
    }

    /// One for each row, `[n, dim]`.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and [`Error::Tensor`] for another shape.
    pub fn each(representations: &Tensor) -> Result<Vec<Self>> {
        (0..representations.dims2()?.0).map(|row| Self::new(&representations.get(row)?)).collect()
    }

    /// The same, without the sentences of some clips, by their numbers in the index.
    #[must_use]
    pub fn without(mut self, clips: impl IntoIterator<Item = usize>) -> Self {
        self.without.extend(clips);
        self
    }

    /// Refuses a representation of another width.
    pub(in crate::deep::explain) fn expect_width(&self, dim: usize) -> Result<()> {
        let found = self.direction.len();
        if found == dim {
            return Ok(());
        }
        Err(Error::LengthMismatch { argument: "representation", expected: dim, found })
    }
}

/// Brings values to length 1; a representation without direction stays 0.
pub(in crate::deep::explain) fn unit(values: &mut [f64]) -> Result<()> {
    if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
        return Err(Error::NonFinite { name: "representation".to_owned(), value });
    }
    // By the largest value first: its square may be out of range.
    let largest = values.iter().fold(0f64, |largest, value| largest.max(value.abs()));
    if largest > 0.0 {
        values.iter_mut().for_each(|value| *value /= largest);
        let norm = dot(values, values).sqrt();
        values.iter_mut().for_each(|value| *value /= norm);
    }
    Ok(())
}

/// Eight sums side by side, then their sum: in one order, whatever the registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (blocks, rest) = a.as_chunks::<8>();
    let (others, other) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in blocks.iter().zip(others) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest.iter().zip(other).map(|(a, b)| a * b).sum::<f64>()
}

/// The nearest rows so far for every query, of rows that come block by block. Neither the blocks nor the threads can be
/// seen in what is found: a cosine depends on its row alone, and no two rows are equal in the order of cosine and place.
#[derive(Debug)]
pub(in crate::deep::explain) struct Search<'a> {
    queries: &'a [Query],
    /// Rows that do not count for each query, in order.
    left_out: Vec<Vec<Range<usize>>>,
    best: Vec<Best>,
}

impl<'a> Search<'a> {
    /// For `k` rows each; `ranges` are the rows of clips.
    pub(in crate::deep::explain) fn new(
        queries: &'a [Query],
        k: usize,
        ranges: impl Fn(&[usize]) -> Result<Vec<Range<usize>>>,
    ) -> Result<Self> {
        let left_out = queries.iter().map(|query| ranges(&query.without)).collect::<Result<_>>()?;
        Ok(Self { queries, left_out, best: vec![Best::new(k); queries.len()] })
    }

    /// Looks at rows of a width, the first of them being number `first` of all. `unit_rows` says that they have length 1.
    pub(in crate::deep::explain) fn look<T: Copy + Into<f64> + Sync>(
        &mut self,
        first: usize,
        rows: &[T],
        dim: usize,
        unit_rows: bool,
    ) -> Result<()> {
        let pieces: Vec<&[T]> = rows.chunks(ROWS * dim.max(1)).collect();
        let found = par::map(pieces.len(), |piece| -> Result<Vec<Best>> {
            let mut best: Vec<Best> = self.best.iter().map(|best| Best::new(best.k)).collect();
            let (mut row, first) = (vec![0.0; dim], first + piece * ROWS);
            let rows = pieces.get(piece).copied().unwrap_or_default().chunks_exact(dim.max(1));
            for (index, values) in (first..).zip(rows) {
                row.iter_mut().zip(values).for_each(|(to, &from)| *to = from.into());
                if !unit_rows {
                    unit(&mut row)?;
                }
                for ((query, left_out), best) in self.queries.iter().zip(&self.left_out).zip(&mut best) {
                    if !holds(left_out, index) {
                        let cosine = dot(&row, &query.direction).clamp(-1.0, 1.0);
                        best.offer(Neighbour { index, cosine });
                    }
                }
            }
            Ok(best)
        });
        for piece in found {
            for (best, found) in self.best.iter_mut().zip(piece?) {
                found.heap.into_iter().for_each(|Ranked(found)| best.offer(found));
            }
        }
        Ok(())
    }

    /// What was found for each query, the nearest first, the earlier first among equals.
    pub(in crate::deep::explain) fn finish(self) -> Vec<Vec<Neighbour>> {
        let sorted =
            |best: Best| best.heap.into_sorted_vec().into_iter().map(|Ranked(found)| found).collect();
        self.best.into_iter().map(sorted).collect()
    }
}

/// Whether one of some ranges, which are in order, has a number.
fn holds(ranges: &[Range<usize>], number: usize) -> bool {
    let behind = ranges.partition_point(|range| range.start <= number);
    behind.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| range.contains(&number))
}

/// The best so far, the worst of them on top.
#[derive(Debug, Clone)]
struct Best {
    k: usize,
    heap: BinaryHeap<Ranked>,
}

impl Best {
    fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::new() }
    }

    fn offer(&mut self, found: Neighbour) {
        if self.heap.len() < self.k {
            self.heap.push(Ranked(found));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && Ranked(found) < *worst
        {
            *worst = Ranked(found);
        }
    }
}

/// The nearer comes first, and the earlier among equals.
#[derive(Debug, Clone, Copy)]
struct Ranked(Neighbour);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cosine.total_cmp(&self.0.cosine).then(self.0.index.cmp(&other.0.index))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}
