"""Runs polimi-ispl/prnu-python in a process of its own, with an interpreter that has what it needs.

``PYTHON evaluations/camera_peer.py FOLDER JOBS.json``: FOLDER holds its functions as ``prnu.py``. Each job names a kind
and files of arrays: ``residual`` (picture -> out), ``fingerprint`` (pictures -> out), ``peaks`` (a residual, a
fingerprint and places of both -> its own PCE, the greatest over all shifts). A job whose file exists is not done again.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    import prnu

    for job in json.loads(Path(sys.argv[2]).read_text("utf-8")):
        out = Path(job["out"])
        if out.exists():
            continue
        if job["kind"] == "residual":
            made = prnu.extract_single(_read(job["picture"]))
        elif job["kind"] == "fingerprint":
            made = prnu.extract_multiple_aligned([_read(one) for one in job["pictures"]], processes=1, tqdm_str=None)
        else:
            residual, fingerprint = np.load(job["residual"]), np.load(job["fingerprint"])
            made = np.array([_peak(prnu, residual, fingerprint, place) for place in job["places"]])
        np.save(out, made)


def _peak(prnu, residual, fingerprint, place):
    """Returns the peer's PCE of parts: place is (top, left, height, width) in the residual, then in the fingerprint."""
    one, other = (
        array[top : top + height, left : left + width].copy()
        for array, (top, left, height, width) in zip((residual, fingerprint), place, strict=True)
    )
    return prnu.pce(prnu.crosscorr_2d(other, one))["pce"]


def _read(path):
    if path.endswith(".npy"):
        return np.load(path)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).copy()


if __name__ == "__main__":
    main()
