"""Behaviour of `varde report`, `audit` and `doctor`."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from terminal import Terminal


def tamper(terminal: Terminal, *statements: str) -> None:
    """Changes the database as somebody with a database tool would."""
    connection = sqlite3.connect(terminal.site / "varde.db")
    for table in ("decisions", "audit_events"):
        for act in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {table}_no_{act}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_report_is_written_and_audited_with_digests(processed: Terminal, tmp_path: Path) -> None:
    processed("grade", "1", "2")
    said = processed("report", "harbour", "--output", tmp_path / "deep" / "report", "--json")
    assert said.code == 0, said.err
    assert set(said.data) == {"csv", "html", "vics"}
    paths = [Path(path) for one in said.data.values() for path in one["files"]]
    assert all(path.is_file() and path.parent == tmp_path / "deep" / "report" for path in paths)
    events = [event for event in processed.json("audit", "list") if event["act"] == "report_written"]
    digests = {event["subject"]["file"]: event["subject"]["sha256"] for event in events}
    assert digests == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert {event["subject"]["revealed"] for event in events} == {0}


def test_the_report_counts_what_the_case_counts(processed: Terminal, tmp_path: Path) -> None:
    processed("report", "harbour", "--output", tmp_path / "report")
    shown = processed.json("case", "show", "harbour")
    with (tmp_path / "report" / "items.csv").open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == shown["items"] + shown["issues"] - 1
    html = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "symbolic link" in html
    assert "<script" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_only_the_reports_asked_for_are_written(processed: Terminal, tmp_path: Path) -> None:
    assert set(processed.json("report", "harbour", "--output", tmp_path / "report", "--kind", "vics")) == {"vics"}
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["vics.json"]


def test_revealing_is_audited(processed: Terminal, tmp_path: Path) -> None:
    processed("report", "harbour", "--output", tmp_path / "report", "--kind", "html", "--reveal")
    assert processed.json("audit", "list")[-1]["subject"]["revealed"] == 1


def test_pictures_can_be_left_out(processed: Terminal, tmp_path: Path) -> None:
    processed("report", "harbour", "--output", tmp_path / "report", "--kind", "html", "--no-pictures")
    assert "data:image" not in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_a_report_overwrites_nothing(processed: Terminal, processed_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    before = processed.json("audit", "list")
    said = processed("report", "harbour", "--output", tmp_path)
    assert said.code == 2
    assert "is not empty" in said.err
    assert processed("report", "harbour", "--output", tmp_path / "mine").code == 2
    assert processed("report", "harbour", "--output", tmp_path / "x", "--kind", "none").code == 2
    said = processed("report", "harbour", "--output", processed_folder / "exhibit" / "report")
    assert said.code == 2
    assert "which is only read" in said.err
    assert processed.json("audit", "list") == before


def test_the_log_tells_what_was_done(processed: Terminal) -> None:
    events = processed.json("audit", "list")
    acts = ["site_created", "case_created", "exhibit_added", "processing_started", "processing_finished"]
    assert [event["act"] for event in events] == acts
    assert [event["number"] for event in events] == [1, 2, 3, 4, 5]
    assert processed.json("audit", "list", "--after", "3")[0]["number"] == 4
    assert processed("audit", "list").out.count("\n") == 6


def test_an_intact_log_is_said_to_be(processed: Terminal) -> None:
    said = processed("audit", "verify", "--json")
    assert said.code == 0
    assert (said.data["intact"], said.data["events"], said.data["checkpoint"]) == (True, 5, None)
    assert "The audit log is intact: 5 events" in said.err


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE audit_events SET person = 'B' WHERE number = 2", "audit event 2 (case_created) does not fit"),
        ("DELETE FROM audit_events WHERE number = 3", "audit event 3 is missing"),
        ("UPDATE decisions SET code = '5'", "decisions 1 to 1 are not what audit event 6 recorded"),
    ],
)
def test_tampering_ends_with_3(processed: Terminal, tmp_path: Path, statement: str, message: str) -> None:
    processed("grade", "1", "2")
    tamper(processed, statement)
    said = processed("audit", "verify", "--json")
    assert (said.code, said.out) == (3, "")
    assert message in said.err
    said = processed("audit", "checkpoint", "--output", tmp_path / "c.json")
    assert said.code == 3
    assert not (tmp_path / "c.json").exists()
    said = processed("doctor", "--json")
    assert said.code == 3
    assert {check["check"]: check["state"] for check in said.data}["audit log"] == "broken"


def test_a_checkpoint_finds_a_cut_tail(processed: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    made = processed.json("audit", "checkpoint", "--output", path)
    assert (made["event"], made["file"]) == (6, str(path))
    processed("grade", "1", "2")
    said = processed("audit", "verify", "--checkpoint", path, "--json")
    assert (said.code, said.data["checkpoint"]) == (0, 6)
    assert "It continues the checkpoint" in said.err
    tamper(processed, "DELETE FROM audit_events WHERE number > 4", "DELETE FROM decisions")
    assert processed("audit", "verify").code == 0
    said = processed("audit", "verify", "--checkpoint", path)
    assert said.code == 3
    assert "signed for audit event 6, but the log ends at 4" in said.err


def test_a_checkpoint_is_refused_where_it_cannot_be_trusted(processed: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    processed("audit", "checkpoint", "--output", path)
    assert processed("audit", "checkpoint", "--output", path).code == 2
    assert processed("audit", "verify", "--checkpoint", tmp_path / "none").code == 2
    document = json.loads(path.read_text())
    document["statement"] = document["statement"].replace('"event_number": 6', '"event_number": 5')
    path.write_text(json.dumps(document))
    said = processed("audit", "verify", "--checkpoint", path)
    assert (said.code, "changed after it was signed" in said.err) == (3, True)
    path.write_text("{}")
    assert processed("audit", "verify", "--checkpoint", path).code == 2


def test_a_failed_checkpoint_is_not_in_the_log(processed: Terminal, tmp_path: Path) -> None:
    assert processed("audit", "checkpoint", "--output", tmp_path / "no" / "c.json").code == 2
    assert len(processed.json("audit", "list")) == 5


def test_doctor_looks_at_machine_and_site(processed: Terminal) -> None:
    said = processed("doctor", "--json")
    assert said.code in (0, 1)
    states = {check["check"]: check["state"] for check in said.data}
    of_site = ["database", "audit log", "signing key", "copies", "indexes", "fingerprints", "sketches", "models"]
    assert list(states) == ["machine", "decoders", "software", "disk", *of_site]
    assert {states[name] for name in of_site} == {"good"}


def test_doctor_sees_a_lost_key_and_a_lost_copy(terminal: Terminal, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    (exhibit / "note.txt").write_text("a note")
    terminal("case", "new", "harbour")
    terminal("exhibit", "add", "harbour", exhibit, "--copy", "--process")
    for copy in (terminal.site / "contents").glob("??/??/*"):
        copy.unlink()
    (terminal.site / "keys" / "site.pem").unlink()
    said = terminal("doctor", "--json")
    assert said.code == 3
    assert {check["check"] for check in said.data if check["state"] == "broken"} == {"signing key", "copies"}


def test_doctor_without_a_site_looks_at_the_machine(terminal: Terminal) -> None:
    said = terminal.bare("doctor")
    assert said.code in (0, 1)
    assert "only the machine was checked" in said.err
    assert said.out.splitlines()[0] == "check\tstate\tdetail"


def test_a_damaged_database_ends_with_3(processed: Terminal) -> None:
    (processed.site / "varde.db").write_bytes(b"no database" * 1000)
    for path in processed.site.glob("varde.db-*"):
        path.unlink()
    said = processed("case", "list")
    assert said.code == 3
    assert "database is damaged" in said.err
