//! Choosing the sentences that say most.

use std::collections::BTreeMap;

use super::words::content_words;
use crate::numeric::{check_finite, dot};
use crate::{Error, Result};

/// A summary of `sentences` of the given sentences, chosen by LexRank and kept apart by maximal marginal relevance.
///
/// A sentence is central when it is like many that are central themselves; where relevances are given, such as the
/// similarities of retrieved sentences to a video, a random walk over the sentences starts again at those. Sentences are
/// then taken one by one, each for its centrality and against what it repeats. The result depends on nothing else.
///
/// ```
/// use dream_eval::text::Extractive;
///
/// # fn main() -> dream_eval::Result<()> {
/// let texts = ["The mouth is blurry", "A blurry mouth", "Blurry mouth and teeth", "The hair flickers"];
/// let chosen = Extractive { sentences: 2, ..Extractive::default() }.of_texts(&texts, &[])?;
/// // What most say, and then not the same again.
/// assert!(chosen[0] < 3 && chosen[1] == 3);
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// G. Erkan and D. R. Radev, "LexRank: graph-based lexical centrality as salience in text summarization", Journal of
/// Artificial Intelligence Research 22, 2004 (continuous form); J. Otterbacher, G. Erkan and D. R. Radev, "Using random
/// walks for question-focused sentence retrieval", HLT/EMNLP 2005 (relevances); J. Carbonell and J. Goldstein, "The use of
/// MMR, diversity-based reranking for reordering documents and producing summaries", SIGIR 1998.
#[doc(alias("LexRank", "MMR", "summarize"))]
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Extractive {
    /// How many sentences are chosen; all where there are fewer.
    pub sentences: usize,
    /// How often the walk goes on instead of starting again, below 1.
    pub damping: f64,
    /// Weight of centrality against repetition, from 0 to 1.
    pub centrality: f64,
}

impl Default for Extractive {
    fn default() -> Self {
        Self { sentences: 3, damping: 0.85, centrality: 0.7 }
    }
}

/// Steps of the walk; its error falls by the damping with each.
const STEPS: usize = 200;

impl Extractive {
    /// Positions of the chosen sentences, the first choice first, by the words that they share.
    ///
    /// `relevance` has a number per sentence, or none.
    ///
    /// # Errors
    ///
    /// As [`choose`](Self::choose).
    pub fn of_texts(&self, texts: &[impl AsRef<str>], relevance: &[f64]) -> Result<Vec<usize>> {
        self.choose(&word_similarities(texts), texts.len(), relevance)
    }

    /// Positions of the chosen ones of `count` sentences, the first choice first, by a matrix of similarities, row after
    /// row. Negative similarities and relevances count as 0.
    ///
    /// # Errors
    ///
    /// [`Error::UnequalLengths`] for a matrix or relevances of another size, [`Error::NonFinite`],
    /// [`Error::OutOfRange`] for a setting.
    pub fn choose(&self, similarities: &[f64], count: usize, relevance: &[f64]) -> Result<Vec<usize>> {
        let central = self.centralities(similarities, count, relevance)?;
        let largest = central.iter().copied().fold(0.0, f64::max);
        let rows: Vec<&[f64]> = similarities.chunks_exact(count.max(1)).collect();
        let (mut chosen, mut left): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..count).collect());
        while chosen.len() < self.sentences && !left.is_empty() {
            let value = |at: usize| {
                let row: &[f64] = rows.get(at).copied().unwrap_or_default();
                let repeats = chosen.iter().filter_map(|c| row.get(*c)).copied().fold(0.0, f64::max);
                let weight = central.get(at).copied().unwrap_or(0.0) / largest.max(f64::MIN_POSITIVE);
                self.centrality * weight - (1.0 - self.centrality) * repeats
            };
            // The first among equals.
            let Some(best) = left.iter().copied().reduce(|a, b| if value(b) > value(a) { b } else { a })
            else {
                break;
            };
            chosen.push(best);
            left.retain(|at| *at != best);
        }
        Ok(chosen)
    }

    /// How central each sentence is: the share of its time that the walk spends there.
    ///
    /// # Errors
    ///
    /// As [`choose`](Self::choose).
    pub fn centralities(&self, similarities: &[f64], count: usize, relevance: &[f64]) -> Result<Vec<f64>> {
        self.check(similarities, count, relevance)?;
        let starts = shares(relevance, count);
        let rows: Vec<Vec<f64>> =
            similarities.chunks_exact(count.max(1)).map(|row| shares(row, count)).collect();
        let mut central = starts.clone();
        for _ in 0..STEPS {
            let mut next: Vec<f64> = starts.iter().map(|start| (1.0 - self.damping) * start).collect();
            for (row, weight) in rows.iter().zip(&central) {
                next.iter_mut().zip(row).for_each(|(next, share)| *next += self.damping * weight * share);
            }
            central = next;
        }
        Ok(central)
    }

    fn check(&self, similarities: &[f64], count: usize, relevance: &[f64]) -> Result<()> {
        for (name, argument, found, needed) in [
            ("similarities", "sentences · sentences", similarities.len(), count.saturating_mul(count)),
            ("relevance", "sentences", relevance.len(), if relevance.is_empty() { 0 } else { count }),
        ] {
            if found != needed {
                return Err(Error::UnequalLengths { arguments: [name, argument], lengths: [found, needed] });
            }
        }
        check_finite("similarities", similarities)?;
        check_finite("relevance", relevance)?;
        for (argument, value, open) in
            [("damping", self.damping, true), ("centrality", self.centrality, false)]
        {
            if !(0.0..=1.0).contains(&value) || (open && value == 1.0) {
                let range = if open { "0 to 1, and below 1" } else { "0 to 1" };
                return Err(Error::OutOfRange { argument, value, range });
            }
        }
        Ok(())
    }
}

