use candle_core::{Device, Result, Tensor};
use pulp::Simd;

use super::after::Finish;
use super::blocked::Source;
use super::tile::Panels;
use super::windows::{Grid, Window};
use super::winograd::{Transformed, suits};
use crate::{par, simd};

/// Places of a row that are written before the next row is read: what they are written to stays in the cache.
const PLACES: usize = 64;

/// A weight in the order in which rows or pictures are multiplied with it.
#[derive(Debug)]
pub(in crate::deep) struct Packed {
    form: Form,
    inputs: usize,
    outputs: usize,
}

#[derive(Debug)]
enum Form {
    Panels(Panels),
    Winograd(Transformed),
}

impl Packed {
    /// Of `[outputs, inputs]`.
    pub(in crate::deep) fn rows(weight: &[f32], inputs: usize) -> Self {
        let outputs = weight.len() / inputs.max(1);
        Self { form: Form::Panels(panels(weight, inputs, outputs)), inputs, outputs }
    }

    /// Of `[outputs, kernel kernel planes]`, where `inputs` are those of a window.
    pub(in crate::deep) fn windows(weight: &[f32], inputs: usize, window: Window) -> Self {
        let outputs = weight.len() / inputs.max(1);
        let form = if suits(window, inputs / window.kernel().pow(2), outputs) {
            Form::Winograd(Transformed::new(weight, outputs))
        } else {
            Form::Panels(panels(weight, inputs, outputs))
        };
        Self { form, inputs, outputs }
    }

    pub(in crate::deep) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(in crate::deep) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(super) fn panels(&self) -> Option<&Panels> {
        match &self.form {
            Form::Panels(panels) => Some(panels),
            Form::Winograd(_) => None,
        }
    }

    pub(super) fn winograd(&self, x: &[f32], grid: Grid, finish: &Finish<'_>) -> Vec<f32> {
        match &self.form {
            Form::Panels(_) => Vec::new(),
            Form::Winograd(transformed) => transformed.multiply(x, grid, finish),
        }
    }

    /// The weight `[outputs, inputs]` as it was, for gradients.
    pub(in crate::deep) fn tensor(&self) -> Result<Tensor> {
        let mut out = vec![0.0; self.inputs * self.outputs];
        if let Form::Panels(panels) = &self.form {
            for (column, row) in out.chunks_exact_mut(self.inputs.max(1)).enumerate() {
                panels.read_column(column, row);
            }
        }
        Tensor::from_vec(out, (self.outputs, self.inputs), &Device::Cpu)
    }
}

/// The rows of a matrix as the columns of panels.
pub(super) fn panels(weight: &[f32], inputs: usize, outputs: usize) -> Panels {
    let mut panels = simd::dispatch(Empty { inputs, outputs });
    let wide = panels.wide();
    par::for_each_chunk(panels.all_mut(), (wide * inputs).max(1), |number, panel| {
        let rows = weight.get(number * wide * inputs..).unwrap_or_default();
        let rows = || rows.chunks_exact(inputs.max(1)).take(wide).enumerate();
        for (part, slots) in panel.chunks_mut(PLACES * wide).enumerate() {
            for (column, row) in rows() {
                let values = row.get(part * PLACES..).unwrap_or_default();
                for (slots, value) in slots.chunks_exact_mut(wide).zip(values) {
                    if let Some(slot) = slots.get_mut(column) {
                        *slot = *value;
                    }
                }
            }
        }
    });
    panels
}

struct Empty {
    inputs: usize,
    outputs: usize,
}

impl simd::Kernel for Empty {
    type Output = Panels;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Panels {
        Panels::new::<S>(self.inputs, self.outputs)
    }
}

/// What every window sees, as one row of `kernel kernel planes` values with zeros outside the picture.
pub(super) struct Views<'a> {
    pub(super) x: &'a [f32],
    pub(super) grid: Grid,
}

impl Source for Views<'_> {
    #[inline(always)]
    fn copy(&self, row: usize, from: usize, out: &mut [f32]) {
        let (line, wide) = (row / self.grid.wide, row % self.grid.wide);
        let picture = self.x.get(line / self.grid.high * self.grid.picture()..).unwrap_or_default();
        for (here, there) in self.grid.runs(line % self.grid.high, wide) {
            let cut = from.saturating_sub(here.start).min(here.len());
            let seen = picture.get(there.start + cut..there.end).unwrap_or_default();
            let out = out.get_mut((here.start + cut).saturating_sub(from)..).unwrap_or_default();
            out.iter_mut().zip(seen).for_each(|(slot, value)| *slot = *value);
        }
    }
}
