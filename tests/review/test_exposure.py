"""Breaks, limits, and sums that single nobody out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.preferences import Preferences
from varde.review.exposure import (
    AdviceKind,
    Share,
    Today,
    View,
    advise,
    compute_today,
    find_week,
    sum_unit,
)

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
WEEK = date(2026, 9, 28)


def view(item_id: int, minutes_ago: float, seconds: float = 10.0) -> View:
    return View(item_id, seconds, NOON - timedelta(minutes=minutes_ago))


def test_nothing_seen_is_nothing() -> None:
    assert compute_today([], NOON) == Today(0, 0.0, 0.0)


def test_item_at_two_levels_is_one_item() -> None:
    today = compute_today([view(1, 1), view(1, 0)], NOON)
    assert (today.items, today.seconds) == (1, 20.0)


def test_work_without_a_break_counts_from_its_beginning() -> None:
    today = compute_today([view(number, number) for number in range(50)], NOON)
    assert today.since_break_s == pytest.approx(49 * 60 + 10)


def test_break_of_five_minutes_ends_the_count() -> None:
    before = [view(number, 30 + number) for number in range(20)]
    after = [view(100 + number, number) for number in range(10)]
    assert compute_today(before + after, NOON).since_break_s == pytest.approx(9 * 60 + 10)


def test_four_minutes_are_no_break() -> None:
    assert compute_today([view(1, 0), view(2, 4), view(3, 8)], NOON).since_break_s == pytest.approx(8 * 60 + 10)


def test_during_a_break_nothing_is_counted() -> None:
    assert compute_today([view(1, 6), view(2, 7)], NOON).since_break_s == 0.0


def test_long_video_counts_as_looking() -> None:
    assert compute_today([view(1, 0, 3000.0)], NOON).since_break_s == 3000.0


@given(st.lists(st.builds(view, st.integers(1, 9), st.floats(0, 600), st.floats(0, 100)), max_size=30))
def test_time_since_a_break_is_never_longer_than_from_the_first_view(views: list[View]) -> None:
    since = compute_today(views, NOON).since_break_s
    longest = max(((NOON - v.last_at).total_seconds() + v.seconds for v in views), default=0.0)
    assert 0.0 <= since <= longest + 1e-6


@pytest.mark.parametrize(
    ("today", "kinds"),
    [
        (Today(0, 0.0, 0.0), []),
        (Today(1999, 14399.0, 2699.0), []),
        (Today(1, 1.0, 2700.0), [AdviceKind.BREAK]),
        (Today(2000, 1.0, 0.0), [AdviceKind.ITEMS]),
        (Today(1, 14400.0, 0.0), [AdviceKind.MINUTES]),
        (Today(2001, 15000.0, 3000.0), [AdviceKind.BREAK, AdviceKind.ITEMS, AdviceKind.MINUTES]),
    ],
)
def test_advice_comes_at_the_persons_own_limits(today: Today, kinds: list[AdviceKind]) -> None:
    assert [advice.kind for advice in advise(today, Preferences())] == kinds


def test_advice_follows_what_the_person_chose() -> None:
    today = Today(10, 700.0, 700.0)
    assert advise(today, Preferences()) == []
    found = advise(today, Preferences(break_after_min=10, daily_items=5, daily_minutes=11))
    assert [advice.text for advice in found] == [
        "You have been looking for 11 minutes. A break would do you good.",
        "You have seen 10 items today. You set yourself 5.",
        "You have been looking for 11 minutes today. You set yourself 11.",
    ]


def test_week_begins_on_monday() -> None:
    assert {find_week(WEEK + timedelta(days=days)) for days in range(7)} == {WEEK}


def share(account_id: int, severity: str = "none", level: int = 0, items: int = 5) -> Share:
    return Share(account_id, WEEK, severity, level, items, items * 2.0)


def test_sum_of_two_people_is_withheld_and_of_three_is_shown() -> None:
    assert sum_unit([share(1), share(2)]).sums == ()
    assert sum_unit([share(1), share(2)]).has_withheld
    found = sum_unit([share(1), share(2), share(3)])
    assert [(one.people, one.items, one.seconds) for one in found.sums] == [(3, 15, 30.0)]
    assert not found.has_withheld


def test_person_who_saw_something_rare_is_not_singled_out() -> None:
    common = [share(number) for number in range(1, 6)]
    found = sum_unit([*common, share(1, "x@1:1"), share(1, "none", 4)])
    assert [(one.severity, one.level) for one in found.sums] == [("none", 0)]
    assert found.has_withheld


def test_one_person_in_many_rows_is_one_person() -> None:
    assert sum_unit([share(1), share(1), share(1)]).sums == ()


@given(
    st.lists(
        st.builds(share, st.integers(1, 5), st.sampled_from(["none", "x@1:1", "x@1:2"]), st.integers(0, 4)),
        max_size=60,
    )
)
def test_every_sum_that_is_shown_is_of_three_people_at_least(shares: list[Share]) -> None:
    for one in sum_unit(shares).sums:
        people = {s.account_id for s in shares if (s.severity, s.level) == (one.severity, one.level)}
        assert one.people == len(people) >= 3
