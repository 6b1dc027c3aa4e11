"""Examines one item inside a decoder process: reads it once, says what it is, decodes it, computes its signals.

This is the item boundary: the one place that turns any failure into an issue of exactly this item.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from varde.core.content import Content
from varde.core.errors import Unreadable, VardeError
from varde.core.face import FacesFound
from varde.core.issue import Issue, IssueCode, Step
from varde.core.limits import DecodeLimits
from varde.core.media import EMPTY, MediaKind
from varde.core.outcome import Reason
from varde.core.signal import Signal
from varde.evidence.reading import ExhibitFile
from varde.hashing import local_features
from varde.hashing.digests import compute_digests
from varde.media import picture, video
from varde.media.animation import read_further_frames
from varde.media.sampling import DEFAULT_SAMPLING, ColourFrames, FrameUse, Sampling
from varde.media.sniff import HEAD_BYTES, TAIL_BYTES, sniff
from varde.pipeline.look_for_faces import FRAME_PX, PICTURE_PX, FaceLooker, LookerSource, VideoLooker
from varde.pipeline.steps import FeatureCollector, FrameHasher, Grey, hash_picture, refuse_signals

if TYPE_CHECKING:
    from varde.pipeline.sketch_maker import SketchMaker

TARGET = "varde.pipeline.examine:prepare"
"""What decoder processes are started with; ``:FOLDER`` of a pack after it where they are to look for faces."""

SKETCHING_TARGET = "varde.pipeline.examine:prepare_sketching"
"""The same, for those that sketch the noise of sensors too."""

PROBE_TARGET = "varde.pipeline.examine:prepare_probe"

IN_MEMORY_BYTES = 512 << 20
"""Files up to this size are read into memory once; larger ones are digested in pieces and then read again."""


@dataclass(frozen=True, slots=True)
class ExamineRequest:
    """What to examine: a part of the one descriptor that comes along.

    Attributes:
        offset, size_bytes: the part.
        limits: what decoding may cost.
        decode: False after a first attempt has ended a process: then only digests and type are taken.
        sampling: which frames of a video are looked at.
        local_features: whether local features are computed too; they cost about as much as decoding.
        faces: whether faces are looked for too, where the process was given models; they cost more than the rest.
        sketch: whether the sensor's noise is sketched too, in a process that is ready for it.
    """

    offset: int
    size_bytes: int
    limits: DecodeLimits
    decode: bool = True
    sampling: Sampling = DEFAULT_SAMPLING
    local_features: bool = False
    faces: bool = False
    sketch: bool = False


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of it.

    Attributes:
        content: None where not even the bytes could be read.
        issues: why it was not, or not fully, examined.
        cpu_s: CPU seconds by step.
    """

    content: Content | None
    issues: tuple[Issue, ...]
    cpu_s: dict[str, float]


def prepare(pack_folder: str = "") -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process, everything it needs imported and warmed up.

    Args:
        pack_folder: of the models that look for faces, "" where nobody wants them; their files are read here, before
            the process is locked down, and parsed after that.
    """
    return _make_handler(LookerSource(pack_folder) if pack_folder else None)


def prepare_sketching(pack_folder: str = "") -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process that also sketches the noise of sensors: else as `prepare`."""
    from varde.pipeline.sketch_maker import SketchMaker

    return _make_handler(LookerSource(pack_folder) if pack_folder else None, SketchMaker())


