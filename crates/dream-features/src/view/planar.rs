//! Planar Y'CbCr with more chroma than 4:2:0.

use super::{LumaView, check_chroma};
use crate::error::Result;

/// 8-bit Y'CbCr 4:2:2 in three planes: chroma has half the width of luma, rounded up, and its height.
///
/// # Example
/// ```
/// use dream_features::{LumaView, Yuv422View};
///
/// let (y, u, v) = ([16u8; 6 * 4], [128u8; 3 * 4], [128u8; 3 * 4]);
/// let view = Yuv422View::new(
///     LumaView::new(&y, 6, 4, 6)?,
///     LumaView::new(&u, 3, 4, 3)?,
///     LumaView::new(&v, 3, 4, 3)?,
/// )?;
/// assert_eq!((view.width(), view.height()), (6, 4));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Yuv422View<'a>(Planes<'a>);

/// 8-bit Y'CbCr 4:4:4 in three planes of one size.
///
/// # Example
/// ```
/// use dream_features::{LumaView, Yuv444View};
///
/// let plane = LumaView::new(&[128u8; 6 * 4], 6, 4, 6)?;
/// let view = Yuv444View::new(plane, plane, plane)?;
/// assert_eq!((view.width(), view.height()), (6, 4));
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Yuv444View<'a>(Planes<'a>);

/// Luma, Cb and Cr.
#[derive(Debug, Clone, Copy)]
struct Planes<'a>([LumaView<'a>; 3]);

impl<'a> Planes<'a> {
    fn new(planes: [LumaView<'a>; 3], across: usize) -> Result<Self> {
        let [y, chroma @ ..] = &planes;
        for plane in chroma {
            check_chroma((y.width().div_ceil(across), y.height()), (plane.width(), plane.height()))?;
        }
        Ok(Self(planes))
    }

    fn crop(&self, (x, y, width, height): (usize, usize, usize, usize), across: usize) -> Result<Self> {
        let [luma, cb, cr] = &self.0;
        let chroma = |plane: &LumaView<'a>| plane.crop(x / across, y, width.div_ceil(across), height);
        Ok(Self([luma.crop(x, y, width, height)?, chroma(cb)?, chroma(cr)?]))
    }
}

macro_rules! planar_methods {
    ($view:ident, $across:literal, $chroma:literal, $crop:literal) => {
        impl<'a> $view<'a> {
            /// Joins three planes.
            ///
            /// # Errors
            /// [`Error::ChromaSize`](crate::Error::ChromaSize) when a chroma plane does not have the size that belongs
            /// to luma.
            pub fn new(y: LumaView<'a>, u: LumaView<'a>, v: LumaView<'a>) -> Result<Self> {
                Planes::new([y, u, v], $across).map(Self)
            }

            /// Width of luma in pixels.
            #[must_use]
            pub const fn width(&self) -> usize {
                self.y().width()
            }

            /// Height of luma in pixels.
            #[must_use]
            pub const fn height(&self) -> usize {
                self.y().height()
            }

            /// Luma, full size.
            #[must_use]
            pub const fn y(&self) -> LumaView<'a> {
                let [y, _, _] = self.0.0;
                y
            }

            #[doc = concat!("Cb, ", $chroma, ".")]
            #[must_use]
            pub const fn u(&self) -> LumaView<'a> {
                let [_, u, _] = self.0.0;
                u
            }

            #[doc = concat!("Cr, ", $chroma, ".")]
            #[must_use]
            pub const fn v(&self) -> LumaView<'a> {
                let [_, _, v] = self.0.0;
                v
            }

            /// The rectangle of `width` x `height` pixels whose top left pixel is (`x`, `y`). Copies nothing.
            #[doc = $crop]
            ///
            /// # Errors
            /// [`Error::Crop`](crate::Error::Crop) when the rectangle is empty or extends beyond the image.
            pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
                self.0.crop((x, y, width, height), $across).map(Self)
            }
        }
    };
}
planar_methods!(
    Yuv422View,
    2,
    "half width",
    "\nChroma begins at the sample that covers (`x`, `y`). With an odd `x`, colour is off by half a chroma sample."
);
planar_methods!(Yuv444View, 1, "full size", "");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn chroma_has_its_size_before_and_after_a_crop() {
        let data: Vec<u8> = (0..35).collect();
        let plane = |width| LumaView::new(&data, width, 5, width).unwrap();
        let wide = Yuv422View::new(plane(7), plane(4), plane(4)).unwrap();
        let full = Yuv444View::new(plane(7), plane(7), plane(7)).unwrap();
        assert!(matches!(
            Yuv422View::new(plane(7), plane(3), plane(4)),
            Err(Error::ChromaSize { width: 4, .. })
        ));
        let error = Yuv444View::new(plane(7), plane(7), plane(4)).unwrap_err();
        assert!(matches!(error, Error::ChromaSize { width: 7, height: 5, found_width: 4, .. }));
        for (x, y) in (0..7).flat_map(|x| (0..5).map(move |y| (x, y))) {
            let (w, h) = (7 - x, 5 - y);
            let crop = wide.crop(x, y, w, h).unwrap();
            assert_eq!((crop.u().row(0)[0], crop.v().width()), (plane(4).row(y)[x / 2], w.div_ceil(2)));
            let crop = full.crop(x, y, w, h).unwrap();
            assert_eq!((crop.u().row(0)[0], crop.v().width()), (plane(7).row(y)[x], w));
        }
        assert!(matches!(full.crop(0, 0, 8, 1), Err(Error::Crop { image_width: 7, .. })));
    }
}
