//! Writes named quality features of videos as CSV
fn main() {}
