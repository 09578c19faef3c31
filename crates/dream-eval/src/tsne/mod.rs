//! Maps of many dimensions on a plane.

mod affinity;
mod descent;

use crate::numeric::{check_finite, scaled, unit_scale};
use crate::random::Random;
use crate::special::normal_quantile;
use crate::{Error, Result};

use descent::{Descent, Gradient};

/// Draws rows on a plane, so that those which are close to each other stay close: t-SNE, exact.
///
/// How probable rows are as each other's neighbours is fixed by the perplexity; the points on the plane are moved until
/// their own probabilities, by Student's t distribution, diverge least. Distances between groups and sizes of groups mean
/// little; who is with whom does. Time and memory are quadratic in the rows: about two seconds for 1,000 rows and a
/// minute for [`MOST_ROWS`](Self::MOST_ROWS), which take 100 MB.
///
/// The same rows and the same seed give the same bytes everywhere: nothing here runs in parallel, and exponentials come
/// from `libm`. Equal rows are allowed, even if all are equal: their points lie as they were drawn, or spread evenly.
///
/// ```
/// use dream_eval::Tsne;
///
/// # fn main() -> dream_eval::Result<()> {
/// // Two groups of six rows, ten apart.
/// let rows: Vec<f64> = (0..12).flat_map(|i| [f64::from(i / 6) * 10.0, f64::from(i % 6) * 0.1]).collect();
/// let map = Tsne { perplexity: 3.0, iterations: 400, ..Tsne::default() }.embed(&rows, 2)?;
/// let apart = |a: usize, b: usize| {
///     let ([x, y], [u, v]) = (map.points[a], map.points[b]);
///     (x - u).hypot(y - v)
/// };
/// assert!(apart(0, 5) < apart(0, 6) && apart(6, 11) < apart(5, 6));
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", Journal of Machine Learning Research 9, 2008, with
/// the gains of its reference implementation. The learning rate follows the number of rows, after A. C. Belkina et al.,
/// "Automated optimized parameters for t-distributed stochastic neighbor embedding", Nature Communications 10, 2019.
/// Affinities agree with scikit-learn's within its tolerance (3.5e-8 on 60 rows), with a bisection in NumPy to 4e-13;
/// over six seeds both end at the same divergences (0.106 to 0.131 here, 0.108 to 0.122 there).
#[doc(alias("t-SNE", "tsne", "embedding", "dimensionality reduction"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tsne {
    /// How many neighbours a row has, roughly; at least 1 and below the number of rows.
    pub perplexity: f64,
    /// Steps.
    pub iterations: usize,
    /// How much stronger neighbours attract each other in the first steps.
    pub exaggeration: f64,
    /// How many of the steps these are.
    pub exaggerated: usize,
    /// Length of a step; `None` for the number of rows over four times the exaggeration, at least 50.
    pub learning_rate: Option<f64>,
    /// Of the first points.
    pub seed: u64,
}

impl Default for Tsne {
    fn default() -> Self {
        Self {
            perplexity: 30.0,
            iterations: 1000,
            exaggeration: 12.0,
            exaggerated: 250,
            learning_rate: None,
            seed: 0,
        }
    }
}

/// Points on a plane.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PlaneMap {
    /// A point for each row, around the origin.
    pub points: Vec<[f64; 2]>,
    /// Kullback-Leibler divergence of the points' probabilities from those of the rows: what was minimised.
    pub divergence: f64,
}

/// Deviation of the first points.
const SPREAD: f64 = 1e-4;

impl Tsne {
    /// Most rows that are drawn: memory is quadratic in them.
    pub const MOST_ROWS: usize = 5000;

