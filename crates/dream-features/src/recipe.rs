//! How a feature vector was made, as text.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Keys that come first, in this order.
const FIRST: [&str; 2] = ["extractor", "version"];
/// Keys that come last, in this order; between them are the options of the extractor.
const LAST: [&str; 4] = ["frames", "pooling", "pixels", "source"];

/// How a feature vector was made: which extractor, with which options, from which frames. Two vectors can be compared,
/// and a model can be asked about a vector, only where their recipes are the same.
///
/// The text is `key=value` with spaces between, in a fixed order: the same configuration always gives the same text.
///
/// | key | value |
/// | --- | --- |
/// | `extractor`, `version` | stable name of the extractor; a whole number, raised when its values change |
/// | options | those of the extractor that change values, also at their defaults |
/// | `frames` | frames that were looked at: `own` (the extractor's choice), `all`, `every-N`, `per-second-N`, `feature-fusion`; `one` for an image |
/// | `pooling` | how they became one vector: `own`, `mean`, `mean-std`, `windowed-mean-std`; `none` for an image |
/// | `pixels` | what the frames held: `color`, `luma`, `image-luma` (`rgb2gray` of RGB), `rgb`, or `mixed` when frames differed |
/// | `source` | `whole`, or `thinned` when the frames were a selection of the video's |
///
/// An extractor of luma alone says `luma` for luma with or without chroma; for an extractor of colour, `luma` says that
/// chroma was absent and taken as gray.
///
/// # Example
/// ```
/// use dream_features::{Brisque, Pooled, Pooling, Recipe, VideoFeatures};
///
/// let extractor = Pooled::new(Brisque::default(), Pooling::one_per_second())?;
/// let text = "extractor=brisque version=1 flat_areas=snapped frames=per-second-1 pooling=mean";
/// assert_eq!(extractor.recipe().to_string(), text);
///
/// let other: Recipe = text.replace("per-second-1", "all").parse()?;
/// let differences = extractor.recipe().differences(&other);
/// assert_eq!(differences[0].to_string(), "frames is per-second-1, not all");
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipe {
    text: String,
}

impl Recipe {
    /// The recipe of an extractor without options. `version` is to be raised whenever the same pixels give other values.
    ///
    /// Spaces, control characters and `=` in a name become `_`, here and in [`Recipe::with`].
    ///
    /// # Example
    /// ```
    /// use dream_features::Recipe;
    ///
    /// let recipe = Recipe::new("spread", 1).with("scale", 0.5).with("frames", "one");
    /// assert_eq!(recipe.as_str(), "extractor=spread version=1 scale=0.5 frames=one");
    /// ```
    #[must_use]
    pub fn new(extractor: &str, version: u32) -> Self {
        Self { text: String::new() }.with("extractor", extractor).with("version", version)
    }

    /// The same recipe with one more key, or another value of a key.
    #[must_use]
    pub fn with(&self, key: &str, value: impl fmt::Display) -> Self {
        let (key, value) = (word(key), word(&value.to_string()));
        let mut pairs: Vec<(&str, &str)> = self.iter().filter(|(other, _)| *other != key).collect();
        // An option that is set again keeps its place.
        let place = self.iter().position(|(other, _)| other == key).unwrap_or(pairs.len());
        pairs.insert(place, (&key, &value));
        pairs.sort_by_key(|(key, _)| rank(key));
        let words: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Self { text: words.join(" ") }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.split(' ').filter_map(|word| word.split_once('='))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// The keys whose values differ, in the order of this recipe, then those that only `other` has.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<Difference<'a>> {
        let ours =
            self.iter().map(|(key, ours)| Difference { key, ours: Some(ours), theirs: other.get(key) });
        let theirs = other.iter().filter(|(key, _)| self.get(key).is_none());
        let theirs = theirs.map(|(key, theirs)| Difference { key, ours: None, theirs: Some(theirs) });
        ours.chain(theirs).filter(|found| found.ours != found.theirs).collect()
    }

    /// This recipe as one value of another: `name/version(key:value,...)`.
    pub(crate) fn nested(&self) -> String {
        let [name, version] = FIRST.map(|key| self.get(key).unwrap_or_default());
        let inner = self.iter().filter(|(key, _)| !FIRST.contains(key));
        let inner: Vec<String> = inner.map(|(key, value)| format!("{key}:{value}")).collect();
        format!("{name}/{version}({})", inner.join(","))
    }
}

