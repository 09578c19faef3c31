//! Frames of luma and chroma that are not planar 4:2:0, and their chroma at 4:2:0, row by row.

use super::{BiplanarView, LumaView, Packed, Packed422View, Yuv422View, Yuv444View};
use crate::error::Result;
use crate::plane::Rows;
use crate::rows::LumaSource;

/// Luma and chroma in another arrangement than [`Yuv420View`](crate::Yuv420View).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Yuv<'a> {
    Biplanar(BiplanarView<'a>),
    Packed422(Packed422View<'a>),
    Yuv422(Yuv422View<'a>),
    Yuv444(Yuv444View<'a>),
}

impl<'a> Yuv<'a> {
    pub(crate) const fn width(&self) -> usize {
        match self {
            Self::Biplanar(view) => view.width(),
            Self::Packed422(view) => view.width(),
            Self::Yuv422(view) => view.width(),
            Self::Yuv444(view) => view.width(),
        }
    }

    pub(crate) const fn height(&self) -> usize {
        match self {
            Self::Biplanar(view) => view.height(),
            Self::Packed422(view) => view.height(),
            Self::Yuv422(view) => view.height(),
            Self::Yuv444(view) => view.height(),
        }
    }

    pub(crate) fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Result<Self> {
        Ok(match self {
            Self::Biplanar(view) => Self::Biplanar(view.crop(x, y, width, height)?),
            Self::Packed422(view) => Self::Packed422(view.crop(x, y, width, height)?),
            Self::Yuv422(view) => Self::Yuv422(view.crop(x, y, width, height)?),
            Self::Yuv444(view) => Self::Yuv444(view.crop(x, y, width, height)?),
        })
    }

    pub(crate) const fn luma(&self) -> LumaSource<'a> {
        match self {
            Self::Biplanar(view) => LumaSource::Plane(view.y()),
            Self::Packed422(view) => LumaSource::Packed422(*view),
            Self::Yuv422(view) => LumaSource::Plane(view.y()),
            Self::Yuv444(view) => LumaSource::Plane(view.y()),
        }
    }

    /// Cb and Cr at half of luma's size in both directions, rounded up.
    pub(crate) fn chroma(&self) -> [ChromaRows<'a>; 2] {
        let (width, height) = (self.width().div_ceil(2), self.height().div_ceil(2));
        [false, true].map(|cr| {
            let source = match self {
                Self::Biplanar(view) => Source::Pairs(view.chroma, view.cr_first != cr),
                Self::Packed422(view) => Source::Packed422 { view: *view, cr },
                Self::Yuv422(view) => Source::Wide(if cr { view.v() } else { view.u() }),
                Self::Yuv444(view) => Source::Full(if cr { view.v() } else { view.u() }),
            };
            ChromaRows { source, width, height }
        })
    }
}

/// One plane of chroma at 4:2:0. Of 4:2:2 it is the mean of two rows, of 4:4:4 that of 2x2 samples, rounded to the
/// nearest code, halves up. A row or column without a neighbour is its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChromaRows<'a> {
    source: Source<'a>,
    width: usize,
    height: usize,
}

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    /// Pairs of samples, and whether the second is meant.
    Pairs(Packed<'a, u8, 2>, bool),
    Packed422 {
        view: Packed422View<'a>,
        cr: bool,
    },
    Wide(LumaView<'a>),
    Full(LumaView<'a>),
}

impl ChromaRows<'_> {
    /// Writes row `y`, below the height, to `out`.
    pub(crate) fn write<T: From<u8>>(&self, y: usize, out: &mut [T]) {
        // A view gives its last row for the one after it, and the mean of a code with itself is that code.
        let (top, bottom) = (2 * y, 2 * y + 1);
        match self.source {
            Source::Pairs(pairs, second) => {
                for (out, &[a, b]) in out.iter_mut().zip(pairs.row(y).as_chunks::<2>().0) {
                    *out = if second { b } else { a }.into();
                }
            }
            Source::Packed422 { view, cr } => {
                let [top, bottom] = [top, bottom].map(|y| view.pairs.row(y).as_chunks::<4>().0);
                let sample = |&[a, b, c, d]: &[u8; 4]| match (view.chroma_first, cr) {
                    (false, false) => b,
                    (false, true) => d,
                    (true, false) => a,
                    (true, true) => c,
                };
                for (out, (top, bottom)) in out.iter_mut().zip(top.iter().zip(bottom)) {
                    *out = mean([sample(top), sample(bottom)]).into();
                }
            }
            Source::Wide(plane) => {
                for (out, (&a, &b)) in out.iter_mut().zip(plane.row(top).iter().zip(plane.row(bottom))) {
                    *out = mean([a, b]).into();
                }
            }
            Source::Full(plane) => {
                let pairs = plane.row(top).chunks(2).zip(plane.row(bottom).chunks(2));
                for (out, (top, bottom)) in out.iter_mut().zip(pairs) {
                    if let ([a, .., b] | [a @ b], [c, .., d] | [c @ d]) = (top, bottom) {
                        *out = mean([*a, *b, *c, *d]).into();
                    }
                }
            }
        }
    }
}

/// Rounded, halves up.
fn mean<const N: usize>(codes: [u8; N]) -> u8 {
    let (sum, n) = codes.iter().fold((0, 0), |(sum, n), &code| (sum + u16::from(code), n + 1));
    u8::try_from((sum + n / 2) / n.max(1)).unwrap_or(u8::MAX)
}

impl Rows for ChromaRows<'_> {
    fn width(&self) -> usize {
        self.width
    }
    fn height(&self) -> usize {
        self.height
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        self.write(y, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Parts;

    /// Both planes, from `write` and from `load`.
    fn codes(yuv: &Yuv<'_>) -> [Vec<u8>; 2] {
        yuv.chroma().map(|rows| {
            let (width, height) = (rows.width(), rows.height());
            assert_eq!((width, height), (yuv.width().div_ceil(2), yuv.height().div_ceil(2)));
            let (mut all, mut line, mut numbers) = (Vec::new(), vec![0u8; width], vec![0.0; width]);
            for y in 0..height {
                rows.write(y, &mut line);
                rows.load(y, &mut numbers);
                assert!(line.iter().zip(&numbers).all(|(&code, &number)| f64::from(code) == number));
                all.extend_from_slice(&line);
            }
            all
        })
    }

    fn view(parts: Parts<'_>) -> LumaView<'_> {
        LumaView::new(parts.0, parts.1, parts.2, parts.3).unwrap()
    }

    #[test]
    fn pairs_come_apart() {
        let luma = [0; 15];
        let pairs = [1, 2, 3, 4, 99, 5, 6, 7, 8, 99, 9, 10, 11, 12];
        let y = (&luma[..], 3, 5, 3);
        let nv12 = Yuv::Biplanar(BiplanarView::nv12(y, (&pairs, 2, 3, 5)).unwrap());
        assert_eq!(codes(&nv12), [[1, 3, 5, 7, 9, 11], [2, 4, 6, 8, 10, 12]]);
        let nv21 = Yuv::Biplanar(BiplanarView::nv21(y, (&pairs, 2, 3, 5)).unwrap());
        assert_eq!(codes(&nv21), [[2, 4, 6, 8, 10, 12], [1, 3, 5, 7, 9, 11]]);
        assert_eq!(codes(&nv12.crop(2, 2, 1, 3).unwrap()), [[7, 11], [8, 12]]);
    }

    #[test]
    fn two_rows_become_their_mean() {
        // Three pixels and three rows: two pairs in a row. The last row has no neighbour.
        let yuy2 =
            [[0, 10, 0, 200, 0, 30, 0, 1], [0, 11, 0, 100, 0, 30, 0, 4], [0, 77, 0, 255, 0, 78, 0, 254]];
        let packed = Packed422View::yuy2((yuy2.as_flattened(), 3, 3, 8)).unwrap();
        let expected = [[11, 30, 77, 78], [150, 3, 255, 254]];
        assert_eq!(codes(&Yuv::Packed422(packed)), expected);
        let uyvy = yuy2.map(|row| [row[1], 0, row[3], 0, row[5], 0, row[7], 0]);
        let packed = Packed422View::uyvy((uyvy.as_flattened(), 3, 3, 8)).unwrap();
        assert_eq!(codes(&Yuv::Packed422(packed)), expected);
        // From the second pixel on, chroma begins at the same sample.
        assert_eq!(codes(&Yuv::Packed422(packed.crop(1, 0, 2, 3).unwrap())), [[11, 77], [150, 255]]);
        // From the second row on, other rows are neighbours.
        assert_eq!(codes(&Yuv::Packed422(packed.crop(0, 1, 3, 2).unwrap())), [[44, 54], [178, 129]]);
        let [u, v] = [1, 3].map(|k| yuy2.map(|row| [row[k], row[k + 4]]));
        let [u, v] = [&u, &v].map(|plane| view((plane.as_flattened(), 2, 3, 2)));
        let planar = Yuv::Yuv422(Yuv422View::new(view((&[0; 9], 3, 3, 3)), u, v).unwrap());
        assert_eq!(codes(&planar), expected);
        assert_eq!(codes(&planar.crop(0, 1, 3, 2).unwrap()), [[44, 54], [178, 129]]);
    }

    #[test]
    fn four_samples_become_their_mean() {
        let u = [1, 2, 3, 2, 1, 3, 255, 254, 0];
        let v = [0, 0, 7, 0, 1, 8, 5, 6, 9];
        let plane = |data| view((data, 3, 3, 3));
        let full = Yuv::Yuv444(Yuv444View::new(plane(&[0; 9]), plane(&u), plane(&v)).unwrap());
        // 6/4 is 1.5, 509/2 is 254.5; 1/4 is 0.25, 15/2 is 7.5.
        assert_eq!(codes(&full), [[2, 3, 255, 0], [0, 8, 6, 9]]);
        assert_eq!(codes(&full.crop(1, 1, 2, 1).unwrap()), [[2], [5]]);
    }
}
