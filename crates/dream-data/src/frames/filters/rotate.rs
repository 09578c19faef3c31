//! Turns frames by right angles and mirrors them.

use crate::error::{Error, Result};
use crate::frames::frame::{VideoFrame, plane_sizes};
use crate::frames::info::VideoInfo;
use crate::frames::rotation::Rotation;
use crate::frames::source::{FrameSource, Step, next_of};

impl VideoFrame {
    /// Writes this frame, turned clockwise, into `out`; position and time stay. Every plane is turned sample by
    /// sample, so no value changes and turning back gives the same frame.
    ///
    /// In 4:2:0 with an odd side, the half-covered chroma row or column moves from the right or bottom to the left or
    /// top. Readers of the turned frame do not expect it there, so its chroma is off by one luma sample, as in
    /// FFmpeg's `transpose`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for [`Rotation::Other`].
    ///
    /// # Example
    /// ```
    /// use dream_data::{Pixels, Plane, Rotation, VideoFrame};
    ///
    /// let (mut frame, mut turned) = (VideoFrame::default(), VideoFrame::default());
    /// frame.assign(0, 0.0, Pixels::Gray(Plane::new(b"abcdef", 3, 2, 3).expect("six bytes")));
    /// frame.turn(Rotation::Quarter, &mut turned)?;
    /// // abc      da
    /// // def  ->  eb
    /// //          fc
    /// assert_eq!(turned.pixels(), Pixels::Gray(Plane::new(b"daebfc", 2, 3, 2).expect("six bytes")));
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn turn(&self, rotation: Rotation, out: &mut VideoFrame) -> Result<()> {
        if rotation == Rotation::Other {
            return Err(refused());
        }
        let (width, height, layout) = self.shape();
        let (new_width, new_height) = if rotation.swaps_sides() { (height, width) } else { (width, height) };
        let mut target = out.buffer(new_width, new_height, layout);
        let mut source = self.bytes();
        for (width, height, bytes) in plane_sizes(width, height, layout) {
            let length = width * height * bytes;
            let (plane, rest) = source.split_at_checked(length).unwrap_or_default();
            let (turned, target_rest) =
                std::mem::take(&mut target).split_at_mut_checked(length).unwrap_or_default();
            if bytes == 3 {
                turn_plane::<3>(plane, width, rotation, turned);
            } else {
                turn_plane::<1>(plane, width, rotation, turned);
            }
            (source, target) = (rest, target_rest);
        }
        out.stamp(self.index(), self.timestamp());
        Ok(())
    }
}

/// `BYTES` per pixel, rows without padding.
fn turn_plane<const BYTES: usize>(plane: &[u8], width: usize, rotation: Rotation, out: &mut [u8]) {
    let (pixels, _) = plane.as_chunks::<BYTES>();
    let (out, _) = out.as_chunks_mut::<BYTES>();
    match rotation {
        Rotation::Quarter => swap_sides(pixels, width, (false, true), out),
        Rotation::Half => out.iter_mut().zip(pixels.iter().rev()).for_each(|(out, pixel)| *out = *pixel),
        Rotation::ThreeQuarter => swap_sides(pixels, width, (true, false), out),
        Rotation::Transpose => swap_sides(pixels, width, (false, false), out),
        Rotation::Transverse => swap_sides(pixels, width, (true, true), out),
        Rotation::FlipHorizontal => {
            let rows = out.chunks_exact_mut(width.max(1)).zip(pixels.chunks_exact(width.max(1)));
            rows.for_each(|(out, row)| {
                out.iter_mut().zip(row.iter().rev()).for_each(|(out, pixel)| *out = *pixel)
            });
        }
        Rotation::FlipVertical => {
            let rows = out.chunks_exact_mut(width.max(1)).zip(pixels.chunks_exact(width.max(1)).rev());
            rows.for_each(|(out, row)| out.copy_from_slice(row));
        }
        Rotation::None | Rotation::Other => out.copy_from_slice(pixels),
    }
}

