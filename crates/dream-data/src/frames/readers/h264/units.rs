//! From stored samples to the byte stream that the decoder takes: NAL units, their kinds, and what must agree in them.

use super::fault::Fault;
use super::sets::ParameterSets;
use super::sps::{IDR, PPS, SLICE, SPS, Sps, kind};
use crate::frames::color_range::ColorRange;

const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// The levels that OpenH264 knows, the highest one last.
const LEVELS: [u8; 17] = [9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52];
/// The largest picture of that level, in macroblocks. OpenH264 refuses larger ones.
const MOST_MACROBLOCKS: u64 = 36_864;

/// What a sample holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// At least one slice: the decoder owes a picture.
    pub(super) picture: bool,
    /// It starts anew with another sequence parameter set: everything before it is shown before it.
    pub(super) new_parameters: bool,
}

/// Converts samples. The output buffer is reused.
#[derive(Debug)]
pub(super) struct Converter {
    /// What the file was opened with.
    expected: Sps,
    length_size: usize,
    sets: ParameterSets,
    pub(super) out: Vec<u8>,
}

impl Converter {
    pub(super) fn new(expected: Sps, length_size: usize) -> Self {
        Self { expected, length_size, sets: ParameterSets::default(), out: Vec::new() }
    }

    /// Replaces the length in front of every NAL unit by a start code (ISO/IEC 14496-15, 5.2.3), behind `front`, whole
    /// units. Only slices and parameter sets pass: the rest is not needed for the pictures of the base layer, and some
    /// of it stops OpenH264 (prefix units, and the slices of other layers and views).
    pub(super) fn convert<'a>(
        &mut self,
        front: impl Iterator<Item = &'a [u8]>,
        stored: &[u8],
    ) -> Result<Content, Fault> {
        self.out.clear();
        let mut content = Content::default();
        for unit in front {
            self.take(unit, &mut content)?;
        }
        let mut rest = stored;
        while !rest.is_empty() {
            let unit = rest.split_at_checked(self.length_size).and_then(|(length, tail)| {
                let length = length.iter().fold(0usize, |value, &byte| value << 8 | usize::from(byte));
                tail.split_at_checked(length)
            });
            let (unit, tail) = unit.ok_or_else(|| Fault::bad("a NAL unit reaches beyond its frame"))?;
            self.take(unit, &mut content)?;
            rest = tail;
        }
        Ok(content)
    }

    /// Puts all parameter sets in front of the sample, for a decoder that knows none.
    pub(super) fn introduce(&mut self) {
        let sample = std::mem::take(&mut self.out);
        for set in self.sets.all() {
            push(&mut self.out, set);
        }
        self.out.extend(sample);
    }

    fn take(&mut self, unit: &[u8], content: &mut Content) -> Result<(), Fault> {
        match kind(unit) {
            SLICE => content.picture = true,
            IDR => {
                content.picture = true;
                if let Some((sps, another)) = self.sets.activate(unit) {
                    content.new_parameters |= another;
                    agree(&check(sps)?, &self.expected)?;
                }
            }
            2..=4 => return Err(Fault::Unsupported("H.264 with partitioned slices".to_owned())),
            SPS => {
                check(unit)?;
                self.sets.insert(unit)?;
            }
            PPS => self.sets.insert(unit)?,
            _ => return Ok(()),
        }
        push(&mut self.out, unit);
        Ok(())
    }
}

fn push(out: &mut Vec<u8>, unit: &[u8]) {
    out.extend_from_slice(&START_CODE);
    let start = out.len();
    out.extend_from_slice(unit);
    // A level only bounds what a stream asks of its decoder. OpenH264 refuses those that it does not know.
    if kind(unit) == SPS
        && let Some(level) = out.get_mut(start + 3)
        && let [.., highest] = LEVELS
        && !LEVELS.contains(level)
    {
        *level = highest;
    }
}

