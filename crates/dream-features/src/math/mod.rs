//! Transcendental functions with the same bits on every machine, written so that loops over them vectorise.

mod cbrt;
mod ln;

pub(crate) use cbrt::{cbrt, pow_2_4};
pub(crate) use ln::ln;
