//! What is left of the traces under stated damage.

use anyhow::Result;
use dream_models::regression::Split;

use crate::features::{Maker, What};
use crate::line::Line;
use crate::measure::{Logits, Measures};
use crate::portraits::Person;
use crate::pseudo::Damage;
use crate::validate::logits;

/// What is tried, and its name in tables.
const DAMAGES: [(&str, Damage); 12] = [
    ("none", Damage::None),
    ("jpeg 90", Damage::Jpeg(90)),
    ("jpeg 70", Damage::Jpeg(70)),
    ("jpeg 50", Damage::Jpeg(50)),
    ("jpeg 40", Damage::Jpeg(40)),
    ("half size", Damage::HalfSize),
    ("h264 crf 23", Damage::H264(23)),
    ("h264 crf 28", Damage::H264(28)),
    ("h264 crf 33", Damage::H264(33)),
    ("crop 1.0", Damage::Crop(1.0)),
    ("crop 1.3", Damage::Crop(1.3)),
    ("crop 1.7", Damage::Crop(1.7)),
];

/// The measures of people that a line has not seen, under each damage: means over folds. As many people of each fold, the
/// first ones.
pub(crate) fn measure(
    maker: &Maker<'_>,
    people: &[Person],
    splits: &[Split],
    lines: &[Line],
    (place, count): (usize, usize),
) -> Result<Vec<(&'static str, usize, Measures)>> {
    let each = count.div_ceil(splits.len().max(1));
    let held: Vec<Vec<&Person>> = splits
        .iter()
        .map(|(_, test)| test.iter().take(each).filter_map(|&person| people.get(person)).collect())
        .collect();
    let all = held.iter().map(Vec::len).sum();
    let damaged = |(name, damage): (&'static str, Damage)| {
        let tasks: Vec<(&Person, What)> =
            held.iter().flatten().map(|person| (*person, What::Damaged(damage))).collect();
        let mut made = maker.make(name, &tasks)?.into_iter();
        let folds: Vec<Measures> = held
            .iter()
            .zip(lines)
            .map(|(people, line)| {
                let mut found = Logits::default();
                for blocks in made.by_ref().take(people.len()) {
                    blocks.get(place).iter().for_each(|rows| found.push(logits(line, rows)));
                }
                found.measures()
            })
            .collect();
        Ok((name, all, Measures::mean(&folds)))
    };
    DAMAGES.into_iter().map(damaged).collect()
}
