//! The program `train`. See README.md.

#[path = "../../print.rs"]
mod print;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use dream_data::FaceBoxes;
use dream_data::dataset::Dataset;
use dream_eval::{Format, Method, SetScore, Table};
use print::terminal::Terminal;
use print::{count, note, say};
use train::{
    Clip, Indexed, Job, Notes, Options, Outcome, Scoring, Sets, View, assumptions_csv, detection, methods,
};

/// Trains a network on a tree in the shape of DREAM and scores its three test sets
#[derive(Debug, Parser)]
#[command(version, after_help = after_help())]
struct Args {
    /// The data set: videos/, splits/, all_descriptions_en.csv
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    data: Option<PathBuf>,
    /// The folder of results; run the same command again after an interruption
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What is trained to score; see the end of this help
    #[arg(long, value_name = "NAME", default_value = methods::DEFAULT, value_parser = methods::names())]
    method: String,
    /// What is learnt: scores, or which faces are real, for a tower that --visual starts another training from
    #[arg(long, value_enum, default_value = "scores")]
    task: Task,
    /// The tower of --task detection [default: swin-v2]
    #[arg(long, value_name = "NAME", value_parser = detection::names())]
    backbone: Option<String>,
    /// Clips for --task detection: CSV file,label with real or fake, and a column person if known [default: the training clips of --data, whose names tell]
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    list: Option<PathBuf>,
    /// Which split of the data set
    #[arg(long, value_name = "N", default_value_t = 0)]
    split: usize,
    /// Of first weights, order, flips, drawn frames and sentences, and the validation clips
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Threads [default: all processors]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Do not write the index of all training sentences, which costs about as much as reading each of them once
    #[arg(long)]
    no_index: bool,
    /// Where decoded frames are kept; several runs may share it [default: OUT/frames]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    // A heading holds for all options after it, so those without one come first.
    #[command(flatten)]
    view: View,
    #[command(flatten)]
    options: Options,
}

/// What is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Task {
    /// Opinions
    Scores,
    /// Real or fake
    Detection,
}

impl Args {
    /// The folder of the data set.
    fn data(&self) -> Result<&Path> {
        self.data.as_deref().context("--data: name the folder of the data set")
    }

    fn job<'a>(&'a self, method: methods::Method, sets: &'a Sets, cache: &'a Path) -> Job<'a> {
        Job {
            method,
            options: &self.options,
            seed: self.seed,
            split: self.split,
            every: self.view.every,
            face: self.view.face(),
            reading: &self.view.reading,
            sets,
            out: &self.out,
            cache,
            threads: self.threads,
            quiet: false,
            assumed: |assumed| Notes::of(assumed).iter().for_each(|line| note!("{line}")),
            resumed: |done, all| print::resumed("step", done, all),
        }
    }

    fn cache(&self) -> PathBuf {
        self.cache.clone().unwrap_or_else(|| self.out.join("frames"))
    }
}

const EXAMPLES: &str = "\
Examples:
  train --data synthetic --out run --crop 0.17,0,0.83,0.8
        the tiny network on split 0 of the stand-in, in minutes on two cores
  train --data synthetic --out plain --crop 0.17,0,0.83,0.8 --no-text \\
      --cache run/frames
        what descriptions are worth: the same without them
  train --data DREAM --boxes boxes.csv --out large --preset large \\
      --visual swinv2_large.safetensors --text clip-vit-b32.safetensors \\
      --device cuda --accumulate 4 --layer-decay 0.9

  train --task detection --list faces/list.csv --boxes faces/boxes.csv \\
      --out detector --preset large --visual swinv2_large.safetensors
        a tower that has seen real and swapped faces, which the command before
        then starts from: --visual detector/model.*.safetensors

The checkpoint says which frames, which part of them and which size the network was trained with; score-video and \
benchmark obey it.

