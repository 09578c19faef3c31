//! The loops of the network. Pixels lie row by row, the channels of a pixel side by side and padded with zeros to
//! whole groups of [`LANES`]: a padded channel has no weights, so it stays zero, and a block with more channels than the
//! one before it finds zeros where the original pads.
//!
//! Every output is a sum in one order, bias first, whatever the width of the registers.

use pulp::Simd;

/// Channels are padded to whole groups of this many: the widest registers hold one.
pub(super) const LANES: usize = 16;
/// Pixels that share a load of weights.
const PIXELS: usize = 8;

/// `channels` rounded up to whole groups.
pub(super) const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// A map of values.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    /// Rows of pixels of `channels` values.
    pub(super) values: Vec<f32>,
    /// Width and height.
    pub(super) side: usize,
    /// Padded.
    pub(super) channels: usize,
}

impl Map {
    pub(super) fn zeros(side: usize, channels: usize) -> Self {
        Self { values: vec![0.0; side * side * channels], side, channels }
    }

    /// Another size in the same memory; the values are whatever was there.
    pub(super) fn reshape(&mut self, side: usize, channels: usize) {
        self.values.resize(side * side * channels, 0.0);
        (self.side, self.channels) = (side, channels);
    }
}

/// A 1x1 convolution, or any other matrix product.
#[derive(Debug, Clone)]
pub(super) struct Pointwise {
    inputs: usize,
    /// Groups of outputs; in each, for every input, the weights of the group.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Pointwise {
    /// From weights `[out][in]`; `inputs` is the padded number of values per pixel.
    pub(super) fn new(weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        let outputs = bias.len();
        let given = weights.len() / outputs.max(1);
        let at = |group: usize, input: usize, lane: usize| {
            let output = group * LANES + lane;
            let inside = output < outputs && input < given;
            weights.get(output * given + input).copied().filter(|_| inside).unwrap_or(0.0)
        };
        let groups = padded(outputs) / LANES;
        let order = (0..groups).flat_map(|group| {
            (0..inputs).flat_map(move |input| (0..LANES).map(move |lane| (group, input, lane)))
        });
        let weights = order.map(|(group, input, lane)| at(group, input, lane)).collect();
        let mut bias = bias.to_vec();
        bias.resize(padded(outputs), 0.0);
        Self { inputs, weights, bias }
    }

    /// Values per pixel, padded.
    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Applies the weights to every pixel of `input`, a multiple of 8 of them. `scratch` is for reuse.
    ///
    /// Vectors by hand: left to itself, the compiler joins the sums of two pixels in one register and shuffles.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(&self, simd: S, input: &[f32], scratch: &mut Vec<f32>, out: &mut [f32]) {
        // Registers in a group.
        let parts = LANES / S::F32_LANES;
        let outputs = self.outputs();
        debug_assert!(input.len().is_multiple_of(PIXELS * self.inputs));
        debug_assert_eq!(input.len() / self.inputs * outputs, out.len());
        let blocks = input.chunks_exact(PIXELS * self.inputs);
        for (input, out) in blocks.zip(out.chunks_exact_mut(PIXELS * outputs)) {
            // Input by input, so that one load of weights serves all pixels.
            scratch.clear();
            scratch.resize(PIXELS * self.inputs, 0.0);
            let (turned, _) = scratch.as_chunks_mut::<PIXELS>();
            for (pixel, input) in input.chunks_exact(self.inputs).enumerate() {
                for (turned, value) in turned.iter_mut().zip(input) {
                    if let Some(place) = turned.get_mut(pixel) {
                        *place = *value;
                    }
                }
            }
            let biases = S::as_simd_f32s(&self.bias).0;
            let weights = S::as_simd_f32s(&self.weights).0;
            for (number, bias) in biases.iter().enumerate() {
                let group = number / parts * parts * self.inputs;
                let weights = weights.get(group..group + parts * self.inputs).unwrap_or_default();
                let mut sums = [*bias; PIXELS];
                for (weights, values) in weights.iter().skip(number % parts).step_by(parts).zip(&*turned) {
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = simd.add_f32s(*sum, simd.mul_f32s(simd.splat_f32s(*value), *weights));
                    }
                }
                for (pixel, sum) in out.chunks_exact_mut(outputs).zip(sums) {
                    if let Some(place) = S::as_mut_simd_f32s(pixel).0.get_mut(number) {
                        *place = sum;
                    }
                }
            }
        }
    }
}

/// A 3x3 convolution of each channel with a kernel of its own.
#[derive(Debug, Clone)]
pub(super) struct Depthwise {
    /// Nine rows of one weight per channel, padded.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Depthwise {
    /// From weights `[row][column][channel]`.
    pub(super) fn new(weights: &[f32], bias: &[f32]) -> Self {
        let channels = bias.len();
        let pad = |row: &[f32]| {
            let mut row = row.to_vec();
            row.resize(padded(channels), 0.0);
            row
        };
        Self { weights: weights.chunks_exact(channels.max(1)).flat_map(pad).collect(), bias: pad(bias) }
    }

