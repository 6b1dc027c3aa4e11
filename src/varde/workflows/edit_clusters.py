"""What people do with clusters of faces: split, merge, put apart, say different, name, undo; each recorded and audited.

Every edit says which versions of the clusters its person saw: what somebody else changed meanwhile is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.face_cluster import ClusterAct, FaceCluster, Unknown
from varde.pipeline.face_clustering import renew_figures
from varde.store import audit, victims
from varde.store import face_cluster_writing as writing
from varde.store import face_clusters as stored
from varde.store.face_cluster_writing import Edit, Flags, Place
from varde.store.face_clusters import Member
from varde.store.site import Site
from varde.workflows.actor import Actor

_MOST_ALIAS = 100
_MOST_DIFFERENT = 100


@dataclass(frozen=True, slots=True)
class EditDone:
    """What an edit did.

    Attributes:
        act_id: names it for undoing.
        faces: how many it moved.
        clusters: that it changed; one that is empty now is among them.
    """

    act_id: int
    faces: int
    clusters: tuple[int, ...]


Versions = Mapping[int, int]
"""Clusters that a person saw, with the version of each."""


def split(
    site: Site, actor: Actor, case: Case, face_ids: Sequence[int], seen: Versions, *, together: bool = True
) -> EditDone:
    """Takes faces out of their clusters.

    Args:
        site, actor, case: where, who, in which case.
        face_ids: of one or several clusters.
        seen: the clusters they are in.
        together: whether they are one other person, and make one cluster; else each is for itself, and the machine may
            put it with anybody but the cluster it was in.

    Raises:
        NotFound: if one is not in a cluster of the case.
        Refused: if somebody changed a cluster meanwhile, or nothing would be left in one.
    """
    with site.database.write() as connection:
        members, clusters = _find_sources(connection, case, face_ids, seen)
        rest = {number: _find_rest(connection, case, number, members) for number in clusters}
        moves: dict[int, Place] = {face: Place(number, None, True) for number, faces in rest.items() for face in faces}
        apart = []
        if together:
            number = writing.add_cluster(connection, case.case_id)
            moves |= dict.fromkeys(members, Place(number, None, True))
            flags = {number: Flags(True)}
        else:
            flags = {}
            for face, member in members.items():
                moves[face] = Place(writing.add_cluster(connection, case.case_id), None, False)
                anchors = rest[member.cluster_id or 0]
                apart += [(face, anchors[0])] if anchors else []
        flags |= {one.cluster_id: Flags(True, one.alias, one.victim_id) for one in clusters.values()}
        return _finish(connection, actor, case, Edit(ClusterAct.SPLIT, moves, flags, apart=apart), len(members))


def merge(
    site: Site, actor: Actor, case: Case, cluster_ids: Sequence[int], seen: Versions, *, despite_frame: bool = False
) -> EditDone:
    """Puts clusters together: they are one person, says a person. The largest, or the one with an alias, takes them up.

    Raises:
        NotFound: if one is not there.
        WrongUse: if there is only one.
        Refused: if somebody changed one meanwhile, two have different aliases, or two faces are in one picture.
    """
    with site.database.write() as connection:
        clusters = _find_seen(connection, case, dict.fromkeys(cluster_ids, None), seen)
        if len(clusters) < 2:
            raise WrongUse("merging takes at least two clusters", advice="Choose faces of several rows.")
        aliases = {one.alias for one in clusters.values()} - {None}
        if len(aliases) > 1:
            raise Refused(
                f"these clusters have different aliases: {', '.join(sorted(str(one) for one in aliases))}",
                advice="Take one alias away first, if they are one person.",
            )
        if not despite_frame and stored.share_picture(connection, list(clusters)):
            raise Refused(
                "two of these faces are in one picture, so they should be two people",
                advice="If it is a mirror, a collage or a picture in a picture, say so and merge all the same.",
            )
        into = max(clusters.values(), key=lambda one: (one.alias is not None, one.faces, -one.cluster_id))
        members = stored.read_cluster_members(connection, case.case_id, list(clusters))
        victim = into.victim_id or next((one.victim_id for one in clusters.values() if one.victim_id), None)
        flags = {number: Flags(False) for number in clusters if number != into.cluster_id}
        flags[into.cluster_id] = Flags(True, into.alias, victim)
        moves = {one.face_id: Place(into.cluster_id, None, True) for one in members}
        gone = [(a, b) for a, b in stored.read_constraints(connection, case.case_id) if a in moves and b in moves]
        edit = Edit(ClusterAct.MERGED, moves, flags, no_longer_apart=gone)
        return _finish(connection, actor, case, edit, len(members))


def put_apart(site: Site, actor: Actor, case: Case, face_ids: Sequence[int], seen: Versions) -> EditDone:
    """Moves faces to the unknown: no face, a drawing, nobody could tell; the machine leaves them there.

    Raises:
        NotFound: if one is not in a cluster of the case.
        Refused: if somebody changed a cluster meanwhile.
    """
    with site.database.write() as connection:
        members, _ = _find_sources(connection, case, face_ids, seen)
        moves = dict.fromkeys(members, Place(None, Unknown.BY_PERSON.value, True))
        return _finish(connection, actor, case, Edit(ClusterAct.UNKNOWN, moves), len(members))


def say_different(site: Site, actor: Actor, case: Case, cluster_ids: Sequence[int], seen: Versions) -> EditDone:
    """Records that clusters are different people: never joined by the machine, never suggested again.

    Raises:
        NotFound: if one is not there.
        WrongUse: if there is only one, or more than are told apart at once: each pair is a rule of its own.
        Refused: if somebody changed one meanwhile.
    """
    if len(set(cluster_ids)) > _MOST_DIFFERENT:
        raise WrongUse(f"{_MOST_DIFFERENT} clusters at most are told apart at once", advice="Choose fewer rows.")
    with site.database.write() as connection:
        clusters = _find_seen(connection, case, dict.fromkeys(cluster_ids, None), seen)
        if len(clusters) < 2:
            raise WrongUse("saying that people are different takes at least two clusters")
        members = stored.read_cluster_members(connection, case.case_id, list(clusters))
        moves = {one.face_id: Place(one.cluster_id, None, True) for one in members}
        anchors: dict[int, int] = {}
        for one in members:
            anchors.setdefault(one.cluster_id or 0, one.face_id)
        order = sorted(anchors.values())
        pairs = [(a, b) for place, a in enumerate(order) for b in order[place + 1 :]]
        known = set(stored.read_constraints(connection, case.case_id))
        flags = {one.cluster_id: Flags(True, one.alias, one.victim_id) for one in clusters.values()}
        edit = Edit(ClusterAct.DIFFERENT, moves, flags, apart=[pair for pair in pairs if pair not in known])
        return _finish(connection, actor, case, edit, 0)


def name_cluster(site: Site, actor: Actor, case: Case, cluster_id: int, alias: str, seen: Versions) -> EditDone:
    """Gives a cluster an alias within its case, or with "" takes it away; a victim of that alias is linked.

    From now on the machine adds nothing to it and takes nothing away: it only suggests.

    Raises:
        NotFound: if the cluster is not there.
        WrongUse: if the alias is none, or another cluster has it.
        Refused: if somebody changed the cluster meanwhile, or it is a victim's alias where identifying needs approval.
    """
    wanted = alias.strip()
    if len(wanted) > _MOST_ALIAS or (wanted and not wanted.isprintable()) or wanted.startswith("-"):
        raise WrongUse(
            f"an alias has 1 to {_MOST_ALIAS} printable characters and does not begin with a dash",
            advice="Choose a word that names nobody, such as `B`.",
        )
    with site.database.write() as connection:
        cluster = _find_seen(connection, case, {cluster_id: None}, seen)[cluster_id]
        for other in stored.read_clusters(connection, case.case_id):
            if wanted and other.alias == wanted and other.faces and other.cluster_id != cluster_id:
                raise WrongUse(
                    f"cluster {other.cluster_id} is called {wanted!r} already",
                    advice="If they are one person, merge the two; else choose another alias.",
                )
        victim = victims.find_victim(connection, case.case_id, wanted) if wanted else None
        if victim is not None and Act.FACE_IDENTIFIED in site.settings.access.four_eyes:
            raise Refused(
                f"{wanted!r} is a victim of this case, and this site leaves identifying faces to nobody alone",
                advice="Choose another alias, or identify a face on the victim's page: another person approves it.",
            )
        members = stored.read_cluster_members(connection, case.case_id, [cluster_id])
        moves = {one.face_id: Place(cluster_id, None, True) for one in members}
        flags = {cluster_id: Flags(True, wanted or None, victim.victim_id if victim else None)}
        done = _finish(connection, actor, case, Edit(ClusterAct.NAMED, moves, flags), 0)
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "act": done.act_id,
            "cluster": cluster.cluster_id,
            "alias": wanted or None,
            "victim": victim.victim_id if victim else None,
        }
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.CLUSTER_NAMED, subject=subject)
    return done


def undo(site: Site, actor: Actor, case: Case, act_ids: Sequence[int], *, may_name: bool = True) -> list[EditDone]:
    """Takes acts back, the newest first, all or none; taking an undoing back does the act again.

    Args:
        site, actor, case: where, who, in which case.
        act_ids: of the acts.
        may_name: whether the person may also give and take aliases.

    Raises:
        NotFound: if the case has no such act.
        Refused: if people changed since what one of them did, it is the machine's, or it needs what the person may not.
    """
    done = []
    with site.database.write() as connection:
        for act_id in sorted(set(act_ids), reverse=True):
            edit = writing.reverse_act(connection, case.case_id, act_id)
            if not may_name and _renames(connection, case, edit):
                raise Refused("taking this back changes an alias", advice="Ask somebody who may identify people.")
            one = _finish(connection, actor, case, edit, len(edit.moves))
            writing.mark_undone(connection, act_id, one.act_id)
            done.append(one)
    return done


def _finish(connection: Connection, actor: Actor, case: Case, edit: Edit, faces: int) -> EditDone:
    """Makes an edit, renews the figures of every cluster it touched, and audits it."""
    at = actor.clock()
    before = stored.read_members(connection, case.case_id, list(edit.moves))
    act_id = writing.apply_edit(connection, case.case_id, edit, person=actor.person, at=at)
    touched = {place.cluster_id for place in edit.moves.values()} | {one.cluster_id for one in before.values()}
    touched = {number for number in touched | set(edit.flags) if number is not None}
    renew_figures(connection, case.case_id, {number for number in touched if number is not None})
    if edit.kind is not ClusterAct.NAMED:
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "act": act_id,
            "kind": edit.kind.value,
            "faces": faces,
            "clusters": len(touched),
            "of": edit.of,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.CLUSTERS_CHANGED, subject=subject)
    return EditDone(act_id, faces, tuple(sorted(number for number in touched if number is not None)))


def _renames(connection: Connection, case: Case, edit: Edit) -> bool:
    """Returns whether an edit gives or takes an alias."""
    now = {one.cluster_id: one.alias for one in stored.read_clusters(connection, case.case_id, list(edit.flags))}
    return any(now.get(number) != flags.alias for number, flags in edit.flags.items())


def _find_sources(
    connection: Connection, case: Case, face_ids: Sequence[int], seen: Versions
) -> tuple[dict[int, Member], dict[int, FaceCluster]]:
    """Returns where faces are, and the clusters they are in, as the person saw them."""
    members = stored.read_members(connection, case.case_id, sorted(set(face_ids)))
    if not members or len(members) != len(set(face_ids)):
        raise NotFound("some of these faces are not in this case", advice="Load the page again.")
    if any(one.cluster_id is None for one in members.values()):
        raise Refused(
            "one of these faces is in no cluster any more: somebody put it apart; nothing was changed now",
            advice="Look at it as it is now, and do it again if it is still right.",
        )
    numbers = {one.cluster_id: None for one in members.values() if one.cluster_id is not None}
    return members, _find_seen(connection, case, numbers, seen)


def _find_seen(
    connection: Connection, case: Case, numbers: Mapping[int, None], seen: Versions
) -> dict[int, FaceCluster]:
    """Returns clusters, if they are what a person saw."""
    found = {one.cluster_id: one for one in stored.read_clusters(connection, case.case_id, list(numbers))}
    stale = [number for number in numbers if number not in found or found[number].version != seen.get(number)]
    if stale:
        raise Refused(
            f"somebody changed cluster {stale[0]} since you loaded it; nothing was changed now",
            advice="Look at it as it is now, and do it again if it is still right.",
        )
    return found


def _find_rest(connection: Connection, case: Case, number: int, moved: Mapping[int, Member]) -> list[int]:
    members = stored.read_cluster_members(connection, case.case_id, [number])
    return [one.face_id for one in members if one.face_id not in moved]
