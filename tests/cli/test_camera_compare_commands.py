"""``varde camera compare``, ``leads``, ``link`` and ``report`` as a person and a program meet them."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal import Terminal

from camera_cases import add_camera, add_files, calibrate_cameras, compare_item
from enrolled_cameras import add_case, add_pictures, enrol, make_jpeg, make_pattern
from varde.cli.camera_words import print_comparisons
from varde.core.outcome import NotComparable, Reason
from varde.store.camera_comparisons import load_comparisons
from varde.store.site import open_site
from varde.workflows.actor import Actor

FIXED = ["file", "assessable", "reason", "pce", "log10_lr", "search"]


@pytest.fixture
def equipped(terminal: Terminal, tmp_path: Path) -> Terminal:
    """At a site with a camera and a case that has one of its pictures as item 1."""
    pattern = make_pattern(1)
    site = open_site(terminal.site)
    calibrate_cameras(site, Actor("kim"))
    enrol(site, "D70", pattern, case_id=add_case(site, "one"))
    add_pictures(site, "one", tmp_path / "exhibit", {"x.jpg": (make_jpeg(pattern, 7), None)})
    site.close()
    return terminal


def test_comparing_deciding_and_reporting(equipped: Terminal, tmp_path: Path) -> None:
    said = equipped.json("camera", "compare", "D70", tmp_path / "none.jpg", "--case", "one", "--all", code=1)
    missing, found = said
    assert list(missing)[:6] == list(found)[:6] == FIXED
    assert (missing["assessable"], missing["reason"], missing["pce"]) == (False, "not_decoded", None)
    assert missing["detail"] == "There is no such file." and missing["advice"].startswith("Look whether its name")
    assert found["assessable"] and found["log10_lr"] > 0 and found["search"]["extent"] == "aligned"
    assert found["fingerprint"]["version"] == 1 and found["words"] and found["calibration"]

    leads = equipped("camera", "leads", "--case", "one")
    assert leads.out.splitlines()[1].split("\t")[1:3] == ["D70", "1"] and "Leads, not links" in leads.err
    decided = equipped("camera", "link", "one", "1", "D70", "--verdict", "linked", "--note", "far above every other")
    assert decided.code == 0 and "linked, as A. Examiner decided" in decided.err
    assert "No leads wait" in equipped("camera", "leads").err
    (lead,) = equipped.json("camera", "leads", "--all", "--camera", "D70")
    assert lead["decided"]["verdict"] == "linked" and lead["comparison"]["log10_lr"] == found["log10_lr"]

    written = equipped.json("camera", "report", "D70", "--case", "one", "--output", tmp_path / "camera")
    assert [Path(path).name for path in written["files"]] == ["camera-report.html", "camera-report.json"]
    assert equipped("report", "one", "--kind", "html", "--output", tmp_path / "case").code == 0
    page = (tmp_path / "case" / "report.html").read_text("utf-8")
    assert "Camera attribution, as persons decided" in page and "far above every other" in page


def test_a_name_that_is_no_text_is_kept_as_escapes(equipped: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "bad\udcff\n.jpg"
    path.write_bytes(make_jpeg(make_pattern(1), 8))
    (found,) = equipped.json("camera", "compare", "D70", path, "--extent", "aligned")
    assert found["assessable"] and found["file"] == f"{tmp_path}/bad\\xff\\x0a.jpg"
    assert "bad\\xff\\x0a.jpg was taken" in found["propositions"]["same"]


def test_person_reads_lines_with_their_limits(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    site, kim = open_site(terminal.site), Actor("kim")
    items = add_files(site, kim, "one", {"a.jpg": b"a", "b.jpg": b"b"})
    camera = add_camera(site, kim, "D70")
    small = NotComparable(Reason.TOO_SMALL, "It has 3 x 3 pixels.")
    changes = {"outcome": small, "likelihood": small, "advice": "Find a larger copy.", "notes": ()}
    numbers = [compare_item(site, kim, camera, items[0]), compare_item(site, kim, camera, items[1], **changes)]
    with site.database.read() as connection:
        made = load_comparisons(connection, numbers)
    site.close()
    print_comparisons([made[number] for number in numbers])
    said = capsys.readouterr()
    header, weighed, refused = (line.split("\t") for line in said.out.splitlines())
    cells = dict(zip(header, weighed, strict=True))
    assert (cells["log10_lr"], cells["searched"]) == ("> +2.70", "scaled")
    assert (
        cells["found"]
        == "mirrored, turned by 90 degrees, resized to 0.5, turned by +1.25 degrees, from row 4, column -2"
    )
    assert dict(zip(header, refused, strict=True))["reason"] == "too_small"
    for words in (
        "item 2: not assessable. It has 3 x 3 pixels. Find a larger copy.",
        "item 1: Mind this.",
        "Proposition 1: It did.",
        "Calibration: measured on nothing.",
        "no further ratio is told",
        "It is no probability",
        "a person decides",
    ):
        assert words in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["compare", "D70"], "say what to compare"),
        (["compare", "D70", "--all"], "--all needs --case CASE"),
        (["compare", "nobody's", "a.jpg"], "there is no camera named"),
        (["compare", "D70", "--item", "99"], "there is no item 99"),
        (["link", "one", "1", "D70", "--verdict", "linked", "--note", "x"], "was not compared with camera D70"),
        (["link", "two", "1", "D70", "--verdict", "linked", "--note", "x"], "there is no case named"),
        (["report", "nobody's", "--output", "x"], "there is no camera named"),
    ],
)
def test_wrong_use_is_said_plainly(equipped: Terminal, words: list[str], told: str) -> None:
    said = equipped("camera", *words)
    assert said.code == 2 and told in said.err and not said.out
