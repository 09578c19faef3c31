use std::sync::Arc;

use candle_core::{Result, Tensor};

use super::activation::{bias_gelu, bias_quick_gelu, bias_relu, gelu, quick_gelu, relu};
use super::patches::patches;
use crate::deep::kernels::{
    Bend, Finish, Grid, Packed, Window, add_bias, add_biased, add_scaled, applies, packed_product,
    packed_rows, packed_rows_twice, packed_windows, rows_product, window_product, with,
};

/// The weight of a product with rows, or of a convolution. Where nothing can change it, it is brought once into the order in
/// which it is read.
#[derive(Debug, Clone)]
pub(in crate::deep) struct Filters {
    /// `[outputs, inputs]`, or `[outputs, kernel kernel planes]` where the kernels apply and as PyTorch has it elsewhere.
    /// `None` if `packed` can give it back.
    weight: Option<Tensor>,
    packed: Option<Arc<Packed>>,
    window: Option<Window>,
    outputs: usize,
}

/// What is done with a product: `bend(residual + scale (y + bias))`, as far as there is one of them.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::deep) struct After<'a> {
    pub(in crate::deep) bias: Option<&'a Tensor>,
    /// Only with a bias and a residual.
    pub(in crate::deep) scale: Option<&'a Tensor>,
    pub(in crate::deep) residual: Option<&'a Tensor>,
    pub(in crate::deep) bend: Bend,
}

impl Filters {
    /// Of `[outputs, inputs]`, for [`rows`](Self::rows).
    pub(in crate::deep) fn of_rows(weight: Tensor) -> Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        if !applies(&weight) || weight.track_op() || inputs == 0 {
            return Ok(Self { weight: Some(weight), packed: None, window: None, outputs });
        }
        let packed = with(&weight.contiguous()?, |values| Ok(Packed::rows(values, inputs)))?;
        Ok(Self { weight: None, packed: Some(Arc::new(packed)), window: None, outputs })
    }

    /// Of `[outputs, planes, kernel, kernel]`, for [`windows`](Self::windows).
    pub(in crate::deep) fn of_windows(weight: &Tensor, window: Window) -> Result<Self> {
        let outputs = weight.dim(0)?;
        if !applies(weight) {
            return Ok(Self { weight: Some(weight.clone()), packed: None, window: Some(window), outputs });
        }
        let weight = match window.kernel() {
            1 => weight.flatten_from(1)?,
            _ => weight.permute((0, 2, 3, 1))?.contiguous()?.flatten_from(1)?,
        };
        let inputs = weight.dim(1)?;
        let packed = if weight.track_op() {
            None
        } else {
            let packed = with(&weight.contiguous()?, |values| Ok(Packed::windows(values, inputs, window)))?;
            Some(Arc::new(packed))
        };
        Ok(Self { weight: Some(weight), packed, window: Some(window), outputs })
    }

    /// The product with the last axis of `x`.
    pub(in crate::deep) fn rows(&self, x: &Tensor, after: After<'_>) -> Result<Tensor> {
        let mut dims = x.dims().to_vec();
        let Some(inputs) = dims.last().copied() else { return rows_product(x, &self.weight()?) };
        if let Some(last) = dims.last_mut() {
            *last = self.outputs;
        }
        match &self.packed {
            Some(packed) if applies(x) && inputs == packed.inputs() && after.is_plain(x) => {
                after.apply(self.outputs, &dims, x, |x, finish| Ok(packed_rows(x, packed, finish)))
            }
            Some(packed) if applies(x) && inputs == packed.inputs() => {
                after.compose(&packed_product(&x.reshape(((), inputs))?, packed)?.reshape(dims)?)
            }
            _ => after.compose(&rows_product(&x.reshape(((), inputs))?, &self.weight()?)?.reshape(dims)?),
        }
    }

    /// [`rows`](Self::rows) twice, where what lies between exists for some rows at a time if no gradient is wanted.
    pub(in crate::deep) fn rows_twice(
        [first, second]: [&Self; 2],
        x: &Tensor,
        [then, last]: [After<'_>; 2],
    ) -> Result<Tensor> {
        let mut dims = x.dims().to_vec();
        let inputs = dims.pop();
        dims.push(second.outputs);
        match (&first.packed, &second.packed) {
            (Some(one), Some(two))
                if applies(x)
                    && inputs == Some(one.inputs())
                    && one.outputs() == two.inputs()
                    && then.is_plain(x)
                    && last.is_plain(x)
                    && then.residual.is_none() =>
            {
                last.apply(second.outputs, &dims, x, |x, last| {
                    then.read(first.outputs, |then| Ok(packed_rows_twice(x, [one, two], [then, last])))
                })
            }
            _ => second.rows(&first.rows(x, then)?, last),
        }
    }

    /// The convolution of `[n, rows, columns, planes]`.
    pub(in crate::deep) fn windows(&self, x: &Tensor, after: After<'_>) -> Result<Tensor> {
        let (Some(window), Some(weight)) = (self.window, &self.weight) else {
            return self.rows(x, after);
        };
        let grid = Grid::of(x.dims4()?, window)?;
        if !applies(x) {
            return after.compose(&composed(x, weight, window, grid.shape(self.outputs))?);
        }
        match &self.packed {
            Some(packed) if grid.row() == packed.inputs() && after.is_plain(x) => {
                let dims = grid.shape(self.outputs);
                after.apply(self.outputs, &dims, x, |x, finish| Ok(packed_windows(x, grid, packed, finish)))
            }
            _ => after.compose(&window_product(x, weight, window)?),
        }
    }

    fn weight(&self) -> Result<Tensor> {
        match (&self.weight, &self.packed) {
            (Some(weight), _) => Ok(weight.clone()),
            (None, Some(packed)) => packed.tensor(),
            (None, None) => candle_core::bail!("a product without a weight"),
        }
    }
}

