//! The tests of the crate from outside. One program, because every program of its own links all that is below it.

mod brisque_live;
mod calibration;
mod checkpoint;
mod clip_text;
mod convnext;
mod deep;
mod deep_layers;
mod devices;
mod embedded;
mod face;
mod face_blend;
mod hostile;
mod hub;
mod hust_unilj;
mod logistic;
mod methods;
mod pretrained;
mod recipes;
mod resize;
mod svr;
mod svr_model;
mod swin_v2;
mod videval60;
mod vit;
mod vit_reference;
