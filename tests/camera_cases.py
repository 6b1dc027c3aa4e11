"""Cases with files and cameras whose fingerprints are rows only: nothing is computed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import select

from varde.camera.calibration import ScoreTable, SourceCalibration
from varde.camera.calibration_format import write_calibration
from varde.core.camera import (
    FingerprintKind,
    Geometry,
    LikelihoodRatio,
    SearchExtent,
    SourceScore,
    SourceSearch,
)
from varde.core.case import Keeping
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.core.media import Facts, MediaKind, MediaType
from varde.core.signal import Method
from varde.store import camera_calibrations, camera_comparisons, camera_leads, cameras, cases, items, tables
from varde.store.camera_comparisons import NewComparison
from varde.store.cameras import Camera, NewCamera, NewFingerprint
from varde.store.items import ExaminedItem, NewItem
from varde.store.site import Site
from varde.workflows.actor import Actor

SCORE = SourceScore(
    612.5,
    0.0193,
    SourceSearch(SearchExtent.SCALED, 9_000, Geometry(90, True, 0.5, 1.25, (3.5, -2.0))),
    6_000_000,
    0.97,
    Method("camera.residual+camera.pce", "2+2"),
)
WORTH = LikelihoodRatio(2.7, True, "moderately strong support that this camera took it", "measured on nothing")


def add_files(
    site: Site, actor: Actor, case_name: str, files: dict[str, bytes], *, kind: MediaKind = MediaKind.PICTURE
) -> list[int]:
    """Adds an exhibit with files that were examined to a case, opened if need be, and returns the items."""
    mime = {MediaKind.PICTURE: "image/jpeg", MediaKind.VIDEO: "video/mp4"}.get(kind, "text/plain")
    with site.database.write() as connection:
        if case_name not in {case.name for case in cases.list_cases(connection)}:
            words = {"authorisation": "warrant 1", "scheme": "vics-us@2.0"}
            cases.create_case(connection, name=case_name, **words, person=actor.person, at=actor.clock())
        case = cases.get_case(connection, case_name)
        path = Path(f"/evidence/{case_name}/{len(cases.list_exhibits(connection, case.case_id))}")
        exhibit = cases.add_exhibit(
            connection, case=case, path=path, keeping=Keeping.REFERENCE, person=actor.person, at=actor.clock()
        )
        cases.record_walked(connection, exhibit.exhibit_id)
        places = {str(path_locator(name.encode())): data for name, data in files.items()}
        found = [NewItem(path_locator(name.encode()), Origin.FILE, len(files[name]), actor.clock()) for name in files]
        items.add_items(connection, exhibit.exhibit_id, found)
        table = tables.items.c
        rows = connection.execute(select(table.id, table.locator).where(table.exhibit_id == exhibit.exhibit_id)).all()
        examined = [ExaminedItem(row.id, row.locator, _content(places[row.locator], kind, mime), ()) for row in rows]
        items.record_examined(connection, exhibit.exhibit_id, examined)
        return sorted(row.id for row in rows)


def add_camera(site: Site, actor: Actor, name: str, case_name: str | None = None) -> Camera:
    """Adds a camera with a fingerprint that has no file."""
    with site.database.write() as connection:
        case_id = cases.get_case(connection, case_name).case_id if case_name else None
        new = NewCamera(name, case_id, make="Make", model="Model")
        made = cameras.add_camera(connection, new, person=actor.person, at=actor.clock())
        sha256 = hashlib.sha256(name.encode()).digest()
        fingerprint = NewFingerprint(FingerprintKind.PHOTO, "camera.fingerprint/1", 2000, 3008, 12, {}, sha256, ())
        cameras.add_fingerprint(connection, made.camera_id, fingerprint, person=actor.person, at=actor.clock())
        return made


def compare_item(site: Site, actor: Actor, camera: Camera, item_id: int, **changes: object) -> int:
    """Keeps a made-up comparison of an item with a camera and its lead, and returns the comparison's number."""
    with site.database.write() as connection:
        row = connection.execute(
            select(tables.items.c.content_id, tables.exhibits.c.case_id, tables.contents.c.sha256)
            .join(tables.exhibits, tables.exhibits.c.id == tables.items.c.exhibit_id)
            .join(tables.contents, tables.contents.c.id == tables.items.c.content_id)
            .where(tables.items.c.id == item_id)
        ).one()
        stored = cameras.find_fingerprint(connection, camera.camera_id, FingerprintKind.PHOTO)
        assert stored is not None
        values: dict[str, object] = {
            "fingerprint_id": stored.fingerprint_id,
            "case_id": row.case_id,
            "content_id": row.content_id,
            "sha256": bytes(row.sha256),
            "name": f"item {item_id}",
            "outcome": SCORE,
            "likelihood": WORTH,
            "same": "It did.",
            "other": "Another did.",
            "stated": {"make": "Make"},
            "notes": ("Mind this.",),
        }
        new = NewComparison(**(values | changes))  # type: ignore[arg-type]
        made = camera_comparisons.record_comparison(connection, new, person=actor.person, at=actor.clock())
        camera_leads.record_lead(
            connection, camera_id=camera.camera_id, content_id=row.content_id, comparison_id=made, at=actor.clock()
        )
        return made


def _content(data: bytes, kind: MediaKind, mime: str) -> Content:
    digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), len(data))
    return Content(digests, MediaType(kind, mime), Facts(640, 480, None, None, ()), None, ())


def calibrate_cameras(site: Site, actor: Actor) -> None:
    """Puts a made-up calibration of every extent into force, so that no test hangs on the shipped one."""
    method = "camera.residual+camera.pce/2+2"
    tables_made = tuple(
        ScoreTable(method, extent, 65_536, 6, 60, 60, 600, 40.0, 400.0, (-1.5, 0.4, 0.0), -1.9, 2.6, 0.0, 1.2, 4.0)
        for extent in SearchExtent
    )
    made = SourceCalibration("made up for tests", tables_made)
    with site.database.write() as connection:
        camera_calibrations.add_calibration(
            connection, made.source, write_calibration(made), person=actor.person, at=actor.clock()
        )
