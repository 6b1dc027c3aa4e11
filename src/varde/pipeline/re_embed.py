"""Makes the embeddings of another model from the crops that are kept: no exhibit is needed, and none is mixed.

Crops were cut from hostile pictures, so they are decoded in a sandboxed process. What is done is recorded batch by
batch; a job that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from varde.core.audit import Act
from varde.core.errors import VardeError
from varde.core.model import ModelTask
from varde.media.pool import Failure, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.models.pack import Pack
from varde.pipeline.face_setup import record_setup
from varde.pipeline.look_for_faces import EngineSource
from varde.store import audit
from varde.store.database import PATIENCE_S
from varde.store.face_re_embedding import FaceKind, StoredCrops, count_missing, list_missing, record_embeddings
from varde.store.site import Site

if TYPE_CHECKING:
    from varde.faces.engine import FaceEngine

TARGET: Final = "varde.pipeline.re_embed:prepare"
_BATCH: Final = 64
_LIMIT_S: Final = 300.0
_MEMORY_BYTES: Final = 2 << 30
_UNIT_WITHIN: Final = 1e-3


class EmbedRequest(msgspec.Struct, frozen=True):
    """The crops of some faces, and how much each of them counts."""

    crops: list[list[bytes]]
    qualities: list[list[int]]


@dataclass(slots=True)
class ReEmbedding:
    """How far a job is.

    Attributes:
        total: faces that had no embedding by the model when it started.
        done: embedded, by kind.
        failed: that could not be embedded, by kind: their crops are damaged.
    """

    total: int = 0
    done: dict[FaceKind, int] = field(default_factory=lambda: dict.fromkeys(FaceKind, 0))
    failed: dict[FaceKind, int] = field(default_factory=lambda: dict.fromkeys(FaceKind, 0))

    @property
    def ended(self) -> int:
        """Faces that are done or failed."""
        return sum(self.done.values()) + sum(self.failed.values())


def re_embed(
    site: Site, pack: Pack, *, person: str, clock: Callable[[], datetime], progress: Callable[[ReEmbedding], None]
) -> ReEmbedding:
    """Makes every embedding that a pack's model has not made yet, of faces of items, victims and cohorts.

    Args:
        site: whose faces.
        pack: whose embedder; embeddings of other models stay as they are.
        person, clock: recorded in the audit log.
        progress: called after each batch.

    Raises:
        VardeError: if the decoder process cannot start; what is recorded stays, and the same call goes on.
    """
    setup = record_setup(site, pack, person, clock())
    model_id = setup.models.embedder_id
    state = ReEmbedding()
    with site.database.read() as connection:
        state.total = sum(count_missing(connection, kind, model_id) for kind in FaceKind)
    if state.total:
        with Pool(f"{TARGET}:{pack.folder}", 1, SandboxLimits(_MEMORY_BYTES)) as pool:
            job = _Job(site, pool, model_id, setup.dimensions, state, progress)
            for kind in FaceKind:
                job.run(kind)
        _record(site, pack, state, person, clock())
    return state


def _record(site: Site, pack: Pack, state: ReEmbedding, person: str, at: datetime) -> None:
    subject: dict[str, str | int | None] = {
        "model": str(pack.identity(ModelTask.FACE_EMBED)),
        **{kind.value: count for kind, count in state.done.items()},
        "failed": sum(state.failed.values()),
    }
    with site.database.write(patience_s=PATIENCE_S) as connection:
        audit.append_event(connection, at=at, person=person, act=Act.FACES_RE_EMBEDDED, subject=subject)


class _Job:
    def __init__(
        self,
        site: Site,
        pool: Pool,
        model_id: int,
        dimensions: int,
        state: ReEmbedding,
        progress: Callable[[ReEmbedding], None],
    ) -> None:
        self._site, self._pool, self._model_id, self._dimensions = site, pool, model_id, dimensions
        self._state, self._progress = state, progress

    def run(self, kind: FaceKind) -> None:
        after = 0
        while True:
            with self._site.database.read() as connection:
                batch = list_missing(connection, kind, self._model_id, after=after, limit=_BATCH)
            if not batch:
                return
            made = self._embed(batch)
            with self._site.database.write(patience_s=PATIENCE_S) as connection:
                record_embeddings(connection, kind, self._model_id, made)
            self._state.done[kind] += len(made)
            self._state.failed[kind] += len(batch) - len(made)
            self._progress(self._state)
            after = batch[-1].row_id

    def _embed(self, batch: Sequence[StoredCrops]) -> list[tuple[int, bytes]]:
        """Returns the embeddings of a batch; where it fails, of its halves, so that one face costs only itself."""
        request = EmbedRequest([list(one.crops) for one in batch], [list(one.qualities) for one in batch])
        result = self._pool.ask(Request(None, msgspec.msgpack.encode(request), (), _LIMIT_S))
        rows = _read_rows(result, len(batch), self._dimensions)
        if rows is not None:
            return [(one.row_id, row) for one, row in zip(batch, rows, strict=True)]
        if len(batch) == 1:
            return []
        middle = len(batch) // 2
        return self._embed(batch[:middle]) + self._embed(batch[middle:])


def _read_rows(result: bytes | Failure, count: int, dimensions: int) -> list[bytes] | None:
    """Returns what a decoder process answered as unit vectors; None where it did not, or cannot have meant it."""
    if isinstance(result, Failure) or len(result) != 4 * count * dimensions:
        return None
    rows = np.frombuffer(result, "<f4").reshape(count, dimensions)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    if not (np.abs(lengths - 1) <= _UNIT_WITHIN).all():
        return None
    return [row.tobytes() for row in rows]


def prepare(pack_folder: str) -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler of `EmbedRequest`, with the models in a folder read; they are parsed when it is called."""
    source = EngineSource(pack_folder)
    open_once = cache(source.open)
    read = msgspec.msgpack.Decoder(EmbedRequest).decode

    def handle(payload: bytes, files: list[int]) -> bytes:
        try:
            engine = open_once()
        except VardeError:
            return b""
        return embed_faces(engine, read(payload))

    return handle


def embed_faces(engine: FaceEngine, request: EmbedRequest) -> bytes:
    """Returns a unit vector for each face, float32 little-endian, one after the other; b"" if a crop is damaged."""
    from varde.faces.embed import average

    rows = []
    for crops, qualities in zip(request.crops, request.qualities, strict=True):
        try:
            made = engine.embed(crops)
            rows.append(made[0] if len(made) == 1 else average(made, np.array(qualities, np.float32)))
        except VardeError:
            return b""
    return b"".join(row.astype("<f4").tobytes() for row in rows)
