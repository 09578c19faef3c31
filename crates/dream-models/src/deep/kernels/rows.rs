use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::{Panels, applies, product, rows_of, slice};
use crate::{par, simd};

/// Up to as many columns of a product gemm has ways of its own, which other numbers of rows do not take.
const NARROW: usize = 64;
/// From as many rows on it takes one way for all products that are wider.
const ROWS: usize = 4;

/// `x Wᵀ` of `[rows, inputs]` and `[outputs, inputs]`. In single precision on the CPU a row has the same bits whatever
/// other rows there are.
///
/// gemm adds up in another order where there is one row or one column, at most 256 results, or at most 64 rows and 64
/// columns. Narrow products are therefore ours, and wide ones never have fewer than four rows.
pub(in crate::deep) fn rows_product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (rows, outputs) = (x.dim(0)?, weight.dim(0)?);
    if !applies(x) || rows == 0 {
        return x.matmul(&weight.t()?);
    }
    if outputs <= NARROW {
        return x.contiguous()?.apply_op2(&weight.contiguous()?, Narrow);
    }
    if rows < ROWS {
        let padded = x.pad_with_zeros(0, 0, ROWS - rows)?;
        return padded.matmul(&weight.t()?)?.narrow(0, 0, rows)?.contiguous();
    }
    x.matmul(&weight.t()?)
}

#[derive(Debug)]
struct Narrow;

impl CustomOp2 for Narrow {
    fn name(&self) -> &'static str {
        "narrow-product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((rows, inputs), (outputs, depth)) = (x_layout.shape().dims2()?, w_layout.shape().dims2()?);
        if inputs != depth {
            bail!("narrow-product: {x_layout:?} does not fit {w_layout:?}");
        }
        let (x, weight) = (slice(x, x_layout)?, slice(weight, w_layout)?);
        let panels = simd::dispatch(Pack { weight, inputs, outputs });
        let mut out = vec![0.0; rows * outputs];
        let count = rows_of(inputs);
        par::for_each_chunk(&mut out, count * outputs, |i, out| {
            let x = x.get(i * count * inputs..).unwrap_or_default();
            simd::dispatch(Piece { x, inputs, outputs, panels: &panels, out });
        });
        Ok((CpuStorage::F32(out), Shape::from((rows, outputs))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(grad.matmul(weight)?), Some(grad.t()?.matmul(x)?)))
    }
}

struct Pack<'a> {
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
}

impl simd::Kernel for Pack<'_> {
    type Output = Panels;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Panels {
        debug_assert_eq!(self.weight.len(), self.inputs * self.outputs);
        let mut panels = Panels::new::<S>(self.inputs, self.outputs);
        for (column, row) in self.weight.chunks_exact(self.inputs.max(1)).enumerate() {
            panels.set_column(column, row.iter().copied());
        }
        panels
    }
}

/// As many rows as `out` has.
struct Piece<'a> {
    x: &'a [f32],
    inputs: usize,
    outputs: usize,
    panels: &'a Panels,
    out: &'a mut [f32],
}

impl simd::Kernel for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let (inputs, wide) = (self.inputs.max(1), self.panels.columns());
        let rows = self.out.len() / self.outputs.max(1);
        debug_assert!(self.out.len() == rows * self.outputs && self.x.len() >= rows * self.inputs);
        let x = self.x.get(..rows * self.inputs).unwrap_or_default();
        let mut results = vec![0.0; rows * wide];
        product(simd, x, inputs, self.panels, &mut results);
        let results = results.chunks_exact(wide.max(1));
        for (out, results) in self.out.chunks_exact_mut(self.outputs.max(1)).zip(results) {
            out.iter_mut().zip(results).for_each(|(out, result)| *out = *result);
        }
    }
}