/// Columns become rows, the first column the first row, or the last if `columns` is reversed; each from its top to its
/// bottom, or the other way if `rows` is. Several columns are moved at once, so that the source is read along its rows.
fn swap_sides<T: Copy>(pixels: &[T], width: usize, reversed: (bool, bool), out: &mut [T]) {
    let (reverse_columns, reverse_rows) = reversed;
    const COLUMNS: usize = 32;
    let height = pixels.len().checked_div(width).unwrap_or(0).max(1);
    for (block, rows) in out.chunks_mut(COLUMNS * height).enumerate() {
        let (from, count) = (block * COLUMNS, rows.len() / height);
        let left = if reverse_columns { width.saturating_sub(from + count) } else { from };
        for (y, row) in pixels.chunks_exact(width.max(1)).enumerate() {
            let place = if reverse_rows { height - 1 - y } else { y };
            let Some(row) = row.get(left..left + count) else { continue };
            let targets = rows.chunks_exact_mut(height).filter_map(|target| target.get_mut(place));
            if reverse_columns {
                targets.zip(row.iter().rev()).for_each(|(out, pixel)| *out = *pixel);
            } else {
                targets.zip(row).for_each(|(out, pixel)| *out = *pixel);
            }
        }
    }
}

fn refused() -> Error {
    let reason = "the file asks for a slant or an angle that is not a multiple of 90 degrees; \
                  read it with `apply_rotation: false` and transform the frames yourself";
    Error::InvalidOption { option: "apply_rotation", reason: reason.to_owned() }
}

/// The frames of a source, turned as its [`VideoInfo::rotation`] states. This source itself reports
/// [`Rotation::None`], and the width and height of the turned frames. [`open`](crate::open) makes one when
/// [`OpenOptions::apply_rotation`](crate::OpenOptions::apply_rotation) is set.
#[derive(Debug)]
pub struct Rotated<S> {
    source: S,
    rotation: Rotation,
    info: VideoInfo,
    stored: VideoFrame,
    frame: VideoFrame,
}

impl<S: FrameSource> Rotated<S> {
    /// # Errors
    /// [`Error::InvalidOption`] for [`Rotation::Other`].
    pub fn new(source: S) -> Result<Self> {
        let mut info = source.info().clone();
        let rotation = std::mem::take(&mut info.rotation);
        if rotation == Rotation::Other {
            return Err(refused());
        }
        if rotation.swaps_sides() {
            (info.width, info.height) = (info.height, info.width);
        }
        let (stored, frame) = (VideoFrame::default(), VideoFrame::default());
        Ok(Self { source, rotation, info, stored, frame })
    }
}

