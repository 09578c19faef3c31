//! The fitted quantity, and its sums.

use crate::math::ln;
use crate::nss::GgdMoments;

/// The quantity whose differences are taken.
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

/// Which fits are computed besides that of the coefficients. The others are fits of no values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Fit of the differences with the left neighbour.
    pub(crate) left: bool,
    /// Fits of the differences with the upper and the upper left neighbour.
    pub(crate) upper: bool,
    /// Fits of the differences with the lower left neighbour, and of the cross difference.
    pub(crate) cross: bool,
    /// Fit of each filtered map.
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
