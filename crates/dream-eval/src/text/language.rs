//! How probable words are after each other.

use std::collections::BTreeMap;

use super::words::words;

/// The start of a sentence, and a word that training did not have.
const START: u32 = 0;
const UNKNOWN: u32 = 1;
/// In front of shorter histories.
const NOTHING: u32 = u32::MAX;

/// Counts of runs of up to three words, and what follows a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    runs: BTreeMap<[u32; 3], u32>,
    /// How often a history was followed by anything, and by how many different words.
    after: BTreeMap<[u32; 2], [u32; 2]>,
}

impl Counts {
    fn add(&mut self, before: [u32; 2], word: u32) {
        for history in histories(before) {
            let [a, b] = history;
            let count = self.runs.entry([a, b, word]).or_default();
            let [all, different] = self.after.entry(history).or_default();
            *different = different.saturating_add(u32::from(*count == 0));
            *count = count.saturating_add(1);
            *all = all.saturating_add(1);
        }
    }

    /// The probability of a word by Witten and Bell's smoothing, from the shortest history to the longest; `base` is what
    /// the shortest falls back on.
    fn probability(&self, before: [u32; 2], word: u32, base: f64) -> f64 {
        histories(before).into_iter().rev().fold(base, |shorter, [a, b]| {
            let Some([all, different]) = self.after.get(&[a, b]) else { return shorter };
            let count = self.runs.get(&[a, b, word]).copied().unwrap_or(0);
            let (all, different) = (f64::from(*all), f64::from(*different));
            (f64::from(count) + different * shorter) / (all + different)
        })
    }
}

/// The history of two words, of one and of none.
fn histories([a, b]: [u32; 2]) -> [[u32; 2]; 3] {
    [[a, b], [NOTHING, b], [NOTHING, NOTHING]]
}

/// A trigram model of words, for [`Restoration`](super::Restoration): how probable each word of a text is after the words
/// before it, alone and after a summary was read.
///
/// Smoothing is that of Witten and Bell, so every word has a probability above 0. A summary changes the probabilities as
/// a cache does: its own trigrams, smoothed by the model, count [`CACHE`](Self::CACHE), the model the rest.
///
/// ```
/// use dream_eval::text::LanguageModel;
///
/// let mut model = LanguageModel::default();
/// model.learn("The mouth is blurry.");
/// model.learn("The eyes flicker.");
/// let document = ["The mouth is blurry."];
/// let alone = model.probabilities(&document, &[] as &[&str]);
/// let given = model.probabilities(&document, &["The mouth is blurry!"]);
/// assert_eq!(alone.len(), 4);
/// assert!(given[1] > alone[1]);
/// ```
///
/// # Reference
///
/// I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on Information Theory 37(4), 1991; R. Kuhn
/// and R. De Mori, "A cache-based natural language model for speech recognition", IEEE Transactions on Pattern Analysis
/// and Machine Intelligence 12(6), 1990.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LanguageModel {
    ids: BTreeMap<String, u32>,
    counts: Counts,
}

impl LanguageModel {
    /// How much the words of a summary count.
    pub const CACHE: f64 = 0.25;

    /// Learns from a sentence.
    pub fn learn(&mut self, sentence: &str) {
        let mut before = [START; 2];
        for word in words(sentence) {
            let next = u32::try_from(self.ids.len()).unwrap_or(UNKNOWN).saturating_add(2);
            let id = *self.ids.entry(word).or_insert(next);
            self.counts.add(before, id);
            before = [before[1], id];
        }
    }

    /// The probability of every word of a document after the words before it in its sentence, given the sentences of a
    /// summary; without a sentence there, those of the model alone.
    #[must_use]
    pub fn probabilities(&self, document: &[impl AsRef<str>], summary: &[impl AsRef<str>]) -> Vec<f64> {
        let mut cache = Counts::default();
        self.walk(summary, |before, id| cache.add(before, id));
        // One for all words that training did not have.
        let base = 1.0 / (self.ids.len() as f64 + 1.0);
        let mut found = Vec::new();
        self.walk(document, |before, id| {
            let alone = self.counts.probability(before, id, base);
            found.push(if cache.runs.is_empty() {
                alone
            } else {
                (1.0 - Self::CACHE) * alone + Self::CACHE * cache.probability(before, id, alone)
            });
        });
        found
    }

    fn walk(&self, sentences: &[impl AsRef<str>], mut see: impl FnMut([u32; 2], u32)) {
        for sentence in sentences {
            let mut before = [START; 2];
            for word in words(sentence.as_ref()) {
                let id = self.ids.get(&word).copied().unwrap_or(UNKNOWN);
                see(before, id);
                before = [before[1], id];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        let mut model = LanguageModel::default();
        ["a b c", "a b d", "b a c", "c"].iter().for_each(|sentence| model.learn(sentence));
        for start in ["", "a", "a b", "d d"] {
            for summary in [&[][..], &["b d d", "z"][..]] {
                let last =
                    |word: &str| *model.probabilities(&[format!("{start} {word}")], summary).last().unwrap();
                let total: f64 = ["a", "b", "c", "d", "new"].into_iter().map(last).sum();
                assert!((total - 1.0).abs() < 1e-12, "{start:?}: {total}");
            }
        }
    }

    #[test]
    fn witten_and_bell_by_hand() {
        let mut model = LanguageModel::default();
        model.learn("a a");
        model.learn("b");
        // Three words, of two kinds, over a base of 1/3: (2 + 2/3) / 5. At the start: two words of two kinds,
        // (1 + 2 * 8/15) / 4, and the same for the longer history.
        let one = (2.0 + 2.0 / 3.0) / 5.0;
        let two = (1.0 + 2.0 * one) / 4.0;
        let three = (1.0 + 2.0 * two) / 4.0;
        let found = model.probabilities(&["a"], &[] as &[&str]);
        assert!((found[0] - three).abs() < 1e-15, "{found:?} {three}");
        assert!(
            LanguageModel::default().probabilities(&["x y"], &["x"]).iter().all(|p| *p > 0.0 && *p <= 1.0)
        );
    }
}
