//! One frame: borrowed planes for the reader, owned and reused buffers behind them.

/// A rectangle of bytes in memory, borrowed from a [`VideoFrame`].
///
/// For [`Pixels::Rgb`] a row holds `3 * width` bytes (R, G, B); for all other planes one byte per pixel. Row `r`
/// starts at byte `r * stride` of `data`; the last row need not be padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plane<'a> {
    /// The bytes, first row first.
    pub data: &'a [u8],
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bytes from the start of a row to the start of the next.
    pub stride: usize,
}

impl<'a> Plane<'a> {
    /// A plane of one byte per pixel, or `None` when `data` is too short or `stride < width`.
    #[must_use]
    pub fn new(data: &'a [u8], width: usize, height: usize, stride: usize) -> Option<Self> {
        Self::with_row_bytes(data, width, height, stride, width)
    }

    /// A plane of three bytes per pixel, or `None` when `data` is too short or `stride < 3 * width`.
    #[must_use]
    pub fn rgb(data: &'a [u8], width: usize, height: usize, stride: usize) -> Option<Self> {
        Self::with_row_bytes(data, width, height, stride, width.checked_mul(3)?)
    }

    fn with_row_bytes(
        data: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
        row_bytes: usize,
    ) -> Option<Self> {
        let needed = height.checked_sub(1)?.checked_mul(stride)?.checked_add(row_bytes)?;
        (width > 0 && stride >= row_bytes && data.len() >= needed).then_some(Self {
            data,
            width,
            height,
            stride,
        })
    }

    /// Data, width, height and stride, from which to make a view of another crate.
    ///
    /// # Example
    /// ```
    /// let plane = dream_data::Plane::new(b"abc_def_", 3, 2, 4).expect("eight bytes");
    /// assert_eq!(plane.parts(), (&b"abc_def_"[..], 3, 2, 4));
    /// ```
    #[must_use]
    pub const fn parts(self) -> (&'a [u8], usize, usize, usize) {
        (self.data, self.width, self.height, self.stride)
    }

    /// The rows without padding, `row_bytes` bytes each.
    pub(crate) fn rows(self, row_bytes: usize) -> impl Iterator<Item = &'a [u8]> {
        self.data.chunks(self.stride.max(1)).take(self.height).filter_map(move |row| row.get(..row_bytes))
    }
}

/// The samples of a frame, in the layout in which they were decoded. There will be no other layout without a new major
/// version, so a `match` needs three arms and no more; [`Pixels::write_rgb8`] is for those who need one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels<'a> {
    /// 8-bit Y'CbCr with chroma at half size in both directions, rounded up for odd sizes.
    Yuv420 {
        /// Luma, full size.
        y: Plane<'a>,
        /// Cb, half size.
        u: Plane<'a>,
        /// Cr, half size.
        v: Plane<'a>,
    },
    /// 8-bit luma alone.
    Gray(Plane<'a>),
    /// Packed 8-bit R, G, B.
    Rgb(Plane<'a>),
}

/// Which samples a frame consists of; see [`Pixels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// Luma alone.
    #[default]
    Gray,
    /// Luma, and chroma of half the size in both directions.
    Yuv420,
    /// Red, green and blue.
    Rgb,
}

/// One decoded frame. Its buffers belong to the source and are reused for the next frame.
#[derive(Debug, Clone, Default)]
pub struct VideoFrame {
    index: u64,
    timestamp: f64,
    width: usize,
    height: usize,
    layout: Layout,
    /// All planes without padding: Y then U then V, or the only one.
    data: Vec<u8>,
}

impl VideoFrame {
    /// Position in the stream, in display order, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Time of presentation in seconds, as the file states it.
    #[must_use]
    pub fn timestamp(&self) -> f64 {
        self.timestamp
    }

