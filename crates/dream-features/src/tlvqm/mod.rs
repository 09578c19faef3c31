//! TLVQM: the two-level video quality model.

pub mod high;
