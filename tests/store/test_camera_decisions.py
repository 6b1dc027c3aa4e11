"""Comparisons with cameras, leads and decisions as they are kept."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from camera_cases import SCORE, WORTH, add_camera, add_files, compare_item
from varde.core.camera import LinkVerdict
from varde.core.errors import NotFound, WrongUse
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable, Reason
from varde.store import camera_comparisons, camera_leads, camera_links, cases
from varde.store.camera_tables import camera_comparisons as comparisons_table
from varde.store.camera_tables import camera_leads as leads_table
from varde.store.camera_tables import camera_links as links_table
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.decide_camera_link import decide_link
from varde.workflows.read_camera_leads import list_leads, read_lead

AT = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
KIM = Actor("kim", lambda: AT)


def case_id(site: Site, name: str) -> int:
    with site.database.read() as connection:
        return cases.get_case(connection, name).case_id


def test_comparison_comes_back_as_it_was_kept(site: Site) -> None:
    (item,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    number = compare_item(site, KIM, add_camera(site, KIM, "D70"), item)
    with site.database.read() as connection:
        found = camera_comparisons.get_comparison(connection, number, None)
    assert (found.outcome, found.likelihood, found.notes) == (SCORE, WORTH, ("Mind this.",))
    assert (found.camera, found.case, found.sha256) == ("D70", "one", hashlib.sha256(b"a").digest())
    assert found.fingerprint is not None
    assert (found.fingerprint.version, found.fingerprint.used) == (1, 12)
    assert found.is_assessable and found.refused is None and found.compared_at == AT


def test_refused_comparison_keeps_its_reason_and_a_score_without_worth_its_score(site: Site) -> None:
    items = add_files(site, KIM, "one", {"a.jpg": b"a", "b.jpg": b"b"})
    camera = add_camera(site, KIM, "D70")
    small = NotComparable(Reason.TOO_SMALL, "It has 3 x 3 pixels.")
    unknown = NotComparable(Reason.NOT_CALIBRATED, "Nobody measured it.")
    first = compare_item(site, KIM, camera, items[0], outcome=small, likelihood=small, advice="Find a larger one.")
    second = compare_item(site, KIM, camera, items[1], likelihood=unknown)
    with site.database.read() as connection:
        refused = camera_comparisons.get_comparison(connection, first, None)
        unweighed = camera_comparisons.get_comparison(connection, second, None)
    assert (refused.outcome, refused.likelihood, refused.advice) == (small, small, "Find a larger one.")
    assert (unweighed.outcome, unweighed.likelihood, unweighed.reason) == (SCORE, unknown, Reason.NOT_CALIBRATED)


def test_comparison_is_read_by_whoever_sees_its_case_and_its_camera(site: Site) -> None:
    (item,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    add_files(site, KIM, "two", {})
    one, two = case_id(site, "one"), case_id(site, "two")
    number = compare_item(site, KIM, add_camera(site, KIM, "D70", "two"), item)
    outside = compare_item(site, KIM, add_camera(site, KIM, "lab"), item, case_id=None, content_id=None)
    with site.database.read() as connection:
        assert camera_comparisons.get_comparison(connection, number, {one, two}).comparison_id == number
        for some in ({one}, {two}, set()):
            with pytest.raises(NotFound):
                camera_comparisons.get_comparison(connection, number, some)
        assert camera_comparisons.get_comparison(connection, outside, set(), person="kim").case == ""
        with pytest.raises(NotFound):
            camera_comparisons.get_comparison(connection, outside, {one, two}, person="robin")
        with pytest.raises(NotFound):
            camera_comparisons.get_comparison(connection, 1 << 63, None)


def test_comparisons_are_listed_newest_first_and_paged_by_number(site: Site) -> None:
    items = add_files(site, KIM, "one", {"a.jpg": b"a", "b.jpg": b"b"})
    camera = add_camera(site, KIM, "D70")
    made = [compare_item(site, KIM, camera, item) for item in (items[0], items[1], items[0])]
    with site.database.read() as connection:
        listed = camera_comparisons.list_comparisons(connection, case_ids=None, camera_id=camera.camera_id, limit=2)
        assert [one.comparison_id for one in listed] == [made[2], made[1]]
        rest = camera_comparisons.list_comparisons(connection, case_ids=None, before=made[1], limit=2)
        assert [one.comparison_id for one in rest] == [made[0]]
        of_first = camera_comparisons.list_comparisons(connection, case_ids=None, content_id=listed[0].content_id)
        assert [one.comparison_id for one in of_first] == [made[2], made[0]]


def test_comparisons_leads_and_decisions_cannot_be_changed(site: Site) -> None:
    (item,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    camera = add_camera(site, KIM, "D70")
    number = compare_item(site, KIM, camera, item)
    decide(site, camera.camera_id, number, LinkVerdict.LINKED)
    for act in (
        update(comparisons_table).values(log10_lr=9.0),
        delete(comparisons_table),
        update(leads_table).values(found_at=AT),
        delete(leads_table),
        update(links_table).values(verdict="linked"),
        delete(links_table),
    ):
        with pytest.raises(DBAPIError, match="append-only"), site.database.write() as connection:
            connection.execute(act)


def decide(site: Site, camera_id: int, comparison_id: int, verdict: LinkVerdict) -> None:
    with site.database.write() as connection:
        made = camera_comparisons.get_comparison(connection, comparison_id, None)
        assert made.content_id is not None and made.case_id is not None
        camera_links.record_link(
            connection,
            camera_id=camera_id,
            content_id=made.content_id,
            comparison_id=comparison_id,
            case_id=made.case_id,
            verdict=verdict,
            note="because",
            person="kim",
            at=AT,
        )


def test_lead_is_kept_once_and_waits_until_somebody_decides(site: Site) -> None:
    (item,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    camera = add_camera(site, KIM, "D70")
    number = compare_item(site, KIM, camera, item)
    compare_item(site, KIM, camera, item)
    with site.database.read() as connection:
        (lead,) = camera_leads.list_leads(connection, case_ids=None)
        assert (lead.camera, lead.comparison_id) == ("D70", number)
        assert camera_leads.count_waiting(connection, case_id=case_id(site, "one")) == 1
        assert camera_leads.get_lead(connection, lead.lead_id) == lead
    decide(site, camera.camera_id, number, LinkVerdict.UNDECIDED)
    with site.database.read() as connection:
        assert camera_leads.list_leads(connection, case_ids=None) == []
        assert len(camera_leads.list_leads(connection, case_ids=None, waiting_only=False)) == 1
        assert camera_leads.count_waiting(connection, camera_id=camera.camera_id) == 0


def test_newest_decision_stands_in_its_own_case(site: Site) -> None:
    (first,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    (second,) = add_files(site, KIM, "two", {"b.jpg": b"a"})
    camera = add_camera(site, KIM, "D70")
    made = [compare_item(site, KIM, camera, item) for item in (first, second)]
    decide(site, camera.camera_id, made[0], LinkVerdict.LINKED)
    decide(site, camera.camera_id, made[0], LinkVerdict.NOT_LINKED)
    decide(site, camera.camera_id, made[1], LinkVerdict.UNDECIDED)
    with site.database.read() as connection:
        one, two = (cases.get_case(connection, name).case_id for name in ("one", "two"))
        assert [each.verdict for each in camera_links.list_standing(connection, one)] == [LinkVerdict.NOT_LINKED]
        assert [each.verdict for each in camera_links.list_standing(connection, two)] == [LinkVerdict.UNDECIDED]
        assert [each.case for each in camera_links.list_links(connection, case_ids={one})] == ["one", "one"]
        content_id = camera_links.list_links(connection, case_ids=None)[0].content_id
        standing = camera_links.find_standing(connection, camera.camera_id, content_id, one)
        assert standing is not None and standing.verdict is LinkVerdict.NOT_LINKED
        assert camera_links.find_standing(connection, camera.camera_id + 1, content_id) is None


def test_pictures_and_videos_of_a_case_are_found_once_each(site: Site) -> None:
    pictures = add_files(site, KIM, "one", {"a.jpg": b"a", "copy of a.jpg": b"a", "b.jpg": b"b"})
    videos = add_files(site, KIM, "one", {"c.mp4": b"c"}, kind=MediaKind.VIDEO)
    add_files(site, KIM, "one", {"d.txt": b"d"}, kind=MediaKind.OTHER)
    add_files(site, KIM, "two", {"e.jpg": b"e"})
    one = case_id(site, "one")
    with site.database.read() as connection:
        found = camera_leads.list_comparable_items(connection, one, limit=2)
        found += camera_leads.list_comparable_items(connection, one, after=found[-1], limit=2)
        assert len(found) == 3 and found[-1] == videos[0] and set(found[:2]) <= set(pictures)
        place = camera_leads.find_content(connection, hashlib.sha256(b"e").digest(), one)
        assert place is None
        known = camera_leads.find_content(connection, hashlib.sha256(b"a").digest(), one)
        assert known is not None
        assert len(camera_leads.list_file_places(connection, known.content_id, case_ids=None, most=9)) == 2
        assert camera_leads.list_file_cases(connection, known.content_id) == [one]


def test_nothing_of_another_case_with_the_same_file_is_told(site: Site) -> None:
    (first,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    (second,) = add_files(site, KIM, "two", {"b.jpg": b"a"})
    camera = add_camera(site, KIM, "D70")
    made = compare_item(site, KIM, camera, first, name="secret name (item 1 of one, exhibit 1)")
    decide(site, camera.camera_id, made, LinkVerdict.LINKED)
    one, two = case_id(site, "one"), case_id(site, "two")
    (lead,) = list_leads(site, case_ids={two}, waiting_only=False)
    assert lead.camera == "D70" and [place.case for place in lead.places] == ["two"]
    assert lead.comparison is None and lead.decided is None
    with pytest.raises(WrongUse):
        decide_link(site, KIM, "two", second, "D70", LinkVerdict.LINKED, note="because", case_ids={two})
    with pytest.raises(WrongUse):
        decide_link(
            site, KIM, "two", second, "D70", LinkVerdict.LINKED, note="because", comparison_id=made, case_ids={two}
        )
    own = compare_item(site, KIM, camera, second)
    (lead,) = list_leads(site, case_ids={two}, waiting_only=False)
    assert lead.comparison is not None and lead.comparison.comparison_id == own and lead.decided is None
    (lead,) = list_leads(site, case_ids={one, two}, waiting_only=False)
    assert lead.comparison is not None and lead.comparison.comparison_id == made and lead.decided is not None


def test_words_that_a_database_cannot_hold_are_kept_as_others(site: Site) -> None:
    (item,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    odd = NotComparable(Reason.NOT_DECODED, "It is \0 broken.")
    made = compare_item(site, KIM, add_camera(site, KIM, "D70"), item, outcome=odd, likelihood=odd)
    with site.database.read() as connection:
        found = camera_comparisons.get_comparison(connection, made, None)
    assert found.refused is not None and found.refused.detail == "It is \\x00 broken."


def test_lead_to_a_laboratorys_camera_is_told_to_whoever_sees_the_file(site: Site) -> None:
    (item,) = add_files(site, KIM, "one", {"a.jpg": b"a"})
    add_files(site, KIM, "two", {})
    compare_item(site, KIM, add_camera(site, KIM, "lab"), item)
    (lead,) = list_leads(site, case_ids=None)
    assert read_lead(site, lead.lead_id, case_ids={case_id(site, "one")}).camera == "lab"
    for some in (set[int](), {case_id(site, "two")}):
        with pytest.raises(NotFound):
            read_lead(site, lead.lead_id, case_ids=some)
