"""Writes resize_reference.json: checksums of images resized by Pillow. Needs numpy and Pillow. Run from this folder.

The images are made from integers, so the test makes the same ones; only sizes and checksums are stored. A first argument
asks for another number of cases, for a longer comparison than the committed one; a second one names another file.
"""

import json
import sys

import numpy as np
import PIL
from PIL import Image

GAMMA = np.uint64(0x9E3779B97F4A7C15)
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def mixed(seed, count):
    """Steele, Lea and Flood's generator, numbers 1 to count of the stream `seed`."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def image(seed, kind, width, height, channels):
    count = width * height * channels
    draws = mixed(seed, count)
    if kind == "noise":
        data = draws >> np.uint64(56)
    elif kind == "edges":  # the largest overshoots: black and white only
        data = (draws >> np.uint64(63)) * np.uint64(255)
    else:  # a ramp with a little noise
        data = (np.arange(count, dtype=np.uint64) * np.uint64(255) // np.uint64(count)) + (draws >> np.uint64(62))
        data = np.minimum(data, np.uint64(255))
    return data.astype(np.uint8).reshape(height, width, channels)


def checksum(pixels):
    flat = pixels.reshape(-1).astype(np.uint64) + np.uint64(1)
    with np.errstate(over="ignore"):
        return int((flat * mixed(7, flat.size)).sum(dtype=np.uint64))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    name = sys.argv[2] if len(sys.argv) > 2 else "resize_reference.json"
    rng = np.random.default_rng(20261125)
    side = lambda: int(rng.integers(1, [4, 40, 140, 520][rng.integers(0, 4)] + 1))
    fixed = [(1, 1, 256, 256), (1920, 1080, 256, 256), (640, 360, 455, 256), (7, 1, 1, 7), (256, 256, 256, 256)]
    fixed += [(3, 900, 256, 256), (900, 3, 256, 256), (2, 2, 301, 299), (512, 512, 128, 128), (255, 257, 256, 256)]
    cases = []
    for number in range(count):
        width, height, to_width, to_height = fixed[number] if number < len(fixed) else [side() for _ in range(4)]
        kind = ["noise", "edges", "ramp"][number % 3]
        channels = 1 if number % 5 == 4 else 3
        source = image(number, kind, width, height, channels)
        picture = Image.fromarray(source[:, :, 0] if channels == 1 else source)
        sums = [checksum(np.asarray(picture.resize((to_width, to_height), f))) for f in FILTERS.values()]
        cases.append([width, height, to_width, to_height, channels, kind] + [str(s) for s in sums])
    head = dict(made_by=f"Pillow {PIL.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}")
    head["columns"] = "width height to_width to_height channels kind bilinear bicubic; the number of a row is its seed"
    with open(name, "w") as file:
        lines = ",\n".join(json.dumps(case) for case in cases)
        file.write(json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n")


main()
