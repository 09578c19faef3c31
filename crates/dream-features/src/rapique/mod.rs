//! RAPIQUE: natural scene statistics of two frames a second and of band-pass filters along time. Not one of the methods
//! of the DREAM benchmark's Table IV; the paper names it among related work.

mod extractor;
mod filters;
mod names;
mod picture;
mod plan;
mod spatial;
mod temporal;

pub use extractor::{Chunk, Rapique, RapiqueSession};

use crate::nss::ScaledStructure;
use crate::plane::Plane;
use crate::view::RgbView;
use picture::Picture;
use spatial::Spatial;

/// The 34 values of one map, undefined ones as NaN or infinity: shape and deviation of the MSCN coefficients; mean of the
/// local deviation, and its squared ratio to its own deviation; shape, mean, left and right deviation of the products with
/// four neighbours; shape and deviation of seven differences of log magnitudes.
///
/// # Example
/// ```
/// use dream_features::{Plane, rapique::map_statistics};
///
/// let pixels = (0..32u32 * 24).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 24)).collect();
/// let values = map_statistics(&Plane::new(pixels, 32, 24)?);
/// assert!(values[0] > 0.1 && values[2] > 50.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// Tu, Yu, Wang, Birkbeck, Adsumilli, Bovik, "RAPIQUE: rapid and accurate video quality prediction of user generated
/// content", IEEE Open Journal of Signal Processing 2, 2021.
#[must_use]
pub fn map_statistics(map: &Plane) -> [f64; 34] {
    ScaledStructure::default().run(map)
}

/// The 680 spatial values of one picture, undefined ones as NaN or infinity: 34 of each of 20 maps. The picture is not made
/// smaller.
///
/// # Example
/// ```
/// use dream_features::{RgbView, rapique::spatial_values};
///
/// let pixels: Vec<u8> = (0..32 * 24 * 3u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// assert_eq!(spatial_values(&RgbView::new(&pixels, 32, 24, 96)?).len(), 680);
/// # Ok::<(), dream_features::Error>(())
/// ```
#[must_use]
pub fn spatial_values(image: &RgbView<'_>) -> Vec<f64> {
    let mut picture = Picture::default();
    picture.read_rgb(image);
    Spatial::default().run(&picture)
}

/// The planes of L\*, a\* and b\* as RAPIQUE sees them, 8 bits each: of a picture blurred by 3x3 pixels; L\* is scaled to
/// 0..=255, a\* and b\* are offset by 128.
///
/// # Example
/// ```
/// use dream_features::{RgbView, rapique::blurred_lab};
///
/// let [l, a, b] = blurred_lab(&RgbView::new(&[255; 4 * 3 * 3], 4, 3, 12)?);
/// assert_eq!((l[0], a[5], b[11]), (255, 128, 128));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[must_use]
pub fn blurred_lab(image: &RgbView<'_>) -> [Vec<u8>; 3] {
    let mut picture = Picture::default();
    picture.read_rgb(image);
    Spatial::default().lab(&picture).clone()
}
