//! What training needs besides a network and a loss: parameters with names, draws, an optimiser, the learning rate's course.

pub mod draws;
pub mod optim;
mod params;
pub mod schedule;

pub use params::Params;