    /// Draws rows of `dim` numbers each, one row after the other in `rows`.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] below two rows or for `dim` 0, [`Error::TooMany`] above [`MOST_ROWS`](Self::MOST_ROWS),
    /// [`Error::UnequalLengths`] for a row that is not whole, [`Error::NonFinite`], [`Error::OutOfRange`] for a setting,
    /// [`Error::Undefined`] where the learning rate is so large that the points fly apart.
    pub fn embed(&self, rows: &[f64], dim: usize) -> Result<PlaneMap> {
        let affinities = self.affinities(rows, dim)?;
        let count = rows.len() / dim.max(1);
        let rate = self.learning_rate.unwrap_or((count as f64 / self.exaggeration / 4.0).max(50.0));
        let mut random = Random::new(self.seed);
        let first = (0..count).map(|_| [(); 2].map(|()| SPREAD * normal_quantile(random.open_unit())));
        let mut descent = Descent::new(first.collect(), rate);
        for step in 0..self.iterations {
            let early = step < self.exaggerated;
            let exaggeration = if early { self.exaggeration } else { 1.0 };
            descent.step(&affinities, exaggeration, if early { 0.5 } else { 0.8 });
        }
        let Gradient { divergence, .. } = Gradient::of(&affinities, &descent.points, 1.0);
        if !divergence.is_finite() || descent.points.as_flattened().iter().any(|v| !v.is_finite()) {
            let reason = "the points flew apart; choose a smaller `learning_rate`";
            return Err(Error::Undefined { quantity: "map", reason });
        }
        Ok(PlaneMap { points: descent.points, divergence })
    }

    /// How probable two rows are as neighbours: the mean of both conditional probabilities over the number of rows, for
    /// the pairs (0, 1), (0, 2), …, (1, 2), …. All pairs in both orders sum to 1.
    ///
    /// # Errors
    ///
    /// As [`embed`](Self::embed).
    pub fn affinities(&self, rows: &[f64], dim: usize) -> Result<Vec<f64>> {
        let count = self.check(rows, dim)?;
        check_finite("rows", rows)?;
        Ok(affinity::joint(&scaled(rows, unit_scale(rows)), dim, count, self.perplexity))
    }