/// Values that are not negative and sum to 1; equal ones where all are 0.
fn shares(values: &[f64], count: usize) -> Vec<f64> {
    let largest = values.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return vec![1.0 / count.max(1) as f64; count];
    }
    let scaled: Vec<f64> = values.iter().map(|v| v.max(0.0) / largest).collect();
    let total: f64 = scaled.iter().sum();
    scaled.into_iter().map(|v| v / total).collect()
}

/// The cosines between the words of sentences, weighted by how few sentences have them, as a matrix row after row; the
/// form of LexRank's paper, with one added to the weight, so that a word that all sentences have still counts.
///
/// ```
/// let found = dream_eval::text::word_similarities(&["A blurry mouth", "The mouth is blurry", "Hair"]);
/// assert!((found[1] - 1.0).abs() < 1e-12 && found[2] == 0.0 && found.len() == 9);
/// ```
#[must_use]
pub fn word_similarities(texts: &[impl AsRef<str>]) -> Vec<f64> {
    let all: Vec<Vec<String>> = texts.iter().map(|text| content_words(text.as_ref())).collect();
    let mut having: BTreeMap<&str, usize> = BTreeMap::new();
    for words in &all {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        words.into_iter().for_each(|word| *having.entry(word).or_default() += 1);
    }
    let column = |words: &Vec<String>| -> Vec<f64> {
        let weight = |(word, count): (&&str, &usize)| {
            let times = words.iter().filter(|w| w == word).count();
            times as f64 * (1.0 + libm::log(texts.len() as f64 / *count as f64))
        };
        let mut weights: Vec<f64> = having.iter().map(weight).collect();
        let norm = dot(&weights, &weights).sqrt();
        if norm > 0.0 {
            weights.iter_mut().for_each(|w| *w /= norm);
        }
        weights
    };
    let columns: Vec<Vec<f64>> = all.iter().map(column).collect();
    columns.iter().flat_map(|a| columns.iter().map(|b| dot(a, b).min(1.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_by_hand() {
        // A star: the middle is like both others, which are not like each other.
        let star = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let extract = Extractive { sentences: 3, ..Extractive::default() };
        let found = extract.centralities(&star, 3, &[]).unwrap();
        // m = 0.05 + 0.85 (1 - m), and the others share the rest.
        let middle = 0.9 / 1.85;
        assert!(
            (found[0] - middle).abs() < 1e-12 && (found[1] - (1.0 - middle) / 2.0).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(extract.choose(&star, 3, &[]).unwrap(), [0, 1, 2]);
        // Starting at the last only.
        let found = extract.centralities(&star, 3, &[0.0, -1.0, 2.0]).unwrap();
        assert!(found[2] > found[1], "{found:?}");
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        // Two equal sentences that are the most central ones, and another.
        let like = [1.0, 1.0, 0.2, 1.0, 1.0, 0.2, 0.2, 0.2, 1.0];
        let two = Extractive { sentences: 2, ..Extractive::default() };
        assert_eq!(two.choose(&like, 3, &[]).unwrap(), [0, 2]);
        assert_eq!(Extractive { centrality: 1.0, ..two }.choose(&like, 3, &[]).unwrap(), [0, 1]);
    }

    #[test]
    fn few_and_strange_sentences() {
        let extract = Extractive::default();
        assert!(extract.of_texts(&[] as &[&str], &[]).unwrap().is_empty());
        assert_eq!(extract.of_texts(&["one"], &[0.5]).unwrap(), [0]);
        assert_eq!(extract.of_texts(&["", "...", "the"], &[]).unwrap(), [0, 1, 2]);
        let huge = extract.choose(&[f64::MAX, 0.0, 0.0, f64::MAX], 2, &[f64::MAX, f64::MIN_POSITIVE]);
        assert_eq!(huge.unwrap(), [0, 1]);
        assert!(matches!(extract.choose(&[1.0], 2, &[]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(extract.choose(&[1.0], 1, &[1.0, 2.0]), Err(Error::UnequalLengths { .. })));
        assert!(matches!(extract.choose(&[f64::NAN], 1, &[]), Err(Error::NonFinite { .. })));
        let wrong = Extractive { damping: 1.0, ..extract };
        assert!(matches!(wrong.choose(&[1.0], 1, &[]), Err(Error::OutOfRange { argument: "damping", .. })));
    }
}
