"""Calibration of people of several ages and qualities: bands apart, ages never mixed, versions of a picture skipped."""

from __future__ import annotations

import numpy as np
from synthetic_people import make_people

from varde.core.age import AgeBand
from varde.core.outcome import NotComparable
from varde.faces.calibration import BandTable
from varde.faces.calibration_measure import PeopleFaces, calibrate, measure_bands

ADULT, CHILD = list(AgeBand).index(AgeBand.ADULT), list(AgeBand).index(AgeBand.CHILD)


def _make(people: int = 90, quality: int = 90, age: int = ADULT, seed: int = 1) -> PeopleFaces:
    vectors, whom = make_people([3] * people, spread=0.8, seed=seed)
    count = len(whom)
    return PeopleFaces(vectors, whom, np.arange(count), np.full(count, quality), np.full(count, age))


def _join(first: PeopleFaces, second: PeopleFaces) -> PeopleFaces:
    return PeopleFaces(
        np.concatenate([first.vectors, second.vectors]),
        np.concatenate([first.people, second.people + 10_000]),
        np.concatenate([first.pictures, second.pictures + 10_000]),
        np.concatenate([first.quality, second.quality]),
        np.concatenate([first.ages, second.ages]),
    )


def test_bands_without_faces_have_a_reason_and_the_others_a_checked_table() -> None:
    outcomes = {one.least_quality: one for one in calibrate(_make(), np.random.default_rng(1))}
    assert isinstance(outcomes[20].table, NotComparable)
    assert isinstance(outcomes[70].table, BandTable)
    assert outcomes[70].check is not None
    assert outcomes[70].check.cost < 0.2
    assert outcomes[70].check.least_cost <= outcomes[70].check.cost


def test_ages_are_never_compared_with_each_other() -> None:
    adults, children = _make(40), _make(35, age=CHILD, seed=2)
    outcomes = [one for one in calibrate(_join(adults, children), np.random.default_rng(1)) if one.least_quality == 70]
    tables = {one.age: one.table for one in outcomes}
    assert set(tables) == {AgeBand.ADULT, AgeBand.CHILD}
    child = tables[AgeBand.CHILD]
    assert isinstance(child, BandTable)
    assert child.people == 35
    assert child.non_mated_pairs == 105 * 104 // 2 - 35 * 3


def test_quality_of_the_worse_face_says_the_band() -> None:
    faces = _make(40)
    faces.quality[::3] = 50
    found = measure_bands(faces)
    assert (len(found[70].mated), len(found[45].mated), len(found[20].mated)) == (40, 80, 0)


def test_versions_of_one_picture_are_no_mated_pair() -> None:
    faces = _make(40)
    faces.pictures[:] = faces.pictures // 3
    assert len(measure_bands(faces)[70].mated) == 0
