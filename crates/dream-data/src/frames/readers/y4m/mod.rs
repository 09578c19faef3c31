//! YUV4MPEG2 (`.y4m`), read and written.

mod reader;
mod writer;

pub(crate) use reader::SIGNATURE;
pub use reader::Y4mReader;
pub use writer::Y4mWriter;
pub(crate) use writer::header;