    /// The samples.
    #[must_use]
    pub fn pixels(&self) -> Pixels<'_> {
        let (w, h) = (self.width, self.height);
        let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
        // `reshape` keeps `data` at the exact length, so the splits are never short.
        match self.layout {
            Layout::Gray => Pixels::Gray(Plane { data: &self.data, width: w, height: h, stride: w }),
            Layout::Rgb => Pixels::Rgb(Plane { data: &self.data, width: w, height: h, stride: 3 * w }),
            Layout::Yuv420 => {
                let (y, chroma) = self.data.split_at_checked(w * h).unwrap_or_default();
                let (u, v) = chroma.split_at_checked(cw * ch).unwrap_or_default();
                Pixels::Yuv420 {
                    y: Plane { data: y, width: w, height: h, stride: w },
                    u: Plane { data: u, width: cw, height: ch, stride: cw },
                    v: Plane { data: v, width: cw, height: ch, stride: cw },
                }
            }
        }
    }

    /// Copies `pixels` into this frame and reuses its memory. It serves [`FrameSource`](crate::FrameSource)s outside
    /// this crate. The chroma planes must have half the luma's size, rounded up. Missing or short rows are left
    /// black.
    pub fn assign(&mut self, index: u64, timestamp: f64, pixels: Pixels<'_>) {
        self.stamp(index, timestamp);
        match pixels {
            Pixels::Gray(plane) => copy_rows(plane, plane.width, self.reshape(plane, Layout::Gray)),
            Pixels::Rgb(plane) => copy_rows(plane, 3 * plane.width, self.reshape(plane, Layout::Rgb)),
            Pixels::Yuv420 { y, u, v } => {
                let data = self.reshape(y, Layout::Yuv420);
                let (luma, chroma) = data.split_at_mut_checked(y.width * y.height).unwrap_or_default();
                let (cb, cr) = chroma.split_at_mut_checked(chroma.len() / 2).unwrap_or_default();
                copy_rows(y, y.width, luma);
                copy_rows(u, y.width.div_ceil(2), cb);
                copy_rows(v, y.width.div_ceil(2), cr);
            }
        }
    }

    fn reshape(&mut self, plane: Plane<'_>, layout: Layout) -> &mut [u8] {
        self.buffer(plane.width, plane.height, layout)
    }

    /// The memory of a frame of this shape, planes in order and without padding.
    pub(crate) fn buffer(&mut self, width: usize, height: usize, layout: Layout) -> &mut [u8] {
        (self.width, self.height, self.layout) = (width, height, layout);
        let bytes = frame_bytes(width, height, layout);
        if self.data.len() != bytes {
            // Fresh zero pages cost nothing until they are written, so a header that lies about its
            // size takes no memory. `resize` would write them.
            self.data = vec![0; bytes];
        }
        &mut self.data
    }

    /// The samples of a frame that is not RGB; chroma may be empty.
    pub(crate) fn luma_and_chroma(&mut self) -> Option<(&mut [u8], &mut [u8])> {
        let luma = self.width * self.height;
        (self.layout != Layout::Rgb).then_some(())?;
        self.data.split_at_mut_checked(luma)
    }

    /// Makes a gray frame one of 4:2:0 without colour.
    pub(crate) fn add_neutral_chroma(&mut self) {
        if self.layout == Layout::Gray {
            self.layout = Layout::Yuv420;
            self.data.resize(frame_bytes(self.width, self.height, self.layout), 128);
        }
    }

    /// Width, height and which planes there are.
    pub(crate) fn shape(&self) -> (usize, usize, Layout) {
        (self.width, self.height, self.layout)
    }

    /// All planes in order, without padding.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.data
    }

    pub(crate) fn stamp(&mut self, index: u64, timestamp: f64) {
        (self.index, self.timestamp) = (index, timestamp);
    }
}

/// Width, height and bytes a pixel of the planes of a frame, in order.
pub(crate) fn plane_sizes(
    width: usize,
    height: usize,
    layout: Layout,
) -> impl Iterator<Item = (usize, usize, usize)> {
    let half = (width.div_ceil(2), height.div_ceil(2), 1);
    let first = (width, height, if layout == Layout::Rgb { 3 } else { 1 });
    [first, half, half].into_iter().take(if layout == Layout::Yuv420 { 3 } else { 1 })
}

/// Bytes of a frame without padding.
pub(crate) fn frame_bytes(width: usize, height: usize, layout: Layout) -> usize {
    let luma = width.saturating_mul(height);
    match layout {
        Layout::Gray => luma,
        Layout::Rgb => luma.saturating_mul(3),
        Layout::Yuv420 => luma.saturating_add(2 * width.div_ceil(2).saturating_mul(height.div_ceil(2))),
    }
}

fn copy_rows(plane: Plane<'_>, row_bytes: usize, out: &mut [u8]) {
    let mut rows = plane.rows(row_bytes);
    for out_row in out.chunks_exact_mut(row_bytes.max(1)) {
        match rows.next() {
            Some(row) => out_row.copy_from_slice(row),
            None => out_row.fill(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_refuse_short_data() {
        assert!(Plane::new(&[0; 11], 3, 3, 4).is_some());
        assert!(Plane::new(&[0; 10], 3, 3, 4).is_none());
        assert!(Plane::new(&[0; 12], 4, 3, 3).is_none());
        assert!(Plane::new(&[], 0, 0, 0).is_none());
        assert!(Plane::rgb(&[0; 9], 1, 3, 3).is_some());
        assert!(Plane::rgb(&[0; 9], 1, 3, 2).is_none());
        assert!(Plane::rgb(&[0; 9], usize::MAX, 3, 2).is_none());
    }

    #[test]
    fn assign_strips_the_padding_and_keeps_odd_chroma() {
        let y: Vec<u8> = (0..20).collect();
        let u: Vec<u8> = (100..106).collect();
        let v: Vec<u8> = (200..206).collect();
        let pixels = Pixels::Yuv420 {
            y: Plane::new(&y, 5, 3, 7).unwrap(),
            u: Plane::new(&u, 3, 2, 3).unwrap(),
            v: Plane::new(&v, 3, 2, 3).unwrap(),
        };
        let mut frame = VideoFrame::default();
        frame.assign(4, 0.5, pixels);
        assert_eq!((frame.index(), frame.timestamp()), (4, 0.5));
        let Pixels::Yuv420 { y, u, v } = frame.pixels() else { panic!("layout changed") };
        assert_eq!(y.data, [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18]);
        assert_eq!((y.width, y.height, y.stride), (5, 3, 5));
        assert_eq!((u.data, u.width, u.height), (&[100, 101, 102, 103, 104, 105][..], 3, 2));
        assert_eq!(v.data, [200, 201, 202, 203, 204, 205]);
    }

    #[test]
    fn buffers_are_reused() {
        let mut frame = VideoFrame::default();
        frame.assign(0, 0.0, Pixels::Gray(Plane::new(&[7; 12], 4, 3, 4).unwrap()));
        let before = frame.data.as_ptr();
        frame.assign(1, 0.0, Pixels::Gray(Plane::new(&[9; 12], 4, 3, 4).unwrap()));
        assert_eq!(before, frame.data.as_ptr());
        assert_eq!(frame.pixels(), Pixels::Gray(Plane::new(&[9; 12], 4, 3, 4).unwrap()));
    }
}
