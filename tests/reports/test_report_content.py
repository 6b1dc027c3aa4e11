"""Behaviour of `varde.reports.content` and `varde.reports.head`."""

from __future__ import annotations

from report_case import make_decision, make_full_source, make_item, make_match

from varde.core.known import SetRole
from varde.core.media import MediaKind


def test_the_last_decision_is_in_force() -> None:
    item = make_item(1, decisions=(make_decision(1, "2", number=9), make_decision(1, "1", number=4)))
    assert item.grade_key == "vics-us@2.0:2"


def test_a_withdrawn_decision_leaves_none_in_force_but_stays_notable() -> None:
    item = make_item(1, decisions=(make_decision(1, "2", number=1), make_decision(1, None, number=2)))
    assert item.decision is None
    assert item.grade_key == ""
    assert item.is_notable


def test_a_match_with_a_known_set_alone_is_not_notable() -> None:
    assert not make_item(1, matches=(make_match(role=SetRole.KNOWN),)).is_notable
    assert make_item(1, matches=(make_match(role=SetRole.KNOWN), make_match(role=SetRole.OWN))).is_notable


def test_an_item_of_undetermined_type_counts_as_other() -> None:
    assert make_item(1, media=None).kind is MediaKind.OTHER


def test_totals_are_the_sums_of_their_parts() -> None:
    counts = make_full_source().count()
    assert counts.decided_total + counts.undecided == counts.items
    assert counts.issues_total == sum(1 for _ in make_full_source().issues())
