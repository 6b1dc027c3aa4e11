"""Behaviour of `varde.pipeline.matching`: every content meets every entry, in steps of bounded size, whatever comes
between."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known_rows import AT, add_content, add_set, flip, list_findings, list_floods, make_hash, md5_of
from numpy.typing import NDArray
from sqlalchemy import Connection, delete

from varde.core.known import KnownEntry, SetRole
from varde.hashing.variants import WITHOUT_BORDER
from varde.known import probe_column
from varde.known.perceptual import Found, PerceptualIndex
from varde.pipeline import match_hashes, matching, probes
from varde.pipeline.matching import MatchCount, is_up_to_date, match_all
from varde.store import tables
from varde.store.database import Database
from varde.store.site import Site


def frame(number: int, position: int) -> bytes:
    return make_hash(f"{number}/{position}")


def pdq_entry(*values: bytes) -> KnownEntry:
    return KnownEntry(1, pdq=tuple((value, 100, None) for value in values))


@pytest.mark.parametrize("most", [1, 2, 3, 4, 7, 8, 9, 100])
@pytest.mark.parametrize("entries_first", [True, False])
def test_nothing_is_left_out_however_it_is_cut(
    site: Site, monkeypatch: pytest.MonkeyPatch, most: int, entries_first: bool
) -> None:
    frames = [3, 0, 1, 5, 2, 0]
    wanted = [(number, position) for number, count in enumerate(frames, start=1) for position in range(count)]

    def add_contents(connection: Connection) -> None:
        for number, count in enumerate(frames, start=1):
            add_content(connection, number, [frame(number, position) for position in range(count)])

    def add_entries(connection: Connection) -> None:
        add_set(connection, [pdq_entry(frame(*place)) for place in wanted])

    monkeypatch.setattr(probes, "ROWS", most)
    monkeypatch.setattr(match_hashes, "_MATCHES", most)
    monkeypatch.setattr(probe_column, "_PIECE", most)
    monkeypatch.setattr(match_hashes, "_FEW_HASHES", 10 if most % 2 else 65_536)
    monkeypatch.setattr(matching, "_DIGEST_RANGE", most)
    count = 0
    for add in (add_entries, add_contents) if entries_first else (add_contents, add_entries):
        with site.database.write() as connection:
            add(connection)
        assert not is_up_to_date(site)
        count += match_all(site, AT).perceptual
        assert is_up_to_date(site)
    assert count == len(wanted)
    assert [(row[0], row[5]) for row in list_findings(site.database)] == wanted
    assert match_all(site, AT) == MatchCount()


def test_a_step_is_cut_by_hashes_and_searches_while_others_write(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    others = Database(site.database.engine.url, busy_limit_s=0.1)
    search = PerceptualIndex.search_batches

    def watch(index: PerceptualIndex, probes: NDArray[np.uint8], max_distance: int = 31) -> Iterator[Found]:
        with others.write():
            steps.append(len(probes))
        return search(index, probes, max_distance)

    with site.database.write() as connection:
        add_set(connection, [pdq_entry(frame(1, 0))])
    match_all(site, AT)
    with site.database.write() as connection:
        for number, count in enumerate([4, 4, 4, 4, 30], start=1):
            add_content(connection, number, [frame(number, position) for position in range(count)])
    monkeypatch.setattr(probes, "ROWS", 10)
    monkeypatch.setattr(PerceptualIndex, "search_batches", watch)
    assert match_all(site, AT).perceptual == 1
    others.close()
    assert [step for step in steps if step] == [8, 8, 30]


@pytest.mark.parametrize("entries_first", [True, False])
def test_a_variant_is_found_and_named_and_its_own_hash_need_not_be_good(site: Site, entries_first: bool) -> None:
    turned, own = make_hash("turned"), make_hash("own")
    records = bytes([2]) + turned + bytes([WITHOUT_BORDER]) + flip(turned, 1, 2)
    steps = [
        lambda connection: add_content(connection, 1, [own], variants=records, quality=10, offsets=False),
        lambda connection: add_set(connection, [pdq_entry(flip(turned, 9)), pdq_entry(own)]),
    ]
    for step in reversed(steps) if entries_first else steps:
        with site.database.write() as connection:
            step(connection)
        match_all(site, AT)
    (found,) = list_findings(site.database)
    assert found[:3] == (1, 1, "pdq")
    assert (found[4], found[6]) == (1, {"variant": "upside down and mirrored"})


def test_a_frame_of_a_known_video_is_named_with_both_times(site: Site) -> None:
    with site.database.write() as connection:
        add_content(connection, 1, [make_hash("a"), make_hash("b")])
        add_set(connection, [KnownEntry(1, pdq=((make_hash("b"), 100, 12.5),))])
    match_all(site, AT)
    ((_, _, family, _, _, offset_s, details, _),) = list_findings(site.database)
    assert isinstance(details, dict)
    assert (family, offset_s, details["known_offset_s"]) == ("pdq-video", 1.0, 12.5)


def test_two_videos_that_share_one_frame_are_no_match_and_a_shared_scene_is(site: Site) -> None:
    frames = [make_hash(f"frame {number}") for number in range(8)]
    others = [make_hash(f"other {number}") for number in range(8)]
    known = [
        KnownEntry(1, pdq=tuple((value, 100, float(number)) for number, value in enumerate(one)))
        for one in ([frames[0], *others[1:]], [*others[:3], *frames[2:6]])
    ]
    with site.database.write() as connection:
        add_content(connection, 1, frames)
        add_set(connection, known)
    match_all(site, AT)
    ((_, entry_id, family, _, _, offset_s, details, _),) = list_findings(site.database)
    assert isinstance(details, dict)
    assert (entry_id, family, offset_s) == (2, "pdq-video", 2.0)
    assert details["known_offset_s"] == 3.0


def test_a_content_that_was_completed_is_met_by_entries_that_come_later(site: Site) -> None:
    """Its hashes were not among the stored probes, which earlier entries had met."""
    with site.database.write() as connection:
        add_content(connection, 1, [])
        add_content(connection, 2, [frame(2, 0)])
    match_all(site, AT)
    with site.database.write() as connection:
        add_set(connection, [pdq_entry(frame(2, 0))], name="first")
    match_all(site, AT)
    with site.database.write() as connection:
        row = {"content_id": 1, "method": "pdq", "version": "1", "position": 0, "quality": 100, "value": frame(1, 0)}
        connection.execute(tables.signals.insert().values(**row))
        match_hashes.comparisons.compare_again(connection, 1)
    match_all(site, AT)
    with site.database.write() as connection:
        add_set(connection, [pdq_entry(frame(1, 0))], name="second")
    match_all(site, AT)
    assert [row[:2] for row in list_findings(site.database)] == [(1, 2), (2, 1)]


def test_degenerate_hashes_are_counted_and_match_nothing(site: Site) -> None:
    blank = bytes(32)
    with site.database.write() as connection:
        add_content(connection, 1, [blank, flip(blank, 1)])
        add_set(connection, [pdq_entry(blank)])
    count = match_all(site, AT)
    assert (count.perceptual, count.degenerate) == (0, 2)
    with site.database.write() as connection:
        add_content(connection, 2, [blank])
    assert match_all(site, AT) == MatchCount(degenerate=1)


def test_an_entry_that_matches_too_much_is_held_back(site: Site) -> None:
    limit = replace(matching.describe_matching(site), flood_limit=3)
    value = make_hash("everywhere")
    with site.database.write() as connection:
        for number in range(1, 6):
            add_content(connection, number, [value, flip(value, 3)])
        add_set(connection, [pdq_entry(value), pdq_entry(frame(1, 1))])
        newest = match_hashes.comparisons.read_newest(connection)
    count = match_hashes.match_hashes(site.database, limit, newest, AT)
    assert (count.new, count.flooded, list_floods(site.database)) == (3, 2, [(1, 2)])
    with site.database.write() as connection:
        match_hashes.floods.release(connection, *match_hashes.floods.list_floods(connection), person="A", at=AT)
    assert match_hashes.match_entries(site.database, limit, {1}, AT).new == 2
    assert len(list_findings(site.database)) == 5


def test_a_negative_set_suppresses_whichever_comes_first(site: Site) -> None:
    value = make_hash("logo")
    with site.database.write() as connection:
        add_content(connection, 1, [flip(value, 1)])
        add_content(connection, 2, [flip(value, 2)])
        add_set(connection, [pdq_entry(flip(value, 7, 8))])
    match_all(site, AT)
    assert [row[-1] for row in list_findings(site.database)] == [None, None]
    with site.database.write() as connection:
        add_set(connection, [pdq_entry(value)], name="harmless", role=SetRole.NEGATIVE)
        add_set(connection, [KnownEntry(1, md5=md5_of(2))], name="exactly", role=SetRole.NEGATIVE)
    match_all(site, AT)
    assert [row[-1] for row in list_findings(site.database) if row[1] == 1] == [2, 3]


def test_superseded_entries_match_nothing_any_more(site: Site) -> None:
    with site.database.write() as connection:
        set_id = add_set(connection, [KnownEntry(1, md5=md5_of(1), pdq=((frame(1, 0), 100, None),))])
        event = {"set_id": set_id, "entry_id": 1, "act": "superseded", "at": AT, "person": "A", "reason": "x"}
        connection.execute(tables.known_events.insert().values(**event))
        add_content(connection, 1, [frame(1, 0)])
    assert match_all(site, AT) == MatchCount()


_EVENTS = st.lists(st.sampled_from(["content", "entry", "negative", "match", "again"]), max_size=14)


@given(_EVENTS, st.integers(0, 1 << 30))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_order_the_findings_are_those_of_comparing_all_at_once(
    sqlite_site: Site, events: list[str], seed: int
) -> None:
    site, chance = sqlite_site, random.Random(seed)
    _empty(site)
    contents = 0
    for number, event in enumerate(events):
        with site.database.write() as connection:
            value = flip(make_hash(f"picture {chance.randrange(3)}"), *chance.sample(range(256), 9))
            if event == "content":
                contents += 1
                add_content(connection, contents, [value])
            elif event == "again" and contents:
                match_hashes.comparisons.compare_again(connection, chance.randint(1, contents))
            elif event in {"entry", "negative"}:
                role = SetRole.ALERT if event == "entry" else SetRole.NEGATIVE
                add_set(connection, [pdq_entry(value)], name=f"set {number}", role=role)
        if event == "match":
            match_all(site, AT)
    match_all(site, AT)
    in_steps = list_findings(site.database)
    with site.database.write() as connection:
        for table in (tables.findings, tables.comparisons):
            connection.execute(delete(table))
    match_all(site, AT)
    assert list_findings(site.database) == in_steps


class _Killed(BaseException):
    """As if the process had been killed: nothing of ours may catch it."""


@pytest.mark.parametrize("entries_first", [True, False])
def test_a_run_killed_anywhere_ends_as_if_it_had_not_been(
    site: Site, monkeypatch: pytest.MonkeyPatch, entries_first: bool
) -> None:
    value = make_hash("everywhere")
    monkeypatch.setattr(probes, "ROWS", 4)
    monkeypatch.setattr(match_hashes, "_MATCHES", 3)
    monkeypatch.setattr(probe_column, "_PIECE", 4)
    limited = replace(matching.describe_matching(site), flood_limit=5)
    monkeypatch.setattr(matching, "describe_matching", lambda site: limited)
    steps = [_add_frames, lambda connection: add_set(connection, [pdq_entry(value), pdq_entry(frame(3, 1))])]
    for step in reversed(steps) if entries_first else steps:
        with site.database.write() as connection:
            step(connection)
        if step is not steps[1] or not entries_first:
            kills = _run_with_kills(site, monkeypatch)
    killed = (list_findings(site.database), list_floods(site.database))
    with site.database.write() as connection:
        for table in (tables.findings, tables.comparisons, tables.floods):
            connection.execute(delete(table))
    match_all(site, AT)
    assert killed == (list_findings(site.database), list_floods(site.database))
    assert kills > 3
    assert list_floods(site.database) == [(1, 4)]


def _add_frames(connection: Connection) -> None:
    for number in range(1, 10):
        add_content(connection, number, [flip(make_hash("everywhere"), number), frame(number, 1), frame(number, 2)])


def _run_with_kills(site: Site, monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs again and again, killed at the end of one write transaction more each time, before or after it is kept."""
    whole, kills = Database.write, 0
    while True:
        left = 1 + kills // 2

        @contextmanager
        def write(
            database: Database, *, patience_s: float = 0.0, before: bool = bool(kills % 2)
        ) -> Iterator[Connection]:
            nonlocal left
            with whole(database, patience_s=patience_s) as connection:
                yield connection
                left -= 1
                if not left and before:
                    raise _Killed
            if not left:
                raise _Killed

        monkeypatch.setattr(Database, "write", write)
        try:
            match_all(site, AT)
        except _Killed:
            kills += 1
        else:
            return kills
        finally:
            monkeypatch.setattr(Database, "write", whole)


def _empty(site: Site) -> None:
    shutil.rmtree(site.indexes, ignore_errors=True)
    with site.database.write() as connection:
        for table in (tables.findings, tables.floods, tables.comparisons, tables.signals, tables.contents):
            connection.execute(delete(table))
        for table in (tables.known_hashes, tables.known_entries, tables.known_sets):
            connection.execute(delete(table))
