"""vPDQ: frame hashes of videos, as the vPDQ tool writes one video a file and the ThreatExchange library one a line.

A video is a run of lines ``frame,quality,hex,seconds`` or ``hex,quality,seconds``; the next one begins after a blank
line, or where frame numbers or times start again. Or it is one line that is a JSON list of ``hex,quality,seconds``.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from varde.core.errors import FormatError, WrongUse
from varde.core.known import KnownEntry, SetHeader
from varde.core.signal import PerceptualHash
from varde.hashing.video_hash import read_vpdq_line, read_vpdq_signal
from varde.known.format import Examples, InvalidExample, OpenedSet, ReadOptions, ValidExample
from varde.known.text import read_head, read_lines

MAX_FRAMES = 1 << 20
"""Frames of one video; a known entry has no more hashes than this."""

_FEATURE = r"[0-9a-fA-F]{64}\s*,\s*\d{1,3}\s*,\s*\d[\d.eE+-]*"
_LINE = re.compile(rf"(?:{_FEATURE}|\d{{1,9}}\s*,\s*\d{{1,3}}\s*,\s*[0-9a-fA-F]{{64}}\s*,\s*\d[\d.eE+-]*)")
_SIGNAL = re.compile(rf'\[\s*(?:"{_FEATURE}"|\])')
_OLD_SIGNAL = re.compile(r'\{\s*"\d+"\s*:\s*\{\s*"(?:quality|hash|timestamp)"')
_DENSE_S = 0.11


class VpdqFormat:
    """Frame hashes of one or more videos."""

    name = "vpdq"
    title = "vPDQ frame hashes of videos, lines or JSON lists of HEX,QUALITY,SECONDS"

    def detect(self, path: Path) -> bool:
        """Returns whether the first line that is neither blank nor a comment is a frame or a list of frames."""
        for line in read_head(path).splitlines():
            text = line.strip().lstrip("\ufeff")
            if text and not text.startswith("#"):
                is_signal = _SIGNAL.match(text) or _OLD_SIGNAL.match(text)
                return is_signal is not None or _LINE.fullmatch(text) is not None
        return False

    def open(self, path: Path, options: ReadOptions) -> OpenedSet:
        """Returns the set; see `KnownFormat.open`. An entry is a video."""
        notes: list[str] = []
        lines = read_lines(path, options.encoding)
        return OpenedSet(SetHeader(), _read_entries(lines, notes), notes, lines.close)

    def examples(self) -> Examples:
        """Returns files of every form, and defects."""
        return EXAMPLES


@dataclass(slots=True)
class _Video:
    """Lines of a video that are being read."""

    line: int
    number: int | None = None
    frames: list[PerceptualHash] = field(default_factory=list)

    def goes_on(self, number: int | None, frame: PerceptualHash) -> bool:
        if number is not None or self.number is not None:
            return number is not None and self.number is not None and number > self.number
        return (frame.offset_s or 0.0) >= (self.frames[-1].offset_s or 0.0)

    def make_entry(self) -> KnownEntry:
        return _make_entry(self.line, self.frames)


def _read_entries(lines: Iterable[tuple[int, str]], notes: list[str]) -> Iterator[KnownEntry]:
    found = False
    for entry in _read_videos(lines):
        found = True
        yield entry
    if not found:
        notes.append("the file holds no entries")


def _read_videos(lines: Iterable[tuple[int, str]]) -> Iterator[KnownEntry]:
    video: _Video | None = None
    for line, raw in lines:
        text = raw.strip().lstrip("\ufeff")
        if text.startswith("#"):
            continue
        try:
            if not text or text[0] in "[{":
                if video is not None:
                    yield video.make_entry()
                    video = None
                if text and (frames := read_vpdq_signal(text)):
                    yield _make_entry(line, frames)
                continue
            frame = read_vpdq_line(text)
        except WrongUse as error:
            raise FormatError(str(error), line=line) from error
        number = int(text.partition(",")[0]) if text.count(",") == 3 else None
        if video is not None and not video.goes_on(number, frame):
            yield video.make_entry()
            video = None
        video = video or _Video(line)
        video.number = number
        video.frames.append(frame)
        if len(video.frames) > MAX_FRAMES:
            raise FormatError(f"more than {MAX_FRAMES:,} frames of one video", line=line)
    if video is not None:
        yield video.make_entry()


def _make_entry(line: int, frames: Iterable[PerceptualHash]) -> KnownEntry:
    hashes = tuple((frame.value, frame.quality, frame.offset_s) for frame in frames)
    return KnownEntry(line=line, pdq=hashes, sampling=_tell_sampling([offset_s or 0.0 for _, _, offset_s in hashes]))


def _tell_sampling(offsets_s: list[float]) -> str:
    """Returns how dense the frames lie, "" for a single one; as `varde.media.sampling.describe_sampling` writes it."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(offsets_s)]
    if not gaps:
        return ""
    gap_s = statistics.median(gaps)
    if gap_s <= _DENSE_S:
        return "all"
    return "1/s" if abs(gap_s - 1) < _DENSE_S else f"1/{gap_s:.3g}s"


