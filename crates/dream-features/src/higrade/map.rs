//! One channel, or its gradient, at both scales.

use crate::filter::SobelRow;
use crate::nss::{LocalStructure, Quantity, StructureScan};
use crate::plane::{Plane, Rows};
use crate::resize::HalfSize;
use crate::simd::dispatch;
use crate::view::LumaView;

/// Memory of one map.
#[derive(Debug)]
pub(super) struct MapScan {
    scan: StructureScan,
    resize: HalfSize,
    half: Plane,
}

impl Default for MapScan {
    fn default() -> Self {
        Self { scan: StructureScan::default(), resize: HalfSize::default(), half: Plane::zeros(1, 1) }
    }
}

impl MapScan {
    /// The statistics of the channel itself, or of its gradient, at full and half size.
    pub(super) fn run(&mut self, channel: &LumaView<'_>, gradient: bool) -> [LocalStructure; 2] {
        if gradient { self.scales(&GradientRows(channel)) } else { self.scales(channel) }
    }

    fn scales<R: Rows>(&mut self, map: &R) -> [LocalStructure; 2] {
        let full = self.scan.run(map, Quantity::LogMagnitude);
        self.resize.run(map, &mut self.half);
        [full, self.scan.run(&self.half, Quantity::LogMagnitude)]
    }
}

/// Gradient magnitude of a plane of bytes, computed as it is read.
#[derive(Debug)]
struct GradientRows<'a>(&'a LumaView<'a>);

impl Rows for GradientRows<'_> {
    fn width(&self) -> usize {
        self.0.width()
    }
    fn height(&self) -> usize {
        self.0.height()
    }
    fn load(&self, y: usize, out: &mut [f64]) {
        // A row beyond the last is the last.
        let lines = [self.0.row(y.saturating_sub(1)), self.0.row(y), self.0.row(y + 1)];
        dispatch(SobelRow { lines, out });
    }
}
