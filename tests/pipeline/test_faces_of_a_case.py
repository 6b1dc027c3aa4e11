"""What becomes of a case's faces when things go wrong, without any model: decoders run in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Self

import msgspec
import pytest
from mixed_exhibit import ACTOR, process
from test_look_for_faces import FAR, RedSquares, paint, write

from varde.core.issue import IssueCode, Step
from varde.core.model import ModelIdentity, ModelTask
from varde.media.pool import Answer, Failure, FailureKind, Request
from varde.pipeline import run, schedule
from varde.pipeline.examine import ExamineRequest, examine
from varde.pipeline.face_setup import FaceSetup, NoFaces
from varde.pipeline.look_for_faces import FaceLooker
from varde.store import faces, item_lists, records
from varde.store.face_writing import FaceModels
from varde.store.models import ensure_model
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.workflows.grade_items import grade_items
from varde.workflows.process_case import Processed, process_case

AT = datetime(2026, 11, 22, tzinfo=UTC)


class DecodersHere:
    """Stands in for the pool: examines in this process; `crashes` says which requests end the decoder."""

    crashes: Callable[[ExamineRequest], bool] = staticmethod(lambda request: False)
    asked: ClassVar[list[ExamineRequest]]

    def __init__(self, target: str, workers: int, limits: object) -> None:
        self._answers: deque[Answer] = deque()
        self._looker = FaceLooker(RedSquares(), FAR) if target.count(":") == 2 else None
        self.layers = ("none",)
        self.room = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def submit(self, request: Request) -> None:
        wanted = msgspec.msgpack.decode(request.payload, type=ExamineRequest)
        type(self).asked.append(wanted)
        result: bytes | Failure = Failure(FailureKind.CRASHED, "It ended.")
        if not type(self).crashes(wanted):
            result = msgspec.msgpack.encode(examine(wanted, request.files[0], self._looker))
        self._answers.append(Answer(request.key, result))
        self.room = 0

    def wait(self, timeout_s: float) -> list[Answer]:
        self.room = 1
        answers = list(self._answers)
        self._answers.clear()
        return answers


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> type[DecodersHere]:
    class Decoders(DecodersHere):
        asked: ClassVar[list[ExamineRequest]] = []

    monkeypatch.setattr(schedule, "Pool", Decoders)
    return Decoders


@pytest.fixture
def case(
    make_site: Callable[..., Site], tmp_path: Path, decoders: type[DecodersHere], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """A case with one picture that was processed before models were in use; now they are."""
    site = make_site()
    (tmp_path / "exhibit").mkdir()
    (tmp_path / "exhibit" / "a.png").write_bytes(write(paint(320, 240, 40, 50, 90)).ljust(9_000))
    process(site, tmp_path / "exhibit")
    with site.database.write() as connection:
        rows = [
            ensure_model(connection, ModelIdentity("test", "1", task, bytes(32)), "test", AT)
            for task in (ModelTask.FACE_DETECT, ModelTask.FACE_EMBED)
        ]
    setup = FaceSetup(tmp_path, FaceModels(*rows), 16)
    monkeypatch.setattr(run, "find_setup", lambda *_: setup)
    decoders.asked.clear()
    yield site


def look_again(site: Site) -> Processed:
    return process_case(site, ACTOR, case_name="case", progress=lambda _: None, faces=True)


def get_item(site: Site) -> ItemRecord:
    with site.database.read() as connection:
        (record,) = records.load_records(connection, item_lists.list_ids(connection, 1))
    return record


def count_faces(site: Site) -> int:
    content_id = get_item(site).content_id
    assert content_id is not None
    with site.database.read() as connection:
        found = faces.read_faces(connection, [content_id])
    return sum(len(one.faces) for one in found.values())


def test_what_was_examined_before_is_looked_at_when_asked(case: Site) -> None:
    assert process_case(case, ACTOR, case_name="case", progress=lambda _: None).without_faces == 1
    assert count_faces(case) == 0
    assert look_again(case).without_faces == 0
    assert count_faces(case) == 1
    assert look_again(case).run.items == 0


def test_a_crash_at_the_faces_costs_only_the_faces(case: Site, decoders: type[DecodersHere]) -> None:
    decoders.crashes = staticmethod(lambda request: request.faces)
    assert look_again(case).without_faces == 1
    assert [(one.faces, one.decode) for one in decoders.asked] == [(True, True), (False, True)]
    item = get_item(case)
    assert [(issue.code, issue.step) for issue in item.issues] == [(IssueCode.DECODER_CRASHED, Step.FACES)]
    assert item.content
    assert item.content.signals[0].outcome
    decoders.crashes = staticmethod(lambda request: False)
    assert look_again(case).without_faces == 0
    assert count_faces(case) == 1
    assert get_item(case).issues == ()


def test_after_a_second_crash_digests_and_type_are_taken(case: Site, decoders: type[DecodersHere]) -> None:
    decoders.crashes = staticmethod(lambda request: request.decode)
    look_again(case)
    assert [(one.faces, one.decode) for one in decoders.asked] == [(True, True), (False, True), (False, False)]
    assert [issue.code for issue in get_item(case).issues] == [IssueCode.DECODER_CRASHED]


def test_a_decided_item_is_looked_at_as_long_as_it_is_what_was_decided_on(case: Site, tmp_path: Path) -> None:
    before = get_item(case)
    grade_items(case, ACTOR, item_ids=[before.item_id], code="0", note="")
    (tmp_path / "exhibit" / "a.png").write_bytes(write(paint(320, 240, 10, 20, 60)).ljust(9_000))  # as large as before
    done = look_again(case)
    after = get_item(case)
    assert (after.content_id, after.state) == (before.content_id, "done")
    (issue,) = after.issues
    assert issue.code is IssueCode.CHANGED_WHILE_READING
    assert "decided" in issue.cause
    assert done.without_faces == 1


def test_a_decided_item_keeps_its_decision_when_it_is_looked_at(case: Site) -> None:
    before = get_item(case)
    grade_items(case, ACTOR, item_ids=[before.item_id], code="0", note="")
    assert look_again(case).without_faces == 0
    assert count_faces(case) == 1
    assert len(get_item(case).decisions) == 1


def test_turned_off_means_nobody_looks(
    case: Site, monkeypatch: pytest.MonkeyPatch, decoders: type[DecodersHere]
) -> None:
    monkeypatch.setattr(run, "find_setup", lambda *_: NoFaces.TURNED_OFF)
    assert look_again(case).run.no_faces is NoFaces.TURNED_OFF
    assert decoders.asked == []
