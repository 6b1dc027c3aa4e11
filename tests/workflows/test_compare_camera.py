"""Comparing files with an enrolled camera, deciding and reporting: a made-up sensor, real files, the real sandbox."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_cases import calibrate_cameras
from enrolled_cameras import add_case, add_pictures, enrol, make_jpeg, make_pattern, withdraw
from varde.camera.residual import Residual
from varde.core.audit import Act
from varde.core.camera import FingerprintKind, LikelihoodRatio, LinkVerdict, SearchExtent, SourceScore
from varde.core.camera_comparison import CameraComparison, CompareOrder, FileToCompare, ItemToCompare
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.outcome import Reason
from varde.pipeline.read_residuals import SourceRecord
from varde.store import audit, camera_comparisons, camera_leads, cases
from varde.store.site import Site, open_site
from varde.workflows.actor import Actor
from varde.workflows.compare_camera import compare_camera, list_comparable_items
from varde.workflows.decide_camera_link import decide_link, list_links, read_comparison
from varde.workflows.read_camera_leads import list_leads, read_lead
from varde.workflows.report_camera import report_camera
from varde.workflows.stored_cameras import count_camera_leads, list_camera_links
from varde.workflows.take_sources import SourceFile, TakenSource, drop_planes

AT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
KIM = Actor("kim", lambda: AT)
PATTERN, OTHER = make_pattern(1), make_pattern(2)
REFERENCE = make_jpeg(PATTERN, 99)
WRONG = {
    "blank.png": Reason.BLANK,
    "tiny.jpg": Reason.TOO_SMALL,
    "text.jpg": Reason.NOT_A_PICTURE,
    "empty.jpg": Reason.NOT_A_PICTURE,
    "reference.jpg": Reason.IS_A_REFERENCE,
    "cut off.jpg": Reason.NOT_DECODED,
    "missing.jpg": Reason.NOT_DECODED,
    "folder": Reason.NOT_A_PICTURE,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A site with a camera of case one, and everything that was compared with it."""

    site: Site
    folder: Path
    files: dict[str, CameraComparison]
    items: list[CameraComparison]


def write_files(folder: Path) -> None:
    own = make_jpeg(PATTERN, 5)
    (folder / "own.jpg").write_bytes(own)
    (folder / "another.jpg").write_bytes(make_jpeg(OTHER, 6))
    Image.open(io.BytesIO(own)).transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png")
    Image.new("L", (384, 320), 128).save(folder / "blank.png")
    Image.open(io.BytesIO(own)).resize((40, 30)).save(folder / "tiny.jpg")
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "cut off.jpg").write_bytes(own[:300])
    (folder / "reference.jpg").write_bytes(REFERENCE)
    (folder / "folder").mkdir()


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Compared]:
    """Everything compared once: a sandbox takes a second to start."""
    folder = tmp_path_factory.mktemp("compared")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    one = add_case(site, "one")
    add_case(site, "two")
    calibrate_cameras(site, KIM)
    enrol(site, "seized", PATTERN, case_id=one, reference=REFERENCE)
    enrol(site, "lab", OTHER)
    write_files(folder)
    add_pictures(site, "one", folder / "exhibit", {"x.jpg": (make_jpeg(PATTERN, 7), None), "y.jpg": (b"gone", None)})
    (folder / "exhibit" / "y.jpg").write_bytes(b"changed")
    names = ["own.jpg", "another.jpg", "turned.png", *WRONG]
    probes = tuple(FileToCompare(folder / name, name) for name in names)
    files = list(compare_camera(site, KIM, CompareOrder("seized", probes, SearchExtent.TURNED)))
    assert [one.name for one in files] == names
    order = CompareOrder("seized", tuple(map(ItemToCompare, list_comparable_items(site, "one"))), None, "one")
    items = list(compare_camera(site, KIM, order))
    yield Compared(site, folder, {one.name: one for one in files}, items)
    site.close()


