//! Fourier transform of any length, applied to as many columns at once as a register has lanes.
//!
//! Each lane is transformed independently with the same operations in the same order, so the result does not depend on
//! the width of the registers.

use pulp::Simd;

/// A complex number in each lane: real and imaginary parts.
type Complex<S> = [<S as Simd>::f64s; 2];

/// One pass of Stockham's algorithm over a length of `n = radix * m`, with `s` such transforms interleaved.
#[derive(Debug)]
struct Stage {
    radix: usize,
    m: usize,
    s: usize,
    /// `e^(-2πi p k / n)` for `p` in `0..m` and `k` in `1..radix`.
    twiddles: Vec<[f64; 2]>,
    /// Cosine and sine of `2π j / radix` for odd radices.
    roots: Vec<[f64; 2]>,
}

/// The passes for one length.
#[derive(Debug)]
pub(super) struct Fft {
    stages: Vec<Stage>,
}

impl Fft {
    /// Plans a transform of `n` samples. A prime factor above 5 costs as many operations per sample as its size.
    pub(super) fn new(n: usize) -> Self {
        let (mut stages, mut length, mut s) = (Vec::new(), n, 1);
        while length > 1 {
            let radix = factor(length);
            let m = length / radix;
            let twiddles = (0..m).flat_map(|p| (1..radix).map(move |k| conjugate(root(p * k, length))));
            let roots = (0..radix).map(|j| root(j, radix));
            stages.push(Stage { radix, m, s, twiddles: twiddles.collect(), roots: roots.collect() });
            (length, s) = (m, s * radix);
        }
        Self { stages }
    }

    /// Number of complex scratch values that [`Fft::run`] needs.
    pub(super) fn scratch_len(&self) -> usize {
        self.stages.iter().map(|stage| stage.radix).max().unwrap_or(1)
    }

    /// Transforms `a`; the result is in `a` when `true` is returned, in `b` otherwise. Both hold `n` numbers.
    #[inline(always)]
    pub(super) fn run<'a, S: Simd>(
        &self,
        simd: S,
        mut a: &'a mut [Complex<S>],
        mut b: &'a mut [Complex<S>],
        scratch: &mut [Complex<S>],
    ) -> bool {
        for stage in &self.stages {
            let zero = [simd.splat_f64s(0.0); 2];
            match stage.radix {
                2 => stage.two(simd, a, b),
                3 => stage.odd(simd, a, b, &mut [zero; 1], &mut [zero; 1]),
                4 => stage.four(simd, a, b),
                5 => stage.odd(simd, a, b, &mut [zero; 2], &mut [zero; 2]),
                radix => {
                    let half = radix / 2;
                    let (sums, differences) = scratch.split_at_mut(half);
                    stage.odd(simd, a, b, sums, &mut differences[..half]);
                }
            }
            std::mem::swap(&mut a, &mut b);
        }
        self.stages.len().is_multiple_of(2)
    }
}

/// The next radix for a length above 1: 4 before 2, otherwise the smallest prime factor.
fn factor(n: usize) -> usize {
    if n.is_multiple_of(4) {
        return 4;
    }
    (2..).take_while(|r| r * r <= n).find(|&r| n.is_multiple_of(r)).unwrap_or(n)
}

/// Cosine and sine of `2π i / n`, with the angle reduced to the first eighth of the circle.
pub(super) fn root(i: usize, n: usize) -> [f64; 2] {
    let i = i % n;
    if 2 * i > n {
        return conjugate(root(n - i, n));
    }
    if 4 * i > n {
        let [c, s] = eighth(2 * (n - 2 * i), n); // π - angle
        return [-c, s];
    }
    eighth(4 * i, n)
}

/// Cosine and sine of `2π i / 4n` for angles up to a quarter of the circle.
fn eighth(i: usize, n: usize) -> [f64; 2] {
    let angle = |i: usize| std::f64::consts::FRAC_PI_2 * (i as f64 / n as f64);
    if 2 * i > n {
        let rest = angle(n - i);
        return [libm::sin(rest), libm::cos(rest)];
    }
    [libm::cos(angle(i)), libm::sin(angle(i))]
}

fn conjugate([re, im]: [f64; 2]) -> [f64; 2] {
    [re, -im]
}

#[inline(always)]
fn add<S: Simd>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [simd.add_f64s(a[0], b[0]), simd.add_f64s(a[1], b[1])]
}

#[inline(always)]
fn sub<S: Simd>(simd: S, a: Complex<S>, b: Complex<S>) -> Complex<S> {
    [simd.sub_f64s(a[0], b[0]), simd.sub_f64s(a[1], b[1])]
}

/// `a + factor * b` with a real factor.
#[inline(always)]
fn add_scaled<S: Simd>(simd: S, a: Complex<S>, factor: f64, b: Complex<S>) -> Complex<S> {
    let factor = simd.splat_f64s(factor);
    [simd.add_f64s(a[0], simd.mul_f64s(factor, b[0])), simd.add_f64s(a[1], simd.mul_f64s(factor, b[1]))]
}

/// `-i a`.
#[inline(always)]
fn turn<S: Simd>(simd: S, a: Complex<S>) -> Complex<S> {
    [a[1], simd.sub_f64s(simd.splat_f64s(0.0), a[0])]
}

#[inline(always)]
fn twist<S: Simd>(simd: S, a: Complex<S>, w: [f64; 2]) -> Complex<S> {
    let (c, s) = (simd.splat_f64s(w[0]), simd.splat_f64s(w[1]));
    [
        simd.sub_f64s(simd.mul_f64s(a[0], c), simd.mul_f64s(a[1], s)),
        simd.add_f64s(simd.mul_f64s(a[0], s), simd.mul_f64s(a[1], c)),
    ]
}

