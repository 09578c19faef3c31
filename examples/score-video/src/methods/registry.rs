//! The methods by name: one line each. Networks are those of `dream_models::deep::methods::METHODS`.

use std::fmt::Write;

use anyhow::{Result, bail};

use super::{Entry, Method, regression};
use crate::args::Args;

/// The first is the default.
pub(crate) const METHODS: &[Entry] = &[regression::VIDEVAL60, regression::BRISQUE];

/// The method that the command line asks for, ready to use.
pub(crate) fn load(args: &Args) -> Result<Box<dyn Method>> {
    match (args.method.as_deref(), &args.network.weights) {
        (Some(name), None) => match METHODS.iter().find(|entry| entry.name == name) {
            Some(entry) => (entry.load)(args),
            None => network(args),
        },
        (Some(name), Some(_)) if METHODS.iter().any(|entry| entry.name == name) => {
            bail!("--weights is for networks, and --method {name} is none: leave out one of them")
        }
        (_, Some(_)) => network(args),
        (None, None) => match METHODS {
            [default, ..] => (default.load)(args),
            [] => bail!("there is no method"),
        },
    }
}

/// A line of `--help` for every method.
pub(crate) fn help() -> String {
    let mut text = "Methods:\n".to_owned();
    for (number, Entry { name, about, .. }) in METHODS.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<10} {about}{}", if number == 0 { " (the default)" } else { "" });
    }
    for (name, about) in networks() {
        let _ = writeln!(text, "  {name:<10} {about}");
    }
    text
}

#[cfg(feature = "deep")]
fn networks() -> impl Iterator<Item = (&'static str, String)> {
    let all = dream_models::deep::methods::METHODS.iter();
    all.map(|entry| (entry.name, format!("{}, a network: name a checkpoint with --weights", entry.title)))
}

#[cfg(not(feature = "deep"))]
fn networks() -> impl Iterator<Item = (&'static str, String)> {
    std::iter::once(("networks", "in a build with --features deep".to_owned()))
}

#[cfg(feature = "deep")]
fn network(args: &Args) -> Result<Box<dyn Method>> {
    if let Some(name) = &args.method
        && !networks().any(|(known, _)| known == name)
    {
        bail!("--method {name}: there is no such method; see --help");
    }
    super::network::load(args)
}

#[cfg(not(feature = "deep"))]
fn network(args: &Args) -> Result<Box<dyn Method>> {
    let option = args.method.as_ref().map_or("--weights".to_owned(), |name| format!("--method {name}"));
    bail!(
        "{option} is not in this build, see --help. For networks build with --features deep, as in \
         cargo run --release -p score-video --features deep -- --weights CKPT VIDEO"
    )
}
