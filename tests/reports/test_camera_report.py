"""Behaviour of `varde.reports.camera` and `varde.reports.camera_document`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from camera_case import make_comparison, make_comparisons, make_report, make_score
from test_report_html import Page

from varde.core.camera import LikelihoodRatio, LinkVerdict, SearchExtent
from varde.core.camera_comparison import CameraComparison
from varde.core.outcome import Reason
from varde.reports import camera_words
from varde.reports.camera import write_camera_report
from varde.reports.camera_document import describe_comparison, describe_report
from varde.reports.camera_surface import draw_surface

FIXED = ["file", "assessable", "reason", "pce", "log10_lr", "search"]
FORBIDDEN = re.compile(r"\b(match|matches|matched|identified|identification|guilt)\b", re.IGNORECASE)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    write_camera_report(make_report(), tmp_path)
    return Page((tmp_path / "camera-report.html").read_text("utf-8"))


def test_page_is_well_formed_and_loads_and_runs_nothing(page: Page) -> None:
    assert not page.defects
    assert not [tag for tag, _ in page.elements if tag in ("script", "link", "iframe", "object", "form")]
    sources = [attributes["src"] or "" for tag, attributes in page.elements if tag == "img"]
    assert sources and all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not [1 for _, attributes in page.elements if "style" in attributes or "onclick" in attributes]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    policies = [a["content"] for t, a in page.elements if t == "meta" and "http-equiv" in a]
    assert policies == [
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


def test_page_says_what_a_laboratory_has_to_answer_for(page: Page) -> None:
    text = " ".join("".join(page.texts).split())
    for words in (
        camera_words.SAME,
        camera_words.OTHER,
        "warrant 17/26",
        "NIKON D70",
        hashlib.sha256(b"fingerprint").hexdigest(),
        hashlib.sha256(b"IMG_0001.JPG").hexdigest(),
        "> +2.71",
        "moderately strong support that this camera took it",
        "9 of 11",
        "outlier, not used",
        "12 % of it can be used",
        "at the sensor's own place only; 1 place",
        "mirrored, turned by 90 degrees, resized to 0.5, from row 120, column 64",
        "no place stands out",
        "It has 120 x 90 pixels",
        "taken with the camera",
        "600 (300)",
        "2.0 % (1.0 to 5.0)",
        "non-unique artefacts",
        "up to 3/N",
        "Signatures",
        "ab" * 32,
    ):
        assert words in text, words


def test_every_limit_and_method_is_told(page: Page) -> None:
    text = " ".join("".join(page.texts).split())
    assert all(limit in text for limit in camera_words.LIMITS)
    assert all(name in text and words in text for name, words in camera_words.METHODS)


def test_hostile_name_is_shown_and_harmless(page: Page) -> None:
    text = "".join(page.texts)
    assert "<script>alert(1)</script>\\u202egpj.exe" in text


def test_machine_results_are_called_findings(page: Page) -> None:
    told = " ".join("".join(page.texts).split())
    assert not FORBIDDEN.findall(told)


def test_report_without_anything_compared_says_so(tmp_path: Path) -> None:
    empty = make_report(comparisons=(), decisions=(), leads_waiting=0, case="", authorisation="", fingerprints=())
    write_camera_report(empty, tmp_path)
    text = (tmp_path / "camera-report.html").read_text("utf-8")
    assert "No file was assessable." in text
    assert "Nobody has decided anything" in text
    assert not Page(text).defects


def test_document_has_everything_and_the_digests_agree(tmp_path: Path) -> None:
    written = write_camera_report(make_report(), tmp_path)
    document = json.loads((tmp_path / "camera-report.json").read_text("utf-8"))
    assert document == json.loads(json.dumps(describe_report(make_report())))
    assert [one["file"] for one in document["comparisons"]][:2] == ["IMG_0001.JPG", "IMG_0002.JPG"]
    assert document["comparisons"][0]["decided"]["verdict"] == "linked"
    assert document["comparisons"][0]["stands_for_earlier"] == 1
    assert [one["state"] for one in document["fingerprints"][0]["references"]].count("used") == 9
    assert document["limits"] == list(camera_words.LIMITS)
    for file in written.files:
        assert hashlib.sha256(file.path.read_bytes()).digest() == file.sha256
    assert written.counts["comparisons"] == 5 and written.counts["assessable"] == 3


def test_comparison_begins_with_the_fixed_fields() -> None:
    described = describe_comparison(make_comparison(1, "a.jpg"))
    assert list(described)[:6] == FIXED
    assert described["search"] == {
        "extent": "aligned",
        "places": 1,
        "turn": 0,
        "mirrored": False,
        "scale": 1.0,
        "angle_deg": 0.0,
        "shift": [0.0, 0.0],
    }
    assert described["assessable"] is True and described["reason"] is None


def test_refused_comparison_has_its_reason_and_no_number() -> None:
    refused = make_comparisons()[3].comparison
    described = describe_comparison(refused)
    assert described["assessable"] is False and described["reason"] == Reason.TOO_SMALL
    assert described["pce"] is described["log10_lr"] is described["search"] is described["words"] is None
    assert described["advice"] == "Find a larger copy."


def test_score_that_nobody_calibrated_is_not_assessable_and_keeps_its_pce() -> None:
    described = describe_comparison(make_comparisons()[4].comparison)
    assert (described["assessable"], described["reason"], described["pce"]) == (False, "not_calibrated", 9.0)


@pytest.mark.parametrize(
    ("ratio", "is_bounded", "written"),
    [(2.5, True, "> +2.50"), (-2.0, True, "< -2.00"), (0.3, False, "+0.30"), (-0.004, False, "-0.00")],
)
def test_bounded_ratio_is_told_as_such(ratio: float, *, is_bounded: bool, written: str) -> None:
    assert camera_words.write_ratio(LikelihoodRatio(ratio, is_bounded, "", "")) == written


def test_every_member_of_a_closed_set_has_words() -> None:
    assert set(camera_words.EXTENT_NAMES) == set(SearchExtent)
    assert set(camera_words.VERDICT_NAMES) == set(LinkVerdict)
    assert set(camera_words.REASONS) == set(Reason)


def test_file_that_speaks_for_another_camera_was_found_nowhere() -> None:
    against = LikelihoodRatio(-1.0, False, "", "")
    one: CameraComparison = make_comparison(1, "a.jpg", outcome=make_score(30, shift=(9.0, 9.0)), likelihood=against)
    assert camera_words.write_found(one) == "no place stands out"
    assert camera_words.write_found(replace(one, likelihood=replace(against, log10_lr=1.0))) == "from row 9, column 9"


def test_surface_is_darkest_at_its_peak_and_pale_where_there_is_none() -> None:
    drawn = draw_surface([[0.0, 1.0, -2.0], [0.5, 20.0, 0.1]])
    assert 'viewBox="0 0 24 16"' in drawn
    assert '<path fill="#123f53" d="M8 8h8v8h-8z"/>' in drawn
    assert drawn.count("M") == 6
    assert draw_surface([[-3.0, 0.0]]).count("<path") == 1


def test_page_shows_surfaces_of_what_speaks_for_the_camera(page: Page) -> None:
    shown = [attributes["alt"] for tag, attributes in page.elements if tag == "img"]
    assert "Correlation surface of file 1" in shown
