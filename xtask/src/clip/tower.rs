//! From the stored tensors of a graph to those of the image tower of a CLIP.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use crate::graph::{FLOAT, Graph};

/// A matrix or a vector in single precision.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// What onnxruntime calls the product of 8-bit numbers that stands for a linear layer.
const PRODUCT: &str = "MatMulInteger";
const PRODUCT_NAME: &str = "/MatMul_quant";

/// The tensors of the tower, by the names of the Hugging Face library.
///
/// Matrices are stored as 8-bit numbers, `[inputs, outputs]`, with a scale and a zero for each output; the path of the node
/// that multiplies with them says whose they are. Everything else is stored under its own name.
pub(crate) fn tensors(graph: &Graph<'_>) -> Result<BTreeMap<String, Tensor>> {
    let mut all = BTreeMap::new();
    for (name, stored) in &graph.stored {
        if stored.kind == FLOAT && !name.starts_with("onnx::") {
            let values = stored.floats().with_context(|| format!("tensor `{name}`"))?;
            all.insert((*name).to_owned(), Tensor { shape: stored.dims.clone(), values });
        }
    }
    let mut products = 0;
    for node in graph.nodes.iter().filter(|node| node.operation == PRODUCT) {
        products += 1;
        let path = node.name.strip_prefix('/').and_then(|name| name.strip_suffix(PRODUCT_NAME));
        let path =
            path.with_context(|| format!("the node `{}` does not say whose weights it has", node.name))?;
        let name = format!("{}.weight", path.replace('/', "."));
        let tensor = matrix(graph, &node.inputs).with_context(|| format!("the weights of `{name}`"))?;
        ensure!(all.insert(name.clone(), tensor).is_none(), "`{name}` is there twice");
    }
    if products == 0 {
        bail!(
            "it has no {PRODUCT}: this reads towers with 8-bit weights, as onnxruntime's dynamic quantisation writes them"
        );
    }
    check(&all)?;
    Ok(all)
}

/// A matrix with its scales, `[outputs, inputs]`.
fn matrix(graph: &Graph<'_>, inputs: &[&str]) -> Result<Tensor> {
    let &[_, quantised, _, zero] = inputs else { bail!("the node has {} inputs, not 4", inputs.len()) };
    let base = quantised.strip_suffix("_quantized").with_context(|| format!("`{quantised}` has no scale"))?;
    let stored = graph.get(quantised)?;
    let &[rows, columns] = stored.dims.as_slice() else { bail!("it has the shape {:?}", stored.dims) };
    let (numbers, zeros) = (stored.bytes()?, graph.get(zero)?.bytes()?);
    let scales = graph.get(&format!("{base}_scale"))?.floats()?;
    ensure!(
        zeros.len() == columns && scales.len() == columns,
        "{columns} outputs have {} zeros and {} scales",
        zeros.len(),
        scales.len()
    );
    let mut values = vec![0.0; numbers.len()];
    for (row, numbers) in numbers.chunks_exact(columns.max(1)).enumerate() {
        for ((column, number), (zero, scale)) in numbers.iter().enumerate().zip(zeros.iter().zip(&scales)) {
            if let Some(value) = values.get_mut(column * rows + row) {
                *value = (f32::from(*number) - f32::from(*zero)) * scale;
            }
        }
    }
    Ok(Tensor { shape: vec![columns, rows], values })
}

/// Checks that the tensors are those of an image tower, all of them and no others.
fn check(tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    let shape = |name: &str| tensors.get(name).map(|tensor| tensor.shape.as_slice());
    let class = "vision_model.embeddings.class_embedding";
    let Some(&[width]) = shape(class) else {
        bail!(
            "it has no `{class}`: it is not the image tower of a CLIP with the names of the Hugging Face library"
        )
    };
    let hidden = match shape("vision_model.encoder.layers.0.mlp.fc1.bias") {
        Some(&[hidden]) => hidden,
        _ => bail!("it has no block"),
    };
    let projection = shape("visual_projection.weight").and_then(|shape| shape.first()).copied().unwrap_or(0);
    let patch = shape("vision_model.embeddings.patch_embedding.weight").and_then(|shape| shape.last());
    let tokens = shape("vision_model.embeddings.position_embedding.weight").and_then(|shape| shape.first());
    let (patch, tokens) = (patch.copied().unwrap_or(0), tokens.copied().unwrap_or(0));
    let layers =
        (0..).take_while(|i| shape(&format!("vision_model.encoder.layers.{i}.mlp.fc1.bias")).is_some());
    let mut expected: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut add = |name: &str, shape: &[usize]| {
        expected.insert(name.to_owned(), shape.to_vec());
    };
    add(class, &[width]);
    add("vision_model.embeddings.patch_embedding.weight", &[width, 3, patch, patch]);
    add("vision_model.embeddings.position_embedding.weight", &[tokens, width]);
    add("visual_projection.weight", &[projection, width]);
    let both = |add: &mut dyn FnMut(&str, &[usize]), name: &str, weight: &[usize]| {
        add(&format!("{name}.weight"), weight);
        add(&format!("{name}.bias"), weight.get(..1).unwrap_or_default());
    };
    for norm in ["pre_layrnorm", "post_layernorm"] {
        both(&mut add, &format!("vision_model.{norm}"), &[width]);
    }
    for layer in layers {
        let to = |name: &str| format!("vision_model.encoder.layers.{layer}.{name}");
        for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
            both(&mut add, &to(&format!("self_attn.{projection}")), &[width, width]);
        }
        both(&mut add, &to("layer_norm1"), &[width]);
        both(&mut add, &to("layer_norm2"), &[width]);
        both(&mut add, &to("mlp.fc1"), &[hidden, width]);
        both(&mut add, &to("mlp.fc2"), &[width, hidden]);
    }
    for (name, expected) in &expected {
        match shape(name) {
            Some(found) if found == expected => {}
            Some(found) => bail!("`{name}` has the shape {found:?} instead of {expected:?}"),
            None => bail!("`{name}` is missing"),
        }
    }
    match tensors.keys().find(|name| !expected.contains_key(*name)) {
        Some(name) => bail!("`{name}` belongs to no image tower of a CLIP"),
        None => Ok(()),
    }
}
