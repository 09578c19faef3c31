//! Frame rates as exact fractions.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Frames per second as a positive fraction in lowest terms: 30000/1001, not 29.97.
///
/// # Example
/// ```
/// let rate: dream_data::FrameRate = "60000/2002".parse()?;
/// assert_eq!((rate.num(), rate.den()), (30_000, 1_001));
/// assert_eq!("25".parse::<dream_data::FrameRate>()?.to_string(), "25");
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

impl FrameRate {
    /// `num / den` frames per second.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when either is 0.
    pub fn new(num: u32, den: u32) -> Result<Self> {
        Self::from_ratio(u64::from(num), u64::from(den)).ok_or_else(|| Error::InvalidOption {
            option: "frame_rate",
            reason: format!("{num}/{den} is not a positive fraction"),
        })
    }

    pub(crate) const PAL: Self = Self { num: 25, den: 1 };
    const LOWEST: Self = Self { num: 1, den: u32::MAX };

    /// Frames per second, numerator.
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// Frames per second, denominator.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }

    /// Frames per second as a number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// The time of frame `index` of a stream with this constant rate, in seconds.
    pub(crate) fn time_of(self, index: u64) -> f64 {
        index as f64 * f64::from(self.den) / f64::from(self.num)
    }

    /// `n` frames per second; 0 becomes the lowest rate.
    pub(crate) fn whole(n: u64) -> Self {
        Self::from_ratio(n, 1).unwrap_or(Self::LOWEST)
    }

    /// `num / den` of this rate. What is too low for a fraction of 32 bits becomes the lowest rate.
    pub(crate) fn scaled(self, num: u64, den: u64) -> Self {
        let mut num = u128::from(self.num) * u128::from(num);
        let mut den = u128::from(self.den) * u128::from(den);
        loop {
            if let (Ok(num), Ok(den)) = (u64::try_from(num), u64::try_from(den)) {
                return Self::from_ratio(num, den).unwrap_or(Self::LOWEST);
            }
            (num, den) = (num >> 1, den >> 1);
        }
    }

    /// Lowest terms; fractions beyond 32 bits lose their last bits; `None` for 0.
    pub(crate) fn from_ratio(num: u64, den: u64) -> Option<Self> {
        let divisor = gcd(num, den).max(1);
        let (mut num, mut den) = (num / divisor, den / divisor);
        while num.max(den) > u64::from(u32::MAX) {
            num >>= 1;
            den >>= 1;
        }
        let divisor = gcd(num, den).max(1);
        let (num, den) = (u32::try_from(num / divisor).ok()?, u32::try_from(den / divisor).ok()?);
        (num > 0 && den > 0).then_some(Self { num, den })
    }
}

/// Frames per second as a number.
impl From<FrameRate> for f64 {
    fn from(rate: FrameRate) -> Self {
        rate.as_f64()
    }
}

/// From `25`, `12.5` or `30000/1001`. The usual decimals mean the broadcast rates: `23.976` and `23.98` are 24000/1001,
/// `29.97` is 30000/1001, `47.952`, `59.94` and `119.88` likewise.
impl FromStr for FrameRate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let rate = match text.split_once('/') {
            Some((num, den)) => num.parse().ok().zip(den.parse().ok()),
            None => broadcast(text).or_else(|| decimal(text)),
        };
        let rate = rate.and_then(|(num, den): (u32, u32)| Self::from_ratio(num.into(), den.into()));
        rate.ok_or_else(|| {
            let reason =
                format!("`{text}` is no rate; give a number such as 25, or a fraction such as 30000/1001");
            Error::option("frame_rate", reason)
        })
    }
}

/// The broadcast rate that rounds to `text`, which must have at least two decimals.
fn broadcast(text: &str) -> Option<(u32, u32)> {
    let (_, part) = text.split_once('.').filter(|(_, part)| part.len() >= 2)?;
    let rates = [24_000, 30_000, 48_000, 60_000, 120_000].map(|num| (num, 1001));
    rates
        .into_iter()
        .find(|&(num, den)| format!("{:.*}", part.len(), f64::from(num) / f64::from(den)) == text)
}

/// `12.5` as 125 and 10.
fn decimal(text: &str) -> Option<(u32, u32)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let den = 10_u32.checked_pow(part.len().try_into().ok()?)?;
    Some((format!("{whole}{part}").parse().ok()?, den))
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_reduced() {
        let ntsc = FrameRate::new(60_000, 2_002).unwrap();
        assert_eq!((ntsc.num(), ntsc.den(), ntsc.to_string().as_str()), (30_000, 1_001, "30000/1001"));
        assert_eq!(FrameRate::new(50, 2).unwrap().to_string(), "25");
        assert!((ntsc.as_f64() - 29.970_029_970_029_97).abs() < 1e-12);
        assert!((ntsc.time_of(30_000) - 1001.0).abs() < 1e-9);
        assert!(FrameRate::new(0, 1).is_err() && FrameRate::new(1, 0).is_err());
        let long = FrameRate::from_ratio(u64::MAX, u64::MAX / 25).unwrap();
        assert!((long.as_f64() - 25.0).abs() < 1e-6, "{long}");
        assert_eq!(FrameRate::from_ratio(u64::MAX, 1), None);
    }

    #[test]
    fn a_share_of_a_rate_is_exact_where_it_fits() {
        let ntsc = FrameRate::new(30_000, 1001).unwrap();
        assert_eq!(ntsc.scaled(1, 6).to_string(), "5000/1001");
        assert_eq!(ntsc.scaled(1001, 30_000), FrameRate::whole(1));
        let long = ntsc.scaled(u64::MAX / 5, u64::MAX / 2);
        assert!((long.as_f64() - 0.4 * ntsc.as_f64()).abs() < 1e-6, "{long}");
        assert_eq!(ntsc.scaled(1, u64::MAX), FrameRate::LOWEST);
    }

    #[test]
    fn rates_are_read_from_text() {
        for (text, num, den) in [
            ("25", 25, 1),
            ("30000/1001", 30_000, 1001),
            ("50/2", 25, 1),
            ("23.976", 24_000, 1001),
            ("23.98", 24_000, 1001),
            ("29.97", 30_000, 1001),
            ("29.970", 30_000, 1001),
            ("29.97003", 30_000, 1001),
            ("59.94", 60_000, 1001),
            ("119.88", 120_000, 1001),
            ("29.98", 1499, 50),
            ("30.0", 30, 1),
            ("48.00", 48, 1),
            ("12.50", 25, 2),
            ("0.5", 1, 2),
        ] {
            let rate: FrameRate = text.parse().unwrap();
            assert_eq!((rate.num(), rate.den()), (num, den), "{text}");
            assert_eq!(rate.to_string().parse::<FrameRate>().unwrap(), rate);
        }
        for text in [
            "",
            "0",
            "25/0",
            "0/1",
            "-25",
            "1/-2",
            "NaN",
            "1e3",
            "25fps",
            ".",
            "1.2.3",
            "1/2/3",
            "5000000000",
        ] {
            let error = text.parse::<FrameRate>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}` is no rate")), "{error}");
        }
    }
}
