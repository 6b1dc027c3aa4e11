"""Puts the faces of a case in clusters, and brings them up to date when faces came: only what is new is compared.

What is written depends on the faces and on what people decided, not on the order in which anything came. Nothing is
half written: a run that is killed leaves the earlier clusters, and the lists of neighbours it had made.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import SiteBusy, WrongUse
from varde.core.face_cluster import Unknown
from varde.core.model import ModelTask
from varde.faces.clustering import (
    METHOD,
    VERSION,
    ClusterPoint,
    Places,
    Rules,
    cluster,
    compute_centres,
    compute_fits,
    judge_face,
    pair_overlaps,
)
from varde.faces.neighbours import Floats, Neighbours, update_neighbours
from varde.models.registry import find_pack
from varde.pipeline.face_neighbours import load_neighbours, save_neighbours
from varde.store import audit
from varde.store import face_cluster_writing as writing
from varde.store import face_clusters as stored
from varde.store.database import PATIENCE_S
from varde.store.face_clusters import ClusterFace, Member
from varde.store.models import Chosen, NotChosen, ensure_model, find_chosen
from varde.store.site import Site

MANY_FACES: Final = 20_000
"""From so many faces on, single faces are joined at a false accept rate of 1e-6 instead of 1e-5."""

LEAST_QUALITY: Final = 20
"""Of a face; the same as for comparing it (`varde.faces.quality`)."""

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class ClusterCount:
    """What a run made of a case's faces.

    Attributes:
        compared: faces that were compared with all others: those that came since the run before.
        unknown: faces in no cluster, by reason.
    """

    faces: int
    clusters: int
    compared: int
    unknown: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Embedder:
    model_id: int
    name: str
    thresholds: dict[str, float]

    def choose_point(self, faces: int) -> ClusterPoint:
        """Returns the operating point for so many faces: the more there are, the stricter single ones are joined."""
        strict = self.thresholds["1e-5"]
        if faces > MANY_FACES:
            strict = self.thresholds.get("1e-6", strict)
        return ClusterPoint(strict, self.thresholds["1e-3"], LEAST_QUALITY)


@dataclass(frozen=True, slots=True)
class _State:
    """The faces of a case as they were read."""

    last_act: int
    faces: list[ClusterFace]
    vectors: dict[int, bytes]
    members: dict[int, Member]
    apart: list[tuple[int, int]]
    kept: set[int]
    named: set[int]

    @property
    def settled(self) -> set[int | None]:
        """Where people put faces that the machine does not look at: apart, or in a cluster with an alias."""
        return {None, *self.named}


@dataclass(slots=True)
class _Plan:
    """Where each face goes: to a label, whose name is the lowest place in it, or to nowhere with a reason."""

    unknown: dict[int, str] = field(default_factory=dict)
    fixed: dict[int, Member] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)


def cluster_case(
    site: Site,
    case: Case,
    *,
    person: str,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ClusterCount:
    """Returns what the faces of a case were put into. Call it while holding the processing lock.

    Raises:
        WrongUse: if no face models are in use, or theirs have no thresholds.
        SiteBusy: if people edit clusters faster than they are made.
    """
    embedder = _find_embedder(site, person, clock())
    for _ in range(_TRIES):
        with site.database.read() as connection:
            state = _read_state(connection, case.case_id, embedder.model_id)
        plan = _plan(state, embedder.choose_point(0))
        point = embedder.choose_point(len(plan.ids))
        vectors = _stack(plan.ids, state.vectors)
        neighbours, compared = _find_neighbours(site, case, embedder, point, plan.ids, vectors, progress)
        labels = cluster(vectors, neighbours, _make_rules(state, plan), point)
        count = _write(site, case, state, plan, vectors, labels, embedder, point, compared, person, clock())
        if count is not None:
            return count
    raise SiteBusy("people are editing the clusters of this case", advice="Try again in a while.")


def cluster_stale_case(site: Site, case: Case, *, person: str, clock: Callable[[], datetime]) -> ClusterCount | None:
    """Returns what new faces of a case were put into; None where there are none, or no models that could compare them.

    Call it while holding the processing lock, at the end of a run.
    """
    with site.database.read() as connection:
        if isinstance(find_chosen(connection), NotChosen):
            return None
    try:
        embedder = _find_embedder(site, person, clock())
    except WrongUse:
        return None
    with site.database.read() as connection:
        if not stored.is_stale(connection, case.case_id, embedder.model_id):
            return None
    return cluster_case(site, case, person=person, clock=clock)


def _find_embedder(site: Site, person: str, at: datetime) -> _Embedder:
    with site.database.read() as connection:
        chosen = find_chosen(connection)
    if not isinstance(chosen, Chosen):
        raise WrongUse(
            "no face models are in use here", advice="Choose some with `varde models use builtin`, then process again."
        )
    pack = find_pack(site.folder, chosen.key)
    card, identity = pack.get(ModelTask.FACE_EMBED), pack.identity(ModelTask.FACE_EMBED)
    if not {"1e-5", "1e-3"} <= set(card.thresholds):
        raise WrongUse(
            f"the card of {identity} has no thresholds for false accept rates of 1e-5 and 1e-3",
            advice="Without them nobody knows how alike is alike: measure the pack and write them into its card.",
        )
    with site.database.write(patience_s=PATIENCE_S) as connection:
        model_id = ensure_model(connection, identity, person, at)
    return _Embedder(model_id, str(identity), dict(card.thresholds))


def _read_state(connection: Connection, case_id: int, model_id: int) -> _State:
    clusters = stored.read_clusters(connection, case_id)
    return _State(
        last_act=stored.find_last_act(connection, case_id),
        faces=list(stored.stream_case_faces(connection, case_id)),
        vectors=dict(stored.stream_vectors(connection, model_id, case_id)),
        members=stored.read_members(connection, case_id),
        apart=stored.read_constraints(connection, case_id),
        kept={one.cluster_id for one in clusters if one.is_kept},
        named={one.cluster_id for one in clusters if one.alias is not None},
    )


def _plan(state: _State, point: ClusterPoint) -> _Plan:
    """Sorts faces: what people placed for good, what is unknown and why, and what is clustered."""
    plan = _Plan()
    for face in state.faces:
        member = state.members.get(face.face_id)
        has_vector = face.face_id in state.vectors
        if member is not None and member.is_placed and (member.cluster_id in state.settled or not has_vector):
            plan.fixed[face.face_id] = member
        elif not has_vector:
            plan.unknown[face.face_id] = face.reason or Unknown.NO_EMBEDDING.value
        elif (judged := judge_face(face.quality, face.size_px, point)) is not None and not _is_placed(member):
            plan.unknown[face.face_id] = judged.reason.value
        else:
            plan.ids.append(face.face_id)
    return plan


def _is_placed(member: Member | None) -> bool:
    return member is not None and member.is_placed


def _stack(ids: list[int], vectors: dict[int, bytes]) -> Floats:
    if not ids:
        return np.empty((0, 1), np.float32)
    return np.stack([np.frombuffer(vectors[one], "<f4") for one in ids]).astype(np.float32)


def _make_rules(state: _State, plan: _Plan) -> Rules:
    places = {face_id: place for place, face_id in enumerate(plan.ids)}
    here = [face for face in state.faces if face.face_id in places]
    groups = np.full(len(plan.ids), -1, np.int64)
    for face in here:
        if not face.is_video:
            groups[places[face.face_id]] = face.content_id
    _, small = np.unique(groups, return_inverse=True)
    groups = np.where(groups < 0, -1, small)
    spans = [
        (places[face.face_id], face.content_id, face.first_s, face.last_s)
        for face in here
        if face.is_video and face.first_s is not None and face.last_s is not None
    ]
    people = [(places[a], places[b]) for a, b in state.apart if a in places and b in places]
    first: dict[int, int] = {}
    together = []
    for face in here:
        member = state.members.get(face.face_id)
        if member is not None and member.is_placed and member.cluster_id in state.kept:
            anchor = first.setdefault(member.cluster_id, places[face.face_id])
            together.append((anchor, places[face.face_id]))
    return Rules(
        groups,
        apart=np.concatenate([pair_overlaps(spans), np.array(people, np.int64).reshape(-1, 2)]),
        together=np.array(together, np.int64).reshape(-1, 2),
        kept=np.array(sorted(first.values()), np.int64),
    )


def _find_neighbours(
    site: Site,
    case: Case,
    embedder: _Embedder,
    point: ClusterPoint,
    ids: list[int],
    vectors: Floats,
    progress: Callable[[int, int], None],
) -> tuple[Neighbours, int]:
    """Returns the lists of neighbours, kept beside the indexes, and how many faces had to be compared."""
    path = site.indexes / "face_neighbours" / f"case-{case.case_id}.segment"
    marks = np.array([zlib.crc32(row.tobytes()) for row in vectors], np.uint32)
    now = np.array(ids, np.int64)
    earlier = load_neighbours(path, embedder.model_id, point.floor, now, marks)
    neighbours = update_neighbours(earlier, now, vectors, progress)
    compared = len(ids) - int(np.isin(now, earlier.ids).sum())
    if compared or len(earlier.ids) != len(ids):
        save_neighbours(path, embedder.model_id, neighbours, marks)
    return neighbours, compared


def _write(
    site: Site,
    case: Case,
    state: _State,
    plan: _Plan,
    vectors: Floats,
    labels: Places,
    embedder: _Embedder,
    point: ClusterPoint,
    compared: int,
    person: str,
    at: datetime,
) -> ClusterCount | None:
    """Writes what differs, unless people edited clusters since they were read: then None, and nothing is written."""
    with site.database.write(patience_s=PATIENCE_S) as connection:
        if stored.find_last_act(connection, case.case_id) != state.last_act:
            return None
        numbers = _name_clusters(connection, case.case_id, state, plan, labels)
        fits = compute_fits(vectors, labels) if len(labels) else np.empty(0, np.float32)
        new = {
            face: Member(face, numbers[int(label)], None, _is_placed(state.members.get(face)), round(float(fit), 4))
            for face, label, fit in zip(plan.ids, labels, fits, strict=True)
        }
        new |= {face: Member(face, None, reason, False, None) for face, reason in plan.unknown.items()}
        changed = [one for face, one in sorted(new.items()) if state.members.get(face) != one]
        writing.write_members(connection, case.case_id, changed)
        _write_figures(connection, state, plan, vectors, labels, numbers, changed)
        unknown = stored.count_unknown(connection, case.case_id)
        clusters, _, faces = stored.count_clusters(connection, case.case_id)
        count = ClusterCount(faces + sum(unknown.values()), clusters, compared, unknown)
        detail = {
            "method": f"{METHOD}/{VERSION}",
            "model_id": embedder.model_id,
            "model": embedder.name,
            "strict": point.strict,
            "loose": point.loose,
            "faces": len(changed),
            "clusters": clusters,
        }
        act_id = writing.record_made(connection, case.case_id, detail, person=person, at=at)
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "act": act_id,
            "model": embedder.name,
            "faces": faces,
            "clusters": clusters,
            "unknown": sum(unknown.values()),
        }
        audit.append_event(connection, at=at, person=person, act=Act.CLUSTERS_MADE, subject=subject)
    return count


def _name_clusters(connection: Connection, case_id: int, state: _State, plan: _Plan, labels: Places) -> dict[int, int]:
    """Returns the number of the cluster of each label: the one that most of its faces were in, else a new one."""
    shared: dict[tuple[int, int], int] = {}
    for face, label in zip(plan.ids, labels.tolist(), strict=True):
        member = state.members.get(face)
        if member is not None and member.cluster_id is not None and member.cluster_id not in state.named:
            weight = 1 << 40 if member.is_placed and member.cluster_id in state.kept else 1
            key = (member.cluster_id, label)
            shared[key] = shared.get(key, 0) + weight
    numbers: dict[int, int] = {}
    taken: set[int] = set()
    for (number, label), _ in sorted(shared.items(), key=lambda one: (-one[1], one[0])):
        if label not in numbers and number not in taken:
            numbers[label] = number
            taken.add(number)
    for label in sorted(set(labels.tolist()) - set(numbers)):
        numbers[label] = writing.add_cluster(connection, case_id)
    return numbers


def _write_figures(
    connection: Connection,
    state: _State,
    plan: _Plan,
    vectors: Floats,
    labels: Places,
    numbers: dict[int, int],
    changed: list[Member],
) -> None:
    """Renews size, best face and centre of the clusters that gained or lost a face."""
    touched = {one.cluster_id for one in changed} | {
        state.members[one.face_id].cluster_id for one in changed if one.face_id in state.members
    }
    quality = {face.face_id: face.quality for face in state.faces}
    fixed = Counter(one.cluster_id for one in plan.fixed.values())
    names, centres = compute_centres(vectors, labels) if len(labels) else (labels, vectors)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], names)
    ends = np.r_[starts[1:], len(labels)] if len(names) else starts
    for label, centre, start, end in zip(names.tolist(), centres, starts.tolist(), ends.tolist(), strict=True):
        if numbers[label] in touched:
            faces = [plan.ids[place] for place in order[start:end].tolist()]
            best = max(faces, key=lambda one: (quality[one], -one))
            writing.write_figures(
                connection, numbers[label], len(faces) + fixed[numbers[label]], best, centre.astype("<f4").tobytes()
            )
    for number in touched - set(numbers.values()) - {None} - state.named:
        writing.write_figures(connection, int(number or 0), fixed[number], None, None)


def renew_figures(connection: Connection, case_id: int, cluster_ids: set[int]) -> None:
    """Renews size, best face, centre and fits of clusters that a person changed, inside the caller's transaction."""
    made = stored.find_last_made(connection, case_id) or {}
    model_id = int(str(made.get("model_id", 0)))
    for number in sorted(cluster_ids):
        qualities, vectors = stored.load_cluster(connection, number, model_id)
        if not qualities:
            writing.write_figures(connection, number, 0, None, None)
            continue
        best = max(qualities, key=lambda one: (qualities[one], -one))
        centre = None
        if vectors:
            ids = sorted(vectors)
            rows = _stack(ids, vectors)
            labels = np.zeros(len(ids), np.int64)
            centre = compute_centres(rows, labels)[1][0].astype("<f4").tobytes()
            stored_fits = dict(zip(ids, compute_fits(rows, labels).tolist(), strict=True))
            writing.write_fits(connection, case_id, stored_fits)
        writing.write_figures(connection, number, len(qualities), best, centre)
