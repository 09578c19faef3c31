use candle_core::{Result, Tensor};

use super::math::rounded;
use super::with;
use crate::{par, simd};

/// Values of a piece of work.
const PIECE: usize = 1 << 14;

/// Factors of a step of AdamW, in the order of its formula.
#[derive(Debug, Clone, Copy)]
pub(in crate::deep) struct Factors {
    /// Of the gradient, where it is scaled down.
    pub(in crate::deep) clip: f64,
    pub(in crate::deep) betas: [f64; 2],
    /// What decay leaves of a value.
    pub(in crate::deep) left: f64,
    /// The mean of squares is divided by the square of it.
    pub(in crate::deep) root: f64,
    pub(in crate::deep) eps: f64,
    pub(in crate::deep) rate: f64,
}

/// A step in one pass: value, mean and mean square after it, of those before it and of the gradient.
pub(in crate::deep) fn adam(
    [value, mean, square]: [&Tensor; 3],
    gradient: &Tensor,
    factors: Factors,
) -> Result<[Tensor; 3]> {
    let Factors { clip, betas: [one, two], left, root, eps, rate } = factors;
    let factors = [clip, one, 1.0 - one, two, 1.0 - two, left, 1.0 / root, eps, rate].map(rounded);
    let shape = value.shape();
    let values = with(&value.contiguous()?, |value| Ok(value.to_vec()))?;
    let means = with(&mean.contiguous()?, |mean| Ok(mean.to_vec()))?;
    let squares = with(&square.contiguous()?, |square| Ok(square.to_vec()))?;
    let mut parts = [values, means, squares];
    with(&gradient.contiguous()?, |gradient| {
        let [values, means, squares] = &mut parts;
        let all = values.chunks_mut(PIECE).zip(means.chunks_mut(PIECE)).zip(squares.chunks_mut(PIECE));
        let mut pieces: Vec<Piece<'_>> = all
            .zip(gradient.chunks(PIECE))
            .map(|(((value, mean), square), gradient)| Piece { value, mean, square, gradient, factors })
            .collect();
        par::for_each_chunk(&mut pieces, 1, |_, pieces| {
            for piece in pieces {
                simd::dispatch(piece);
            }
        });
        Ok(())
    })?;
    let [values, means, squares] = parts.map(|values| Tensor::from_vec(values, shape, value.device()));
    Ok([values?, means?, squares?])
}

struct Piece<'a> {
    value: &'a mut [f32],
    mean: &'a mut [f32],
    square: &'a mut [f32],
    gradient: &'a [f32],
    factors: [f32; 9],
}

impl simd::Kernel for &mut Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let [clip, one, rest1, two, rest2, left, root, eps, rate] = self.factors;
        let moments = self.mean.iter_mut().zip(self.square.iter_mut());
        for ((value, gradient), (mean, square)) in self.value.iter_mut().zip(self.gradient).zip(moments) {
            let gradient = gradient * clip;
            *mean = *mean * one + gradient * rest1;
            *square = *square * two + gradient * gradient * rest2;
            *value = *value * left - *mean / (square.sqrt() * root + eps) * rate;
        }
    }
}
