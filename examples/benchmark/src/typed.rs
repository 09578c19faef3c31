//! The command as it was typed, for the report: without what changes no result, and without where things lie on this
//! machine.

use std::ffi::OsStr;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, ValueHint};
use dream_data::name_of;

/// Options that change no byte of the results.
const UNSEEN: [&str; 4] = ["out", "jobs", "shard", "retry_failed"];

/// The options in the order of the help, so that one run has one command however it was typed.
pub(crate) fn typed(command: &Command, matches: &ArgMatches) -> String {
    let mut words = vec![command.get_name().to_owned()];
    for arg in command.get_arguments() {
        let id = arg.get_id().as_str();
        let Some(long) = arg.get_long().filter(|_| !UNSEEN.contains(&id)) else { continue };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        if !arg.get_action().takes_values() {
            words.push(format!("--{long}"));
            continue;
        }
        for values in matches.get_raw_occurrences(id).into_iter().flatten() {
            words.push(format!("--{long}"));
            let values: Vec<String> = values.map(|value| shown(arg, value)).collect();
            match arg.get_value_delimiter() {
                Some(delimiter) => words.push(values.join(&delimiter.to_string())),
                None => words.extend(values),
            }
        }
    }
    let below = matches.subcommand().and_then(|(name, below)| Some((command.find_subcommand(name)?, below)));
    words.extend(below.map(|(command, matches)| typed(command, matches)));
    words.join(" ")
}

/// A value; of a path its last part.
fn shown(arg: &Arg, value: &OsStr) -> String {
    let last = |path: &Path| path.file_name().map_or_else(|| name_of(path.as_os_str()), name_of);
    let text = name_of(value);
    match (arg.get_value_hint(), text.split_once('=')) {
        (ValueHint::AnyPath, _) => quoted(&last(Path::new(value))),
        // A title and the file of its predictions.
        (_, Some((title, path))) => quoted(&format!("{title}={}", last(Path::new(path)))),
        _ => quoted(&text),
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    fn of(words: &[&str]) -> String {
        let matches = Cli::command().try_get_matches_from([&["benchmark"], words].concat()).unwrap();
        typed(&Cli::command(), &matches)
    }

    #[test]
    fn what_changes_no_result_is_left_out_and_so_is_the_place() {
        let words = [
            "--out",
            "o",
            "--data",
            "a/b/DREAM",
            "--jobs=3",
            "--splits",
            "2",
            "--methods",
            "tlvqm,brisque",
            "--strict",
        ];
        let expected = "benchmark --data DREAM --splits 2 --methods tlvqm,brisque --strict";
        assert_eq!(of(&words), expected);
        let turned = [
            "--strict",
            "--methods",
            "tlvqm,brisque",
            "--splits=2",
            "--shard",
            "1/2",
            "--data=x/DREAM/",
            "--retry-failed",
        ];
        assert_eq!(of(&turned), expected);
        assert_eq!(
            of(&[
                "--data",
                "d",
                "--predictions",
                "It's=a/p.csv",
                "--predictions",
                "B=q.csv",
                "--boxes",
                "c/my faces.csv"
            ]),
            "benchmark --data d --predictions 'It'\\''s=p.csv' --predictions B=q.csv --boxes 'my faces.csv'"
        );
    }

    #[test]
    fn the_subcommand_has_its_own() {
        let words =
            ["cross", "--train", "a/one", "--test", "b/two.csv", "three", "--repeats", "4", "--out", "o"];
        assert_eq!(of(&words), "benchmark cross --train one --test two.csv three --repeats 4");
    }
}
