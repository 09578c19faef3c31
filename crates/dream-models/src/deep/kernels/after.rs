use super::gelu::{Curve, Erf, Quick, Rectified};
use crate::simd;

/// An activation behind a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::deep) enum Bend {
    #[default]
    Straight,
    Relu,
    Gelu,
    QuickGelu,
}

/// What is done with the results of a product: `curve(residual + scale (y + bias))`, as far as there is one of them. The
/// arithmetic is that of the layers that do one of these things.
#[derive(Debug, Clone, Copy)]
pub(in crate::deep) struct Finish<'a> {
    /// Values of a row.
    pub(in crate::deep) width: usize,
    pub(in crate::deep) bias: Option<&'a [f32]>,
    pub(in crate::deep) scale: Option<&'a [f32]>,
    /// A row for every row of the product.
    pub(in crate::deep) residual: Option<&'a [f32]>,
    pub(in crate::deep) bend: Bend,
}

impl<'a> Finish<'a> {
    /// Results stay as they are.
    pub(in crate::deep) fn nothing(width: usize) -> Self {
        Self { width, bias: None, scale: None, residual: None, bend: Bend::Straight }
    }

    /// Changes some rows, the first of which has this number.
    pub(super) fn rows(&self, first: usize, out: &mut [f32]) {
        match self.bend {
            Bend::Straight if self.bias.is_none() && self.scale.is_none() && self.residual.is_none() => {}
            Bend::Straight => self.bent::<Straight>(first, out),
            Bend::Relu => self.bent::<Rectified>(first, out),
            Bend::Gelu => self.bent::<Erf>(first, out),
            Bend::QuickGelu => self.bent::<Quick>(first, out),
        }
    }

    fn bent<C: Curve>(&self, first: usize, out: &mut [f32]) {
        let residual = self.residual.map(|rows| rows.get(first * self.width..).unwrap_or_default());
        let (zeros, ones);
        let bias = match self.bias {
            Some(bias) => bias,
            None => {
                zeros = vec![0.0; self.width];
                &zeros
            }
        };
        let scale = match (self.scale, residual) {
            (None, Some(_)) => {
                ones = vec![1.0; self.width];
                Some(ones.as_slice())
            }
            (scale, _) => scale,
        };
        simd::dispatch(Rows { out, bias, scale, residual, curve: std::marker::PhantomData::<C> });
    }
}

struct Straight;

impl Curve for Straight {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn slope(_: f32) -> f32 {
        1.0
    }
}

struct Rows<'a, C> {
    out: &'a mut [f32],
    bias: &'a [f32],
    scale: Option<&'a [f32]>,
    residual: Option<&'a [f32]>,
    curve: std::marker::PhantomData<C>,
}

impl<C: Curve> simd::Kernel for Rows<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let width = self.bias.len().max(1);
        let rows = self.out.chunks_exact_mut(width);
        match (self.scale, self.residual) {
            (Some(scale), Some(residual)) => {
                for (row, residual) in rows.zip(residual.chunks_exact(width)) {
                    let parameters = self.bias.iter().zip(scale);
                    for ((value, x), (bias, scale)) in row.iter_mut().zip(residual).zip(parameters) {
                        *value = C::value(x + (*value + bias) * scale);
                    }
                }
            }
            (Some(scale), None) => {
                for row in rows {
                    for ((value, bias), scale) in row.iter_mut().zip(self.bias).zip(scale) {
                        *value = C::value((*value + bias) * scale);
                    }
                }
            }
            _ => {
                for row in rows {
                    for (value, bias) in row.iter_mut().zip(self.bias) {
                        *value = C::value(*value + bias);
                    }
                }
            }
        }
    }
}
