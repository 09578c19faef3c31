//! The 37 values of a frame: those of its blocks, their mean, and its distance from a model.

use super::blocks::{BlockFits, VALUES};
use super::model::{Model, N};
use crate::frame::Frame;
use crate::nss::FlatAreas;
use crate::par;
use crate::plane::Plane;
use crate::resize::HalfSize;

/// Side of a block at full size.
pub(super) const SIDE: usize = 96;

/// Names and meanings of the 37 values: `place` goes before each name, `over` says what the means are over.
pub(crate) fn features(place: &str, over: &str) -> Vec<(String, String)> {
    let mut features = Vec::new();
    for (scale, size) in [("s1", "full size"), ("s2", "half size")] {
        let own = [
            ("mscn.shape", "AGGD shape of the MSCN coefficients"),
            ("mscn.scale", "AGGD scale of the MSCN coefficients"),
        ];
        for (name, what) in own {
            let meaning = format!("{what}, mean over {over}, {size}");
            features.push((format!("{place}niqe.{scale}.{name}"), meaning));
        }
        for (direction, neighbour) in
            [("h", "left"), ("v", "upper"), ("d1", "upper left"), ("d2", "upper right")]
        {
            for (name, what) in [
                ("shape", "AGGD shape"),
                ("mean", "AGGD mean"),
                ("left", "left AGGD scale"),
                ("right", "right AGGD scale"),
            ] {
                let meaning =
                    format!("{what} of products with the {neighbour} neighbour, mean over {over}, {size}");
                features.push((format!("{place}niqe.{scale}.{direction}.{name}"), meaning));
            }
        }
    }
    features
}

/// The 37 values of frames of one size, and their scratch memory.
#[derive(Debug)]
pub(crate) struct Naturalness {
    /// Width of the part that blocks cover.
    width: usize,
    height: usize,
    flat: FlatAreas,
    model: Model,
    fits: [BlockFits; 2],
    resize: HalfSize,
    half: Plane,
    /// Values of the blocks at full and half size, column after column of blocks.
    values: [Vec<[f64; VALUES]>; 2],
}

impl Naturalness {
    pub(crate) fn new(model: Model, (width, height): (usize, usize), flat: FlatAreas) -> Self {
        Self {
            width: width / SIDE * SIDE,
            height: height / SIDE * SIDE,
            flat,
            model,
            fits: Default::default(),
            resize: HalfSize::default(),
            half: Plane::zeros(1, 1),
            values: Default::default(),
        }
    }

    /// The values of a frame; NaN where no block defines them.
    pub(crate) fn frame(&mut self, frame: &Frame<'_>) -> [f64; N + 1] {
        let mut out = [f64::NAN; N + 1];
        let Ok(crop) = frame.crop(0, 0, self.width, self.height) else { return out };
        let luma = crop.luma_rows();
        let Self { fits: [full_fits, half_fits], resize, half, values: [full_values, half_values], .. } =
            self;
        let (rows, columns, flat) = (self.height / SIDE, self.width / SIDE, self.flat);
        for values in [&mut *full_values, &mut *half_values] {
            values.resize(rows * columns, [0.0; VALUES]);
        }
        let place = |row: usize, column: usize| column * rows + row;
        par::join(
            || {
                let sink = |row: usize, column: usize, found| {
                    if let Some(slot) = full_values.get_mut(place(row, column)) {
                        *slot = found;
                    }
                };
                // BRISQUE may have normalised the frame already; only the border treatment differs.
                let shared = frame.shared().filter(|_| flat == FlatAreas::Snapped);
                match shared.and_then(|shared| shared.mscn()) {
                    Some(mscn) => full_fits.run_within(mscn, &crop, SIDE, sink),
                    None => full_fits.run(&luma, SIDE, flat, sink),
                }
            },
            || {
                resize.run(&luma, half);
                half_fits.run(half, SIDE / 2, flat, |row, column, found| {
                    if let Some(slot) = half_values.get_mut(place(row, column)) {
                        *slot = found;
                    }
                });
            },
        );
        let blocks = full_values.iter().zip(half_values.iter()).map(|(full, half)| {
            let mut block = [0.0; N];
            for (out, value) in block.iter_mut().zip(full.iter().chain(half)) {
                *out = *value;
            }
            block
        });
        let mut mean = [f64::NAN; N];
        for (k, mean) in mean.iter_mut().enumerate() {
            let defined = || blocks.clone().map(|block| block[k]).filter(|v| !v.is_nan());
            *mean = defined().sum::<f64>() / defined().count() as f64;
        }
        let whole = || blocks.clone().filter(|block| !block.iter().any(|v| v.is_nan()));
        let covariance = covariance(whole);
        if let Some((distance, features)) = out.split_last_mut() {
            features.copy_from_slice(&mean);
            *distance =
                if whole().next().is_some() { self.model.distance(&mean, &covariance) } else { f64::NAN };
        }
        out
    }
}

/// Covariance (N - 1) of rows; zero for fewer than two.
fn covariance<I: Iterator<Item = [f64; N]>>(rows: impl Fn() -> I) -> [[f64; N]; N] {
    let count = rows().count();
    let mut out = [[0.0; N]; N];
    if count < 2 {
        return out;
    }
    let mut mean = [0.0; N];
    for row in rows() {
        for (mean, value) in mean.iter_mut().zip(row) {
            *mean += value / count as f64;
        }
    }
    for row in rows() {
        for (out, (a, a_mean)) in out.iter_mut().zip(row.iter().zip(&mean)) {
            for (out, (b, b_mean)) in out.iter_mut().zip(row.iter().zip(&mean)) {
                *out += (a - a_mean) * (b - b_mean) / (count - 1) as f64;
            }
        }
    }
    out
}