def prepare_probe(pack_folder: str) -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a process that looks at probes: as `prepare`, but thoroughly."""
    return _make_handler(LookerSource(pack_folder, thorough=True))


def _make_handler(source: LookerSource | None, maker: SketchMaker | None = None) -> Callable[[bytes, list[int]], bytes]:
    picture.warm_up()
    video.warm_up()
    local_features.warm_up()
    decoder = msgspec.msgpack.Decoder(ExamineRequest)
    encoder = msgspec.msgpack.Encoder()

    def handle(payload: bytes, files: list[int]) -> bytes:
        return encoder.encode(_examine_with(source, decoder.decode(payload), files[0], maker))

    return handle


def _examine_with(
    source: LookerSource | None, request: ExamineRequest, descriptor: int, maker: SketchMaker | None
) -> Examination:
    """Returns what `examine` does, with the looker of the process, which is opened for the first request for faces."""
    try:
        looker = source.get() if source and request.faces else None
    except VardeError as error:
        plain = examine(request, descriptor, maker=maker)
        issue = Issue(IssueCode.INTERNAL, Step.FACES, f"The face models cannot be used: {error}")
        return replace(plain, issues=(*plain.issues, issue))
    return examine(request, descriptor, looker, maker)


def examine(
    request: ExamineRequest,
    descriptor: int,
    looker: FaceLooker | None = None,
    maker: SketchMaker | None = None,
) -> Examination:
    """Returns what could be found out about one item; never raises but for `MemoryError`.

    Where looking for faces or sketching fails, it is examined once more without.

    Args:
        request: which part of the file, and the limits.
        descriptor: open for reading; stays open.
        looker: looks for faces, where the request wants them.
        maker: sketches the sensor's noise, where the request wants that.
    """
    work = _Examination(request, looker if request.faces else None, maker if request.sketch else None)
    try:
        with ExhibitFile(os.dup(descriptor), os.fstat(descriptor), request.offset, request.size_bytes) as file:
            work.run(file)
    except Unreadable as error:
        work.add_issue(IssueCode(error.issue_code), Step.READ, str(error))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the item boundary
        if work.further is not None:
            is_faces = work.further is Step.FACES
            plain = examine(request, descriptor, None if is_faces else looker, maker if is_faces else None)
            issue = Issue(IssueCode.INTERNAL, work.further, f"{type(error).__name__}: {error}")
            return replace(plain, issues=(*plain.issues, issue))
        work.add_issue(IssueCode.INTERNAL, Step.DECODE, f"{type(error).__name__}: {error}")
    return Examination(work.content, tuple(work.issues), work.cpu_s)


class _Examination:
    def __init__(self, request: ExamineRequest, looker: FaceLooker | None, maker: SketchMaker | None) -> None:
        self._request = request
        self._looker = looker
        self._maker = maker
        self.further: Step | None = None
        self.content: Content | None = None
        self.issues: list[Issue] = []
        self.cpu_s: dict[str, float] = {}
        self._features = FeatureCollector(wanted=request.local_features)

    def add_issue(self, code: IssueCode, step: Step, cause: str) -> None:
        self.issues.append(Issue(code, step, cause))

    def run(self, file: ExhibitFile) -> None:
        if file.size_bytes <= IN_MEMORY_BYTES:
            with self._timed("read"):
                data = file.read_whole(IN_MEMORY_BYTES)
            self._identify([data], data[:HEAD_BYTES], data[-TAIL_BYTES:])
        else:
            data = None
            with file.open_slice() as part:
                head = part.read(HEAD_BYTES)
                part.seek(-TAIL_BYTES, os.SEEK_END)
                tail = part.read()
            self._identify(file.chunks(), head, tail)
        if self._request.decode:
            self._decode(file, data)

    def _identify(self, chunks: list[bytes] | Iterator[bytes], head: bytes, tail: bytes) -> None:
        with self._timed("digest"):
            digests = compute_digests(chunks)
        media_type = sniff(head, tail)
        self.content = Content(digests, media_type)
        if media_type == EMPTY:
            self.add_issue(IssueCode.EMPTY, Step.READ, "It has no bytes.")

    def _decode(self, file: ExhibitFile, data: bytes | None) -> None:
        assert self.content  # noqa: S101 - set by _identify
        kind = self.content.media_type.kind
        try:
            if kind is MediaKind.PICTURE:
                self._decode_picture(data)
            elif kind is MediaKind.VIDEO:
                self._decode_video(file)
        except Unreadable as error:
            self.add_issue(IssueCode(error.issue_code), Step.DECODE, str(error))
            self.content = replace(self.content, signals=refuse_signals(Reason.NOT_DECODED, str(error)))

    def _decode_picture(self, data: bytes | None) -> None:
        if data is None:
            raise Unreadable(IssueCode.TOO_LARGE, f"A picture file of more than {IN_MEMORY_BYTES >> 20} MiB.")
        with self._timed("decode"):
            reading = picture.read_picture(data, self._request.limits, PICTURE_PX if self._looker else 0)
        frames = reading.facts.frames or 1
        if frames > 1 and not reading.issues:
            self._decode_animation(data, reading, frames)
            return
        with self._timed("hash"):
            signals = hash_picture(reading.grey)
        with self._timed("features"):
            self._features.add(None, reading.grey)
        self._complete(reading, signals)
        if self._looker and reading.colour is not None:
            with self._looking():
                found = self._looker.look_at_picture(reading.colour, _find_full_width(reading))
            self._keep_faces(found)
        if self._maker:
            with self._trying(Step.SOURCES):
                sketch = self._maker.sketch(data, self._request.limits)
            self.content = replace(self.content, sketch=sketch)  # type: ignore[type-var]

    def _decode_animation(self, data: bytes, reading: picture.PictureReading, frames: int) -> None:
        video_looker = self._looker.start_video() if self._looker else None
        colour = self._make_colour(video_looker)
        if colour and reading.colour is not None:
            colour.on_frame(0.0, reading.colour, _find_full_width(reading))
        self._complete(reading, self._hash_frames(data, reading.grey, frames, colour))
        if self._maker:
            self.content = replace(self.content, sketch=self._maker.refuse_animation())  # type: ignore[type-var]
        self._finish_faces(video_looker)

    def _hash_frames(self, data: bytes, first: Grey, frames: int, colour: ColourFrames | None) -> tuple[Signal, ...]:
        hasher = FrameHasher(self._request.limits.max_frames)
        on_frame = self._hand_frames_to(hasher)
        on_frame(0.0, first, FrameUse.FEATURES)
        with self._timed("decode"):
            self.issues += read_further_frames(
                data,
                frames,
                self._request.limits,
                lambda offset_s, grey: on_frame(offset_s, grey, FrameUse.FEATURES),
                colour,
            )
        return hasher.signals()

    def _hand_frames_to(self, hasher: FrameHasher) -> Callable[[float, Grey, FrameUse], None]:
        def on_frame(offset_s: float, grey: Grey, use: FrameUse) -> None:
            hasher.add(offset_s, grey, use)
            self._features.add(offset_s, grey, use)

        return on_frame

    def _decode_video(self, file: ExhibitFile) -> None:
        limits, sampling = self._request.limits, self._request.sampling
        hasher = FrameHasher(limits.max_frames)
        video_looker = self._looker.start_video() if self._looker else None
        with self._timed("decode"):
            reading = video.read_video(
                file.open_slice(), limits, self._hand_frames_to(hasher), sampling, self._make_colour(video_looker)
            )
        self._complete(reading, hasher.signals(), reading.sampling)
        self._finish_faces(video_looker)

    def _make_colour(self, video_looker: VideoLooker | None) -> ColourFrames | None:
        if video_looker is None or self._looker is None:
            return None

        def on_frame(offset_s: float, rgb: npt.NDArray[np.uint8], full_width: int) -> None:
            with self._looking():
                video_looker.add(offset_s, rgb, full_width)

        return ColourFrames(FRAME_PX, self._looker.count_pixels(self._request.sampling.limit_s), on_frame)

    def _finish_faces(self, video_looker: VideoLooker | None) -> None:
        if video_looker is not None:
            with self._looking():
                found = video_looker.finish()
            self._keep_faces(found)

    def _keep_faces(self, found: FacesFound) -> None:
        assert self.content  # noqa: S101 - set by _identify
        self.content = replace(self.content, faces=found)

    def _complete(
        self, reading: picture.PictureReading | video.VideoReading, signals: tuple[Signal, ...], sampling: str = ""
    ) -> None:
        assert self.content  # noqa: S101 - set by _identify
        self.content = replace(
            self.content,
            facts=reading.facts,
            thumbnail=reading.thumbnail,
            signals=signals,
            sampling=sampling,
            local_features=self._features.outcome(),
        )
        self.issues += reading.issues

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Marks that faces are looked for: a failure inside is one of theirs."""
        with self._trying(Step.FACES):
            yield

    @contextmanager
    def _trying(self, step: Step) -> Iterator[None]:
        """Marks a step that the item can do without: a failure inside is one of its own."""
        self.further = step
        with self._timed(step.value):
            yield
        self.further = None

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        start, faces_s = time.process_time(), self.cpu_s.get("faces", 0.0)
        try:
            yield
        finally:
            inside_s = self.cpu_s.get("faces", 0.0) - faces_s  # frames are looked at for faces while decoding goes on
            self.cpu_s[step] = self.cpu_s.get(step, 0.0) + time.process_time() - start - inside_s


def _find_full_width(reading: picture.PictureReading) -> int:
    """Returns the width of the upright picture before it was scaled."""
    assert reading.colour is not None  # noqa: S101 - asked by the caller
    height, width = int(reading.colour.shape[0]), int(reading.colour.shape[1])
    longest_px = max(reading.facts.width_px, reading.facts.height_px)
    return max(1, round(longest_px * (width / max(height, width))))
