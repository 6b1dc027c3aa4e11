"""The report of a trial: every figure counted from what was recorded, and nobody singled out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, select

from varde.core.age import AgeBand
from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.face import Verdict
from varde.core.model import ModelIdentity, ModelTask
from varde.core.outcome import NotComparable
from varde.core.trial import FillerFigure, TrialReport
from varde.store import audit, cohorts, face_tables, models
from varde.store.cohorts import NewCohortFace
from varde.store.site import Site
from varde.store.tables import audit_events, cases, contents
from varde.workflows.actor import Actor
from varde.workflows.open_case import create_case
from varde.workflows.report_trial import report_trial

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACTOR = Actor("B. Evaluator", lambda: NOW)
IDENTITY = ModelIdentity("reference", "1", ModelTask.FACE_EMBED, bytes(32))
REVIEWERS = ("A. Reviewer", "C. Reviewer", "D. Reviewer")


class _Trial:
    """Records what people do in a trial, as the workflows of a search do."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.model = models.ensure_model(connection, IDENTITY, "examiner", NOW)
        faces = [NewCohortFace(f"p{number}", 90, b"crop", b"vect") for number in range(9)]
        cohorts.add_faces(connection, "staff", AgeBand.ADULT, self.model, faces, person="e", at=NOW)
        self.case = connection.execute(select(cases.c.id)).scalar_one()
        self.content = self._insert(
            contents,
            {"sha256": bytes(32), "md5": bytes(16), "sha1": bytes(20), "size_bytes": 1, "kind": "picture"}
            | {"mime": "image/jpeg", "metadata": {}},
        )
        self.faces = [self._face(number) for number in range(6)]

    def search(self, at: datetime, scope: str = "case", reason: str | None = None) -> int:
        values = {"case_id": self.case, "scope": scope, "rule": "any", "purpose": "find", "authorisation": "warrant"}
        values |= {"searched_at": at, "person": "A. Reviewer", "model_id": self.model, "gallery_faces": 9}
        act = Act.FACES_SEARCHED if scope == "case" else Act.FACES_SEARCHED_EVERYWHERE
        audit.append_event(self.connection, at=at, person="A. Reviewer", act=act, subject={"case": "1"})
        return self._insert(face_tables.face_searches, values | {"settings": {}, "reason": reason})

    def show(self, search: int, rank: int, face: int | None = None, filler: int | None = None) -> None:
        values = {"search_id": search, "rank": rank, "face_id": face, "filler_id": filler, "score": 0.5}
        self.connection.execute(insert(face_tables.face_candidates).values(**values))

    def judge(self, search: int, rank: int | None, verdict: Verdict, person: str = "A. Reviewer", s: int = 20) -> None:
        values = {"search_id": search, "rank": rank, "verdict": verdict.value, "note": "", "seconds": s}
        self._insert(face_tables.face_judgements, values | {"at": NOW, "person": person})

    def identify(self, face: int, at: datetime, verdict: Verdict = Verdict.SAME) -> None:
        values = {"victim_id": self.victim, "face_id": face, "verdict": verdict.value, "note": ""}
        self._insert(face_tables.identifications, values | {"at": at, "person": "A. Reviewer"})

    @property
    def victim(self) -> int:
        found = self.connection.execute(select(face_tables.victims.c.id)).scalar()
        if found is not None:
            return int(found)
        values = {"case_id": self.case, "alias": "V1", "authorisation": "w", "purpose": "p"}
        return self._insert(face_tables.victims, values | {"added_at": NOW - timedelta(days=50), "added_by": "e"})

    def lead(self, face: int, at: datetime, verdict: Verdict | None) -> None:
        values = {"victim_id": self.victim, "face_id": face, "model_id": self.model, "score": 0.5, "found_at": at}
        self._insert(face_tables.face_leads, values | {"band": "above", "verdict": verdict.value if verdict else None})

    def _face(self, ordinal: int) -> int:
        values = {"content_id": self.content, "ordinal": ordinal, "left": 0, "top": 0, "width": 1, "height": 1}
        values |= {"landmarks": [], "angle": 0, "size_px": 90, "confidence": 0.9, "quality": 90, "seen_frames": 1}
        return self._insert(face_tables.faces, values)

    def _insert(self, table: Table, values: dict[str, object]) -> int:
        return int(self.connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


@pytest.fixture
def trial(site: Site) -> Site:
    create_case(site, ACTOR, name="2026-1", authorisation="w", scheme="vics-us@2.0")
    september, november = datetime(2026, 9, 3, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    with site.database.write() as connection:
        made = _Trial(connection)
        first = made.search(september)
        for rank, face in enumerate(made.faces[:4], 1):
            made.show(first, rank, face)
        made.show(first, 5, filler=1)
        made.judge(first, 1, Verdict.UNDECIDED)
        made.judge(first, 1, Verdict.SAME)
        made.judge(first, 2, Verdict.DIFFERENT)
        made.judge(first, 5, Verdict.SAME)
        made.judge(first, 5, Verdict.DIFFERENT, s=0)  # thought again: of fillers the first counts
        made.identify(made.faces[0], november)
        made.identify(made.faces[1], november)  # passed over in the list, and found later
        made.identify(made.faces[3], november)
        made.identify(made.faces[3], november, Verdict.DIFFERENT)  # taken back
        second = made.search(november, "everywhere")
        made.show(second, 1, made.faces[4])
        for number, person in enumerate(REVIEWERS):
            made.show(second, 2 + number, filler=2 + number)
            made.judge(second, 2 + number, Verdict.DIFFERENT, person, s=30)
        made.judge(second, None, Verdict.NONE_OF_THESE)
        made.search(november, reason="no_face")
        made.lead(made.faces[5], november, None)
        made.lead(made.faces[4], november, Verdict.SAME)
        gone = {"case": "1"}
        audit.append_event(connection, at=november, person="A", act=Act.FACES_SEARCHED, subject=gone)
    return site


def _report(site: Site, **options: object) -> TrialReport:
    return report_trial(site, ACTOR, **{"since": None, "until": None, "output": None, **options})  # type: ignore[arg-type]


def test_every_month_has_its_figures(trial: Site) -> None:
    report = _report(trial)
    assert [month.month for month in report.months] == ["2026-09", "2026-10", "2026-11"]
    first, between, last = report.months
    assert (first.in_case, first.everywhere, first.candidates) == (1, 0, 4)
    assert (first.same, first.different, first.undecided, first.judged) == (1, 1, 0, 2)
    assert (between.searches, between.seconds) == (0, None)
    assert (last.in_case, last.everywhere, last.without_candidate, last.none_of_these) == (1, 1, 1, 1)
    assert (last.identifications, last.leads, last.leads_same, last.leads_open) == (2, 2, 1, 1)


def test_fillers_are_counted_apart_and_with_an_interval(trial: Site) -> None:
    fillers = _report(trial).fillers
    assert isinstance(fillers, FillerFigure)
    assert (fillers.judged, fillers.accepted) == (4, 1)
    assert 0 < fillers.low < 0.25 < fillers.high < 1


def test_what_was_passed_over_and_identified_later_is_a_miss(trial: Site) -> None:
    assert _report(trial).missed == 1


def test_deleted_searches_still_count_from_the_audit_log(trial: Site) -> None:
    assert _report(trial).deleted == 1


def test_one_reviewer_s_time_and_errors_are_never_told(trial: Site) -> None:
    report = _report(trial, until=date(2026, 9, 30))
    assert report.months[0].seconds is None
    assert (report.reviewers, report.median_s) == (None, None)
    assert isinstance(report.fillers, NotComparable)
    assert _report(trial).months[2].seconds == 110


def test_the_page_names_nobody_who_reviewed_and_needs_nothing_from_outside(trial: Site, tmp_path: Path) -> None:
    _report(trial, output=tmp_path / "trial.html")
    page = (tmp_path / "trial.html").read_text("utf-8")
    assert not any(person in page for person in REVIEWERS)
    assert "V1" not in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert "default-src &#39;none&#39;" in page
    assert "What was not measured" in page
    assert " match" not in page.lower()


def test_reporting_is_audited(trial: Site, tmp_path: Path) -> None:
    _report(trial, output=tmp_path / "trial.html", since=date(2026, 9, 1))
    with trial.database.read() as connection:
        last = connection.execute(select(audit_events).order_by(audit_events.c.number.desc()).limit(1)).one()
    assert last.act == "trial_reported"
    assert last.subject == {"since": "2026-09-01", "until": "2026-11-22", "searches": 3, "file": "trial.html"}


def test_a_site_without_a_search_reports_zeros(site: Site, tmp_path: Path) -> None:
    report = _report(site, output=tmp_path / "trial.html")
    assert [(month.month, month.searches) for month in report.months] == [("2026-11", 0)]
    assert "fewer than three" in (tmp_path / "trial.html").read_text("utf-8")


def test_days_in_the_wrong_order_are_refused(site: Site) -> None:
    with pytest.raises(WrongUse, match="begins on") as refused:
        _report(site, since=date(2026, 12, 1), until=date(2026, 1, 1))
    assert "--from" in refused.value.advice


def test_no_report_takes_another_s_place(site: Site, tmp_path: Path) -> None:
    (tmp_path / "trial.html").write_text("mine")
    with pytest.raises(WrongUse, match="there already"):
        _report(site, output=tmp_path / "trial.html")
    assert (tmp_path / "trial.html").read_text() == "mine"
