//! Rules for equal values.

/// How values that differ only by rounding are ordered.
///
/// On 8-bit video, exact ties between key points and between block costs are common. The winner then depends on the
/// last bit, that is, on the order of the sums. This can change features by tens of percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Ties {
    /// Corner responses and block costs are rounded to multiples of 2⁻³⁶, the distances of frame picking to multiples
    /// of 2⁻³⁰, before they are compared. The first of equal values wins.
    #[default]
    Canonical,
    /// Values are compared as they are, as in the original code.
    Plain,
}

impl Ties {
    /// As a recipe says it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Canonical => "canonical",
            Self::Plain => "plain",
        }
    }

    /// A corner response or a block cost, not negative.
    #[inline(always)]
    pub(crate) fn response(self, value: f64) -> f64 {
        const STEPS: f64 = (1u64 << 36) as f64;
        match self {
            Self::Canonical => (value * STEPS + 0.5).floor() * (1.0 / STEPS),
            Self::Plain => value,
        }
    }

    /// A distance of frame picking, not negative.
    pub(crate) fn distance(self, value: f64) -> f64 {
        const STEPS: f64 = (1u64 << 30) as f64;
        match self {
            Self::Canonical => (value * STEPS + 0.5).floor() * (1.0 / STEPS),
            Self::Plain => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_the_last_bit_become_equal() {
        let a: f64 = 0.1 + 0.2;
        assert!(a != 0.3);
        assert_eq!(Ties::Canonical.response(a), Ties::Canonical.response(0.3));
        assert_eq!(Ties::Canonical.distance(a), Ties::Canonical.distance(0.3));
        assert_eq!((Ties::Plain.response(a), Ties::Plain.distance(a)), (a, a));
        let step = 1.0 / (1u64 << 36) as f64;
        assert_eq!(Ties::Canonical.response(2.5 * step), 3.0 * step, "half away from zero");
        assert_eq!(Ties::Canonical.response(2.4 * step), 2.0 * step);
    }
}
