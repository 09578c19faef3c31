"""Writes reference.json, see PROVENANCE.md.

Independent of the Rust code: BRISQUE and the model are evaluated in NumPy, from the specification and from
the model file.

    python make_reference.py MODEL.json [FOLDER_WITH_CARPHONE_CLIPS]
"""
import base64
import json
import sys

import cv2
import numpy as np
from scipy.ndimage import correlate1d
from scipy.special import gamma
from skimage import data

GRID = 0.2 + 0.001 * np.arange(9801)
RATIO = gamma(2 / GRID) ** 2 / (gamma(1 / GRID) * gamma(3 / GRID))
WINDOW = np.exp(-np.arange(-3, 4) ** 2 / (2 * (7 / 6) ** 2))
WINDOW /= WINDOW.sum()
HALF = np.array([-3, -9, 29, 111, 111, 29, -9, -3]) / 256


def smooth(x):
    return correlate1d(correlate1d(x, WINDOW, axis=0, mode="constant"), WINDOW, axis=1, mode="constant")


def half_rows(x):
    n = x.shape[0]
    index = np.mod(2 * np.arange((n + 1) // 2)[:, None] - 3 + np.arange(8), 2 * n)
    return np.einsum("okw,k->ow", x[np.where(index >= n, 2 * n - 1 - index, index)], HALF)


def statistics(x):
    mu = smooth(x)
    difference = x - mu
    difference[np.abs(difference) < 1e-9] = 0
    v = difference / (np.sqrt(np.abs(smooth(x * x) - mu * mu)) + 1)
    rho = np.mean(v * v) / np.mean(np.abs(v)) ** 2
    out = [GRID[np.argmin(np.abs(rho - 1 / RATIO))], np.mean(v * v)]
    for shift in ((0, 1), (1, 0), (1, 1), (-1, 1)):
        p = v * np.roll(v, shift, (0, 1))
        left, right = np.sqrt(np.mean(p[p < 0] ** 2)), np.sqrt(np.mean(p[p > 0] ** 2))
        g = left / right
        r = np.mean(np.abs(p)) ** 2 / np.mean(p * p) * (g**3 + 1) * (g + 1) / (g * g + 1) ** 2
        a = GRID[np.argmin((RATIO - r) ** 2)]
        mean = (right - left) * gamma(2 / a) / gamma(1 / a) * np.sqrt(gamma(1 / a) / gamma(3 / a))
        out += [a, mean, left**2, right**2]
    return out


def brisque(image):
    x = image.astype(float)
    return np.array(statistics(x) + statistics(half_rows(half_rows(x).T).T))


def degraded(image):
    h, w = image.shape
    noise = np.random.default_rng(1).standard_normal(image.shape)
    encode = lambda q: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, q])[1], 0)
    resize = lambda k, kind: cv2.resize(
        cv2.resize(image, (w // k, h // k), interpolation=cv2.INTER_AREA), (w, h), interpolation=kind)
    return {
        "blur": [(s, cv2.GaussianBlur(image, (0, 0), s)) for s in (1.5, 3, 5)],
        "jpeg": [(q, encode(q)) for q in (50, 25, 10, 5)],
        "noise": [(s, np.clip(np.rint(image + s * noise), 0, 255)) for s in (5, 12, 25, 40)],
        "upscaled": [(k, resize(k, cv2.INTER_CUBIC)) for k in (3, 4, 8)],
        "blocks": [(k, resize(k, cv2.INTER_NEAREST)) for k in (4, 8, 16)],
    }


def clip(path):
    video, frames = cv2.VideoCapture(path), []
    rate = video.get(cv2.CAP_PROP_FPS)
    while True:
        good, frame = video.read()
        if not good:
            break
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2YCrCb)[:, :, 0])
    return np.mean([brisque(y) for y in frames[int(rate) // 2 - 1 :: round(rate)]], axis=0)


def model(path):
    m = json.load(open(path))
    scaler, head = m["scaler"], m["head"]
    shape = (head["members"], head["hidden"])
    tensor = lambda t: t["scale"] * np.frombuffer(base64.b64decode(t["codes"]), "<i2").astype(float)
    w = tensor(head["hidden_weights"]).reshape(*shape, len(m["inputs"]))
    c, v = tensor(head["hidden_bias"]).reshape(shape), tensor(head["output_weights"]).reshape(shape)
    b = tensor(head["output_bias"])
    log = np.array([t == "log" for t in scaler["transforms"]])

    def predict(row):
        with np.errstate(over="ignore"):
            z = np.where(log, np.log(np.maximum(row, 1e-6)), row)
            z = np.clip((z - scaler["mean"]) / scaler["std"], -scaler["clip"], scaler["clip"])
        y = np.mean(b + np.sum(v * np.tanh(w @ z + c), axis=1))
        return float(np.clip(head["target_mean"] + head["target_std"] * y, m["output"]["min"], m["output"]["max"]))

    return predict


def main():
    predict = model(sys.argv[1])
    cases = []
    add = lambda image, kind, level, row: cases.append(
        {"image": image, "kind": kind, "level": level, "features": [float(x) for x in row],
         "score": predict(np.array(row))})
    astronaut = data.astronaut()
    for name, rgb in (("astronaut", astronaut), ("astronaut_face", astronaut[0:240, 130:330]), ("camera", data.camera())):
        image = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[:, :, 0] if rgb.ndim == 3 else rgb
        image = np.ascontiguousarray(image)
        add(name, "original", 0, brisque(image))
        for kind, images in degraded(image).items():
            for level, worse in images:
                add(name, kind, level, brisque(worse))
    if len(sys.argv) > 2:
        add("carphone", "original", 0, clip(sys.argv[2] + "/carphone_pristine.mp4"))
        add("carphone", "compressed", 0, clip(sys.argv[2] + "/carphone_distorted.mp4"))
    for kind, value in (("zero", 0.0), ("one", 1.0), ("minus", -1.0), ("huge", 1e300)):
        add("none", kind, 0, [value] * 36)
    random = np.random.default_rng(7)
    for level in range(20):
        add("none", "random", level, np.exp(random.uniform(-8, 3, 36)) * random.choice([-1, 1], 36))
    lines = ",\n".join(json.dumps(case) for case in cases)
    with open("reference.json", "w") as file:
        file.write(f"[\n{lines}\n]\n")


main()
