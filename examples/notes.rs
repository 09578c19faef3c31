//! What was assumed about videos, in a few lines. Included as a file, for programs share no crate.
#![allow(unreachable_pub, reason = "`train` is a library too, which gives it away")]

use std::collections::BTreeMap;

/// Videos that have a line of their own; the others are only counted.
const MOST: usize = 5;

/// What was settled about videos without asking, by name, as [`dream_data::Assumption`] says it.
pub type Assumptions = BTreeMap<String, Vec<String>>;

/// What was assumed, for the standard error: a line for each of the first videos, and where there are more, how many of
/// each kind there are.
#[derive(Debug, Default)]
pub struct Notes {
    videos: usize,
    kinds: BTreeMap<String, usize>,
}

impl Notes {
    /// Everything that was assumed about some videos, in lines.
    #[allow(dead_code, reason = "some programs write a line as soon as it is known")]
    #[must_use]
    pub fn of(all: &Assumptions) -> Vec<String> {
        let mut notes = Self::default();
        let lines: Vec<String> =
            all.iter().flat_map(|(video, assumed)| notes.lines(video, assumed)).collect();
        lines.into_iter().chain(notes.end()).collect()
    }

    /// The lines about a video.
    pub fn lines(&mut self, video: &str, assumed: &[String]) -> Vec<String> {
        self.videos += usize::from(!assumed.is_empty());
        for text in assumed {
            *self.kinds.entry(kind(text).to_owned()).or_default() += 1;
        }
        let shown = if self.videos > MOST { &[] } else { assumed };
        shown.iter().map(|text| format!("note: {video}: {text}")).collect()
    }

    /// The last line, where not every video had its own.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        (self.videos > MOST)
            .then(|| format!("note: {} videos rest on assumptions: {}", self.videos, kinds.join(", ")))
    }
}

/// How many assumptions of each kind there are.
#[allow(dead_code, reason = "not every program writes it")]
#[must_use]
pub fn counts(all: &Assumptions) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for text in all.values().flatten() {
        *kinds.entry(kind(text)).or_default() += 1;
    }
    kinds
}

/// The kind of an assumption stands before its first colon.
fn kind(text: &str) -> &str {
    text.split_once(':').map_or(text, |(kind, _)| kind)
}
