//! The parts of an ONNX file that hold weights: the stored tensors of its graph, and the nodes that name them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use crate::wire::{Fields, Value, text};

/// Types of numbers, by their numbers in ONNX.
pub(crate) const FLOAT: u64 = 1;
pub(crate) const INT8: u64 = 3;

/// A stored tensor.
#[derive(Debug, Default)]
pub(crate) struct Stored<'a> {
    pub(crate) kind: u64,
    pub(crate) dims: Vec<usize>,
    raw: Option<&'a [u8]>,
    floats: Vec<f32>,
    integers: Vec<i64>,
}

/// A node of the graph.
#[derive(Debug, Default)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) inputs: Vec<&'a str>,
}

#[derive(Debug, Default)]
pub(crate) struct Graph<'a> {
    pub(crate) stored: BTreeMap<&'a str, Stored<'a>>,
    pub(crate) nodes: Vec<Node<'a>>,
}

impl<'a> Graph<'a> {
    /// Reads a file.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self> {
        let mut graph = None;
        for field in Fields::of(file) {
            if let (7, Value::Bytes(message)) = field.context("this is no ONNX file")? {
                ensure!(graph.is_none(), "this is no ONNX file: it has two graphs");
                graph = Some(message);
            }
        }
        let message = graph.context("this is no ONNX file: it has no graph")?;
        let mut graph = Self::default();
        for field in Fields::of(message) {
            match field.context("its graph is damaged")? {
                (1, Value::Bytes(node)) => graph.nodes.push(Node::read(node).context("a node is damaged")?),
                (5, Value::Bytes(tensor)) => {
                    let (name, tensor) = Stored::read(tensor).context("a stored tensor is damaged")?;
                    ensure!(graph.stored.insert(name, tensor).is_none(), "it has two tensors `{name}`");
                }
                _ => {}
            }
        }
        Ok(graph)
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Stored<'a>> {
        self.stored.get(name).with_context(|| format!("it has no tensor `{name}`"))
    }
}

impl<'a> Node<'a> {
    fn read(message: &'a [u8]) -> Result<Self> {
        let mut node = Self::default();
        for field in Fields::of(message) {
            match field? {
                (1, value) => node.inputs.push(text(value)?),
                (3, value) => node.name = text(value)?,
                (4, value) => node.operation = text(value)?,
                _ => {}
            }
        }
        Ok(node)
    }
}

impl<'a> Stored<'a> {
    fn read(message: &'a [u8]) -> Result<(&'a str, Self)> {
        let (mut name, mut tensor) = ("", Self::default());
        for field in Fields::of(message) {
            match field? {
                (1, value) => {
                    for dim in numbers(value)? {
                        tensor.dims.push(usize::try_from(dim).context("a side of more than 64 bits")?);
                    }
                }
                (2, Value::Number(kind)) => tensor.kind = kind,
                (4, Value::Bytes(bytes)) => {
                    let (numbers, rest) = bytes.as_chunks::<4>();
                    ensure!(rest.is_empty(), "its numbers end in the middle of one");
                    tensor.floats.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
                }
                (4, Value::Fixed(&[a, b, c, d])) => tensor.floats.push(f32::from_le_bytes([a, b, c, d])),
                // Negative numbers are written as if they had 64 bits without a sign.
                (5, value) => tensor.integers.extend(numbers(value)?.into_iter().map(u64::cast_signed)),
                (8, value) => name = text(value)?,
                (9, Value::Bytes(bytes)) => tensor.raw = Some(bytes),
                // A place of 0 is this file.
                (14, Value::Number(0)) => {}
                (13 | 14, _) => bail!("`{name}` lies in another file, which is not read"),
                _ => {}
            }
        }
        Ok((name, tensor))
    }

    /// Numbers in all.
    fn count(&self) -> Result<usize> {
        let count = self.dims.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
        count.context("its sides are too long")
    }

    pub(crate) fn floats(&self) -> Result<Vec<f32>> {
        ensure!(self.kind == FLOAT, "it holds numbers of the type {}, not f32 ({FLOAT})", self.kind);
        let values = match self.raw {
            Some(bytes) => {
                let (numbers, rest) = bytes.as_chunks::<4>();
                ensure!(rest.is_empty(), "its numbers end in the middle of one");
                numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            None => self.floats.clone(),
        };
        ensure!(values.len() == self.count()?, "it has {} numbers for {:?}", values.len(), self.dims);
        ensure!(values.iter().all(|value| value.is_finite()), "one of its numbers is not finite");
        Ok(values)
    }

    pub(crate) fn bytes(&self) -> Result<Vec<i8>> {
        ensure!(self.kind == INT8, "it holds numbers of the type {}, not 8-bit ones ({INT8})", self.kind);
        let values: Vec<i8> = match self.raw {
            Some(bytes) => bytes.iter().map(|byte| byte.cast_signed()).collect(),
            None => {
                let values = self.integers.iter().map(|value| i8::try_from(*value));
                values.collect::<Result<_, _>>().context("a number does not fit into 8 bits")?
            }
        };
        ensure!(values.len() == self.count()?, "it has {} numbers for {:?}", values.len(), self.dims);
        Ok(values)
    }
}

/// One number, or many in a row.
fn numbers(value: Value<'_>) -> Result<Vec<u64>> {
    match value {
        Value::Number(number) => Ok(vec![number]),
        Value::Bytes(bytes) => {
            let (mut rest, mut all) = (Fields::of(bytes), Vec::new());
            while !rest.is_empty() {
                all.push(rest.varint()?);
            }
            Ok(all)
        }
        Value::Fixed(_) => bail!("numbers of another kind than whole ones"),
    }
}
