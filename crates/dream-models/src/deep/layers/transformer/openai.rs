//! OpenAI's names inside a block.

use candle_core::Tensor;

use crate::{Error, Result};

/// The name that a tensor of a block has here. Those of the joint projection are cut apart instead, by [`thirds`].
pub(crate) fn inside(rest: &str) -> String {
    const PARTS: [(&str, &str); 5] = [
        ("ln_1.", "layer_norm1."),
        ("ln_2.", "layer_norm2."),
        ("attn.out_proj.", "self_attn.out_proj."),
        ("mlp.c_fc.", "mlp.fc1."),
        ("mlp.c_proj.", "mlp.fc2."),
    ];
    let part = PARTS.iter().find_map(|(theirs, ours)| Some(format!("{ours}{}", rest.strip_prefix(theirs)?)));
    part.unwrap_or_else(|| rest.to_owned())
}

/// The rows of the joint projection `name` of queries, keys and values.
pub(crate) fn thirds(name: &str, tensor: &Tensor) -> Result<[Tensor; 3]> {
    let rows = tensor.dims().first().copied().unwrap_or(0);
    if rows == 0 || !rows.is_multiple_of(3) {
        let reason = format!("`{name}` has {rows} rows, which are not queries, keys and values of one width");
        return Err(Error::invalid("tensors", reason));
    }
    let part = |i: usize| tensor.narrow(0, i * rows / 3, rows / 3)?.contiguous();
    Ok([part(0)?, part(1)?, part(2)?])
}
