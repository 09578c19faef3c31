"""Writes svr_reference.json: predictions of scikit-learn's SVR (libsvm) on data made from integers.

Needs numpy and scikit-learn. Run from this folder. The rows are not stored: the test makes them again with the same
integers, so both sides see the same bits.
"""

import itertools
import json
import sys

import numpy as np
import sklearn
from sklearn.svm import SVR

MASK = (1 << 64) - 1


def splitmix(state):
    """Steele, Lea and Flood's generator; 53-bit fractions of 1."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((z ^ (z >> 31)) >> 11) / (1 << 53)


def data(seed, count, width, grid, repeats):
    """Rows in 0..1 and targets; `grid` rounds the targets, the first `repeats` rows come again at the end."""
    draw = splitmix(seed)
    x = np.array([[next(draw) for _ in range(width)] for _ in range(count)])
    y = 3.0 + 2.0 * (x[:, 0] - 0.5) * (x[:, 1] - 0.5) + x[:, 2] * x[:, 2] - x[:, 3]
    y = y + 0.3 * (np.array([next(draw) for _ in range(count)]) - 0.5)
    if grid:
        y = np.floor(y / grid + 0.5) * grid
    for row in range(repeats):
        x[count - repeats + row] = x[row]
    return x, y


SETS = {
    "smooth": dict(seed=1, count=160, width=6, grid=0.0, repeats=0),
    "wide": dict(seed=2, count=90, width=61, grid=0.0, repeats=0),
    "grid": dict(seed=3, count=220, width=5, grid=0.125, repeats=0),
    "repeated": dict(seed=4, count=120, width=4, grid=0.25, repeats=40),
}
TEST_ROWS = 12


def main():
    cases = []
    for name, settings in SETS.items():
        x, y = data(**settings)
        test = data(seed=1000 + settings["seed"], count=TEST_ROWS, width=settings["width"], grid=0.0, repeats=0)[0]
        grid = [("linear", 0.0, c) for c in (0.5, 8.0)]
        grid += [("rbf", g, c) for g, c in ((0.015625, 1.0), (0.25, 16.0), (2.0, 1024.0), (1.0, 0.05), (0.25, 128.0))]
        for (kernel, gamma, c), epsilon, tolerance in itertools.product(grid, (0.1, 0.01), (1e-3, 1e-6)):
            model = SVR(kernel=kernel, gamma=gamma or "scale", C=c, epsilon=epsilon, tol=tolerance).fit(x, y)
            cases.append(
                dict(
                    set=name,
                    kernel=kernel,
                    gamma=gamma,
                    c=c,
                    epsilon=epsilon,
                    tolerance=tolerance,
                    support_vectors=int(model.support_.size),
                    iterations=int(np.ravel(model.n_iter_)[0]),
                    intercept=float(model.intercept_[0]),
                    predictions=[float(value) for value in model.predict(test)],
                )
            )
    reference = dict(
        made_by=f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}",
        test_rows=TEST_ROWS,
        sets=SETS,
        cases=cases,
    )
    with open("svr_reference.json", "w") as file:
        lines = ",\n".join("  " + json.dumps(case) for case in cases)
        head = json.dumps({key: value for key, value in reference.items() if key != "cases"})
        file.write(head[:-1] + ', "cases": [\n' + lines + "\n]}\n")


main()
