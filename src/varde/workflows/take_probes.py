"""Takes what somebody wants to search with: pictures are examined in the sandbox, faces of items come from the site."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from varde.core.errors import NotFound, WrongUse
from varde.core.face import AgeBracket, Face, FacesFound
from varde.core.face_search import (
    Probe,
    ProbeExamined,
    ProbeFace,
    ProbeItem,
    ProbePicture,
    SearchOrder,
    order_faces,
)
from varde.core.outcome import NotComparable, Reason
from varde.models.pack import Pack
from varde.pipeline.probe_faces import ProbeExaminer, advise
from varde.store import face_sights, faces
from varde.store.face_searches import NewProbe
from varde.store.face_sights import ItemContent
from varde.store.faces import StoredFace
from varde.store.site import Site

_CHUNK_BYTES = 1 << 20
_SMALL_PX = 24.0


@dataclass(frozen=True, slots=True)
class TakenProbe:
    """A probe that is ready to be searched with, or says why it is not.

    Attributes:
        content_id: of the item it was taken from, which is no candidate; None for a picture from outside.
    """

    new: NewProbe
    content_id: int | None = None
    age: AgeBracket | None = None

    @property
    def is_used(self) -> bool:
        """Whether it can be searched with."""
        return self.new.probe.unused is None


def take_probes(site: Site, order: SearchOrder, pack: Pack, model_id: int) -> list[TakenProbe]:
    """Returns the probes of an order in its order.

    Raises:
        NotFound: if a file, an item or a face is not there, or not for this person to see.
        WrongUse: if a probe does not have the face that was chosen.
    """
    taken = []
    with ExitStack() as stack:
        examiner: ProbeExaminer | None = None
        for position, wanted in enumerate(order.probes):
            if isinstance(wanted, ProbePicture):
                data = _check_there(wanted.data)
                examiner = examiner or stack.enter_context(ProbeExaminer(site.settings, pack))
                taken.append(_take_picture(position, wanted, examiner.examine(data), _digest(data)))
            elif isinstance(wanted, ProbeExamined):
                taken.append(_take_examined(position, wanted))
            else:
                with site.database.read() as connection:
                    taken.append(_take_stored(connection, position, wanted, model_id, order.case_ids))
    return taken


def _check_there(data: bytes | Path) -> bytes | Path:
    if isinstance(data, Path) and not data.exists():
        raise NotFound(f"there is no file {data}", advice="Check how it is written, and from where you call.")
    return data


def _digest(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        return hashlib.sha256(data).digest()
    if not data.is_file():
        return bytes(32)
    digest = hashlib.sha256()
    with data.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()


def _take_picture(position: int, wanted: ProbePicture, found: FacesFound | NotComparable, sha256: bytes) -> TakenProbe:
    if isinstance(found, NotComparable):
        return _refuse(position, wanted.name, found, 0, sha256)
    ordered = order_faces(found.faces)
    if wanted.face is not None and not 1 <= wanted.face <= len(ordered):
        raise WrongUse(
            f"probe {position + 1} has {len(ordered)} face{'s' if len(ordered) != 1 else ''}, no face {wanted.face}",
            advice="They are numbered from 1, the best first.",
        )
    used = wanted.face or 1
    is_chosen = wanted.face is not None
    examined = ProbeExamined(ordered[used - 1], sha256, wanted.name, len(ordered) + found.dropped, used, is_chosen)
    return _take_examined(position, examined)


def _take_examined(position: int, given: ProbeExamined) -> TakenProbe:
    face = given.face
    if isinstance(face.embedding, NotComparable):
        return _refuse(position, given.name, face.embedding, given.faces, given.sha256, face)
    probe = Probe(
        position=position,
        name=given.name,
        source_face_id=None,
        faces=given.faces,
        used=given.used,
        is_chosen=given.is_chosen,
        box=face.box,
        landmarks=face.landmarks,
        quality=face.quality,
        size_px=face.size_px,
        unused=None,
        advice=_remark(given.faces, given.used, face.size_px, is_chosen=given.is_chosen),
    )
    return TakenProbe(NewProbe(probe, given.sha256, face.frames[0].crop, face.embedding), None, face.age)


def _refuse(
    position: int, name: str, why: NotComparable, count: int, sha256: bytes, face: Face | None = None
) -> TakenProbe:
    probe = Probe(
        position=position,
        name=name,
        source_face_id=None,
        faces=count,
        used=0,
        is_chosen=False,
        box=face.box if face else None,
        landmarks=face.landmarks if face else (),
        quality=face.quality if face else 0,
        size_px=face.size_px if face else 0.0,
        unused=why,
        advice=advise(why.reason),
    )
    return TakenProbe(NewProbe(probe, sha256, b"", b""))


def _take_stored(
    connection: Connection,
    position: int,
    wanted: ProbeItem | ProbeFace,
    model_id: int,
    case_ids: Collection[int] | None,
) -> TakenProbe:
    if isinstance(wanted, ProbeFace):
        sights = face_sights.read_sights(connection, [wanted.face_id], case_ids)
        if wanted.face_id not in sights:
            raise NotFound("there is no such face, or it is not yours to see")
        content_id, chosen = sights[wanted.face_id].content_id, wanted.face_id
        item = ItemContent(content_id, face_sights.read_sha256(connection, content_id))
    else:
        item = face_sights.get_item_content(connection, wanted.item_id, case_ids)
        chosen = None
    found = _list_faces(connection, item)
    name = "" if isinstance(wanted, ProbeFace) else f"item {wanted.item_id}"
    if isinstance(found, NotComparable):
        return _refuse(position, name, found, 0, item.sha256)
    face = _choose(found, chosen, wanted.face if isinstance(wanted, ProbeItem) else None)
    is_chosen = isinstance(wanted, ProbeFace) or wanted.face is not None
    return _take_face(connection, position, name, face, model_id, item, len(found), is_chosen=is_chosen)


def _list_faces(connection: Connection, item: ItemContent) -> list[StoredFace] | NotComparable:
    if item.content_id is None:
        return NotComparable(Reason.NOT_DECODED, "The bytes of this item could not be read.")
    examined = faces.read_faces(connection, [item.content_id]).get(item.content_id)
    if examined is None:
        return NotComparable(
            Reason.NOT_EXAMINED, "Nobody looked for faces in this item yet; `varde process CASE --faces` does."
        )
    if examined.refused is not None:
        return NotComparable(examined.refused, "Faces were looked for in this item, and it could not be done.")
    if not examined.faces:
        return NotComparable(Reason.NO_FACE, f"No face was found in it; looked at: {examined.looked_at}.")
    return list(examined.faces)


def _choose(found: list[StoredFace], face_id: int | None, number: int | None) -> StoredFace:
    if face_id is not None:
        return next(face for face in found if face.face_id == face_id)
    if number is None:
        return min(found, key=lambda face: (face.reason is not None, -face.quality, -face.size_px))
    chosen = [face for face in found if face.ordinal + 1 == number]
    if not chosen:
        raise WrongUse(
            f"this item has {len(found)} face{'s' if len(found) != 1 else ''}, no face {number}",
            advice="`varde faces list ITEM` shows them.",
        )
    return chosen[0]


def _take_face(
    connection: Connection,
    position: int,
    name: str,
    face: StoredFace,
    model_id: int,
    item: ItemContent,
    count: int,
    *,
    is_chosen: bool,
) -> TakenProbe:
    vector = faces.load_embeddings(connection, model_id, [face.face_id]).get(face.face_id)
    unused = None
    if vector is None:
        reason = face.reason or Reason.NOT_EXAMINED
        unused = NotComparable(reason, "This face has no embedding of the model in use.")
    probe = Probe(
        position=position,
        name=name,
        source_face_id=face.face_id,
        faces=count,
        used=0 if unused else face.ordinal + 1,
        is_chosen=is_chosen,
        box=face.box,
        landmarks=face.landmarks,
        quality=face.quality,
        size_px=face.size_px,
        unused=unused,
        advice=advise(unused.reason) if unused else _remark(count, face.ordinal + 1, face.size_px, is_chosen=is_chosen),
    )
    crop = faces.find_crop(connection, face.face_id) or b""
    new = NewProbe(probe, item.sha256, b"" if unused else crop, vector or b"")
    return TakenProbe(new, item.content_id, face.age)


def _remark(count: int, used: int, size_px: float, *, is_chosen: bool) -> str:
    parts = []
    if count > 1 and not is_chosen:
        parts.append(f"It has {count} faces and face {used}, the best one, was used; --face N takes another.")
    if size_px < _SMALL_PX:
        parts.append(f"The face is only {size_px:.0f} pixels wide: expect it to miss.")
    return " ".join(parts)
