use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use sha2::{Digest, Sha256};

use super::finite;
use super::foreign::{self, Wanted};
use super::header::{self, Notes, Place};
use super::source::Source;
use crate::{Error, Result};

/// The tensors of a safetensors file, read one by one.
///
/// Opening reads the header only and checks it: sizes before anything is allocated, places of all tensors against the
/// length of the file. For a PyTorch pickle the error holds the command that converts it; other files that are not what
/// their name says, such as a pointer of Git LFS, are named for what they are. No reader here lets a NaN or an infinity
/// through.
///
/// ```no_run
/// use dream_models::deep::candle_core::Device;
/// use dream_models::deep::checkpoint::TensorFile;
///
/// let file = TensorFile::open("model.safetensors")?;
/// let weights = file.read_where(|name| name.starts_with("text_model."), &Device::Cpu)?;
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug)]
pub struct TensorFile {
    source: Source,
    entries: BTreeMap<String, Place>,
    notes: Notes,
}

impl TensorFile {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Pickle`] for PyTorch's own format, [`Error::OtherFile`] for a file that is something else,
    /// [`Error::InvalidModel`] for a header that is too large, damaged or contradicts the file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        foreign::refuse(path, Wanted::Tensors)?;
        Self::new(Source::open(path)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] as for [`open`](Self::open).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::new(Source::Memory(bytes))
    }

    fn new(source: Source) -> Result<Self> {
        let len = source.len();
        let first: [u8; 8] = (if len < 8 { Vec::new() } else { source.read(0, 8)? })
            .try_into()
            .map_err(|_| Error::invalid("tensor header", format!("{len} bytes are no safetensors file")))?;
        let header = header::length(first, len)?;
        let (entries, notes) = header::parse(&source.read(8, header)?, len - 8 - header)?;
        Ok(Self { source, entries, notes })
    }

    /// Names and shapes in the order of the names.
    pub fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry.shape.as_slice()))
    }

    /// What the file says about itself beside its tensors, by key.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<String, String> {
        &self.notes
    }

    /// The number type of a tensor; `None` for a missing name and for a type that is not read.
    #[must_use]
    pub fn dtype(&self, name: &str) -> Option<DType> {
        self.entries.get(name)?.dtype()
    }

    /// One tensor, in its own number type.
    ///
    /// # Errors
    ///
    /// [`Error::NonFiniteTensor`] for a NaN or an infinity, [`Error::InvalidModel`] for a missing name or a number type
    /// that is not read, [`Error::Io`], [`Error::Tensor`] when the device has no memory left.
    pub fn read(&self, name: &str, device: &Device) -> Result<Tensor> {
        let invalid = |reason: String| Error::invalid("tensors", reason);
        let entry = self.entries.get(name).ok_or_else(|| invalid(format!("there is no tensor `{name}`")))?;
        let dtype = entry.dtype().ok_or_else(|| {
            let known = "read are F32, F64, F16, BF16, I64, U32 and U8, so convert it";
            invalid(format!("`{name}` has numbers of the type {}; {known}", entry.dtype))
        })?;
        let bytes = self.part(name, 0, entry.shape.iter().product())?;
        if bytes.is_empty() {
            return Ok(Tensor::zeros(entry.shape.as_slice(), dtype, device)?);
        }
        Ok(Tensor::from_raw_buffer(&bytes, dtype, &entry.shape, device)?)
    }

    /// The little-endian bytes of `count` numbers of a tensor from number `first` on, in row-major order: for tensors
    /// that do not have to fit into memory.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`Error::InvalidModel`] for numbers that the tensor does not have.
    pub fn part(&self, name: &str, first: usize, count: usize) -> Result<Vec<u8>> {
        let invalid = |reason: String| Error::invalid("tensors", reason);
        let entry = self.entries.get(name).ok_or_else(|| invalid(format!("there is no tensor `{name}`")))?;
        let outside = || invalid(format!("`{name}` does not have {count} numbers from {first} on"));
        let dtype = entry.dtype().ok_or_else(outside)?;
        let size = dtype.size_in_bytes();
        let bytes = |numbers: usize| u64::try_from(numbers.checked_mul(size)?).ok();
        let (from, len) = bytes(first).zip(bytes(count)).ok_or_else(outside)?;
        if from.checked_add(len).is_none_or(|to| to > entry.len) {
            return Err(outside());
        }
        let bytes = self.source.read(entry.start + from, len)?;
        if let Some((index, value)) = finite::first_fault(&bytes, dtype) {
            let path = self.source.path().map(Path::to_path_buf);
            return Err(Error::NonFiniteTensor {
                path,
                tensor: name.to_owned(),
                index: first + index,
                value,
            });
        }
        Ok(bytes)
    }

    /// One tensor in another number type.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`Error::InvalidModel`] for a number that is too large for `dtype`.
    pub fn read_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        // Converted on the host: Metal has no f64, and half precision travels in half the time.
        let tensor = self.read(name, &Device::Cpu)?;
        let narrows = tensor.dtype() != dtype && matches!(tensor.dtype(), DType::F64 | DType::F32);
        let tensor = tensor.to_dtype(dtype)?;
        if narrows && let Some((index, _)) = finite::first_fault(&bytes(&tensor)?, dtype) {
            let reason = format!("`{name}` has a number at place {index} that is too large for {dtype:?}");
            return Err(Error::invalid("tensors", reason));
        }
        Ok(tensor.to_device(device)?)
    }

    /// All tensors whose name is wanted.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_where(
        &self,
        wanted: impl Fn(&str) -> bool,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        let names = self.entries.keys().filter(|name| wanted(name));
        names.map(|name| Ok((name.clone(), self.read(name, device)?))).collect()
    }

    /// The tensors of a network, and no others: in `dtype`, after the names and shapes of the whole file were found to
    /// be those of `expected`, as [`parameters`](crate::deep::parameters) lists them.
    ///
    /// # Errors
    ///
    /// [`Error::TensorMismatch`] with every name that differs, and those of [`read_as`](Self::read_as).
    pub fn read_exactly(
        &self,
        expected: &[(String, Vec<usize>)],
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        check(expected, self.shapes())?;
        let names = self.entries.keys();
        names.map(|name| Ok((name.clone(), self.read_as(name, dtype, device)?))).collect()
    }

    /// SHA-256 of the whole file, in hexadecimal.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the file cannot be read.
    pub fn sha256(&self) -> Result<String> {
        const PIECE: u64 = 1 << 20;
        let (mut hash, mut at, len) = (Sha256::new(), 0, self.source.len());
        while at < len {
            let count = PIECE.min(len - at);
            hash.update(self.source.read(at, count)?);
            at += count;
        }
        Ok(hex(&hash.finalize()))
    }
}

/// Compares names and shapes with those of a network, in any order.
///
/// # Errors
///
/// [`Error::TensorMismatch`] with every name that differs.
pub fn check<'a>(
    expected: &[(String, Vec<usize>)],
    found: impl IntoIterator<Item = (&'a str, &'a [usize])>,
) -> Result<()> {
    let expected: BTreeMap<&str, &[usize]> =
        expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
    let found: BTreeMap<&str, &[usize]> = found.into_iter().collect();
    let without = |all: &BTreeMap<&str, &[usize]>, other: &BTreeMap<&str, &[usize]>| -> Vec<String> {
        all.keys().filter(|name| !other.contains_key(*name)).map(|name| (*name).to_owned()).collect()
    };
    let (missing, extra) = (without(&expected, &found), without(&found, &expected));
    let other = |(name, shape): (&&str, &&[usize])| {
        let found = found.get(name).filter(|found| *found != shape)?;
        Some(format!("{name} ({found:?} in the file, {shape:?} in the network)"))
    };
    let misshaped: Vec<String> = expected.iter().filter_map(other).collect();
    if missing.is_empty() && extra.is_empty() && misshaped.is_empty() {
        return Ok(());
    }
    let hint = is_transposed(&expected, &found).then(|| {
        "the matrices of the file are transposed, rows for columns: take a file of PyTorch, or transpose them".to_owned()
    });
    Err(Error::TensorMismatch { missing, extra, misshaped, hint })
}

/// Whether every shape that differs is the other one read backwards.
fn is_transposed(expected: &BTreeMap<&str, &[usize]>, found: &BTreeMap<&str, &[usize]>) -> bool {
    let both = expected.iter().filter_map(|(name, shape)| Some((*shape, *found.get(name)?)));
    let mut other = both.filter(|(shape, found)| shape != found).peekable();
    other.peek().is_some()
        && other.all(|(shape, found)| found.len() > 1 && shape.iter().eq(found.iter().rev()))
}

/// Writes a safetensors file and returns its SHA-256. Its bytes depend on the tensors only; they are those that the
/// `safetensors` library writes.
///
/// The file appears complete or not at all, under its name.
///
/// # Errors
///
/// [`Error::Io`], and [`Error::InvalidModel`] for a number type that the format is not written in (all but `f32`,
/// `f64`, `f16`, `bf16`, `i64`, `u32` and `u8`).
pub fn write_tensors(path: impl AsRef<Path>, tensors: &BTreeMap<String, Tensor>) -> Result<String> {
    let tensors = header::order(tensors)?;
    let header = header::write(&tensors)?;
    let mut hash = Sha256::new();
    super::atomic(path.as_ref(), |file: &mut File| {
        let mut put = |bytes: &[u8]| {
            hash.update(bytes);
            file.write_all(bytes)
        };
        put(&header)?;
        // One at a time: what is copied from a device, or out of a view, is gone before the next.
        for (_, tensor, _) in tensors {
            put(&bytes(tensor).map_err(std::io::Error::other)?)?;
        }
        Ok(())
    })?;
    Ok(hex(&hash.finalize()))
}

/// Values in row-major order, little endian.
fn bytes(tensor: &Tensor) -> candle_core::Result<Vec<u8>> {
    let mut buffer = Vec::with_capacity(tensor.elem_count() * tensor.dtype().size_in_bytes());
    tensor.to_device(&Device::Cpu)?.contiguous()?.write_bytes(&mut buffer)?;
    Ok(buffer)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
