"""What dlib itself says of given pictures, and how long it takes: run by the Python that has dlib-bin.

`dlib_peer.py MODELS_FOLDER GIVEN.npz ANSWERED.npz`: GIVEN holds `chips` (N, 150, 150, 3) and pictures `p0`, `p1` ...;
ANSWERED holds `vectors`, per picture boxes with scores `b0` ... and landmarks `l0` ..., and CPU seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import dlib
import numpy as np


def main() -> None:
    folder, given, answered = Path(sys.argv[1]), np.load(sys.argv[2]), sys.argv[3]
    embed = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))
    detect = dlib.cnn_face_detection_model_v1(str(folder / "mmod_human_face_detector.dat"))
    predict = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
    found: dict[str, np.ndarray] = {}
    embed.compute_face_descriptor(np.ascontiguousarray(given["chips"][0]))
    start = time.process_time()
    found["vectors"] = np.array([embed.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in given["chips"]])
    found["embed_s"] = np.array(time.process_time() - start)
    detect_s = landmarks_s = 0.0
    for number in range(sum(name.startswith("p") for name in given.files)):
        picture = given[f"p{number}"]
        start = time.process_time()
        seen = [(one.rect, one.confidence) for one in detect(picture, 0)]
        detect_s += time.process_time() - start
        start = time.process_time()
        shapes = [predict(picture, rect) for rect, _ in seen]
        landmarks_s += time.process_time() - start
        rows = [(r.left(), r.top(), r.right(), r.bottom(), score) for r, score in seen]
        points = [[(shape.part(i).x, shape.part(i).y) for i in range(5)] for shape in shapes]
        found[f"b{number}"] = np.array(rows, np.float64).reshape(-1, 5)
        found[f"l{number}"] = np.array(points, np.int64).reshape(-1, 5, 2)
    found["detect_s"], found["landmarks_s"] = np.array(detect_s), np.array(landmarks_s)
    found["version"] = np.array(dlib.__version__)
    np.savez(answered, **found)


if __name__ == "__main__":
    main()
