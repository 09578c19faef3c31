//! The network: a first convolution, sixteen blocks, and heads at strides 8 and 16.

use pulp::Simd;

use super::kernels::{Depthwise, Map, Pointwise, add_and_rectify, max_pool, padded, rectify};
use super::weights::Weights;
use crate::simd::{self, Kernel};
use crate::{Error, Result};

/// Side of the input.
pub(super) const SIDE: usize = 128;
/// Candidate boxes.
#[cfg(test)]
pub(super) const ANCHORS: usize = 896;
/// Numbers of a candidate: centre, size, six points.
pub(super) const NUMBERS: usize = 16;

/// Channels before the first block.
const FIRST: usize = 24;
/// Output channels and stride of the blocks.
const BLOCKS: [(usize, usize); 16] = [
    (24, 1),
    (28, 1),
    (32, 2),
    (36, 1),
    (42, 1),
    (48, 2),
    (56, 1),
    (64, 1),
    (72, 1),
    (80, 1),
    (88, 1),
    (96, 2),
    (96, 1),
    (96, 1),
    (96, 1),
    (96, 1),
];
/// The block whose output the heads of stride 8 look at; those of stride 16 look at the last one.
const FINE: usize = 10;
/// Candidates per position at strides 8 and 16.
const PER_POSITION: [usize; 2] = [2, 6];

/// Side of the first kernel, and its values: 5x5 of three colours.
const KERNEL: usize = 5;
const PATCH: usize = KERNEL * KERNEL * 3;

/// What the network says about an input: candidates in the order of the anchors.
#[derive(Debug, Clone, PartialEq)]
pub struct RawFaces {
    /// 896 rows of 16 numbers: offset of the centre, width, height, then six points, in pixels of the 128x128 input
    /// relative to the anchor.
    pub boxes: Vec<f32>,
    /// 896 scores before the sigmoid.
    pub scores: Vec<f32>,
}

#[derive(Debug, Clone)]
pub(super) struct Network {
    first: Pointwise,
    blocks: Vec<(Depthwise, Pointwise)>,
    /// Boxes and scores at strides 8 and 16.
    heads: [(Pointwise, Pointwise); 2],
}

impl Network {
    pub(super) fn new(mut weights: Weights<'_>) -> Result<Self> {
        let first = Pointwise::new(
            &weights.take("stem.weight", &[FIRST, KERNEL, KERNEL, 3])?,
            &weights.take("stem.bias", &[FIRST])?,
            PATCH,
        );
        let (mut blocks, mut inputs) = (Vec::with_capacity(BLOCKS.len()), FIRST);
        for (number, (outputs, _)) in BLOCKS.into_iter().enumerate() {
            let mut take =
                |part: &str, shape: &[usize]| weights.take(&format!("blocks.{number}.{part}"), shape);
            let depthwise = Depthwise::new(
                &take("depthwise.weight", &[3, 3, inputs])?,
                &take("depthwise.bias", &[inputs])?,
            );
            let pointwise = Pointwise::new(
                &take("pointwise.weight", &[outputs, inputs])?,
                &take("pointwise.bias", &[outputs])?,
                padded(inputs),
            );
            blocks.push((depthwise, pointwise));
            inputs = outputs;
        }
        let mut head = |name: &str, outputs: usize, inputs: usize| -> Result<Pointwise> {
            let values = weights.take(&format!("{name}.weight"), &[outputs, inputs])?;
            let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
            Ok(Pointwise::new(&values, &bias, padded(inputs)))
        };
        let [fine, coarse] = PER_POSITION;
        let heads = [
            (head("boxes.8", fine * NUMBERS, 88)?, head("scores.8", fine, 88)?),
            (head("boxes.16", coarse * NUMBERS, 96)?, head("scores.16", coarse, 96)?),
        ];
        weights.finish()?;
        Ok(Self { first, blocks, heads })
    }