// Output `k` of butterfly `p`, times its twiddle, goes to `radix * p + k`; the inputs are `m` apart.
impl Stage {
    #[inline(always)]
    fn two<S: Simd>(&self, simd: S, x: &[Complex<S>], y: &mut [Complex<S>]) {
        let Self { m, s, .. } = *self;
        let (first, second) = x.split_at(m * s);
        let inputs = first.chunks_exact(s).zip(second.chunks_exact(s));
        for ((y, (a, b)), &w) in y.chunks_exact_mut(2 * s).zip(inputs).zip(&self.twiddles) {
            let (y0, y1) = y.split_at_mut(s);
            for q in 0..s {
                y0[q] = add(simd, a[q], b[q]);
                y1[q] = twist(simd, sub(simd, a[q], b[q]), w);
            }
        }
    }

    #[inline(always)]
    fn four<S: Simd>(&self, simd: S, x: &[Complex<S>], y: &mut [Complex<S>]) {
        let Self { m, s, .. } = *self;
        let (front, back) = x.split_at(2 * m * s);
        let ((a, b), (c, d)) = (front.split_at(m * s), back.split_at(m * s));
        let twiddles = self.twiddles.as_chunks::<3>().0;
        for (p, (y, w)) in y.chunks_exact_mut(4 * s).zip(twiddles).enumerate() {
            let [a, b, c, d] = [a, b, c, d].map(|quarter| &quarter[p * s..(p + 1) * s]);
            let (low, high) = y.split_at_mut(2 * s);
            let ((y0, y1), (y2, y3)) = (low.split_at_mut(s), high.split_at_mut(s));
            for q in 0..s {
                let (even, odd) = (add(simd, a[q], c[q]), add(simd, b[q], d[q]));
                let (straight, turned) = (sub(simd, a[q], c[q]), turn(simd, sub(simd, b[q], d[q])));
                y0[q] = add(simd, even, odd);
                y1[q] = twist(simd, add(simd, straight, turned), w[0]);
                y2[q] = twist(simd, sub(simd, even, odd), w[1]);
                y3[q] = twist(simd, sub(simd, straight, turned), w[2]);
            }
        }
    }

    /// Any odd radix: inputs `j` and `radix - j` share the same cosines and have opposite sines.
    #[inline(always)]
    fn odd<S: Simd>(
        &self,
        simd: S,
        x: &[Complex<S>],
        y: &mut [Complex<S>],
        sums: &mut [Complex<S>],
        differences: &mut [Complex<S>],
    ) {
        let half = sums.len();
        let radix = 2 * half + 1;
        let Self { m, s, .. } = *self;
        let twiddles = self.twiddles.chunks_exact(radix - 1);
        for (p, (y, w)) in y.chunks_exact_mut(radix * s).zip(twiddles).enumerate() {
            for q in 0..s {
                let at = |j: usize| x[q + s * (p + m * j)];
                let first = at(0);
                let mut total = first;
                for j in 1..=half {
                    sums[j - 1] = add(simd, at(j), at(radix - j));
                    differences[j - 1] = sub(simd, at(j), at(radix - j));
                    total = add(simd, total, sums[j - 1]);
                }
                y[q] = total;
                for k in 1..=half {
                    let (mut cosines, mut sines) = (first, [simd.splat_f64s(0.0); 2]);
                    let mut angle = 0;
                    for j in 0..half {
                        angle += k;
                        if angle >= radix {
                            angle -= radix;
                        }
                        let [c, s] = self.roots[angle];
                        cosines = add_scaled(simd, cosines, c, sums[j]);
                        sines = add_scaled(simd, sines, s, differences[j]);
                    }
                    let sines = turn(simd, sines);
                    y[q + s * k] = twist(simd, add(simd, cosines, sines), w[k - 1]);
                    y[q + s * (radix - k)] = twist(simd, sub(simd, cosines, sines), w[radix - k - 1]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_definition_at_many_lengths() {
        let simd = pulp::Scalar::new();
        for n in (1..=130).chain([144, 257, 360, 1018]) {
            let input: Vec<[f64; 2]> =
                (0..n).map(|i| [libm::sin(i as f64 * 1.7), libm::cos(i as f64 * 0.3 + 1.0)]).collect();
            let fft = Fft::new(n);
            let (mut a, mut b) = (input.clone(), vec![[0.0; 2]; n]);
            let mut scratch = vec![[0.0; 2]; fft.scratch_len()];
            let found = if fft.run(simd, &mut a, &mut b, &mut scratch) { a } else { b };
            for (k, found) in found.iter().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, [x, y]) in input.iter().enumerate() {
                    let [c, s] = root(i * k, n);
                    re += x * c + y * s;
                    im += y * c - x * s;
                }
                assert!(
                    (found[0] - re).abs() < 1e-11 && (found[1] - im).abs() < 1e-11,
                    "{n} {k}: {found:?} {re} {im}"
                );
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_circle() {
        for n in 1..60 {
            for i in 0..2 * n {
                let angle = 2.0 * std::f64::consts::PI * i as f64 / n as f64;
                let [c, s] = root(i, n);
                assert!(
                    (c - libm::cos(angle)).abs() < 5e-15 && (s - libm::sin(angle)).abs() < 5e-15,
                    "{i}/{n}"
                );
            }
        }
    }
}