Below OUT: model.json with its safetensors (the best epoch by the mean of PLCC and SRCC on the fifth of the training set \
that is held out), predictions.csv for evaluate-predictions, predictions-text.csv (from the descriptions of the test clips \
alone, where the network reads), descriptions.*.safetensors (the sentences of the training clips as the network reads them, \
for explanations; --no-index leaves it out), assumptions.csv (what was assumed about the videos; --strict refuses it), table.txt, \
metrics.jsonl (a line for each epoch), curve.svg, state.json with its safetensors (what a resumed run needs), frames/. A run that was killed goes on when the same command is given again, and \
ends with the same weights. Exit status: 0 done, 1 no room for the output, 2 an error.";

fn after_help() -> String {
    let method = |method: &methods::Method| format!("  {:<10} {}\n", method.entry.name, method.about);
    let list: String = methods::METHODS.iter().map(method).collect();
    let towers = detection::names().join(", ");
    format!("Methods:\n{list}\nTowers of --task detection: {towers}\n\n{EXAMPLES}")
}

fn main() -> ExitCode {
    print::main(Args::try_parse(), train::in_words, run)
}

fn run(args: &Args) -> Result<bool> {
    if args.task == Task::Detection {
        return detect(args);
    }
    let detection = args.backbone.is_some() || args.list.is_some();
    ensure!(!detection, "--backbone and --list are for --task detection: add it, or leave them out");
    let method = methods::by_name(&args.method)?;
    // Before videos and descriptions are read, which takes long.
    for note in method.check_weights(&args.options)? {
        note!("note: {note}");
    }
    let title = method.title(&args.options);
    let text_title = method.text_title(&args.options);
    let sets = sets(args, text_title.is_some())?;
    say!(
        "{} clips to fit on, {} to choose by, {} to test on; {} sentences",
        sets.fit.len(),
        sets.validation.len(),
        sets.tests.iter().map(|(_, clips)| clips.len()).sum::<usize>(),
        sets.fit.iter().map(|clip| clip.sentences.len()).sum::<usize>(),
    );
    let outcome = args.job(method, &sets, &args.cache()).run()?;
    train::write(&args.out.join("assumptions.csv"), &assumptions_csv(&outcome.assumptions)?)?;
    let whole = |test: &train::TestScores| test.scores.iter().copied().map(Some).collect();
    let from_video: Vec<Scores> = outcome.tests.iter().map(whole).collect();
    let mut rows = vec![report(args, &sets, "predictions.csv", title, &from_video)?];
    let from_text: Option<Vec<Scores>> = outcome.tests.iter().map(|test| test.from_text.clone()).collect();
    let indexed =
        (text_title.is_some() && !args.no_index).then(|| index(args, &sets, &outcome)).transpose()?;
    if let (Some(title), Some(scores)) = (text_title, from_text) {
        rows.push(report(args, &sets, "predictions-text.csv", title, &scores)?);
    }
    let table = Table::new(sets.tests.len(), rows)?;
    train::write(&args.out.join("table.txt"), table.format(Format::Text).as_bytes())?;
    let table = table.text_within(Terminal::of_stdout().room());
    let Outcome { note, seconds, checkpoint, sha256, cut_sentences, .. } = outcome;
    say!("{table}\n{note}; {seconds:.0} s of training, {cut_sentences} sentences cut");
    say!("{} (SHA-256 {})", checkpoint.display(), sha256.get(..12).unwrap_or_default());
    if let Some(Indexed { path, sha256, sentences }) = indexed {
        let digest = sha256.get(..12).unwrap_or_default();
        say!("{} with {} (SHA-256 {digest})", path.display(), count(sentences, "sentence"));
    }
    let clips = sets.tests.iter().map(|(_, clips)| clips.len()).sum();
    note!("wrote the network and scores of {} below {}", count(clips, "clip"), args.out.display());
    Ok(true)
}

/// Writes the sentences of the clips that were learnt from beside the network, for programs that explain its scores.
fn index(args: &Args, sets: &Sets, outcome: &Outcome) -> Result<Indexed> {
    let how = Scoring { device: args.options.device, threads: args.threads, ..Scoring::default() };
    train::index(&outcome.checkpoint, &sets.fit, &how)
}

