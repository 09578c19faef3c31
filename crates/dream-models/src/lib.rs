//! Models that turn features into a score people would give
