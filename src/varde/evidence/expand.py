"""Unpacks an archive's members into one spool file, window by window, within limits and never to a path.

A window is a run of members; `Expansion.next_start` says where the next one begins. Cutting an archive into windows
changes neither names nor occurrences. One thing it does change: a hard link whose target lies in an earlier window has
an issue instead of the target's bytes.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, cast

from varde.core.errors import Unreadable
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import FoundMember
from varde.core.limits import ArchiveLimits
from varde.core.locator import escape
from varde.evidence.archive import ArchiveMember, ArchiveReader, MemberKind, archive_issue, find_name_fault
from varde.evidence.registry import find_reader, own_readers

RATIO_GRACE_BYTES = 16 << 20
"""Below this unpacked size nothing is called a bomb for its ratio."""

WINDOW_NAME_BYTES = 16 << 20
"""A window also ends when its members' names add up to this, so that a result stays small enough to hand over."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What one window of an archive gave.

    Attributes:
        members: every member of the window that is not a folder, in stored order; ``size_bytes`` is None where its
            bytes could not, or must not, be unpacked, and then an issue says why.
        issues: each with the member (one of `members`) it is about, or None for the archive itself.
        next_start: ordinal to give as ``start`` for the next window; None after the last.
        unpacked_bytes: unpacked so far in all windows together; to be given as ``unpacked_before`` for the next.
    """

    members: tuple[FoundMember, ...]
    issues: tuple[tuple[FoundMember | None, Issue], ...]
    next_start: int | None
    unpacked_bytes: int


def expand(
    file: BinaryIO,
    mime: str,
    spool: BinaryIO,
    limits: ArchiveLimits,
    *,
    start: int = 0,
    unpacked_before: int = 0,
    window_bytes: int = 1 << 30,
    window_members: int = 50_000,
    readers: Sequence[ArchiveReader] | None = None,
) -> Expansion:
    """Returns the members of one window, their bytes appended to the spool file, and what went wrong.

    One bad member does not stop the others where the format allows going on. A member whose bytes end early or do
    not fit their checksum keeps what was read, with an issue. Members with dangerous names are unpacked like others.

    Args:
        file: the archive, seekable and unchanged meanwhile.
        mime: its media type, which chooses the reader.
        spool: seekable and writable; members are appended at its end. The only thing that is written to.
        limits: beyond which members are not unpacked; ``max_depth`` is the caller's to heed.
        start: ordinal of the first member of the window; 0 or an earlier window's ``next_start``.
        unpacked_before: the earlier window's ``unpacked_bytes``.
        window_bytes: the window ends after the member that reaches this; one member may go beyond it.
        window_members: the window ends after this many members.
        readers: archive readers; None takes Varde's own.

    Raises:
        OSError: if the spool file cannot be written (other than for its size limit) or the archive cannot be read.
        MemoryError: if the archive makes a codec need more memory than the process may have.
        PluginError: if Varde's own readers are not installed.
    """
    spool.flush()
    raw = cast(BinaryIO, getattr(spool, "raw", spool))  # past the buffer: a refused write must not stay in it
    window = _Window(file, raw, limits, start, unpacked_before, window_bytes, window_members)
    chosen = own_readers() if readers is None else readers
    reader = find_reader(chosen, file, mime)
    if reader is None:
        return Expansion((), ((None, _unread_issue(chosen, mime)),), None, unpacked_before)
    try:
        window.run(reader)
    except Unreadable as error:
        window.issues.append((None, _issue(error)))
    spool.seek(0, 2)
    return Expansion(tuple(window.members), tuple(window.issues), window.next_start, window.unpacked_bytes)


@dataclass(slots=True)
class _Window:
    file: BinaryIO
    spool: BinaryIO
    limits: ArchiveLimits
    start: int
    unpacked_bytes: int
    window_bytes: int
    window_members: int
    members: list[FoundMember] = field(default_factory=list)
    issues: list[tuple[FoundMember | None, Issue]] = field(default_factory=list)
    next_start: int | None = None
    archive_bytes: int = 0
    written_bytes: int = 0
    name_bytes: int = 0
    occurrences: Counter[bytes] = field(default_factory=Counter)
    unpacked_by_name: dict[bytes, FoundMember] = field(default_factory=dict)

    def run(self, reader: ArchiveReader) -> None:
        self.archive_bytes = self.file.seek(0, 2)
        reached = 0
        for entry in reader.members(self.file):
            if isinstance(entry, Issue):
                if self.start == 0 or reached > self.start:  # otherwise the window before has reported it
                    self.issues.append((None, entry))
                continue
            if not self._reaches(entry.ordinal):
                return
            reached = entry.ordinal + 1
            if entry.kind is not MemberKind.FOLDER:
                self._take(entry)
            if not reader.is_indexed and self._stops_after(entry.ordinal):
                return

    def _reaches(self, ordinal: int) -> bool:
        """Returns whether the window goes on to the member at this ordinal; notes why not."""
        if ordinal >= self.limits.max_members:
            cause = f"It has more than {self.limits.max_members} members; later ones were not looked at."
            self.issues.append((None, archive_issue(IssueCode.ARCHIVE_TOO_MANY, cause)))
            return False
        full = (
            self.written_bytes >= self.window_bytes
            or len(self.members) >= self.window_members
            or self.name_bytes >= WINDOW_NAME_BYTES
        )
        if full:
            self.next_start = ordinal
        return not full

    def _stops_after(self, ordinal: int) -> bool:
        """Returns whether a limit forbids unpacking on to find later members; notes it."""
        exhaustion = self._find_exhaustion()
        if exhaustion:
            cause = f"{exhaustion} Any member after number {ordinal + 1} was not looked at."
            self.issues.append((None, archive_issue(IssueCode.ARCHIVE_BOMB, cause)))
        return bool(exhaustion)

    def _take(self, member: ArchiveMember) -> None:
        self.occurrences[member.name] += 1
        if member.ordinal < self.start:
            return
        offset = self.spool.seek(0, 2)
        place = FoundMember(
            member.name, self.occurrences[member.name], member.ordinal, offset, None, member.modified_at
        )
        found, issue = self._unpack(member, place)
        self.members.append(found)
        self.name_bytes += len(member.name)
        self.issues.extend((found, each) for each in (*member.issues, *_name_issues(member.name)))
        if issue is not None:
            self.issues.append((found, issue))
        if found.size_bytes is not None:
            self.unpacked_by_name[member.name] = found

    def _unpack(self, member: ArchiveMember, place: FoundMember) -> tuple[FoundMember, Issue | None]:
        if member.kind is MemberKind.SYMLINK:
            return place, archive_issue(IssueCode.SYMLINK, "It is a symbolic link, which holds no content of its own.")
        if member.kind is MemberKind.SPECIAL:
            return place, archive_issue(IssueCode.SPECIAL_FILE, "It is a device, pipe or the like, without content.")
        if member.kind is MemberKind.HARD_LINK:
            return self._repeat(member, place)
        if member.encrypted:
            return place, archive_issue(IssueCode.ARCHIVE_ENCRYPTED, "It is encrypted; a password would be needed.")
        exhaustion = self._find_exhaustion()
        if exhaustion:
            return place, archive_issue(IssueCode.ARCHIVE_BOMB, f"{exhaustion} This member was not unpacked.")
        if _is_surely_too_large(member, self.limits):
            cause = (
                f"It states {member.declared_bytes} bytes; members up to {self.limits.max_member_bytes} are unpacked."
            )
            return place, archive_issue(IssueCode.TOO_LARGE, cause)
        return self._spool_member(member, place)

    def _repeat(self, member: ArchiveMember, place: FoundMember) -> tuple[FoundMember, Issue | None]:
        """Gives a hard link the bytes of its target, which lie in the spool already if the target is in the window."""
        target = self.unpacked_by_name.get(member.link_name)
        if target is not None:
            return replace(place, offset=target.offset, size_bytes=target.size_bytes), None
        cause = f"It is a hard link to {escape(member.link_name)}, which is examined at its own place if it is there."
        return place, archive_issue(IssueCode.SYMLINK, cause)

    def _spool_member(self, member: ArchiveMember, place: FoundMember) -> tuple[FoundMember, Issue | None]:
        size = 0
        issue: Issue | None = None
        try:
            for chunk in member.chunks():
                size += len(chunk)
                self.unpacked_bytes += len(chunk)
                issue = self._find_excess(member, size) or self._append(chunk)
                if issue is not None:
                    _cut(self.spool, place.offset)
                    return place, issue
        except Unreadable as error:
            issue = _issue(error)
        self.written_bytes += size
        return (place if issue is not None and not size else replace(place, size_bytes=size)), issue

    def _append(self, chunk: bytes) -> Issue | None:
        """Writes to the spool; only its size limit is the member's fault, a full disk is an OSError."""
        try:
            _write_all(self.spool, chunk)
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            return archive_issue(IssueCode.TOO_LARGE, "It unpacks to more than the space set aside for one archive.")
        return None

    def _find_excess(self, member: ArchiveMember, size: int) -> Issue | None:
        """Returns the issue of a member that has unpacked to more than the limits allow."""
        if size > self.limits.max_member_bytes:
            cause = f"It unpacks to more than {self.limits.max_member_bytes} bytes."
            return archive_issue(IssueCode.TOO_LARGE, cause)
        ratio = self.limits.max_ratio
        if member.packed_bytes is not None and size > max(RATIO_GRACE_BYTES, ratio * member.packed_bytes):
            return archive_issue(IssueCode.ARCHIVE_BOMB, f"It unpacks to more than {ratio} times its packed size.")
        exhaustion = self._find_exhaustion()
        return archive_issue(IssueCode.ARCHIVE_BOMB, exhaustion) if exhaustion else None

    def _find_exhaustion(self) -> str:
        """Returns why no more of the archive may be unpacked, "" where it may."""
        if self.unpacked_bytes > self.limits.max_total_bytes:
            return f"The archive unpacks to more than {self.limits.max_total_bytes} bytes."
        if self.unpacked_bytes > RATIO_GRACE_BYTES + self.limits.max_ratio * self.archive_bytes:
            return f"The archive unpacks to more than {self.limits.max_ratio} times its size."
        return ""