impl<'a> After<'a> {
    /// The same added to `residual`.
    pub(in crate::deep) fn onto(self, residual: &'a Tensor) -> Self {
        Self { residual: Some(residual), ..self }
    }

    /// Whether no gradient is wanted, and everything is where the kernels read it.
    fn is_plain(&self, x: &Tensor) -> bool {
        let others = [self.bias, self.scale, self.residual];
        let mut all = others.into_iter().flatten().chain([x]);
        all.all(|tensor| !tensor.track_op() && applies(tensor))
    }

    /// In one pass; `product` makes the values from those of `x`.
    fn apply(
        &self,
        width: usize,
        dims: &[usize],
        x: &Tensor,
        product: impl FnOnce(&[f32], &Finish<'_>) -> Result<Vec<f32>>,
    ) -> Result<Tensor> {
        if let Some(residual) = self.residual.filter(|residual| residual.dims() != dims) {
            candle_core::bail!("a residual of {:?} does not fit a product of {dims:?}", residual.dims());
        }
        let values = self.read(width, |finish| with(&x.contiguous()?, |x| product(x, finish)))?;
        Tensor::from_vec(values, dims, x.device())
    }

    /// Calls `f` with the numbers of the tensors.
    fn read<T>(&self, width: usize, f: impl FnOnce(&Finish<'_>) -> Result<T>) -> Result<T> {
        for (name, parameter) in [("bias", self.bias), ("scale", self.scale)] {
            if let Some(parameter) = parameter.filter(|parameter| parameter.elem_count() != width) {
                candle_core::bail!("a {name} of {:?} does not fit {width} outputs", parameter.dims());
            }
        }
        let contiguous = |tensor: Option<&Tensor>| tensor.map(Tensor::contiguous).transpose();
        let (bias, scale, residual) =
            (contiguous(self.bias)?, contiguous(self.scale)?, contiguous(self.residual)?);
        optional(bias.as_ref(), |bias| {
            optional(scale.as_ref(), |scale| {
                optional(residual.as_ref(), |residual| {
                    f(&Finish { width, bias, scale, residual, bend: self.bend })
                })
            })
        })
    }

    /// With the layers that do one of these things.
    pub(in crate::deep) fn compose(&self, y: &Tensor) -> Result<Tensor> {
        let straight = match (self.residual, self.scale, self.bias) {
            (None, None, bias) => return bend(self.bend, y, bias),
            (Some(residual), None, Some(bias)) if applies(y) => add_biased(residual, y, bias)?,
            (Some(residual), Some(scale), Some(bias)) if applies(y) => add_scaled(residual, y, bias, scale)?,
            (residual, scale, bias) => {
                let y = bias.map_or_else(|| Ok(y.clone()), |bias| y.broadcast_add(bias))?;
                let y = scale.map_or_else(|| Ok(y.clone()), |scale| y.broadcast_mul(scale))?;
                residual.map_or_else(|| Ok(y.clone()), |residual| residual + &y)?
            }
        };
        bend(self.bend, &straight, None)
    }
}

/// The convolution of `[n, rows, columns, planes]` as candle's own operations, to this shape.
fn composed(x: &Tensor, weight: &Tensor, window: Window, shape: [usize; 4]) -> Result<Tensor> {
    let x = x.permute((0, 3, 1, 2))?;
    if window.is_patches() {
        // candle's convolution has no gradient where the windows do not fill the picture.
        let [_, high, wide, _] = shape.map(|size| size * window.kernel());
        let x = x.narrow(2, 0, high)?.narrow(3, 0, wide)?.contiguous()?;
        let pixels = patches(&x, window.kernel())?;
        return pixels.matmul(&weight.flatten_from(1)?.t()?)?.reshape(&shape);
    }
    let product = x.contiguous()?.conv2d(weight, window.padding(), window.stride(), 1, 1)?;
    product.permute((0, 2, 3, 1))?.contiguous()
}

fn bend(bend: Bend, y: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match (bend, bias) {
        (Bend::Straight, None) => Ok(y.clone()),
        (Bend::Straight, Some(bias)) => add_bias(y, bias),
        (Bend::Relu, None) => relu(y),
        (Bend::Relu, Some(bias)) => bias_relu(y, bias),
        (Bend::Gelu, None) => gelu(y),
        (Bend::Gelu, Some(bias)) => bias_gelu(y, bias),
        (Bend::QuickGelu, None) => quick_gelu(y),
        (Bend::QuickGelu, Some(bias)) => bias_quick_gelu(y, bias),
    }
}

fn optional<T>(tensor: Option<&Tensor>, f: impl FnOnce(Option<&[f32]>) -> Result<T>) -> Result<T> {
    match tensor {
        Some(tensor) => with(tensor, |values| f(Some(values))),
        None => f(None),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn wave(shape: &[usize], size: f32) -> Tensor {
        let count: usize = shape.iter().product();
        let value = |i: usize| size * (((i as f32) * 0.73).sin() + ((i * i % 977) as f32 / 977.0 - 0.5));
        Tensor::from_vec((0..count).map(value).collect::<Vec<f32>>(), shape, &Device::Cpu).unwrap()
    }

    fn numbers(result: Result<Tensor>) -> Vec<f32> {
        result.unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    /// One pass and one layer after the other, with more inputs than are multiplied at a time.
    #[test]
    fn what_is_packed_gives_the_bits_of_what_learns() {
        let (first, second) = (wave(&[70, 600], 0.05), wave(&[37, 70], 0.1));
        let open = |weight: &Tensor| {
            Filters::of_rows(Var::from_tensor(weight).unwrap().as_tensor().clone()).unwrap()
        };
        let packed = [&first, &second].map(|weight| Filters::of_rows(weight.clone()).unwrap());
        let open = [open(&first), open(&second)];
        assert!(packed.iter().all(|filters| filters.packed.is_some() && filters.weight.is_none()));
        assert!(open.iter().all(|filters| filters.packed.is_none()));
        let [one, two] = [wave(&[70], 0.3), wave(&[37], 0.2)];
        let scale = wave(&[37], 1.0);
        for rows in [1, 5, 15, 28, 113, 240] {
            let (x, residual) = (wave(&[1, rows, 600], 1.0), wave(&[1, rows, 37], 2.0));
            for bend in [Bend::Straight, Bend::Relu, Bend::Gelu, Bend::QuickGelu] {
                let then = After { bias: Some(&one), bend, ..After::default() };
                let last = After { bias: Some(&two), bend, ..After::default() };
                let more = last.onto(&residual);
                for last in [After::default(), last, more, After { scale: Some(&scale), ..more }] {
                    let run = |[first, second]: &[Filters; 2]| {
                        numbers(Filters::rows_twice([first, second], &x, [then, last]))
                    };
                    let expected = run(&open);
                    assert!(expected.iter().all(|value| value.is_finite()));
                    for threads in [1, 2, 5] {
                        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                        assert_eq!(pool.install(|| run(&packed)), expected, "{rows} {bend:?} {threads}");
                    }
                    let [first, second] = &packed;
                    assert_eq!(numbers(second.rows(&first.rows(&x, then).unwrap(), last)), expected);
                }
            }
        }
    }

    /// Threads share out columns where there are few rows.
    #[test]
    fn few_rows_of_many_outputs_are_finished_too() {
        let (weight, bias) = (wave(&[290, 70], 0.05), wave(&[290], 0.3));
        let open = Filters::of_rows(Var::from_tensor(&weight).unwrap().as_tensor().clone()).unwrap();
        let packed = Filters::of_rows(weight).unwrap();
        for rows in [1, 3, 30] {
            let (x, residual) = (wave(&[rows, 70], 1.0), wave(&[rows, 290], 2.0));
            let after = After { bias: Some(&bias), bend: Bend::Relu, ..After::default() }.onto(&residual);
            let expected = numbers(open.rows(&x, after));
            for threads in [1, 2, 5] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert_eq!(pool.install(|| numbers(packed.rows(&x, after))), expected, "{rows} {threads}");
            }
        }
    }

    #[test]
    fn a_packed_weight_comes_back_for_a_gradient() {
        let weight = wave(&[37, 70], 0.1);
        let filters = Filters::of_rows(weight.clone()).unwrap();
        assert_eq!(numbers(filters.weight()), numbers(Ok(weight.clone())));
        let x = Var::from_tensor(&wave(&[3, 70], 1.0)).unwrap();
        let found = filters.rows(&x, After::default()).unwrap();
        let open = Filters::of_rows(Var::from_tensor(&weight).unwrap().as_tensor().clone()).unwrap();
        assert_eq!(numbers(Ok(found.clone())), numbers(open.rows(&x, After::default())));
        let store = found.sum_all().unwrap().backward().unwrap();
        let expected = weight.sum(0).unwrap().to_vec1::<f32>().unwrap();
        for row in store.get(&x).unwrap().to_vec2::<f32>().unwrap() {
            for (found, expected) in row.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let filters = Filters::of_rows(wave(&[37, 70], 0.1)).unwrap();
        let (x, short) = (wave(&[3, 70], 1.0), wave(&[36], 1.0));
        assert!(filters.rows(&wave(&[3, 69], 1.0), After::default()).is_err());
        let bias = After { bias: Some(&short), ..After::default() };
        assert!(filters.rows(&x, bias).unwrap_err().to_string().contains("bias"));
        let residual = wave(&[2, 37], 1.0);
        assert!(
            filters.rows(&x, After::default().onto(&residual)).unwrap_err().to_string().contains("residual")
        );
    }
}
