//! Run-time SIMD dispatch.

/// A piece of numeric work to be compiled for each instruction set.
///
/// A type of its own rather than a closure: only `#[inline(always)]` methods are sure to be compiled with the
/// instructions of the function they are inlined into. What a kernel calls must be `#[inline(always)]` too. The loops
/// are plain and treat each lane alone, so their results do not depend on the width of the registers.
pub(crate) use pulp::WithSimd as Kernel;

/// Runs `kernel` with the best instruction set the machine has.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}
