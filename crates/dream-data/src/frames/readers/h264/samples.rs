//! Where each compressed frame lies and when it is shown: the sample tables.

use super::fault::Fault;
use re_mp4::{Co64Box, CttsBox, StcoBox, StscBox, StszBox, SttsBox};

/// More than ninety hours at 30 frames a second.
const MAX_SAMPLES: u32 = 10_000_000;

/// One compressed frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) offset: u64,
    pub(super) size: u64,
    /// When it is shown, in units of the track.
    pub(super) composition: i64,
    /// For how long, in units of the track.
    pub(super) duration: u32,
}

/// Positions of the chunks, in 32 or 64 bits.
#[derive(Debug)]
pub(super) enum ChunkOffsets {
    Short(StcoBox),
    Long(Co64Box),
}

impl ChunkOffsets {
    fn get(&self, chunk: u32) -> Option<u64> {
        let chunk = usize::try_from(chunk).ok()?;
        match self {
            Self::Short(stco) => stco.entries.get(chunk).map(|&offset| u64::from(offset)),
            Self::Long(co64) => co64.entries.get(chunk).copied(),
        }
    }
}

/// The tables of ISO/IEC 14496-12, 8.6 and 8.7, run-length coded as in the file.
#[derive(Debug)]
pub(super) struct SampleTable {
    sizes: StszBox,
    durations: SttsBox,
    shifts: Option<CttsBox>,
    chunks: StscBox,
    offsets: ChunkOffsets,
}

impl SampleTable {
    /// `available` is the number of bytes in the file. Tables with a size for every frame cannot claim more frames than
    /// they have entries; those with one size for all can. Every frame has a byte.
    pub(super) fn new(
        sizes: StszBox,
        durations: SttsBox,
        shifts: Option<CttsBox>,
        chunks: StscBox,
        offsets: ChunkOffsets,
        available: u64,
    ) -> Result<Self, Fault> {
        let (count, size) = (sizes.sample_count, sizes.sample_size);
        if count > MAX_SAMPLES {
            return Err(Fault::bad(format!("{count} frames; the limit is {MAX_SAMPLES}")));
        }
        if size > 0 && u64::from(count) > available {
            return Err(Fault::bad(format!("{count} frames of {size} bytes in a file of {available} bytes")));
        }
        if count > 0 && size == 0 && sizes.sample_sizes.iter().all(|&size| size == 0) {
            return Err(Fault::bad(format!("{count} frames of 0 bytes")));
        }
        Ok(Self { sizes, durations, shifts, chunks, offsets })
    }

    pub(super) fn count(&self) -> u32 {
        self.sizes.sample_count
    }
}

/// A position in run-length coded values.
#[derive(Debug, Clone, Copy, Default)]
struct RunCursor {
    run: usize,
    used: u32,
}

impl RunCursor {
    /// The next value of `runs`, pairs of count and value; `None` after the last.
    fn next<T>(&mut self, run_at: impl Fn(usize) -> Option<(u32, T)>) -> Option<T> {
        loop {
            let (count, value) = run_at(self.run)?;
            if self.used < count {
                self.used += 1;
                return Some(value);
            }
            *self = Self { run: self.run + 1, used: 0 };
        }
    }
}

/// Walks a [`SampleTable`]; the state is a few integers.
#[derive(Debug, Clone, Default)]
pub(super) struct TableCursor {
    sample: u32,
    decode_time: i64,
    duration: RunCursor,
    shift: RunCursor,
    /// Zero-based; the run of `stsc` it belongs to; samples left in it; where the next one begins.
    chunk: u32,
    chunk_run: usize,
    left_in_chunk: u32,
    offset: u64,
}

impl TableCursor {
    pub(super) fn next(&mut self, table: &SampleTable) -> Result<Option<Sample>, Fault> {
        if self.sample >= table.count() {
            return Ok(None);
        }
        let index = usize::try_from(self.sample).unwrap_or(usize::MAX);
        let size = match table.sizes.sample_size {
            0 => table.sizes.sample_sizes.get(index).copied(),
            size => Some(size),
        };
        let size = size.ok_or_else(|| Fault::bad("the table of frame sizes ends early"))?;
        while self.left_in_chunk == 0 {
            self.enter_chunk(table)?;
        }
        let sample_duration = self
            .duration
            .next(|i| table.durations.entries.get(i).map(|run| (run.sample_count, run.sample_delta)));
        let duration = sample_duration.ok_or_else(|| Fault::bad("the table of times ends early"))?;
        let shifts = table.shifts.as_ref();
        let shift =
            self.shift.next(|i| shifts?.entries.get(i).map(|run| (run.sample_count, run.sample_offset)));
        let composition = self.decode_time.saturating_add(i64::from(shift.unwrap_or(0)));
        let sample = Sample { offset: self.offset, size: u64::from(size), composition, duration };
        self.sample += 1;
        self.decode_time = self.decode_time.saturating_add(i64::from(duration));
        self.left_in_chunk -= 1;
        self.offset = self.offset.saturating_add(u64::from(size));
        Ok(Some(sample))
    }

