//! Simulated raters: most of them attentive, some answering at random.

use std::collections::BTreeSet;

use super::config::SyntheticConfig;
use super::plan::Synthetic;
use crate::annotation::{Checker, Grade, QualityControl, Session};
use crate::error::{Error, Result};
use crate::random::SplitMix64;

/// Chances of the grades 1 to 5 with a given mean and the variance `a (m - 1)(5 - m)`.
///
/// Mixes two distributions with that mean, one of less variance and one of more; variances of equal means mix like the
/// distributions. The one of least variance uses the two grades beside the mean. The other is the binomial one (`a =
/// 1/4`), and beyond that everyone says 1 or 5 (`a = 1`).
fn chances(mean: f64, a: f64) -> [f64; 5] {
    let p = ((mean - 1.0) / 4.0).clamp(0.0, 1.0);
    let q = 1.0 - p;
    let binomial =
        [q * q * q * q, 4.0 * p * q * q * q, 6.0 * p * p * q * q, 4.0 * p * p * p * q, p * p * p * p];
    let (x, full) = (4.0 * p, 16.0 * p * q);
    let mix = |narrow: [f64; 5], wide: [f64; 5], low: f64, high: f64| {
        let share = if high > low { ((a * full - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
        let mut mixed = narrow;
        for (to, from) in mixed.iter_mut().zip(wide) {
            *to += share * (from - *to);
        }
        mixed
    };
    if a <= 0.25 {
        // A triangle of width 1 about the mean: 1 - |k - x|.
        let pair = [0.0, 1.0, 2.0, 3.0, 4.0].map(|k: f64| (1.0 - (k - x).abs()).max(0.0));
        let f = x - libm::floor(x);
        mix(pair, binomial, f * (1.0 - f), 0.25 * full)
    } else {
        mix(binomial, [q, 0.0, 0.0, 0.0, p], 0.25 * full, full)
    }
}

/// The grade at a quantile.
fn quantile(chances: &[f64; 5], at: f64) -> Grade {
    let mut sum = 0.0;
    for (grade, chance) in Grade::ALL.into_iter().zip(chances) {
        sum += chance;
        if at < sum {
            return grade;
        }
    }
    // Only rounding gets here; takes the last possible grade.
    Grade::ALL
        .into_iter()
        .zip(chances)
        .rfind(|(_, chance)| **chance > 0.0)
        .map_or(Grade::MAX, |(grade, _)| grade)
}

/// A standard normal draw (Box and Muller).
fn normal(random: &mut SplitMix64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - random.unit()));
    radius * libm::cos(2.0 * std::f64::consts::PI * random.unit())
}

/// The chance of a normal draw below `value`.
fn below(value: f64) -> f64 {
    0.5 * libm::erfc(-value * std::f64::consts::FRAC_1_SQRT_2)
}

/// Bias and carelessness of every rater. The biases of the attentive ones have mean 0 and variance 1, so the panel as a
/// whole is neither mild nor strict.
pub(super) fn biases(config: &SyntheticConfig) -> Vec<(f64, bool)> {
    let mut random = SplitMix64::stream(config.seed, 0x7a7e);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most the number of raters"
    )]
    let careless = (config.careless_share * config.raters as f64 + 0.5) as usize;
    let mut raters: Vec<(f64, bool)> =
        (0..config.raters).map(|i| (normal(&mut random), i < careless)).collect();
    random.shuffle(&mut raters);
    let attentive = || raters.iter().filter(|(_, careless)| !careless).map(|(bias, _)| *bias);
    let count = attentive().count().max(1) as f64;
    let mean = attentive().sum::<f64>() / count;
    let spread = libm::sqrt(attentive().map(|bias| (bias - mean) * (bias - mean)).sum::<f64>() / count);
    let scale = if spread > 0.0 { 1.0 / spread } else { 0.0 };
    raters.into_iter().map(|(bias, careless)| ((bias - mean) * scale, careless)).collect()
}

/// A rater and the truth about them.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticRater {
    /// `r1`, `r2` …
    pub name: String,
    /// How much milder than others, in standard deviations; no effect on a careless rater's random answers.
    pub bias: f64,
    /// Whether they answer at random until a session is rejected. They repeat that session attentively.
    pub careless: bool,
}

/// An attempt at a session and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The recorded session.
    pub session: Session,
    /// From 1.
    pub number: usize,
    /// Whether its answers are random.
    pub careless: bool,
    /// Whether it passes the quality control.
    pub accepted: bool,
}

impl Synthetic {
    /// The panel.
    #[must_use]
    pub fn raters(&self) -> Vec<SyntheticRater> {
        let rater = |(i, &(bias, careless)): (usize, &(f64, bool))| SyntheticRater {
            name: format!("r{}", i + 1),
            bias,
            careless,
        };
        self.biases().iter().enumerate().map(rater).collect()
    }

    /// The session rules of this data set.
    #[must_use]
    pub fn quality_control(&self) -> QualityControl {
        let (clips, checkers) = (self.config().session_clips, self.config().session_checkers);
        QualityControl { clips, checkers, ..Default::default() }
    }

