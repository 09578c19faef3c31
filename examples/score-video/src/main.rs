//! Scores how good the faces in videos look to people
fn main() {}
