"""The archives of a run: unpacked window by window, the next one only when every member of the last one is done.

A window lies in a spool file without a name, so that nothing stays behind whatever happens, and disk use is bounded by
the windows open at a time. After an interruption an archive is unpacked again from its start; members that are done
are then passed over.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque

import msgspec

from varde.core.case import Exhibit
from varde.core.errors import Unreadable, VardeError
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import FoundMember, Origin
from varde.core.locator import Locator, read_locator
from varde.evidence.expand import Expansion
from varde.media.pool import Answer, Failure, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.pipeline.checking import ImpossibleAnswer, check_expansion
from varde.pipeline.sources import SpoolSource
from varde.pipeline.tasks import FAILURE_CODES, Archive, Tally, Task, Window
from varde.pipeline.unpack import Unpacking, UnpackRequest
from varde.pipeline.writer import Writer
from varde.store import items
from varde.store.items import ExaminedItem, NewItem, WaitingItem
from varde.store.reopening import end_members
from varde.store.site import Site

_OPEN_ARCHIVES = 4
_PROCESSES = 2
_encode = msgspec.msgpack.Encoder().encode
_read_unpacking = msgspec.msgpack.Decoder(Unpacking).decode


class Archives:
    """All archives of a run that are not done. Call `close` at the end, also after an error."""

    def __init__(self, site: Site, exhibit: Exhibit, writer: Writer, tally: Tally, ready: deque[Task]) -> None:
        """Starts no process before there is an archive.

        Args:
            site, exhibit: where the run is.
            writer: takes the outcomes.
            tally: is kept up to date.
            ready: gets the members that are to be examined.
        """
        self._site = site
        self._exhibit = exhibit
        self._writer = writer
        self._tally = tally
        self._ready = ready
        self._pending: deque[Archive] = deque()
        self._open: set[Window] = set()
        self._pool: Pool | None = None
        self.unpacking = 0
        """Windows that a process is working on."""

    @property
    def any_left(self) -> bool:
        """Whether an archive waits to be unpacked or is being unpacked."""
        return bool(self._pending or self.unpacking)

    def add(self, archive: Archive) -> None:
        """Takes an archive to be unpacked from its `next_start`."""
        self._pending.append(archive)

    def submit(self) -> None:
        """Hands out the archives that may be opened now: nested ones always, others while few windows are open."""
        for _ in range(len(self._pending)):
            if self._pool and self._pool.room <= 0:
                return
            archive = self._pending.popleft()
            if archive.inside is None and len(self._open) >= _OPEN_ARCHIVES:
                self._pending.append(archive)
            else:
                self._submit(archive)

    def take_answers(self, timeout_s: float) -> None:
        """Takes what the processes have unpacked.

        Raises:
            VardeError: if the disk of the spool is full.
        """
        if self._pool and self.unpacking:
            for answer in self._pool.wait(timeout_s):
                self.unpacking -= 1
                self._take_answer(answer)

    def leave(self, window: Window | None) -> None:
        """Counts one member of a window as done; after the last one the archive's next window, or its end, comes."""
        if window is None:
            return
        window.outstanding -= 1
        if window.outstanding > 0:
            return
        self._close_window(window)
        if window.archive.next_start:
            self.add(window.archive)
        else:
            self._finish(window.archive)

    def end_members(self, archive_id: int) -> None:
        """Gives members that an earlier run listed, and that did not come again, their end and a reason."""
        with self._writer.transaction() as connection:
            self._tally.items += end_members(connection, self._exhibit.exhibit_id, archive_id)

    def close(self) -> None:
        """Ends the processes and gives the disk space back."""
        if self._pool:
            self._pool.close()
        for window in list(self._open):
            self._close_window(window)

    def _submit(self, archive: Archive) -> None:
        try:
            part = archive.source.open()
        except Unreadable as error:
            self._fail(archive, Issue(IssueCode(error.issue_code), Step.READ, str(error)))
            return
        if archive.stamp not in ((), part.stamp):
            os.close(part.descriptor)
            cause = "It changed while its members were examined."
            self._fail(archive, Issue(IssueCode.CHANGED_WHILE_READING, Step.EXPAND, cause))
            return
        with tempfile.TemporaryFile(dir=self._site.spool) as spool:
            reading = os.open(f"/proc/self/fd/{spool.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
            window = Window(archive, os.dup(spool.fileno()), reading)
        self._open.add(window)
        settings = self._site.settings
        request = UnpackRequest(
            offset=part.offset,
            size_bytes=part.size_bytes,
            mime=archive.mime,
            limits=settings.archive.limits(),
            start=archive.next_start,
            unpacked_before=archive.unpacked_bytes,
            window_bytes=settings.processing.spool_window_mib << 20,
            plugins=settings.plugins.evidence,
        )
        files = (part.descriptor, os.dup(window.descriptor))
        self._get_pool().submit(Request(window, _encode(request), files, settings.processing.expand_time_limit_s))
        self.unpacking += 1

    def _get_pool(self) -> Pool:
        if self._pool is None:
            settings = self._site.settings
            largest = (settings.processing.spool_window_mib << 20) + settings.archive.limits().max_member_bytes
            limits = SandboxLimits(settings.processing.memory_limit_mib << 20, write_bytes=largest)
            self._pool = Pool("varde.pipeline.unpack:prepare", _PROCESSES, limits)
        return self._pool

    def _take_answer(self, answer: Answer) -> None:
        window: Window = answer.key
        if isinstance(answer.result, Failure):
            self._close_window(window)
            issue = Issue(FAILURE_CODES[answer.result.kind], Step.EXPAND, answer.result.detail)
            self._fail(window.archive, issue)
            return
        try:
            unpacking = _read_unpacking(answer.result)
            if unpacking.expansion:
                check_expansion(unpacking.expansion, window.archive.next_start, os.fstat(window.descriptor).st_size)
        except (msgspec.MsgspecError, ImpossibleAnswer) as error:
            self._close_window(window)
            issue = Issue(IssueCode.DECODER_CRASHED, Step.EXPAND, f"The decoder's answer cannot be true: {error}")
            self._fail(window.archive, issue)
            return
        if unpacking.expansion is None:
            raise VardeError(
                f"archive members cannot be unpacked into {self._site.spool}: {unpacking.spool_error}",
                advice="Make room there (or lower processing.spool_window_mib) and run the same command again.",
            )
        self._take_members(window, unpacking.expansion)

    def _take_members(self, window: Window, expansion: Expansion) -> None:
        archive = window.archive
        waiting = self._record_members(archive, expansion)
        archive.next_start = expansion.next_start or 0
        archive.unpacked_bytes = expansion.unpacked_bytes
        by_ordinal = {member.ordinal: member for member in expansion.members}
        window.outstanding = 1  # ours, until all members are handed out
        for item in reversed(waiting):
            member = by_ordinal.get(-1 if item.ordinal is None else item.ordinal)
            if member is None or member.size_bytes is None:
                continue
            window.outstanding += 1
            self._tally.found += 1
            self._tally.found_bytes += member.size_bytes
            source = SpoolSource(window.reading, member.offset, member.size_bytes)
            self._ready.append(Task(item, source, window))
        self.leave(window)

    def _record_members(self, archive: Archive, expansion: Expansion) -> list[WaitingItem]:
        """Records the members of a window with their issues and returns those that are not done."""
        inside = read_locator(archive.item.locator)
        exhibit_id, archive_id = self._exhibit.exhibit_id, archive.item.item_id
        first = archive.next_start
        last = max((member.ordinal for member in expansion.members), default=first)
        found = [_new_item(inside, archive_id, member) for member in expansion.members]
        lost = {member.ordinal for member in expansion.members if member.size_bytes is None}
        with self._writer.transaction() as connection:
            items.add_items(connection, exhibit_id, found)
            waiting = items.list_waiting_members(connection, archive_id, first, last)
            done = [ExaminedItem(item.item_id, item.locator, None, ()) for item in waiting if item.ordinal in lost]
            items.record_examined(connection, exhibit_id, done)
            ids = items.list_member_ids(connection, archive_id, first, last)
            issues = [_place_issue(archive, inside, ids, member, issue) for member, issue in expansion.issues]
            items.record_issues(connection, exhibit_id, issues)
        return waiting

    def _close_window(self, window: Window) -> None:
        self._open.discard(window)
        os.close(window.descriptor)
        os.close(window.reading)

    def _finish(self, archive: Archive) -> None:
        if archive.is_resumed:
            self.end_members(archive.item.item_id)
        self._writer.add_done(archive.item.item_id)
        self._tally.add_done(archive.item.size_bytes or 0, with_issues=False)
        self.leave(archive.inside)

    def _fail(self, archive: Archive, issue: Issue) -> None:
        placed = [(archive.item.locator, archive.item.item_id, issue)]
        with self._writer.transaction() as connection:
            items.record_issues(connection, self._exhibit.exhibit_id, placed)
        self._tally.with_issues += 1
        archive.is_resumed = True  # an earlier window of it may have left members behind
        self._finish(archive)


def _place_issue(
    archive: Archive, inside: Locator, ids: dict[int, int], member: FoundMember | None, issue: Issue
) -> tuple[str, int, Issue]:
    if member is None:
        return archive.item.locator, archive.item.item_id, issue
    return str(inside.member(member.name, member.occurrence)), ids.get(member.ordinal, archive.item.item_id), issue


def _new_item(inside: Locator, parent_id: int, member: FoundMember) -> NewItem:
    locator = inside.member(member.name, member.occurrence)
    return NewItem(locator, Origin.ARCHIVE_MEMBER, member.size_bytes, member.modified_at, parent_id, member.ordinal)
