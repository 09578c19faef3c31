//! HIGRADE's statistics of the gradient of luma.

use crate::filter::GradientRows;
use crate::nss::{Quantity, StructureScan, Wanted};
use crate::plane::Plane;
use crate::resize::HalfSize;
use crate::view::LumaView;

/// Scratch memory for the gradient of a frame.
#[derive(Debug)]
pub(super) struct GradientScan {
    scan: StructureScan,
    resize: HalfSize,
    half: Plane,
}

impl Default for GradientScan {
    fn default() -> Self {
        Self { scan: StructureScan::default(), resize: HalfSize::default(), half: Plane::zeros(1, 1) }
    }
}

impl GradientScan {
    /// Values 13 to 20 of a frame.
    pub(super) fn run(&mut self, luma: &LumaView<'_>) -> [f64; 8] {
        let Self { scan, resize, half } = self;
        let gradient = GradientRows(luma);
        let wanted = Wanted { left: false, upper: false, cross: true, filtered: [true, false] };
        let full = scan.run(&gradient, Quantity::LogMagnitude, wanted);
        resize.run(&gradient, half);
        let small = scan.run(half, Quantity::Mscn, Wanted { upper: true, ..wanted });
        let [.., upper_left, lower_left] = small.differences;
        [
            full.mscn.variance.sqrt(),
            full.cross.variance.sqrt(),
            full.cross.shape,
            full.filtered[0].shape,
            small.mscn.variance.sqrt(),
            upper_left.shape,
            lower_left.shape,
            small.filtered[0].variance.sqrt(),
        ]
    }
}
