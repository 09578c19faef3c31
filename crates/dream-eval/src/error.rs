/// A `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a metric has no value for this input.
///
/// `argument` is the name of the parameter at fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The two inputs do not pair up.
    #[error(
        "`pred` has {pred} values and `truth` has {truth}: pass one truth per prediction, in the same order"
    )]
    LengthMismatch {
        /// Number of predictions.
        pred: usize,
        /// Number of true scores.
        truth: usize,
    },

    /// Two arguments must have the same length.
    #[error(
        "`{}` has {} values and `{}` has {}: they must pair up, in the same order",
        arguments[0], lengths[0], arguments[1], lengths[1]
    )]
    UnequalLengths {
        /// Names of the parameters.
        arguments: [&'static str; 2],
        /// Their lengths.
        lengths: [usize; 2],
    },

    /// A NaN or an infinity.
    #[error("`{argument}[{index}]` is {value}: remove or repair that row first")]
    NonFinite {
        /// Name of the parameter.
        argument: &'static str,
        /// Position of the first bad value.
        index: usize,
        /// The bad value.
        value: f64,
    },

    /// Fewer values than the quantity needs.
    #[error("`{argument}` has {found} values, at least {needed} are needed")]
    TooFew {
        /// Name of the parameter.
        argument: &'static str,
        /// Smallest number that works.
        needed: usize,
        /// Number of values found.
        found: usize,
    },

    /// More values than the quantity can be computed for.
    #[error("`{argument}` has {found} values, at most {limit} are possible: take a sample of them")]
    TooMany {
        /// Name of the parameter.
        argument: &'static str,
        /// Largest number that works.
        limit: usize,
        /// Number of values found.
        found: usize,
    },

    /// All values are equal, so no correlation is defined.
    ///
    /// A benchmark table may count this as a correlation of 0, with a warning.
    #[error(
        "all values of `{argument}` are equal: the correlation is undefined; a table may show 0 with a warning"
    )]
    ConstantInput {
        /// Name of the parameter.
        argument: &'static str,
    },

    /// A number outside its meaningful range.
    #[error("`{argument}` is {value}, it must be {range}")]
    OutOfRange {
        /// Name of the parameter.
        argument: &'static str,
        /// Its value.
        value: f64,
        /// The accepted range.
        range: &'static str,
    },

    /// The quantity has no value for this input.
    #[error("the {quantity} is undefined: {reason}")]
    Undefined {
        /// The quantity.
        quantity: &'static str,
        /// Why, and what helps.
        reason: &'static str,
    },

    /// The result is larger than the largest `f64`.
    #[error("the {quantity} of these values is larger than an f64 can hold: rescale the input")]
    Overflow {
        /// The quantity that does not fit.
        quantity: &'static str,
    },
}
