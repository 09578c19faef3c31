use candle_core::{Result, Tensor};

/// The pixels of every patch in the order of a convolution's kernel: `[n, planes, height, width]` to
/// `[n rows columns, planes patch patch]`. A convolution whose kernel is its stride is a matrix product over them.
pub(crate) fn patches(frames: &Tensor, patch: usize) -> Result<Tensor> {
    let (count, planes, height, width) = frames.dims4()?;
    let (rows, columns) = (height / patch, width / patch);
    frames
        .reshape([count, planes, rows, patch, columns, patch].as_slice())?
        .permute([0, 2, 4, 1, 3, 5].as_slice())?
        .reshape((count * rows * columns, planes * patch * patch))
}
