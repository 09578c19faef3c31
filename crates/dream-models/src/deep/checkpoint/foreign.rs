//! Files that are something else than their reader takes: each is named for what it is, with what to do about it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::header::MAX_HEADER_BYTES;
use super::{FORMAT, MAX_BYTES};
use crate::{Error, Result};

/// Bytes that tell what a file is.
const SIGHT: u64 = 1024;

/// What a reader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Tensors,
    Manifest,
}

/// Files with other contents, by their first bytes.
const MAGIC: [(&[u8], &str, &str); 7] = [
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"\xfd7zXZ", "an xz archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (b"\x89HDF", "an HDF5 file, as Keras writes it", CONVERT),
    (b"\x93NUMPY", "a NumPy array", CONVERT),
    (b"GGUF", "a GGUF file", CONVERT),
];
const UNPACK: &str = "unpack it and name the safetensors file in it";
const CONVERT: &str =
    "take the safetensors file of the same weights, or convert it with the library that wrote it";
const AGAIN: &str = "get the file again; a download or a copy of it was not finished";

/// Refuses a file that is certainly not what is wanted. What is left may still be damaged: its reader says so.
pub(super) fn refuse(path: &Path, wanted: Wanted) -> Result<()> {
    let io = |source| Error::Io { action: "read", path: Some(path.to_path_buf()), source };
    let about = std::fs::metadata(path).map_err(io)?;
    if about.is_dir() {
        return Err(other(path, "a folder", "name a file in it"));
    }
    if !about.is_file() {
        let remedy = "weights are not read from pipes and devices: write them to a file";
        return Err(other(path, "not a file on a disk", remedy));
    }
    if about.len() == 0 {
        return Err(other(path, "an empty file", AGAIN));
    }
    let (mut first, file) = (Vec::new(), File::open(path).map_err(io)?);
    file.take(SIGHT).read_to_end(&mut first).map_err(io)?;
    // The eight letters of a text are a length that no header has, and archives have no brace after their first bytes.
    let length = first.first_chunk().map(|length| u64::from_le_bytes(*length));
    if length.is_some_and(|length| length <= MAX_HEADER_BYTES) && first.get(8) == Some(&b'{') {
        return match wanted {
            Wanted::Tensors => Ok(()),
            Wanted::Manifest => Err(other(path, "a safetensors file, weights alone", &manifest_of(path))),
        };
    }
    archive(path, &first)?;
    if let Some((_, found, remedy)) = MAGIC.iter().find(|(magic, ..)| first.starts_with(magic)) {
        return Err(other(path, found, remedy));
    }
    match text(path, &first, wanted) {
        Some((found, remedy)) => Err(other(path, &found, &remedy)),
        None => Ok(()),
    }
}

fn other(path: &Path, found: &str, remedy: &str) -> Error {
    Error::OtherFile { path: path.to_path_buf(), found: found.to_owned(), remedy: remedy.to_owned() }
}

/// What a text is, and what to do; `None` for what may be wanted.
fn text(path: &Path, first: &[u8], wanted: Wanted) -> Option<(String, String)> {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    let begins = |starts: &[&str]| {
        let is = |start: &&str| {
            text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
        };
        starts.iter().any(is)
    };
    let (found, remedy) = if begins(&["version https://git-lfs", "version https://hawser"]) {
        let found = format!("a Git LFS pointer, which stands for {}", lfs_size(text));
        return Some((found, "run `git lfs pull` in its repository, or download the file itself".to_owned()));
    } else if begins(&["/annex/objects/", "../.git/annex/"]) {
        ("a git-annex pointer", "run `git annex get` in its repository")
    } else if begins(&["<!doctype html", "<html", "<head", "<!--"]) {
        let remedy = "the address was that of a page, or asks for a login: download the file itself";
        ("a web page (HTML) that was saved under this name", remedy)
    } else if begins(&["<?xml", "<error"]) {
        ("XML, perhaps an answer of a server", "download the file itself")
    } else if wanted == Wanted::Manifest {
        return None;
    } else if begins(&["{", "["]) {
        return Some(json(path));
    } else {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line: String = String::from_utf8_lossy(line).chars().take(40).collect();
        let is = text.len() >= 8 && line.chars().all(|letter| !letter.is_control() && letter != '\u{fffd}');
        return is.then(|| (format!("a text that begins with `{line}`"), CONVERT.to_owned()));
    };
    Some((found.to_owned(), remedy.to_owned()))
}

