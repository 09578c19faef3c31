//! One picture from two fields of different times.

use crate::error::Result;
use crate::frames::frame::{VideoFrame, plane_sizes};
use crate::frames::info::VideoInfo;
use crate::frames::interlaced::FieldOrder;
use crate::frames::source::{FrameSource, Step, next_of};

/// The frames of an interlaced source without its second field: each row of it becomes the mean of the rows above and
/// below, rounded up at halves; at the edge it becomes its only neighbour. Of an unknown order the top field is kept.
/// [`VideoInfo::fields`] is then `None`.
///
/// It halves the vertical resolution. FFmpeg's `bwdif` loses less where nothing moves.
#[derive(Debug)]
pub struct Deinterlaced<S> {
    source: S,
    info: VideoInfo,
    /// The first row to replace: 1, or 0 if the bottom field is kept.
    first: usize,
    frame: VideoFrame,
}

impl<S: FrameSource> Deinterlaced<S> {
    /// Deinterlaces all frames of `source`.
    #[must_use]
    pub fn new(source: S) -> Self {
        let mut info = source.info().clone();
        let first = usize::from(info.fields.take() != Some(FieldOrder::BottomFirst));
        Self { source, info, first, frame: VideoFrame::default() }
    }
}

impl<S: FrameSource> FrameSource for Deinterlaced<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |deinterlaced| &mut deinterlaced.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let step = self.source.take_frame(wants, out)?;
        self.info.follow(self.source.info());
        if step == Step::Taken {
            let (width, height, layout) = out.shape();
            let mut rest = out.buffer(width, height, layout);
            for (width, height, bytes) in plane_sizes(width, height, layout) {
                let (plane, tail) = std::mem::take(&mut rest)
                    .split_at_mut_checked(width * bytes * height)
                    .unwrap_or_default();
                fill_field(plane, width * bytes, self.first);
                rest = tail;
            }
        }
        Ok(step)
    }
}

/// Replaces every second row, from `first` on.
fn fill_field(plane: &mut [u8], row_bytes: usize, first: usize) {
    let mut rows: Vec<&mut [u8]> = plane.chunks_exact_mut(row_bytes.max(1)).collect();
    for row in (first..rows.len()).step_by(2) {
        let (before, rest) = rows.split_at_mut(row);
        let Some((row, after)) = rest.split_first_mut() else { continue };
        match (before.last(), after.first()) {
            (Some(above), Some(below)) => {
                for ((out, above), below) in row.iter_mut().zip(above.iter()).zip(below.iter()) {
                    *out = above.midpoint(*below).saturating_add((above ^ below) & 1);
                }
            }
            (Some(only), None) | (None, Some(only)) => row.copy_from_slice(only),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::frame::{Pixels, Plane};
    use crate::frames::readers::y4m::Y4mReader;

    fn luma(file: &[u8]) -> (Vec<u8>, Option<FieldOrder>) {
        let mut source = Deinterlaced::new(Y4mReader::new(file).unwrap());
        let fields = source.info().fields;
        let frame = source.next_frame().unwrap().unwrap();
        let Pixels::Gray(Plane { data, .. }) = frame.pixels() else { panic!("not gray") };
        (data.to_vec(), fields)
    }

    #[test]
    fn the_second_field_is_interpolated() {
        let file = |order: &str| {
            let head = format!("YUV4MPEG2 W2 H5 F25:1 I{order} Cmono\nFRAME\n");
            [head.as_bytes(), &[10, 0, 90, 99, 21, 255, 91, 98, 30, 1]].concat()
        };
        assert_eq!(luma(&file("t")), (vec![10, 0, 16, 128, 21, 255, 26, 128, 30, 1], None));
        assert_eq!(luma(&file("m")).0, luma(&file("t")).0);
        assert_eq!(luma(&file("b")), (vec![90, 99, 90, 99, 91, 99, 91, 98, 91, 98], None));
    }
}
