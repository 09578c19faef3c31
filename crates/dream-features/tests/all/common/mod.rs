//! Helpers of the tests.

pub(crate) mod clips;
pub(crate) mod golden;
pub(crate) mod picture;
pub(crate) mod reference;
pub(crate) mod shared;
