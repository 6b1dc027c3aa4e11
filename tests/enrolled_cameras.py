"""Enrolled cameras with made-up patterns, and pictures and sketches of them: no reference is read for it."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import select

from varde.camera.bits import pack_signs
from varde.camera.fingerprint import METHOD, Fingerprint
from varde.camera.fingerprint_file import write_fingerprint
from varde.camera.middle import find_middle
from varde.camera.residual import Residual
from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.case import Keeping
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.core.media import Facts, MediaKind, MediaType
from varde.core.source_sketch import SourceSketch
from varde.pipeline.sketch_sources import find_shape, open_files
from varde.store import cameras, cases, items, tables
from varde.store.cameras import NewCamera, NewFingerprint, fingerprint_path
from varde.store.items import ExaminedItem, NewItem
from varde.store.site import Site
from varde.store.sketch_files import NewSketch

AT = datetime(2026, 11, 23, tzinfo=UTC)
PERSON = "A. Operator"
SIZE = (512, 576)

Floats = NDArray[np.float32]


def make_pattern(seed: int, size: tuple[int, int] = SIZE) -> Floats:
    """Returns the pattern of a sensor, some times stronger than real ones."""
    return np.random.default_rng(seed).standard_normal(size, np.float32) * np.float32(0.02)


def make_residual(pattern: Floats, seed: int, share: float = 0.2) -> Residual:
    """Returns the residual of a picture, in the layout that the pattern is given in."""
    noise = np.random.default_rng(seed + 10_000).standard_normal(pattern.shape, np.float32)
    values = np.ascontiguousarray(pattern / pattern.std() * np.float32(share) + noise)
    return Residual(values, np.ones_like(values), np.full(values.shape, 128, np.uint8), 1.0)


def make_jpeg(pattern: Floats, seed: int) -> bytes:
    """Returns an evenly lit picture of a sensor as a grey JPEG."""
    rng = np.random.default_rng(seed + 20_000)
    lit = np.linspace(120, 180, pattern.shape[1], dtype=np.float32)[None, :] * (1 + pattern)
    luma = np.clip(lit + rng.standard_normal(pattern.shape, np.float32) * 2, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(luma).save(file, "JPEG", quality=95)
    return file.getvalue()


def add_case(site: Site, name: str) -> int:
    """Adds a case and returns its number."""
    with site.database.write() as connection:
        words = {"authorisation": "warrant 1", "scheme": "vics-us@2.0"}
        cases.create_case(connection, name=name, **words, person=PERSON, at=AT)
        return cases.get_case(connection, name).case_id


def enrol(
    site: Site,
    name: str,
    pattern: Floats,
    *,
    case_id: int | None = None,
    kind: FingerprintKind = FingerprintKind.PHOTO,
    reference: bytes = b"flat",
) -> int:
    """Enrols a camera, or the next version of one, and returns the number of its fingerprint."""
    site.cameras.mkdir(exist_ok=True)
    used = (Reference("flat.jpg", hashlib.sha256(reference).digest(), ReferenceState.USED, None, 500.0, {}),)
    temporary = site.cameras / "new"
    digest = write_fingerprint(temporary, Fingerprint(pattern, kind, used, METHOD, {}))
    temporary.rename(fingerprint_path(site, digest))
    made = NewFingerprint(kind, str(METHOD), *pattern.shape, 20, {}, digest, used)
    with site.database.write() as connection:
        camera = cameras.find_camera(connection, name, None)
        if camera is None:
            camera = cameras.add_camera(connection, NewCamera(name, case_id), person=PERSON, at=AT)
        return cameras.add_fingerprint(connection, camera.camera_id, made, person=PERSON, at=AT).fingerprint_id


def withdraw(site: Site, name: str) -> None:
    """Withdraws a camera."""
    with site.database.write() as connection:
        camera = cameras.get_camera(connection, name, None)
        cameras.withdraw_camera(connection, camera.camera_id, because="sold", person=PERSON, at=AT)


def add_pictures(site: Site, case: str, folder: Path, pictures: dict[str, tuple[bytes, Residual | None]]) -> list[int]:
    """Adds an exhibit of pictures that were examined and sketched, and returns the numbers of their contents.

    Args:
        site: where.
        case: name of the case, which is there.
        folder: where the files are written.
        pictures: bytes by name, and the residual that the sketch is of; None for one that nobody sketched.
    """
    folder.mkdir(parents=True)
    contents = {}
    for name, (data, residual) in pictures.items():
        (folder / name).write_bytes(data)
        contents[name] = _make_content(data, residual)
    _keep_sketches(site, list(contents.values()))
    with site.database.write() as connection:
        stored = cases.get_case(connection, case)
        exhibit = cases.add_exhibit(
            connection, case=stored, path=folder, keeping=Keeping.REFERENCE, person=PERSON, at=AT
        )
        cases.record_walked(connection, exhibit.exhibit_id)
        found = [
            NewItem(path_locator(name.encode()), Origin.FILE, len(data), AT) for name, (data, _) in pictures.items()
        ]
        items.add_items(connection, exhibit.exhibit_id, found)
        table = tables.items.c
        rows = connection.execute(select(table.id, table.locator).where(table.exhibit_id == exhibit.exhibit_id)).all()
        examined = [ExaminedItem(row.id, row.locator, contents[row.locator], ()) for row in rows]
        items.record_examined(connection, exhibit.exhibit_id, examined, sketched_at=AT)
        query = select(table.content_id).where(table.exhibit_id == exhibit.exhibit_id).order_by(table.content_id)
        return list(connection.execute(query).scalars())


def _make_content(data: bytes, residual: Residual | None) -> Content:
    digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), len(data))
    kind = MediaType(MediaKind.PICTURE, "image/jpeg")
    if residual is None:
        return Content(digests, kind, Facts(SIZE[1], SIZE[0], None, None, ()))
    height, width = residual.values.shape
    middle = find_middle(height, width)
    part = residual.values[middle.top : middle.top + middle.height_px, middle.left : middle.left + middle.width_px]
    sketch = SourceSketch(height, width, pack_signs(np.ascontiguousarray(part)).tobytes(), {"usable": 1.0})
    return Content(digests, kind, Facts(width, height, None, None, ()), sketch=sketch)


def _keep_sketches(site: Site, contents: list[Content]) -> None:
    open_files(site).append(
        NewSketch(one.digests.sha256, sketch.height_px, sketch.width_px, find_shape(sketch), sketch.outcome)
        for one in contents
        if (sketch := one.sketch) is not None and isinstance(sketch.outcome, bytes)
    )
