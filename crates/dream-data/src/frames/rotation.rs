//! Rotations by right angles that a file requests from a player.

/// The clockwise rotation that makes a stored frame upright.
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
    /// The file requests something else: a mirror image, a shear or another angle. It is reported and never applied.
    Other,
}

impl Rotation {
    /// Degrees clockwise; `None` for [`Rotation::Other`].
    #[must_use]
    pub const fn degrees(self) -> Option<u16> {
        match self {
            Self::None => Some(0),
            Self::Quarter => Some(90),
            Self::Half => Some(180),
            Self::ThreeQuarter => Some(270),
            Self::Other => None,
        }
    }

    /// True if the rotation swaps width and height.
    #[must_use]
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarter)
    }

    /// From the upper left four numbers of a display matrix (ISO/IEC 14496-12, 8.3.2). Scaling is ignored.
    #[cfg(any(feature = "h264", feature = "ffmpeg", test))]
    pub(crate) fn from_matrix(a: i32, b: i32, c: i32, d: i32) -> Self {
        match (a.signum(), b.signum(), c.signum(), d.signum()) {
            (1, 0, 0, 1) => Self::None,
            (0, 1, -1, 0) => Self::Quarter,
            (-1, 0, 0, -1) => Self::Half,
            (0, -1, 1, 0) => Self::ThreeQuarter,
            _ => Self::Other,
        }
    }
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
        for mirror in
            [(-one, 0, 0, one), (one, 0, 0, -one), (0, one, one, 0), (0, 0, 0, 0), (one, 1, -1, one)]
        {
            assert_eq!(Rotation::from_matrix(mirror.0, mirror.1, mirror.2, mirror.3), Rotation::Other);
        }
    }
}
