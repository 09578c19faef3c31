//! Samples as y4m and raw files store them: a byte each, or 9 to 16 bits in two bytes, low byte first.

use crate::frames::frame::{Layout, VideoFrame, frame_bytes};
use crate::frames::info::{ColorRange, VideoInfo};
use crate::frames::readers::stream::{Filled, fill};
use std::io::Read;

/// Reads stored samples into frames of 8 bits.
#[derive(Debug)]
pub(crate) struct Samples {
    width: usize,
    height: usize,
    layout: Layout,
    /// Present for more than 8 bits.
    deep: Option<Deep>,
}

#[derive(Debug)]
struct Deep {
    /// The 8-bit value of every code.
    luma: Vec<u8>,
    chroma: Vec<u8>,
    /// One frame as stored; reused.
    stored: Vec<u8>,
}

impl Samples {
    /// `bits` from 8 to 16.
    pub(crate) fn new(info: &VideoInfo, layout: Layout, bits: u8) -> Self {
        let table = |chroma: bool| {
            (0..1 << bits).map(|code| to_8_bits(code, bits, info.range, chroma)).collect::<Vec<u8>>()
        };
        let deep = (bits > 8).then(|| Deep { luma: table(false), chroma: table(true), stored: Vec::new() });
        Self { width: info.width as usize, height: info.height as usize, layout, deep }
    }

    /// Bytes of a frame in the file.
    pub(crate) fn frame_bytes(&self) -> usize {
        let samples = frame_bytes(self.width, self.height, self.layout);
        if self.deep.is_some() { samples.saturating_mul(2) } else { samples }
    }

    /// Reads one frame. Its samples are in `out` only after [`Samples::convert`].
    pub(crate) fn read(&mut self, reader: &mut impl Read, out: &mut VideoFrame) -> Filled {
        let bytes = self.frame_bytes();
        match &mut self.deep {
            None => fill(reader, out.buffer(self.width, self.height, self.layout)),
            Some(deep) => {
                if deep.stored.len() != bytes {
                    // Zero pages, as in `VideoFrame::buffer`.
                    deep.stored = vec![0; bytes];
                }
                fill(reader, &mut deep.stored)
            }
        }
    }

    /// Converts the frame that was read to 8 bits.
    pub(crate) fn convert(&self, out: &mut VideoFrame) {
        let Some(deep) = &self.deep else { return };
        let luma = self.width * self.height;
        let out = out.buffer(self.width, self.height, self.layout);
        let (out_luma, out_chroma) = out.split_at_mut_checked(luma).unwrap_or_default();
        let (stored_luma, stored_chroma) = deep.stored.split_at_checked(2 * luma).unwrap_or_default();
        look_up(stored_luma, &deep.luma, out_luma);
        look_up(stored_chroma, &deep.chroma, out_chroma);
    }
}

fn look_up(stored: &[u8], table: &[u8], out: &mut [u8]) {
    // A code beyond the stated depth comes from a broken writer; it counts as the largest.
    let last = table.last().copied().unwrap_or_default();
    for (pair, out) in stored.chunks_exact(2).zip(out) {
        if let &[low, high] = pair {
            *out = table.get(usize::from(u16::from_le_bytes([low, high]))).copied().unwrap_or(last);
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

/// FFmpeg's name of a deep format.
pub(crate) fn deep_name(layout: Layout, bits: u8) -> String {
    match layout {
        Layout::Gray => format!("gray{bits}le"),
        _ => format!("yuv420p{bits}le"),
    }
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
