//! Draws the splits of a data set. See README.md.

#[path = "../../print.rs"]
mod print;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use dream_data::Error as DataError;
use dream_data::annotation::{Ddof, Tally};
use dream_data::dataset::{Clip, ClipId, Dataset, read_manifest};
use dream_data::split::{
    Partition, SplitDesign, Validation, ValidationUnit, check_split, write_mos_list, write_split,
};

use print::{count, note, say};

/// Draws leak-free splits: new identities in test-1, new methods in test-2, both in test-3
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// The data set: a folder with videos/ and all_descriptions_en.csv
    #[arg(long, value_name = "DIR", required_unless_present = "manifest")]
    data: Option<PathBuf>,

    /// A list `path[,mos][,group][,method]` instead of a data set
    #[arg(long, value_name = "FILE.csv", conflicts_with = "data", requires = "out")]
    manifest: Option<PathBuf>,

    /// Folder for the splits 0, 1 … [default: DIR/splits]
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Identities kept from train [default: 3 of 10]
    #[arg(long, value_name = "N")]
    test_identities: Option<usize>,

    /// Methods kept from train, real clips of a round counting as one [default: 10 of 38]
    #[arg(long, value_name = "N")]
    test_methods: Option<usize>,

    /// Number of splits
    #[arg(long, value_name = "N", default_value_t = 10)]
    repeats: usize,

    /// Seed of the draws; the same seed gives the same splits on every machine
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Also write validation_fit.csv and validation_set.csv: train divided by whole clips, identities or methods
    #[arg(long, value_enum, value_name = "UNIT")]
    validation: Option<Unit>,

    /// The share of units in validation_set.csv
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, requires = "validation")]
    validation_share: f64,

    /// Replace existing splits
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  make-splits --data DREAM
        ten splits below DREAM/splits
  make-splits --data DREAM --out mine --test-identities 4 --test-methods 8
  make-splits --manifest clips.csv --out splits --repeats 5
  make-splits --data DREAM --out mine --validation identity

Scores are the means of the opinions in all_descriptions_en.csv, or those of the manifest; without scores, the lists \
have names only. Every split is checked for leaks before it is written.
Exit status: 0 done, 1 no room for the output, 2 an error.";

/// What validation holds out as a whole.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unit {
    /// Single clips
    Clip,
    /// All clips of an identity
    Identity,
    /// All clips of a method
    Method,
}

fn main() -> ExitCode {
    print::main(Args::try_parse(), typed, run)
}

/// Errors of the libraries in words of the command line.
fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let DataError::InvalidOption { option, reason } = cause.downcast_ref()? else { return None };
    Some(match *option {
        "test_identities" => format!("--test-identities: {reason}"),
        "test_methods" => format!("--test-methods: {reason}"),
        "share" => format!("--validation-share {reason}"),
        "train" => format!("--validation: {reason}"),
        _ => reason.clone(),
    })
}

fn run(args: &Args) -> Result<bool> {
    let (clips, mos) = read(args)?;
    let different =
        |name: fn(&Clip) -> &str| clips.iter().map(name).collect::<std::collections::BTreeSet<_>>().len();
    let (identities, methods) = (different(|clip| &clip.identity), different(|clip| &clip.method));
    // The shares of DFGC-VRA, rounded.
    let design = SplitDesign {
        test_identities: args.test_identities.unwrap_or(((3 * identities + 5) / 10).max(1)),
        test_methods: args.test_methods.unwrap_or(((10 * methods + 19) / 38).max(1)),
        repeats: args.repeats,
        seed: args.seed,
    };
    let Some(folder) = args.out.clone().or_else(|| Some(args.data.as_ref()?.join("splits"))) else {
        bail!("--out is missing");
    };
    if !args.force && (0..design.repeats).any(|index| folder.join(index.to_string()).exists()) {
        bail!("{} has splits already; pass another --out, or --force to replace them", folder.display());
    }
    let scored = clips.iter().filter(|clip| mos.contains_key(&clip.id)).count();
    if scored != 0 && scored != clips.len() {
        let missing = clips.iter().find(|clip| !mos.contains_key(&clip.id)).map(|clip| clip.id.as_str());
        bail!("{scored} of {} clips have scores; `{}` has none", clips.len(), missing.unwrap_or_default());
    }
    let of = |identities, methods| (count(identities, "identity"), count(methods, "method"));
    let (all, kept) = (of(identities, methods), of(design.test_identities, design.test_methods));
    say!("{} of {} by {}", count(clips.len(), "clip"), all.0, all.1);
    say!("{} and {} kept from train, seed {}", kept.0, kept.1, design.seed);
    for index in 0..design.repeats {
        say!("{}", draw(args, &design, index, &clips, &mos, &folder)?);
    }
    let what = if args.validation.is_some() { ", with validation lists," } else { "" };
    note!("wrote {}{what} below {}", count(design.repeats, "split"), folder.display());
    Ok(true)
}

