//! Step of `ci`: the shell commands of all Markdown files. Every command is read by its program, and those that are quick are
//! run, in a folder with a few made-up clips.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::print::say;
use crate::workspace::{output, root, target};

/// How a command of ours begins.
const RUN: &str = "cargo run --release -p ";

/// Beginnings of commands that are somebody else's, or steps of `ci` themselves.
const OTHERS: [&str; 12] = [
    "cargo clippy -p ",
    "cargo fmt --all",
    "cargo fuzz run ",
    "cargo install cargo-fuzz",
    "cargo mutants -p ",
    "cargo test ",
    "cargo xtask ",
    ".ci/run",
    "device ",
    "python3 -m pip download ",
    "RUSTC_BOOTSTRAP=1 cargo fuzz run ",
    "unzip ",
];

/// Parts of commands that are only read, not run, and why.
const ONLY_READ: [(&str, &str); 10] = [
    ("-p benchmark ", "takes minutes; its tests run it on fewer clips"),
    ("-p train ", "takes minutes; its tests run it on fewer clips"),
    ("run/predictions.csv", "what `train` writes"),
    ("data/bvqa", "its tables are not in the repository; tests run it where they are"),
    ("--data DIR", "its tables are not in the repository"),
    ("--identities ", "writes up to a gigabyte; a smaller one is made here"),
    ("--weights", "the weights are not in the repository"),
    ("1920x1080", "a large file"),
    ("takes/", "a large file, for there is a part of it to cut out"),
    ("ffmpeg ", "not every machine has FFmpeg's program"),
];

/// Makes the files that the commands name: clips of synthetic people, scores by counting.
const FILES: &str = r#"
synthesize-dataset --out DREAM --identities 6 --methods 12 --frames 30 --raters 10
synthesize-dataset --contact-sheet photo.png --size 96x80 --identities 4 --methods 9
mkdir clips others shots
cp DREAM/videos/C1/* clips
cp DREAM/videos/C2/* others
for copy in photo.jpg a.png b.png shots/a.png; do cp photo.png $copy; done
cp "$CLIP" clip.mp4
cp clip.mp4 clip.mkv
n=0
echo video,mos > mos.csv
echo path,subject,score > opinions.csv
for file in clips/*; do
    n=$((n + 1))
    echo "$file,$((1 + n % 5))" >> mos.csv
    for rater in 1 2 3; do echo "$file,r$rater,$((1 + (n + rater) % 5))" >> opinions.csv; done
done
echo file,mos,split,method > labels.csv
echo file,mos > clips.csv
for list in mine theirs; do echo file,prediction > $list.csv; done
set -- train test-1 test-2
for file in $(cd DREAM/videos && ls */*); do
    n=$((n + 1))
    echo "$file,$((1 + n % 5)),$1,m$((n % 3))" >> labels.csv
    echo "$file,$((1 + n % 5))" >> clips.csv
    echo "$file,$((1 + n % 4))" >> mine.csv
    echo "$file,$((1 + n % 3))" >> theirs.csv
    set -- $2 $3 $1
done
echo rater,group > raters.csv
for rater in 1 2 3 4 5 6 7 8 9 10; do echo r$rater,g$((rater % 2)) >> raters.csv; done
"#;

/// What must be there before the commands of a file.
const BEFORE: [(&str, &str); 6] = [
    ("examples/analyze-annotations/README.md", "cp opinions.csv scores.csv"),
    ("examples/check-splits/README.md", "make-splits --data DREAM --out mine"),
    (
        "examples/extract-features/README.md",
        "cp mos.csv ratings.csv\nextract-features clips -o f.csv\nextract-features others -o other-features.csv",
    ),
    ("examples/make-splits/README.md", "rm -r DREAM/splits mine"),
    (
        "examples/score-features/README.md",
        "extract-features clips -o features.csv\ntrain-svr fit --features features.csv --scores mos.csv --out model.json",
    ),
    ("examples/train-svr/README.md", "rm features.csv; cp mos.csv scores.csv"),
];

