//! What the numbers say, in sentences.

use dream_models::regression::{Familiarity, Grade};
use score_video::Score;

use crate::html;
use crate::report::{Group, Shares};

/// Shares that are smaller are called small.
const SMALL: f64 = 0.05;

/// Digits of scores and of what is added to them.
const DIGITS: usize = 2;

pub(crate) fn number(value: f64) -> String {
    html::decimal(value, DIGITS)
}

pub(crate) fn signed(value: f64) -> String {
    html::difference(value, DIGITS)
}

/// What a grade of the scale of opinions means.
pub(crate) fn grade_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Bad => "bad: the lowest of five grades",
        Grade::Poor => "poor: the second lowest of five grades",
        Grade::Fair => "fair: the middle of five grades",
        Grade::Good => "good: the second highest of five grades",
        Grade::Excellent => "excellent: the highest of five grades",
    }
}

/// The sentences for a score.
pub(crate) fn summary(score: &Score, shares: Option<&Shares>) -> Vec<String> {
    let mut lines = Vec::new();
    if let (None, Some(grade)) = (&score.traces, score.grade) {
        lines.push(format!("The score is {} of 5, {}.", number(score.score), grade_words(grade)));
    }
    if let Some(interval) = score.interval {
        lines.push(format!(
            "Of {:.0} % of such videos, people's mean rating lies within the interval, here {} to {}.",
            100.0 * interval.level,
            number(interval.low),
            number(interval.high)
        ));
    }
    lines.extend(shares.map(sum));
    lines.extend(score.familiarity.and_then(|found| familiar(&found, score.traces.is_some())));
    lines.extend(score.traces.as_ref().map(|traces| {
        format!(
            "Mean over {} frames: {traces}. Traces are no verdict: their level depends on the recording, so they rank versions of \
             one recording.",
            traces.frames.len()
        )
    }));
    lines
}

/// What raises the score and what lowers it.
fn sum(Shares { reference, groups, .. }: &Shares) -> String {
    let average = format!("A video with average features would get {}.", number(*reference));
    let named = |group: &&Group| format!("{} ({})", group.title.to_lowercase(), signed(group.share));
    let list = |raise: bool| {
        let some = groups.iter().filter(|group| group.share.abs() >= SMALL && (group.share > 0.0) == raise);
        some.take(3).map(|group| named(&group)).collect::<Vec<_>>().join(", ")
    };
    match (list(true), list(false)) {
        (up, down) if up.is_empty() && down.is_empty() => {
            format!("{average} No group of features moves this one by {SMALL} or more.")
        }
        (up, down) if down.is_empty() => format!("{average} This one has more for its {up}."),
        (up, down) if up.is_empty() => format!("{average} This one has less for its {down}."),
        (up, down) => format!("{average} This one gains by its {up}, and loses by its {down}."),
    }
}

fn familiar(found: &Familiarity, traces: bool) -> Option<String> {
    let Familiarity { distance, limit, .. } = found;
    let what = if traces { "faces" } else { "videos" };
    Some(if found.is_familiar() {
        format!("It is like the {what} of the training: distance {distance:.1}, familiar up to {limit:.1}.")
    } else {
        format!(
            "It is unlike the {what} of the training (distance {distance:.1}, familiar up to {limit:.1}): do not rely on the \
             score, nor on what is said about it here."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_names_what_matters() {
        let group = |title: &str, share| Group { title: title.to_owned(), share, ..Group::default() };
        let words = |shares: &[f64]| {
            let groups = ["Motion", "Colour", "Edges"].iter().zip(shares);
            let groups = groups.map(|(title, share)| group(title, *share)).collect();
            sum(&Shares { reference: 3.2, clamping: 0.0, groups })
        };
        assert!(
            words(&[0.3, -0.2, 0.01])
                .ends_with("gains by its motion (+0.30), and loses by its colour (\u{2212}0.20).")
        );
        assert!(words(&[0.3]).ends_with("has more for its motion (+0.30)."));
        assert!(words(&[-0.3]).ends_with("has less for its motion (\u{2212}0.30)."));
        assert!(words(&[0.01]).contains("No group"));
    }
}
