//! What is fitted, and the sums for it.

use crate::math::ln;
use crate::nss::GgdMoments;

/// What the differences are taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Quantity {
    /// `ln(|MSCN| + 0.1)`, as in HIGRADE.
    #[default]
    LogMagnitude,
    /// The MSCN coefficients themselves.
    Mscn,
}

impl Quantity {
    #[inline(always)]
    pub(super) fn of(self, mscn: f64) -> f64 {
        match self {
            Self::LogMagnitude => ln(mscn.abs() + 0.1),
            Self::Mscn => mscn,
        }
    }
}

/// Which fits are made beside that of the coefficients; the others are as of no values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Of the differences with the left neighbour.
    pub(crate) left: bool,
    /// Of those with the upper and the upper left neighbour.
    pub(crate) upper: bool,
    /// Of those with the lower left neighbour, and of the cross difference.
    pub(crate) cross: bool,
    /// Of either filtered map.
    pub(crate) filtered: [bool; 2],
}

impl Wanted {
    pub(crate) const ALL: Self = Self { left: true, upper: true, cross: true, filtered: [true; 2] };
}

/// Sums around the means.
#[derive(Debug, Default)]
pub(super) struct Moments {
    pub(super) mscn: GgdMoments,
    pub(super) differences: [GgdMoments; 4],
    pub(super) cross: GgdMoments,
    pub(super) filtered: [GgdMoments; 2],
}
