"""The main job end to end through the workflows, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from varde.core.case import Keeping
from varde.core.errors import IntegrityFailure, SiteBusy
from varde.store import cases, item_lists, records, runs
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.testing.pictures import make_photo
from varde.workflows.actor import Actor
from varde.workflows.check_health import HealthState, check_health
from varde.workflows.export_item import export_item
from varde.workflows.find_items import find_items
from varde.workflows.grade_items import grade_items
from varde.workflows.import_grades import import_grades
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.keep_audit import export_checkpoint, verify_audit
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import Processed, process_case
from varde.workflows.write_report import ReportRequest, write_report


class Clock:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self._now = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


@pytest.fixture
def actor() -> Actor:
    return Actor("A. Examiner", Clock())


@pytest.fixture
def exhibit(tmp_path: Path) -> Path:
    """Two pictures, one of them also in an archive, and a broken one."""
    folder = tmp_path / "exhibit"
    folder.mkdir()
    random = np.random.default_rng(5)
    for name in ("1.jpg", "2.png"):
        Image.fromarray(make_photo(random, 160, 120)).save(folder / name)
    (folder / "broken.jpg").write_bytes((folder / "1.jpg").read_bytes()[:300])
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "1.jpg", "in/1.jpg")
    return folder


def process(site: Site, actor: Actor, name: str = "harbour") -> Processed:
    return process_case(site, actor, case_name=name, progress=lambda progress: None)


def open_case(site: Site, actor: Actor, exhibit: Path, name: str = "harbour") -> None:
    create_case(site, actor, name=name, authorisation="warrant 1", scheme="vics-us@2.0")
    add_exhibit(site, actor, case_name=name, path=exhibit, keeping=Keeping.REFERENCE)


def items_of(site: Site, name: str = "harbour") -> dict[str, ItemRecord]:
    with site.database.read() as connection:
        case = cases.get_case(connection, name)
        found = records.load_records(connection, item_lists.list_ids(connection, case.case_id))
        return {record.locator: record for record in found}


def write_known(path: Path, *md5: bytes) -> Path:
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    media = [{"MediaID": n, "MD5": digest.hex(), "Category": 2} for n, digest in enumerate(md5)]
    path.write_text(json.dumps({"@odata.context": context, "value": media}))
    return path


def test_from_a_folder_to_a_reviewed_report(site: Site, actor: Actor, exhibit: Path, tmp_path: Path) -> None:
    open_case(site, actor, exhibit)
    done = process(site, actor)
    assert (done.run.items, done.places.places, done.places.with_issues, done.new_issues) == (5, 5, 1, 1)
    md5 = hashlib.md5((exhibit / "1.jpg").read_bytes()).digest()
    known = ImportRequest(write_known(tmp_path / "list.json", md5, bytes(16)))
    assert import_known_set(site, actor, known, lambda count: None).known_set.entries == 2
    assert process(site, actor).run.matches.by_digest == 1

    items = items_of(site)
    assert set(items) == {"1.jpg", "2.png", "broken.jpg", "a.zip", "a.zip!/in/1.jpg"}
    assert [match.source_id for match in items["a.zip!/in/1.jpg"].matches] == ["0"]
    assert {record.item_id for record in find_items(site, md5.hex(), case_name=None, limit=10)} == {
        items["1.jpg"].item_id,
        items["a.zip!/in/1.jpg"].item_id,
    }
    grade_items(site, actor, item_ids=[items["1.jpg"].item_id], code="2", note="reviewed")
    grade_items(site, actor, item_ids=[items["2.png"].item_id], code="5", note="")

    written = write_report(site, actor, ReportRequest("harbour", tmp_path / "report"))
    assert set(written) == {"csv", "html", "vics"}
    open_case(site, actor, exhibit, "again")
    process(site, actor, "again")
    imported = import_grades(site, actor, case_name="again", path=tmp_path / "report" / "vics.json")
    assert imported.decisions == 2
    again = items_of(site, "again")
    assert {name: record.decisions[-1].grade for name, record in again.items() if record.decisions} == {
        name: record.decisions[-1].grade for name, record in items_of(site).items() if record.decisions
    }
    export_item(site, actor, item_id=again["a.zip!/in/1.jpg"].item_id, output=tmp_path / "out.jpg")
    assert (tmp_path / "out.jpg").read_bytes() == (exhibit / "1.jpg").read_bytes()
    head = export_checkpoint(site, actor, tmp_path / "checkpoint.json")
    assert verify_audit(site, tmp_path / "checkpoint.json").head == head
    states = {check.name: check.state for check in check_health(site)}
    assert states["database"] is states["audit log"] is HealthState.GOOD


def test_a_second_run_does_nothing(site: Site, actor: Actor, exhibit: Path) -> None:
    open_case(site, actor, exhibit)
    process(site, actor)
    before = items_of(site)
    again = process(site, actor)
    assert (again.run.items, again.new_issues) == (0, 0)
    assert items_of(site) == before
    with site.database.read() as connection:
        (run,) = runs.list_runs(connection, cases.get_case(connection, "harbour").case_id)
    assert run.finished_at is not None
    assert run.person == "A. Examiner"
    assert {"varde", "pillow", "python"} <= set(run.software)


def test_two_runs_at_once_are_refused(sqlite_site: Site, actor: Actor, exhibit: Path) -> None:
    open_case(sqlite_site, actor, exhibit)
    with sqlite_site.processing_lock(), pytest.raises(SiteBusy, match="another `varde process`") as caught:
        process(sqlite_site, actor)
    assert "resumed at any time" in caught.value.advice
    assert process(sqlite_site, actor).run.items == 5


def test_an_export_that_cannot_be_audited_leaves_nothing(
    sqlite_site: Site, actor: Actor, exhibit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_case(sqlite_site, actor, exhibit)
    process(sqlite_site, actor)
    item_id = items_of(sqlite_site)["1.jpg"].item_id

    def refuse(*_: object, **__: object) -> None:
        raise SiteBusy("another process is writing")

    monkeypatch.setattr("varde.store.audit.append_event", refuse)
    with pytest.raises(SiteBusy):
        export_item(sqlite_site, actor, item_id=item_id, output=tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()


def test_a_lost_key_signs_no_checkpoint(sqlite_site: Site, actor: Actor, tmp_path: Path) -> None:
    sqlite_site.key_path.unlink()
    with pytest.raises(IntegrityFailure, match=r"key .* cannot be read"):
        export_checkpoint(sqlite_site, actor, tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()
