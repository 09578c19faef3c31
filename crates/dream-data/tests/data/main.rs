//! The tests of the crate from outside. One program, because every program of its own links all that is below it.

mod benchmark;
mod choice;
mod clips;
mod common;
mod container;
mod damage;
mod depth;
mod differential;
mod mp4;
mod open;
mod photographs;
mod program;
mod sampling;
mod serde;
mod synthetic;
mod tables;
mod tagging;
mod y4m;
