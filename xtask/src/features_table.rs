//! Writes `docs/features.md` from the layouts of the extractors, or checks that it is current.

mod print;

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use dream_features::rapique::Rapique;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{Brisque, FeatureLayout, GmLog, Higrade, ImageFeatures, Niqe, VideoFeatures};

use crate::print::say;

const HELP: &str = "\
Writes docs/features.md: every feature of every set, with its meaning.

Usage: cargo xtask features-table [--check]

Options:
  --check   change nothing, and fail if the file is not current
";

const HEAD: &str = "\
# Features

Made by `cargo xtask features-table` from the layouts in `dream-features`; do not edit.

BRISQUE, GM-LOG, HIGRADE and NIQE describe an image. For a video, their names end in `.mean`; poolings with deviations add the
same names with `.std`. VIDEVAL (705) is BRISQUE (72), GM-LOG (80), HIGRADE (432), TLVQM (75) and
V-BLIINDS (46), in this order. VIDEVAL-60 is a set of its own: the selection that the authors of VIDEVAL published. RAPIQUE is not in
the paper's tables.
";

fn main() -> ExitCode {
    print::main(run)
}

fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        [only] if only == "-h" || only == "--help" => {
            say!("{}", HELP.trim_end());
            return Ok(());
        }
        _ => bail!("features-table does not know {arguments:?}: see `cargo xtask features-table --help`"),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is not in a workspace")?;
    let path = root.join("docs/features.md");
    let table = table()?;
    if !check {
        return std::fs::write(&path, table).with_context(|| format!("cannot write {}", path.display()));
    }
    let found = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if found != table {
        bail!("docs/features.md is not current: run `cargo xtask features-table`");
    }
    Ok(())
}

/// The whole file.
fn table() -> Result<String> {
    let (brisque, tlvqm, v_bliinds) = (Brisque::default(), Tlvqm::default(), VBliinds::default());
    let (videval60, niqe, rapique) = (Videval60::default(), Niqe::default(), Rapique::default());
    let sets: [(&str, &FeatureLayout); 8] = [
        ("BRISQUE", brisque.layout()),
        ("GM-LOG", GmLog.layout()),
        ("HIGRADE", Higrade.layout()),
        ("NIQE", niqe.layout()),
        ("TLVQM", tlvqm.layout()),
        ("V-BLIINDS", v_bliinds.layout()),
        ("VIDEVAL-60", videval60.layout()),
        ("RAPIQUE", rapique.layout()),
    ];
    let mut text = HEAD.to_owned();
    for (title, layout) in sets {
        write!(text, "\n## {title} ({})\n\n| # | name | meaning |\n| --- | --- | --- |\n", layout.len())?;
        for (i, (name, meaning)) in layout.iter().enumerate() {
            if meaning.is_empty() || meaning.contains(['\n', '|']) {
                bail!("{name} needs a meaning of one line without `|`, not {meaning:?}");
            }
            writeln!(text, "| {} | `{name}` | {meaning} |", i + 1)?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_line() {
        let table = table().unwrap();
        assert_eq!(
            table.lines().filter(|line| line.starts_with("| ") && line.contains('`')).count(),
            510 + 1836
        );
        assert!(table.contains("| 1 | `brisque.s1.ggd.shape` | shape of the generalised Gaussian"));
        assert!(run(&["--nonsense".to_owned()]).is_err());
    }
}
