from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from varde.cli.main import main
from varde.core.account import Role
from varde.core.camera import LikelihoodRatio
from varde.core.errors import Refused
from varde.store import accounts, case_access
from varde.store.site import open_site
from varde.web.pages import page
from varde.workflows import demo, demo_cameras, demo_faces
from varde.workflows.demo_cameras import CamerasShown


@pytest.fixture(autouse=True, scope="module")
def _logs_as_they_were() -> Iterator[None]:
    """The demo serves pages in this process, which sends every log to its own file."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@dataclass(frozen=True)
class DemoRun:
    """One run of the demo in the folder of an earlier one."""

    folder: Path
    out: str
    err: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    folder = tmp_path_factory.mktemp("demo") / "a folder"
    demo.make_material(folder)
    for left in ("evidence/left over.txt", "flat-fields/left over.jpg", "site/left over.db", "mine.txt"):
        (folder / left).parent.mkdir(exist_ok=True)
        (folder / left).write_text("old")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert main(["--person", "Tester", "demo", str(folder), "--json"]) == 0, err.getvalue()
    return DemoRun(folder, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def folder(run: DemoRun) -> Path:
    return run.folder


def read_json(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> object:
    capsys.readouterr()
    assert main(["--site", str(folder / "site"), *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_counts_are_those_promised(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = read_json(capsys, folder, "case", "show", "demo")
    assert isinstance(shown, dict)
    files = sum(path.is_file() for path in (folder / "evidence").rglob("*"))
    assert shown["places"] == files + 5
    assert shown["issues"] == 1
    assert shown["items"] == files + 4
    assert shown["waiting"] == 0
    assert shown["issues_by_code"] == {"truncated": 1}


def test_variants_are_matched_and_others_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = read_json(capsys, folder, "item", "list", "demo", "--matched")
    assert isinstance(listed, list)
    matched = {item["locator"] for item in listed}
    for variant in ("recompressed", "resized", "grey", "blurred", "mirrored"):
        assert f"downloads/harbour {variant}.jpg" in matched
    assert "downloads/harbour cropped.jpg" not in matched
    assert "film/walk.mp4" in matched
    assert "backup/album.zip!/album/first.jpg" in matched
    assert "documents/tides.csv" not in matched


def test_grades_are_those_of_a_made_up_person(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = read_json(capsys, folder, "item", "list", "demo")
    assert isinstance(listed, list)
    people = [decision["person"] for item in listed for decision in item["decisions"]]
    assert people == [demo.EXAMINER] * 3


def test_pictures_of_the_camera_and_no_others_are_leads_to_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leads = read_json(capsys, folder, "camera", "leads", "--case", "cameras")
    assert isinstance(leads, list)
    assert {lead["places"][0]["locator"] for lead in leads} == {f"synthetic-A-{number}.jpg" for number in (1, 2, 3)}
    assert all(lead["decided"] is None and lead["comparison"]["log10_lr"] > 0 for lead in leads)


def test_camera_is_of_its_case_and_said_to_be_made_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    camera = read_json(capsys, folder, "camera", "show", "synthetic-A")
    assert isinstance(camera, dict)
    assert camera["case"] == "cameras"
    assert camera["make"] == "varde demo" and "made up" in camera["note"]
    references = camera["fingerprints"][0]["references"]
    assert [one["state"] for one in references] == ["used"] * len(list((folder / "flat-fields").iterdir()))


def test_report_is_written_and_the_log_verifies(folder: Path) -> None:
    assert "downloads/harbour" in (folder / "report/report.html").read_text("utf-8")
    assert json.loads((folder / "report/vics.json").read_text("utf-8"))
    checkpoint = str(folder / "checkpoint.json")
    assert main(["--site", str(folder / "site"), "audit", "verify", "--checkpoint", checkpoint]) == 0


def test_it_says_what_it_did(run: DemoRun) -> None:
    folder, said = run.folder, run
    document = json.loads(said.out)
    assert document["places_with_issues"] == 1
    assert document["checkpoint"] == str(folder / "checkpoint.json")
    assert (folder / "report/report.html").resolve().as_uri() in said.err
    assert document["name"] == "demo"
    assert document["password"] in said.err
    assert document["page"] == "", "nobody watches: the pages are not left open"
    assert "5 of their pictures fetched" in said.err
    assert "synthetic-A enrolled from 10 flat fields. Pictures that support that it took them: 3," in said.err
    assert "camera compare synthetic-A --case cameras --all" in said.err


def test_what_an_earlier_demo_left_is_made_anew_and_nothing_else_touched(folder: Path) -> None:
    assert not list(folder.rglob("left over.*"))
    assert (folder / "mine.txt").read_text() == "old"


def test_its_account_is_let_in_and_has_access_to_its_case(folder: Path) -> None:
    site = open_site(folder / "site")
    with site.database.read() as connection:
        account = accounts.get_account(connection, "demo")
        assert not account.must_change_password
        assert account.roles == frozenset(Role)
        assert [case.name for case in case_access.list_open_cases(connection, account.account_id)] == [
            "cameras",
            "demo",
            "people",
        ]
    site.close()


def test_pages_that_do_not_answer_end_it_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = CamerasShown("left out", 0, 0, LikelihoodRatio(0, False, "here", ""), 0, 0)
    monkeypatch.setattr(demo_cameras, "show_cameras", lambda *_: shown)
    monkeypatch.setattr(demo_faces, "show_faces", lambda *_: "Left out here.")
    monkeypatch.setattr("varde.web.pages.assets.find_address", lambda name: 1 / 0)
    monkeypatch.setattr("varde.web.pages.page.find_address", lambda name: 1 / 0)
    page._environment.cache_clear()
    try:
        assert main(["demo", str(tmp_path / "demo")]) == 2
    finally:
        page._environment.cache_clear()
    said = capsys.readouterr().err
    assert "the pages answered /login with status 500" in said
    assert "password" in said, "a person can look for themselves"


def test_a_folder_it_did_not_make_is_refused_untouched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/precious.txt").write_text("mine")
    assert main(["demo", str(tmp_path)]) == 2
    assert "did not make" in capsys.readouterr().err
    assert (tmp_path / "evidence/precious.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refused, match="not a folder"):
        demo.make_material(tmp_path / "file")


def test_a_link_in_place_of_a_demo_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("mine")
    target = tmp_path / "demo"
    demo.make_material(target)
    for path in sorted((target / "known").iterdir()):
        path.unlink()
    (target / "known").rmdir()
    (target / "known").symlink_to(outside)
    assert main(["demo", str(target)]) == 2
    assert (outside / "precious.txt").read_text() == "mine"
