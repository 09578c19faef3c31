//! Videos as streams of frames.
//!
//! The base modules are `source` (the trait), `frame`, `info`, `rotation`, `relative_box` and the like. `readers` and
//! `filters` build on them; they import the trait and never each other. `decoders`, `piped` and `open` import the readers;
//! nothing imports `open`.

pub(crate) mod assumption;
pub(crate) mod color_range;
pub(crate) mod decoders;
pub(crate) mod face_boxes;
pub(crate) mod filters;
pub(crate) mod frame;
pub(crate) mod frame_rate;
pub(crate) mod frame_size;
pub(crate) mod in_order;
pub(crate) mod info;
pub(crate) mod inputs;
pub(crate) mod interlaced;
pub(crate) mod kind;
mod numbered;
pub(crate) mod open;
pub(crate) mod options;
mod piped;
pub(crate) mod pixel_rect;
pub(crate) mod raw_format;
pub(crate) mod readers;
pub(crate) mod relative_box;
mod remedy;
mod rgb8;
pub(crate) mod rotation;
pub(crate) mod sampler;
pub(crate) mod sampling;
mod settle;
pub(crate) mod source;
pub(crate) mod times;