    /// All attempts of rater number `rater`, in order. A rejected session is repeated until it is accepted or its
    /// [`attempts`](SyntheticConfig::attempts) are used up.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if there is no such rater.
    pub fn attempts(&self, rater: usize) -> Result<Vec<Attempt>> {
        let config = self.config();
        let fault = || Error::option("rater", format!("{rater} of {}; count from 0", self.biases().len()));
        let &(bias, careless) = self.biases().get(rater).ok_or_else(fault)?;
        let mut random = SplitMix64::stream(config.seed ^ 0x5e55, rater as u64);
        let mut order: Vec<usize> = (0..self.clips().len()).collect();
        random.shuffle(&mut order);
        let rules = self.quality_control();
        let by_realism = self.by_realism();
        let mut attempts = Vec::new();
        for (number, clips) in order.chunks_exact(config.session_clips).enumerate() {
            let checkers = choose_checkers(&by_realism, clips, config.session_checkers, &mut random);
            for attempt in 1..=config.attempts {
                let random_answers = careless && attempt == 1;
                let mut answer = |chances: &[f64; 5], attentive: bool| {
                    if random_answers {
                        return quantile(&[0.2; 5], random.unit());
                    }
                    if !attentive {
                        return quantile(&[0.2; 5], random.unit());
                    }
                    let noise = normal(&mut random);
                    let mild =
                        libm::sqrt(config.bias_share) * bias + libm::sqrt(1.0 - config.bias_share) * noise;
                    quantile(chances, below(mild))
                };
                let of = |i: &usize| self.clips().get(*i);
                let grades = clips
                    .iter()
                    .filter_map(of)
                    .map(|clip| (clip.clip.id.clone(), answer(&chances(clip.realism, config.a), true)));
                let grades = grades.collect();
                // Everyone agrees on a checker, except for a slip.
                let mut slips =
                    SplitMix64::stream(config.seed ^ 0x511b, (rater * 10_000 + number * 10 + attempt) as u64);
                let checkers = checkers.iter().filter_map(of).map(|clip| Checker {
                    clip: clip.clip.id.clone(),
                    gold: clip.realism,
                    given: answer(&chances(clip.realism, 0.0), slips.unit() >= config.slip),
                });
                let session = Session {
                    id: format!("s{}", number + 1),
                    rater: format!("r{}", rater + 1),
                    grades,
                    checkers: checkers.collect(),
                };
                let accepted = rules.judge(&session)?.is_empty();
                attempts.push(Attempt { session, number: attempt, careless: random_answers, accepted });
                if accepted {
                    break;
                }
            }
        }
        Ok(attempts)
    }

    /// All clips from the worst to the best.
    fn by_realism(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.clips().len()).collect();
        let realism = |i: &usize| self.clips().get(*i).map_or(0.0, |clip| clip.realism);
        order.sort_by(|a, b| realism(a).total_cmp(&realism(b)));
        order
    }
}

/// Takes turns between the worst and the best clips, where a random answer is most likely wrong, and skips those in the
/// session. `order` is from the worst to the best.
fn choose_checkers(order: &[usize], session: &[usize], count: usize, random: &mut SplitMix64) -> Vec<usize> {
    let session: BTreeSet<usize> = session.iter().copied().collect();
    let free: Vec<usize> = order.iter().copied().filter(|clip| !session.contains(clip)).collect();
    let some = (order.len() / 20).max(count).min(free.len());
    let (worst, _) = free.split_at(some.min(free.len() / 2));
    let (_, best) = free.split_at((free.len() - some).max(free.len() / 2));
    let mut sides = [worst, best].map(|side| {
        let mut side = side.to_vec();
        random.shuffle(&mut side);
        side
    });
    let mut side = random.below(2);
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count {
        let [worst, best] = &mut sides;
        let next =
            if side == 0 { worst.pop().or_else(|| best.pop()) } else { best.pop().or_else(|| worst.pop()) };
        let Some(clip) = next else { break };
        chosen.push(clip);
        side = 1 - side;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(chances: &[f64; 5]) -> (f64, f64, f64) {
        let sum =
            |power: fn(f64) -> f64| (1..=5).zip(chances).map(|(k, p)| power(f64::from(k)) * p).sum::<f64>();
        let (total, mean) = (sum(|_| 1.0), sum(|k| k));
        (total, mean, sum(|k| k * k) - mean * mean)
    }

    #[test]
    fn grades_have_the_mean_and_the_variance_that_are_wanted() {
        for a in [0.08, 0.12, 0.18, 0.25, 0.26, 0.4, 0.6] {
            let config = SyntheticConfig { a, ..Default::default() };
            let (low, high) = config.realism_range();
            for i in 0..=100 {
                let mean = low + (high - low) * f64::from(i) / 100.0;
                let chances = chances(mean, a);
                assert!(chances.iter().all(|p| (0.0..=1.0).contains(p)));
                let (total, found, variance) = moments(&chances);
                assert!((total - 1.0).abs() < 1e-12 && (found - mean).abs() < 1e-12);
                assert!((variance - a * (mean - 1.0) * (5.0 - mean)).abs() < 1e-12, "{a} {mean}: {variance}");
            }
        }
    }

    #[test]
    fn quantiles_and_normal_draws() {
        let grades =
            [0.0, 0.24, 0.25, 0.74, 0.75, 1.0].map(|at| quantile(&[0.25, 0.5, 0.25, 0.0, 0.0], at).get());
        assert_eq!(grades, [1, 1, 2, 2, 3, 3]);
        let mut random = SplitMix64::stream(1, 1);
        let draws: Vec<f64> = (0..20_000).map(|_| normal(&mut random)).collect();
        let share = draws.iter().filter(|draw| **draw < 1.0).count() as f64 / 20_000.0;
        assert!((share - below(1.0)).abs() < 0.01 && (below(1.0) - 0.841_344_746).abs() < 1e-8);
        let uniform = draws.iter().map(|draw| below(*draw)).sum::<f64>() / 20_000.0;
        assert!((uniform - 0.5).abs() < 0.01);
    }
}