def _unread_issue(readers: Sequence[ArchiveReader], mime: str) -> Issue:
    if any(mime in reader.mimes for reader in readers):
        return archive_issue(IssueCode.ARCHIVE_DAMAGED, f"It starts like {mime} but cannot be read as such.")
    return archive_issue(IssueCode.ARCHIVE_UNSUPPORTED, f"Archives of the type {mime} are not read here.")


def _is_surely_too_large(member: ArchiveMember, limits: ArchiveLimits) -> bool:
    """Returns whether a member states a size beyond the limit that its packed size makes credible.

    A size that cannot be true is not believed: such a member is unpacked as far as it goes.
    """
    if member.declared_bytes is None or member.declared_bytes <= limits.max_member_bytes:
        return False
    return member.packed_bytes is not None and member.packed_bytes * limits.max_ratio >= member.declared_bytes


def _name_issues(name: bytes) -> tuple[Issue, ...]:
    fault = find_name_fault(name)
    return (
        (archive_issue(IssueCode.SUSPICIOUS_NAME, f"Unpacking it elsewhere is dangerous: {fault}."),) if fault else ()
    )


def _issue(error: Unreadable) -> Issue:
    return Issue(IssueCode(error.issue_code), Step.EXPAND, str(error))


def _cut(spool: BinaryIO, offset: int) -> None:
    spool.seek(offset)
    spool.truncate()


def _write_all(spool: BinaryIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[spool.write(view) :]
