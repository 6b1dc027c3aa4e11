"""What scores against cameras are worth at a site: the calibration in force, and measuring one of its own pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from varde.camera.calibration import ScoreTable, SourceCalibration
from varde.camera.calibration_format import default_calibration, read_calibration, write_calibration
from varde.camera.calibration_table import LEAST_DEVICES
from varde.camera.fingerprint_file import read_fingerprint
from varde.camera.known_scores import KnownDevice, KnownScore, TableOutcome, make_tables, score_picture
from varde.camera.verbal_scale import make_scale
from varde.core.audit import Act
from varde.core.camera import FingerprintKind
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.machine import count_cores
from varde.pipeline.read_residuals import ResidualReader, SourceRecord
from varde.store import audit, camera_calibrations, cameras
from varde.store.cameras import Camera, fingerprint_path
from varde.store.site import Site
from varde.workflows.actor import Actor

OTHERS: Final = "others"
"""Name of the folder of pictures that none of the cameras took."""


@dataclass(frozen=True, slots=True)
class CalibrationInForce:
    """The calibration that counts at a site.

    Attributes:
        calibration_id: of the site's own; None for the shipped one.
        calibration: with the site's verbal scale.
    """

    calibration_id: int | None
    calibration: SourceCalibration


@dataclass(frozen=True, slots=True)
class LeftOutPicture:
    """A picture that was not measured, and why."""

    folder: str
    name: str
    reason: NotComparable


@dataclass(frozen=True, slots=True)
class CameraCalibrated:
    """What came of measuring a site's own cameras.

    Attributes:
        calibration_id: of what is in force now; None where no table had enough pictures and nothing was changed.
        tables: every extent and number of pixels that was measured, or why it has no table.
        cameras: names of those measured.
        pictures: how many were measured.
        left_out: those that were not.
        source: what the new calibration says it was measured on.
    """

    calibration_id: int | None
    tables: tuple[TableOutcome, ...]
    cameras: tuple[str, ...]
    pictures: int
    left_out: tuple[LeftOutPicture, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Enrolled:
    camera: Camera
    fingerprint_id: int
    device: KnownDevice


def find_calibration(site: Site) -> CalibrationInForce:
    """Returns the calibration that counts at a site, and its number.

    Raises:
        FormatError: if the one that is stored cannot be read.
    """
    with site.database.read() as connection:
        found = camera_calibrations.find_in_force(connection)
    number, made = (found[0], read_calibration(found[1])) if found else (None, default_calibration())
    return CalibrationInForce(number, made.with_scale(make_scale(site.settings.camera.verbal_scale)))


def calibrate_camera(
    site: Site, actor: Actor, folder: Path, watch: Callable[[int, int], None] = lambda done, of: None
) -> CameraCalibrated:
    """Measures the site's enrolled cameras on pictures whose camera is known, and puts the tables in force. Audited.

    What is measured takes the place of the shipped tables for the same extent of search; the others stay.

    Args:
        site, actor: where and who.
        folder: one folder of pictures for each camera, of its name; pictures in `OTHERS` are of none of them. They are
            ordinary photographs, none of those that the fingerprints were made from.
        watch: told how many of how many pictures were read.

    Raises:
        NotFound: if there is no such folder, or a folder's name is no camera's.
        WrongUse: if there are folders of fewer cameras than a table needs; nothing was read.
        IntegrityFailure: if a fingerprint is not what was stored.
    """
    enrolled, files = _list_material(site, folder)
    scores: list[KnownScore] = []
    left_out: list[LeftOutPicture] = []
    pictures: set[int] = set()
    for number, (name, record) in enumerate(_read(site, files, watch)):
        refused, made = _score(site, enrolled, name, record, number)
        left_out += [LeftOutPicture(name, record.name, refused)] if refused else []
        pictures |= {one.picture for one in made}
        scores += made
    source = f"measured by this site on {len(pictures):,} pictures and {len(enrolled):,} cameras"
    tables = make_tables(scores)
    number_kept = _keep(site, actor, tables, source, list(enrolled), len(pictures))
    return CameraCalibrated(number_kept, tuple(tables), tuple(enrolled), len(pictures), tuple(left_out), source)


def restore_shipped(site: Site, actor: Actor) -> bool:
    """Ends the site's own calibration, so that the shipped one counts again; returns whether there was one. Audited."""
    with site.database.write() as connection:
        at = actor.clock()
        ended = camera_calibrations.retire_calibration(connection, at)
        if ended:
            subject: dict[str, str | int | None] = {"calibration": None, "cameras": "", "pictures": 0, "tables": 0}
            audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_CALIBRATED, subject=subject)
    return ended