    fn enter_chunk(&mut self, table: &SampleTable) -> Result<(), Fault> {
        let runs = &table.chunks.entries;
        // `first_chunk` counts from 1.
        while runs.get(self.chunk_run + 1).is_some_and(|next| next.first_chunk <= self.chunk + 1) {
            self.chunk_run += 1;
        }
        let run = runs.get(self.chunk_run).ok_or_else(|| Fault::bad("the table of chunks is empty"))?;
        let offset = table.offsets.get(self.chunk);
        self.offset = offset.ok_or_else(|| Fault::bad("the table of chunk positions ends early"))?;
        self.left_in_chunk = run.samples_per_chunk;
        self.chunk += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use re_mp4::ReadBox;
    use std::io::Cursor;

    /// A full box with these 32-bit words behind version and flags.
    fn parse<T: for<'a> ReadBox<&'a mut Cursor<Vec<u8>>>>(words: &[u32]) -> T {
        let mut bytes = vec![0; 12];
        bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        let size = bytes.len() as u64;
        let mut cursor = Cursor::new(bytes);
        cursor.set_position(8);
        T::read_box(&mut cursor, size).unwrap()
    }

    fn walk(table: &SampleTable) -> (Vec<(u64, u64, i64)>, bool) {
        let (mut cursor, mut found) = (TableCursor::default(), Vec::new());
        loop {
            match cursor.next(table) {
                Ok(Some(sample)) => found.push((sample.offset, sample.size, sample.composition)),
                Ok(None) => return (found, true),
                Err(_) => return (found, false),
            }
        }
    }

    /// Chunk 1 holds one sample, chunks 2 and 3 hold two; durations 10, 10, 20, 20, 20; shifts 5 then -3.
    fn table(samples: u32) -> SampleTable {
        SampleTable::new(
            parse(&[0, samples, 11, 12, 13, 14, 15][..2 + samples as usize]),
            parse(&[2, 2, 10, 3, 20]),
            Some(parse(&[2, 1, 5, 4, (-3i32).cast_unsigned()])),
            parse(&[2, 1, 1, 1, 2, 2, 1]),
            ChunkOffsets::Short(parse(&[3, 1000, 2000, 3000])),
            4000,
        )
        .unwrap()
    }

    #[test]
    fn tables_are_walked_as_written() {
        let expected = [(1000, 11, 5), (2000, 12, 7), (2012, 13, 17), (3000, 14, 37), (3014, 15, 57)];
        assert_eq!(walk(&table(5)), (expected.to_vec(), true));
        assert_eq!(walk(&table(3)), (expected[..3].to_vec(), true));
    }

    #[test]
    fn tables_that_contradict_each_other_end_with_an_error() {
        let mut short = table(5);
        short.offsets = ChunkOffsets::Long(parse(&[2, 0, 1000, 1, 0]));
        let (found, whole) = walk(&short);
        assert_eq!((found.len(), found[1].0, whole), (3, 1 << 32, false));
        let mut short = table(5);
        short.durations = parse(&[1, 4, 10]);
        assert!(matches!(walk(&short), (found, false) if found.len() == 4));
        let mut empty = table(5);
        empty.chunks = parse(&[0]);
        assert_eq!(walk(&empty), (Vec::new(), false));
        let mut idle = table(5);
        idle.chunks = parse(&[1, 1, 0, 1]);
        assert_eq!(walk(&idle), (Vec::new(), false));
        let mut early = table(5);
        early.sizes = parse(&[9, 6]);
        assert!(matches!(walk(&early), (found, false) if found.len() == 5));
    }

    #[test]
    fn tables_that_claim_more_than_the_file_has_are_refused() {
        let claim = |sizes: &[u32], available| {
            let table = table(5);
            SampleTable::new(parse(sizes), table.durations, None, table.chunks, table.offsets, available)
        };
        assert!(claim(&[9, 100], 100).is_ok() && claim(&[9, 100], 99).is_err());
        assert!(claim(&[1, MAX_SAMPLES + 1], u64::MAX).is_err());
        assert!(claim(&[u32::MAX, MAX_SAMPLES], u64::MAX).is_ok());
        assert!(claim(&[0, 3, 0, 5, 0], 900).is_ok() && claim(&[0, 3, 0, 0, 0], 900).is_err());
        assert!(claim(&[0, 0], 900).is_ok());
    }
}
