//! Tables of the shared folder `cases`, which once broke the program, and what is right: `cases.csv`.
#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

#[path = "../../evaluate-predictions/tests/listed/mod.rs"]
mod listed;

#[test]
fn cases_are_answered_as_the_list_says() {
    listed::run(env!("CARGO_BIN_EXE_train-svr"), env!("CARGO_MANIFEST_DIR").as_ref());
}