/// A key whose value is not the same in two recipes; `None` where a recipe does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The key.
    pub key: &'a str,
    /// Value in the recipe that was asked.
    pub ours: Option<&'a str>,
    /// Value in the other.
    pub theirs: Option<&'a str>,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ours, theirs] = [self.ours, self.theirs].map(|value| value.unwrap_or("absent"));
        write!(f, "{} is {ours}, not {theirs}", self.key)
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Recipe {
    type Err = Error;

    /// Reads a recipe; keys may be in any order, and come into the fixed one.
    ///
    /// # Errors
    /// [`Error::Recipe`] when a word is not `key=value`, a key occurs twice, or `extractor` or `version` is missing.
    fn from_str(text: &str) -> Result<Self> {
        let failed = |word: &str, reason| Err(Error::Recipe { word: word.to_owned(), reason });
        let mut recipe = Self { text: String::new() };
        for word in text.split_whitespace() {
            match word.split_once('=') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() && !value.contains('=') => {
                    if recipe.get(key).is_some() {
                        return failed(key, "occurs twice");
                    }
                    recipe = recipe.with(key, value);
                }
                _ => return failed(word, "is not key=value"),
            }
        }
        match FIRST.into_iter().find(|key| recipe.get(key).is_none()) {
            Some(key) => failed(key, "is missing"),
            None => Ok(recipe),
        }
    }
}

/// Text that does not break the recipe in which it stands.
fn word(text: &str) -> String {
    let safe = |c: char| if c.is_whitespace() || c.is_control() || c == '=' { '_' } else { c };
    if text.is_empty() { "_".to_owned() } else { text.chars().map(safe).collect() }
}

/// Where a key stands; options, all at the same rank, keep their order.
fn rank(key: &str) -> usize {
    let first = FIRST.iter().position(|other| *other == key);
    let last = LAST.iter().position(|other| *other == key).map(|place| FIRST.len() + 1 + place);
    first.or(last).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_fixed_but_for_options() {
        let recipe =
            Recipe::new("x", 2).with("source", "whole").with("b", 1).with("a", 2).with("frames", "all");
        assert_eq!(recipe.as_str(), "extractor=x version=2 b=1 a=2 frames=all source=whole");
        assert_eq!(recipe.with("b", 3).as_str(), "extractor=x version=2 b=3 a=2 frames=all source=whole");
        let read: Recipe = " source=whole frames=all\tversion=2 b=1 a=2 extractor=x\n".parse().unwrap();
        assert_eq!(read, recipe);
        assert_eq!((read.get("a"), read.get("c")), (Some("2"), None));
        assert_eq!(recipe.nested(), "x/2(b:1,a:2,frames:all,source:whole)");
    }

    #[test]
    fn a_name_cannot_break_the_text() {
        let recipe = Recipe::new("my own=one", 1).with("", "").with("a\nb", "c\u{0}d");
        assert_eq!(recipe.as_str(), "extractor=my_own_one version=1 _=_ a_b=c_d");
        assert_eq!(recipe.to_string().parse::<Recipe>().unwrap(), recipe);
    }

    #[test]
    fn bad_text_is_an_error_that_names_the_word() {
        for (text, found, why) in [
            ("", "extractor", "is missing"),
            ("extractor=a", "version", "is missing"),
            ("extractor=a version=1 b", "b", "is not key=value"),
            ("extractor=a version=1 b=", "b=", "is not key=value"),
            ("extractor=a version=1 b=c=d", "b=c=d", "is not key=value"),
            ("extractor=a version=1 version=2", "version", "occurs twice"),
        ] {
            let error = text.parse::<Recipe>().unwrap_err();
            assert_eq!(error, Error::Recipe { word: found.to_owned(), reason: why }, "{text}");
        }
    }

    #[test]
    fn differences_go_both_ways() {
        let one = Recipe::new("x", 1).with("a", 1).with("frames", "all");
        let other = Recipe::new("x", 2).with("b", 1).with("frames", "all");
        let found: Vec<String> = one.differences(&other).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["version is 1, not 2", "a is 1, not absent", "b is absent, not 1"]);
        assert!(one.differences(&one).is_empty());
    }
}
