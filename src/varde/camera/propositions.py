"""The two propositions between which a likelihood ratio weighs, in words; written down before any figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Propositions:
    """What a result is weighed between.

    Attributes:
        same: that the camera in hand took the file.
        other: that another camera of the same model did.
    """

    same: str
    other: str


def make_propositions(file: str, camera: str, model: str = "") -> Propositions:
    """Returns the propositions about a file and a camera.

    Args:
        file: its name.
        camera: the camera's name at this site.
        model: make and model, where they are known.
    """
    of_model = f"the same model ({model})" if model else "the same model"
    return Propositions(
        f"The file {file} was taken by the camera {camera}.",
        f"The file {file} was taken by another camera of {of_model} as the camera {camera}.",
    )
