"""Takes one exhibit from waiting to done: hands work to the decoder processes and outcomes to the writer.

One thread, driven by answers. Files come from the database in pages; archives are unpacked window by window into an
unnamed spool file, and the next window is cut only when every member of the last one is done, so that memory and disk
stay bounded whatever the exhibit holds. Everything the run needs to go on after a kill is in the database.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import msgspec

from varde.core.case import Exhibit
from varde.core.errors import Unreadable, VardeError
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import FoundMember, Origin
from varde.core.locator import Locator, read_locator
from varde.core.media import MediaKind
from varde.evidence.expand import Expansion
from varde.media.pool import Answer, Failure, FailureKind, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.pipeline.examine import Examination, ExamineRequest
from varde.pipeline.sources import Source, SpoolSource, file_source
from varde.pipeline.unpack import Unpacking, UnpackRequest
from varde.pipeline.writer import Writer
from varde.store import items
from varde.store.items import ExaminedItem, ItemState, NewItem, WaitingItem
from varde.store.site import Site

_PAGE = 1000
_OPEN_ARCHIVES = 4
_LARGE_FILE_BYTES = 64 << 20
_FAILURE_CODES = {
    FailureKind.CRASHED: IssueCode.DECODER_CRASHED,
    FailureKind.TIMED_OUT: IssueCode.DECODER_TIMED_OUT,
    FailureKind.OUT_OF_MEMORY: IssueCode.DECODER_OUT_OF_MEMORY,
}
_encode = msgspec.msgpack.Encoder().encode
_read_examination = msgspec.msgpack.Decoder(Examination).decode
_read_unpacking = msgspec.msgpack.Decoder(Unpacking).decode


@dataclass(slots=True, eq=False)
class _Archive:
    item: WaitingItem
    source: Source
    mime: str
    depth: int
    inside: _Window | None
    next_start: int = 0
    unpacked_bytes: int = 0


@dataclass(slots=True, eq=False)
class _Window:
    archive: _Archive
    descriptor: int
    outstanding: int = 0


@dataclass(slots=True, eq=False)
class _Task:
    item: WaitingItem
    source: Source
    inside: _Window | None
    failure: Issue | None = None
    part_bytes: int = 0


@dataclass(slots=True)
class Tally:
    """What a run has done so far.

    Attributes:
        items, size_bytes: done.
        found, found_bytes: members found in archives, to be added to what was known before.
        with_issues: items with at least one issue.
        cpu_s: CPU seconds of the decoder processes by step.
    """

    items: int = 0
    size_bytes: int = 0
    found: int = 0
    found_bytes: int = 0
    with_issues: int = 0
    cpu_s: dict[str, float] = field(default_factory=dict)


class Schedule:
    """The run over one exhibit. Use `run` once."""

    def __init__(self, site: Site, exhibit: Exhibit, workers: int, progress: Callable[[Tally], None]) -> None:
        self._site = site
        self._exhibit = exhibit
        self._settings = site.settings.processing
        self._workers = workers
        self._progress = progress
        self._writer = Writer(site.database, exhibit.exhibit_id)
        self._ready: deque[_Task] = deque()
        self._archives: deque[_Archive] = deque()
        self._open: set[_Window] = set()
        self._examining = self._unpacking = 0
        self._unpacker: Pool | None = None
        self._tally = Tally()

    def run(self) -> Tally:
        """Examines everything that is not done and returns what was done.

        Raises:
            VardeError: if the decoder processes cannot start or the spool's disk is full; everything recorded stays.
        """
        limits = SandboxLimits(self._settings.memory_limit_mib << 20)
        feed = self._feed()
        with Pool("varde.pipeline.examine:prepare", self._workers, limits) as self._examiner:
            try:
                while self._submit(feed) or self._archives or self._examining or self._unpacking:
                    self._take_answers()
                    self._writer.flush_if_due()
                    self._progress(self._tally)
            finally:
                self._close()
        self._writer.flush()
        self._progress(self._tally)
        return self._tally

    def _close(self) -> None:
        if self._unpacker:
            self._unpacker.close()
        for window in self._open:
            os.close(window.descriptor)
        self._open.clear()

    # -- handing out work

    def _feed(self) -> Iterator[WaitingItem]:
        after = 0
        while True:
            with self._site.database.read() as connection:
                page = items.list_waiting(connection, self._exhibit.exhibit_id, after_id=after, limit=_PAGE)
            if not page:
                return
            yield from page
            after = page[-1].item_id

    def _submit(self, feed: Iterator[WaitingItem]) -> bool:
        """Fills the processes with work; returns whether any is left to hand out."""
        self._submit_archives()
        while self._examiner.room > 0:
            task = self._ready.pop() if self._ready else self._next_file(feed)
            if task is None:
                return False
            self._submit_task(task)
        return True

    def _next_file(self, feed: Iterator[WaitingItem]) -> _Task | None:
        for item in feed:
            source = file_source(self._exhibit, item.locator, item.size_bytes, self._site.contents)
            if item.state is ItemState.EXPANDING:
                self._archives.append(_Archive(item, source, item.mime, 1, None))
                self._submit_archives()
                continue
            return _Task(item, source, None)
        return None

    def _submit_task(self, task: _Task) -> None:
        try:
            part = task.source.open()
        except Unreadable as error:
            issue = Issue(IssueCode(error.issue_code), Step.READ, str(error))
            self._finish(task, ExaminedItem(task.item.item_id, task.item.locator, None, (issue,)))
            return
        task.part_bytes = part.size_bytes
        limits = self._site.settings.decode.limits()
        request = ExamineRequest(part.offset, part.size_bytes, limits, decode=task.failure is None)
        large = part.size_bytes > _LARGE_FILE_BYTES
        limit_s = self._settings.video_time_limit_s if large else self._settings.time_limit_s
        self._examiner.submit(Request(task, _encode(request), (part.descriptor,), limit_s))
        self._examining += 1

    def _submit_archives(self) -> None:
        for _ in range(len(self._archives)):
            archive = self._archives.popleft()
            if archive.inside is None and len(self._open) >= _OPEN_ARCHIVES:
                self._archives.append(archive)
            else:
                self._submit_archive(archive)

    def _submit_archive(self, archive: _Archive) -> None:
        try:
            part = archive.source.open()
        except Unreadable as error:
            self._fail_archive(archive, Issue(IssueCode(error.issue_code), Step.READ, str(error)))
            return
        with tempfile.TemporaryFile(dir=self._site.spool) as spool:
            window = _Window(archive, os.dup(spool.fileno()))
        self._open.add(window)
        settings = self._site.settings
        request = UnpackRequest(
            part.offset,
            part.size_bytes,
            archive.mime,
            settings.archive.limits(),
            archive.next_start,
            archive.unpacked_bytes,
            self._settings.spool_window_mib << 20,
            settings.plugins.evidence,
        )
        files = (part.descriptor, os.dup(window.descriptor))
        self._get_unpacker().submit(Request(window, _encode(request), files, self._settings.expand_time_limit_s))
        self._unpacking += 1

    def _get_unpacker(self) -> Pool:
        if self._unpacker is None:
            largest = (self._settings.spool_window_mib << 20) + self._site.settings.archive.limits().max_member_bytes
            limits = SandboxLimits(self._settings.memory_limit_mib << 20, write_bytes=largest)
            self._unpacker = Pool("varde.pipeline.unpack:prepare", min(2, self._workers), limits)
        return self._unpacker

    # -- taking answers

    def _take_answers(self) -> None:
        if self._unpacking:
            alone = not self._examining
            for answer in self._get_unpacker().wait(0.2 if alone else 0.0):
                self._unpacking -= 1
                self._take_unpacking(answer)
        if self._examining:
            for answer in self._examiner.wait(0.02 if self._unpacking else 0.2):
                self._examining -= 1
                self._take_examination(answer)

    def _take_examination(self, answer: Answer) -> None:
        task: _Task = answer.key
        if isinstance(answer.result, Failure):
            self._take_failure(task, answer.result)
            return
        examination = _read_examination(answer.result)
        for step, seconds in examination.cpu_s.items():
            self._tally.cpu_s[step] = self._tally.cpu_s.get(step, 0.0) + seconds
        issues = examination.issues if task.failure is None else (task.failure, *examination.issues)
        examined = ExaminedItem(task.item.item_id, task.item.locator, examination.content, issues)
        content = examination.content
        if content and content.media_type.kind is MediaKind.ARCHIVE and task.failure is None:
            self._take_archive(task, examined, content.media_type.mime)
        else:
            self._finish(task, examined)

    def _take_failure(self, task: _Task, failure: Failure) -> None:
        issue = Issue(_FAILURE_CODES[failure.kind], Step.DECODE, failure.detail)
        if task.failure is None:  # digests and type can still be had
            task.failure = issue
            self._ready.append(task)
        else:
            self._finish(task, ExaminedItem(task.item.item_id, task.item.locator, None, (task.failure, issue)))

    def _take_archive(self, task: _Task, examined: ExaminedItem, mime: str) -> None:
        depth = task.inside.archive.depth + 1 if task.inside else 1
        deepest = self._site.settings.archive.max_depth
        if depth > deepest:
            cause = f"It lies {depth} archives deep; archives are opened down to {deepest}."
            issue = Issue(IssueCode.ARCHIVE_TOO_DEEP, Step.EXPAND, cause)
            self._finish(task, replace(examined, issues=(*examined.issues, issue)))
            return
        self._writer.add(replace(examined, state=ItemState.EXPANDING))
        self._archives.append(_Archive(task.item, task.source, mime, depth, task.inside))

    def _finish(self, task: _Task, examined: ExaminedItem) -> None:
        self._writer.add(examined)
        self._tally.items += 1
        self._tally.size_bytes += task.part_bytes
        self._tally.with_issues += bool(examined.issues)
        self._leave(task.inside)

    def _leave(self, window: _Window | None) -> None:
        """Counts one member of a window as done, and closes the window after the last one."""
        if window is None:
            return
        window.outstanding -= 1
        if window.outstanding > 0:
            return
        self._close_window(window)
        if window.archive.next_start:
            self._archives.append(window.archive)
        else:
            self._finish_archive(window.archive)

    def _close_window(self, window: _Window) -> None:
        self._open.discard(window)
        os.close(window.descriptor)

    def _finish_archive(self, archive: _Archive) -> None:
        self._writer.add_done(archive.item.item_id)
        self._tally.items += 1
        self._tally.size_bytes += archive.item.size_bytes or 0
        self._leave(archive.inside)

    def _fail_archive(self, archive: _Archive, issue: Issue) -> None:
        with self._writer.transaction() as connection:
            items.record_issues(
                connection, self._exhibit.exhibit_id, [(archive.item.locator, archive.item.item_id, issue)]
            )
        self._tally.with_issues += 1
        self._finish_archive(archive)

    def _take_unpacking(self, answer: Answer) -> None:
        window: _Window = answer.key
        if isinstance(answer.result, Failure):
            self._close_window(window)
            issue = Issue(_FAILURE_CODES[answer.result.kind], Step.EXPAND, answer.result.detail)
            self._fail_archive(window.archive, issue)
            return
        unpacking = _read_unpacking(answer.result)
        if unpacking.expansion is None:
            raise VardeError(
                f"archive members cannot be unpacked into {self._site.spool}: {unpacking.spool_error}",
                advice="Make room there (or lower processing.spool_window_mib) and run the same command again.",
            )
        self._take_members(window, unpacking.expansion)

    def _take_members(self, window: _Window, expansion: Expansion) -> None:
        archive = window.archive
        first = archive.next_start
        archive.next_start = expansion.next_start or 0
        archive.unpacked_bytes = expansion.unpacked_bytes
        waiting = self._record_members(archive, expansion, first)
        by_ordinal = {member.ordinal: member for member in expansion.members}
        window.outstanding = 1
        for item in reversed(waiting):
            member = by_ordinal.get(item.ordinal or 0)
            if member is None or member.size_bytes is None:
                continue
            window.outstanding += 1
            self._tally.found += 1
            self._tally.found_bytes += member.size_bytes
            source = SpoolSource(window.descriptor, member.offset, member.size_bytes)
            if item.state is ItemState.EXPANDING:
                self._archives.append(_Archive(item, source, item.mime, archive.depth + 1, window))
            else:
                self._ready.append(_Task(item, source, window))
        self._leave(window)

    def _record_members(self, archive: _Archive, expansion: Expansion, first: int) -> list[WaitingItem]:
        inside = read_locator(archive.item.locator)
        found = [_new_item(inside, archive.item.item_id, member) for member in expansion.members]
        with self._writer.transaction() as connection:
            items.add_items(connection, self._exhibit.exhibit_id, found)
            last = max((member.ordinal for member in expansion.members), default=first)
            waiting = items.list_waiting_members(connection, archive.item.item_id, first, last)
            ids = items.list_member_ids(connection, archive.item.item_id, first, last)
            lost = {member.ordinal for member in expansion.members if member.size_bytes is None}
            items.record_examined(
                connection,
                self._exhibit.exhibit_id,
                [ExaminedItem(item.item_id, item.locator, None, ()) for item in waiting if item.ordinal in lost],
            )
            items.record_issues(
                connection,
                self._exhibit.exhibit_id,
                [
                    (archive.item.locator, archive.item.item_id, issue)
                    if member is None
                    else (_locate(inside, member), ids[member.ordinal], issue)
                    for member, issue in expansion.issues
                ],
            )
        return waiting


def _locate(inside: Locator, member: FoundMember) -> str:
    return str(inside.member(member.name, member.occurrence))


def _new_item(inside: Locator, parent_id: int, member: FoundMember) -> NewItem:
    locator = inside.member(member.name, member.occurrence)
    return NewItem(locator, Origin.ARCHIVE_MEMBER, member.size_bytes, member.modified_at, parent_id, member.ordinal)
