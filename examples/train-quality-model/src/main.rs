//! Trains the embedded quality model from human ratings
fn main() {}
