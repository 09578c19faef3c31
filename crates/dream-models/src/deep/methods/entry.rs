//! What a line of the registry says.

use candle_core::{DType, Device};

use crate::Result;
use crate::deep::checkpoint::{Checkpoint, TensorFile};
use crate::deep::network::VideoNetwork;

/// A method.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name on a command line, such as `da-clip`.
    pub name: &'static str,
    /// What a checkpoint calls it, such as `da_clip`.
    pub kind: &'static str,
    /// Its name in a table, such as `DA-CLIP`.
    pub title: &'static str,
    /// Where its weights come from.
    pub weights: Weights,
}

/// Where the weights of a method come from, and what loads them, computing in a number type on a device.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Weights {
    /// A checkpoint of this kind, as a training writes it.
    Checkpoint(fn(&Checkpoint, DType, &Device) -> Result<Box<dyn VideoNetwork>>),
    /// The file of a tower that others have published. What stands on the tower is small, and part of this crate.
    Tower(fn(&TensorFile, DType, &Device) -> Result<Box<dyn VideoNetwork>>),
}
