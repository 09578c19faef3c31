//! What several extractors derive from the same frame, each plane computed once, by whoever needs it first.

use std::mem;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::plane::Plane;

/// Derived planes of one frame. Reused from frame to frame through [`Shared::reset`].
#[derive(Debug, Default)]
pub(crate) struct Shared {
    half_luma: OnceLock<Plane>,
    /// Memory of the previous frame's plane.
    spare: Mutex<Option<Plane>>,
}

impl Shared {
    /// Forgets the planes, keeping their memory.
    pub(crate) fn reset(&mut self) {
        let plane = mem::take(&mut self.half_luma).into_inner();
        let spare = self.spare.get_mut().unwrap_or_else(PoisonError::into_inner);
        *spare = plane.or_else(|| spare.take());
    }

    /// Luma at half size, computed by `fill` if it is not there yet.
    pub(crate) fn half_luma(&self, fill: impl FnOnce(&mut Plane)) -> &Plane {
        self.half_luma.get_or_init(|| {
            let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut plane = spare.unwrap_or_else(|| Plane::zeros(1, 1));
            fill(&mut plane);
            plane
        })
    }
}
