"""Checks what decoder processes answer and what they were given: a taken-over decoder may say anything."""

from __future__ import annotations

import errno
import math
import os

import msgspec

from varde.core.case import Exhibit
from varde.core.content import Content
from varde.core.errors import ExhibitUnreachable, IntegrityFailure, Unreadable, WrongUse
from varde.core.issue import IssueCode
from varde.core.limits import MOST_FRAMES
from varde.core.locator import escape
from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash, Signal
from varde.evidence.expand import Expansion
from varde.hashing.local_points import read_points
from varde.hashing.variants import read_variants
from varde.media.pool import Failure, FailureKind
from varde.media.sampling import FEATURED_FRAMES
from varde.media.veil import is_veil
from varde.pipeline.checking_faces import list_faults
from varde.pipeline.checking_sketches import list_sketch_faults
from varde.pipeline.examine import Examination
from varde.pipeline.sources import CopySource, Source
from varde.pipeline.steps import FRAME_SIGNALS

_decode = msgspec.msgpack.Decoder(Examination).decode
_MOST_TEXT = 4 << 20
_MOST_NUMBER = 2**53
_MOST_WORD = 100
_MOST_ISSUES = 1_000
_MOST_STEPS = 20
_HASH_BYTES = 32
_METHODS = frozenset(step.method for step in FRAME_SIGNALS)
_MOUNT = "Mount it at that place, then give the same command again: it goes on."
_NOT_ABOUT_ONE_FILE = {errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENODEV, errno.ENOTCONN}


class ImpossibleAnswer(Exception):
    """An answer that no honest decoder gives; the message says why."""


def read_examination(
    result: bytes | Failure, part_bytes: int, dimensions: int | None = None, *, sketch: bool = False
) -> Examination | Failure:
    """Returns what a decoder process answered, or a failure: its own, or that of an answer that cannot be true.

    Args:
        result: of an `Answer`.
        part_bytes: how much it was given to examine.
        dimensions: of the embeddings of faces, None where nobody asked for faces.
        sketch: whether anybody asked for a sketch of sensor noise.
    """
    if isinstance(result, Failure):
        return result
    try:
        examination = _decode(result)
        check_examination(examination, part_bytes, dimensions, sketch=sketch)
    except (msgspec.MsgspecError, ImpossibleAnswer) as error:
        return Failure(FailureKind.CRASHED, f"The decoder's answer cannot be true: {error}")
    return examination


def check_examination(
    examination: Examination, part_bytes: int, dimensions: int | None = None, *, sketch: bool = False
) -> None:
    """Does nothing if an examination can be true of a part of that many bytes.

    It can still be a lie: digests come from the process that decoded the file (SECURITY.md).

    Raises:
        ImpossibleAnswer: if not.
    """
    _require(len(examination.issues) <= _MOST_ISSUES, "issues without end")
    _require(len(examination.cpu_s) <= _MOST_STEPS, "steps without end")
    _require(all(_is_word(step) and _is_plausible(spent) for step, spent in examination.cpu_s.items()), "CPU seconds")
    content = examination.content
    if content is None:
        return
    digests = content.digests
    lengths = (len(digests.md5), len(digests.sha1), len(digests.sha256))
    _require(lengths == (16, 20, 32), f"digests of {lengths} bytes")
    _require(digests.size_bytes == part_bytes, f"{digests.size_bytes} bytes digested of {part_bytes}")
    _require(_is_word(content.sampling) and _is_word(content.media_type.mime), "a sampling or type that is no word")
    methods = [signal.method for signal in content.signals]
    _require(len(set(methods)) == len(methods) and _METHODS.issuperset(methods), "a method twice, or an unknown one")
    for signal in content.signals:
        _check_signal(signal)
    _check_features(content)
    faults = [*list_faults(content.faces, dimensions), *list_sketch_faults(content.sketch, wanted=sketch)]
    _require(not faults, "; ".join(faults[:3]))
    if content.facts:
        facts = content.facts
        numbers = (facts.width_px, facts.height_px, facts.frames or 0, facts.duration_s or 0)
        _require(all(_is_plausible(number) for number in numbers), f"facts {numbers}")
        _require(sum(len(name) + len(value) for name, value in facts.metadata) <= _MOST_TEXT, "metadata without end")
    if content.thumbnail:
        _require(len(content.thumbnail.data) <= _MOST_TEXT, "a thumbnail without end")
        _require(_is_plausible(content.thumbnail.width_px * content.thumbnail.height_px), "a thumbnail's size")
        _require(is_veil(content.thumbnail.veiled), "a veil that is none")


