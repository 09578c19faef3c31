//! Whether maps of a frame point at what they should.

use crate::numeric::check_finite;
use crate::{Error, Result};

/// The pointing game: how often the largest value of a map falls on the region that it should find, beside what chance and
/// the middle of the frame would reach.
///
/// A map that is constant, or has its largest value at several places, counts with the share of these places that lie in the
/// region, so ties favour nobody.
///
/// ```
/// # fn main() -> dream_eval::Result<()> {
/// use dream_eval::PointingGame;
///
/// let mut game = PointingGame::default();
/// // Two frames of two rows and three columns; the largest value is in the second frame.
/// let map = [0.1, 0.2, 0.0, 0.3, 0.1, 0.0, /* */ 0.0, 0.9, 0.0, 0.1, 0.2, 0.0];
/// let mut region = [false; 12];
/// region[7] = true;
/// game.add(&map, &region, [2, 3])?;
/// assert_eq!((game.len(), game.accuracy()?, game.random()?), (1, 1.0, 1.0 / 12.0));
/// assert_eq!(game.centre()?, 0.25);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// Zhang et al., "Top-Down Neural Attention by Excitation Backprop", IJCV 126, 2018 (without its tolerance of 15 pixels).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PointingGame {
    count: u64,
    hits: f64,
    random: f64,
    centre: f64,
}

impl PointingGame {
    /// Adds the map of a clip, of one frame or of several of the same `[rows, columns]`, row by row and frame by frame. The
    /// largest value of all frames counts. To find what lowers a score, pass the negative of its map.
    ///
    /// # Errors
    ///
    /// [`Error::UnequalLengths`]; [`Error::TooFew`] for a map that is not made of whole frames, and for a region without a
    /// place, which nothing can hit; [`Error::NonFinite`].
    pub fn add(&mut self, map: &[f64], region: &[bool], [rows, columns]: [usize; 2]) -> Result<()> {
        if map.len() != region.len() {
            let lengths = [map.len(), region.len()];
            return Err(Error::UnequalLengths { arguments: ["map", "region"], lengths });
        }
        let frame = rows.saturating_mul(columns);
        if frame == 0 || map.is_empty() || !map.len().is_multiple_of(frame) {
            let needed = map.len().max(1).div_ceil(frame.max(1)).saturating_mul(frame).max(1);
            return Err(Error::TooFew { argument: "map", needed, found: map.len() });
        }
        check_finite("map", map)?;
        let inside = region.iter().filter(|&&inside| inside).count();
        if inside == 0 {
            return Err(Error::TooFew { argument: "region", needed: 1, found: 0 });
        }
        let largest = map.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let tops = || map.iter().zip(region).filter(|(value, _)| **value == largest);
        let hits = tops().filter(|(_, inside)| **inside).count();
        self.count += 1;
        self.hits += hits as f64 / tops().count() as f64;
        self.random += inside as f64 / map.len() as f64;
        // The middle of an even number of rows or columns is shared by two.
        let middle = |side: usize| (side - 1) / 2..side / 2 + 1;
        let cells: Vec<usize> =
            middle(rows).flat_map(|row| middle(columns).map(move |column| row * columns + column)).collect();
        let frames = region.chunks_exact(frame);
        let all = frames.len() * cells.len();
        let found: usize = frames
            .map(|frame| cells.iter().filter(|cell| frame.get(**cell).is_some_and(|inside| *inside)).count())
            .sum();
        self.centre += found as f64 / all as f64;
        Ok(())
    }

    /// Clips that were added.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The share of clips whose largest value lies in the region.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] without a clip.
    pub fn accuracy(&self) -> Result<f64> {
        self.mean(self.hits)
    }

    /// What a random place reaches: the mean share of the region.
    ///
    /// # Errors
    ///
    /// As [`accuracy`](Self::accuracy).
    pub fn random(&self) -> Result<f64> {
        self.mean(self.random)
    }

    /// What the middle of a random frame reaches.
    ///
    /// # Errors
    ///
    /// As [`accuracy`](Self::accuracy).
    pub fn centre(&self) -> Result<f64> {
        self.mean(self.centre)
    }

    fn mean(&self, sum: f64) -> Result<f64> {
        if self.count == 0 {
            return Err(Error::TooFew { argument: "maps", needed: 1, found: 0 });
        }
        Ok(sum / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_ties_and_baselines() {
        let mut game = PointingGame::default();
        // The upper row of 2 x 2 is the region.
        let region = [true, true, false, false];
        game.add(&[0.0, 5.0, 1.0, 2.0], &region, [2, 2]).unwrap();
        assert_eq!(
            (game.accuracy().unwrap(), game.random().unwrap(), game.centre().unwrap()),
            (1.0, 0.5, 0.5)
        );
        game.add(&[0.0, -5.0, 1.0, 2.0], &region, [2, 2]).unwrap();
        assert_eq!(game.accuracy().unwrap(), 0.5);
        // A constant map is as good as chance.
        let mut constant = PointingGame::default();
        constant
            .add(&[7.0; 9], &[true, false, false, false, true, false, false, false, true], [3, 3])
            .unwrap();
        assert_eq!((constant.accuracy().unwrap(), constant.random().unwrap()), (3.0 / 9.0, 3.0 / 9.0));
        assert_eq!(constant.centre().unwrap(), 1.0);
        // Two of the largest, one inside.
        let mut tie = PointingGame::default();
        tie.add(&[3.0, 0.0, 3.0], &[true, false, false], [1, 3]).unwrap();
        assert_eq!((tie.accuracy().unwrap(), tie.centre().unwrap(), tie.len()), (0.5, 0.0, 1));
    }

    #[test]
    fn what_cannot_be_played_is_an_error() {
        let mut game = PointingGame::default();
        assert!(matches!(game.accuracy(), Err(Error::TooFew { .. })) && game.is_empty());
        assert!(matches!(game.add(&[1.0], &[true, false], [1, 1]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(
            game.add(&[1.0; 3], &[true; 3], [1, 2]),
            Err(Error::TooFew { needed: 4, found: 3, .. })
        ));
        assert!(matches!(game.add(&[], &[], [1, 1]), Err(Error::TooFew { .. })));
        assert!(matches!(game.add(&[1.0; 3], &[true; 3], [0, 2]), Err(Error::TooFew { .. })));
        assert!(matches!(
            game.add(&[1.0; 2], &[false; 2], [1, 2]),
            Err(Error::TooFew { argument: "region", .. })
        ));
        assert!(matches!(game.add(&[f64::NAN], &[true], [1, 1]), Err(Error::NonFinite { .. })));
        assert_eq!(game, PointingGame::default());
    }
}
