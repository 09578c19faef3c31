use candle_core::{Result, Tensor};

use crate::deep::kernels::{Window, applies, window_maxima};

/// The largest value of every window: `[n, rows, columns, planes]` to `[n, windows, windows, planes]`.
///
/// What lies outside the picture counts as minus infinity. The gradient goes to one value of a window: the first of equal
/// ones, by rows, as in PyTorch; candle's own pooling gives a wrong gradient.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::layers::{Window, max_pool};
///
/// let picture = Tensor::new(&[[[[1.0_f32], [-2.0]], [[-4.0], [-3.0]]]], &Device::Cpu)?;
/// let pooled = max_pool(&picture, Window::new(2, 2, 0)?)?;
/// assert_eq!(pooled.flatten_all()?.to_vec1::<f32>()?, [1.0]);
/// # Ok::<(), dream_models::deep::candle_core::Error>(())
/// ```
///
/// # Errors
///
/// When `x` has other than four axes or no window fits.
#[doc(alias("max_pool2d", "MaxPool2d"))]
pub fn max_pool(x: &Tensor, window: Window) -> Result<Tensor> {
    if applies(x) {
        return window_maxima(x, window);
    }
    let (_, rows, columns, _) = x.dims4()?;
    let [high, wide] = window.grid([rows, columns])?;
    let padded = padded(&padded(x, 1, window.padding())?, 2, window.padding())?;
    let places = |count: usize, first: usize| -> Result<Tensor> {
        let places = (0..count).map(|at| u32::try_from(first + at * window.stride()));
        let places =
            places.collect::<std::result::Result<Vec<u32>, _>>().map_err(candle_core::Error::wrap)?;
        Tensor::new(places, x.device())
    };
    let mut best: Option<Tensor> = None;
    for row in 0..window.kernel() {
        let lines = padded.index_select(&places(high, row)?, 1)?;
        for column in 0..window.kernel() {
            let value = lines.index_select(&places(wide, column)?, 2)?;
            best = Some(match best {
                None => value,
                Some(best) => value.gt(&best)?.where_cond(&value, &best)?,
            });
        }
    }
    // There is at least one.
    best.map_or_else(|| Ok(x.clone()), Ok)
}

/// The same with minus infinity before and after an axis.
fn padded(x: &Tensor, axis: usize, padding: usize) -> Result<Tensor> {
    if padding == 0 {
        return Ok(x.clone());
    }
    let outside = x.narrow(axis, 0, 1)?.zeros_like()?.affine(0.0, f64::NEG_INFINITY)?;
    let outside = vec![outside; padding];
    let all: Vec<&Tensor> = outside.iter().chain([x]).chain(&outside).collect();
    Tensor::cat(&all, axis)
}
