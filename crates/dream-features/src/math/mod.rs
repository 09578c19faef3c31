//! Transcendental functions with the same digits on every machine, written so that loops over them vectorise.

mod ln;

pub(crate) use ln::ln;
