//! Trains the head of face-blend.

#![allow(dead_code, reason = "the program that uses these modules is written elsewhere")]

mod pseudo;

fn main() {}