_HEX, _OTHER = "0c" * 32, "0D" * 32
_A, _B = b"\x0c" * 32, b"\x0d" * 32
EXAMPLES = Examples(
    valid=(
        ValidExample(
            "tool.txt",
            f"0,100,{_HEX},0.000\n1,87,{_OTHER},0.033\n".encode(),
            (KnownEntry(line=1, pdq=((_A, 100, 0.0), (_B, 87, 0.033)), sampling="all"),),
        ),
        ValidExample(
            "two-tool-files.txt",
            f"0,100,{_HEX},0.000\n30,87,{_OTHER},1.000\n0,50,{_OTHER},0.000\n".encode(),
            (
                KnownEntry(line=1, pdq=((_A, 100, 0.0), (_B, 87, 1.0)), sampling="1/s"),
                KnownEntry(line=3, pdq=((_B, 50, 0.0),)),
            ),
        ),
        ValidExample(
            "features.txt",
            f"# made up\n{_HEX},100,0\r\n{_HEX},90,2.5\n\n{_OTHER},80,1.23e+02\n{_HEX},70,7\n".encode(),
            (
                KnownEntry(line=2, pdq=((_A, 100, 0.0), (_A, 90, 2.5)), sampling="1/2.5s"),
                KnownEntry(line=5, pdq=((_B, 80, 123.0),)),
                KnownEntry(line=6, pdq=((_A, 70, 7.0),)),
            ),
        ),
        ValidExample(
            "signals.json",
            f'["{_HEX},100,0.0", "{_OTHER},50,1.0"]\n["{_OTHER},60,3.0"]\n'.encode(),
            (
                KnownEntry(line=1, pdq=((_A, 100, 0.0), (_B, 50, 1.0)), sampling="1/s"),
                KnownEntry(line=2, pdq=((_B, 60, 3.0),)),
            ),
        ),
        ValidExample(
            "old.json",
            f'{{"0": {{"quality": 99, "hash": "{_HEX}", "timestamp": 0.5}}}}'.encode(),
            (KnownEntry(line=1, pdq=((_A, 99, 0.5),)),),
        ),
    ),
    invalid=(
        InvalidExample("quality.txt", f"0,100,{_HEX},0\n1,101,{_HEX},1\n".encode(), 2, "at most 100"),
        InvalidExample("hash.txt", f"{_HEX},100,0\n{_HEX[2:]},100,1\n".encode(), 2, "vPDQ frame"),
        InvalidExample("signal.json", f'["{_HEX},100,0"]\n["{_HEX}"]\n'.encode(), 2, "vPDQ frame"),
        InvalidExample("cut.json", f'["{_HEX},100,0",\n'.encode(), 1, "vPDQ signal"),
    ),
)
