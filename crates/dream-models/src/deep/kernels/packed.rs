use super::after::Finish;
use super::tile::{Panels, panels};
use super::windows::{Grid, Window};
use super::winograd::{Transformed, suits};
use candle_core::{Device, Result, Tensor};

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
