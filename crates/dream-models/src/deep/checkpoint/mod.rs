//! Files of weights.

mod source;

pub(crate) use source::read_bounded;
