//! The methods by name: one line each. Networks are those of `dream_models::deep::methods::METHODS`.

use std::sync::Arc;

use super::{Entry, Method, NO_REFERENCE, regression};
use crate::error::{Error, Result};
use crate::options::Options;

/// The first is the default.
const DEFAULT: &Entry = &regression::VIDEVAL60;
const METHODS: [&Entry; 2] = [DEFAULT, &regression::BRISQUE];

/// A method by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodInfo {
    /// For [`ScorerBuilder::method`](crate::ScorerBuilder::method).
    pub name: &'static str,
    /// What it looks at.
    pub about: String,
    /// It is a network, and needs a checkpoint or the file of a tower:
    /// [`ScorerBuilder::weights`](crate::ScorerBuilder::weights).
    pub needs_weights: bool,
}

/// Every method of this build, the default first.
///
/// ```
/// let methods = score_video::methods();
/// assert_eq!(methods[0].name, "videval60");
/// assert!(!methods[0].needs_weights);
/// ```
#[must_use]
pub fn methods() -> Vec<MethodInfo> {
    let embedded = METHODS.iter().map(|entry| MethodInfo {
        name: entry.name,
        about: entry.about.to_owned(),
        needs_weights: false,
    });
    embedded.chain(networks()).collect()
}

/// The method that the options ask for, ready to use.
pub(crate) fn load(options: &Options) -> Result<Arc<dyn Method>> {
    if options.method.as_deref() != Some("face-blend") {
        if options.network.reference.is_some() {
            return Err(Error::Options(NO_REFERENCE.to_owned()));
        }
        if options.network.head.is_some() {
            return Err(Error::Options("`head` is for `method` face-blend: leave it out".to_owned()));
        }
    }
    let Some(name) = &options.method else {
        return if options.weights.is_some() { network(options) } else { (DEFAULT.load)(options) };
    };
    match (METHODS.iter().find(|entry| entry.name == name), &options.weights) {
        (Some(entry), None) => (entry.load)(options),
        (Some(_), Some(_)) => Err(Error::Options(format!(
            "`weights` is for networks, and `method` {name} is none: leave out one of them"
        ))),
        (None, _) => network(options),
    }
}

#[cfg(feature = "deep")]
fn networks() -> impl Iterator<Item = MethodInfo> {
    use dream_models::deep::methods::{METHODS, Weights};
    METHODS.iter().map(|entry| MethodInfo {
        name: entry.name,
        about: match entry.weights {
            Weights::Tower(_) => format!(
                "{}: traces of a pasted face, to rank versions of one recording; a network on the published tower CLIP ViT-B/16",
                entry.title
            ),
            _ => format!("{}, a network", entry.title),
        },
        needs_weights: true,
    })
}

#[cfg(not(feature = "deep"))]
fn networks() -> impl Iterator<Item = MethodInfo> {
    std::iter::empty()
}

#[cfg(feature = "deep")]
fn network(options: &Options) -> Result<Arc<dyn Method>> {
    match &options.method {
        Some(name) if networks().all(|known| known.name != name) => Err(unknown(name, "")),
        _ => super::network::load(options),
    }
}

#[cfg(not(feature = "deep"))]
fn network(options: &Options) -> Result<Arc<dyn Method>> {
    Err(match &options.method {
        Some(name) => unknown(name, "; networks are in a build with --features deep"),
        None => Error::Options("`weights` is not in this build: build it with --features deep".to_owned()),
    })
}

fn unknown(name: &str, more: &str) -> Error {
    let known: Vec<&str> = methods().iter().map(|method| method.name).collect();
    Error::Options(format!("`method` {name}: there is no such method; known are {}{more}", known.join(", ")))
}
