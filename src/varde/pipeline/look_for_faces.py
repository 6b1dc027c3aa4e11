"""Looks for faces in what was decoded: one in a picture after another, tracks in a video or an animated picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.core.face import MOST_FACES, AgeBracket, Face, FaceBox, FaceFrame, FacesFound
from varde.core.outcome import NotComparable
from varde.faces.raw import RawFace
from varde.faces.tracks import FaceTracker, Seen, Track, make_rules

if TYPE_CHECKING:
    from varde.faces.engine import FaceEngine

Pixels = npt.NDArray[np.uint8]

PICTURE_PX: Final = 1600
"""Longest side from which on pictures are given to the engine; up to twice as many where that saves resampling."""

FRAME_PX: Final = 960
"""Longest side of a video's frames that faces are looked for in."""

TURNED_EVERY: Final = 8
"""Of the frames of a video in which no upright face is, every so many are turned; all of them after one helped."""

SHARE_OF_LIMIT: Final = 0.4
"""Of a file's time limit that looking for faces in a video may take, by the engine's stated cost."""

_MOST_FRAME_PIXELS: Final = 2_000 * FRAME_PX * FRAME_PX


class Engine(Protocol):
    """What finds faces; see `varde.faces.engine.FaceEngine`."""

    @property
    def cost_s_per_mpx(self) -> float:
        """CPU seconds that looking at a megapixel takes, about."""
        ...

    def find(self, rgb: Pixels, *, full_width: int) -> FacesFound:
        """Returns the faces of a picture."""
        ...

    def look(self, rgb: Pixels, *, turned: bool = True) -> list[RawFace]:
        """Returns the faces of a frame, in its pixels, where there is no upright one also turned ones."""
        ...

    def cut(self, rgb: Pixels, raw: RawFace, *, offset_s: float | None) -> FaceFrame:
        """Returns a face, cut out, with its quality."""
        ...

    def embed_frames(self, frames: Sequence[FaceFrame], *, width_px: float) -> bytes | NotComparable:
        """Returns the embedding over several frames of one face that is so wide in the best of them."""
        ...

    def estimate_age(self, frames: Sequence[FaceFrame]) -> AgeBracket | None:
        """Returns how old a face looks."""
        ...


class FaceLooker:
    """Looks for faces with one engine; its thresholds say when two frames show one person."""

    def __init__(self, engine: Engine, thresholds: Mapping[str, float], thorough: Engine | None = None) -> None:
        """Takes an engine that is warmed up.

        Args:
            engine: finds and embeds faces.
            thresholds: of its embedder's card, by false accept rate.
            thorough: looks at pictures in its stead: in every turn of every frame of a video it would find more of what
                is no face than faces.
        """
        self._engine = engine
        self._thorough = thorough or engine
        self._rules = make_rules(thresholds)

    def look_at_picture(self, rgb: Pixels, full_width: int) -> FacesFound:
        """Returns the faces of an upright picture.

        Args:
            rgb: (H, W, 3) uint8.
            full_width: of the upright picture before it was scaled, in pixels.
        """
        return self._thorough.find(rgb, full_width=full_width)

    def start_video(self) -> VideoLooker:
        """Returns what takes the frames of one video."""
        return VideoLooker(self._engine, FaceTracker(self._rules, self._cut, self._embed))

    def count_pixels(self, limit_s: float) -> int:
        """Returns how many pixels of frames may be looked at in a file with a time limit; the same for the same."""
        pixels = SHARE_OF_LIMIT * limit_s / max(self._engine.cost_s_per_mpx, 1e-3) * 1e6
        return int(min(pixels, _MOST_FRAME_PIXELS))

    def _cut(self, rgb: Pixels, raw: RawFace, offset_s: float) -> FaceFrame:
        return self._engine.cut(rgb, raw, offset_s=offset_s)

    def _embed(self, seen: Sequence[Seen]) -> npt.NDArray[np.float32] | None:
        made = self._engine.embed_frames([one.frame for one in seen], width_px=seen[0].raw.width)
        return None if isinstance(made, NotComparable) else np.frombuffer(made, "<f4").astype(np.float32)


