"""Clusters of a case: made by the machine, kept right while faces come, edited by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import insert, select

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.model import ModelIdentity, ModelTask
from varde.pipeline import face_clustering
from varde.store import cases, tables
from varde.store import face_clusters as stored
from varde.store.face_clusters import ClusterQuery
from varde.store.face_tables import face_embeddings, faces
from varde.store.models import ensure_model
from varde.store.settings import AccessSettings, Settings
from varde.store.site import Site
from varde.workflows import edit_clusters, group_faces
from varde.workflows.actor import Actor
from varde.workflows.enrol_victim import add_victim
from varde.workflows.open_case import create_case

AT = datetime(2026, 11, 22, tzinfo=UTC)
ACTOR = Actor("C. Investigator", lambda: AT)


@dataclass
class Crowd:
    """A case whose pictures show made-up people: vectors around one direction each."""

    site: Site
    case: Case
    model_id: int
    exhibit_id: int
    shown: int = 0

    def add(self, people: list[int], *, quality: int = 80, size_px: float = 90.0, noise: float = 0.35) -> list[int]:
        """Adds one picture that shows these people and returns the faces."""
        rng = np.random.default_rng(self.shown)
        self.shown += 1
        digest = self.shown.to_bytes(32, "big")
        with self.site.database.write() as connection:
            content = {"sha256": digest, "sha1": digest[:20], "md5": digest[:16], "size_bytes": 1}
            content |= {"kind": "picture", "mime": "image/jpeg", "width_px": 100, "height_px": 100, "metadata": {}}
            made = connection.execute(insert(tables.contents).values(**content).returning(tables.contents.c.id))
            content_id = made.scalar_one()
            item = {"exhibit_id": self.exhibit_id, "place": digest, "locator": f"{self.shown}.jpg", "origin": "file"}
            item |= {"name": f"{self.shown}.jpg", "state": "done", "content_id": content_id, "modified_at": AT}
            connection.execute(insert(tables.items).values(**item))
            return [
                self._add_face(connection, content_id, at, person, rng, quality, size_px, noise)
                for at, person in enumerate(people)
            ]

    def _add_face(self, connection, content_id, at, person, rng, quality, size_px, noise):  # type: ignore[no-untyped-def]
        face = {"content_id": content_id, "ordinal": at, "left": 0.1, "top": 0.1, "width": 0.2, "height": 0.2}
        face |= {"landmarks": [], "angle": 0, "size_px": size_px, "confidence": 0.9, "quality": quality}
        face_id = connection.execute(insert(faces).values(**face, seen_frames=1).returning(faces.c.id)).scalar_one()
        own = np.random.default_rng(10_000 + person).standard_normal(64)
        vector = own / np.linalg.norm(own) + noise * rng.standard_normal(64) / 8
        data = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
        row = {"model_id": self.model_id, "face_id": face_id, "vector": data}
        connection.execute(insert(face_embeddings).values(**row))
        return face_id

    def cluster(self) -> face_clustering.ClusterCount:
        return group_faces.group_faces(self.site, ACTOR, self.case.name)

    def find(self, face_id: int) -> int | None:
        with self.site.database.read() as connection:
            return stored.read_members(connection, self.case.case_id, [face_id])[face_id].cluster_id

    def see(self, *face_ids: int) -> dict[int, int]:
        """Returns the clusters of faces with their versions, as a person saw them."""
        with self.site.database.read() as connection:
            members = stored.read_members(connection, self.case.case_id, face_ids)
            numbers = [one.cluster_id for one in members.values() if one.cluster_id is not None]
            return {one.cluster_id: one.version for one in stored.read_clusters(connection, self.case.case_id, numbers)}

    def list_groups(self) -> list[set[int]]:
        """Returns the faces of each cluster, and checks what is stored of it."""
        with self.site.database.read() as connection:
            groups: dict[int, set[int]] = {}
            for one in stored.read_members(connection, self.case.case_id).values():
                if one.cluster_id is not None:
                    groups.setdefault(one.cluster_id, set()).add(one.face_id)
            clusters = {one.cluster_id: one for one in stored.read_clusters(connection, self.case.case_id) if one.faces}
        assert {number: one.faces for number, one in clusters.items()} == {k: len(v) for k, v in groups.items()}
        assert all(clusters[number].best_face_id in group for number, group in groups.items())
        return sorted(groups.values(), key=min)


@pytest.fixture
def crowd(site: Site, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    identity = ModelIdentity("made_up", "1", ModelTask.FACE_EMBED, bytes(32))
    with site.database.write() as connection:
        model_id = ensure_model(connection, identity, "A", AT)
    embedder = face_clustering._Embedder(model_id, str(identity), {"1e-3": 0.4, "1e-5": 0.55})
    monkeypatch.setattr(face_clustering, "_find_embedder", lambda *_: embedder)
    create_case(site, ACTOR, name="2026-1", authorisation="warrant 1", scheme="vics-us@2.0")
    with site.database.write() as connection:
        case = cases.get_case(connection, "2026-1")
        exhibit = {"case_id": case.case_id, "number": 1, "path": "/", "keeping": "reference", "walked": 1}
        made = connection.execute(
            insert(tables.exhibits).values(**exhibit, added_at=AT, added_by="A").returning(tables.exhibits.c.id)
        )
        exhibit_id = made.scalar_one()
    return Crowd(site, case, model_id, exhibit_id)


def test_faces_are_grouped_by_person_and_counted(crowd: Crowd) -> None:
    pictures = [crowd.add([1, 2]) for _ in range(4)] + [crowd.add([3])]
    small = crowd.add([1], size_px=12.0)
    blurred = crowd.add([1], quality=5)
    count = crowd.cluster()
    first, second = {one[0] for one in pictures[:4]}, {one[1] for one in pictures[:4]}
    assert crowd.list_groups() == [first, second, {pictures[4][0]}]
    assert count.unknown == {"too_small": 1, "quality_too_low": 1}
    assert crowd.find(small[0]) is None
    assert crowd.find(blurred[0]) is None
    found = group_faces.read_groups(crowd.site, "2026-1", least=2, limit=10)
    assert [(one.faces, seen.items, seen.videos) for one, seen in found.clusters] == [(4, 4, 0), (4, 4, 0)]


def test_what_comes_later_gives_the_same_as_all_at_once(crowd: Crowd) -> None:
    for start in range(4):
        for person in range(6):
            crowd.add([person, (person + start) % 6 + 6], noise=0.8)
        crowd.cluster()
    bit_by_bit = crowd.list_groups()
    with crowd.site.database.write() as connection:
        numbers = list(stored.read_members(connection, crowd.case.case_id))
        stored.forget_faces(connection, numbers)
    crowd.site.indexes.joinpath("face_neighbours", f"case-{crowd.case.case_id}.segment").unlink()
    count = crowd.cluster()
    assert count.compared == len(numbers)
    assert crowd.list_groups() == bit_by_bit


def test_only_new_faces_are_compared_and_clusters_keep_their_numbers(crowd: Crowd) -> None:
    (one,) = crowd.add([1])
    crowd.add([2])
    crowd.cluster()
    number = crowd.find(one)
    (new,) = crowd.add([1])
    assert crowd.cluster().compared == 1
    assert crowd.find(new) == number == crowd.find(one)
    assert crowd.cluster().compared == 0


def test_faces_of_one_picture_stay_apart_however_alike(crowd: Crowd) -> None:
    twins = crowd.add([1, 1], noise=0.1)
    crowd.cluster()
    assert crowd.find(twins[0]) != crowd.find(twins[1])


def test_what_a_person_split_is_never_joined_again(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(6)]
    crowd.cluster()
    edit_clusters.split(crowd.site, ACTOR, crowd.case, faces_of_one[:2], crowd.see(*faces_of_one))
    crowd.add([1])
    crowd.cluster()
    assert crowd.find(faces_of_one[0]) == crowd.find(faces_of_one[1])
    assert len({crowd.find(face) for face in faces_of_one[2:]}) == 1
    assert crowd.find(faces_of_one[0]) != crowd.find(faces_of_one[2])


def test_faces_split_each_for_itself_may_go_anywhere_but_back(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(5)]
    crowd.cluster()
    edit_clusters.split(crowd.site, ACTOR, crowd.case, faces_of_one[:2], crowd.see(*faces_of_one), together=False)
    assert crowd.find(faces_of_one[0]) != crowd.find(faces_of_one[1])
    crowd.cluster()
    assert crowd.find(faces_of_one[0]) == crowd.find(faces_of_one[1])  # the machine finds them alike
    assert crowd.find(faces_of_one[0]) != crowd.find(faces_of_one[4])


def test_what_a_person_merged_stays_together(crowd: Crowd) -> None:
    one, other = crowd.add([1])[0], crowd.add([2])[0]
    crowd.cluster()
    seen = crowd.see(one, other)
    edit_clusters.merge(crowd.site, ACTOR, crowd.case, list(seen), seen)
    crowd.add([2])
    crowd.cluster()
    assert crowd.find(one) == crowd.find(other)


def test_merging_two_faces_of_one_picture_wants_to_be_said(crowd: Crowd) -> None:
    one, other = crowd.add([1, 2])
    crowd.cluster()
    seen = crowd.see(one, other)
    with pytest.raises(Refused, match="one picture"):
        edit_clusters.merge(crowd.site, ACTOR, crowd.case, list(seen), seen)
    edit_clusters.merge(crowd.site, ACTOR, crowd.case, list(seen), seen, despite_frame=True)
    crowd.cluster()
    assert crowd.find(one) == crowd.find(other)


def test_the_machine_adds_nothing_to_a_named_cluster_but_suggests(crowd: Crowd) -> None:
    (one,) = crowd.add([1])
    crowd.cluster()
    seen = crowd.see(one)
    edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, next(iter(seen)), "B", seen)
    (new,) = crowd.add([1])
    crowd.cluster()
    assert crowd.find(new) != crowd.find(one)
    near = group_faces.suggest_near(crowd.site, crowd.case, crowd.find(new) or 0, 3)
    assert near[0][0].alias == "B"
    assert near[0][1] > 0.55


def test_clusters_said_to_be_different_are_not_suggested(crowd: Crowd) -> None:
    faces_of_two = [crowd.add([1])[0], crowd.add([2])[0]]
    crowd.cluster()
    seen = crowd.see(*faces_of_two)
    edit_clusters.say_different(crowd.site, ACTOR, crowd.case, list(seen), seen)
    assert group_faces.suggest_near(crowd.site, crowd.case, crowd.find(faces_of_two[0]) or 0, 3) == []


def test_an_edit_of_what_somebody_else_changed_is_refused(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(4)]
    crowd.cluster()
    seen = crowd.see(*faces_of_one)
    edit_clusters.split(crowd.site, ACTOR, crowd.case, faces_of_one[:1], seen)
    with pytest.raises(Refused, match="somebody changed cluster"):
        edit_clusters.put_apart(crowd.site, ACTOR, crowd.case, faces_of_one[1:2], seen)
    assert crowd.find(faces_of_one[1]) is not None


def test_undoing_restores_and_undoing_that_does_it_again(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(4)]
    crowd.cluster()
    before = crowd.list_groups()
    made = edit_clusters.split(crowd.site, ACTOR, crowd.case, faces_of_one[:2], crowd.see(*faces_of_one))
    split = crowd.list_groups()
    (undone,) = edit_clusters.undo(crowd.site, ACTOR, crowd.case, [made.act_id])
    assert crowd.list_groups() == before
    with pytest.raises(Refused, match="already"):
        edit_clusters.undo(crowd.site, ACTOR, crowd.case, [made.act_id])
    edit_clusters.undo(crowd.site, ACTOR, crowd.case, [undone.act_id])
    assert crowd.list_groups() == split
    crowd.cluster()
    assert crowd.list_groups() == split


def test_several_acts_are_undone_newest_first_or_none(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(4)]
    crowd.cluster()
    before = crowd.list_groups()
    one = edit_clusters.split(crowd.site, ACTOR, crowd.case, faces_of_one[:1], crowd.see(*faces_of_one))
    other = edit_clusters.put_apart(crowd.site, ACTOR, crowd.case, faces_of_one[1:2], crowd.see(faces_of_one[1]))
    with pytest.raises(Refused, match="undone: people changed"):
        edit_clusters.undo(crowd.site, ACTOR, crowd.case, [one.act_id])
    edit_clusters.undo(crowd.site, ACTOR, crowd.case, [one.act_id, other.act_id])
    assert crowd.list_groups() == before


@pytest.mark.parametrize(
    ("alias", "message"), [("-x", "alias"), ("a\nb", "alias"), ("x" * 101, "alias"), ("B", "called 'B' already")]
)
def test_aliases_are_checked(crowd: Crowd, alias: str, message: str) -> None:
    one, other = crowd.add([1])[0], crowd.add([2])[0]
    crowd.cluster()
    seen = crowd.see(one, other)
    edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, crowd.find(one) or 0, "B", seen)
    with pytest.raises(WrongUse, match=message):
        edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, crowd.find(other) or 0, alias, seen)


def test_faces_of_elsewhere_and_unknown_acts_are_refused(crowd: Crowd) -> None:
    with pytest.raises(NotFound):
        edit_clusters.split(crowd.site, ACTOR, crowd.case, [999], {})
    with pytest.raises(NotFound):
        edit_clusters.undo(crowd.site, ACTOR, crowd.case, [999])


def test_every_change_is_audited(crowd: Crowd) -> None:
    (one,) = crowd.add([1])
    crowd.cluster()
    seen = crowd.see(one)
    edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, next(iter(seen)), "B", seen)
    edit_clusters.put_apart(crowd.site, ACTOR, crowd.case, [one], crowd.see(one))
    with crowd.site.database.read() as connection:
        acts = list(
            connection.execute(select(tables.audit_events.c.act).order_by(tables.audit_events.c.number)).scalars()
        )
    assert acts[-3:] == ["clusters_made", "cluster_named", "clusters_changed"]


def test_deleted_faces_leave_their_clusters(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(3)]
    crowd.cluster()
    with crowd.site.database.write() as connection:
        stored.forget_faces(connection, faces_of_one[:1])
        (only,) = stored.page_clusters(connection, crowd.case.case_id, ClusterQuery(), 5)
    assert only.faces == 2


def test_an_alias_is_not_given_or_taken_by_undoing_without_the_right_to(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(3)]
    crowd.cluster()
    seen = crowd.see(*faces_of_one)
    named = edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, next(iter(seen)), "A", seen)
    with pytest.raises(Refused, match="alias"):
        edit_clusters.undo(crowd.site, ACTOR, crowd.case, [named.act_id], may_name=False)
    (undone,) = edit_clusters.undo(crowd.site, ACTOR, crowd.case, [named.act_id])
    with pytest.raises(Refused, match="alias"):
        edit_clusters.undo(crowd.site, ACTOR, crowd.case, [undone.act_id], may_name=False)
    apart = edit_clusters.put_apart(crowd.site, ACTOR, crowd.case, faces_of_one[:1], crowd.see(*faces_of_one))
    edit_clusters.undo(crowd.site, ACTOR, crowd.case, [apart.act_id], may_name=False)


def test_only_so_many_clusters_are_told_apart_at_once(crowd: Crowd) -> None:
    with pytest.raises(WrongUse, match="100 clusters at most"):
        edit_clusters.say_different(crowd.site, ACTOR, crowd.case, range(1, 102), {})


def test_a_cluster_does_not_get_a_victims_alias_where_identifying_needs_approval(crowd: Crowd) -> None:
    faces_of_one = [crowd.add([1])[0] for _ in range(2)]
    crowd.cluster()
    words = {"authorisation": "warrant 1", "purpose": "to find the child"}
    add_victim(crowd.site, ACTOR, crowd.case.name, "A", **words, retain_until=None, case_ids=None)
    seen = crowd.see(*faces_of_one)
    crowd.site.settings = Settings(access=AccessSettings(four_eyes=(Act.FACE_IDENTIFIED,)))
    with pytest.raises(Refused, match="nobody alone"):
        edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, next(iter(seen)), "A", seen)
    edit_clusters.name_cluster(crowd.site, ACTOR, crowd.case, next(iter(seen)), "B", seen)


def test_pages_of_unknown_faces_rise_and_none_is_left_out(crowd: Crowd) -> None:
    faces_of = [crowd.add([person], quality=5)[0] for person in range(7)]
    crowd.cluster()
    with crowd.site.database.read() as connection:
        pages, after = [], 0
        while found := stored.page_unknown(connection, crowd.case.case_id, "quality_too_low", after=after, limit=3):
            pages.append([one.face_id for one in found])
            after = found[-1].face_id
    assert pages == [faces_of[:3], faces_of[3:6], faces_of[6:]]
