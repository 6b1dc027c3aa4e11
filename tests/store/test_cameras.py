from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import DBAPIError

from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.store import cameras, cases
from varde.store.camera_tables import fingerprint_references
from varde.store.cameras import Camera, NewCamera, NewFingerprint, StoredFingerprint
from varde.store.database import Database

AT = datetime(2026, 11, 23, tzinfo=UTC)


def _add(connection: Connection, name: str, case_id: int | None = None) -> Camera:
    return cameras.add_camera(connection, NewCamera(name, case_id, make="Nikon"), person="P", at=AT)


def _add_case(connection: Connection, name: str) -> int:
    made = cases.create_case(connection, name=name, authorisation="warrant", scheme="vics-us@2.0", person="P", at=AT)
    return made.case_id


def _fingerprint(
    connection: Connection, camera: Camera, digest: int = 1, kind: FingerprintKind = FingerprintKind.PHOTO
) -> StoredFingerprint:
    references = (
        Reference("a.jpg", b"a" * 32, ReferenceState.USED, None, 1234.5, {"mean": 99.0}),
        Reference("b\0.jpg", b"", ReferenceState.REFUSED, NotComparable(Reason.TOO_DARK, "2 %"), None, {}),
        Reference("c.jpg", b"c" * 32, ReferenceState.OUTLIER, NotComparable(Reason.DOES_NOT_AGREE, "0.3"), 0.3, {}),
    )
    new = NewFingerprint(kind, "m/1", 300, 400, 1, {"warnings": []}, bytes([digest]) * 32, references)
    return cameras.add_fingerprint(connection, camera.camera_id, new, person="P", at=AT)


def test_a_camera_of_a_case_is_seen_with_access_only(database: Database) -> None:
    with database.write() as connection:
        one, other = _add_case(connection, "one"), _add_case(connection, "other")
        _add(connection, "theirs", one)
        _add(connection, "everybody's")
        assert cameras.get_camera(connection, "theirs", [one]).case == "one"
        assert cameras.get_camera(connection, "theirs", None).make == "Nikon"
        with pytest.raises(NotFound):
            cameras.get_camera(connection, "theirs", [other])
        assert [each.name for each in cameras.list_cameras(connection, [])] == ["everybody's"]
        assert [each.name for each in cameras.list_cameras(connection, None, after="f")] == ["theirs"]


def test_a_name_is_taken_once_and_must_be_one(database: Database) -> None:
    with database.write() as connection:
        _add(connection, "D70")
        for name in ("D70", "", "-x", "a\nb", "n" * 201):
            with pytest.raises(WrongUse):
                _add(connection, name)


def test_what_a_fingerprint_was_made_from_cannot_be_changed(database: Database) -> None:
    with database.write() as connection:
        _fingerprint(connection, _add(connection, "D70"))
    for act in (update(fingerprint_references).values(state="used"), delete(fingerprint_references)):
        with (
            pytest.raises(DBAPIError, match="fingerprint_references is append-only"),
            database.write() as connection,
        ):
            connection.execute(act)


def test_a_new_version_replaces_the_one_of_its_kind_only(database: Database) -> None:
    with database.write() as connection:
        camera = _add(connection, "D70")
        first = _fingerprint(connection, camera)
        video = _fingerprint(connection, camera, 2, FingerprintKind.VIDEO)
        second = _fingerprint(connection, camera, 3)
        assert (first.version, second.version, video.version) == (1, 2, 1)
        assert cameras.find_fingerprint(connection, camera.camera_id, FingerprintKind.PHOTO) == second
        assert cameras.find_fingerprint(connection, camera.camera_id, FingerprintKind.VIDEO) == video
        assert cameras.get_fingerprint(connection, first.fingerprint_id).replaced_at == AT
        assert [each.version for each in cameras.list_versions(connection, camera.camera_id)] == [1, 1, 2]


def test_references_come_back_and_only_used_ones_count(database: Database) -> None:
    with database.write() as connection:
        made = _fingerprint(connection, _add(connection, "D70"))
        found = cameras.list_references(connection, made.fingerprint_id)
        assert [each.state for each in found] == [ReferenceState.USED, ReferenceState.REFUSED, ReferenceState.OUTLIER]
        assert found[0].facts == {"mean": 99.0} and found[0].pce == 1234.5
        assert found[1].refused == NotComparable(Reason.TOO_DARK, "2 %") and found[1].name == "b\\x00.jpg"
        assert cameras.list_references(connection, made.fingerprint_id, after=1, limit=5) == found[2:]
        assert cameras.is_reference(connection, made.fingerprint_id, b"a" * 32)
        assert not cameras.is_reference(connection, made.fingerprint_id, b"c" * 32)


def test_searches_look_at_what_is_in_force_and_not_withdrawn(database: Database) -> None:
    with database.write() as connection:
        kept, gone = _add(connection, "kept"), _add(connection, "gone")
        _fingerprint(connection, kept, 1)
        now = _fingerprint(connection, kept, 2)
        _fingerprint(connection, gone, 3)
        cameras.withdraw_camera(connection, gone.camera_id, because="returned", person="P", at=AT)
        assert cameras.list_fingerprints(connection) == [now]
        assert cameras.list_fingerprints(connection, size=(300, 400), kind=FingerprintKind.PHOTO) == [now]
        assert cameras.list_fingerprints(connection, size=(400, 300)) == []
        assert cameras.list_fingerprints(connection, after=now.fingerprint_id) == []
        assert cameras.list_cameras(connection, None, with_withdrawn=True)[0].withdrawn_because == "returned"


def test_bytes_that_another_camera_has_too_are_not_deleted(database: Database) -> None:
    with database.write() as connection:
        one, other = _add(connection, "one"), _add(connection, "other")
        for digest in (1, 2):
            _fingerprint(connection, one, digest)
        _fingerprint(connection, other, 2)
        assert cameras.record_deletion(connection, one.camera_id, AT) == [b"\1" * 32]
        assert [each.name for each, _ in cameras.iterate_kept(connection)] == ["other"]
        assert cameras.record_deletion(connection, other.camera_id, AT) == [b"\2" * 32]


def test_what_is_not_there_is_not_found(database: Database) -> None:
    with database.read() as connection:
        assert cameras.find_camera(connection, "none", None) is None
        assert cameras.find_fingerprint(connection, 5, FingerprintKind.PHOTO) is None
        with pytest.raises(NotFound):
            cameras.get_fingerprint(connection, 5)
        with pytest.raises(NotFound):
            cameras.get_camera_by_id(connection, 5, None)
