use candle_core::DType;

/// A `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a loss has no value for the given batch.
///
/// It converts into [`candle_core::Error`], so `?` works inside a training step that returns candle's result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input is not a vector.
    #[error("`{argument}` has shape {shape:?}, a loss needs [n]: flatten or squeeze it first")]
    NotAVector {
        /// Name of the parameter.
        argument: &'static str,
        /// The shape found.
        shape: Vec<usize>,
    },

    /// The two inputs do not pair up.
    #[error("`pred` has {pred} values and `target` has {target}: pass one target per prediction")]
    LengthMismatch {
        /// Number of predictions.
        pred: usize,
        /// Number of targets.
        target: usize,
    },

    /// No values at all.
    #[error("the batch is empty: skip it before computing a loss")]
    EmptyBatch,

    /// An input is not a floating point tensor that losses support.
    #[error("`{argument}` is {dtype:?}: convert it to f32, f64, f16 or bf16 with `to_dtype`")]
    UnsupportedDType {
        /// Name of the parameter.
        argument: &'static str,
        /// The type found.
        dtype: DType,
    },

    /// A NaN or an infinity in the input.
    #[error(
        "`{argument}[{index}]` is {value}: the model or the data is already broken, stop before the step"
    )]
    NonFinite {
        /// Name of the parameter.
        argument: &'static str,
        /// Position of the first bad value.
        index: usize,
        /// The bad value.
        value: f64,
    },

    /// The loss of finite input is larger than its type can hold.
    #[error("the {loss} of this batch is larger than {dtype:?} can hold: rescale the scores")]
    Overflow {
        /// Name of the loss.
        loss: &'static str,
        /// Type of the result.
        dtype: DType,
    },

    /// A setting outside its range.
    #[error("`{field}` is {value}, it must be {expected}")]
    InvalidConfig {
        /// Name of the field.
        field: &'static str,
        /// The value found.
        value: f64,
        /// The values that work.
        expected: &'static str,
    },

    /// candle could not run an operation, for example on tensors of two devices.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Candle(inner) => inner,
            other => Self::wrap(other),
        }
    }
}
