//! Linear filters with zeros outside the image.

use crate::plane::Plane;

/// The square Gaussian window `gauss(n, s)` as `n * n` weights that sum to 1, row by row.
///
/// `exp(-(dx² + dy²) / (2 s²))` at integer offsets from the centre; weights below 2⁻⁵² of the largest are 0.
/// An even or zero `n` is rounded up to the next odd size.
///
/// # Example
/// ```
/// let w = dream_features::filter::gaussian(3, 0.5);
/// assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15);
/// assert!((w[4] - 0.619_347_030_557_177_4).abs() < 1e-12);
/// ```
/// # Reference
/// MATLAB `fspecial('gaussian', n, s)`.
#[must_use]
pub fn gaussian(n: usize, s: f64) -> Vec<f64> {
    let n = n | 1;
    let offsets = || (0..n).map(|i| i as f64 - (n / 2) as f64);
    let mut window: Vec<f64> = offsets()
        .flat_map(|dy| offsets().map(move |dx| libm::exp(-(dx * dx + dy * dy) / (2.0 * s * s))))
        .collect();
    let largest = window.iter().copied().fold(0.0, f64::max);
    for w in &mut window {
        if *w < f64::EPSILON * largest {
            *w = 0.0;
        }
    }
    let total: f64 = window.iter().sum();
    for w in &mut window {
        *w /= total;
    }
    window
}

/// Taps of the 7x7 window of local statistics, `gauss(7, 7/6)`, from the centre outwards. The window is
/// their outer product.
///
/// # Reference
/// Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", TIP 2012.
#[must_use]
pub fn mscn_taps() -> [f64; 4] {
    const SIGMA: f64 = 7.0 / 6.0;
    let tap = |d: f64| libm::exp(-d * d / (2.0 * SIGMA * SIGMA));
    let taps = [tap(0.0), tap(1.0), tap(2.0), tap(3.0)];
    let total = taps[0] + 2.0 * (taps[1] + taps[2] + taps[3]);
    taps.map(|t| t / total)
}

/// Two-dimensional correlation of `image` with a square `kernel` (`n * n` weights, `n` odd), of the same size
/// as the image; samples outside the image are 0.
///
/// # Errors
/// [`Error::Length`](crate::Error::Length) when `kernel` is not an odd number squared.
///
/// # Reference
/// MATLAB `filter2(kernel, image, 'same')`.
pub fn correlate(kernel: &[f64], image: &Plane) -> crate::Result<Plane> {
    let n = kernel.len().isqrt();
    if n.is_multiple_of(2) || n * n != kernel.len() {
        let expected = (n | 1) * (n | 1);
        return Err(crate::Error::Length { argument: "kernel", expected, found: kernel.len() });
    }
    let (width, height, radius) = (image.width(), image.height(), n / 2);
    let mut out = Plane::zeros(width, height);
    for y in 0..height {
        let row = out.row_mut(y);
        for (ky, taps) in kernel.chunks_exact(n).enumerate() {
            let Some(source) = (y + ky).checked_sub(radius).filter(|&s| s < height) else { continue };
            for (kx, &tap) in taps.iter().enumerate() {
                // Output x reads input x + kx - radius.
                let source = image.row(source).iter().skip(kx.saturating_sub(radius));
                for (out, value) in row.iter_mut().skip(radius.saturating_sub(kx)).zip(source) {
                    *out += tap * value;
                }
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_are_the_separable_form_of_the_window() {
        let window = gaussian(7, 7.0 / 6.0);
        let taps = mscn_taps();
        for (i, w) in window.iter().enumerate() {
            let (dy, dx) = ((i / 7).abs_diff(3), (i % 7).abs_diff(3));
            assert!((w - taps[dy] * taps[dx]).abs() < 1e-16, "{dy} {dx}");
        }
    }

    #[test]
    fn weights_below_the_precision_of_the_largest_are_zero() {
        // exp(-36) = 2.3e-16 is just above 2^-52 = 2.2e-16, exp(-64) is below.
        assert!(gaussian(7, 0.5)[0] > 0.0);
        assert_eq!(gaussian(9, 0.5)[0], 0.0);
    }

    #[test]
    fn correlation_shifts_and_pads_with_zeros() {
        let image = Plane::new((1..=6).map(f64::from).collect(), 3, 2).unwrap();
        let mut right = [0.0; 9];
        right[5] = 1.0; // reads the pixel to the right
        assert_eq!(correlate(&right, &image).unwrap().data(), &[2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
        let mut up = [0.0; 9];
        up[1] = 1.0;
        assert_eq!(correlate(&up, &image).unwrap().data(), &[0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        // A kernel larger than the image.
        assert_eq!(correlate(&[1.0; 49], &image).unwrap().data(), &[21.0; 6]);
        assert!(correlate(&[1.0; 4], &image).is_err() && correlate(&[1.0; 3], &image).is_err());
    }
}
