"""Behaviour of `varde.store.cases`, `schemes`, `decisions`, `runs` and `summary`."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from stored import AT, PERSON, add_examined, add_files, examine, list_item_ids, make_case, make_content, make_issue

from varde.core.case import Keeping
from varde.core.errors import NotFound, WrongUse
from varde.core.issue import IssueCode, Step
from varde.core.media import MediaKind
from varde.core.scheme import Grade, GradeScheme
from varde.store import audit, cases, decisions, items, reopening, runs, schemes, summary
from varde.store.database import Database

RED = Grade("vics-us", "2.0", "1")


def test_a_case_keeps_what_it_was_opened_with(database: Database) -> None:
    with database.write() as connection:
        case, _ = make_case(connection, "Größe 42")
        assert cases.get_case(connection, "Größe 42") == case
        assert (case.scheme, case.authorisation.reference, case.created_at) == ("vics-us@2.0", "warrant 1", AT)
        make_case(connection, "another")
        assert [found.name for found in cases.list_cases(connection)] == sorted(["Größe 42", "another"])


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\tb", "a\0b", "\x1b[2J", "\udcff"])
def test_an_unfit_name_is_refused(database: Database, name: str) -> None:
    with database.write() as connection, pytest.raises(WrongUse, match="1 to 200 printable characters"):
        make_case(connection, name)


def test_times_must_say_their_zone(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(Exception, match="must be aware"), database.write() as connection:
        cases.create_case(connection, name="x", authorisation="", scheme="vics-us@2.0", person=PERSON, at=naive)


def test_exhibits_are_numbered_in_their_case(database: Database) -> None:
    with database.write() as connection:
        _, first = make_case(connection, "a", exhibits=3)
        other, second = make_case(connection, "b", exhibits=1)
        assert [exhibit.number for exhibit in first] == [1, 2, 3]
        assert [exhibit.number for exhibit in second] == [1]
        with pytest.raises(WrongUse, match="is exhibit 1 of b already"):
            cases.add_exhibit(connection, case=other, path=second[0].path, keeping=Keeping.COPY, person=PERSON, at=AT)


def test_an_exhibits_path_may_be_any_bytes(database: Database) -> None:
    path = Path(os.fsdecode(b"/evidence/\xff\n!/\\x41"))
    with database.write() as connection:
        case, _ = make_case(connection, exhibits=0)
        made = cases.add_exhibit(connection, case=case, path=path, keeping=Keeping.COPY, person=PERSON, at=AT)
        assert (made.path, made.keeping, made.walked) == (path, Keeping.COPY, False)
        cases.record_walked(connection, made.exhibit_id)
        assert cases.list_exhibits(connection, case.case_id)[0].walked


def test_the_built_in_schemes_are_there_once(database: Database) -> None:
    with database.write() as connection:
        schemes.add_builtin(connection)
        assert {scheme.key for scheme in schemes.list_schemes(connection)} == {s.key for s in schemes.BUILTIN}
        assert schemes.get_scheme(connection, schemes.DEFAULT)[1].codes == ("0", "1", "2", "3", "4", "5")


def test_a_scheme_is_never_changed(database: Database) -> None:
    scheme = GradeScheme("unit4", "1", ("b", "a"))
    with database.write() as connection:
        assert schemes.add_scheme(connection, scheme) == schemes.add_scheme(connection, scheme)
        with pytest.raises(WrongUse, match="exists with other codes"):
            schemes.add_scheme(connection, GradeScheme("unit4", "1", ("a", "b")))
        for key in ("unit4", "unit4@2", "", "@", "unit4@1@1"):
            with pytest.raises(NotFound, match="no grade scheme"):
                schemes.get_scheme(connection, key)


def test_the_newest_decision_is_in_force_and_all_are_kept(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        (item_id,) = add_examined(connection, exhibit, b"a.jpg").values()
        for number, grade in enumerate((RED, None, Grade("vics-us", "2.0", "3"))):
            at = AT + timedelta(microseconds=number)
            decided = [(item_id, grade, f"note {number}")]
            assert len(decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=at)) == 1
        found = decisions.read_decisions(connection, [item_id])[item_id]
    assert [decision.grade for decision in found] == [RED, None, Grade("vics-us", "2.0", "3")]
    assert [decision.at for decision in found] == [AT + timedelta(microseconds=number) for number in range(3)]
    assert [decision.decision_id for decision in found] == [1, 2, 3]


def test_what_is_not_examined_cannot_be_decided(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "IDS_AT_ONCE", 2)
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = [*add_examined(connection, exhibit, b"a", b"b", b"c").values()]
        waiting = add_files(connection, exhibit, b"d")["d"]
    with pytest.raises(WrongUse, match=f"item {waiting} is not examined yet") as caught, database.write() as connection:
        decided = [(item_id, RED, "") for item_id in [*ids, waiting]]
        decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=AT)
    assert "varde process" in caught.value.advice
    with database.read() as connection:
        assert decisions.read_decisions(connection, [*ids, waiting]) == {}


def test_what_was_decided_is_not_examined_again(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = add_files(connection, exhibit, b"a", b"b")
        for name in ids:
            examine(connection, exhibit, name, None, make_issue(IssueCode.UNREADABLE, Step.READ))
        decided = [(ids["a"], RED, "seen on another machine")]
        decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=AT)
        assert reopening.open_again(connection, exhibit.exhibit_id) == 1
        (waiting,) = items.list_waiting(connection, exhibit.exhibit_id, after_id=0, limit=9)
        assert waiting.item_id == ids["b"]
        audit.verify_chain(connection)


def test_many_decisions_are_one_audited_act(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "IDS_AT_ONCE", 3)
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = add_examined(connection, exhibit, *(b"%d" % number for number in range(8))).values()
        before = audit.get_head(connection).number
        decided = ((item_id, RED, "") for item_id in ids)
        assert (
            len(decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=AT, source="x")) == 8
        )
        (event,) = audit.list_events(connection, after=before)
        assert (event.act, event.subject["decisions"]) == ("decisions_imported", 8)
        assert not decisions.record_decisions(connection, [], case="harbour", person=PERSON, at=AT)
        assert audit.verify_chain(connection).number == before + 1


@pytest.mark.parametrize(
    ("person", "grade", "message"),
    [
        (" ", RED, "needs the name of the person"),
        (PERSON, Grade("vics-us", "2.0", "9"), "has no code '9'"),
        (PERSON, Grade("none", "1", "1"), "no grade scheme 'none@1'"),
    ],
)
def test_a_decision_needs_a_person_and_a_code_of_its_scheme(
    database: Database, person: str, grade: Grade, message: str
) -> None:
    with pytest.raises(WrongUse, match=message), database.write() as connection:
        _, (exhibit,) = make_case(connection)
        (item_id,) = add_examined(connection, exhibit, b"a.jpg").values()
        decisions.record_decisions(connection, [(item_id, grade, "")], case="harbour", person=person, at=AT)


def test_runs_are_kept_with_their_software(database: Database) -> None:
    with database.write() as connection:
        case, _ = make_case(connection)
        first = runs.add_run(connection, case.case_id, person=PERSON, at=AT, software={"varde": "1"})
        runs.add_run(connection, case.case_id, person="B", at=AT, software={})
        runs.finish_run(connection, first, at=AT + timedelta(hours=1), cpu_s={"decode": 1.5})
        found = runs.list_runs(connection, case.case_id)
    assert [run.person for run in found] == [PERSON, "B"]
    assert (found[0].cpu_s, found[0].software) == ({"decode": 1.5}, {"varde": "1"})
    assert found[0].finished_at == AT + timedelta(hours=1)
    assert (found[1].finished_at, found[1].cpu_s) == (None, None)


def test_a_summary_counts_items_not_contents(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg", b"b.jpg", b"c.jpg", b"waiting.jpg")
        for name in ("a.jpg", "b.jpg"):
            examine(connection, exhibit, name, make_content(b"same"))
        examine(connection, exhibit, "c.jpg", None, make_issue(IssueCode.UNREADABLE, Step.READ))
        items.record_issues(connection, exhibit.exhibit_id, [("link", None, make_issue(IssueCode.SYMLINK, Step.WALK))])
        ids = list_item_ids(connection, exhibit)
        decided = [(ids["a.jpg"], RED, ""), (ids["b.jpg"], RED, ""), (ids["b.jpg"], None, "")]
        decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=AT)
        found = summary.summarise_case(connection, case.case_id)
        issues = list(summary.list_issues(connection, case.case_id))
    assert (found.items, found.contents, found.hashed, found.matched, found.size_bytes) == (4, 1, 2, 0, 28)
    assert found.kinds == ((MediaKind.PICTURE, 2, 8), (MediaKind.OTHER, 2, 20))
    assert found.decided == ((RED, 1),)
    assert found.issues == ((IssueCode.SYMLINK, Step.WALK, 1), (IssueCode.UNREADABLE, Step.READ, 1))
    assert [(issue.locator, issue.item_id) for issue in issues] == [("c.jpg", ids["c.jpg"]), ("link", None)]
