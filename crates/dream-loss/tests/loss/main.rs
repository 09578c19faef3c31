//! The tests of the crate from outside. One program, because every program of its own links all that is below it.

mod common;
mod edges;
mod golden;
mod gradients;
mod paper;
