//! Planes that several extractors derive from the same frame. The first extractor that needs a plane computes it.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::plane::Plane;

/// Derived planes of one frame. Reused from frame to frame through [`Shared::reset`].
#[derive(Debug, Default)]
pub(crate) struct Shared {
    half_luma: Kept,
    mscn: Kept,
    /// Whether anyone has asked for the coefficients, in any frame.
    mscn_wanted: AtomicBool,
}

/// A plane, and the memory of the previous frame's plane.
#[derive(Debug, Default)]
struct Kept {
    plane: OnceLock<Plane>,
    spare: Mutex<Option<Plane>>,
}

impl Kept {
    fn reset(&mut self) {
        let plane = mem::take(&mut self.plane).into_inner();
        let spare = self.spare.get_mut().unwrap_or_else(PoisonError::into_inner);
        *spare = plane.or_else(|| spare.take());
    }

    fn memory(&self) -> Plane {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        spare.unwrap_or_else(|| Plane::zeros(1, 1))
    }
}

impl Shared {
    /// Discards the planes, keeping their memory.
    pub(crate) fn reset(&mut self) {
        self.half_luma.reset();
        self.mscn.reset();
    }

    /// Luma at half size, computed by `fill` if it is not there yet.
    pub(crate) fn half_luma(&self, fill: impl FnOnce(&mut Plane)) -> &Plane {
        self.half_luma.plane.get_or_init(|| {
            let mut plane = self.half_luma.memory();
            fill(&mut plane);
            plane
        })
    }

    /// Memory for the normalised coefficients of luma ([`FlatAreas::Snapped`](crate::nss::FlatAreas::Snapped), zeros
    /// outside), for an extractor that computes them anyway. `None` as long as no extractor has asked for them, because
    /// they take 8 bytes per pixel.
    pub(crate) fn memory_for_mscn(&self) -> Option<Plane> {
        self.mscn_wanted.load(Ordering::Relaxed).then(|| self.mscn.memory())
    }

    /// Makes the coefficients available to the other extractors.
    pub(crate) fn give_mscn(&self, plane: Plane) {
        // If another extractor was first, it stored the same values.
        let _ = self.mscn.plane.set(plane);
    }

    /// The coefficients, if an extractor has already computed them for this frame. This depends on timing, so the
    /// caller must get the same result without them.
    pub(crate) fn mscn(&self) -> Option<&Plane> {
        self.mscn_wanted.store(true, Ordering::Relaxed);
        self.mscn.plane.get()
    }

    #[cfg(test)]
    pub(crate) fn has_mscn(&self) -> bool {
        self.mscn.plane.get().is_some()
    }
}
