"""What people bring along to search with is theirs alone, for half an hour, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from varde.web.probe_shelf import KEPT_S, ProbeShelf, ShelvedProbe


@dataclass
class Clock:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(clock: Clock) -> ProbeShelf:
    return ProbeShelf(clock)


def make_probe(account_id: int = 1, case_id: int = 5) -> ShelvedProbe:
    return ShelvedProbe(account_id, case_id, bytes(32), (), b"view")


def test_a_probe_is_found_by_whoever_brought_it_for_that_case_only(shelf: ProbeShelf) -> None:
    token = shelf.put(make_probe())
    assert shelf.find(token, 1, 5) == make_probe()
    assert shelf.find(token, 2, 5) is None
    assert shelf.find(token, 1, 6) is None
    assert shelf.find("", 1, 5) is None


def test_a_probe_is_gone_after_half_an_hour(shelf: ProbeShelf, clock: Clock) -> None:
    token = shelf.put(make_probe())
    clock.at = KEPT_S - 1
    assert shelf.find(token, 1, 5) is not None
    clock.at = KEPT_S
    assert shelf.find(token, 1, 5) is None


def test_one_person_cannot_fill_the_shelf(shelf: ProbeShelf) -> None:
    other = shelf.put(make_probe(2))
    tokens = [shelf.put(make_probe()) for _ in range(100)]
    kept = [token for token in tokens if shelf.find(token, 1, 5)]
    assert kept == tokens[-24:]
    assert shelf.find(other, 2, 5) is not None


def test_the_shelf_is_bounded_for_all_people_together(shelf: ProbeShelf) -> None:
    tokens = [(shelf.put(make_probe(person)), person) for person in range(400)]
    kept = [token for token, person in tokens if shelf.find(token, person, 5)]
    assert kept == [token for token, _ in tokens[-256:]]


def test_tokens_cannot_be_guessed_from_one_another(shelf: ProbeShelf) -> None:
    assert len({shelf.put(make_probe(person)) for person in range(50)}) == 50
