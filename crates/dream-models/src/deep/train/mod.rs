//! What training needs besides a network and a loss: parameters with names, first values, draws, an optimiser, the learning rate's course.

pub mod augment;
pub mod draws;
pub mod first_values;
pub mod optim;
mod params;
pub mod schedule;
pub mod state;

pub use params::Params;
