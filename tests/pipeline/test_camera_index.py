"""The site's indexes of fingerprints: in step with the database, and made again from the files whenever it must be."""

from __future__ import annotations

import shutil

import pytest
from tests.enrolled_cameras import SIZE, enrol, make_pattern, make_residual, withdraw

from varde.camera.geometry import orient
from varde.camera.turned_signs import SignQuery
from varde.core.camera import FingerprintKind
from varde.core.errors import IntegrityFailure
from varde.pipeline.camera_index import drop_withdrawn, open_family
from varde.pipeline.index_faults import find_index_faults
from varde.pipeline.rank_cameras import Ranking, rank_cameras
from varde.store.camera_families import Family, list_families, list_family
from varde.store.cameras import fingerprint_path
from varde.store.site import Site

FAMILY = Family(FingerprintKind.PHOTO, *SIZE, 0)


def list_held(site: Site) -> list[int]:
    with site.database.read() as connection:
        return sorted(open_family(site, connection, FAMILY).list_held())


def rank(site: Site, seed: int, turn: int = 0, left_out: tuple[int, ...] = ()) -> Ranking:
    residual = make_residual(orient(make_pattern(seed), turn, mirrored=False), seed)
    with site.database.read() as connection:
        return rank_cameras(site, connection, residual, list_families(connection), left_out=left_out, checked=3)


def test_what_is_enrolled_replaced_and_withdrawn_shows_at_the_next_search(site: Site) -> None:
    first, second = enrol(site, "first", make_pattern(1)), enrol(site, "second", make_pattern(2))
    assert list_held(site) == [first, second]
    newer = enrol(site, "first", make_pattern(3))
    withdraw(site, "second")
    assert list_held(site) == [newer]
    assert find_index_faults(site.indexes) == []


def test_withdrawing_leaves_no_byte_in_the_index(sqlite_site: Site) -> None:
    site = sqlite_site
    enrol(site, "first", make_pattern(1))
    list_held(site)
    withdraw(site, "first")
    with site.database.read() as connection:
        assert drop_withdrawn(site, connection) == 1
        assert drop_withdrawn(site, connection) == 0
    assert list(site.indexes.glob("cameras-*/*.segment")) == []


def test_an_index_that_is_damaged_or_of_another_history_is_made_again(sqlite_site: Site) -> None:
    site = sqlite_site
    number = enrol(site, "first", make_pattern(1))
    assert list_held(site) == [number]
    segment = next(site.indexes.glob("cameras-*/*.segment"))
    data = bytearray(segment.read_bytes())
    data[200] ^= 1
    segment.write_bytes(data)
    assert list_held(site) == [number]
    assert "damaged" in " ".join(find_index_faults(site.indexes)) or find_index_faults(site.indexes)
    (folder,) = site.indexes.glob("cameras-*/")
    shutil.copytree(folder, site.folder / "copy")
    other = enrol(site, "first", make_pattern(2))
    with site.database.read() as connection:
        held = open_family(site, connection, FAMILY).list_held()
        assert held == list_family(connection, FAMILY) and list(held) == [other]
    shutil.rmtree(folder)
    shutil.copytree(site.folder / "copy", folder)  # as a backup from before might bring it back
    assert list_held(site) == [other]


def test_a_fingerprint_whose_file_is_damaged_stops_the_search_and_is_named(sqlite_site: Site) -> None:
    site = sqlite_site
    enrol(site, "first", make_pattern(1))
    with site.database.read() as connection:
        (digest,) = list_family(connection, FAMILY).values()
    fingerprint_path(site, digest).write_bytes(b"no fingerprint")
    with pytest.raises(IntegrityFailure, match=digest.hex()):
        list_held(site)


def test_the_own_camera_ranks_first_in_whatever_turn(sqlite_site: Site) -> None:
    site = sqlite_site
    numbers = [enrol(site, f"camera {seed}", make_pattern(seed)) for seed in range(1, 6)]
    for turn in (0, 90, 180, 270):
        ranking = rank(site, 3, turn)
        best, second, _ = ranking.ranked
        assert (best.fingerprint_id, best.orientation.turn) == (numbers[2], -turn % 360)
        assert best.z > 20 and best.correlation > 0.15 > 5 * abs(second.correlation)
        (searched,) = ranking.searched
        assert (searched.cameras, searched.turns) == (5, 4)
    without = rank(site, 3, left_out=(numbers[2],))
    assert numbers[2] not in [one.fingerprint_id for one in without.ranked] and without.searched[0].cameras == 4


def test_exact_correlation_is_that_of_the_values(sqlite_site: Site) -> None:
    enrol(sqlite_site, "first", make_pattern(1))
    query = SignQuery.of(make_residual(make_pattern(1), 1))
    (best,) = rank(sqlite_site, 1).ranked
    slow = float((query.signal * make_pattern(1)).sum())
    slow /= float((query.signal**2).sum() * (make_pattern(1) ** 2).sum()) ** 0.5
    assert best.correlation == pytest.approx(slow, rel=2e-3)
