//! MATLAB's bicubic `imresize`: half size with antialiasing, double size, and any scale.

mod double;
mod half;
mod scaled;

pub(crate) use double::DoubleSize;
pub use double::double_size;
pub(crate) use half::HalfSize;
pub use half::half_size;
pub(crate) use scaled::Scaled;
pub use scaled::scaled;

/// Index `at - origin` of a line of length `n`, mirrored between samples as often as needed.
pub(crate) fn mirror(at: usize, origin: usize, n: usize) -> usize {
    let period = 2 * n;
    // Adding whole periods keeps the subtraction positive.
    let i = (at + period * origin.div_ceil(period) - origin) % period;
    if i < n { i } else { period - 1 - i }
}
