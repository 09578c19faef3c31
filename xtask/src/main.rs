//! Checks that cargo alone cannot express
fn main() {}