    fn check(&self, rows: &[f64], dim: usize) -> Result<usize> {
        if dim == 0 {
            return Err(Error::TooFew { argument: "dim", needed: 1, found: 0 });
        }
        let count = rows.len() / dim;
        if count * dim != rows.len() {
            let lengths = [rows.len(), count * dim];
            return Err(Error::UnequalLengths { arguments: ["rows", "whole rows"], lengths });
        }
        if count < 2 {
            return Err(Error::TooFew { argument: "rows", needed: 2, found: count });
        }
        if count > Self::MOST_ROWS {
            return Err(Error::TooMany { argument: "rows", limit: Self::MOST_ROWS, found: count });
        }
        let settings = [
            ("perplexity", self.perplexity, 1.0, count as f64, "at least 1, and below the number of rows"),
            ("exaggeration", self.exaggeration, 1.0, 1e6, "at least 1, and below 1,000,000"),
            ("learning_rate", self.learning_rate.unwrap_or(1.0), 1e-9, 1e9, "above 0, and below 1e9"),
        ];
        match settings.into_iter().find(|(_, value, low, high, _)| !(low..high).contains(&value)) {
            Some((argument, value, _, _, range)) => Err(Error::OutOfRange { argument, value, range }),
            None => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three groups of rows of five numbers, far apart.
    fn groups(count: usize) -> (Vec<f64>, Vec<usize>) {
        let mut random = Random::new(4);
        let group = |i: usize| i % 3;
        let rows = (0..count).flat_map(|i| {
            let centre: [f64; 5] = std::array::from_fn(|at| if at == group(i) { 8.0 } else { 0.0 });
            centre.map(|c| c + normal_quantile(random.open_unit()))
        });
        (rows.collect(), (0..count).map(group).collect())
    }

    fn apart([x, y]: [f64; 2], [u, v]: [f64; 2]) -> f64 {
        (x - u).hypot(y - v)
    }

    #[test]
    fn groups_stay_together_and_the_divergence_falls() {
        let (rows, group) = groups(90);
        let tsne = Tsne { perplexity: 10.0, seed: 3, ..Tsne::default() };
        let map = tsne.embed(&rows, 5).unwrap();
        for (i, point) in map.points.iter().enumerate() {
            let nearest = (0..90)
                .filter(|j| *j != i)
                .min_by(|a, b| apart(map.points[*a], *point).total_cmp(&apart(map.points[*b], *point)));
            assert_eq!(group[nearest.unwrap()], group[i], "row {i}");
        }
        let after = |iterations| Tsne { iterations, ..tsne }.embed(&rows, 5).unwrap().divergence;
        // While attraction is exaggerated, something else is minimised.
        let falling = [251, 300, 400, 700, 1000].map(after);
        assert!(falling.windows(2).all(|pair| pair[1] < pair[0]), "{falling:?}");
        assert!(map.divergence < after(0) && map.divergence == falling[4]);
        // The middle of the points does not wander.
        let mean = map.points.iter().fold([0.0; 2], |[a, b], [x, y]| [a + x, b + y]);
        assert!(mean.iter().all(|sum| sum.abs() < 1e-9), "{mean:?}");
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let (rows, _) = groups(30);
        let tsne = Tsne { perplexity: 5.0, iterations: 120, ..Tsne::default() };
        let map = tsne.embed(&rows, 5).unwrap();
        assert_eq!(tsne.embed(&rows, 5).unwrap(), map);
        assert_ne!(Tsne { seed: 1, ..tsne }.embed(&rows, 5).unwrap().points, map.points);
        // Neither units nor an offset count; with powers of two, not even in the last bit.
        let other: Vec<f64> = rows.iter().map(|v| v * 2f64.powi(40)).collect();
        assert_eq!(tsne.embed(&other, 5).unwrap(), map);
    }

    #[test]
    fn equal_rows_and_huge_ones_have_points() {
        let tsne = Tsne { perplexity: 2.0, iterations: 300, ..Tsne::default() };
        for rows in [
            vec![0.0; 20],
            vec![7.5; 20],
            (0..20).map(|i| f64::from(i / 10)).collect(),
            (0..20).map(|i| f64::from(i) * 8e306).collect(),
            (0..20).map(|i| f64::from(i) * 1e-320).collect(),
        ] {
            let map = tsne.embed(&rows, 2).unwrap();
            assert!(map.points.as_flattened().iter().all(|v| v.is_finite()) && map.divergence.is_finite());
        }
        let two = Tsne { perplexity: 1.0, ..tsne }.embed(&[1.0, 2.0], 1).unwrap();
        assert_eq!(two.points.len(), 2);
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        let tsne = Tsne { perplexity: 2.0, ..Tsne::default() };
        let rows = [1.0, 2.0, 3.0, 4.0];
        assert!(matches!(tsne.embed(&rows, 0), Err(Error::TooFew { argument: "dim", .. })));
        assert!(matches!(tsne.embed(&rows, 3), Err(Error::UnequalLengths { .. })));
        assert!(matches!(tsne.embed(&rows, 4), Err(Error::TooFew { argument: "rows", .. })));
        assert!(matches!(tsne.embed(&[f64::NAN; 4], 1), Err(Error::NonFinite { .. })));
        assert!(matches!(tsne.embed(&vec![0.0; 5001], 1), Err(Error::TooMany { limit: 5000, .. })));
        for (wrong, name) in [
            (Tsne { perplexity: 4.0, ..tsne }, "perplexity"),
            (Tsne { perplexity: f64::NAN, ..tsne }, "perplexity"),
            (Tsne { exaggeration: 0.5, ..tsne }, "exaggeration"),
            (Tsne { learning_rate: Some(0.0), ..tsne }, "learning_rate"),
        ] {
            let found = wrong.embed(&rows, 1);
            assert!(matches!(found, Err(Error::OutOfRange { argument, .. }) if argument == name), "{name}");
        }
    }
}
