"""Makes sketches of sensor noise inside a decoder process."""

from __future__ import annotations

from typing import Final

from varde.camera import residual
from varde.camera.photographic import measure_exposure, refuse_unphotographic
from varde.camera.sketch import Sketcher
from varde.core.errors import Unreadable
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable, Reason
from varde.core.source_sketch import SourceSketch
from varde.media.sensor import read_sensor_picture
from varde.pipeline.unreadable import refuse_unreadable

_STATED: Final = ("make", "model", "software", "quality")
_MOST_WORD: Final = 100


class SketchMaker:
    """Makes the sketches of one picture after another."""

    def __init__(self) -> None:
        """Compiles and loads everything: later nothing can be opened any more."""
        residual.warm_up()
        self._sketcher = Sketcher()

    def sketch(self, data: bytes, limits: DecodeLimits) -> SourceSketch:
        """Returns the sketch of a picture file, or why it has none."""
        try:
            read = read_sensor_picture(data, limits)
        except Unreadable as error:
            return SourceSketch(0, 0, refuse_unreadable(error), {})
        stated: dict[str, str | float] = {
            name: value[:_MOST_WORD] if isinstance(value, str) else value
            for name in _STATED
            if isinstance(value := read.facts.get(name), str | int | float)
        }
        refused = refuse_unphotographic(measure_exposure(read.pixels), read.facts)
        if refused:
            height, width = read.pixels.shape[:2]
            return SourceSketch(int(height), int(width), refused, stated)
        return self._sketcher.sketch(read.pixels, stated)

    def refuse_animation(self) -> SourceSketch:
        """Returns the sketch of an animated picture: none."""
        return SourceSketch(0, 0, NotComparable(Reason.NOT_A_PHOTOGRAPH, "It is an animated picture."), {})