/// The size in a pointer of Git LFS.
fn lfs_size(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let size = text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse::<u64>().ok());
    size.map_or_else(|| "a larger file".to_owned(), |size| format!("a file of {size} bytes"))
}

/// What a JSON text is that was named as a safetensors file.
fn json(path: &Path) -> (String, String) {
    #[derive(Deserialize)]
    struct Head {
        format: Option<String>,
        tensors: Option<Tensors>,
        weight_map: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Tensors {
        file: String,
    }
    let head = crate::bounded::read(path, MAX_BYTES)
        .ok()
        .and_then(|json| serde_json::from_slice::<Head>(&json).ok());
    match head {
        Some(Head { format: Some(format), tensors: Some(Tensors { file }), .. }) if format == FORMAT => {
            ("a checkpoint of this library".to_owned(), format!("name its tensors, {file} next to it"))
        }
        Some(Head { weight_map: Some(_), .. }) => {
            let remedy = "join these files to one, with the safetensors library, and name that one";
            ("the index of weights that lie in several files".to_owned(), remedy.to_owned())
        }
        _ => ("a JSON text".to_owned(), "name the safetensors file itself".to_owned()),
    }
}

/// What to name instead of a safetensors file where a checkpoint is wanted.
fn manifest_of(path: &Path) -> String {
    // `model.0123456789ab.safetensors` belongs to `model.json`.
    let stem = path.file_stem().map(Path::new).and_then(Path::file_stem);
    let json =
        stem.map(|stem| path.with_file_name(stem).with_extension("json")).filter(|json| json.is_file());
    match json.as_deref().and_then(Path::file_name) {
        Some(json) => format!("name the checkpoint, {} next to it", json.to_string_lossy()),
        None => "a checkpoint is the JSON file that is written together with its weights; published weights are what a \
                 training starts from, and do not score by themselves"
            .to_owned(),
    }
}

/// Refuses archives: those that PyTorch writes by itself, zip files with a pickle inside or bare pickles, and others.
fn archive(path: &Path, first: &[u8]) -> Result<()> {
    let zip = first.starts_with(b"PK\x03\x04");
    // A pickle says its version and goes on with an opcode.
    let pickle = matches!(first, [0x80, 2..=5, third, ..] if *third != 0);
    if !zip && !pickle {
        return Ok(());
    }
    let member = if zip { first_member(first) } else { String::new() };
    if member.ends_with(".npy") {
        return Err(other(path, "an archive of NumPy arrays", CONVERT));
    }
    if member.ends_with(".safetensors") || member.ends_with(".json") {
        return Err(other(path, &format!("a zip archive that begins with {member}"), UNPACK));
    }
    let quoted = serde_json::Value::String(path.display().to_string()).to_string();
    let target =
        serde_json::Value::String(format!("{}.safetensors", path.with_extension("").display())).to_string();
    let command = format!(
        "python -c 'import torch, safetensors.torch as s; d = torch.load({quoted}, map_location=\"cpu\", \
         weights_only=True); d = d.get(\"state_dict\", d.get(\"model\", d)); s.save_file({{k: v.contiguous().clone() \
         for k, v in d.items() if torch.is_tensor(v)}}, {target})'\n\
         (OpenAI's own files are programs: `d = torch.jit.load({quoted}, map_location=\"cpu\").state_dict()` instead)"
    );
    Err(Error::Pickle { path: path.to_path_buf(), command })
}

/// The name of the first file of a zip archive.
fn first_member(first: &[u8]) -> String {
    let length = first.get(26..28).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
    let name = first.get(30..).unwrap_or_default();
    String::from_utf8_lossy(name.get(..usize::from(length)).unwrap_or_default()).into_owned()
}
