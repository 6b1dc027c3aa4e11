"""Takes one exhibit from waiting to done: hands work to the decoder processes and outcomes to the writer.

One thread, driven by answers. Files come from the database in pages, members from the archives that are being unpacked,
so that memory stays bounded whatever the exhibit holds. Everything a later run needs to go on is in the database.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec

from varde.core.case import Exhibit
from varde.core.content import Content
from varde.core.errors import NotFound, Unreadable
from varde.core.issue import Issue, IssueCode, Step
from varde.core.media import MediaKind
from varde.media.pool import Answer, Failure, Pool, Request
from varde.media.sampling import Sampling
from varde.media.sandbox import SandboxLimits
from varde.pipeline.archives import Archives
from varde.pipeline.checking import check_copy, check_reachable, check_there, read_examination
from varde.pipeline.examine import SKETCHING_TARGET, TARGET, ExamineRequest
from varde.pipeline.face_setup import FaceSetup
from varde.pipeline.sketch_sources import SketchSetup
from varde.pipeline.sources import file_source
from varde.pipeline.tasks import FAILURE_CODES, Archive, Tally, Task
from varde.pipeline.writer import Writer
from varde.store import items, local_features, reopening
from varde.store.items import ExaminedItem, ItemState, WaitingItem
from varde.store.settings import LocalFeaturesUse
from varde.store.site import Site

LONGER_FOR_FACES = 1.5
"""Times a file's time limit that it may take where faces are looked for too."""

_PAGE = 1000
_WAIT_S = 0.2
_SHORT_WAIT_S = 0.02
_encode = msgspec.msgpack.Encoder().encode


def wants_features(site: Site) -> bool:
    """Returns whether local features of items are to be computed: by the settings, or where a set can use them."""
    use = site.settings.matching.local_features
    if use is not LocalFeaturesUse.AUTO:
        return use is LocalFeaturesUse.ALWAYS
    with site.database.read() as connection:
        return local_features.has_known_features(connection)


