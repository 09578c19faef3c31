//! The sequence parameter set (size, cropping, sample format, colour range) and the kind of a slice,
//! read before any decoder sees the stream.
//!
//! # Reference
//! ITU-T H.264 (08/2021), 7.3.2.1.1, 7.3.3 (syntax), 7.4.2.1.1 (semantics), E.1.1 (VUI), 9.1
//! (Exp-Golomb).

use crate::frames::color_range::ColorRange;

/// Kinds of NAL unit (ITU-T H.264, table 7-1).
pub(super) const SLICE: u8 = 1;
pub(super) const IDR: u8 = 5;
pub(super) const SPS: u8 = 7;
pub(super) const PPS: u8 = 8;

/// The kind of a NAL unit; 0 for an empty one.
pub(super) fn kind(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

/// What a decoder of 8-bit 4:2:0 needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sps {
    pub(super) profile: u8,
    /// 0 luma only, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub(super) chroma_format: u32,
    pub(super) luma_bits: u32,
    pub(super) chroma_bits: u32,
    /// False when pictures may be coded as two fields.
    pub(super) progressive: bool,
    /// Columns and rows of macroblocks.
    pub(super) macroblocks: (u32, u32),
    /// Visible size in pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// True when pixels are cropped at the left or the top.
    pub(super) shifted: bool,
    /// Unknown if it is not stated.
    pub(super) range: ColorRange,
}