def _list_material(site: Site, folder: Path) -> tuple[dict[str, _Enrolled], list[tuple[str, Path]]]:
    """Returns the cameras that folders are named after, and every picture with its folder's name."""
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    named = [path.name for path in folders if path.name != OTHERS]
    if not named:
        raise WrongUse(
            f"{folder} has no folder named after a camera",
            advice="Make a folder for each enrolled camera, of its name, with ordinary pictures that it took.",
        )
    enrolled = {name: _load(site, name, number) for number, name in enumerate(named)}
    if len(enrolled) < LEAST_DEVICES:
        raise WrongUse(
            f"{folder} has pictures of one camera only, {named[0]!r}; at least {LEAST_DEVICES} cameras are needed",
            advice="Enrol another, best of the same model, and make a folder of what it took.",
        )
    files = [(path.name, file) for path in folders for file in sorted(path.iterdir()) if file.is_file()]
    return enrolled, files


def _load(site: Site, name: str, number: int) -> _Enrolled:
    with site.database.read() as connection:
        camera = cameras.get_camera(connection, name, None)
        stored = cameras.find_fingerprint(connection, camera.camera_id, FingerprintKind.PHOTO)
    if stored is None or camera.withdrawn_at:
        why = "was withdrawn" if camera.withdrawn_at else "has no fingerprint of photos"
        raise WrongUse(f"the camera {name!r} {why}", advice="`varde camera list` shows those that can be measured.")
    model = f"{camera.make} {camera.model}".strip()
    fingerprint = read_fingerprint(fingerprint_path(site, stored.sha256), stored.sha256)
    return _Enrolled(camera, stored.fingerprint_id, KnownDevice.of(number, model, fingerprint))


def _read(
    site: Site, files: list[tuple[str, Path]], watch: Callable[[int, int], None]
) -> Iterator[tuple[str, SourceRecord]]:
    processes = min(site.settings.processing.workers or count_cores(), max(1, len(files)))
    with ResidualReader(site.settings, processes) as reader:
        for done, record in enumerate(reader.examine_all(path for _, path in files), 1):
            watch(done, len(files))
            yield files[done - 1][0], record


def _score(
    site: Site, enrolled: dict[str, _Enrolled], folder: str, record: SourceRecord, number: int
) -> tuple[NotComparable | None, list[KnownScore]]:
    """Returns why a picture is left out, or its scores with all cameras of its size."""
    if isinstance(record.outcome, NotComparable):
        return record.outcome, []
    if record.kind is not FingerprintKind.PHOTO:
        return NotComparable(Reason.NOT_A_PHOTOGRAPH, "Only photographs are measured."), []
    own = enrolled.get(folder)
    with site.database.read() as connection:
        if any(cameras.is_reference(connection, one.fingerprint_id, record.sha256) for one in enrolled.values()):
            return NotComparable(Reason.IS_A_REFERENCE, "A fingerprint was made from it."), []
    taken_by = own.device.number if own else -1
    model = own.device.model if own else f"{record.facts.get('make', '')} {record.facts.get('model', '')}".strip()
    devices = [one.device for one in enrolled.values()]
    made = list(score_picture(record.outcome, devices, number, taken_by, model))
    if made:
        return None, made
    return NotComparable(Reason.OTHER_SENSOR_SIZE, "No camera has this size."), []


def _keep(
    site: Site, actor: Actor, outcomes: list[TableOutcome], source: str, names: list[str], pictures: int
) -> int | None:
    made = [replace(one.table, source=source) for one in outcomes if isinstance(one.table, ScoreTable)]
    if not made:
        return None
    measured = {(table.method, table.extent) for table in made}
    shipped = default_calibration()
    rest = [
        replace(table, source=table.source or shipped.source)
        for table in shipped.tables
        if (table.method, table.extent) not in measured
    ]
    document = write_calibration(SourceCalibration(source, (*made, *rest)))
    with site.database.write() as connection:
        at = actor.clock()
        number = camera_calibrations.add_calibration(connection, source, document, person=actor.person, at=at)
        subject: dict[str, str | int | None] = {
            "calibration": number,
            "cameras": ", ".join(names),
            "pictures": pictures,
            "tables": len(made),
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_CALIBRATED, subject=subject)
    return number
