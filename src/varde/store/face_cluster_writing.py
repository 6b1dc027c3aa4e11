"""Writing the clusters of a case's faces: what the machine made, what people did, and taking that back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from varde.core.errors import NotFound, Refused
from varde.core.face_cluster import ClusterAct
from varde.store.bulk import insert_rows
from varde.store.face_clusters import Member, read_clusters, read_members
from varde.store.face_tables import face_cluster_acts, face_cluster_members, face_clusters, face_constraints

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face is put: in a cluster, or, with a reason, in none."""

    cluster_id: int | None
    reason: str | None
    is_placed: bool


@dataclass(frozen=True, slots=True)
class Flags:
    """What a person made of a cluster."""

    is_kept: bool
    alias: str | None = None
    victim_id: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person changes.

    Attributes:
        moves: where faces are put.
        flags: of clusters that change in them.
        apart: pairs of faces that are of different persons from now on.
        no_longer_apart: pairs of which that is taken back.
        of: the act that this one takes back.
    """

    kind: ClusterAct
    moves: Mapping[int, Place]
    flags: Mapping[int, Flags] = field(default_factory=dict)
    apart: Sequence[tuple[int, int]] = ()
    no_longer_apart: Sequence[tuple[int, int]] = ()
    of: int | None = None


def add_cluster(connection: Connection, case_id: int) -> int:
    """Returns the number of a new, empty cluster."""
    values = {"case_id": case_id, "faces": 0, "version": 0, "is_kept": 0}
    return int(connection.execute(insert(face_clusters).values(**values).returning(face_clusters.c.id)).scalar_one())


def write_members(connection: Connection, case_id: int, members: Sequence[Member]) -> None:
    """Puts faces where they are now, whether they were anywhere before or not."""
    table = face_cluster_members.c
    for start in range(0, len(members), _IDS_AT_ONCE):
        some = members[start : start + _IDS_AT_ONCE]
        here = (table.case_id == case_id, table.face_id.in_([one.face_id for one in some]))
        connection.execute(delete(face_cluster_members).where(*here))
        insert_rows(connection, face_cluster_members, [_member_row(case_id, one) for one in some])


def write_figures(connection: Connection, cluster_id: int, faces: int, best: int | None, centre: bytes | None) -> None:
    """Records how a cluster stands; its version rises."""
    table = face_clusters.c
    values = {"faces": faces, "best_face_id": best, "centre": centre, "version": table.version + 1}
    connection.execute(update(face_clusters).where(table.id == cluster_id).values(values))


def write_fits(connection: Connection, case_id: int, fits: Mapping[int, float]) -> None:
    """Records how like the others of its cluster each face is."""
    table = face_cluster_members.c
    change = (
        update(face_cluster_members)
        .where(table.case_id == case_id, table.face_id == bindparam("face"))
        .values(fit=bindparam("similarity"))
    )
    if fits:
        connection.execute(change, [{"face": face, "similarity": round(fit, 4)} for face, fit in fits.items()])


def record_made(
    connection: Connection, case_id: int, detail: Mapping[str, object], *, person: str, at: datetime
) -> int:
    """Returns the act that records a run of the machine."""
    return _add_act(connection, case_id, ClusterAct.MADE, dict(detail), person, at)


def apply_edit(connection: Connection, case_id: int, edit: Edit, *, person: str, at: datetime) -> int:
    """Makes a person's change, records it so that it can be taken back, and returns the act.

    Figures of the clusters are the caller's to renew.
    """
    before = read_members(connection, case_id, list(edit.moves))
    clusters = {one.cluster_id: one for one in read_clusters(connection, case_id, list(edit.flags))}
    old = {number: Flags(one.is_kept, one.alias, one.victim_id) for number, one in clusters.items()}
    detail: dict[str, Any] = {
        "faces": len(edit.moves),
        "before": _group({one.face_id: Place(one.cluster_id, one.reason, one.is_placed) for one in before.values()}),
        "after": _group(edit.moves),
        "flags": [[number, _list_flags(old[number]), _list_flags(new)] for number, new in sorted(edit.flags.items())],
        "apart": [list(pair) for pair in edit.apart],
        "no_longer_apart": [list(pair) for pair in edit.no_longer_apart],
    }
    if edit.of is not None:
        detail["of"] = edit.of
    act_id = _add_act(connection, case_id, edit.kind, detail, person, at)
    moved = [Member(face, to.cluster_id, to.reason, to.is_placed, None) for face, to in sorted(edit.moves.items())]
    write_members(connection, case_id, moved)
    for number, flags in edit.flags.items():
        values: dict[str, Any] = {"is_kept": int(flags.is_kept), "alias": flags.alias, "victim_id": flags.victim_id}
        if flags.alias != old[number].alias:
            values |= {"named_at": at if flags.alias else None, "named_by": person if flags.alias else None}
        connection.execute(update(face_clusters).where(face_clusters.c.id == number).values(values))
    _change_constraints(connection, case_id, edit, act_id)
    return act_id


def reverse_act(connection: Connection, case_id: int, act_id: int) -> Edit:
    """Returns the change that takes an act back; faces deleted since stay away.

    Raises:
        NotFound: if the case has no such act.
        Refused: if it cannot be taken back: the machine's, taken back already, or changed by people since.
    """
    table = face_cluster_acts.c
    row = connection.execute(select(face_cluster_acts).where(table.case_id == case_id, table.id == act_id)).first()
    if row is None:
        raise NotFound(f"this case has no act {act_id} on its clusters")
    if row.kind == ClusterAct.MADE.value:
        raise Refused("what the machine made cannot be taken back", advice="Split, merge or move what is wrong in it.")
    if row.undone_by is not None:
        raise Refused(f"act {act_id} was taken back already", advice=f"To have it again, undo act {row.undone_by}.")
    detail = row.detail
    after, before = _ungroup(detail["after"]), _ungroup(detail["before"])
    now = read_members(connection, case_id, list(after))
    changed = [face for face, place in after.items() if face in now and _was_moved(place, now[face])]
    clusters = {one.cluster_id: one for one in read_clusters(connection, case_id, [one[0] for one in detail["flags"]])}
    newer = [
        number
        for number, _, flags in detail["flags"]
        if _list_flags(Flags(clusters[number].is_kept, clusters[number].alias, clusters[number].victim_id)) != flags
    ]
    if changed or newer:
        raise Refused(
            f"act {act_id} cannot be undone: people changed {len(changed):,} of its faces, or its clusters, since",
            advice="Undo the later acts first: the history shows them, the newest at the top.",
        )
    return Edit(
        ClusterAct.UNDONE,
        {face: place for face, place in before.items() if face in now},
        {number: Flags(bool(old[0]), old[1], old[2]) for number, old, _ in detail["flags"]},
        apart=[(a, b) for a, b in detail["no_longer_apart"] if _exist(connection, case_id, a, b)],
        no_longer_apart=[(a, b) for a, b in detail["apart"]],
        of=act_id,
    )


def mark_undone(connection: Connection, act_id: int, by: int) -> None:
    """Records which act took another back; one that took back an undoing lets the first stand again."""
    table = face_cluster_acts.c
    connection.execute(update(face_cluster_acts).where(table.id == act_id).values(undone_by=by))


def _was_moved(place: Place, now: Member) -> bool:
    """Returns whether a person put a face elsewhere since; what a machine may move, it may have moved."""
    if not place.is_placed:
        return now.is_placed
    return (place.cluster_id, place.reason) != (now.cluster_id, now.reason)


def _exist(connection: Connection, case_id: int, *face_ids: int) -> bool:
    return len(read_members(connection, case_id, face_ids)) == len(set(face_ids))


def _change_constraints(connection: Connection, case_id: int, edit: Edit, act_id: int) -> None:
    table = face_constraints.c
    for a, b in [*edit.no_longer_apart, *edit.apart]:
        here = (table.case_id == case_id, table.face_id == min(a, b), table.other_face_id == max(a, b))
        connection.execute(delete(face_constraints).where(*here))
    rows = [
        {"case_id": case_id, "face_id": min(a, b), "other_face_id": max(a, b), "is_same": 0, "act_id": act_id}
        for a, b in edit.apart
    ]
    insert_rows(connection, face_constraints, rows)


def _add_act(
    connection: Connection, case_id: int, kind: ClusterAct, detail: dict[str, object], person: str, at: datetime
) -> int:
    values = {"case_id": case_id, "kind": kind.value, "detail": detail, "at": at, "person": person}
    table = face_cluster_acts
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def _group(places: Mapping[int, Place]) -> list[list[Any]]:
    """Returns faces by where they are: short, though there may be thousands."""
    groups: dict[Place, list[int]] = {}
    for face_id, place in sorted(places.items()):
        groups.setdefault(place, []).append(face_id)
    return [[one.cluster_id, one.reason, int(one.is_placed), faces] for one, faces in groups.items()]


def _ungroup(groups: Iterable[Sequence[Any]]) -> dict[int, Place]:
    return {face: Place(number, reason, bool(placed)) for number, reason, placed, faces in groups for face in faces}


def _list_flags(flags: Flags) -> list[object]:
    return [int(flags.is_kept), flags.alias, flags.victim_id]


def _member_row(case_id: int, member: Member) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "face_id": member.face_id,
        "cluster_id": member.cluster_id,
        "reason": member.reason,
        "is_placed_by_person": int(member.is_placed),
        "fit": None if member.fit is None else round(member.fit, 4),
    }