/// Draws a split, checks it and writes it. Returns a line about it.
fn draw(
    args: &Args,
    design: &SplitDesign,
    index: usize,
    clips: &[Clip],
    mos: &BTreeMap<ClipId, f64>,
    folder: &Path,
) -> Result<String> {
    let split = design.draw(clips, index)?.with_mos(|clip| mos.get(clip).copied());
    if let Some(leak) = check_split(&split, clips)?.leaks.first() {
        bail!("split {index} leaks: {leak}");
    }
    let place = folder.join(index.to_string());
    write_split(&split, &place)?;
    let mut line = format!("{index}:");
    for set in Partition::ALL {
        line.push_str(&format!(" {set} {}", split.set(set).len()));
    }
    if let Some(unit) = args.validation {
        let unit = match unit {
            Unit::Clip => ValidationUnit::Clip,
            Unit::Identity => ValidationUnit::Identity,
            Unit::Method => ValidationUnit::Method,
        };
        let validation =
            Validation { share: args.validation_share, unit, seed: args.seed.wrapping_add(index as u64) };
        let (fit, held_out) = validation.divide(&split.train, clips)?;
        write_mos_list(&fit, place.join("validation_fit.csv"))?;
        write_mos_list(&held_out, place.join("validation_set.csv"))?;
        line.push_str(&format!("; validation {} of train", held_out.len()));
    }
    Ok(line)
}

/// Clips, and the scores of those that have one.
fn read(args: &Args) -> Result<(Vec<Clip>, BTreeMap<ClipId, f64>)> {
    let mut mos = BTreeMap::new();
    let mut clips = Vec::new();
    if let Some(path) = &args.manifest {
        for row in read_manifest(path)? {
            clips.push(row.to_clip().with_context(|| path.display().to_string())?);
            mos.extend(row.mos.map(|score| (row.clip, score)));
        }
    } else if let Some(path) = &args.data {
        let dataset = Dataset::open(path).context("--data")?;
        let inventory = dataset.inventory()?;
        if let Some(odd) = inventory.unknown.first() {
            bail!("{}: `{odd}` is not a benchmark name; pass your own names with --manifest", path.display());
        }
        if path.join("all_descriptions_en.csv").exists() {
            let (mut tally, mut rows) = (Tally::default(), dataset.descriptions()?);
            while let Some(row) = rows.next_row()? {
                tally.add(row.clip, row.grade)?;
            }
            mos.extend(tally.opinions(Ddof::Population).map(|(clip, opinion)| (clip.clone(), opinion.mos)));
        }
        let mut names = dataset.videos()?;
        if names.is_empty() {
            names = mos.keys().cloned().collect();
        }
        for name in names {
            clips.push(Clip::from_id(name)?);
        }
    }
    if clips.is_empty() {
        bail!("no clips found; expected videos below videos/C1, videos/C2 or videos/C3");
    }
    Ok((clips, mos))
}
