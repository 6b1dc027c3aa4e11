"""What prnu-python finds of edited photographs: its own fingerprints, its own PCE (the greatest over all shifts).

``PYTHON evaluations/camera_peer_edits.py PEER DATA JOBS.json EDIT...``: PEER holds its functions as ``prnu.py``, JOBS
is what camera_attribution.py wrote (its fingerprints are there already), EDIT is ``crop 1024``, ``half``, ``1600`` or
``rotate``.
"""

import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

OTHER = {"D70_0": "D70_1", "D70_1": "D70_0", "LG": "Samsung", "Samsung": "LG"}


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    import prnu

    data, jobs = Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text("utf-8"))
    made = [job for job in jobs if job["kind"] == "fingerprint"]
    patterns = {name: np.load(job["out"]) for job in made for name in OTHER if name in str(job["pictures"][0])}
    photos = [*(data / "nikon/nat-jpg").iterdir(), *(data / "phones/photos").iterdir()]
    for edit in sys.argv[4:]:
        same, others = [], []
        for path in sorted(photos):
            name = next(one for one in OTHER if one in path.name)
            residual = prnu.extract_single(change(Image.open(path).convert("RGB"), edit))
            for found, pattern in ((same, patterns[name]), (others, patterns[OTHER[name]])):
                found.append(prnu.pce(prnu.crosscorr_2d(pattern.copy(), residual.copy()))["pce"])
        above = sum(one > max(others) for one in same)
        print(
            edit, f"{min(same):.0f} / {np.median(same):.0f} / {max(same):.0f}", above, f"{max(others):.1f}", flush=True
        )


def change(image: Image.Image, edit: str) -> np.ndarray:
    width, height = image.size
    if edit.startswith("crop"):
        side = int(edit.split()[1])
        left, top = (width - side) // 2 + 37, (height - side) // 2 + 21
        image = image.crop((left, top, left + side, top + side))
    elif edit in ("half", "1600"):
        share = 0.5 if edit == "half" else 1600 / width
        image = image.resize((round(width * share), round(height * share)), Image.Resampling.BICUBIC)
    else:
        image = image.rotate(1.5, Image.Resampling.BICUBIC)
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=70 if edit == "1600" else 95)
        return np.asarray(Image.open(file))


if __name__ == "__main__":
    main()
