//! Methods of swapping: each leaves its own mixture of artifacts, and some leave more than others.

use super::artefact::Planted;
use super::blend::Blend;
use super::canvas::hash;
use crate::dataset::Round;
use crate::random::SplitMix64;
use crate::tagging::Place;

/// A method of swapping: what it leaves in every clip, and how much.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticMethod {
    /// The round it took part in.
    pub round: Round,
    /// Its submission, five digits.
    pub submission: String,
    /// Its artifacts, with their strengths in a clip of usual difficulty.
    pub artifacts: Vec<Planted>,
    /// The copy that it pastes over a face; only in a data set of photographs.
    pub blend: Option<Blend>,
}

/// Draws methods from nearly invisible to bad: their severities are evenly spaced, in random order. With `blends`, a
/// quarter are artifacts alone, as without, three of eight a blend alone, and the others both.
pub(super) fn draw(count: usize, seed: u64, blends: bool) -> Vec<SyntheticMethod> {
    let mut random = SplitMix64::stream(seed, 0x3e7);
    let mut severities: Vec<f64> =
        (0..count).map(|i| 0.06 + 0.94 * (i as f64 + 0.5) / count as f64).collect();
    random.shuffle(&mut severities);
    let mut taken = Vec::new();
    let mut methods = Vec::with_capacity(count);
    for (i, severity) in severities.into_iter().enumerate() {
        let round = round_of(i, count);
        // As in the benchmark, one submission took part in every round.
        let first = i == 0 || round_of(i - 1, count) != round;
        let submission = if first {
            "00000".to_owned()
        } else {
            loop {
                let id = (10_000 + random.below(90_000)).to_string();
                if !taken.contains(&id) {
                    taken.push(id.clone());
                    break id;
                }
            }
        };
        let mut kinds = Planted::kinds().to_vec();
        random.shuffle(&mut kinds);
        kinds.truncate(2 + random.below(3));
        let artifacts = kinds.into_iter().map(|(artifact, places)| {
            let place = places.get(random.below(places.len())).copied().unwrap_or(Place::NotSpecified);
            Planted { place, artifact, strength: (severity * random.between(0.7, 1.15)).clamp(0.05, 1.0) }
        });
        let mut artifacts: Vec<Planted> = artifacts.collect();
        let blend = blends.then(|| blended(severity, &mut artifacts, seed, i as u64)).flatten();
        methods.push(SyntheticMethod { round, submission, artifacts, blend });
    }
    methods
}

/// The blend of a method, and fewer artifacts beside it.
fn blended(severity: f64, artifacts: &mut Vec<Planted>, seed: u64, method: u64) -> Option<Blend> {
    let mut random = SplitMix64::stream(seed ^ 0xb1e4d, method);
    let kept = match random.unit() {
        x if x < 0.25 => return None,
        x if x < 0.625 => 0,
        _ => 1 + random.below(2),
    };
    artifacts.truncate(kept);
    Some(Blend::drawn(severity, &mut random))
}

/// Deals methods to rounds as in the benchmark: 6, 13 and 16 of 35.
fn round_of(i: usize, count: usize) -> Round {
    let (first, second) = ((6 * count).div_ceil(35), (19 * count).div_ceil(35));
    match i {
        i if i < first => Round::C1,
        i if i < second => Round::C2,
        _ => Round::C3,
    }
}

/// The artifacts in one clip of a method: a little weaker or stronger than usual.
pub(super) fn planted(method: &SyntheticMethod, seed: u64) -> Vec<Planted> {
    let strength = |(i, planted): (u64, &Planted)| {
        let change = 1.0 + 0.22 * f64::from(hash(seed, 41, i));
        Planted { strength: (planted.strength * change).clamp(0.03, 1.0), ..*planted }
    };
    (0..).zip(&method.artifacts).map(strength).collect()
}

/// The blend in one clip of a method.
pub(super) fn pasted(method: &SyntheticMethod, seed: u64) -> Option<Blend> {
    let change = 1.0 + 0.22 * f64::from(hash(seed, 47, 0));
    method.blend.map(|blend| Blend { strength: (blend.strength * change).clamp(0.03, 1.0), ..blend })
}

/// How much a clip suffers, 0 to 1: mostly from its worst artifact. Grows with every strength.
pub(super) fn damage(planted: &[Planted]) -> f64 {
    if planted.is_empty() {
        return 0.0;
    }
    let worst = planted.iter().map(|p| p.strength).fold(0.0, f64::max);
    let mean = planted.iter().map(|p| p.strength).sum::<f64>() / planted.len() as f64;
    0.6 * worst + 0.4 * mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_differ_and_are_dealt_to_rounds() {
        let methods = draw(35, 3, false);
        let of = |round| methods.iter().filter(|m| m.round == round).count();
        assert_eq!(Round::ALL.map(of), [6, 13, 16]);
        assert_eq!(methods.iter().filter(|m| m.submission == "00000").count(), 3);
        let mut names: Vec<_> = methods.iter().map(|m| (m.round, &m.submission)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 35);
        for method in &methods {
            assert!((2..=4).contains(&method.artifacts.len()));
            assert!(method.artifacts.iter().all(|planted| planted.check().is_ok()));
        }
        assert_ne!(draw(35, 4, false), methods);
        // Few methods still fill the rounds in order.
        assert_eq!(draw(3, 1, false).iter().map(|m| m.round).collect::<Vec<_>>(), Round::ALL);
    }

    #[test]
    fn stronger_artifacts_do_more_damage() {
        let mut planted = planted(&draw(9, 1, false)[4], 5);
        for i in 0..planted.len() {
            let before = damage(&planted);
            planted[i].strength += 0.01;
            assert!(damage(&planted) > before);
        }
        assert_eq!(damage(&[]), 0.0);
    }
}
