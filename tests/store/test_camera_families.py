"""Families of fingerprints: only what is in force counts, and every camera is counted somewhere."""

from __future__ import annotations

import hashlib

from tests.enrolled_cameras import SIZE, add_case, enrol, make_pattern, withdraw

from varde.core.camera import FingerprintKind
from varde.store.camera_families import (
    Family,
    count_without,
    list_families,
    list_family,
    list_made_from,
    load_fingerprints,
)
from varde.store.site import Site

PHOTO = Family(FingerprintKind.PHOTO, *SIZE, 2)


def test_families_are_of_one_kind_and_size_and_hold_what_is_in_force(site: Site) -> None:
    first = enrol(site, "first", make_pattern(1))
    second = enrol(site, "second", make_pattern(2), case_id=add_case(site, "harbour"))
    video = enrol(site, "first", make_pattern(3), kind=FingerprintKind.VIDEO)
    square = enrol(site, "square", make_pattern(4, (256, 256)))
    enrol(site, "gone", make_pattern(5))
    withdraw(site, "gone")
    newer = enrol(site, "second", make_pattern(6), reference=b"newer")
    with site.database.read() as connection:
        families = list_families(connection)
        assert families[0] == PHOTO and {(one.kind, one.size_px, one.cameras) for one in families[1:]} == {
            (FingerprintKind.VIDEO, SIZE, 1),
            (FingerprintKind.PHOTO, (256, 256), 1),
        }
        assert list(list_family(connection, PHOTO)) == [first, newer]
        loaded = load_fingerprints(connection, [first, second, newer, video, square, 99])
        assert loaded.keys() == {first, newer, video, square}
        assert (loaded[newer].case, loaded[newer].fingerprint.version) == ("harbour", 2)
        assert loaded[first].case_id is None and loaded[first].fingerprint.camera == "first"
        assert count_without(connection) == (1, 0)
        assert list_made_from(connection, hashlib.sha256(b"newer").digest()) == [newer]
        assert second not in list_made_from(connection, hashlib.sha256(b"flat").digest())
        assert list_made_from(connection, bytes(32)) == []
