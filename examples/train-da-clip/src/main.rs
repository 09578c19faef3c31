//! Training of DA-CLIP. See README.md.

mod args;
mod batch;
mod curve;
mod data;
mod evaluate;
mod frames;
mod init;
mod loss;
mod model;
mod order;
mod pixels;
mod random;
mod rates;
mod recipe;
mod state;
mod train;

use std::fs::{self, File, TryLockError};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Parser, ValueEnum};
use dream_models::deep::candle_core::Device;
use dream_models::preprocess::Preprocess;
use indicatif::ProgressStyle;
use serde_json::{Value, json};

use args::{Args, DeviceName};
use data::Data;
use frames::Frames;
use model::Shape;
use recipe::Recipe;
use train::Training;

/// candle walks the graph of a backward pass by recursion; the large network's would not fit into a common stack.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let args = Args::parse();
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || run(&args));
    let result = thread
        .map_err(anyhow::Error::from)
        .and_then(|thread| thread.join().map_err(|_| anyhow!("the training has panicked"))?);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build_global()
        .context("cannot start the threads")?;
    let device = match args.device {
        DeviceName::Cpu => Device::Cpu,
        DeviceName::Cuda => Device::new_cuda(0).context("--device cuda: build with --features cuda")?,
        DeviceName::Metal => Device::new_metal(0).context("--device metal: build with --features metal")?,
    };
    fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let lock =
        File::create(args.out.join("lock")).with_context(|| format!("--out {}", args.out.display()))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("{}: another run writes to this folder", args.out.display()),
        Err(TryLockError::Error(error)) => return Err(error).context("cannot lock --out"),
    }
    let shape = Shape::new(args);
    let frames = Frames {
        folder: args.cache.clone().unwrap_or_else(|| args.out.join("frames")),
        preprocess: Preprocess { size: shape.side(), ..Preprocess::default() },
        every: args.every,
    };
    let context = shape.config.text.as_ref().map(|text| text.max_position_embeddings);
    let data = Data::open(args, context)?;
    println!(
        "{} clips to fit on, {} to choose by, {} to test on; {} sentences, {} of them cut",
        data.fit.len(),
        data.validation.len(),
        data.tests.iter().map(|(_, set)| set.len()).sum::<usize>(),
        data.fit.iter().map(|item| item.sentences.len()).sum::<usize>(),
        data.truncated
    );
    data.prepare(&frames)?;
    let recipe = Recipe::new(args);
    let settings = settings(args, &recipe, &data)?;
    let training = Training {
        args,
        recipe,
        shape: &shape,
        data: &data,
        frames: &frames,
        device: &device,
        settings: &settings,
    };
    let progress = training.run()?;
    print!("{}", evaluate::run(&training, &progress)?);
    Ok(())
}

/// Everything that the weights depend on, for the checkpoint, and to be compared when a run is resumed.
fn settings(args: &Args, recipe: &Recipe, data: &Data) -> Result<Value> {
    let word = |value: &dyn Fn() -> Option<String>| value().unwrap_or_default();
    fn name<T: ValueEnum>(value: &T) -> Option<String> {
        Some(value.to_possible_value()?.get_name().to_owned())
    }
    let file = |path: &Option<std::path::PathBuf>| {
        path.as_ref().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
    };
    // Names and scores of all clips that are learnt from, in a few digits.
    let clips = data.fit.iter().chain(&data.validation).fold(0_u64, |sum, item| {
        let text = format!("{} {} {:?}", item.name, item.mos, item.face);
        text.bytes().fold(sum, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    Ok(json!({
        "preset": word(&|| name(&args.preset)), "method": word(&|| name(&args.method)),
        "text": data.fit.iter().any(|item| !item.sentences.is_empty()),
        "split": args.split, "clips": format!("{clips:016x}"), "seed": args.seed, "epochs": recipe.epochs,
        "init": word(&|| name(&recipe.init)), "lr": recipe.lr, "warm_up": recipe.warm_up, "schedule": word(&|| name(&recipe.schedule)), "decay": args.decay,
        "no_decay": args.no_decay, "decay_vectors": !args.no_decay_vectors, "clip_norm": args.clip_norm,
        "batch": recipe.batch, "group_by": word(&|| name(&recipe.group_by)),
        "validation": word(&|| name(&args.validation)), "accumulate": recipe.accumulate, "frames": args.frames, "every": args.every,
        "sentences": recipe.sentences, "loss": word(&|| name(&recipe.loss)), "shift": args.shift, "lambda": args.lambda,
        "flip": !args.no_flip, "boxes": file(&args.boxes), "crop": args.crop.map(|one| one.corners()),
        "expand": args.expand, "freeze": args.freeze, "unfreeze_at": args.unfreeze_at,
        "layer_decay": args.layer_decay, "visual": file(&args.visual), "text_weights": file(&args.text),
    }))
}

fn style(what: &str) -> Result<ProgressStyle> {
    Ok(ProgressStyle::with_template(&format!(
        "{what} {{wide_bar}} {{pos}}/{{len}}, {{elapsed}}, {{eta}} left {{msg}}"
    ))?)
}