impl Sps {
    /// Reads a NAL unit of type 7, header byte included.
    pub(super) fn parse(nal: &[u8]) -> Option<Self> {
        let (header, payload) = nal.split_first()?;
        if header & 0x1f != 7 {
            return None;
        }
        let bytes = without_emulation_prevention(payload);
        let bits = &mut Bits { bytes: &bytes, at: 0 };
        let profile = u8::try_from(bits.bits(8)?).ok()?;
        bits.skip(16)?; // constraint flags, level
        bits.ue()?; // seq_parameter_set_id
        let (mut chroma_format, mut luma_bits, mut chroma_bits) = (1, 8, 8);
        if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            chroma_format = bits.ue()?;
            if chroma_format == 3 {
                bits.skip(1)?; // separate_colour_plane_flag
            }
            luma_bits = bits.ue()?.checked_add(8)?;
            chroma_bits = bits.ue()?.checked_add(8)?;
            bits.skip(1)?; // qpprime_y_zero_transform_bypass_flag
            if bits.flag()? {
                skip_scaling_lists(bits, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        bits.ue()?; // log2_max_frame_num_minus4
        skip_picture_order(bits)?;
        bits.ue()?; // max_num_ref_frames
        bits.skip(1)?; // gaps_in_frame_num_value_allowed_flag
        let width_in_mbs = bits.ue()?.checked_add(1)?;
        let height_in_units = bits.ue()?.checked_add(1)?;
        let progressive = bits.flag()?;
        if !progressive {
            bits.skip(1)?; // mb_adaptive_frame_field_flag
        }
        bits.skip(1)?; // direct_8x8_inference_flag
        let (mut left, mut right, mut top, mut bottom) = (0, 0, 0, 0);
        if bits.flag()? {
            (left, right, top, bottom) = (bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?);
        }
        let fields = if progressive { 1 } else { 2 };
        let unit_x = if matches!(chroma_format, 1 | 2) { 2 } else { 1 };
        let unit_y = fields * if chroma_format == 1 { 2 } else { 1 };
        let crop_x = left.checked_add(right)?.checked_mul(unit_x)?;
        let crop_y = top.checked_add(bottom)?.checked_mul(unit_y)?;
        let width = width_in_mbs.checked_mul(16)?.checked_sub(crop_x)?;
        let height = height_in_units.checked_mul(16 * fields)?.checked_sub(crop_y)?;
        // A broken VUI does not change a single pixel.
        let range = if bits.flag()? { colour_range(bits).unwrap_or_default() } else { ColorRange::Unknown };
        let shifted = left > 0 || top > 0;
        Some(Self {
            profile,
            chroma_format,
            luma_bits,
            chroma_bits,
            progressive,
            macroblocks: (width_in_mbs, height_in_units.checked_mul(fields)?),
            width,
            height,
            shifted,
            range,
        })
    }
}

fn skip_scaling_lists(bits: &mut Bits<'_>, count: usize) -> Option<()> {
    for list in 0..count {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8i32, 8i32);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = last.checked_add(bits.se()?)?.rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

fn skip_picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.ue()? {
        0 => {
            bits.ue()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.skip(1)?; // delta_pic_order_always_zero_flag
            bits.se()?;
            bits.se()?;
            let count = bits.ue()?;
            if count > 255 {
                return None;
            }
            for _ in 0..count {
                bits.se()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// True when this NAL unit starts a B slice (7.3.3). The first bytes of the unit are enough.
pub(super) fn is_b_slice(nal: &[u8]) -> bool {
    let bytes = without_emulation_prevention(nal.get(1..).unwrap_or_default());
    let bits = &mut Bits { bytes: &bytes, at: 0 };
    // first_mb_in_slice, then slice_type
    bits.ue().and_then(|_| bits.ue()).is_some_and(|kind| matches!(kind, 1 | 6))
}

/// The number of a sequence parameter set.
pub(super) fn sps_id(nal: &[u8]) -> Option<u32> {
    numbers(nal, 24).map(|[id, _, _]| id)
}

/// The number of a picture parameter set, and that of the sequence parameter set that it belongs to (7.3.2.2).
pub(super) fn pps_ids(nal: &[u8]) -> Option<(u32, u32)> {
    numbers(nal, 0).map(|[id, belongs, _]| (id, belongs))
}

/// The number of the picture parameter set of a slice.
pub(super) fn slice_pps(nal: &[u8]) -> Option<u32> {
    numbers(nal, 0).map(|[_, _, id]| id)
}

/// Three Exp-Golomb numbers behind the header byte and `skipped` bits; those that are cut off are 0, but not the first.
fn numbers(nal: &[u8], skipped: usize) -> Option<[u32; 3]> {
    // Three numbers have 189 bits at most.
    let start = nal.get(1..nal.len().min(64))?;
    let bytes = without_emulation_prevention(start);
    let bits = &mut Bits { bytes: &bytes, at: 0 };
    bits.skip(skipped)?;
    Some([bits.ue()?, bits.ue().unwrap_or(0), bits.ue().unwrap_or(0)])
}

fn colour_range(bits: &mut Bits<'_>) -> Option<ColorRange> {
    const EXTENDED_SAR: u32 = 255;
    if bits.flag()? && bits.bits(8)? == EXTENDED_SAR {
        bits.skip(32)?;
    }
    if bits.flag()? {
        bits.skip(1)?; // overscan_appropriate_flag
    }
    if !bits.flag()? {
        return Some(ColorRange::Unknown);
    }
    bits.skip(3)?; // video_format
    Some(if bits.flag()? { ColorRange::Full } else { ColorRange::Limited })
}

/// Removes the 3 of every 0 0 3 (7.4.1).
fn without_emulation_prevention(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Bits, most significant first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.at = self.at.checked_add(count).filter(|at| *at <= 8 * self.bytes.len())?;
        Some(())
    }

    /// Unsigned Exp-Golomb.
    fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        (1u32 << zeros).checked_add(self.bits(zeros)?)?.checked_sub(1)
    }

    /// Signed Exp-Golomb.
    fn se(&mut self) -> Option<i32> {
        let code = self.ue()?;
        let magnitude = i32::try_from(code.div_ceil(2)).ok()?;
        Some(if code % 2 == 1 { magnitude } else { -magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes() {
        // 1 | 010 | 011 | 00100 | 00101 -> 0 1 2 3 4, the table in 9.1.
        let bytes = [0b1010_0110, 0b0100_0010, 0b1000_0000];
        let mut bits = Bits { bytes: &bytes, at: 0 };
        assert_eq!([(); 5].map(|()| bits.ue()), [0, 1, 2, 3, 4].map(Some));
        let mut bits = Bits { bytes: &bytes, at: 0 };
        assert_eq!([(); 5].map(|()| bits.se()), [0, 1, -1, 2, -2].map(Some));
        assert_eq!(Bits { bytes: &[0; 9], at: 0 }.ue(), None);
    }

    #[test]
    fn emulation_prevention_bytes_go() {
        assert_eq!(without_emulation_prevention(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3]), [0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(without_emulation_prevention(&[0, 3, 0, 0, 1]), [0, 3, 0, 0, 1]);
    }

    #[test]
    fn slices_of_kind_b() {
        // first_mb ue(0), slice_type ue(1) = 010 and ue(6) = 00111; then P: ue(0), ue(5) = 00110.
        assert!(is_b_slice(&[0x01, 0b1010_0000]) && is_b_slice(&[0x01, 0b1001_1100]));
        assert!(!is_b_slice(&[0x41, 0b1100_0000]) && !is_b_slice(&[0x41, 0b1001_1000]));
        assert!(!is_b_slice(&[]) && !is_b_slice(&[0x01, 0]));
    }

    #[test]
    fn cut_parameter_sets_are_refused() {
        // Baseline, level 1.1, 176x144: written by hand from the syntax table.
        // profile 66, flags 0, level 11, sps_id ue(0), log2_max_frame_num ue(0), poc type ue(2),
        // refs ue(1), gaps 0, width ue(10), height ue(8), frames only 1, direct 1, crop 0, vui 0.
        let nal = [0x67, 66, 0, 11, 0b1101_1010, 0b0000_1011, 0b0001_0011, 0b1001_0000];
        let sps = Sps::parse(&nal).unwrap();
        assert_eq!((sps.width, sps.height, sps.profile), (176, 144, 66));
        assert!(sps.progressive && !sps.shifted && sps.range == ColorRange::Unknown);
        for length in 0..7 {
            assert_eq!(Sps::parse(&nal[..length]), None, "{length} bytes");
        }
    }
}