/// Trains a detector; the clips that it is chosen by are of people whom it has not seen.
fn detect(args: &Args) -> Result<bool> {
    let method = detection::by_name(args.backbone.as_deref().unwrap_or(detection::DEFAULT))?;
    for note in method.check_weights(&args.options)? {
        note!("note: {note}");
    }
    let faces = args.view.boxes.as_ref().map(FaceBoxes::read).transpose()?;
    let clips = match &args.list {
        Some(list) => detection::of_list(list, faces.as_ref())?,
        None => detection::of_tree(args.data()?, args.split, faces.as_ref())?,
    };
    let sets = detection::divide(clips, &args.options, args.seed)?;
    let fakes = |clips: &[Clip]| clips.iter().filter(|clip| detection::is_fake(clip)).count();
    let (fit, held) = (sets.fit.len(), sets.validation.len());
    say!(
        "{fit} clips to fit on, {} of them fake; {held} of other people to choose by, {} of them fake",
        fakes(&sets.fit),
        fakes(&sets.validation)
    );
    let outcome = args.job(method, &sets, &args.cache()).run()?;
    train::write(&args.out.join("assumptions.csv"), &assumptions_csv(&outcome.assumptions)?)?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["file", "label", "person", "logit"])?;
    let scores = outcome.tests.iter().flat_map(|test| &test.scores);
    for (clip, score) in sets.validation.iter().zip(scores) {
        let label = if detection::is_fake(clip) { "fake" } else { "real" };
        csv.write_record([clip.name(), label, clip.about.identity.as_str(), score.to_string().as_str()])?;
    }
    train::write(&args.out.join("predictions.csv"), &csv.into_inner().context("predictions.csv")?)?;
    say!("{}; {:.0} s of training", outcome.note, outcome.seconds);
    say!("{} (SHA-256 {})", outcome.checkpoint.display(), outcome.sha256.get(..12).unwrap_or_default());
    note!("wrote the detector and the logits of {} below {}", count(held, "clip"), args.out.display());
    Ok(true)
}

/// The clips of the split, with their boxes and, where they are read, their descriptions.
fn sets(args: &Args, reads: bool) -> Result<Sets> {
    let dataset = Dataset::open(args.data()?).context("--data")?;
    let faces = args.view.boxes.as_ref().map(FaceBoxes::read).transpose()?;
    let (mut fit, mut tests) = train::of_split(&dataset, args.split, faces.as_ref())?;
    if reads {
        train::describe(&dataset, fit.iter_mut().chain(tests.iter_mut().flat_map(|(_, clips)| clips)))?;
    }
    Sets::divide(fit, tests, &args.options, args.seed)
}

/// Scores of the clips of a set.
type Scores = Vec<Option<f64>>;

/// Writes scores of the test sets as a table for `evaluate-predictions`, and gives the row of the paper's table.
fn report(args: &Args, sets: &Sets, file: &str, name: String, scores: &[Scores]) -> Result<Method> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["split", "set", "file", "mos", "prediction"])?;
    let mut row = Vec::new();
    for ((set, clips), scores) in sets.tests.iter().zip(scores) {
        let (mut found, mut truth) = (Vec::new(), Vec::new());
        for (clip, score) in clips.iter().zip(scores) {
            let Some(score) = *score else { continue };
            let [split, mos, score_text] = [args.split.to_string(), clip.mos.to_string(), score.to_string()];
            csv.write_record([split.as_str(), set.as_str(), clip.name(), mos.as_str(), score_text.as_str()])?;
            found.push(score);
            truth.push(clip.mos);
        }
        row.push(Some(SetScore::of(&found, &truth).with_context(|| format!("{name} on {set}"))?));
    }
    train::write(&args.out.join(file), &csv.into_inner().context(file.to_owned())?)?;
    Ok(Method { name, family: String::new(), splits: vec![row] })
}
