//! Calls whose panics are caught, and vectors that are compared bit by bit.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::picture::{Around, Content, Kind, Picture};
use super::{Findings, Rule};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::layout::{FeatureLayout, FeatureVector};
use crate::recipe::Recipe;

/// Why a call gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    Error(Error),
    Panic(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "error: {error}"),
            Self::Panic(message) => write!(f, "panic: {message}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

pub(super) type Outcome<T> = std::result::Result<T, Failure>;

/// Calls code of the extractor.
pub(super) fn attempt<T>(call: impl FnOnce() -> Result<T>) -> Outcome<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => Ok(result?),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            Err(Failure::Panic(text.unwrap_or_else(|| "without a message".to_owned())))
        }
    }
}

/// Calls `call` in a thread of its own; `None` where there are no threads.
pub(super) fn in_thread<T: Send>(call: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| thread::Builder::new().spawn_scoped(scope, call).ok()?.join().ok())
}

/// The bits of values. One NaN is as good as another.
pub(super) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| if value.is_nan() { f64::NAN } else { *value }.to_bits()).collect()
}

/// Where two results differ, in words; `None` where they do not.
pub(super) fn difference(names: &[String], expected: &[f64], found: &[f64]) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("{} values instead of {}", found.len(), expected.len()));
    }
    let pairs = bits(expected).into_iter().zip(bits(found));
    let place = pairs.enumerate().find(|(_, (a, b))| a != b).map(|(place, _)| place)?;
    let name = names.get(place).map_or("?", String::as_str);
    let value = |values: &[f64]| values.get(place).copied().unwrap_or(f64::NAN);
    Some(format!("`{name}` is {:?} instead of {:?}", value(found), value(expected)))
}

impl Findings {
    /// Takes note of a panic, and hands on everything else.
    pub(super) fn caught<T>(&mut self, case: &str, outcome: Outcome<T>) -> Outcome<T> {
        if let Err(Failure::Panic(message)) = &outcome {
            self.add(Rule::Panic, format!("{case}: {message}"));
        }
        outcome
    }

    /// Whether `found` is `expected`, with all that belongs to it. Recipes may differ in what the pixels were.
    pub(super) fn same(
        &mut self,
        rule: Rule,
        case: &str,
        expected: &FeatureVector,
        found: Outcome<FeatureVector>,
    ) {
        let difference = match self.caught(case, found) {
            Err(Failure::Panic(_)) => None,
            Err(Failure::Error(error)) => Some(format!("error: {error}")),
            Ok(found) => {
                difference(expected.layout().names(), expected.values(), found.values()).or_else(|| {
                    let numbers =
                        |vector: &FeatureVector| (vector.replaced(), vector.frames(), vector.short());
                    let (ours, theirs) = (numbers(expected), numbers(&found));
                    let text = format!("replaced, frames and short are {theirs:?} instead of {ours:?}");
                    (ours != theirs).then_some(text)
                })
            }
        };
        if let Some(difference) = difference {
            self.add(rule, format!("{case}: {difference}"));
        }
    }

    /// What both kinds of extractors say of themselves.
    pub(super) fn identity(&mut self, layouts: [&FeatureLayout; 2], recipes: [&Recipe; 2]) {
        let [layout, again] = layouts;
        let names = layout.names();
        self.unless(!names.is_empty(), Rule::Names, || "there are none".to_owned());
        self.unless(layout == again, Rule::Names, || "two calls of `layout` differ".to_owned());
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort();
        let twice = sorted.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first());
        if let Some(name) = twice {
            self.add(Rule::Names, format!("`{name}` occurs twice"));
        }
        self.unless(names.iter().all(|name| !name.is_empty()), Rule::Names, || "one is empty".to_owned());
        let [recipe, again] = recipes;
        self.unless(recipe == again, Rule::Recipe, || "two calls of `recipe` differ".to_owned());
        match recipe.to_string().parse::<Recipe>() {
            Ok(read) => {
                self.unless(read == *recipe, Rule::Recipe, || format!("`{recipe}` reads as `{read}`"))
            }
            Err(error) => self.add(Rule::Recipe, error.to_string()),
        }
    }

    /// Whether a vector belongs to the extractor and its values can be used.
    pub(super) fn vector(
        &mut self,
        case: &str,
        layout: &FeatureLayout,
        recipe: &Recipe,
        vector: &FeatureVector,
    ) {
        self.unless(vector.layout() == layout, Rule::Layout, || format!("{case}: others than `layout`"));
        let kept = recipe.get("undefined") == Some("kept");
        let odd = vector.values().iter().zip(layout.names()).find(|(value, _)| !value.is_finite());
        if let Some((value, name)) = odd.filter(|_| !kept) {
            self.add(Rule::Finite, format!("{case}: `{name}` is {value}"));
        }
        let lost =
            recipe.iter().find(|&(key, value)| key != "source" && vector.recipe().get(key) != Some(value));
        if let Some((key, value)) = lost {
            self.add(Rule::Recipe, format!("{case}: the vector's lacks {key}={value}"));
        }
        let keys = ["frames", "pooling", "pixels", "source"];
        let missing = keys.into_iter().find(|key| vector.recipe().get(key).is_none());
        if let Some(key) = missing {
            self.add(Rule::Recipe, format!("{case}: the vector's has no {key}"));
        }
    }
}

/// What `call` makes of a picture.
pub(super) fn with_picture<T>(
    content: Content,
    kind: Kind,
    size: (usize, usize),
    around: Around,
    call: impl FnOnce(&Frame<'_>) -> Result<T>,
) -> Outcome<T> {
    let picture = Picture::new(content, kind, size, around);
    attempt(|| call(&picture.frame()?))
}

/// A size that an extractor takes, given how it fails at other sizes: `try_size` is called with larger and larger ones.
pub(super) fn size_for(
    first: (usize, usize),
    mut try_size: impl FnMut((usize, usize)) -> Option<Failure>,
) -> std::result::Result<(usize, usize), Failure> {
    const LARGEST: usize = 1024;
    let mut size = first;
    loop {
        let Some(failure) = try_size(size) else { return Ok(size) };
        let larger = match &failure {
            // Odd, because odd sizes find more.
            Failure::Error(Error::TooSmall { width, height, .. }) => (width | 1, height | 1),
            _ => return Err(failure),
        };
        let next = (larger.0.max(size.0), larger.1.max(size.1));
        if next == size || next.0 > LARGEST || next.1 > LARGEST {
            return Err(failure);
        }
        size = next;
    }
}
