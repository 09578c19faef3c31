//! One channel, or its gradient, at both scales.

use crate::filter::GradientRows;
use crate::nss::{LocalStructure, Quantity, StructureScan, Wanted};
use crate::plane::{Plane, Rows};
use crate::resize::HalfSize;
use crate::view::LumaView;

/// Scratch memory for one map.
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
        let full = self.scan.run(map, Quantity::LogMagnitude, Wanted::ALL);
        self.resize.run(map, &mut self.half);
        [full, self.scan.run(&self.half, Quantity::LogMagnitude, Wanted::ALL)]
    }
}