    /// `stride` 1 has one pixel of zeros on every side; 2 has it right and below only.
    #[inline(always)]
    pub(super) fn apply(&self, input: &Map, stride: usize, out: &mut Map) {
        let before = usize::from(stride == 1);
        let Map { side, channels, .. } = *input;
        debug_assert!(self.bias.len() == channels && self.weights.len() == 9 * channels);
        out.reshape(side / stride, channels);
        let out_side = out.side;
        for (number, pixel) in out.values.chunks_exact_mut(channels).enumerate() {
            let (y, x) = (number / out_side * stride, number % out_side * stride);
            pixel.copy_from_slice(&self.bias);
            for (tap, weights) in self.weights.chunks_exact(channels).enumerate() {
                // Beyond 0 the difference wraps to a number that no side reaches.
                let (y, x) = ((y + tap / 3).wrapping_sub(before), (x + tap % 3).wrapping_sub(before));
                if y >= side || x >= side {
                    continue;
                }
                let from = (y * side + x) * channels;
                let values = input.values.get(from..from + channels).unwrap_or_default();
                for ((sum, value), weight) in pixel.iter_mut().zip(values).zip(weights) {
                    *sum += value * weight;
                }
            }
        }
    }
}

/// The largest of every 2x2 pixels.
#[inline(always)]
pub(super) fn max_pool(input: &Map, out: &mut Map) {
    let Map { side, channels, .. } = *input;
    out.reshape(side / 2, channels);
    let out_side = out.side;
    for (number, pixel) in out.values.chunks_exact_mut(channels).enumerate() {
        let from = ((number / out_side) * 2 * side + (number % out_side) * 2) * channels;
        for (place, from) in [from, from + channels, from + side * channels, from + (side + 1) * channels]
            .into_iter()
            .enumerate()
        {
            let values = input.values.get(from..from + channels).unwrap_or_default();
            for (largest, value) in pixel.iter_mut().zip(values) {
                *largest = if place == 0 || *value > *largest { *value } else { *largest };
            }
        }
    }
}

/// Adds `shortcut`, whose pixels may have fewer channels, and cuts below 0.
#[inline(always)]
pub(super) fn add_and_rectify(shortcut: &Map, out: &mut Map) {
    debug_assert!(shortcut.side == out.side && shortcut.channels <= out.channels);
    let pixels = out.values.chunks_exact_mut(out.channels);
    for (out, shortcut) in pixels.zip(shortcut.values.chunks_exact(shortcut.channels)) {
        for (out, value) in out.iter_mut().zip(shortcut) {
            *out += value;
        }
        rectify(out);
    }
}

#[inline(always)]
pub(super) fn rectify(values: &mut [f32]) {
    for value in values {
        *value = if *value > 0.0 { *value } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_channels_stay_zero() {
        // Two inputs, three outputs.
        let layer = Pointwise::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[0.5, 0.25, 0.125], LANES);
        let mut input = vec![0.0; PIXELS * LANES];
        input[LANES..LANES + 2].copy_from_slice(&[10.0, 100.0]);
        let mut out = vec![f32::NAN; PIXELS * LANES];
        layer.apply(pulp::Scalar::new(), &input, &mut Vec::new(), &mut out);
        assert_eq!(out[..5], [0.5, 0.25, 0.125, 0.0, 0.0]);
        assert_eq!(out[LANES..LANES + 5], [210.5, 430.25, 650.125, 0.0, 0.0]);
        assert!(out.iter().all(|value| value.is_finite()));
        // The widest registers of this machine sum in the same order.
        struct Wide<'a>(&'a Pointwise, &'a [f32], &'a mut [f32]);
        impl pulp::WithSimd for Wide<'_> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                self.0.apply(simd, self.1, &mut Vec::new(), self.2);
            }
        }
        let mut wide = vec![f32::NAN; PIXELS * LANES];
        crate::simd::dispatch(Wide(&layer, &input, &mut wide));
        assert_eq!(wide, out);
    }

    #[test]
    fn borders_are_where_the_original_has_them() {
        let weights: Vec<f32> = (1..=9).map(|v| v as f32).collect();
        let layer = Depthwise::new(&weights, &[0.0]);
        let mut input = Map::zeros(4, LANES);
        input.values.iter_mut().step_by(LANES).for_each(|value| *value = 1.0);
        let mut out = Map::default();
        let first = |out: &Map| out.values.iter().copied().step_by(LANES).collect::<Vec<_>>();
        layer.apply(&input, 1, &mut out);
        // 5+6+8+9 in the corner, 4+5+6+7+8+9 at the top.
        assert_eq!(first(&out)[..4], [28.0, 39.0, 39.0, 24.0]);
        layer.apply(&input, 2, &mut out);
        // All nine; without the right column; without the lower row; without both.
        assert_eq!(first(&out), [45.0, 27.0, 21.0, 12.0]);
    }

    #[test]
    fn the_largest_wins_and_shortcuts_may_be_narrow() {
        let mut input = Map::zeros(2, LANES);
        input.values.iter_mut().for_each(|value| *value = -3.0);
        input.values[2 * LANES + 1] = -1.0;
        let mut out = Map::default();
        max_pool(&input, &mut out);
        assert_eq!(out.values[..3], [-3.0, -1.0, -3.0]);
        let mut wide = Map::zeros(1, 2 * LANES);
        wide.values[0] = 5.0;
        wide.values[LANES + 1] = -1.0;
        add_and_rectify(&out, &mut wide);
        assert_eq!(wide.values[..2], [2.0, 0.0]);
        assert_eq!(wide.values[LANES + 1], 0.0);
    }
}
