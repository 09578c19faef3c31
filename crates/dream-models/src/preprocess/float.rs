//! PyTorch's resizing of floating-point planes.

use crate::{Error, Result};

/// How [`resize_planes`] makes pixels between pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FloatFilter {
    /// The triangle, widened when an image gets smaller.
    BilinearAntialias,
    /// The two nearest pixels, whatever lies between them is skipped.
    Bilinear,
    /// The cubic with a = -0.75 over the four nearest pixels.
    Bicubic,
}

/// Resizes planes of `f32` as `torch.nn.functional.interpolate` does with `align_corners=False`. `planes` holds any
/// number of them, one behind the other.
///
/// The starter kit of DFGC-VRA resizes frames that way (bilinear without antialiasing); [`super::resize`] is what
/// networks were trained with.
///
/// # Errors
/// [`Error::InvalidConfig`] for a side of 0; [`Error::LengthMismatch`] when `planes` is not whole planes;
/// [`Error::NonFinite`] for a NaN or an infinity.
///
/// # Example
/// ```
/// use dream_models::preprocess::{FloatFilter, resize_planes};
///
/// let plane = [0.0, 0.0, 1.0, 1.0];
/// assert_eq!(resize_planes(&plane, (4, 1), (2, 1), FloatFilter::Bilinear)?, [0.0, 1.0]);
/// assert_eq!(resize_planes(&plane, (4, 1), (1, 1), FloatFilter::BilinearAntialias)?, [0.5]);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[doc(alias = "interpolate")]
pub fn resize_planes(
    planes: &[f32],
    (width, height): (usize, usize),
    (to_width, to_height): (usize, usize),
    filter: FloatFilter,
) -> Result<Vec<f32>> {
    for (field, side) in
        [("width", width), ("height", height), ("to_width", to_width), ("to_height", to_height)]
    {
        if side == 0 || side > super::MAX_SIDE {
            return Err(Error::InvalidConfig { field, value: side as f64, expected: "1 to 32768 pixels" });
        }
    }
    let size = width * height;
    if !planes.len().is_multiple_of(size) {
        let expected = planes.len() / size * size;
        return Err(Error::LengthMismatch { argument: "planes", expected, found: planes.len() });
    }
    if let Some((at, value)) = planes.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(Error::NonFinite { name: format!("planes[{at}]"), value: f64::from(*value) });
    }
    let across = weights(width, to_width, filter);
    let down = weights(height, to_height, filter);
    let mut out = Vec::with_capacity(planes.len() / size * to_width * to_height);
    // Sums in double precision: with the largest finite values single precision would overflow on the way.
    let mut rows = vec![0.0_f64; to_width * height];
    for plane in planes.chunks_exact(size) {
        for (row, made) in plane.chunks_exact(width).zip(rows.chunks_exact_mut(to_width)) {
            for (made, taps) in made.iter_mut().zip(&across) {
                let value = |at: usize| row.get(at).copied().map_or(0.0, f64::from);
                *made = taps.iter().map(|(at, weight)| value(*at) * weight).sum();
            }
        }
        for taps in &down {
            out.extend((0..to_width).map(|x| {
                let value = |y: usize| rows.get(y * to_width + x).copied().unwrap_or_default();
                let sum: f64 = taps.iter().map(|(y, weight)| value(*y) * weight).sum();
                #[expect(clippy::cast_possible_truncation, reason = "within the range of f32 first")]
                let sum = sum.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
                sum
            }));
        }
    }
    Ok(out)
}

/// For every output the input positions and their weights.
fn weights(input: usize, output: usize, filter: FloatFilter) -> Vec<Vec<(usize, f64)>> {
    let scale = input as f64 / output as f64;
    let last = input - 1;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped into the image first"
    )]
    let place = |at: f64| at.clamp(0.0, last as f64) as usize;
    let one = |at: usize| {
        let centre = (at as f64 + 0.5) * scale;
        match filter {
            FloatFilter::BilinearAntialias => {
                let widening = scale.max(1.0);
                let first = place((centre - widening + 0.5).floor());
                let end = place((centre + widening - 0.5).floor());
                let weight = |i: usize| (1.0 - ((i as f64 + 0.5 - centre) / widening).abs()).max(0.0);
                let total: f64 = (first..=end).map(weight).sum();
                (first..=end).map(|i| (i, weight(i) / total)).collect()
            }
            FloatFilter::Bilinear => {
                let at = (centre - 0.5).max(0.0);
                let (first, share) = (place(at.floor()), at - at.floor());
                vec![(first, 1.0 - share), ((first + 1).min(last), share)]
            }
            FloatFilter::Bicubic => {
                let at = centre - 0.5;
                let share = at - at.floor();
                let taps = [1.0 + share, share, 1.0 - share, 2.0 - share].map(cubic);
                let places = [-1.0, 0.0, 1.0, 2.0].map(|step| place(at.floor() + step));
                places.into_iter().zip(taps).collect()
            }
        }
    };
    (0..output).map(one).collect()
}

/// Keys' cubic with a = -0.75 at a distance of 0 to 2.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [FloatFilter; 3] =
        [FloatFilter::BilinearAntialias, FloatFilter::Bilinear, FloatFilter::Bicubic];

    #[test]
    fn constants_and_sizes_of_one_are_kept() {
        for filter in ALL {
            for (from, to) in [((1, 1), (5, 3)), ((7, 4), (1, 1)), ((6, 5), (6, 5)), ((9, 2), (4, 8))] {
                let planes = vec![0.75; 2 * from.0 * from.1];
                let found = resize_planes(&planes, from, to, filter).unwrap();
                assert_eq!(found.len(), 2 * to.0 * to.1);
                assert!(found.iter().all(|v| (v - 0.75).abs() < 1e-6), "{filter:?} {from:?} {to:?}");
            }
        }
    }

    #[test]
    fn the_largest_numbers_stay_finite() {
        for filter in ALL {
            let found = resize_planes(&[f32::MAX, f32::MIN, f32::MAX], (3, 1), (8, 2), filter).unwrap();
            assert!(found.iter().all(|v| v.is_finite()), "{filter:?} {found:?}");
        }
    }

    #[test]
    fn unusable_input_is_refused() {
        let with = |planes: &[f32], from, to| resize_planes(planes, from, to, FloatFilter::Bilinear);
        assert!(matches!(with(&[0.0; 5], (2, 2), (1, 1)), Err(Error::LengthMismatch { .. })));
        assert!(matches!(with(&[0.0; 4], (2, 2), (0, 1)), Err(Error::InvalidConfig { .. })));
        assert!(matches!(with(&[f32::NAN; 4], (2, 2), (1, 1)), Err(Error::NonFinite { .. })));
        assert!(with(&[], (2, 2), (1, 1)).unwrap().is_empty());
    }
}
