"""Enrolling cameras end to end: real decoding, real residuals, nothing half kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.reference_files import make_photo, write_photos

from varde.camera.fingerprint_file import read_fingerprint
from varde.core.camera import FingerprintKind, ReferenceState
from varde.core.errors import IntegrityFailure, NotFound, Refused, VardeError, WrongUse
from varde.core.outcome import Reason
from varde.pipeline.read_residuals import ResidualReader
from varde.store import audit, cameras, cases
from varde.store.cameras import fingerprint_path
from varde.store.settings import Settings
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.enrol_camera import EnrolOrder, enrol_camera, list_files
from varde.workflows.read_cameras import iterate_cameras, read_camera, verify_fingerprints
from varde.workflows.withdraw_camera import withdraw_camera

ACTOR = Actor("A. Examiner")


@pytest.fixture(scope="module")
def reader() -> Iterator[ResidualReader]:
    with ResidualReader(Settings()) as started:
        yield started


@pytest.fixture(autouse=True)
def _read_with_one_process(reader: ResidualReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting a process takes longer than what these tests do with it."""
    monkeypatch.setattr("varde.workflows.enrol_camera.ResidualReader", lambda *_: nullcontext(reader))


def _order(folder: Path, name: str = "phone", **more: object) -> EnrolOrder:
    return EnrolOrder(name, (folder,), **more)  # type: ignore[arg-type]


def _add_case(site: Site, name: str) -> int:
    with site.database.write() as connection:
        made = cases.create_case(
            connection, name=name, authorisation="w", scheme="vics-us@2.0", person="P", at=ACTOR.clock()
        )
        return made.case_id


def test_a_folder_of_photographs_becomes_a_camera_with_a_verified_file(site: Site, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 5)
    (tmp_path / "photos" / "foreign.jpg").write_bytes(make_photo(2, 0))
    (tmp_path / "photos" / "notes.txt").write_text("not a picture")
    (tmp_path / "photos" / "again.jpg").write_bytes(make_photo(1, 0, orientation=1))
    case_id = _add_case(site, "harbour")
    done = enrol_camera(site, ACTOR, _order(tmp_path / "photos", case="harbour", exhibit="3"), case_ids=[case_id])
    assert done.refused is None and done.camera and done.fingerprint
    states = {each.name: each.state for each in done.references}
    assert states.pop("foreign.jpg") is ReferenceState.OUTLIER
    assert states.pop("notes.txt") is ReferenceState.REFUSED
    assert sorted(each.value for each in states.values()) == ["refused", *["used"] * 5]
    assert (done.camera.make, done.camera.model, done.camera.case) == ("Maker", "Model 1", "harbour")
    assert (done.fingerprint.version, done.fingerprint.used) == (1, 5)
    path = fingerprint_path(site, done.fingerprint.sha256)
    found = read_fingerprint(path, done.fingerprint.sha256)
    assert found.references == done.references and found.used == 5
    assert [each.name for each in site.cameras.iterdir()] == [path.name] and not list(site.spool.iterdir())
    with site.database.read() as connection:
        audit.verify_chain(connection)
        assert [event.act for event in audit.list_events(connection)][-1] == "camera_enrolled"
    assert verify_fingerprints(site) == 1
    assert read_camera(site, "phone", case_ids=None).versions[0].references == done.references


def test_enrolling_again_makes_the_next_version_and_keeps_the_earlier(sqlite_site: Site, tmp_path: Path) -> None:
    paths = write_photos(tmp_path / "photos", 1, 4)
    first = enrol_camera(sqlite_site, ACTOR, EnrolOrder("phone", tuple(paths[:3])), case_ids=None)
    second = enrol_camera(sqlite_site, ACTOR, EnrolOrder("phone", tuple(paths)), case_ids=None)
    assert first.fingerprint and second.fingerprint
    assert (first.fingerprint.version, second.fingerprint.version) == (1, 2)
    assert verify_fingerprints(sqlite_site) == 2
    [(camera, in_force)] = iterate_cameras(sqlite_site, case_ids=None)
    assert camera.name == "phone" and [each.version for each in in_force] == [2]


def test_too_few_make_nothing_and_say_what_was_wrong(sqlite_site: Site, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 2)
    done = enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    assert done.refused and done.refused.reason is Reason.TOO_FEW_REFERENCES and len(done.references) == 2
    assert not list(iterate_cameras(sqlite_site, case_ids=None)) and not sqlite_site.cameras.exists()


def test_without_access_the_case_and_its_cameras_are_not_there(sqlite_site: Site, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    mine, theirs = _add_case(sqlite_site, "mine"), _add_case(sqlite_site, "theirs")
    with pytest.raises(NotFound):
        enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos", case="theirs"), case_ids=[mine])
    enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos", case="theirs"), case_ids=[theirs])
    with pytest.raises(WrongUse, match="taken"):
        enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=[mine])
    with pytest.raises(NotFound):
        read_camera(sqlite_site, "phone", case_ids=[mine])
    with pytest.raises(Refused, match="belongs to case theirs"):
        enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos", case="mine"), case_ids=None)


