"""Reads noise residuals of files in sandboxed processes: references and probes that people name are hostile too."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Self, TypeVar, cast

import msgspec
import numpy as np

from varde.camera.fingerprint import Fingerprint
from varde.camera.packing import Noise, PackedResidual
from varde.camera.residual import Residual
from varde.core.camera import FingerprintKind
from varde.core.errors import Unreadable
from varde.core.locator import escape
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method
from varde.media.pool import Failure, FailureKind, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.pipeline.checking import ImpossibleAnswer
from varde.pipeline.checking_residuals import check_planes, digest_part, map_packed, read_answer, read_plane
from varde.pipeline.residual_process import PIXEL_BYTES, TARGET, ResidualAnswer, ResidualRequest
from varde.pipeline.sources import OpenPart, Source, open_part
from varde.pipeline.unreadable import refuse_unreadable
from varde.store.settings import Settings

_SPARE_BYTES: Final = 1 << 20
_ADVICE: Final = {
    Reason.NOT_DECODED: "Look whether the file is whole; get it again from the exhibit.",
    Reason.NOT_A_PICTURE: "Name photographs or videos.",
    Reason.NOT_A_PHOTOGRAPH: "Name files as the camera wrote them, not screenshots or drawings.",
    Reason.TOO_SMALL: "Find a larger copy; enlarging this one adds nothing.",
    Reason.TOO_LARGE: "Raise decode.max_pixels in varde.toml, or processing.memory_limit_mib.",
    Reason.TOO_DARK: "Take one with more light: a sensor's pattern shows with the light that falls on it.",
    Reason.OVEREXPOSED: "Take one with less light: where white is burnt out, no pattern is left.",
    Reason.BLANK: "Take one of a real scene, or of an evenly lit surface, as the camera wrote it.",
    Reason.QUALITY_TOO_LOW: "Find a copy that was compressed less.",
}


def advise_on_file(reason: Reason) -> str:
    """Returns what a person can do about a file that has no residual; "" where there is nothing to say."""
    return _ADVICE.get(reason, "")


Found = TypeVar("Found", bound=Noise, covariant=True)


@dataclass(frozen=True)  # slots would keep its aliases from being called: typing sets an attribute of what they make
class ReadRecord(Generic[Found]):
    """What was read of one file, whether or not it has a residual.

    Attributes:
        name: of the file; "" for bytes.
        sha256: of its bytes; b"" where they could not be read.
        kind: photo or video; None where it is neither.
        facts: plain values, such as ``make``, ``model``, ``serial``, ``orientation``, ``quality``, ``mean``.
        outcome: the residual, or why there is none.
        cpu_s: CPU seconds spent in the process.
    """

    name: str
    sha256: bytes
    kind: FingerprintKind | None
    facts: dict[str, object]
    outcome: Found | NotComparable
    cpu_s: float = 0.0


SourceRecord = ReadRecord[Residual]
PackedRecord = ReadRecord[PackedResidual]


@dataclass(frozen=True, slots=True)
class SourceReading:
    """A file's noise residual and plain facts of it.

    Attributes:
        name, sha256, kind, facts: as `SourceRecord`.
        size_px: width and height of the residual.
        residual: its planes are of this reading alone.
    """

    name: str
    sha256: bytes
    size_px: tuple[int, int]
    residual: Residual
    facts: dict[str, object]
    kind: FingerprintKind


@dataclass(slots=True)
class _Sent:
    """A file on its way: where its planes will be written, and what came of it once that is known."""

    name: str
    sink: int
    part: OpenPart | None = None
    record: ReadRecord[Noise] | None = None
    is_packed: bool = False

    def close(self) -> None:
        """Closes what is open of it."""
        if self.part is not None:
            os.close(self.part.descriptor)
            os.close(self.sink)
            self.part = None


class ResidualReader:
    """Sandboxed processes that read one file after the other. Use as a context manager; starting takes seconds."""

    def __init__(self, settings: Settings, processes: int = 1) -> None:
        """Starts the processes.

        Args:
            settings: limits of time, memory and pixels.
            processes: how many files may be worked on at once.
        """
        self._settings = settings
        self._processes = max(1, processes)
        self._most_pixels = settings.decode.max_pixels
        limits = SandboxLimits(
            settings.processing.memory_limit_mib << 20, write_bytes=PIXEL_BYTES * self._most_pixels + _SPARE_BYTES
        )
        self._pool = Pool(TARGET, self._processes, limits)
        self._sent: dict[int, _Sent] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        for sent in self._sent.values():
            sent.close()
        self._sent.clear()

    def read(
        self, source: Path | bytes | Source, fingerprint: Fingerprint | None = None
    ) -> SourceReading | NotComparable:
        """Returns a file's residual, or why it has none; `advise_on_file` says what to do.

        Args:
            source: a file, its bytes, or a source of an item.
            fingerprint: that the residual will be compared with: frames of a video that moved are aligned to it.

        Raises:
            NotFound: if there is no such file.
            VardeError: if the process cannot start.
        """
        record = self.examine(source, fingerprint)
        if isinstance(record.outcome, NotComparable):
            return record.outcome
        height, width = record.outcome.values.shape
        kind = record.kind or FingerprintKind.PHOTO
        return SourceReading(record.name, record.sha256, (width, height), record.outcome, record.facts, kind)

    def examine(self, source: Path | bytes | Source, fingerprint: Fingerprint | None = None) -> SourceRecord:
        """Returns what `read` does, with digest and facts also where there is no residual."""
        return cast(SourceRecord, self._receive(self._send(source, fingerprint)))

    def examine_all(self, sources: Iterable[Path | bytes | Source]) -> Iterator[SourceRecord]:
        """Yields what is read of each source, in their order; as many at once as there are processes."""
        return cast(Iterator[SourceRecord], self._examine_each(sources, is_packed=False))

    def examine_packed(self, sources: Iterable[Path | bytes | Source]) -> Iterator[PackedRecord]:
        """Yields the same with residuals packed, which costs a third: for many that are used up at once."""
        return cast(Iterator[PackedRecord], self._examine_each(sources, is_packed=True))

    def _examine_each(
        self, sources: Iterable[Path | bytes | Source], *, is_packed: bool
    ) -> Iterator[ReadRecord[Noise]]:
        waiting: deque[_Sent] = deque()
        for source in sources:
            waiting.append(self._send(source, is_packed=is_packed))
            if len(waiting) >= self._processes:
                yield self._receive(waiting.popleft())
        while waiting:
            yield self._receive(waiting.popleft())

    def _send(
        self, source: Path | bytes | Source, fingerprint: Fingerprint | None = None, *, is_packed: bool = False
    ) -> _Sent:
        name = _name(source)
        try:
            part = open_part(source)
        except Unreadable as error:
            return _Sent(name, -1, None, ReadRecord(name, b"", None, {}, refuse_unreadable(error)))
        limit_s = self._settings.processing.limit_s(part.size_bytes)
        sink = os.memfd_create("residual", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        sent = _Sent(name, sink, replace(part, descriptor=os.dup(part.descriptor)), is_packed=is_packed)
        self._sent[sink] = sent
        shape = (fingerprint.height_px, fingerprint.width_px) if fingerprint else None
        request = ResidualRequest(
            part.offset, part.size_bytes, self._settings.decode.limits(), limit_s, shape, is_packed
        )
        files = (part.descriptor, os.dup(sink), *((_hand_over(fingerprint),) if fingerprint else ()))
        self._pool.submit(Request(sink, msgspec.msgpack.encode(request), files, limit_s))
        return sent

    def _receive(self, sent: _Sent) -> ReadRecord[Noise]:
        while sent.record is None:
            for answer in self._pool.wait(1.0):
                other = self._sent.pop(answer.key)
                try:
                    other.record = _check_digest(self._read_answer(other, answer.result), other.part)
                finally:
                    other.close()
        return sent.record

    def _read_answer(self, sent: _Sent, result: bytes | Failure) -> ReadRecord[Noise]:
        if not isinstance(result, Failure):
            try:
                answer = read_answer(result, self._most_pixels)
                outcome = answer.refused or _load(sent, answer)
                return ReadRecord(sent.name, answer.sha256, answer.kind, answer.facts, outcome, answer.cpu_s)
            except ImpossibleAnswer as error:
                result = Failure(FailureKind.CRASHED, f"The decoder's answer cannot be true: {error}")
        reason = Reason.TOO_LARGE if result.kind is FailureKind.OUT_OF_MEMORY else Reason.NOT_DECODED
        return ReadRecord(sent.name, b"", None, {}, NotComparable(reason, result.detail))


def _load(sent: _Sent, answer: ResidualAnswer) -> Noise:
    """Returns the residual that a process wrote: its planes copied, since what is there now may still change."""
    if bool(answer.scales) != sent.is_packed:
        raise ImpossibleAnswer("a residual of another form than was asked for")
    if sent.is_packed:
        return map_packed(sent.sink, answer)
    size = (answer.height_px, answer.width_px)
    pixels = size[0] * size[1]
    values = read_plane(sent.sink, np.dtype(np.float32), 0, pixels).reshape(size)
    weights = read_plane(sent.sink, np.dtype(np.float32), 4 * pixels, pixels).reshape(size)
    luma = read_plane(sent.sink, np.dtype(np.uint8), 8 * pixels, pixels).reshape(size)
    residual = Residual(values, weights, luma, answer.usable, Method(*answer.method))
    check_planes(residual, answer.kind)
    return residual


def _name(source: Path | bytes | Source) -> str:
    return escape(os.fsencode(source.name)) if isinstance(source, Path) else ""


def _check_digest(record: ReadRecord[Noise], part: OpenPart | None) -> ReadRecord[Noise]:
    """Returns what was read, unless the process told another digest than its file has: that names what is compared."""
    if part is None or not record.sha256 or record.sha256 == digest_part(part):
        return record
    refused = NotComparable(Reason.NOT_DECODED, "The file changed while it was read.")
    return ReadRecord(record.name, b"", None, {}, refused)


def _hand_over(fingerprint: Fingerprint) -> int:
    """Returns a descriptor from which a process can read the fingerprint's values."""
    descriptor = os.memfd_create("fingerprint", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(np.ascontiguousarray(fingerprint.values).reshape(-1).view(np.uint8).data)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
