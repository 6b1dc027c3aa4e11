"""What passes between the parts of a run: items to examine, archives to unpack, and the tally of what is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from varde.core.issue import Issue, IssueCode
from varde.media.pool import FailureKind
from varde.pipeline.sources import Source
from varde.store.items import WaitingItem

FAILURE_CODES = {
    FailureKind.CRASHED: IssueCode.DECODER_CRASHED,
    FailureKind.TIMED_OUT: IssueCode.DECODER_TIMED_OUT,
    FailureKind.OUT_OF_MEMORY: IssueCode.DECODER_OUT_OF_MEMORY,
}
"""The issue of an item whose decoder process failed."""


@dataclass(slots=True, eq=False)
class Archive:
    """An archive whose members are still to come.

    Attributes:
        depth: 1 for an archive that is a file of the exhibit.
        inside: the window it is a member of, None for a file of the exhibit.
        stamp: of the file that was examined; each window must be cut from the same.
        is_resumed: whether an earlier run began to unpack it.
        next_start: ordinal of the first member of the next window; 0 before the first and after the last one.
        unpacked_bytes: in all windows so far.
    """

    item: WaitingItem
    source: Source
    mime: str
    depth: int
    inside: Window | None
    stamp: tuple[int, ...] = ()
    is_resumed: bool = False
    next_start: int = 0
    unpacked_bytes: int = 0


@dataclass(slots=True, eq=False)
class Window:
    """A run of an archive's members in an unnamed spool file.

    Attributes:
        descriptor: of the spool file, for writing; closing both gives the disk space back.
        reading: of the same file, unable to write: what is handed to those who examine members.
        outstanding: members that are not done.
    """

    archive: Archive
    descriptor: int
    reading: int
    outstanding: int = 0


@dataclass(slots=True, eq=False)
class Task:
    """An item to examine.

    Attributes:
        inside: the window it is a member of, None for a file of the exhibit.
        failure: what ended the last attempt.
        attempts: that were ended: the first one looks for faces where that is wanted, the next one decodes without, the
            last one only takes digests and type.
        part_bytes, stamp: of the part, once it has been opened.
    """

    item: WaitingItem
    source: Source
    inside: Window | None
    failure: Issue | None = None
    attempts: int = 0
    part_bytes: int = 0
    stamp: tuple[int, ...] = ()


@dataclass(slots=True)
class Tally:
    """What a run has done so far.

    Attributes:
        items, size_bytes: done.
        found, found_bytes: members found in archives, to be added to what was known before.
        with_issues: items with at least one issue.
        cpu_s: CPU seconds of the decoder processes by step.
        layers: sandbox layers that were active.
    """

    items: int = 0
    size_bytes: int = 0
    found: int = 0
    found_bytes: int = 0
    with_issues: int = 0
    cpu_s: dict[str, float] = field(default_factory=dict)
    layers: tuple[str, ...] = ()

    def add_done(self, size_bytes: int, *, with_issues: bool) -> None:
        """Counts one item as done."""
        self.items += 1
        self.size_bytes += size_bytes
        self.with_issues += with_issues

    def add_cpu(self, cpu_s: dict[str, float]) -> None:
        """Adds what one item cost."""
        for step, seconds in cpu_s.items():
            self.cpu_s[step] = self.cpu_s.get(step, 0.0) + seconds
