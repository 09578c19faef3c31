//! Run-time SIMD dispatch, and sums whose order does not depend on it.

use pulp::Simd;

/// Number of lanes in every blocked loop and sum. It does not depend on the machine's vector width, so a sum has the
/// same order, and the same bits, on all machines.
pub(crate) const LANES: usize = 8;

/// `n` rounded up to whole lanes.
pub(crate) const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// A piece of numeric work to be compiled for each instruction set.
///
/// A separate type is used instead of a closure. Only `#[inline(always)]` methods are sure to be compiled with the
/// instructions of the function they are inlined into, and a closure cannot have that attribute. Functions that a
/// kernel calls must be `#[inline(always)]` too.
///
/// Loops over independent elements are written plainly, and the compiler vectorises them. Sums are not; see [`Lanes`].
pub(crate) use pulp::WithSimd as Kernel;

/// Runs `kernel` with the best instruction set the machine has.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}

/// The instruction set that all loops of this crate use on this machine, for reports: its name in the crate `pulp` and how
/// many 64-bit numbers it takes at a time. Results do not depend on it.
///
/// # Example
/// ```
/// let set = dream_features::instruction_set();
/// assert!(set.contains("numbers at a time"), "{set}");
/// ```
#[must_use]
pub fn instruction_set() -> String {
    struct Named;
    impl Kernel for Named {
        type Output = String;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> String {
            let name = std::any::type_name::<S>().rsplit("::").next().unwrap_or_default();
            format!("{name}, {} numbers at a time", S::F64_LANES)
        }
    }
    dispatch(Named)
}

/// Whether the lines of a kernel have the lengths it needs. A mismatch is a bug in this crate: a debug build panics, a
/// release build leaves the output unchanged.
#[inline(always)]
pub(crate) fn fits(lengths: bool) -> bool {
    debug_assert!(lengths, "the lines of a kernel differ in length");
    lengths
}

/// Cuts the lines and the output of a kernel to one length, so that the compiler can drop bounds checks. `None` when
/// they [do not fit](fits).
#[inline(always)]
pub(crate) fn same_length<'a, const N: usize>(
    lines: [&'a [f64]; N],
    out: &'a mut [f64],
) -> Option<([&'a [f64]; N], &'a mut [f64])> {
    let n = out.len();
    if !fits(lines.iter().all(|line| line.len() == n)) {
        return None;
    }
    Some((lines.map(|line| &line[..n]), &mut out[..n]))
}

/// Eight running sums. Element `i` of a row goes to sum `i % 8`. They are held in as many registers as the machine
/// needs for them (`LANES / S::F64_LANES`); the rest of the array is never used and is optimised away.
///
/// Written with vector types, because the compiler may not reorder sums and would find this order only by chance.
pub(crate) struct Lanes<S: Simd>(pub(crate) [S::f64s; LANES]);

impl<S: Simd> Lanes<S> {
    /// Registers in use.
    pub(crate) const REGISTERS: usize = LANES / S::F64_LANES;

    #[inline(always)]
    pub(crate) fn zero(simd: S) -> Self {
        Self([simd.splat_f64s(0.0); LANES])
    }

    /// Adds `values` to the sums in register `r`.
    #[inline(always)]
    pub(crate) fn add(&mut self, simd: S, r: usize, values: S::f64s) {
        self.0[r] = simd.add_f64s(self.0[r], values);
    }

    /// The sum of the eight sums, in a fixed order.
    #[inline(always)]
    pub(crate) fn sum(&self) -> f64 {
        let mut l = [0.0; LANES];
        for (out, register) in S::as_mut_simd_f64s(&mut l).0.iter_mut().zip(self.0) {
            *out = register;
        }
        ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
    }

    /// Splits `row` into groups of as many registers as eight lanes need. A remainder is left out.
    #[inline(always)]
    pub(crate) fn groups(row: &[f64]) -> impl Iterator<Item = &[S::f64s]> {
        S::as_simd_f64s(row).0.chunks_exact(Self::REGISTERS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nss::{AggdMoments, GgdMoments};

    /// The sums of both fits.
    struct Sums<'a>(&'a [f64], &'a [f64]);

    impl Kernel for Sums<'_> {
        type Output = [u64; 6];
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [u64; 6] {
            let (mut ggd, mut aggd) = (GgdMoments::default(), AggdMoments::default());
            ggd.add_row(simd, self.0, self.0.len());
            aggd.add_products(simd, self.0, self.1, self.0.len());
            let (ggd, aggd) = (ggd.fit(), aggd.fit());
            [ggd.variance, ggd.rho, aggd.left, aggd.right, aggd.ratio, aggd.mean].map(f64::to_bits)
        }
    }

    #[test]
    fn lines_of_one_length_pass() {
        let (line, mut out) = ([1.0, 2.0], [0.0; 2]);
        let (lines, out) = same_length([&line, &line], &mut out).unwrap();
        assert_eq!((lines, out.len()), ([&line[..], &line[..]], 2));
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "differ in length")]
    fn lines_of_other_lengths_stop_a_debug_build() {
        same_length([&[1.0, 2.0], &[1.0]], &mut [0.0; 2]);
    }

    #[test]
    fn every_instruction_set_gives_the_same_bytes() {
        let row = |k: f64| (0..80).map(|i| libm::sin(k * f64::from(i)) * 1.3).collect::<Vec<f64>>();
        let (a, b) = (row(0.7), row(1.9));
        let scalar = Sums(&a, &b).with_simd(pulp::Scalar::new());
        assert_eq!(dispatch(Sums(&a, &b)), scalar);
        #[cfg(target_arch = "x86_64")]
        {
            use pulp::x86::{V3, V4};
            let levels = [
                V3::try_new().map(|v| v.vectorize(|| Sums(&a, &b).with_simd(v))),
                V4::try_new().map(|v| v.vectorize(|| Sums(&a, &b).with_simd(v))),
            ];
            for found in levels.into_iter().flatten() {
                assert_eq!(found, scalar);
            }
        }
    }
}
