//! How much of what is important in a document a summary has.

use std::collections::{BTreeMap, BTreeSet};

use super::words::content_words;
use crate::{Error, Result};

/// Runs of words with how many documents have them: what tells an important run from one that every document has.
///
/// The importance of a run is its count in the document times `ln(documents / documents with it)`. A summary scores the
/// share of the document's importance that its runs cover, where the run of rank `r` counts `tanh(importance / r)`, times
/// a factor that falls from 1 to 0 as the summary becomes half as long as the document.
///
/// Runs are of words in lower case without [stop words](super::is_stop_word) and do not go from one sentence into the
/// next.
///
/// ```
/// use dream_eval::text::ImportanceCorpus;
///
/// # fn main() -> dream_eval::Result<()> {
/// let documents = [
///     ["The mouth is blurry.", "Blurry mouth, odd teeth.", "The face looks fine."],
///     ["The eyes flicker.", "Flickering eyes.", "The face looks fine."],
/// ];
/// let mut corpus = ImportanceCorpus::new(1)?;
/// documents.iter().for_each(|document| corpus.add(document));
/// let important = corpus.importance(&documents[0])?;
/// assert!(important.score(&["A blurry mouth."]) > important.score(&["The face looks fine."]));
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// T. Gigant, C. Guinaudeau, M. Decombas and F. Dufaux, "Mitigating the impact of reference quality on evaluation of
/// summarization systems with reference-free metrics", EMNLP 2024 (arXiv 2410.10867), with tf-idf. There tokens are the
/// 100 commonest pairs of letters and runs have three of them; here they are words, and the two re-weightings of
/// overlapping runs in the authors' code are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportanceCorpus {
    length: usize,
    documents: u64,
    having: BTreeMap<Vec<String>, u64>,
}

/// What is important in one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    length: usize,
    words: usize,
    weights: BTreeMap<Vec<String>, f64>,
    total: f64,
}

impl ImportanceCorpus {
    /// A corpus of runs of `length` words, 1 to 8.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for another length.
    pub fn new(length: usize) -> Result<Self> {
        if !(1..=8).contains(&length) {
            return Err(Error::OutOfRange { argument: "length", value: length as f64, range: "1 to 8" });
        }
        Ok(Self { length, documents: 0, having: BTreeMap::new() })
    }

    /// Adds the sentences of a document.
    pub fn add(&mut self, document: &[impl AsRef<str>]) {
        self.documents += 1;
        for run in counted(document, self.length).0.into_keys() {
            *self.having.entry(run).or_default() += 1;
        }
    }

    /// What is important in a document, which should be one that was added; runs of no document count as rarest.
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] where no run of the document is rarer than the documents.
    pub fn importance(&self, document: &[impl AsRef<str>]) -> Result<Importance> {
        let (counts, words) = counted(document, self.length);
        let weight = |(run, count): (Vec<String>, u64)| {
            let having = self.having.get(&run).copied().unwrap_or(1).max(1);
            let rarity = libm::log(self.documents.max(1) as f64 / having as f64);
            (run, count as f64 * rarity)
        };
        let mut ranked: Vec<(Vec<String>, f64)> = counts.into_iter().map(weight).collect();
        ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let weights: BTreeMap<Vec<String>, f64> = ranked
            .into_iter()
            .zip(1u32..)
            .map(|((run, w), rank)| (run, libm::tanh(w / f64::from(rank))))
            .collect();
        let total: f64 = weights.values().sum();
        if total > 0.0 {
            Ok(Importance { length: self.length, words, weights, total })
        } else {
            let reason = "every document has all its runs of words; add documents that differ";
            Err(Error::Undefined { quantity: "importance", reason })
        }
    }
}

impl Importance {
    /// The share of importance that the sentences of a summary cover, from 0 to 1.
    #[must_use]
    pub fn score(&self, summary: &[impl AsRef<str>]) -> f64 {
        let (runs, _) = counted(summary, self.length);
        let covered: f64 =
            self.weights.iter().filter(|(run, _)| runs.contains_key(*run)).map(|(_, w)| w).sum();
        let long = runs.values().sum::<u64>() as f64 / self.words.max(1) as f64;
        let brevity = 1.0 / (1.0 + libm::exp(20.0 * long - 10.0));
        brevity * covered / self.total
    }

    /// The `most` most important runs with their share of the importance, the first in the order of their letters among
    /// equals.
    #[must_use]
    pub fn heaviest(&self, most: usize) -> Vec<(String, f64)> {
        let mut all: Vec<(&Vec<String>, f64)> =
            self.weights.iter().map(|(run, w)| (run, w / self.total)).collect();
        all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        all.into_iter().take(most).map(|(run, share)| (run.join(" "), share)).collect()
    }
}

/// The runs of a text with their counts, and its words.
fn counted(sentences: &[impl AsRef<str>], length: usize) -> (BTreeMap<Vec<String>, u64>, usize) {
    let (mut runs, mut count) = (BTreeMap::new(), 0);
    let different: BTreeSet<&str> = sentences.iter().map(AsRef::as_ref).collect();
    let mut times: BTreeMap<&str, u64> = different.into_iter().map(|sentence| (sentence, 0)).collect();
    for sentence in sentences {
        if let Some(times) = times.get_mut(sentence.as_ref()) {
            *times += 1;
        }
    }
    for (sentence, times) in times {
        let words = content_words(sentence);
        count += words.len() * usize::try_from(times).unwrap_or(1);
        for run in words.windows(length) {
            *runs.entry(run.to_vec()).or_default() += times;
        }
    }
    (runs, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_by_hand() {
        let mut corpus = ImportanceCorpus::new(1).unwrap();
        corpus.add(&["Blurry mouth", "Blurry teeth"]);
        corpus.add(&["Mouth fine"]);
        let important = corpus.importance(&["Blurry mouth", "Blurry teeth"]).unwrap();
        // Blurry twice, teeth once, in one document of two; the mouth is in both.
        let [blurry, teeth] = [(2.0 * 2f64.ln()).tanh(), (2f64.ln() / 2.0).tanh()];
        let brevity = |long: f64| 1.0 / (1.0 + (20.0 * long - 10.0).exp());
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(important.score(&["blurry"]), brevity(0.25) * blurry / (blurry + teeth));
        close(important.score(&["The mouth"]), 0.0);
        close(important.score(&["Teeth, blurry"]), brevity(0.5));
        close(important.score(&[] as &[&str]), 0.0);
        assert_eq!(important.heaviest(9)[0].0, "blurry");
    }

    #[test]
    fn runs_stay_within_a_sentence_and_rank_by_importance() {
        let mut corpus = ImportanceCorpus::new(2).unwrap();
        corpus.add(&["left ear gray", "nose dark"]);
        corpus.add(&["left ear fine"]);
        let important = corpus.importance(&["left ear gray", "nose dark"]).unwrap();
        let runs: Vec<String> = important.heaviest(9).into_iter().map(|(run, _)| run).collect();
        assert_eq!(runs, ["ear gray", "nose dark", "left ear"]);
    }

    #[test]
    fn bad_input_is_a_typed_error() {
        assert!(matches!(ImportanceCorpus::new(0), Err(Error::OutOfRange { .. })));
        let mut corpus = ImportanceCorpus::new(1).unwrap();
        corpus.add(&["one mouth"]);
        assert!(matches!(corpus.importance(&["one mouth"]), Err(Error::Undefined { .. })));
        assert!(matches!(corpus.importance(&[] as &[&str]), Err(Error::Undefined { .. })));
    }
}