/// Reads and runs the commands of all Markdown files with the programs of the folder `debug`.
pub(crate) fn run() -> Result<()> {
    let (programs, place) = (target()?.join("debug"), target()?.join("readme"));
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let shell = Shell { programs: &programs, place: &place };
    shell.run(FILES).context("cannot make the files that the commands need")?;
    let (mut read, mut ran) = (0, 0);
    for path in output(Command::new("git").current_dir(root()).args(["ls-files", "*.md"]))?.lines() {
        let text = fs::read_to_string(root().join(path)).with_context(|| path.to_owned())?;
        if let Some((_, before)) = BEFORE.iter().find(|(file, _)| *file == path) {
            shell.run(before).with_context(|| format!("before {path}"))?;
        }
        for (line, command) in commands(&text) {
            let place = || format!("{path}:{line}: `{command}`");
            let Some(typed) = as_typed(&command) else {
                let known = OTHERS.iter().any(|beginning| command.starts_with(beginning));
                ensure!(
                    known,
                    "{}: no command of ours: correct it, or add it to xtask/src/readme.rs",
                    place()
                );
                continue;
            };
            read += 1;
            for part in typed.split('|').filter(|part| !part.trim_start().starts_with("ffmpeg ")) {
                // Options are read one after the other, so those before `--help` must be right.
                let part = part.split(" > ").next().unwrap_or_default();
                shell.run(&format!("{part} --help")).with_context(place)?;
            }
            if !ONLY_READ.iter().any(|(part, _)| command.contains(part)) {
                ran += 1;
                shell.run(&typed).with_context(place)?;
            }
        }
    }
    say!("{read} commands of Markdown files were read by their programs, {ran} of them were run");
    Ok(())
}

struct Shell<'a> {
    programs: &'a Path,
    place: &'a Path,
}

impl Shell<'_> {
    fn run(&self, script: &str) -> Result<()> {
        let mut paths = vec![self.programs.to_owned()];
        paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new("sh");
        command.args(["-e", "-c", script]).current_dir(self.place).stdin(Stdio::null());
        command.env("PATH", std::env::join_paths(paths)?);
        command.env("CLIP", root().join("xtask/outside/testdata/clip.mp4"));
        output(&mut command).map(drop)
    }
}

/// The commands of all shell blocks with their lines, without comments and with continued lines in one.
fn commands(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut inside, mut begun) = (Vec::new(), false, None);
    for (line, text) in (1..).zip(text.lines()) {
        if text.starts_with("```") {
            inside = text == "```sh";
            continue;
        }
        let code = text.split(" #").next().unwrap_or_default().trim();
        if !inside || code.is_empty() || code.starts_with('#') {
            continue;
        }
        let (first, before): (usize, String) = begun.take().unwrap_or((line, String::new()));
        let (part, goes_on) = code.strip_suffix('\\').map_or((code, false), |part| (part, true));
        let command = format!("{before}{part}");
        if goes_on { begun = Some((first, command)) } else { found.push((first, command)) }
    }
    found
}

/// A command as one types it where the programs are installed; `None` where it runs none of ours.
fn as_typed(command: &str) -> Option<String> {
    let mut parts = command.split(RUN);
    let mut typed = parts.next()?.to_owned();
    let programs: Vec<&str> = parts.collect();
    for part in &programs {
        let (program, rest) = part.split_once(' ').unwrap_or((part, ""));
        // Options of cargo stand before the ones of the program.
        let rest = if rest.starts_with("-- ") {
            rest.get(3..)
        } else {
            rest.split_once(" -- ").map(|(_, rest)| rest)
        };
        typed.push_str(program);
        typed.push(' ');
        typed.push_str(rest.unwrap_or_default());
    }
    (!programs.is_empty()).then(|| typed.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_shell_blocks() {
        let text = "a\n```sh\none -x      # why\n\n# all\ntwo \\\n    -y 'a b'\n```\n```text\nthree\n```\n```sh\nfour\n```\n";
        let expected = [(3, "one -x"), (6, "two -y 'a b'"), (13, "four")];
        assert_eq!(commands(text), expected.map(|(line, command)| (line, command.to_owned())));
    }

    #[test]
    fn programs_are_called_by_their_names() {
        for (command, typed) in [
            ("cargo run --release -p a", Some("a")),
            ("cargo run --release -p a      ", Some("a")),
            ("cargo run --release -p a -- b --c 'd*' > e", Some("a b --c 'd*' > e")),
            ("cargo run --release -p a --features f -- b", Some("a b")),
            ("x | cargo run --release -p a -- - | cargo run --release -p b -- c", Some("x | a - | b c")),
            ("cargo test --workspace", None),
        ] {
            assert_eq!(as_typed(command).as_deref(), typed, "{command}");
        }
    }
}
