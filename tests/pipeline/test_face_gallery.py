"""Behaviour of `varde.pipeline.face_gallery`: a gallery is what the database holds, whatever happened to either."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import delete, insert, update

from varde.core.case import Keeping
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.core.model import ModelIdentity, ModelTask
from varde.pipeline import face_gallery
from varde.pipeline.face_gallery import SiteGallery, open_gallery, open_victim_gallery
from varde.pipeline.index_faults import find_index_faults
from varde.store import cases, items, tables
from varde.store import faces as faces_store
from varde.store.face_re_embedding import FaceKind, record_embeddings
from varde.store.face_tables import face_embeddings, faces, victim_embeddings, victim_faces, victims
from varde.store.face_vectors import delete_embeddings
from varde.store.items import NewItem
from varde.store.models import ensure_model
from varde.store.site import Site

AT = datetime(2026, 10, 1, tzinfo=UTC)
PERSON = "A. Examiner"
DIMENSIONS = 16


def make(number: int, model: int = 0) -> NDArray[np.float32]:
    """Returns the embedding that a model makes of a face."""
    drawn = np.random.default_rng([number, model]).standard_normal(DIMENSIONS)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


class Faces:
    """A site whose contents show one face each; content and face n have the same number."""

    def __init__(self, site: Site) -> None:
        self.site = site
        with site.database.write() as connection:
            self.models = [
                ensure_model(
                    connection, ModelIdentity("test", "1", ModelTask.FACE_EMBED, bytes([number]) * 32), PERSON, AT
                )
                for number in range(2)
            ]
            self.exhibits = {name: self._add_case(connection, name) for name in ("harbour", "mill")}

    def _add_case(self, connection: object, name: str) -> tuple[int, int]:
        case = cases.create_case(
            connection, name=name, authorisation="warrant 1", scheme="vics-us@2.0", person=PERSON, at=AT
        )
        path = Path(f"/evidence/{name}")
        cases.add_exhibit(connection, case=case, path=path, keeping=Keeping.REFERENCE, person=PERSON, at=AT)
        return case.case_id, cases.list_exhibits(connection, case.case_id)[0].exhibit_id

    def add(self, first: int, last: int, *names: str, model: int = 0) -> None:
        """Adds faces and their embeddings, shown by an item in each of these cases."""
        with self.site.database.write() as connection:
            for number in range(first, last + 1):
                digest = hashlib.sha256(b"%d" % number).digest()
                content = {"id": number, "sha256": digest, "sha1": digest[:20], "md5": digest[:16], "size_bytes": 1}
                fields = {"kind": "picture", "mime": "image/jpeg", "width_px": 64, "metadata": []}
                connection.execute(insert(tables.contents).values(**content, **fields))
                connection.execute(insert(faces).values(**FACE, id=number, content_id=number))
                self.embed(connection, number, model=model)
                for name in names:
                    self.show(connection, number, name)

    def embed(self, connection: object, number: int, *, model: int) -> None:
        row = {"model_id": self.models[model], "face_id": number, "vector": make(number, model).tobytes()}
        connection.execute(insert(face_embeddings).values(**row))  # type: ignore[attr-defined]

    def show(self, connection: object, number: int, name: str) -> None:
        """Adds an item with the content to a case."""
        locator = path_locator(b"%d.jpg" % number)
        items.add_items(connection, self.exhibits[name][1], [NewItem(locator, Origin.FILE, 1, AT)])
        mine = (tables.items.c.exhibit_id == self.exhibits[name][1], tables.items.c.locator == str(locator))
        connection.execute(update(tables.items).where(*mine).values(content_id=number, state="done"))  # type: ignore[attr-defined]

    def open(self, model: int = 0) -> SiteGallery:
        return open_gallery(self.site, self.models[model])

    def list_slowly(self, model: int, scope: set[int] | None) -> dict[int, NDArray[np.float32]]:
        """Returns the embeddings that the database holds, of faces that items of these cases show."""
        with self.site.database.read() as connection:
            rows = faces_store.list_embeddings(connection, self.models[model], after=0, limit=1_000)
            shown = faces_store.find_case_ids(connection, [face_id for face_id, _ in rows])
        kept = (row for row in rows if scope is None or shown.get(row[0], set()) & scope)
        return {face_id: np.frombuffer(vector, "<f4") for face_id, vector in kept}

    def check(self, model: int = 0) -> SiteGallery:
        """Returns the gallery after comparing it with what the database holds."""
        gallery = self.open(model)
        harbour, mill = (case_id for case_id, _ in self.exhibits.values())
        for scope in (None, {harbour, mill}, {mill}, set()):
            wanted = self.list_slowly(model, scope)
            assert gallery.count(scope) == len(wanted)
            for number in (1, 5, 77):
                probe = make(number, model)
                nearest = sorted(wanted, key=lambda face_id: -float(wanted[face_id] @ probe))[:5]
                assert gallery.search(probe[None], 5, scope)[0][0].tolist() == nearest
        return gallery

    @property
    def place(self) -> Path:
        return self.site.indexes / f"faces-items-{self.models[0]}"


FACE = {
    "ordinal": 0, "left": 0.1, "top": 0.1, "width": 0.5, "height": 0.5, "landmarks": [], "angle": 0, "size_px": 64.0,
    "confidence": 0.9, "quality": 80, "seen_frames": 1,
}  # fmt: skip


@pytest.fixture
def made(site: Site) -> Faces:
    made = Faces(site)
    made.add(1, 6, "harbour")
    made.add(7, 12, "mill")
    made.add(13, 15, "harbour", "mill")
    return made


def test_it_finds_what_the_database_holds_in_every_scope_and_grows(made: Faces) -> None:
    assert made.check().count() == 15
    made.add(16, 20, "mill")
    assert made.check().count() == 20
    with made.site.database.write() as connection:
        made.show(connection, 3, "mill")  # the same picture turns up in another case
    assert 3 in made.check().search(make(3)[None], 1, {made.exhibits["mill"][0]})[0][0]


def test_a_site_without_faces_has_an_empty_gallery_and_no_folder(site: Site) -> None:
    gallery = Faces(site).open()
    assert (gallery.count(), [len(ids) for ids, _ in gallery.search(make(1)[None], 5)]) == (0, [0])
    assert not site.indexes.exists()


def test_models_have_galleries_of_their_own_and_one_that_fills_in_later_is_complete(made: Faces) -> None:
    made.check()
    made.add(16, 16, "mill", model=1)
    assert (made.check(1).count(), made.check(0).count()) == (1, 15)
    with made.site.database.write() as connection:
        some = [(number, make(number, 1).tobytes()) for number in (2, 9)]
        record_embeddings(connection, FaceKind.ITEMS, made.models[1], some)
    assert made.check(1).count() == 3


@pytest.mark.parametrize("gone", [[4], [15], [1, 8, 15], list(range(1, 16))])
def test_what_is_deleted_is_gone_and_so_are_its_bytes(made: Faces, gone: list[int]) -> None:
    opened = made.check()
    with made.site.database.write() as connection:
        delete_embeddings(connection, gone)
    assert made.open().count() == 15 - len(gone)
    data = b"".join(path.read_bytes() for path in made.place.iterdir())
    for number in range(1, 16):
        assert (make(number).tobytes() in data) == (number not in gone)
    assert not {*gone} & {*opened.search(make(gone[0])[None], 15)[0][0].tolist()}
    made.check()


def _remove(made: Faces) -> None:
    shutil.rmtree(made.site.indexes)


def _flip_a_bit(made: Faces) -> None:
    segment = max(made.place.iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(bytes(data))


def _break_manifest(made: Faces) -> None:
    (made.place / "manifest.json").write_text("nonsense")


@pytest.mark.parametrize("harm", [_remove, _flip_a_bit, _break_manifest])
def test_whatever_is_wrong_with_it_it_is_filled_again(made: Faces, harm: Callable[[Faces], None]) -> None:
    made.open()
    assert find_index_faults(made.site.indexes) == []
    harm(made)
    if made.place.exists():
        assert "damaged" in find_index_faults(made.site.indexes)[0]
    assert made.check().count() == 15


def test_a_fill_that_was_interrupted_goes_on(made: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_gallery, "_BATCH", 4)
    whole, calls = face_gallery._join, list[int]()

    def fail(batch: list[tuple[int, bytes]], dimensions: int) -> object:
        calls.append(len(batch))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(batch, dimensions)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(face_gallery, "_join", fail)
        made.open()
    assert made.check().count() == 15


def test_a_damaged_embedding_hides_itself_and_no_other(made: Faces) -> None:
    with made.site.database.write() as connection:
        for number, vector in ((2, b"short"), (3, bytes(4 * DIMENSIONS)), (5, b"\xff" * 4 * DIMENSIONS)):
            mine = face_embeddings.c.face_id == number
            connection.execute(update(face_embeddings).where(mine).values(vector=vector))
    assert made.open().count() == 12


def test_enrolments_have_a_gallery_that_forgets_them(made: Faces) -> None:
    assert open_victim_gallery(made.site, made.models[0]).count() == 0
    with made.site.database.write() as connection:
        words = {"alias": "anchor", "authorisation": "warrant 2", "purpose": "finding", "added_by": PERSON}
        connection.execute(insert(victims).values(id=1, case_id=made.exhibits["mill"][0], added_at=AT, **words))
        for number in (1, 2):
            copy = {"source_sha256": bytes(32), "quality": 80, "crop": b"", "enrolled_by": PERSON, "enrolled_at": AT}
            connection.execute(insert(victim_faces).values(id=number, victim_id=1, **copy))
            row = {"model_id": made.models[0], "victim_face_id": number, "vector": make(number).tobytes()}
            connection.execute(insert(victim_embeddings).values(**row))
    gallery = open_victim_gallery(made.site, made.models[0])
    assert [ids.tolist() for ids, _ in gallery.search(make(2)[None], 1)] == [[2]]
    with made.site.database.write() as connection:
        connection.execute(delete(victim_embeddings).where(victim_embeddings.c.victim_face_id == 2))
    assert open_victim_gallery(made.site, made.models[0]).search(make(2)[None], 5)[0][0].tolist() == [1]
    place = made.site.indexes / f"faces-victims-{made.models[0]}"
    assert not any(make(2).tobytes() in path.read_bytes() for path in place.iterdir())
