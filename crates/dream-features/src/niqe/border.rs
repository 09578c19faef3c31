//! The coefficients near the border of a crop, where the window over the whole image would read other pixels.

use crate::frame::Frame;
use crate::nss::{Border, FlatAreas, MscnScan};
use crate::plane::Plane;

/// Reach of the window to every side.
const REACH: usize = 3;
/// Pixels from the border that enter the coefficients it changes.
const STRIP: usize = 2 * REACH;

/// The coefficients within three places of the border of a frame, with the border replicated outside, and one row of
/// scratch memory.
#[derive(Debug, Default)]
pub(super) struct Borders {
    /// The upper and the lower three rows.
    rows: Vec<f64>,
    /// The first three and the last three coefficients of every row.
    columns: Vec<[f64; STRIP]>,
    row: Vec<f64>,
    height: usize,
}

impl Borders {
    /// Computes them from strips along the four sides. The frame is at least a strip wide and high.
    pub(super) fn fill(&mut self, frame: &Frame<'_>, scan: &mut MscnScan) {
        let (width, height) = frame.size();
        self.height = height;
        self.rows.clear();
        self.columns.clear();
        self.columns.resize(height, [0.0; STRIP]);
        self.row.resize(width, 0.0);
        let mut run = |x, y, width, height, sink: &mut dyn FnMut(usize, &[f64])| {
            if let Ok(strip) = frame.crop(x, y, width, height) {
                let rows = strip.luma_rows();
                scan.run_bordered(&rows, FlatAreas::Snapped, Border::Replicate, |y, row| {
                    sink(y, row.values())
                });
            }
        };
        let (low, right) = (height.saturating_sub(STRIP), width.saturating_sub(STRIP));
        let rows = &mut self.rows;
        run(0, 0, width, STRIP, &mut |y, row| {
            if y < REACH {
                rows.extend_from_slice(row);
            }
        });
        run(0, low, width, STRIP, &mut |y, row| {
            if y >= REACH {
                rows.extend_from_slice(row);
            }
        });
        for (x, own) in [(0, 0..REACH), (right, REACH..STRIP)] {
            run(x, 0, STRIP, height, &mut |y, row| {
                if let Some(columns) = self.columns.get_mut(y)
                    && let (Some(to), Some(from)) = (columns.get_mut(own.clone()), row.get(own.clone()))
                {
                    to.copy_from_slice(from);
                }
            });
        }
    }

    /// Row `y` of the frame: coefficients near the border from here, the rest from `mscn`.
    pub(super) fn row(&mut self, y: usize, mscn: &Plane) -> &[f64] {
        let width = self.row.len();
        let strip =
            if y < REACH { Some(y) } else { (y + REACH).checked_sub(self.height).map(|below| REACH + below) };
        if let Some(strip) = strip {
            return self.rows.get(strip * width..(strip + 1) * width).unwrap_or_default();
        }
        if let (Some(known), Some([a, b, c, d, e, f])) = (mscn.row(y).get(..width), self.columns.get(y)) {
            self.row.copy_from_slice(known);
            let ends = self.row.first_chunk_mut().map(|first: &mut [f64; REACH]| *first = [*a, *b, *c]);
            if ends.is_some()
                && let Some(last) = self.row.last_chunk_mut::<REACH>()
            {
                *last = [*d, *e, *f];
            }
        }
        &self.row
    }
}
