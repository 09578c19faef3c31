"""Writes face_hopper.png, face_collins.png, face_reference.json and face_raw.bin: what MediaPipe finds in two portraits.

Needs mediapipe 0.10.14, ai-edge-litert, numpy, Pillow, matplotlib and scikit-image. Run from this folder. With a first
argument that names a folder, `NAME-WIDTHxHEIGHT.rgb` files in it (raw frames, one behind the other) are compared too and
nothing is written there but `NAME.json`.
"""

import json
import pathlib
import sys

import matplotlib
import mediapipe
import numpy as np
import PIL
import skimage.data
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

MODEL = pathlib.Path(mediapipe.__file__).parent / "modules/face_detection/face_detection_short_range.tflite"
HOPPER = pathlib.Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg"

# One case a line: the portrait, then steps, each on the result of the one before. The test takes the same ones.
CASES = """
hopper
collins
hopper flip
collins flip
hopper nearest 5
collins nearest 3
hopper crop 20 20 100 100
hopper crop 30 30 90 60
hopper crop 40 30 60 100
hopper crop 0 120 144 48
collins crop 40 0 100 80
collins crop 61 3 51 71
collins crop 0 90 64 64
collins crop 100 60 60 100
hopper pad 100 20 33 7
hopper pad 7 90 8 150
collins pad 201 0 0 0
hopper dim 3
collins dim 5
hopper mirrored
collins mirrored
collins mirrored nearest 2
hopper turn
collins turn
hopper every 2
collins every 3
collins every 4 nearest 7
hopper nearest 4 crop 41 13 500 600
""".strip().splitlines()


def step(image, words):
    name, numbers = words[0], [int(word) for word in words[1:]]
    if name == "flip":
        return image[:, ::-1]
    if name == "turn":
        return image.transpose(1, 0, 2)
    if name == "mirrored":  # two faces
        return np.concatenate([image, image[:, ::-1]], axis=1)
    if name == "nearest":
        return image.repeat(numbers[0], axis=0).repeat(numbers[0], axis=1)
    if name == "every":
        return image[:: numbers[0], :: numbers[0]]
    if name == "crop":
        x, y, width, height = numbers
        return image[y : y + height, x : x + width]
    if name == "pad":
        left, top, right, bottom = numbers
        return np.pad(image, ((top, bottom), (left, right), (0, 0)), constant_values=128)
    if name == "dim":
        return image // numbers[0]
    raise ValueError(name)


ARGUMENTS = dict(flip=0, turn=0, mirrored=0, nearest=1, every=1, dim=1, crop=4, pad=4)


def make(case, portraits):
    words = case.split()
    image, words = portraits[words[0]], words[1:]
    while words:
        count = 1 + ARGUMENTS[words[0]]
        image, words = step(image, words[:count]), words[count:]
    return np.ascontiguousarray(image)


def detect(detector, image):
    found = []
    for face in detector.process(image).detections or []:
        box, points = face.location_data.relative_bounding_box, face.location_data.relative_keypoints
        corners = [box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height]
        found.append(corners + [face.score[0]] + [value for p in points for value in (p.x, p.y)])
    return found


def main():
    portraits = {
        "hopper": Image.open(HOPPER).convert("RGB").resize((144, 168), Image.Resampling.LANCZOS),
        "collins": Image.fromarray(skimage.data.astronaut()).resize((160, 160), Image.Resampling.LANCZOS),
    }
    for name, portrait in portraits.items():
        portrait.save(f"face_{name}.png", optimize=True)
    portraits = {name: np.asarray(portrait) for name, portrait in portraits.items()}

    settings = dict(model_selection=0, min_detection_confidence=0.5)
    with mediapipe.solutions.face_detection.FaceDetection(**settings) as detector:
        rows = [[case] + detect(detector, make(case, portraits)) for case in CASES]
        if len(sys.argv) > 1:
            for path in sorted(pathlib.Path(sys.argv[1]).glob("*.rgb")):
                name, size = path.stem.rsplit("-", 1)
                width, height = (int(side) for side in size.split("x"))
                frames = np.fromfile(path, np.uint8).reshape(-1, height, width, 3)
                faces = [detect(detector, frame) for frame in frames]
                path.with_name(name + ".json").write_text(json.dumps(faces))
    head = dict(made_by=f"mediapipe {mediapipe.__version__}, ai-edge-litert, Pillow {PIL.__version__}, NumPy {np.__version__}")
    head["columns"] = "case, then for every face: left top right bottom score, six points"
    with open("face_reference.json", "w") as file:
        lines = ",\n".join(json.dumps(row) for row in rows)
        file.write(json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n")

    # The network alone, on inputs made from integers: bytes of the portraits at 128x128, cut at a corner.
    interpreter = Interpreter(str(MODEL))
    interpreter.allocate_tensors()
    with open("face_raw.bin", "wb") as file:
        for name in ("hopper", "collins"):
            levels = portraits[name][:128, :128].astype(np.float32)
            tensor = (levels * np.float32(2 / 255) - np.float32(1))[None]
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
            interpreter.invoke()
            found = {d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()}
            for output in ("regressors", "classificators"):
                file.write(found[output].astype("<f4").tobytes())


main()
