//! Summaries of short texts: choosing sentences, and judging a summary without a reference.

mod extract;
mod importance;
mod language;
mod restoration;
mod words;

pub use extract::{Extractive, word_similarities};
pub use importance::{Importance, ImportanceCorpus};
pub use language::LanguageModel;
pub use restoration::Restoration;
pub use words::{is_stop_word, words};
