use std::path::Path;

use crate::{Error, Result};

/// [`refuse`] for a file that is read by another reader afterwards, which reports what cannot be read.
pub(super) fn refuse_file(path: &Path) -> Result<()> {
    let mut first = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        let _ = std::io::Read::read_to_end(&mut std::io::Read::take(file, 8), &mut first);
    }
    refuse(path, &first)
}

/// Refuses what PyTorch writes by itself: a zip archive with a pickle inside, or a bare pickle.
pub(super) fn refuse(path: &Path, first: &[u8]) -> Result<()> {
    let zip = first.starts_with(b"PK\x03\x04");
    // A safetensors file of 640 to 895 bytes of header also begins with 0x80 and a small number, but a `{` follows its
    // length, whose upper bytes are 0; a pickle goes on with an opcode.
    let pickle = matches!(first, [0x80, 2..=5, third, ..] if *third != 0);
    if !zip && !pickle {
        return Ok(());
    }
    let name = path.display().to_string();
    let quoted = serde_json::Value::String(name.clone()).to_string();
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
