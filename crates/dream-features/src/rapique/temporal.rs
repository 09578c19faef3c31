//! The 476 values of eight frames of luma: seven band-pass filters along time.

use pulp::Simd;

use super::spatial::{MAP, MapScan};
use crate::par;
use crate::plane::{Plane, Rows, widen};
use crate::resize::Scaled;
use crate::simd::{Kernel, dispatch, same_length};

/// Frames of a window.
pub(super) const WINDOW: usize = 8;
/// Values of a window.
pub(super) const DIM: usize = FILTERS.len() * 2 * MAP;

/// The rows of the Hadamard matrix of order 8 without the constant one, in the order of the release: a Haar packet.
const FILTERS: [[f64; WINDOW]; 7] = [
    [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0],
    [1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0],
    [1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 1.0, 1.0],
    [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0],
    [1.0, -1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0],
    [1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0],
    [1.0, -1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0],
];

/// Filters processed at the same time.
const TASKS: usize = if cfg!(feature = "rayon") { 4 } else { 1 };

/// Scratch memory, reused between windows.
#[derive(Debug)]
pub(super) struct Temporal {
    planes: [Plane; WINDOW],
    once: Plane,
    source: Plane,
    tasks: [Task; TASKS],
}

#[derive(Debug, Default)]
struct Task {
    scan: MapScan,
    /// Filter, and its values at both sizes.
    found: Vec<(usize, [[f64; MAP]; 2])>,
}

impl Default for Temporal {
    fn default() -> Self {
        let empty = || Plane::zeros(1, 1);
        Self {
            planes: [(); WINDOW].map(|()| empty()),
            once: empty(),
            source: empty(),
            tasks: Default::default(),
        }
    }
}

impl Temporal {
    /// The values of a window of `frames`, bytes of luma in rows of `width`; fewer than eight are followed by black.
    /// `reduce` makes frames smaller, `again` the result of that; filters commute with both.
    pub(super) fn run<'a>(
        &mut self,
        frames: impl IntoIterator<Item = &'a [u8]>,
        (width, height): (usize, usize),
        reduce: Option<(&mut Scaled, &mut Scaled)>,
    ) -> Vec<f64> {
        let Self { planes, once, source, tasks } = self;
        let mut reduce = reduce;
        let black: &[u8] = &[];
        let frames = frames.into_iter().chain(std::iter::repeat(black));
        for (plane, codes) in planes.iter_mut().zip(frames) {
            source.resize(width, height);
            match codes {
                [] => source.data_mut().fill(0.0),
                codes => widen(codes, source.data_mut()),
            }
            match &mut reduce {
                Some((first, second)) => {
                    first.run(source, once);
                    second.run(once, plane);
                }
                None => std::mem::swap(source, plane),
            }
        }
        let planes = &*planes;
        par::for_each_mut(tasks, |first, Task { scan, found }| {
            found.clear();
            for (place, &signs) in FILTERS.iter().enumerate().skip(first).step_by(TASKS) {
                let map = Filtered { planes, signs };
                found.push((place, [scan.full(&map), scan.half(&map)]));
            }
        });
        let mut out = vec![0.0; DIM];
        for (place, scales) in tasks.iter().flat_map(|task| &task.found) {
            for (out, values) in out.chunks_exact_mut(MAP).skip(2 * place).zip(scales) {
                out.copy_from_slice(values);
            }
        }
        out
    }
}

/// The frames of a window after one filter, computed as they are read.
struct Filtered<'a> {
    planes: &'a [Plane; WINDOW],
    signs: [f64; WINDOW],
}

impl Rows for Filtered<'_> {
    fn width(&self) -> usize {
        self.planes[0].width()
    }
    fn height(&self) -> usize {
        self.planes[0].height()
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        let rows = self.planes.each_ref().map(|plane| plane.row(y));
        dispatch(Weigh { rows, signs: self.signs, out });
    }
}

/// `out` is the sum of `rows` with their signs.
struct Weigh<'a> {
    rows: [&'a [f64]; WINDOW],
    signs: [f64; WINDOW],
    out: &'a mut [f64],
}

impl Kernel for Weigh<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Some(([a, b, c, d, e, f, g, h], out)) = same_length(self.rows, self.out) else { return };
        let [sa, sb, sc, sd, se, sf, sg, sh] = self.signs;
        for i in 0..out.len() {
            let first = (sa * a[i] + sb * b[i]) + (sc * c[i] + sd * d[i]);
            out[i] = first + ((se * e[i] + sf * f[i]) + (sg * g[i] + sh * h[i]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_are_orthogonal_and_have_no_mean() {
        for (i, a) in FILTERS.iter().enumerate() {
            assert_eq!(a.iter().sum::<f64>(), 0.0);
            for (j, b) in FILTERS.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert_eq!(product, if i == j { 8.0 } else { 0.0 });
            }
        }
    }
}
