//! `tidy`: conventions of the tree, turned into failures.

mod publish;
mod rules;
mod tree;

use anyhow::{Result, bail};

use rules::RULES;
use tree::Tree;

use crate::print::say;

const HELP: &str = "\
Checks the conventions of the tree: tracked files, and untracked ones that git does not ignore.

Usage: cargo xtask tidy

Every rule prints one line; a violation is printed with its file, line and remedy.

Example:
  cargo xtask tidy
";

/// A rule broken somewhere.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    /// From 1; 0 for the file as a whole.
    line: usize,
    what: String,
}

/// A convention, how to find what breaks it, and what to do then.
struct Rule {
    name: &'static str,
    remedy: &'static str,
    check: fn(&Tree) -> Vec<Violation>,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => {}
        [flag] if flag == "--help" || flag == "-h" => {
            say!("{HELP}\nRules:");
            for rule in RULES {
                say!("  {}", rule.name);
            }
            return Ok(());
        }
        _ => bail!("tidy takes no arguments: see `cargo xtask tidy --help`"),
    }
    let tree = Tree::of_workspace()?;
    say!("tidy: {} files", tree.paths().count());
    let mut total = 0;
    for rule in RULES {
        let violations = (rule.check)(&tree);
        let verdict = match violations.len() {
            0 => "ok".to_owned(),
            n => format!("{n} FAIL ({})", rule.remedy),
        };
        say!("tidy: {}: {verdict}", rule.name);
        for Violation { path, line, what } in &violations {
            let place = if *line == 0 { path.clone() } else { format!("{path}:{line}") };
            say!("  {place}: {what}");
        }
        total += violations.len();
    }
    match total {
        0 => Ok(()),
        n => bail!("tidy: {n} violations"),
    }
}