    /// `input` is 128 rows of 128 pixels of red, green and blue, -1 to 1.
    pub(super) fn forward(&self, input: &[f32]) -> Result<RawFaces> {
        let expected = SIDE * SIDE * 3;
        if input.len() != expected {
            return Err(Error::LengthMismatch { argument: "input", expected, found: input.len() });
        }
        if let Some((at, value)) = input.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(Error::NonFinite { name: format!("input[{at}]"), value: f64::from(*value) });
        }
        Ok(simd::dispatch(Forward { network: self, input }))
    }
}

struct Forward<'a> {
    network: &'a Network,
    input: &'a [f32],
}

impl Kernel for Forward<'_> {
    type Output = RawFaces;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> RawFaces {
        let Network { first, blocks, heads } = self.network;
        let mut scratch = Vec::new();
        let mut map = Map::zeros(SIDE / 2, first.outputs());
        stem(simd, first, self.input, &mut scratch, &mut map);

        let (mut filtered, mut pooled, mut next) = (Map::default(), Map::default(), Map::default());
        let mut out = RawFaces { boxes: Vec::new(), scores: Vec::new() };
        for (number, ((depthwise, pointwise), (_, stride))) in blocks.iter().zip(BLOCKS).enumerate() {
            depthwise.apply(&map, stride, &mut filtered);
            next.reshape(filtered.side, pointwise.outputs());
            pointwise.apply(simd, &filtered.values, &mut scratch, &mut next.values);
            if stride == 2 {
                max_pool(&map, &mut pooled);
                add_and_rectify(&pooled, &mut next);
            } else {
                add_and_rectify(&map, &mut next);
            }
            std::mem::swap(&mut map, &mut next);
            let level = match number {
                FINE => 0,
                _ if number + 1 == BLOCKS.len() => 1,
                _ => continue,
            };
            if let (Some((boxes, scores)), Some(per)) = (heads.get(level), PER_POSITION.get(level)) {
                head(simd, boxes, &map, per * NUMBERS, &mut scratch, &mut out.boxes);
                head(simd, scores, &map, *per, &mut scratch, &mut out.scores);
            }
        }
        out
    }
}

/// The 5x5 convolution with stride 2: one pixel of zeros left and above, two right and below.
#[inline(always)]
fn stem<S: Simd>(simd: S, first: &Pointwise, input: &[f32], scratch: &mut Vec<f32>, out: &mut Map) {
    let side = out.side;
    let mut patches = vec![0.0; side * PATCH];
    for (y, row) in out.values.chunks_exact_mut(side * out.channels).enumerate() {
        for (x, patch) in patches.chunks_exact_mut(PATCH).enumerate() {
            for (dy, line) in patch.chunks_exact_mut(KERNEL * 3).enumerate() {
                let from_y = (2 * y + dy).wrapping_sub(1);
                for (dx, pixel) in line.chunks_exact_mut(3).enumerate() {
                    let from_x = (2 * x + dx).wrapping_sub(1);
                    if from_y < SIDE && from_x < SIDE {
                        let from = (from_y * SIDE + from_x) * 3;
                        pixel.copy_from_slice(input.get(from..from + 3).unwrap_or(&[0.0; 3]));
                    } else {
                        pixel.fill(0.0);
                    }
                }
            }
        }
        first.apply(simd, &patches, scratch, row);
        rectify(row);
    }
}

/// Appends the first `kept` outputs of every position.
#[inline(always)]
fn head<S: Simd>(
    simd: S,
    layer: &Pointwise,
    map: &Map,
    kept: usize,
    scratch: &mut Vec<f32>,
    out: &mut Vec<f32>,
) {
    let mut values = vec![0.0; map.side * map.side * layer.outputs()];
    layer.apply(simd, &map.values, scratch, &mut values);
    for position in values.chunks_exact(layer.outputs()) {
        out.extend(position.iter().take(kept));
    }
}
