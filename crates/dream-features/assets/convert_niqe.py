"""Writes niqe-photographs.f64 from basicsr/metrics/niqe_pris_params.npz of the BasicSR 1.4.2 sdist.

    python3 convert_niqe.py niqe_pris_params.npz niqe-photographs.f64
"""

import hashlib
import sys

import numpy

SHA256 = "2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296"

source, target = sys.argv[1:]
with open(source, "rb") as file:
    found = hashlib.sha256(file.read()).hexdigest()
if found != SHA256:
    sys.exit(f"{source} is another file: SHA-256 {found}")
model = numpy.load(source)
with open(target, "wb") as file:
    for name in ("mu_pris_param", "cov_pris_param"):
        file.write(model[name].astype("<f8").tobytes())