@pytest.mark.parametrize("kind", [FingerprintKind.VIDEO])
def test_photographs_are_no_videos(sqlite_site: Site, tmp_path: Path, kind: FingerprintKind) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    done = enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos", kind=kind), case_ids=None)
    assert done.refused and all(each.refused and "enrolled apart" in each.refused.detail for each in done.references)


def test_wrong_names_and_missing_files_are_told_before_anything_is_read(sqlite_site: Site, tmp_path: Path) -> None:
    paths = write_photos(tmp_path / "photos", 1, 3)
    with pytest.raises(NotFound, match="gone"):
        enrol_camera(sqlite_site, ACTOR, EnrolOrder("phone", (*paths, tmp_path / "gone.jpg")), case_ids=None)
    with pytest.raises(WrongUse):
        enrol_camera(sqlite_site, ACTOR, EnrolOrder("-phone", tuple(paths)), case_ids=None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(WrongUse, match="no files"):
        enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "empty"), case_ids=None)


def test_a_full_disk_leaves_nothing(sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos(tmp_path / "photos", 1, 3)

    def fail(path: Path, _: object) -> bytes:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("varde.workflows.enrol_camera.write_fingerprint", fail)
    with pytest.raises(VardeError, match="No space left") as caught:
        enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    assert "Make room" in caught.value.advice
    assert not list(iterate_cameras(sqlite_site, case_ids=None)) and not list(sqlite_site.cameras.iterdir())


def test_withdrawn_cameras_are_out_of_searches_and_their_bytes_go_where_asked(
    sqlite_site: Site, tmp_path: Path
) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    done = enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    assert done.fingerprint
    path = fingerprint_path(sqlite_site, done.fingerprint.sha256)
    withdrawn = withdraw_camera(sqlite_site, ACTOR, "phone", because="returned", with_bytes=False, case_ids=None)
    assert (withdrawn.fingerprints, withdrawn.deleted_files) == (1, 0) and path.exists()
    with sqlite_site.database.read() as connection:
        assert cameras.list_fingerprints(connection) == []
    with pytest.raises(Refused, match="withdrawn"):
        enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    with pytest.raises(Refused, match="already"):
        withdraw_camera(sqlite_site, ACTOR, "phone", because="again", with_bytes=False, case_ids=None)
    gone = withdraw_camera(sqlite_site, ACTOR, "phone", because="order", with_bytes=True, case_ids=None)
    assert gone.deleted_files == 1 and not path.exists() and verify_fingerprints(sqlite_site) == 0
    with pytest.raises(WrongUse):
        withdraw_camera(sqlite_site, ACTOR, "phone", because=" ", with_bytes=True, case_ids=None)


def test_a_damaged_file_names_its_camera(sqlite_site: Site, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    done = enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    assert done.fingerprint
    path = fingerprint_path(sqlite_site, done.fingerprint.sha256)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityFailure, match="camera phone, photo fingerprint version 1"):
        verify_fingerprints(sqlite_site)


def test_leftovers_of_a_killed_enrolment_are_cleared_a_day_later(sqlite_site: Site, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    sqlite_site.cameras.mkdir()
    old, new = sqlite_site.cameras / "old.unnamed", sqlite_site.cameras / "new.unnamed"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 100_000,) * 2)
    enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    assert not old.exists() and new.exists()


def test_killed_in_the_middle_there_is_no_half_camera(sqlite_site: Site, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    words = ["--site", str(sqlite_site.folder), "camera", "enrol", "phone", str(tmp_path / "photos"), "--json"]
    command = [sys.executable, "-m", "varde.cli.main", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    with sqlite_site.database.read() as connection:
        audit.verify_chain(connection)
    assert not list(iterate_cameras(sqlite_site, case_ids=None)) and not list(sqlite_site.spool.iterdir())
    assert enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None).fingerprint


def test_bytes_that_another_enrolment_needs_meanwhile_stay(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    done = enrol_camera(sqlite_site, ACTOR, _order(tmp_path / "photos"), case_ids=None)
    assert done.fingerprint
    path, record = fingerprint_path(sqlite_site, done.fingerprint.sha256), cameras.record_deletion
    with sqlite_site.database.read() as connection:
        digests = cameras.list_kept_digests(connection)
    assert digests == {done.fingerprint.sha256}

    def tell_all(connection: Connection, camera_id: int, at: datetime) -> list[bytes]:
        record(connection, camera_id, at)
        return sorted(digests)

    monkeypatch.setattr(cameras, "record_deletion", tell_all)
    monkeypatch.setattr(cameras, "list_kept_digests", lambda _: digests)  # as if it was enrolled again by now
    gone = withdraw_camera(sqlite_site, ACTOR, "phone", because="order", with_bytes=True, case_ids=None)
    assert gone.deleted_files == 0 and path.exists()


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    paths = write_photos(tmp_path / "photos", 1, 2)
    (tmp_path / "elsewhere.jpg").write_bytes(b"another case's")
    (tmp_path / "photos" / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    assert list_files([tmp_path / "photos"]) == sorted(paths)
    assert list_files([tmp_path / "photos" / "link.jpg"])
