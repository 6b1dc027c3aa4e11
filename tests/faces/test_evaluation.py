"""The whole evaluation: the same input gives the same figures."""

from __future__ import annotations

from synthetic_people import make_people

from varde.faces.evaluation import evaluate


def test_same_seed_gives_the_same_figures() -> None:
    vectors, people = make_people([3] * 20 + [1] * 10, spread=0.8)
    first, second = (evaluate(vectors, people, seed=7, draws=20) for _ in range(2))
    assert first == second
    assert (first.images, first.people, first.single) == (70, 30, 10)
