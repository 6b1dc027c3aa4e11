"""What people bring along to search with is theirs alone, for half an hour, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from varde.core.face import Face, FaceBox, FaceFrame
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


def test_only_the_best_picture_of_each_face_is_kept(shelf: ProbeShelf) -> None:
    frames = tuple(FaceFrame(float(second), bytes(100), 80) for second in range(5))
    face = Face(FaceBox(0.1, 0.1, 0.2, 0.2), ((0.1, 0.1),) * 5, 0, 40.0, 0.9, frames, bytes(512), seen_frames=9)
    found = shelf.find(shelf.put(replace(make_probe(), faces=(face,))), 1, 5)
    assert found is not None
    assert [one.frames for one in found.faces] == [frames[:1]]


def test_the_shelf_takes_bounded_memory(shelf: ProbeShelf) -> None:
    tokens = [shelf.put(replace(make_probe(account_id=number), view=bytes(100 << 20))) for number in range(3)]
    assert [shelf.find(token, number, 5) is not None for number, token in enumerate(tokens)] == [False, True, True]


def test_what_nobody_asks_for_is_forgotten_too(shelf: ProbeShelf, clock: Clock) -> None:
    shelf.put(make_probe())
    clock.at = KEPT_S
    shelf.drop_old()
    assert not shelf._kept