def check_expansion(expansion: Expansion, start: int, spool_bytes: int) -> None:
    """Does nothing if an expansion can be true of a window from `start` with a spool file of that size.

    Raises:
        ImpossibleAnswer: if not.
    """
    end = _MOST_NUMBER if expansion.next_start is None else expansion.next_start
    _require(start < end <= _MOST_NUMBER, f"a window from {start} to {end}")
    _require(0 <= expansion.unpacked_bytes <= _MOST_NUMBER, "unpacked bytes")
    last = start - 1
    for member in expansion.members:
        _require(last < member.ordinal < end, f"member {member.ordinal} after {last}")
        _require(member.occurrence > 0, "an occurrence of nothing")
        size = member.size_bytes or 0
        _require(size >= 0 and 0 <= member.offset <= spool_bytes - size, f"member {member.ordinal} outside the spool")
        last = member.ordinal


def check_copy(source: Source, content: Content, locator: str) -> None:
    """Does nothing if what was examined is the copy that was made.

    Raises:
        IntegrityFailure: if a copy was made and its digest is another.
    """
    if isinstance(source, CopySource) and source.sha256 not in (None, content.digests.sha256):
        raise IntegrityFailure(
            f"the copy of {locator} was examined as something else: SHA-256 {content.digests.sha256.hex()}",
            advice="Check the disk of the site, then give the same command again.",
        )


def check_reachable(exhibit: Exhibit, error: Unreadable) -> None:
    """Does nothing if a file's failure is its own, and not that of the whole exhibit or machine.

    Raises:
        ExhibitUnreachable: if the exhibit was unplugged, or this process cannot open files at all: going on would mark
            every further item as vanished.
    """
    reason = error.__cause__
    broken = isinstance(reason, OSError) and reason.errno in _NOT_ABOUT_ONE_FILE
    if broken or (error.issue_code == IssueCode.VANISHED and not _has_files(exhibit)):
        raise _unreachable(exhibit, f"cannot be read any more: {reason or error}") from error


def check_there(exhibit: Exhibit) -> None:
    """Does nothing if an exhibit is where it was and holds anything at all.

    Raises:
        ExhibitUnreachable: if not; the mount point of a disk that is not mounted is an empty folder.
    """
    if not exhibit.path.exists():
        raise _unreachable(exhibit, "is not where it was")
    if not _has_files(exhibit):
        raise _unreachable(exhibit, "is an empty folder")


def _unreachable(exhibit: Exhibit, what: str) -> ExhibitUnreachable:
    place = escape(os.fsencode(exhibit.path))
    return ExhibitUnreachable(f"exhibit {exhibit.number} ({place}) {what}", advice=_MOUNT)


def _has_files(exhibit: Exhibit) -> bool:
    try:
        if exhibit.path.is_file():
            return True
        with os.scandir(exhibit.path) as found:
            return next(found, None) is not None
    except OSError:
        return False


def _check_signal(signal: Signal) -> None:
    if isinstance(signal.outcome, NotComparable):
        return
    _require(0 < len(signal.outcome) <= MOST_FRAMES, f"a signal of {len(signal.outcome)} hashes")
    for found in signal.outcome:
        _require(_is_hash(found), "a hash that is none")


def _is_hash(found: PerceptualHash) -> bool:
    in_range = found.offset_s is None or _is_plausible(found.offset_s)
    return len(found.value) == _HASH_BYTES and 0 <= found.quality <= 100 and in_range and _are_variants(found.variants)


def _check_features(content: Content) -> None:
    features = content.local_features
    if features is None or isinstance(features, NotComparable):
        return
    _require(0 < len(features) <= FEATURED_FRAMES, f"local features of {len(features)} frames")
    for found in features:
        _require(found.offset_s is None or _is_plausible(found.offset_s), "local features of no time")
        try:
            count = len(read_points(found.data))
        except WrongUse as error:
            raise ImpossibleAnswer(str(error)) from error
        _require(count == found.points, f"{found.points} points said, {count} given")


def _are_variants(records: bytes) -> bool:
    try:
        read_variants(records)
    except WrongUse:
        return False
    return True


def _is_word(text: str) -> bool:
    return len(text) <= _MOST_WORD and text.isprintable()


def _is_plausible(number: float) -> bool:
    return math.isfinite(number) and 0 <= number <= _MOST_NUMBER


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ImpossibleAnswer(what)
