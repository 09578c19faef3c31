"""Writes blazeface-short-range.safetensors from the model file in the mediapipe 0.10.14 wheel.

Needs numpy, safetensors and tflite (the schema). Run from this folder:

    python convert_blazeface.py .../site-packages/mediapipe/modules/face_detection/face_detection_short_range.tflite

The weights are half precision in that file and are copied bit by bit; only names and the order of the axes change:
pointwise and head weights become [out, in], depthwise ones [row, column, channel], the first one [out, row, column, in].
"""

import hashlib
import sys

import numpy as np
import tflite
from safetensors.numpy import save_file

SHA256 = "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8"
BLOCKS = 16


def main():
    data = open(sys.argv[1], "rb").read()
    assert hashlib.sha256(data).hexdigest() == SHA256, "another model file"
    model = tflite.Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    found = {}
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength() and tensor.Type() == tflite.TensorType.FLOAT16:
            values = np.frombuffer(buffer.DataAsNumpy().tobytes(), np.float16)
            found[tensor.Name().decode()] = values.reshape(tensor.ShapeAsNumpy())

    def numbered(name, number):
        return name if number == 0 else f"{name}_{number}"

    out = {"stem.weight": found.pop("conv2d/Kernel"), "stem.bias": found.pop("conv2d/Bias")}
    for block in range(BLOCKS):
        depthwise, pointwise = numbered("depthwise_conv2d", block), numbered("conv2d", block + 1)
        out[f"blocks.{block}.depthwise.weight"] = found.pop(depthwise + "/Kernel")[0]
        out[f"blocks.{block}.depthwise.bias"] = found.pop(depthwise + "/Bias")
        out[f"blocks.{block}.pointwise.weight"] = found.pop(pointwise + "/Kernel")[:, 0, 0, :]
        out[f"blocks.{block}.pointwise.bias"] = found.pop(pointwise + "/Bias")
    for stride in (8, 16):
        for name, theirs in (("scores", "classificator"), ("boxes", "regressor")):
            out[f"{name}.{stride}.weight"] = found.pop(f"{theirs}_{stride}/Kernel")[:, 0, 0, :]
            out[f"{name}.{stride}.bias"] = found.pop(f"{theirs}_{stride}/Bias")
    assert not found, found.keys()
    print(sum(value.size for value in out.values()), "parameters")
    metadata = {
        "source": "face_detection_short_range.tflite of the mediapipe 0.10.14 wheel (MediaPipe, Google)",
        "source_sha256": SHA256,
        "licence": "Apache-2.0",
        "changes": "container, tensor names and order of axes; values unchanged",
    }
    out = {name: np.ascontiguousarray(value) for name, value in out.items()}
    save_file(out, "blazeface-short-range.safetensors", metadata=metadata)


main()
