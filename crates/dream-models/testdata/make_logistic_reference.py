"""Writes logistic_reference.json: weights of scikit-learn's LogisticRegression on data made from integers.

Needs numpy and scikit-learn. Run from this folder. The rows are not stored: the test makes them again with the same
integers, so both sides see the same bits.
"""

import json
import sys

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

MASK = (1 << 64) - 1


def splitmix(state):
    """Steele, Lea and Flood's generator; 53-bit fractions of 1."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((z ^ (z >> 31)) >> 11) / (1 << 53)


def data(seed, count, width, noise, threshold):
    """Rows in -2..2, and labels from the sum of the first three columns; all columns depend a little on the first."""
    draw = splitmix(seed)
    x = np.array([[4.0 * next(draw) - 2.0 for _ in range(width)] for _ in range(count)])
    for column in range(1, width):
        x[:, column] = x[:, column] + 0.25 * x[:, 0]
    z = x[:, 0] + 0.5 * x[:, 1] - 0.75 * x[:, 2]
    z = z + noise * (np.array([next(draw) for _ in range(count)]) - 0.5)
    return x, z > threshold


SETS = {
    "noisy": dict(seed=1, count=200, width=5, noise=6.0, threshold=0.0),
    "rare": dict(seed=2, count=150, width=4, noise=2.0, threshold=2.5),
    "wide": dict(seed=3, count=40, width=60, noise=1.0, threshold=0.0),
    "separable": dict(seed=4, count=80, width=3, noise=0.0, threshold=0.0),
}


def main():
    cases = []
    for name, settings in SETS.items():
        x, y = data(**settings)
        for c in (0.005, 1.0, 100.0):
            model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-14, max_iter=1000).fit(x, y)
            cases.append(
                dict(
                    set=name,
                    c=c,
                    positive=int(y.sum()),
                    intercept=float(model.intercept_[0]),
                    weights=[float(w) for w in model.coef_[0]],
                    probability=float(model.predict_proba(x[:1])[0, 1]),
                )
            )
    versions = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}"
    with open("logistic_reference.json", "w") as out:
        out.write(json.dumps(dict(made_by=versions, sets=SETS))[:-1] + ', "cases": [\n  ')
        out.write(",\n  ".join(json.dumps(case) for case in cases) + "\n]}\n")


main()