class Schedule:
    """The run over one exhibit. Call `run` once."""

    def __init__(
        self,
        site: Site,
        exhibit: Exhibit,
        workers: int,
        progress: Callable[[Tally], None],
        faces: FaceSetup | None = None,
        sketches: SketchSetup | None = None,
    ) -> None:
        """Prepares a run.

        Args:
            site, exhibit: what is examined.
            workers: decoder processes.
            progress: called often.
            faces: the models that look for faces; None where nobody does.
            sketches: where sketches of sensor noise go; None where nobody wants any.
        """
        self._faces = faces
        self._sketches = sketches
        self._decoding_attempts = 2 if faces or sketches else 1
        self._site = site
        self._exhibit = exhibit
        self._settings = site.settings.processing
        self._workers = workers
        self._progress = progress
        models = faces.models if faces else None
        self._writer = Writer(site.database, exhibit.exhibit_id, face_models=models, sketches=sketches)
        self._tally = Tally()
        self._ready: deque[Task] = deque()
        self._archives = Archives(site, exhibit, self._writer, self._tally, self._ready)
        self._examining = 0
        self._local_features = wants_features(site)

    def run(self) -> Tally:
        """Examines everything that is not done and returns what was done.

        Raises:
            VardeError: if the decoder processes cannot start or the spool's disk is full; everything recorded stays.
        """
        limits = SandboxLimits(self._settings.memory_limit_mib << 20)
        feed = self._feed()
        target = SKETCHING_TARGET if self._sketches else TARGET
        target = f"{target}:{self._faces.folder}" if self._faces else target
        with Pool(target, self._workers, limits) as pool:
            try:
                while self._submit(pool, feed) or self._examining or self._archives.any_left:
                    self._take_answers(pool)
                    self._writer.flush_if_due()
                    self._progress(self._tally)
                self._tally.layers = pool.layers
            finally:
                self._archives.close()
        self._writer.flush()
        self._progress(self._tally)
        return self._tally

    def _feed(self) -> Iterator[WaitingItem]:
        after = 0
        while True:
            with self._site.database.read() as connection:
                page = items.list_waiting(connection, self._exhibit.exhibit_id, after_id=after, limit=_PAGE)
            if not page:
                return
            yield from page
            after = page[-1].item_id

    def _submit(self, pool: Pool, feed: Iterator[WaitingItem]) -> bool:
        """Fills the processes with work, members first; returns whether any is left to hand out."""
        self._archives.submit()
        while pool.room > 0:
            task = self._ready.pop() if self._ready else self._next_file(feed)
            if task is None:
                return bool(self._ready)
            self._submit_task(pool, task)
        return True

    def _next_file(self, feed: Iterator[WaitingItem]) -> Task | None:
        item = next(feed, None)
        if item is None:
            return None
        return Task(item, file_source(self._exhibit, item.locator, item.size_bytes, self._site.contents), None)

    def _submit_task(self, pool: Pool, task: Task) -> None:
        try:
            part = task.source.open()
        except NotFound:
            check_there(self._exhibit)
            raise
        except Unreadable as error:
            check_reachable(self._exhibit, error)
            self._refuse(task, Issue(IssueCode(error.issue_code), Step.READ, str(error)))
            return
        task.part_bytes, task.stamp = part.size_bytes, part.stamp
        limits = self._site.settings.decode.limits()
        limit_s = self._settings.limit_s(part.size_bytes)
        sampling = Sampling.within(self._site.settings.decode.video_sampling, limit_s)
        looks_for_faces = self._faces is not None and not task.attempts
        request = ExamineRequest(
            part.offset,
            part.size_bytes,
            limits,
            task.attempts < self._decoding_attempts,
            sampling,
            local_features=self._local_features,
            faces=looks_for_faces,
            sketch=self._sketches is not None and not task.attempts,
        )
        longest_s = limit_s * (LONGER_FOR_FACES if looks_for_faces else 1)
        pool.submit(Request(task, _encode(request), (part.descriptor,), longest_s))
        self._examining += 1

    def _take_answers(self, pool: Pool) -> None:
        self._archives.take_answers(0.0 if self._examining else _WAIT_S)
        if self._examining:
            for answer in pool.wait(_SHORT_WAIT_S if self._archives.unpacking else _WAIT_S):
                self._examining -= 1
                self._take_answer(answer)

    def _take_answer(self, answer: Answer) -> None:
        task: Task = answer.key
        dimensions = self._faces.dimensions if self._faces else None
        wanted = self._sketches is not None
        examination = read_examination(answer.result, task.part_bytes, dimensions, sketch=wanted)
        if isinstance(examination, Failure):
            self._take_failure(task, examination)
            return
        self._tally.add_cpu(examination.cpu_s)
        content = examination.content
        issues = examination.issues if task.failure is None else (task.failure, *examination.issues)
        examined = ExaminedItem(task.item.item_id, task.item.locator, content, issues)
        if content:
            check_copy(task.source, content, task.item.locator)
        if content and self._is_changed(task, content):
            cause = "It is not what it was when it was decided; what was recorded of it stays as it is."
            self._refuse(task, Issue(IssueCode.CHANGED_WHILE_READING, Step.READ, cause))
            return
        if content and content.media_type.kind is MediaKind.ARCHIVE:
            self._take_archive(task, examined, content)
        else:
            self._finish(task, examined)

    def _take_failure(self, task: Task, failure: Failure) -> None:
        step = self._further_step() if not task.attempts else Step.DECODE
        issue = Issue(FAILURE_CODES[failure.kind], step, failure.detail)
        task.attempts += 1
        if task.attempts <= self._decoding_attempts:  # hashes, or at least digests and type, can still be had
            task.failure = issue
            self._ready.append(task)
        else:
            issues = (task.failure, issue) if task.failure else (issue,)
            self._finish(task, ExaminedItem(task.item.item_id, task.item.locator, None, issues))

    def _further_step(self) -> Step:
        """Returns what a first attempt does besides decoding."""
        if self._faces:
            return Step.FACES
        return Step.SOURCES if self._sketches else Step.DECODE

    def _is_changed(self, task: Task, content: Content) -> bool:
        """Returns whether an item that was examined again, and decided before, is another content now."""
        if task.item.sha256 in (None, content.digests.sha256) or task.item.state is ItemState.EXPANDING:
            return False
        with self._site.database.read() as connection:
            return reopening.is_decided(connection, task.item.item_id)

    def _take_archive(self, task: Task, examined: ExaminedItem, content: Content) -> None:
        is_resumed = task.item.state is ItemState.EXPANDING
        if is_resumed and task.item.sha256 != content.digests.sha256:
            cause = "It is not what it was when its members were listed; those that were not done are not examined."
            self._refuse(task, Issue(IssueCode.CHANGED_WHILE_READING, Step.EXPAND, cause))
            return
        depth = task.inside.archive.depth + 1 if task.inside else 1
        deepest = self._site.settings.archive.max_depth
        if depth > deepest:
            cause = f"It lies {depth} archives deep; archives are opened down to {deepest}."
            issue = Issue(IssueCode.ARCHIVE_TOO_DEEP, Step.EXPAND, cause)
            self._finish(task, replace(examined, issues=(*examined.issues, issue)))
        else:
            self._writer.add(replace(examined, state=ItemState.EXPANDING))
            mime = content.media_type.mime
            self._archives.add(Archive(task.item, task.source, mime, depth, task.inside, task.stamp, is_resumed))

    def _refuse(self, task: Task, issue: Issue) -> None:
        """Ends an item that cannot be examined; one that was being unpacked keeps its content, not its members."""
        self._finish(task, ExaminedItem(task.item.item_id, task.item.locator, None, (issue,)))
        if task.item.state is ItemState.EXPANDING:
            self._archives.end_members(task.item.item_id)

    def _finish(self, task: Task, examined: ExaminedItem) -> None:
        self._writer.add(examined)
        self._tally.add_done(task.part_bytes, with_issues=bool(examined.issues))
        self._archives.leave(task.inside)