def test_file_of_the_camera_speaks_for_it(compared: Compared) -> None:
    own = compared.files["own.jpg"]
    assert isinstance(own.outcome, SourceScore) and isinstance(own.likelihood, LikelihoodRatio)
    assert own.likelihood.log10_lr > 0 and own.outcome.search.extent is SearchExtent.ALIGNED
    assert own.same.endswith("taken by the camera seized.")
    assert "1 comparison with other cameras" in own.likelihood.calibration


def test_turned_copy_is_found_and_says_how_it_lies(compared: Compared) -> None:
    turned = compared.files["turned.png"]
    assert isinstance(turned.outcome, SourceScore) and isinstance(turned.likelihood, LikelihoodRatio)
    assert turned.likelihood.log10_lr > 0 and turned.outcome.search.geometry.turn == 270


def test_file_of_another_camera_does_not(compared: Compared) -> None:
    another = compared.files["another.jpg"].likelihood
    assert isinstance(another, LikelihoodRatio) and another.log10_lr < 0


@pytest.mark.parametrize("name", list(WRONG))
def test_bad_input_is_refused_with_reason_detail_and_advice(compared: Compared, name: str) -> None:
    refused = compared.files[name]
    assert refused.reason is WRONG[name]
    assert refused.refused is not None and refused.refused.detail and refused.advice
    assert refused.is_readable is (name not in ("missing.jpg", "folder"))
    assert (refused.comparison_id is None) is not refused.is_readable


def test_everything_readable_is_kept_and_one_event_tells_of_it(compared: Compared) -> None:
    with compared.site.database.read() as connection:
        kept = camera_comparisons.list_comparisons(connection, case_ids=None)
        told = [each for each in audit.list_events(connection) if each.act == Act.CAMERA_COMPARED]
    expected = [one for one in compared.files.values() if one.is_readable] + compared.items[:1]
    assert sorted(one.comparison_id or 0 for one in kept) == sorted(one.comparison_id or 0 for one in expected)
    assert [each.subject["files"] for each in told] == [11, 2]
    assert told[0].subject == {
        "camera": "seized",
        "case": None,
        "fingerprints": "photo 1",
        "files": 11,
        "assessable": 3,
        "leads": 0,
        "unreadable": 2,
    }
    assert told[1].subject["leads"] == 1 and told[1].subject["unreadable"] == 1


def test_item_makes_a_lead_and_one_that_changed_stops_nothing(compared: Compared) -> None:
    found, changed = compared.items
    assert found.is_assessable and found.content_id is not None and found.case == "one"
    assert changed.reason is Reason.NOT_DECODED and not changed.is_readable
    (lead,) = list_leads(compared.site, case_ids=None, case="one", camera="seized", waiting_only=False)
    assert lead.comparison is not None and lead.comparison.comparison_id == found.comparison_id
    assert [place.locator for place in lead.places] == ["x.jpg"]
    assert read_lead(compared.site, lead.lead_id, case_ids=None) == lead


def test_what_a_person_may_not_see_is_not_there(compared: Compared) -> None:
    site, probes = compared.site, (FileToCompare(compared.folder / "own.jpg", "own.jpg"),)
    with site.database.read() as connection:
        two = frozenset({cases.get_case(connection, "two").case_id})
        number = camera_leads.list_leads(connection, case_ids=None, waiting_only=False)[0].lead_id
    item = list_comparable_items(site, "one")[0]
    for act in (
        lambda: compare_camera(site, KIM, CompareOrder("seized", probes, case_ids=two)),
        lambda: compare_camera(site, KIM, CompareOrder("lab", (ItemToCompare(item),), case_ids=two)),
        lambda: compare_camera(site, KIM, CompareOrder("lab", (ItemToCompare(item),), case="two")),
        lambda: compare_camera(site, KIM, CompareOrder("lab", probes, case="one", case_ids=two)),
        lambda: compare_camera(site, KIM, CompareOrder("nobody's", probes)),
        lambda: list_comparable_items(site, "one", case_ids=two),
        lambda: read_lead(site, number, case_ids=two),
        lambda: list_leads(site, case_ids=two, case="one"),
        lambda: read_comparison(site, 1, person="robin", case_ids=two),
        lambda: report_camera(site, KIM, "seized", output=compared.folder / "hidden", case_ids=two),
        lambda: decide_link(site, KIM, "one", item, "seized", LinkVerdict.LINKED, note="x", case_ids=two),
    ):
        with pytest.raises(NotFound):
            act()


