//! What a line of the registry says.

use candle_core::{DType, Device};

use crate::Result;
use crate::deep::checkpoint::Checkpoint;
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
    /// Loads the network of a checkpoint of this kind, computing in a number type on a device.
    pub load: fn(&Checkpoint, DType, &Device) -> Result<Box<dyn VideoNetwork>>,
}
