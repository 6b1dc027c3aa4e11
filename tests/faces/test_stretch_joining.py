from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from varde.faces.raw import Floats, RawFace
from varde.faces.stretch_joining import TrackRules, join_stretches

RULES = TrackRules(in_place=0.4, over_gaps=0.6)


def raw(left: float, width: float = 40) -> RawFace:
    return RawFace(left, 0, width, width, np.zeros((5, 2), np.float32), 0.9)


@dataclass
class Piece:
    seen: list[int]
    first_s: float
    last_s: float
    vector: Floats | None
    first: RawFace
    last: RawFace


def piece(number: int, vector: Floats | None, left: float = 0, *, seen: list[int] | None = None) -> Piece:
    """A piece seen at one time, ten seconds after the one before."""
    return Piece(seen or [number], number * 10.0, number * 10.0, vector, raw(left), raw(left))


def unit(*numbers: float) -> Floats:
    return np.asarray(np.array(numbers) / np.linalg.norm(numbers), np.float32)


def list_groups(pieces: list[Piece]) -> list[list[int]]:
    return sorted(sorted(pieces.index(one) for one in group.stretches) for group in join_stretches(pieces, RULES))


def test_pieces_that_agree_are_joined_and_others_not() -> None:
    pieces = [piece(0, unit(1, 0)), piece(1, unit(0, 1)), piece(2, unit(1, 0.1))]
    assert list_groups(pieces) == [[0, 2], [1]]


def test_pieces_of_one_frame_are_not_joined_through_a_third() -> None:
    alike = unit(1, 0)
    pieces = [piece(0, alike, seen=[7]), piece(1, alike, seen=[7]), piece(2, alike)]
    groups = list_groups(pieces)
    assert len(groups) == 2
    assert not any({0, 1} <= set(group) for group in groups)


def test_chains_of_look_alikes_do_not_form() -> None:
    angles = np.radians([0, 50, 100, 150])
    pieces = [piece(number, unit(np.cos(angle), np.sin(angle))) for number, angle in enumerate(angles)]
    assert max(len(group) for group in list_groups(pieces)) == 2


def test_less_agreement_is_enough_where_place_and_time_agree_too() -> None:
    one, other = piece(0, unit(1, 0)), piece(1, unit(1, 1.7))
    assert list_groups([one, other]) == [[0], [1]]
    other.first_s = other.last_s = 2.0
    assert list_groups([one, other]) == [[0, 1]]
    other.first = other.last = raw(300)
    assert list_groups([one, other]) == [[0], [1]]


def test_pieces_without_an_embedding_stay_alone() -> None:
    assert list_groups([piece(0, None), piece(1, None), piece(2, unit(1, 0))]) == [[0], [1], [2]]
    assert join_stretches([], RULES) == []
