"""What is recorded of sketches and clusterings, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, Table, delete, update
from sqlalchemy.exc import DBAPIError
from stored import AT, PERSON, add_files, make_case, make_content

from varde.core.case import Case, Exhibit
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method
from varde.core.source_cluster import SourceCluster, SourceMember, Unclustered
from varde.core.source_sketch import SourceSketch
from varde.store import items, reopening, source_clusters, source_sketches
from varde.store.camera_tables import source_cluster_members, source_clusterings
from varde.store.camera_tables import source_clusters as clusters_table
from varde.store.database import Database
from varde.store.items import ExaminedItem

SKETCHES = [
    SourceSketch(300, 400, b"bits", {"make": "M", "usable": 0.5}),
    SourceSketch(300, 400, NotComparable(Reason.TOO_DARK, "why"), {}),
    SourceSketch(300, 400, b"old", {}, Method("camera.sketch", "0")),
    None,
]


def record(connection: Connection) -> tuple[Case, Exhibit]:
    """Records four pictures: sketched, refused, sketched by an older version, not sketched."""
    case, (exhibit,) = make_case(connection)
    names = add_files(connection, exhibit, b"a", b"b", b"c", b"d")
    examined = [
        ExaminedItem(item_id, locator, replace(make_content(locator.encode()), sketch=sketch), ())
        for (locator, item_id), sketch in zip(sorted(names.items()), SKETCHES, strict=True)
    ]
    items.record_examined(connection, exhibit.exhibit_id, examined, None, AT)
    return case, exhibit


def test_sketches_are_recorded_and_those_of_another_version_count_as_none(database: Database) -> None:
    with database.write() as connection:
        case, exhibit = record(connection)
        found = {one.content_id: one for one in source_sketches.stream_case_sketches(connection, case.case_id)}
        assert [(one.refused and one.refused.reason, one.facts) for _, one in sorted(found.items())] == [
            (None, {"make": "M", "usable": 0.5}),
            (Reason.TOO_DARK, {}),
        ]
        assert source_sketches.count_sketched(connection, case.case_id) == 2
        assert source_sketches.count_unsketched(connection, case.case_id) == 2
        assert [one[2:] for one in source_sketches.list_sketched(connection, 0, 10)] == [(300, 400)]
        assert reopening.open_without_sketches(connection, exhibit.exhibit_id) == 2


def test_a_sketch_that_was_lost_is_made_again(database: Database) -> None:
    with database.write() as connection:
        case, exhibit = record(connection)
        kept = source_sketches.list_sketched(connection, 0, 10)[0][0]
        source_sketches.forget_sketches(connection, [kept])
        assert source_sketches.count_unsketched(connection, case.case_id) == 3
        assert reopening.open_without_sketches(connection, exhibit.exhibit_id) == 3


def test_a_clustering_is_kept_and_the_newest_is_shown_page_by_page(database: Database) -> None:
    with database.write() as connection:
        case, _ = record(connection)
        ids = sorted(source_clusters.find_first_items(connection, case.case_id, range(1, 10)))
        assert len(ids) == 4
        for clusters in (2, 1):
            number = source_clusters.add_clustering(
                connection,
                case.case_id,
                method="m/1",
                facts={"files": 4},
                clusters=[SourceCluster(each + 1, 2, {"strength": 9.5}) for each in range(clusters)],
                members=[
                    SourceMember(ids[0], 1, None, 7.5),
                    SourceMember(ids[1], 1, None, 7.25),
                    SourceMember(ids[2], None, Unclustered.ALONE.value, None),
                    SourceMember(ids[3], None, Reason.TOO_DARK.value, None),
                ],
                person=PERSON,
                at=AT,
            )
        newest = source_clusters.find_newest(connection, case.case_id)
        assert newest is not None
        assert (newest.clustering_id, newest.facts, newest.made_by) == (number, {"files": 4}, PERSON)
        assert [one.number for one in source_clusters.page_clusters(connection, number, after=0, limit=5)] == [1]
        assert [one.number for one in source_clusters.page_clusters(connection, number - 1, after=1, limit=5)] == [2]
        (first,) = source_clusters.page_members(connection, number, 1, after=None, limit=1)
        assert (first.content_id, first.fit) == (ids[1], 7.25)
        rest = source_clusters.page_members(connection, number, 1, after=(7.25, ids[1]), limit=9)
        assert [one.content_id for one in rest] == [ids[0]]
        assert source_clusters.count_unclustered(connection, number) == {"alone": 1, "too_dark": 1}
        alone = source_clusters.page_unclustered(connection, number, "alone", after=0, limit=5)
        assert [one.content_id for one in alone] == [ids[2]]


def test_a_case_that_nobody_clustered_has_no_clustering(database: Database) -> None:
    with database.write() as connection:
        case, _ = make_case(connection)
        assert source_clusters.find_newest(connection, case.case_id) is None


@pytest.mark.parametrize(
    ("table", "change"),
    [(source_clusterings, {"facts": {}}), (clusters_table, {"files": 3}), (source_cluster_members, {"number": 2})],
    ids=["clusterings", "clusters", "members"],
)
def test_a_clustering_cannot_be_changed(database: Database, table: Table, change: dict[str, object]) -> None:
    with database.write() as connection:
        case, _ = record(connection)
        source_clusters.add_clustering(
            connection,
            case.case_id,
            method="m/1",
            facts={"files": 1},
            clusters=[SourceCluster(1, 1, {})],
            members=[SourceMember(1, 1, None, 7.5)],
            person=PERSON,
            at=AT,
        )
    for act in (update(table).values(**change), delete(table)):
        with pytest.raises(DBAPIError, match=f"{table.name} is append-only"), database.write() as connection:
            connection.execute(act)
