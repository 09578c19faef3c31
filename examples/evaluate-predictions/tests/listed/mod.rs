//! Runs a list of tables of the shared folder `cases`, which once broke a program: what it is given, and what is right.

#[path = "../../../cases_test.rs"]
mod cases_test;

use std::path::Path;
use std::process::Command;

use dream_data::table::{Column, Spec, Table};

/// Runs `tests/cases.csv` of a package in the folder of the tables. `{out}` in the arguments is a folder for results; in
/// the words, which a bar separates, `!` stands before what must not be said.
pub fn run(program: &str, package: &Path) {
    let Some(folder) = cases_test::folder() else { return };
    let folder = folder.join("csv");
    let names: [&[&str]; 3] = [&["arguments"], &["status"], &["words"]];
    let columns = names.map(Column::required);
    let spec = Spec { what: "cases", columns: &columns, may_lack_header: false };
    let mut cases = Table::open(package.join("tests/cases.csv"), &spec).unwrap();
    while cases.advance().unwrap() {
        let out = tempfile::tempdir().unwrap();
        let arguments = cases.required(0).unwrap().replace("{out}", out.path().to_str().unwrap());
        let arguments = arguments.split_whitespace();
        let output = Command::new(program).args(arguments).current_dir(&folder).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        let case = cases.required(0).unwrap();
        assert_eq!(output.status.code(), cases.required(1).unwrap().parse().ok(), "{case}\n{said}");
        for word in cases.required(2).unwrap().split('|') {
            match word.strip_prefix('!') {
                Some(word) => assert!(!said.contains(word), "{case}: `{word}` is in\n{said}"),
                None => assert!(said.contains(word), "{case}: `{word}` is missing in\n{said}"),
            }
        }
    }
}
