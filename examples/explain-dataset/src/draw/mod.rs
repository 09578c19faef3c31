//! The figures, as SVG: for files, and inside the page.

mod bars;
mod heat;
mod lines;
mod points;
mod svg;

pub(crate) use bars::{bars, tokens};
pub(crate) use heat::{Heat, grid, matrices};
pub(crate) use lines::lines;
pub(crate) use points::points;

/// A figure: the name of its file, its title, and itself.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) title: String,
    pub(crate) svg: String,
}

impl Figure {
    /// Whether it has letters that are too small on a narrow page.
    pub(crate) fn is_wide(&self) -> bool {
        ["table7", "figure12", "figure15", "figure17"].contains(&self.name)
    }
}
