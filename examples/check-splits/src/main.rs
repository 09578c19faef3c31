//! Looks for leaks in the splits of a data set. See README.md.

#[path = "../../print.rs"]
mod print;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use dream_data::Error as DataError;
use dream_data::dataset::{Clip, Dataset, read_manifest};
use dream_data::split::{Partition, Split, check_split, read_split};

use print::terminal::{Ink, Terminal};
use print::{count, say};

/// Proves that splits do not leak, or names the clips that leak
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// A data set with splits/, a folder with the folders 0, 1 …, or one split
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,

    /// Identities and methods, for names that do not say them: `path[,mos][,group][,method]`
    #[arg(long, value_name = "FILE.csv")]
    manifest: Option<PathBuf>,

    /// Do not report clean splits
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  check-splits DREAM                          splits/0 … of a data set
  check-splits DREAM/splits/3                 one split
  check-splits mine --manifest clips.csv      names of your own

A split is clean when no clip is in it twice, no identity of test-1 and test-3 is in train, no method of test-2 and \
test-3 is in train (in another case or Unicode form neither), and every clip is known. Exit status: 0 all clean, 1 leaks \
or no room for the output, 2 an error.";

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the libraries in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let DataError::InvalidOption { reason, .. } = cause.downcast_ref()? else { return None };
    Some(reason.clone())
}

/// Whether no clip leaks.
fn run(args: &Args) -> Result<bool> {
    let listed = args.manifest.as_ref().map(|path| -> Result<Vec<Clip>> {
        let rows = read_manifest(path)?;
        rows.iter().map(|row| row.to_clip().with_context(|| path.display().to_string())).collect()
    });
    let listed = listed.transpose()?;
    let (mut splits, mut leaks) = (0, 0);
    let shown = Terminal::of_stdout();
    for folder in &args.folders {
        for path in splits_of(folder)? {
            let split = read_split(&path)?;
            let known = listed.clone().map_or_else(|| named(&split, folder), Ok)?;
            let report = check_split(&split, &known)?;
            splits += 1;
            leaks += report.leaks.len();
            for leak in &report.leaks {
                say!("{}: {}", path.display(), shown.paint(Ink::Bad, &leak.to_string()));
            }
            if report.is_clean() && !args.quiet {
                let mut line = format!("{}: {};", path.display(), shown.paint(Ink::Good, "clean"));
                for set in Partition::ALL {
                    let s = report.set(set);
                    let clips = count(s.clips, "clip");
                    let identities = count(s.identities.len(), "identity");
                    let methods = count(s.methods.len(), "method");
                    line += &format!(" {set} {clips}, {identities}, {methods};");
                }
                say!("{line} {} in no set", count(report.unassigned.len(), "known clip"));
            }
        }
    }
    let found = if leaks == 0 { "no leak".to_owned() } else { count(leaks, "leak") };
    say!("checked {}: {found}", count(splits, "split"));
    Ok(leaks == 0)
}

/// The folders of splits below a folder, or the folder itself.
fn splits_of(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.join(Partition::Train.file_name()).exists() {
        return Ok(vec![folder.to_owned()]);
    }
    let below = if folder.join("splits").is_dir() { folder.join("splits") } else { folder.to_owned() };
    let mut found: Vec<(usize, PathBuf)> = Vec::new();
    let entries = std::fs::read_dir(&below).with_context(|| format!("cannot read {}", below.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", below.display()))?;
        if let Some(index) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push((index, entry.path()));
        }
    }
    if found.is_empty() {
        bail!("{} has no splits: expected folders 0, 1 … with train_set.csv in them", below.display());
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The clips of a split and of the videos beside it, by the names of the benchmark. Other names stay unknown.
fn named(split: &Split, folder: &Path) -> Result<Vec<Clip>> {
    let mut names: std::collections::BTreeSet<_> = split.clips().cloned().collect();
    if folder.join("videos").is_dir() {
        names.extend(Dataset::open(folder)?.videos()?);
    }
    Ok(names.into_iter().filter_map(|name| Clip::from_id(name).ok()).collect())
}
