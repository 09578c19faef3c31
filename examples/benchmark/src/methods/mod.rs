//! The methods: what one is, which there are, and each in its own file.

pub(crate) mod baseline;
pub(crate) mod first_weights;
pub(crate) mod imported;
pub(crate) mod loss_head;
pub(crate) mod method;
pub(crate) mod network;
pub(crate) mod registry;
pub(crate) mod svr;
pub(crate) mod variants;