/// Pictures of another size or range cannot follow.
fn agree(found: &Sps, expected: &Sps) -> Result<(), Fault> {
    if (found.width, found.height) != (expected.width, expected.height) {
        return Err(Fault::SizeChanged((found.width, found.height)));
    }
    if (found.range == ColorRange::Full) != (expected.range == ColorRange::Full) {
        return Err(Fault::Unsupported("H.264 that changes its range".to_owned()));
    }
    Ok(())
}

/// Reads a sequence parameter set, if OpenH264 can decode such a stream.
pub(super) fn check(unit: &[u8]) -> Result<Sps, Fault> {
    let unsupported = |what: String| Err(Fault::Unsupported(what));
    let sps = Sps::parse(unit).ok_or_else(|| Fault::bad("a sequence parameter set is broken"))?;
    if sps.chroma_format != 1 {
        let name = ["luma-only", "4:2:0", "4:2:2", "4:4:4"];
        let name = usize::try_from(sps.chroma_format).ok().and_then(|format| name.get(format).copied());
        return unsupported(format!("{} H.264", name.unwrap_or("chroma format")));
    }
    if (sps.luma_bits, sps.chroma_bits) != (8, 8) {
        return unsupported(format!("{}-bit H.264", sps.luma_bits.max(sps.chroma_bits)));
    }
    if !sps.progressive {
        return unsupported("interlaced H.264".to_owned());
    }
    if !matches!(sps.profile, 66 | 77 | 100) {
        return unsupported(format!("H.264 profile {}", sps.profile));
    }
    let (columns, rows) = (u64::from(sps.macroblocks.0), u64::from(sps.macroblocks.1));
    let longest = columns.max(rows);
    if columns * rows > MOST_MACROBLOCKS || longest * longest > 8 * MOST_MACROBLOCKS {
        return unsupported(format!("H.264 of {}x{}", sps.width, sps.height));
    }
    Ok(sps)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS_UNIT: [u8; 8] = [0x67, 66, 0, 11, 0b1101_1010, 0b0000_1011, 0b0001_0011, 0b1001_0000];
    /// Numbers 0 and 0, and a slice that uses it.
    const PPS_UNIT: [u8; 2] = [0x68, 0b1100_0000];
    const IDR_UNIT: [u8; 3] = [0x65, 0b1000_1000, 0b1000_0000];

    fn converter(length_size: usize) -> Converter {
        Converter::new(Sps::parse(&SPS_UNIT).unwrap(), length_size)
    }

    fn converted(stored: &[u8], length_size: usize) -> Result<(Vec<u8>, Content), Fault> {
        let mut converter = converter(length_size);
        let content = converter.convert(std::iter::empty(), stored)?;
        Ok((converter.out, content))
    }

    fn with_length(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&[u8::try_from(unit.len()).unwrap()], *unit].concat()).collect()
    }

    #[test]
    fn lengths_of_every_size_become_start_codes() {
        let expected = [0, 0, 0, 1, 0x65, 7, 8, 0, 0, 0, 1, 0x41];
        assert_eq!(converted(&[3, 0x65, 7, 8, 1, 0x41], 1).unwrap().0, expected);
        assert_eq!(converted(&[0, 3, 0x65, 7, 8, 0, 1, 0x41], 2).unwrap().0, expected);
        assert_eq!(converted(&[0, 0, 0, 3, 0x65, 7, 8, 0, 0, 0, 1, 0x41], 4).unwrap().0, expected);
        // An empty unit leaves nothing.
        assert_eq!(converted(&[0, 1, 0x41], 1).unwrap().0, [0, 0, 0, 1, 0x41]);
    }

    #[test]
    fn only_slices_and_parameter_sets_pass() {
        let others: Vec<Vec<u8>> = (0..32u8)
            .filter(|kind| !matches!(kind, 1..=5 | 7 | 8))
            .map(|kind| vec![0x60 | kind, 9])
            .collect();
        let mut units: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
        units.insert(5, &[0x41, 1]);
        units.push(&PPS_UNIT);
        let (out, content) = converted(&with_length(&units), 1).unwrap();
        assert_eq!(out, [0, 0, 0, 1, 0x41, 1, 0, 0, 0, 1, 0x68, 0b1100_0000]);
        assert_eq!(content, Content { picture: true, ..Content::default() });
        assert_eq!(converted(&with_length(&[&[0x06, 1]]), 1).unwrap(), (Vec::new(), Content::default()));
        assert!(matches!(converted(&with_length(&[&[0x42, 1]]), 1), Err(Fault::Unsupported(_))));
    }

    #[test]
    fn units_beyond_their_frame_are_refused() {
        assert!(converted(&[4, 0x65, 7, 8], 1).is_err());
        assert!(converted(&[0, 0, 1], 4).is_err());
        assert!(converted(&[0xff, 0xff, 0xff, 0xff, 0x65], 4).is_err());
    }

    #[test]
    fn another_size_in_use_is_refused() {
        let mut other = SPS_UNIT;
        other[5] ^= 0b0000_0010; // another width
        let width = Sps::parse(&other).unwrap().width;
        assert_ne!(width, 176);
        // Nobody uses it.
        assert!(converted(&with_length(&[&other, &SPS_UNIT, &PPS_UNIT, &IDR_UNIT]), 1).is_ok());
        let found = converted(&with_length(&[&other, &PPS_UNIT, &IDR_UNIT]), 1);
        assert!(matches!(found, Err(Fault::SizeChanged((found, 144))) if found == width), "{found:?}");
    }

    #[test]
    fn new_parameters_are_noticed_and_all_are_introduced_to_a_new_decoder() {
        let mut other = SPS_UNIT;
        other[3] = 12; // another level
        let mut converter = converter(1);
        let mut seen = |units: &[&[u8]]| converter.convert(std::iter::empty(), &with_length(units)).unwrap();
        let content = |new_parameters| Content { picture: true, new_parameters };
        assert_eq!(seen(&[&SPS_UNIT, &PPS_UNIT, &IDR_UNIT]), content(false));
        assert_eq!(seen(&[&SPS_UNIT, &PPS_UNIT, &IDR_UNIT]), content(false));
        assert_eq!(seen(&[&other, &IDR_UNIT]), content(true));
        assert_eq!(seen(&[&other, &[0x41, 1]]), content(false));
        assert_eq!(seen(&[&IDR_UNIT]), content(false));
        converter.introduce();
        let start = [0, 0, 0, 1];
        let expected = [&start, &other[..], &start, &PPS_UNIT, &start, &IDR_UNIT].concat();
        assert_eq!(converter.out, expected);
    }

    #[test]
    fn levels_that_the_decoder_does_not_know_become_the_highest() {
        for (stated, given) in [(11, 11), (52, 52), (60, 52), (62, 52), (255, 52), (14, 52)] {
            let mut unit = SPS_UNIT;
            unit[3] = stated;
            assert_eq!(converted(&with_length(&[&unit]), 1).unwrap().0[7], given, "{stated}");
        }
    }

    #[test]
    fn what_the_decoder_cannot_take_is_named() {
        let of = |profile: u8, bits: &str| {
            let bits: Vec<char> = bits.chars().filter(|bit| *bit != ' ').collect();
            let bytes = bits.chunks(8).map(|byte| {
                byte.iter().enumerate().fold(0, |sum, (i, bit)| sum | u8::from(*bit == '1') << (7 - i))
            });
            match check(&[0x67, profile, 0, 40].into_iter().chain(bytes).collect::<Vec<u8>>()) {
                Err(Fault::Unsupported(what)) => what,
                other => format!("{other:?}"),
            }
        };
        // sps_id, log2_max_frame_num, poc type, references, gaps, width, height, frames only, direct, crop, VUI.
        assert_eq!(of(88, "1 1 011 010 0 00001 1001 0001001 1 1 0 0"), "H.264 profile 88");
        assert_eq!(of(66, "1 1 011 010 0 0001011 0001001 0 1 1 0 0"), "interlaced H.264");
        let large = "1 1 011 010 0 000000000 1000000000 00000000 100100000 1 1 0 0";
        assert_eq!(of(66, large), "H.264 of 8192x4608");
        let long = "1 1 011 010 0 000000000 1000100000 1 1 1 0 0";
        assert_eq!(of(66, long), "H.264 of 8704x16");
    }
}
