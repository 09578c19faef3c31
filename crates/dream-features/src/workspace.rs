//! Memory that extractors keep from frame to frame.

use std::any::Any;
use std::fmt;

/// Memory that extractors reuse from frame to frame. It carries no result from one frame to the next.
///
/// Each extractor keeps its scratch memory in its own slot, which is found by type. An extractor that needs several
/// buffers at once makes one struct of them. Extractors of other crates do the same: make the struct private to the
/// extractor, so that no other extractor can reach its contents.
///
/// # Example
/// ```
/// use dream_features::Workspace;
///
/// #[derive(Default)]
/// struct Scratch {
///     row: Vec<f64>,
///     sums: [f64; 4],
/// }
///
/// let mut workspace = Workspace::new();
/// let Scratch { row, sums } = workspace.slot::<Scratch>();
/// row.resize(640, 0.0); // allocated once, found again in the next frame
/// sums.fill(0.0);
/// assert_eq!(workspace.slot::<Scratch>().row.len(), 640);
/// ```
#[derive(Default)]
pub struct Workspace {
    /// One value of each type, a few in all.
    slots: Vec<Box<dyn Any + Send>>,
}

impl Workspace {
    /// An empty workspace; it grows with the first frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The one value of type `T`. `T::default()` makes it on first use.
    pub fn slot<T: Default + Send + 'static>(&mut self) -> &mut T {
        let found = self.slots.iter().position(|slot| slot.is::<T>());
        let index = found.unwrap_or_else(|| {
            self.slots.push(Box::<T>::default());
            self.slots.len() - 1
        });
        let slot = self.slots.get_mut(index).and_then(|slot| slot.downcast_mut::<T>());
        // Never reached, since the slot was found by its type. Leaking a value is better than a panic.
        slot.unwrap_or_else(|| Box::leak(Box::default()))
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("slots", &self.slots.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Row(Vec<f64>);
    #[derive(Debug, Default)]
    struct Count(usize);

    #[test]
    fn each_type_keeps_its_own_value_where_it_is() {
        let mut workspace = Workspace::new();
        workspace.slot::<Row>().0.resize(640, 2.0);
        let before = workspace.slot::<Row>().0.as_ptr();
        assert_eq!(workspace.slot::<Count>().0, 0);
        workspace.slot::<Count>().0 += 3;
        assert_eq!((workspace.slot::<Count>().0, workspace.slot::<Row>().0.len()), (3, 640));
        assert_eq!(workspace.slot::<Row>().0.as_ptr(), before, "the memory is found again");
        assert_eq!(format!("{workspace:?}"), "Workspace { slots: 2 }");
    }

    #[test]
    fn a_workspace_can_move_to_another_thread() {
        let mut workspace = Workspace::new();
        workspace.slot::<Count>().0 = 7;
        let count = std::thread::spawn(move || workspace.slot::<Count>().0).join().unwrap();
        assert_eq!(count, 7);
    }
}
