//! Samples as y4m and raw files store them: a byte each, or 9 to 16 bits in two bytes, low byte first.

use crate::frames::color_range::ColorRange;
use crate::frames::frame::{VideoFrame, frame_bytes};
use crate::frames::info::VideoInfo;
use crate::frames::raw_format::{RawPixels, RawPlanes};
use crate::frames::readers::stream::{Filled, fill};
use std::io::Read;

/// Reads stored samples into frames of 8 bits.
#[derive(Debug)]
pub(crate) struct Samples {
    width: usize,
    height: usize,
    pixels: RawPixels,
    /// Present if frames are not stored as [`VideoFrame`] keeps them.
    stored: Option<Stored>,
}

#[derive(Debug)]
struct Stored {
    /// Present for more than 8 bits.
    deep: Option<Deep>,
    /// One frame as stored; reused.
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Deep {
    /// Low bits without a meaning.
    padding: u8,
    /// The 8-bit value of every code.
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl Samples {
    pub(crate) fn new(info: &VideoInfo, pixels: RawPixels) -> Self {
        let (planes, bits) = (pixels.planes(), pixels.bits());
        let table = |chroma: bool| {
            (0..1 << bits).map(|code| to_8_bits(code, bits, info.range, chroma)).collect::<Vec<u8>>()
        };
        let deep =
            (bits > 8).then(|| Deep { padding: pixels.padding(), luma: table(false), chroma: table(true) });
        let as_kept = deep.is_none() && matches!(planes, RawPlanes::Planar | RawPlanes::Gray);
        let stored = (!as_kept).then_some(Stored { deep, bytes: Vec::new() });
        Self { width: info.width as usize, height: info.height as usize, pixels, stored }
    }

    /// Bytes of a frame in the file.
    pub(crate) fn frame_bytes(&self) -> usize {
        let samples = frame_bytes(self.width, self.height, self.pixels.layout());
        let deep = self.stored.as_ref().is_some_and(|stored| stored.deep.is_some());
        if deep { samples.saturating_mul(2) } else { samples }
    }

    /// Reads one frame. Its samples are in `out` only after [`Samples::convert`].
    pub(crate) fn read(&mut self, reader: &mut impl Read, out: &mut VideoFrame) -> Filled {
        let (bytes, layout) = (self.frame_bytes(), self.pixels.layout());
        match &mut self.stored {
            None => fill(reader, out.buffer(self.width, self.height, layout)),
            Some(stored) => {
                if stored.bytes.len() != bytes {
                    // Zero pages, as in `VideoFrame::buffer`.
                    stored.bytes = vec![0; bytes];
                }
                fill(reader, &mut stored.bytes)
            }
        }
    }

    /// Brings the frame that was read to planes of 8 bits.
    pub(crate) fn convert(&self, out: &mut VideoFrame) {
        let Some(Stored { deep, bytes }) = &self.stored else { return };
        let luma = self.width * self.height;
        let out = out.buffer(self.width, self.height, self.pixels.layout());
        let (out_luma, out_chroma) = out.split_at_mut_checked(luma).unwrap_or_default();
        let width = if deep.is_some() { 2 } else { 1 };
        let (luma, chroma) = bytes.split_at_checked(width * luma).unwrap_or_default();
        let (first, second) = out_chroma.split_at_mut_checked(out_chroma.len() / 2).unwrap_or_default();
        let all = |table, from: &[u8], out: &mut [u8]| look_up(from, deep.as_ref(), table, out);
        all(false, luma, out_luma);
        let (cb, cr) =
            if self.pixels.planes() == RawPlanes::CrCb { (second, first) } else { (first, second) };
        match self.pixels.planes() {
            RawPlanes::Planar | RawPlanes::Gray => {
                let (first, second) = chroma.split_at_checked(chroma.len() / 2).unwrap_or_default();
                all(true, first, cb);
                all(true, second, cr);
            }
            RawPlanes::CbCr | RawPlanes::CrCb => {
                for ((pair, cb), cr) in chroma.chunks_exact(2 * width).zip(cb).zip(cr) {
                    let (first, second) = pair.split_at_checked(width).unwrap_or_default();
                    all(true, first, std::slice::from_mut(cb));
                    all(true, second, std::slice::from_mut(cr));
                }
            }
        }
    }
}

/// From stored samples to 8 bits.
fn look_up(stored: &[u8], deep: Option<&Deep>, chroma: bool, out: &mut [u8]) {
    let Some(deep) = deep else {
        stored.iter().zip(out).for_each(|(byte, out)| *out = *byte);
        return;
    };
    let table = if chroma { &deep.chroma } else { &deep.luma };
    // A code beyond the stated depth comes from a broken writer; it counts as the largest.
    let last = table.last().copied().unwrap_or_default();
    for (pair, out) in stored.chunks_exact(2).zip(out) {
        if let &[low, high] = pair {
            let code = u16::from_le_bytes([low, high]) >> deep.padding;
            *out = table.get(usize::from(code)).copied().unwrap_or(last);
        }
    }
}

/// Rounds to the nearest 8-bit code of the same meaning (ITU-T H.273, 8.3: limited codes of `bits` bits are those of
/// 8 bits times a power of two; full codes fill the range, with chroma 0 in its middle). Without a stated range,
/// codes are treated as limited; if they are full, the result is off by less than one level.
fn to_8_bits(code: u32, bits: u8, range: ColorRange, chroma: bool) -> u8 {
    let shift = u32::from(bits.saturating_sub(8));
    let code = i64::from(code);
    let largest = (1_i64 << bits) - 1;
    let rounded = match range {
        ColorRange::Full => {
            let (zero, zero_8) = if chroma { (1_i64 << (bits - 1), 128) } else { (0, 0) };
            (2 * (code - zero) * 255 + largest).div_euclid(2 * largest) + zero_8
        }
        ColorRange::Limited | ColorRange::Unknown => (code + (1_i64 << shift >> 1)) >> shift,
    };
    u8::try_from(rounded.clamp(0, 255)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_white_and_grey_keep_their_meaning_at_every_depth() {
        for bits in 9..=16 {
            let scale = 1_u32 << (bits - 8);
            let largest = (1_u32 << bits) - 1;
            for range in [ColorRange::Limited, ColorRange::Unknown] {
                for code in [0, 1, 16, 128, 235, 240, 255] {
                    let value = to_8_bits(code * scale, bits, range, code == 240);
                    assert_eq!(u32::from(value), code, "{bits} bits {range:?}");
                }
                assert_eq!(to_8_bits(largest, bits, range, false), 255);
            }
            assert_eq!(to_8_bits(0, bits, ColorRange::Full, false), 0);
            assert_eq!(to_8_bits(largest, bits, ColorRange::Full, false), 255);
            assert_eq!(to_8_bits(largest / 2, bits, ColorRange::Full, false), 127);
            assert_eq!(to_8_bits(128 * scale, bits, ColorRange::Full, true), 128);
            assert_eq!(to_8_bits(0, bits, ColorRange::Full, true), 0);
            assert_eq!(to_8_bits(largest, bits, ColorRange::Full, true), 255);
        }
    }

    #[test]
    fn ten_bits_round_half_up() {
        let limited = |code| to_8_bits(code, 10, ColorRange::Limited, false);
        assert_eq!([64, 65, 66, 67, 68].map(limited), [16, 16, 17, 17, 17]);
        let full = |code| to_8_bits(code, 10, ColorRange::Full, false);
        // 255 / 1023 of the code: 0.499, 0.748, 254.50.., 254.75..
        assert_eq!([2, 3, 1021, 1022].map(full), [0, 1, 255, 255]);
        assert_eq!(full(1020), 254);
    }

    /// The two interpretations differ by at most one level, so an unknown range costs at most that.
    #[test]
    fn an_unknown_range_costs_at_most_a_level() {
        for bits in 9..=16 {
            for code in 0..1_u32 << bits {
                for chroma in [false, true] {
                    let full = to_8_bits(code, bits, ColorRange::Full, chroma);
                    let unknown = to_8_bits(code, bits, ColorRange::Unknown, chroma);
                    assert!(full.abs_diff(unknown) <= 1, "{code} of {bits} bits: {full} {unknown}");
                }
            }
        }
    }
}
