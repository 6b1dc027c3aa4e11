"""Runs dlib's HOG detector in a process of its own, with the interpreter that has `dlib-bin`.

`PEER evaluations/face_peer.py PICTURES.npz` prints one JSON line per picture: boxes (left, top, width, height) without
and with one enlargement.
"""

import json
import sys

import dlib
import numpy as np


def main() -> None:
    detector = dlib.get_frontal_face_detector()
    with np.load(sys.argv[1]) as pictures:
        for name in pictures.files:
            found = [[_to_box(one) for one in detector(pictures[name], times)] for times in (0, 1)]
            print(json.dumps(found))


def _to_box(one: dlib.rectangle) -> list[int]:
    return [one.left(), one.top(), one.width(), one.height()]


if __name__ == "__main__":
    main()
