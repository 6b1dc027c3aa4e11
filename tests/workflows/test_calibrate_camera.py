"""A site measures its own cameras: what is in force before and after, what is left out and why, too few are refused."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from varde.camera.calibration import ScoreTable
from varde.camera.calibration_format import default_calibration
from varde.camera.fingerprint import ReferenceSource, build_fingerprint
from varde.camera.fingerprint_file import write_fingerprint
from varde.camera.residual import Residual, extract_residual
from varde.core.audit import Act
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.store import audit, cameras
from varde.store.cameras import NewCamera, NewFingerprint, fingerprint_path
from varde.store.site import Site, open_site
from varde.testing.cameras import SyntheticSensor, make_scene, save_jpeg
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import calibrate_camera, find_calibration, restore_shipped

ACTOR = Actor("examiner")
_SIZE = (516, 768)
_NAMES = ("first", "second", "third")


@pytest.fixture
def one_worker(sqlite_site: Site) -> Iterator[Site]:
    (sqlite_site.folder / "varde.toml").write_text("[processing]\nworkers = 1\n", "utf-8")
    site = open_site(sqlite_site.folder)
    yield site
    site.close()


def _enrol(site: Site, name: str, flats: list[bytes]) -> None:
    """Keeps the fingerprint of some files as enrolling does, without starting its processes."""

    def give() -> Iterator[tuple[ReferenceSource, Residual | NotComparable]]:
        for at, data in enumerate(flats):
            luma = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
            yield ReferenceSource(str(at), hashlib.sha256(data).digest()), extract_residual(luma)

    made = build_fingerprint(give, FingerprintKind.PHOTO)
    assert not isinstance(made, NotComparable)
    site.cameras.mkdir(exist_ok=True)
    sha256 = write_fingerprint(site.cameras / name, made)
    (site.cameras / name).rename(fingerprint_path(site, sha256))
    with site.database.write() as connection:
        new = NewCamera(name, make="Make", model="Model")
        camera = cameras.add_camera(connection, new, person="examiner", at=ACTOR.clock())
        stored = NewFingerprint(made.kind, str(made.method), *_SIZE, made.used, {}, sha256, made.references)
        cameras.add_fingerprint(connection, camera.camera_id, stored, person="examiner", at=ACTOR.clock())


def _fill(site: Site, folder: Path) -> None:
    """Enrols three strong sensors of one model, and writes four photographs of each, one flat, and two odd files."""
    for number, name in enumerate(_NAMES):
        rng = np.random.default_rng((9, number))
        sensor = SyntheticSensor(number, *_SIZE, strength=0.012, model_seed=5)
        (folder / name).mkdir(parents=True)
        flats = [save_jpeg(sensor.flat(rng), 95) for _ in range(4)]
        _enrol(site, name, flats)
        for at in range(4):
            pixels = sensor.take(make_scene(rng, *_SIZE), rng)
            (folder / name / f"{at}.jpg").write_bytes(save_jpeg(pixels, 93, make="Make", model="Model"))
    (folder / "third" / "flat.jpg").write_bytes(flats[0])
    (folder / "others").mkdir()
    (folder / "others" / "note.txt").write_text("no picture", "utf-8")
    (folder / "others" / "cut.jpg").write_bytes((folder / "second" / "0.jpg").read_bytes()[:300])


def test_a_site_measures_its_own_cameras(one_worker: Site, tmp_path: Path) -> None:
    site, folder = one_worker, tmp_path / "known"
    _fill(site, folder)
    (tmp_path / "few" / "first").mkdir(parents=True)
    shutil.copy(folder / "first" / "1.jpg", tmp_path / "few" / "first")
    with pytest.raises(WrongUse, match=r"one camera only, 'first'; at least 2"):
        calibrate_camera(site, ACTOR, tmp_path / "few")
    (tmp_path / "few" / "second").mkdir()
    refused = calibrate_camera(site, ACTOR, tmp_path / "few")
    assert refused.calibration_id is None
    assert refused.tables
    assert not any(isinstance(one.table, ScoreTable) for one in refused.tables)
    before = find_calibration(site)
    assert (before.calibration_id, before.calibration.tables) == (None, default_calibration().tables)

    made = calibrate_camera(site, ACTOR, folder)
    assert {one.name for one in made.left_out} == {"flat.jpg", "note.txt", "cut.jpg"}
    assert {one.reason.reason for one in made.left_out if one.name == "flat.jpg"} == {Reason.IS_A_REFERENCE}
    assert (made.pictures, made.cameras) == (12, _NAMES)
    after = find_calibration(site)
    assert after.calibration_id == made.calibration_id is not None
    own = [table for table in after.calibration.tables if table.source == made.source]
    assert {table.extent for table in own} == {SearchExtent.ALIGNED}
    assert all(table.figures["same_model"] == 1 for table in own)
    assert {table.extent for table in after.calibration.tables} == set(SearchExtent)
    with site.database.read() as connection:
        event = list(audit.list_events(connection))[-1]
    assert event.act == Act.CAMERA_CALIBRATED.value
    assert event.subject["cameras"] == "first, second, third"

    assert restore_shipped(site, ACTOR)
    assert find_calibration(site).calibration_id is None
    assert not restore_shipped(site, ACTOR)


def test_folders_that_name_no_camera_are_refused(sqlite_site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "known"
    with pytest.raises(NotFound, match="no folder"):
        calibrate_camera(sqlite_site, ACTOR, folder)
    folder.mkdir()
    with pytest.raises(WrongUse, match="no folder named after a camera"):
        calibrate_camera(sqlite_site, ACTOR, folder)
    (folder / "unknown").mkdir()
    with pytest.raises(NotFound, match="unknown"):
        calibrate_camera(sqlite_site, ACTOR, folder)