class VideoLooker:
    """Takes the frames of one video in the order of time and gives its tracks."""

    def __init__(self, engine: Engine, tracker: FaceTracker) -> None:
        self._engine, self._tracker = engine, tracker
        self._full_width = 1
        self._turned = 0
        self._last_s = 0.0

    def add(self, offset_s: float, rgb: Pixels, full_width: int) -> None:
        """Looks at one frame.

        Args:
            offset_s: time from the start in seconds.
            rgb: (H, W, 3) uint8, upright.
            full_width: before it was scaled, in pixels.
        """
        self._full_width, self._last_s = full_width, offset_s
        is_turned = self._turned > 0 or self._tracker.frames % TURNED_EVERY == 0
        found = self._engine.look(rgb, turned=is_turned)
        self._turned = TURNED_EVERY if any(face.angle for face in found) else self._turned - 1
        self._tracker.add(offset_s, rgb, found)

    def finish(self) -> FacesFound:
        """Returns the tracks as faces, the most confident first."""
        tracks = self._tracker.finish()
        kept = [self._make_face(track) for track in tracks[:MOST_FACES]]
        kept.sort(key=lambda face: -face.confidence)
        dropped = self._tracker.dropped + len(tracks) - len(kept)
        return FacesFound(tuple(kept), dropped, _describe(self._tracker.frames, self._last_s))

    def _make_face(self, track: Track) -> Face:
        best, frames = track.frames[0], tuple(one.frame for one in track.frames)
        raw, (width, height) = best.raw, best.sides
        return Face(
            box=FaceBox(raw.left / width, raw.top / height, raw.width / width, raw.height / height),
            landmarks=tuple((float(x) / width, float(y) / height) for x, y in raw.landmarks),
            angle=raw.angle,
            size_px=raw.width / width * self._full_width,
            confidence=raw.confidence,
            frames=frames,
            embedding=self._engine.embed_frames(frames, width_px=raw.width),
            seen_frames=track.seen_frames,
            first_s=track.first_s,
            last_s=track.last_s,
            age=self._engine.estimate_age(frames),
        )


def _describe(frames: int, last_s: float) -> str:
    """Returns what was looked at, such as ``960 px, 12 frames, 1/1.0s``."""
    gap = f", 1/{last_s / (frames - 1):.1f}s" if frames > 1 and last_s > 0 else ""
    return f"{FRAME_PX} px, {frames} {'frame' if frames == 1 else 'frames'}{gap}"


class EngineSource:
    """Opens engines with the models in a folder, whose files it read when it was made.

    Graphs are made by others, and what parses them has faults too. So a process reads files and loads libraries first,
    is locked down, and parses graphs then.
    """

    def __init__(self, pack_folder: str) -> None:
        """Reads the files, and loads onnxruntime.

        Raises:
            VardeError: if the folder is no pack, or a file in it is not what its card says.
        """
        from varde.core.model import ModelTask
        from varde.faces import tiles
        from varde.faces.engine import read_predictor
        from varde.models.registry import open_folder
        from varde.models.session import warm_up

        pack = open_folder(Path(pack_folder))
        self._pack = pack.hold((ModelTask.FACE_DETECT, ModelTask.FACE_EMBED, ModelTask.FACE_AGE))
        self._predictor = read_predictor(pack)
        self.thresholds = pack.get(ModelTask.FACE_EMBED).thresholds
        warm_up()
        tiles.warm_up()

    def open(self, *, thorough: bool = False) -> FaceEngine:
        """Returns an engine, warmed up.

        Raises:
            VardeError: if a graph cannot be run, or a card names something that is not known here.
        """
        from varde.faces.engine import open_engine

        return open_engine(self._pack, thorough=thorough, predictor=self._predictor)


class LookerSource:
    """Gives the looker of a process, opened when it is wanted first."""

    def __init__(self, pack_folder: str, *, thorough: bool = False) -> None:
        """Reads the files of the models; see `EngineSource`."""
        self._engines: EngineSource | None = EngineSource(pack_folder)
        self._thorough = thorough
        self._looker: FaceLooker | None = None

    def get(self) -> FaceLooker:
        """Returns the looker.

        Raises:
            VardeError: as `EngineSource.open`.
        """
        if self._looker is None:
            self._looker = self._open()
            self._engines = None  # what was read is not needed twice
        return self._looker

    def _open(self) -> FaceLooker:
        if self._engines is None:
            raise WrongUse("a looker is opened once")
        engine = self._engines.open()
        return FaceLooker(
            engine, self._engines.thresholds, self._engines.open(thorough=True) if self._thorough else None
        )


def open_looker(pack_folder: str, *, thorough: bool = False) -> FaceLooker:
    """Returns a looker with the models in a folder, warmed up; loads onnxruntime.

    Raises:
        VardeError: if the folder is no pack, or a file in it is not what its card says.
    """
    return LookerSource(pack_folder, thorough=thorough).get()
