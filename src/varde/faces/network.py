"""What is asked of a network that looks at faces, and pictures in the form it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from varde.core.errors import FormatError
from varde.faces.raw import Floats, Pixels


class Network(Protocol):
    """A network that can be run; `varde.models.session.OrtSession` is one."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def run(self, arrays: Mapping[str, npt.NDArray[Any]]) -> list[Floats]:
        """Returns the outputs, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class PictureInput:
    """What a network wants to be given, as its card's ``input`` says.

    Attributes:
        alignment: name of an alignment that `varde.faces.crops.cut_chip` knows.
        size_px: side of the square picture.
        is_bgr: whether blue comes first.
        mean, deviation: per channel in the order that the network takes them; it is given (value - mean) / deviation.
    """

    alignment: str
    size_px: int
    is_bgr: bool
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def make_blob(self, pictures: Sequence[Pixels]) -> Floats:
        """Returns (N, 3, H, W) float32 of N pictures (H, W, 3) uint8 RGB."""
        stacked = np.stack(pictures)
        if self.is_bgr:
            stacked = stacked[..., ::-1]
        blob = stacked.transpose(0, 3, 1, 2).astype(np.float32)
        blob -= np.array(self.mean, np.float32)[:, None, None]
        blob /= np.array(self.deviation, np.float32)[:, None, None]
        return np.ascontiguousarray(blob)


def read_picture_input(fields: Mapping[str, Any]) -> PictureInput:
    """Returns what a card's ``input`` says.

    Raises:
        FormatError: if a field is missing or is not what it should be.
    """
    try:
        height, width = (int(side) for side in fields["size"])
        mean, deviation = (tuple(float(value) for value in fields[name]) for name in ("mean", "deviation"))
        colour, alignment = str(fields["colour"]), str(fields["alignment"])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"a model's card has no usable input: {error}", advice=_ADVICE) from error
    is_sound = height == width > 0 and len(mean) == len(deviation) == 3 and all(deviation)
    if not is_sound or colour not in ("rgb", "bgr"):
        raise FormatError("a model's card has an input that no picture can be given to", advice=_ADVICE)
    return PictureInput(alignment, height, colour == "bgr", mean, deviation)


_ADVICE = "docs/reference/models.md lists the fields: size, colour, mean, deviation, alignment."
