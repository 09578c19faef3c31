"""Aggregates of raw score tables, from NumPy and SciPy alone.

    python reference.py nflx_public_raw_scores.csv vqeghd3_raw_scores.csv > reference.json

Written from the definitions, without the code under test. The seeded draws of `Ratings::consistency` are made again from
their description (SplitMix64 of G. L. Steele et al. 2014; R. A. Fisher and F. Yates from the last place down, a place
being the high half of the product of a 64-bit draw and the number of places).
"""

import csv
import json
import os
import sys

import numpy
import scipy
from scipy import stats

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
REPEATS, SEED = 10, 7


def read(path):
    """Clips by raters, both in the order of their first rows."""
    clips, raters, entries = {}, {}, {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            clip = clips.setdefault(row["path"], len(clips))
            rater = raters.setdefault(row["subject"], len(raters))
            entries[clip, rater] = float(row["score"])
    table = numpy.full((len(clips), len(raters)), numpy.nan)
    for place, score in entries.items():
        table[place] = score
    return table


def aggregates(values):
    return {
        "mean": float(numpy.mean(values)),
        "std": float(numpy.std(values)),
        "min": float(numpy.min(values)),
        "max": float(numpy.max(values)),
        # Every clip counts, and so does its place.
        "weighted": float(numpy.dot(numpy.arange(1, len(values) + 1), values)),
    }


def sos_parameter(mos, variance):
    x = (mos - 1) * (5 - mos)
    fit = numpy.linalg.lstsq(x[:, None], variance, rcond=None)[0][0]
    residuals = variance - fit * x
    error = numpy.sqrt(residuals @ residuals / (len(mos) - 1) / (x @ x))
    return {"a": float(fit), "standard_error": float(error)}


def draws(seed):
    while True:
        seed = (seed + GOLDEN) & MASK
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def consistency(table, size):
    stream = draws(SEED ^ (size * GOLDEN & MASK))
    order = list(range(table.shape[1]))
    values = []
    for _ in range(REPEATS):
        # The order goes on from the draw before.
        for last in range(len(order) - 1, 0, -1):
            other = (next(stream) * (last + 1)) >> 64
            order[last], order[other] = order[other], order[last]
        first, second = order[:size], order[size : 2 * size]
        a, b = numpy.nanmean(table[:, first], axis=1), numpy.nanmean(table[:, second], axis=1)
        both = numpy.isfinite(a) & numpy.isfinite(b)
        values.append(stats.spearmanr(a[both], b[both]).statistic)
    return {"raters": size, "mean": float(numpy.mean(values)), "std": float(numpy.std(values))}


def reference(path):
    table = read(path)
    mos = numpy.nanmean(table, axis=1)
    half = table.shape[1] // 2
    result = {
        "clips": table.shape[0],
        "raters": table.shape[1],
        "scores": int(numpy.isfinite(table).sum()),
        "mos": aggregates(mos),
        "consistency": [consistency(table, size) for size in range(1, half + 1)],
    }
    for ddof in (0, 1):
        sos = numpy.nanstd(table, axis=1, ddof=ddof)
        result[f"sos_ddof{ddof}"] = aggregates(sos)
        result[f"sos_parameter_ddof{ddof}"] = sos_parameter(mos, sos**2)
    return result


files = {os.path.basename(path): reference(path) for path in sys.argv[1:]}
versions = {"numpy": numpy.__version__, "scipy": scipy.__version__}
print(json.dumps({"versions": versions, "repeats": REPEATS, "seed": SEED, "files": files}, indent=1))
