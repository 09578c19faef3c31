//! The right angles and mirror images that files ask a player for.

use std::fmt;

/// What brings a stored frame upright: a turn by right angles, a mirror image, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Rotation {
    /// Shown as stored.
    #[default]
    None,
    /// 90 degrees clockwise.
    Quarter,
    /// 180 degrees.
    Half,
    /// 270 degrees clockwise, which is 90 degrees counter-clockwise.
    ThreeQuarter,
    /// Left and right change places.
    FlipHorizontal,
    /// Top and bottom change places.
    FlipVertical,
    /// Rows become columns: mirrored at the diagonal from the upper left to the lower right.
    Transpose,
    /// Mirrored at the diagonal from the upper right to the lower left.
    Transverse,
    /// The file asks for something else, such as a slant or an angle in between. It is reported and never applied.
    Other,
}

impl Rotation {
    /// Degrees clockwise; `None` for mirror images and [`Rotation::Other`].
    #[must_use]
    pub const fn degrees(self) -> Option<u16> {
        match self {
            Self::None => Some(0),
            Self::Quarter => Some(90),
            Self::Half => Some(180),
            Self::ThreeQuarter => Some(270),
            _ => None,
        }
    }

    /// True when width and height change places.
    #[must_use]
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarter | Self::Transpose | Self::Transverse)
    }

    /// From the upper left four numbers of a display matrix (ISO/IEC 14496-12, 8.3.2). Scaling does not turn.
    pub(crate) fn from_matrix(a: i32, b: i32, c: i32, d: i32) -> Self {
        match (a.signum(), b.signum(), c.signum(), d.signum()) {
            (1, 0, 0, 1) => Self::None,
            (0, 1, -1, 0) => Self::Quarter,
            (-1, 0, 0, -1) => Self::Half,
            (0, -1, 1, 0) => Self::ThreeQuarter,
            (-1, 0, 0, 1) => Self::FlipHorizontal,
            (1, 0, 0, -1) => Self::FlipVertical,
            (0, 1, 1, 0) => Self::Transpose,
            (0, -1, -1, 0) => Self::Transverse,
            _ => Self::Other,
        }
    }

    /// From Exif data, with or without its heading: tag 274 of the first directory (Exif 2.32, 4.6.4). Data without
    /// it, or with another value than 1 to 8, means upright.
    pub(crate) fn from_exif(exif: &[u8]) -> Self {
        match exif_orientation(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)) {
            Some(2) => Self::FlipHorizontal,
            Some(3) => Self::Half,
            Some(4) => Self::FlipVertical,
            Some(5) => Self::Transpose,
            Some(6) => Self::Quarter,
            Some(7) => Self::Transverse,
            Some(8) => Self::ThreeQuarter,
            _ => Self::None,
        }
    }
}

/// What was done to the frames, as the end of "the frames were ...".
impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "left as stored",
            Self::Quarter => "turned by 90 degrees clockwise",
            Self::Half => "turned by 180 degrees",
            Self::ThreeQuarter => "turned by 90 degrees counter-clockwise",
            Self::FlipHorizontal => "mirrored left to right",
            Self::FlipVertical => "mirrored top to bottom",
            Self::Transpose => "mirrored at the diagonal from the upper left",
            Self::Transverse => "mirrored at the diagonal from the upper right",
            Self::Other => "not brought upright",
        })
    }
}

/// The entry of a TIFF directory that holds the orientation: a tag, a type, a count, and the value itself.
fn exif_orientation(tiff: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 274;
    const SHORT: u16 = 3;
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let two = |at: usize| -> Option<u16> {
        let bytes = tiff.get(at..)?.first_chunk().copied()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let four = tiff.get(4..)?.first_chunk().copied()?;
    let start = if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) };
    let start = usize::try_from(start).ok()?;
    let entries = (0..usize::from(two(start)?)).map(|entry| start.checked_add(2 + 12 * entry));
    for at in entries {
        let at = at?;
        if two(at)? == ORIENTATION && two(at.checked_add(2)?)? == SHORT {
            return two(at.checked_add(8)?);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_right_angles_or_other() {
        let one = 65_536;
        assert_eq!(Rotation::from_matrix(one, 0, 0, one), Rotation::None);
        assert_eq!(Rotation::from_matrix(2 * one, 0, 0, one), Rotation::None);
        assert_eq!(Rotation::from_matrix(0, one, -one, 0), Rotation::Quarter);
        assert_eq!(Rotation::from_matrix(-one, 0, 0, -one), Rotation::Half);
        assert_eq!(Rotation::from_matrix(0, -one, one, 0), Rotation::ThreeQuarter);
        assert_eq!(Rotation::from_matrix(-one, 0, 0, one), Rotation::FlipHorizontal);
        assert_eq!(Rotation::from_matrix(one, 0, 0, -one), Rotation::FlipVertical);
        assert_eq!(Rotation::from_matrix(0, one, one, 0), Rotation::Transpose);
        assert_eq!(Rotation::from_matrix(0, -one, -one, 0), Rotation::Transverse);
        for slant in [(0, 0, 0, 0), (one, 1, -1, one), (one, one, -one, one)] {
            assert_eq!(Rotation::from_matrix(slant.0, slant.1, slant.2, slant.3), Rotation::Other);
        }
    }

    #[test]
    fn exif_is_read_in_both_byte_orders_and_nothing_else_turns() {
        let little = |value: u8| {
            let mut tiff = b"II*\0\x08\0\0\0\x02\0\x00\x01\x03\0\x01\0\0\0\x07\0\0\0".to_vec();
            tiff.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, value, 0, 0, 0]);
            tiff
        };
        let all = [
            Rotation::None,
            Rotation::FlipHorizontal,
            Rotation::Half,
            Rotation::FlipVertical,
            Rotation::Transpose,
            Rotation::Quarter,
            Rotation::Transverse,
            Rotation::ThreeQuarter,
        ];
        for (value, expected) in (1..).zip(all) {
            assert_eq!(Rotation::from_exif(&little(value)), expected);
            assert_eq!(Rotation::from_exif(&[b"Exif\0\0".to_vec(), little(value)].concat()), expected);
        }
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        assert_eq!(Rotation::from_exif(big), Rotation::Quarter);
        for value in [0, 9, 255] {
            assert_eq!(Rotation::from_exif(&little(value)), Rotation::None);
        }
        let whole = little(6);
        for length in 0..whole.len() - 3 {
            assert_eq!(Rotation::from_exif(&whole[..length]), Rotation::None, "{length}");
        }
        assert_eq!(Rotation::from_exif(b"II*\0\xff\xff\xff\xff\x01\0"), Rotation::None);
    }
}