impl<S: FrameSource> FrameSource for Rotated<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |rotated| &mut rotated.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let step = self.source.take_frame(wants, &mut self.stored)?;
        self.info.follow(self.source.info());
        if step == Step::Taken {
            self.stored.turn(self.rotation, out)?;
        }
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::frame::{Pixels, Plane};

    fn frame(pixels: Pixels<'_>) -> VideoFrame {
        let mut frame = VideoFrame::default();
        frame.assign(3, 0.5, pixels);
        frame
    }

    fn turned(frame: &VideoFrame, rotation: Rotation) -> VideoFrame {
        let mut out = VideoFrame::default();
        frame.turn(rotation, &mut out).unwrap();
        out
    }

    #[test]
    fn odd_planes_turn_sample_by_sample() {
        // 3x5 luma, 2x3 chroma.
        let y: Vec<u8> = (0..15).collect();
        let (u, v): (Vec<u8>, Vec<u8>) = ((100..106).collect(), (200..206).collect());
        let upright = frame(Pixels::Yuv420 {
            y: Plane::new(&y, 3, 5, 3).unwrap(),
            u: Plane::new(&u, 2, 3, 2).unwrap(),
            v: Plane::new(&v, 2, 3, 2).unwrap(),
        });
        let quarter = turned(&upright, Rotation::Quarter);
        assert_eq!((quarter.index(), quarter.timestamp()), (3, 0.5));
        let Pixels::Yuv420 { y, u, v } = quarter.pixels() else { panic!("not 4:2:0") };
        assert_eq!((y.width, y.height, u.width, u.height), (5, 3, 3, 2));
        assert_eq!(y.data, [12, 9, 6, 3, 0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2]);
        assert_eq!(
            (u.data, v.data),
            (&[104, 102, 100, 105, 103, 101][..], &[204, 202, 200, 205, 203, 201][..])
        );
        let three = turned(&upright, Rotation::ThreeQuarter);
        let Pixels::Yuv420 { y, u, .. } = three.pixels() else { panic!("not 4:2:0") };
        assert_eq!(y.data, [2, 5, 8, 11, 14, 1, 4, 7, 10, 13, 0, 3, 6, 9, 12]);
        assert_eq!(u.data, [101, 103, 105, 100, 102, 104]);
        // All rotations.
        assert_eq!(turned(&turned(&quarter, Rotation::Quarter), Rotation::Half).pixels(), upright.pixels());
        assert_eq!(turned(&quarter, Rotation::ThreeQuarter).pixels(), upright.pixels());
        assert_eq!(turned(&quarter, Rotation::Half).pixels(), three.pixels());
        assert_eq!(turned(&upright, Rotation::None).pixels(), upright.pixels());
        assert!(upright.turn(Rotation::Other, &mut VideoFrame::default()).is_err());
        assert_eq!(
            turned(&VideoFrame::default(), Rotation::Quarter).pixels(),
            VideoFrame::default().pixels()
        );
    }

    /// Wider and higher than a block of columns, against the definition.
    #[test]
    fn large_planes_turn_as_defined() {
        for (width, height) in [(70, 37), (37, 70), (32, 64), (1, 100), (100, 1), (65, 3)] {
            let luma: Vec<u8> = (0..251u8).cycle().take(width * height).collect();
            let upright = frame(Pixels::Gray(Plane::new(&luma, width, height, width).unwrap()));
            let at = |x: usize, y: usize| luma[y * width + x];
            let (quarter, three) =
                (turned(&upright, Rotation::Quarter), turned(&upright, Rotation::ThreeQuarter));
            let half = turned(&upright, Rotation::Half);
            let [across, down, transposed, transverse] =
                [Rotation::FlipHorizontal, Rotation::FlipVertical, Rotation::Transpose, Rotation::Transverse]
                    .map(|rotation| turned(&upright, rotation));
            for y in 0..height {
                for x in 0..width {
                    assert_eq!(quarter.bytes()[x * height + (height - 1 - y)], at(x, y));
                    assert_eq!(three.bytes()[(width - 1 - x) * height + y], at(x, y));
                    assert_eq!(half.bytes()[(height - 1 - y) * width + (width - 1 - x)], at(x, y));
                    assert_eq!(across.bytes()[y * width + (width - 1 - x)], at(x, y));
                    assert_eq!(down.bytes()[(height - 1 - y) * width + x], at(x, y));
                    assert_eq!(transposed.bytes()[x * height + y], at(x, y));
                    assert_eq!(transverse.bytes()[(width - 1 - x) * height + (height - 1 - y)], at(x, y));
                }
            }
        }
    }

    #[test]
    fn colours_stay_together() {
        let rgb = frame(Pixels::Rgb(Plane::rgb(b"abcdefghi", 3, 1, 9).unwrap()));
        for (rotation, expected, width) in [
            (Rotation::Quarter, b"abcdefghi", 1),
            (Rotation::Half, b"ghidefabc", 3),
            (Rotation::ThreeQuarter, b"ghidefabc", 1),
        ] {
            let turned = turned(&rgb, rotation);
            assert_eq!(
                turned.pixels(),
                Pixels::Rgb(Plane::rgb(expected, width, 3 / width, 3 * width).unwrap())
            );
        }
    }
}
