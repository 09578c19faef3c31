//! The benchmark as a library: what the program `benchmark` does, for tests that compare programs. See README.md.

mod args;
mod features;
#[path = "../../figure.rs"]
mod figure;
mod merge;
mod methods;
mod plan;
#[path = "../../print.rs"]
mod print;
mod report;
mod store;
mod train;
mod typed;
mod work;

pub use args::Cli;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, FromArgMatches};

use args::Command;
use methods::{imported, registry};
use plan::Plan;
use report::protocol::Kind;
use work::{More, Work};

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::command().try_get_matches().and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut Cli::command()))?;
        Ok(Cli { typed: typed::typed(&Cli::command(), &matches), ..cli })
    });
    print::main(cli, ::train::in_words, run)
}

/// Does what the command line says. Whether everything is done and nothing failed.
///
/// # Errors
///
/// Wrong usage or input, and folders that cannot be read or written.
pub fn run(cli: &Cli) -> Result<bool> {
    match &cli.command {
        Some(Command::Merge(merge)) => merge::run(merge),
        Some(Command::Cross(cross)) => {
            let plan = Plan::across(&cross.train, &cross.test, cross.repeats, cross.work.seed)?;
            let methods = work::methods(&cross.work, Some(&plan), &cross.work.methods)?;
            let (args, command, more) = (&cross.work, cli.typed.as_str(), Default::default());
            Work { args, command, plan: &plan, kind: Kind::Across, methods, more }.run()
        }
        None if cli.splits.list_methods => work::list(&cli.splits),
        None => {
            let splits = &cli.splits;
            let data = splits.data.as_deref().context("--data DIR is missing")?;
            let plan = Plan::of_tree(data, splits.splits, splits.work.seed)?;
            let mut methods = work::methods(&splits.work, Some(&plan), &splits.work.methods)?;
            let more = More::of(splits, Some(&plan))?;
            let ours = more.all().map(|method| method.name()).chain(registry::names()).collect::<Vec<_>>();
            methods.extend(imported::read(&splits.predictions, &plan, &ours)?);
            let (args, command) = (&splits.work, cli.typed.as_str());
            Work { args, command, plan: &plan, kind: Kind::Splits, methods, more }.run()
        }
    }
}
