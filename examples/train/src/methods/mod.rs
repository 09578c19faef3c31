//! The methods: one file and one line in [`METHODS`] each. Network and loss meet in those files and nowhere else.

mod convnext;
mod da_clip;
mod hust;
mod method;
mod opdai;
mod swin;
#[cfg(test)]
mod tests;
mod unilj;

use anyhow::{Context, Result};

pub(crate) use convnext::config as convnext_of;
pub use method::Method;
pub(crate) use method::{Batch, Goal, Joint, Network, Own, Plan, PlanOf, Taken, Terms, Text};
pub(crate) use swin::config as swin_v2_of;

/// Every method that can be trained, in the order in which programs list them.
pub const METHODS: &[Method] = &[da_clip::METHOD, opdai::METHOD, hust::METHOD, unilj::METHOD];

/// The method where none is named.
pub const DEFAULT: &str = METHODS[0].entry.name;

/// The method of a name.
///
/// # Errors
/// For a name that is unknown, with those that are known.
pub fn by_name(name: &str) -> Result<Method> {
    let found = METHODS.iter().find(|method| method.entry.name == name).copied();
    found.with_context(|| format!("no method {name}: there are {}", names().join(", ")))
}

/// Names of the methods.
#[must_use]
pub fn names() -> Vec<&'static str> {
    METHODS.iter().map(|method| method.entry.name).collect()
}
