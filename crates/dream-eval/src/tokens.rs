//! Which tokens move a score most, over many sentences.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// How often a token occurs, and how often it is among those that move the score most and least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TokenCount {
    /// Occurrences in the top share of their sentence.
    pub top: u64,
    /// Occurrences in the bottom share of their sentence.
    pub bottom: u64,
    /// All occurrences.
    pub all: u64,
}

/// The end of a sentence's ranking that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// The tokens with the most impact.
    Top,
    /// Those with the least.
    Bottom,
}

impl TokenCount {
    /// Occurrences on one side.
    #[must_use]
    pub fn on(&self, side: Side) -> u64 {
        match side {
            Side::Top => self.top,
            Side::Bottom => self.bottom,
        }
    }

    /// Share of the occurrences that are on one side, from 0 to 1.
    #[must_use]
    pub fn probability(&self, side: Side) -> f64 {
        if self.all == 0 { 0.0 } else { self.on(side) as f64 / self.all as f64 }
    }
}

/// Counts of tokens over sentences whose tokens were ranked by their impact (the paper's Figure 12).
///
/// A count is high for tokens that are common; a probability is high for tokens that matter wherever they stand. Both
/// are listed, the second for tokens that occur often enough.
///
/// ```
/// use dream_eval::{Side, TokenCounts};
///
/// # fn main() -> dream_eval::Result<()> {
/// let mut counts = TokenCounts::default();
/// // The positions of the tokens with the most and the least impact.
/// counts.add(&["the", "mouth", "is", "blurry"], &[3], &[0])?;
/// counts.add(&["the", "eyes", "are", "fine"], &[1], &[2])?;
/// assert_eq!(counts.likeliest(Side::Bottom, 1, 2), [("the", counts.get("the").unwrap())]);
/// assert_eq!(counts.get("the").unwrap().probability(Side::Bottom), 0.5);
/// assert_eq!(counts.commonest(Side::Top, 30).len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TokenCounts {
    tokens: BTreeMap<String, TokenCount>,
}

impl TokenCounts {
    /// How many tokens the paper shows.
    pub const PAPER_TOKENS: usize = 30;

    /// Adds a sentence. `top` and `bottom` are positions in `tokens`; a short sentence may have one in both.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a position that no token has; nothing is counted then.
    pub fn add(&mut self, tokens: &[&str], top: &[usize], bottom: &[usize]) -> Result<()> {
        for (argument, places) in [("top", top), ("bottom", bottom)] {
            if let Some(place) = places.iter().find(|place| **place >= tokens.len()) {
                let range = "the position of a token";
                return Err(Error::OutOfRange { argument, value: *place as f64, range });
            }
        }
        for (place, token) in tokens.iter().enumerate() {
            let count = match self.tokens.get_mut(*token) {
                Some(count) => count,
                None => self.tokens.entry((*token).to_owned()).or_default(),
            };
            count.all += 1;
            count.top += u64::from(top.contains(&place));
            count.bottom += u64::from(bottom.contains(&place));
        }
        Ok(())
    }

    /// The counts of a token.
    #[must_use]
    pub fn get(&self, token: &str) -> Option<TokenCount> {
        self.tokens.get(token).copied()
    }

    /// All tokens with their counts, in the order of their letters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, TokenCount)> {
        self.tokens.iter().map(|(token, count)| (token.as_str(), *count))
    }

    /// The `most` tokens that are most often on a side, of equally frequent ones the rarer first, then in the order of
    /// their letters.
    #[must_use]
    pub fn commonest(&self, side: Side, most: usize) -> Vec<(&str, TokenCount)> {
        let mut found: Vec<_> = self.iter().filter(|(_, count)| count.on(side) > 0).collect();
        found.sort_by_key(|(_, count)| (u64::MAX - count.on(side), count.all));
        found.truncate(most);
        found
    }

    /// The `most` tokens that are most probably on a side, among those that occur `least` times at least; of equally
    /// probable ones the commoner first, then in the order of their letters.
    #[must_use]
    pub fn likeliest(&self, side: Side, most: usize, least: u64) -> Vec<(&str, TokenCount)> {
        let often = |count: &TokenCount| count.on(side) > 0 && count.all >= least;
        let mut found: Vec<_> = self.iter().filter(|(_, count)| often(count)).collect();
        found.sort_by(|(_, a), (_, b)| {
            b.probability(side).total_cmp(&a.probability(side)).then(b.all.cmp(&a.all))
        });
        found.truncate(most);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> TokenCounts {
        let mut counts = TokenCounts::default();
        for _ in 0..3 {
            counts.add(&["a", "b", "c", "a"], &[0], &[1]).unwrap();
        }
        counts.add(&["b", "d"], &[1], &[0]).unwrap();
        counts
    }

    #[test]
    fn occurrences_are_counted_one_by_one() {
        let counts = counted();
        let of = |token| counts.get(token).map(|TokenCount { top, bottom, all }| [top, bottom, all]);
        assert_eq!(of("a"), Some([3, 0, 6]));
        assert_eq!(of("b"), Some([0, 4, 4]));
        assert_eq!(of("d"), Some([1, 0, 1]));
        assert_eq!(of("e"), None);
        assert_eq!(counts.get("a").unwrap().probability(Side::Top), 0.5);
        assert_eq!(TokenCount::default().probability(Side::Top), 0.0);
    }

    #[test]
    fn lists_by_count_and_by_probability() {
        let counts = counted();
        let names = |found: Vec<(&str, TokenCount)>| {
            found.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(counts.commonest(Side::Top, 9)), ["a", "d"]);
        assert_eq!(names(counts.commonest(Side::Top, 1)), ["a"]);
        assert_eq!(names(counts.likeliest(Side::Top, 9, 1)), ["d", "a"]);
        assert_eq!(names(counts.likeliest(Side::Top, 9, 2)), ["a"]);
        assert_eq!(names(counts.likeliest(Side::Bottom, 9, 1)), ["b"]);
    }

    #[test]
    fn a_position_without_token_counts_nothing() {
        let mut counts = TokenCounts::default();
        assert!(matches!(counts.add(&["a"], &[0], &[1]), Err(Error::OutOfRange { argument: "bottom", .. })));
        assert_eq!(counts, TokenCounts::default());
    }
}
