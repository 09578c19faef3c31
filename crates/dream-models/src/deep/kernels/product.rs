use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::after::Finish;
use super::blocked::{Matrix, multiply, multiply_twice};
use super::packed::Packed;
use super::windows::{Grid, Views, Window, window_rows, window_rows_back};
use super::{applies, slice};

/// `x Wᵀ` of `[rows, inputs]` and `[outputs, inputs]`. In single precision on the CPU a row has the same bits whatever
/// other rows there are.
///
/// candle's own product adds up in another order where there are few rows, and brings the weight into the order in which it is
/// read for every product.
pub(in crate::deep) fn rows_product(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    if !applies(x) {
        return x.matmul(&weight.t()?);
    }
    x.contiguous()?.apply_op2(&weight.contiguous()?, RowsProduct)
}

/// The same with a weight that is packed already, which gets no gradient.
pub(in crate::deep) fn packed_product(x: &Tensor, weight: &Arc<Packed>) -> Result<Tensor> {
    x.contiguous()?.apply_op1(PackedProduct(Arc::clone(weight)))
}

/// The convolution of `[n, rows, columns, planes]` with `[outputs, kernel kernel planes]`, for single precision on the CPU.
pub(in crate::deep) fn window_product(x: &Tensor, weight: &Tensor, window: Window) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&weight.contiguous()?, WindowProduct { window })
}

/// What [`rows_product`] gives for a weight that is packed already, after `finish`.
pub(in crate::deep) fn packed_rows(x: &[f32], packed: &Packed, finish: &Finish<'_>) -> Vec<f32> {
    let (inputs, outputs) = (packed.inputs(), packed.outputs());
    match packed.panels() {
        Some(panels) if inputs > 0 => {
            multiply(&Matrix { values: x, inputs }, x.len() / inputs, panels, outputs, finish)
        }
        _ => Vec::new(),
    }
}

/// [`packed_rows`] twice.
pub(in crate::deep) fn packed_rows_twice(
    x: &[f32],
    packed: [&Packed; 2],
    finish: [&Finish<'_>; 2],
) -> Vec<f32> {
    let inputs = packed[0].inputs();
    match packed.map(Packed::panels) {
        [Some(first), Some(second)] if inputs > 0 => {
            let source = Matrix { values: x, inputs };
            multiply_twice(&source, x.len() / inputs, [first, second], finish)
        }
        _ => Vec::new(),
    }
}

/// What [`window_product`] gives for a weight that is packed already, after `finish`.
pub(in crate::deep) fn packed_windows(
    x: &[f32],
    grid: Grid,
    packed: &Packed,
    finish: &Finish<'_>,
) -> Vec<f32> {
    match packed.panels() {
        Some(panels) if grid.window().is_point() => {
            let source = Matrix { values: x, inputs: packed.inputs() };
            multiply(&source, grid.windows(), panels, packed.outputs(), finish)
        }
        Some(panels) => multiply(&Views { x, grid }, grid.windows(), panels, packed.outputs(), finish),
        None => packed.winograd(x, grid, finish),
    }
}

#[derive(Debug)]
struct RowsProduct;

impl CustomOp2 for RowsProduct {
    fn name(&self) -> &'static str {
        "rows-product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((rows, inputs), (outputs, depth)) = (x_layout.shape().dims2()?, w_layout.shape().dims2()?);
        if inputs != depth || inputs == 0 {
            bail!("rows-product: {x_layout:?} does not fit {w_layout:?}");
        }
        let packed = Packed::rows(slice(weight, w_layout)?, inputs);
        let out = packed_rows(slice(x, x_layout)?, &packed, &Finish::nothing(outputs));
        Ok((CpuStorage::F32(out), Shape::from((rows, outputs))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let by_x = x.track_op().then(|| grad.matmul(weight)).transpose()?;
        let by_weight = weight.track_op().then(|| grad.t()?.matmul(x)).transpose()?;
        Ok((by_x, by_weight))
    }
}

#[derive(Debug)]
struct PackedProduct(Arc<Packed>);

impl CustomOp1 for PackedProduct {
    fn name(&self) -> &'static str {
        "packed-product"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let ((rows, inputs), outputs) = (layout.shape().dims2()?, self.0.outputs());
        if inputs != self.0.inputs() {
            bail!("packed-product: {layout:?} does not fit {} inputs", self.0.inputs());
        }
        let out = packed_rows(slice(x, layout)?, &self.0, &Finish::nothing(outputs));
        Ok((CpuStorage::F32(out), Shape::from((rows, outputs))))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.matmul(&self.0.tensor()?)?))
    }
}

#[derive(Debug)]
struct WindowProduct {
    window: Window,
}

impl CustomOp2 for WindowProduct {
    fn name(&self) -> &'static str {
        "window-product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (grid, (outputs, depth)) = (Grid::new(x_layout, self.window)?, w_layout.shape().dims2()?);
        if grid.row() != depth {
            bail!("window-product: {x_layout:?} does not fit {w_layout:?}");
        }
        let packed = Packed::windows(slice(weight, w_layout)?, depth, self.window);
        let out = packed_windows(slice(x, x_layout)?, grid, &packed, &Finish::nothing(outputs));
        Ok((CpuStorage::F32(out), Shape::from(&grid.shape(outputs))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.flatten_to(2)?;
        let by_weight = || grad.t()?.matmul(&window_rows(&x.detach(), self.window)?);
        let by_x = || window_rows_back(x, &grad.matmul(weight)?, self.window);
        let by_weight = weight.track_op().then(by_weight).transpose()?;
        Ok((x.track_op().then(by_x).transpose()?, by_weight))
    }
}