def test_withdrawn_camera_and_empty_order_are_refused(compared: Compared) -> None:
    enrol(compared.site, "sold", OTHER)
    withdraw(compared.site, "sold")
    probes = (FileToCompare(compared.folder / "own.jpg", "own.jpg"),)
    with pytest.raises(Refused, match="was withdrawn on 2026-11-23: sold"):
        compare_camera(compared.site, KIM, CompareOrder("sold", probes))
    with pytest.raises(WrongUse):
        compare_camera(compared.site, KIM, CompareOrder("seized", ()))


def test_person_decides_and_reports_tell_it(compared: Compared) -> None:
    site, (item, unread) = compared.site, list_comparable_items(compared.site, "one")
    with pytest.raises(WrongUse, match="note"):
        decide_link(site, KIM, "one", item, "seized", LinkVerdict.LINKED, note=" ", case_ids=None)
    with pytest.raises(WrongUse, match="not compared"):
        decide_link(site, KIM, "one", unread, "seized", LinkVerdict.LINKED, note="x", case_ids=None)
    with pytest.raises(WrongUse, match="not compared"):
        decide_link(site, KIM, "one", item, "seized", LinkVerdict.LINKED, note="x", comparison_id=1, case_ids=None)
    made = decide_link(site, KIM, "one", item, "seized", LinkVerdict.LINKED, note="one\nplace", case_ids=None)
    assert (made.note, made.comparison_id) == ("one place", compared.items[0].comparison_id)
    assert list_links(site, case_ids=None, case="one", camera="seized") == (made,)
    with site.database.read() as connection:
        case = cases.get_case(connection, "one")
        (told,) = list_camera_links(connection, case)
        assert (told.camera, told.place, told.verdict) == ("seized", "exhibit 1: x.jpg", LinkVerdict.LINKED)
        assert "support that this camera took it" in told.worth
        assert count_camera_leads(connection, case) == 0
        *_, event = audit.list_events(connection)
    assert event.act == Act.CAMERA_LINK_DECIDED and event.subject["item"] == item
    written = report_camera(site, KIM, "seized", output=compared.folder / "report")
    document = json.loads((compared.folder / "report" / "camera-report.json").read_text("utf-8"))
    assert written.counts["comparisons"] == 10 and len(document["comparisons"]) == 10
    assert [one["verdict"] for one in document["decisions"]] == ["linked"]
    assert document["fingerprints"][0]["references"][0]["name"] == "flat.jpg"
    assert document["calibration"]["tables"] and document["calibration"]["source"]
    with pytest.raises(WrongUse, match="not empty"):
        report_camera(site, KIM, "seized", output=compared.folder / "report")


def test_what_waits_to_be_kept_holds_no_planes() -> None:
    residual = Residual(
        np.ones((300, 300), np.float32), np.ones((300, 300), np.float32), np.ones((300, 300), np.uint8), 1.0
    )
    record = SourceRecord("a.jpg", b"x" * 32, FingerprintKind.PHOTO, {"make": "M"}, residual)
    left = drop_planes(TakenSource(SourceFile("a.jpg", Path("a.jpg")), record, None, is_readable=True)).record
    assert isinstance(left.outcome, Residual) and left.outcome.values.size == left.outcome.luma.size == 0
    assert (left.name, left.sha256, left.facts) == ("a.jpg", b"x" * 32, {"make": "M"})
