//! `merge`: the work of several shards in one folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::args::Merge;
use crate::print::say;
use crate::report;
use crate::report::date;
use crate::report::protocol::{FILE, Protocol};
use crate::store::{Store, files};

/// What belongs to the results; digests of files are remembered by each machine for itself.
const PARTS: [&str; 2] = ["cache/features", "cache/runs"];

/// Merges, and reports where nothing is missing; whether all is well.
pub(crate) fn run(args: &Merge) -> Result<bool> {
    date::given()?;
    let mut protocol: Option<(Protocol, &Path)> = None;
    for shard in &args.shards {
        let path = shard.join(FILE);
        let bytes = fs::read(&path).with_context(|| {
            format!("cannot read {}: pass folders that `benchmark --shard` wrote", path.display())
        })?;
        let found: Protocol = serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: written by another version", path.display()))?;
        match &protocol {
            // One machine may lack videos that another has.
            Some((first, _)) if *first == found => {
                if found.origin.videos.files > first.origin.videos.files {
                    protocol = Some((found, shard));
                }
            }
            Some((_, of)) => bail!(
                "{} and {} are of different runs: use the same --data, --methods, --splits, --seed and crop for all shards",
                of.display(),
                shard.display()
            ),
            None => protocol = Some((found, shard)),
        }
    }
    let (protocol, _) = protocol.context("no shard to merge")?;
    let store = Store::open(&args.out)?;
    let mut copied = 0;
    for shard in &args.shards {
        for part in PARTS {
            for file in files(&shard.join(part))? {
                copied += usize::from(copy(&store, shard, &file)?);
            }
        }
    }
    store.write_json(FILE, &protocol)?;
    say!("{}: {copied} results from {} folders", args.out.display(), args.shards.len());
    let (features, runs) = protocol.missing(&store);
    if features > 0 {
        say!("{features} pairs of clip and feature set are missing: run the other shards, then merge again");
        return Ok(false);
    }
    if runs > 0 {
        say!(
            "all features are there, {runs} trainings are missing: run `benchmark --data ... --out {}` for all of them, or \
             merge into the folder of every shard and run each with its --shard once more",
            args.out.display()
        );
        return Ok(false);
    }
    report::finish(&store, protocol)
}

/// Copies a file that is not there; whether it did.
fn copy(store: &Store, shard: &Path, file: &Path) -> Result<bool> {
    let name = file.strip_prefix(shard)?.to_str().context("a name that is not UTF-8")?;
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let there = store.root().join(name);
    if there.is_file() {
        let before = fs::read(&there).with_context(|| format!("cannot read {}", there.display()))?;
        ensure!(
            before == bytes,
            "{} differs from {}: the shards saw different videos or versions; delete the older one and run its shard again",
            file.display(),
            there.display()
        );
        return Ok(false);
    }
    store.write(name, &bytes)?;
    Ok(true)
}
