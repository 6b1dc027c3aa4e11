"""Opens an item again by its locator, long after it was found: to show it, to verify it, to hand it out.

What is given is what was examined: the same readers, the same choice among members of one name, and the same bytes kept
of a member that ends early. Not for hot paths: a member at the end of a packed archive costs unpacking all before it.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from varde.core.errors import IntegrityFailure, NotFound, Unreadable
from varde.core.issue import Issue
from varde.core.limits import ArchiveLimits
from varde.core.locator import Locator, Segment, escape
from varde.evidence.archive import ArchiveMember, ArchiveReader, MemberKind
from varde.evidence.reading import ExhibitFile, open_below, read_open_file
from varde.evidence.registry import find_reader, own_readers
from varde.media.sniff import HEAD_BYTES, TAIL_BYTES, sniff

_IN_MEMORY_BYTES = 32 << 20


@contextmanager
def open_place(
    root: Path,
    locator: Locator,
    *,
    expected_size: int | None = None,
    limits: ArchiveLimits | None = None,
    readers: Sequence[ArchiveReader] | None = None,
) -> Iterator[BinaryIO]:
    """Gives an item's bytes as a seekable file, valid inside the ``with`` block, unpacked in this very process.

    Evidence is hostile: a process that has anything to lose hands `copy_member` to a decoder process instead.

    A file is given where it lies; an archive member is unpacked into memory or, above 32 MiB, into a temporary file
    without a name. Links are never followed, in no part of the path.

    Args:
        root: of the exhibit, as it was walked.
        locator: of the item.
        expected_size: in bytes, as recorded; None where it is not known. The caller verifies the digest.
        limits: members beyond ``max_member_bytes`` and locators deeper than ``max_depth`` are not opened.
        readers: archive readers; None takes Varde's own.

    Raises:
        NotFound: if the file, the archive or the member is not there any more or cannot be read.
        IntegrityFailure: if its size is not the expected one.
    """
    chosen = own_readers() if readers is None else readers
    bounds = limits or ArchiveLimits()
    path, *members = locator.segments
    if len(members) > bounds.max_depth:
        raise NotFound(f"{locator} lies deeper than the {bounds.max_depth} archives that are opened")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_outermost(root, path)).open_slice()
            for segment in members:
                spool = cast(BinaryIO, stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)))
                copy_member(file, segment, spool, bounds, chosen)
                file = spool
        except Unreadable as error:
            raise NotFound(f"{locator} cannot be opened any more: {error}") from error
        size = file.seek(0, os.SEEK_END)
        if expected_size is not None and size != expected_size:
            raise IntegrityFailure(
                f"{locator} has {size} bytes, but {expected_size} were recorded",
                advice="The exhibit was changed after it was processed. Compare it with its acquisition.",
            )
        file.seek(0)
        yield file


@contextmanager
def open_outermost(root: Path, segment: Segment) -> Iterator[ExhibitFile]:
    """Gives the file of an exhibit that a locator's first segment names, where it lies.

    Raises:
        NotFound: if the root is a single file of another name.
        Unreadable: if it is not there any more or cannot be read.
    """
    top = Path(os.path.realpath(root))
    if not top.exists():
        raise NotFound(f"{root} is not where it was", advice="Mount or move the exhibit back to that place.")
    if not top.is_dir():
        if os.fsencode(top.name) != segment.name:
            raise NotFound(f"{root} is a single file and holds no {escape(segment.name)}")
        top = top.parent
    with read_open_file(open_below(top, segment.name)) as file:
        yield file


def copy_member(
    file: BinaryIO, segment: Segment, sink: BinaryIO, limits: ArchiveLimits, readers: Sequence[ArchiveReader]
) -> None:
    """Unpacks the one member of an archive that a segment names, and rewinds the sink.

    Args:
        file: the archive, seekable.
        segment: name and occurrence; a hard link's bytes are those of its target.
        sink: seekable and writable; gets the bytes.
        limits: members beyond ``max_member_bytes`` are not unpacked.
        readers: archive readers.

    Raises:
        NotFound: if it is not there any more, or has no content.
        Unreadable: if none of its bytes can be unpacked.
    """
    reader = find_reader(readers, file, _sniff_mime(file))
    if reader is None:
        raise NotFound(f"what should hold {escape(segment.name)} is no archive any more")
    _copy(reader, file, _find_ordinal(reader, file, segment), sink, limits)
    sink.seek(0)


def _sniff_mime(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
    return sniff(head, file.read(TAIL_BYTES)).mime


def _find_ordinal(reader: ArchiveReader, file: BinaryIO, segment: Segment) -> int:
    """Returns the ordinal of the member whose bytes are the segment's: a hard link's are those of its target."""
    unlinked: dict[bytes, int] = {}
    seen: Counter[bytes] = Counter()
    for member in _members(reader, file):
        if member.kind is MemberKind.FOLDER:
            continue
        seen[member.name] += 1
        is_wanted = member.name == segment.name and seen[member.name] == segment.occurrence
        if member.kind is MemberKind.FILE:
            unlinked[member.name] = member.ordinal
        elif member.kind is MemberKind.HARD_LINK and member.link_name in unlinked:
            unlinked[member.name] = unlinked[member.link_name]
        elif is_wanted:
            raise NotFound(f"{escape(segment.name)} is a link or a special file, without content")
        if is_wanted:
            return unlinked[member.name]
    raise NotFound(f"the archive holds no {escape(segment.name)} (number {segment.occurrence} of that name)")


def _copy(reader: ArchiveReader, file: BinaryIO, ordinal: int, spool: BinaryIO, limits: ArchiveLimits) -> None:
    """Unpacks one member, keeping what came before damage, as `expand` does."""
    for member in _members(reader, file):
        if member.ordinal != ordinal:
            continue
        if member.encrypted:
            raise NotFound(f"{escape(member.name)} is encrypted")
        size = 0
        try:
            for chunk in member.chunks():
                size += len(chunk)
                if size > limits.max_member_bytes:
                    raise NotFound(f"{escape(member.name)} unpacks to more than {limits.max_member_bytes} bytes")
                spool.write(chunk)
        except Unreadable:
            if not size:
                raise
        return


def _members(reader: ArchiveReader, file: BinaryIO) -> Iterator[ArchiveMember]:
    return (entry for entry in reader.members(file) if not isinstance(entry, Issue))
