"""Writes videval60_reference.json, see PROVENANCE.md.

Independent of the Rust code: the model file is evaluated in NumPy, on features that the authors' MATLAB code gave.

    python make_videval60_reference.py MODEL.json videval_plain_features.csv
"""
import base64
import csv
import json
import sys

import numpy as np


def tensor(t, *shape):
    return t["scale"] * np.frombuffer(base64.b64decode(t["codes"]), "<i2").astype(float).reshape(shape)


def evaluate(m, row, level):
    scaler, head, calibration = m["scaler"], m["head"], m["calibration"]
    kinds = np.array(scaler["transforms"])
    x = np.where(np.isfinite(row), row, m["impute"]["values"])
    with np.errstate(over="ignore"):
        z = np.where(kinds == "log", np.log(np.maximum(x, 1e-6)), x)
        z = np.clip((z - scaler["mean"]) / scaler["std"], -scaler["clip"], scaler["clip"])[kinds != "unused"]
    shape = (head["members"], head["hidden"])
    hidden = np.tanh(tensor(head["hidden_weights"], *shape, len(z)) @ z + tensor(head["hidden_bias"], *shape))
    members = tensor(head["output_bias"], shape[0]) + np.sum(tensor(head["output_weights"], *shape) * hidden, axis=1)
    score = head["target_mean"] + head["target_std"] * members.mean()
    spread = head["target_std"] * members.std()
    factor = np.interp(level, calibration["levels"], calibration["factors"])
    half = factor * np.hypot(spread, calibration["softening"])
    distance = np.sqrt(np.mean((tensor(calibration["whitening"], len(z), len(z)) @ z) ** 2))
    least, most = m["output"]["min"], m["output"]["max"]
    low, score, high = np.clip([score - half, score, score + half], least, most)
    return {"score": score, "low": low, "high": high, "distance": distance}


def main():
    m = json.load(open(sys.argv[1]))
    rows = []
    with open(sys.argv[2], newline="") as file:
        table = list(csv.reader(file))
    for column in range(2, len(table[0])):
        rows.append((table[0][column], np.array([float(line[column]) for line in table[1:]])))
    random = np.random.default_rng(3)
    mean, std = np.array(m["scaler"]["mean"]), np.array(m["scaler"]["std"])
    for number in range(20):
        # Around the mean of the training, in the scaled space; farther and farther out.
        z = mean + std * random.normal(0, 0.2 * (1 + number), 60)
        kinds = np.array(m["scaler"]["transforms"])
        rows.append((f"random {number}", np.where(kinds == "log", np.exp(np.minimum(z, 300)), z)))
    cases = []
    for name, row in rows:
        if np.sum(~np.isfinite(row)) > m["calibration"]["most_missing"]:
            continue
        for level in (0.9, 0.805):
            features = [float(x) if np.isfinite(x) else None for x in row]
            cases.append({"name": name, "level": level, "features": features, **evaluate(m, row, level)})
    with open("videval60_reference.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
