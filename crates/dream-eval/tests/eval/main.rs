//! The tests of the crate from outside. One program, because every program of its own links all that is below it.

mod golden;
mod statistics;
mod table;
