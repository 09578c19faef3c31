//! No-reference image and video quality features, as named numbers
