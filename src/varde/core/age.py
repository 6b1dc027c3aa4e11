"""Age bands: the cohorts that face comparison is measured in, because what holds for one does not hold for another."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from varde.core.errors import WrongUse
from varde.core.face import AgeBracket


class AgeBand(StrEnum):
    """A cohort of people by age in completed years."""

    INFANT = "0-3"
    CHILD = "4-8"
    LATE_CHILD = "9-13"
    TEENAGER = "14-17"
    ADULT = "18+"


LOWEST_YEAR: Final = {
    AgeBand.INFANT: 0,
    AgeBand.CHILD: 4,
    AgeBand.LATE_CHILD: 9,
    AgeBand.TEENAGER: 14,
    AgeBand.ADULT: 18,
}
"""First year of each band, youngest first."""

HIGHEST_AGE: Final = 130.0


def find_band(years: float) -> AgeBand:
    """Returns the band of somebody who is so many years old.

    Raises:
        WrongUse: if nobody is that old.
    """
    if not 0 <= years < HIGHEST_AGE:
        raise WrongUse(f"nobody is {years:g} years old", advice=f"Give an age from 0 to {HIGHEST_AGE:g} years.")
    return next(band for band, lowest in reversed(LOWEST_YEAR.items()) if years >= lowest)


def touch_bands(ages: Iterable[AgeBracket | AgeBand | None]) -> frozenset[AgeBand]:
    """Returns every band that the people compared may be of; none at all where the age of one is not known.

    An estimated age counts with its whole interval: whoever may be 16 or 24 is in two bands.
    """
    touched: set[AgeBand] = set()
    for age in ages:
        if age is None:
            return frozenset()
        touched |= {age} if isinstance(age, AgeBand) else _touch(age)
    return frozenset(touched)


def _touch(bracket: AgeBracket) -> set[AgeBand]:
    low, high = (find_band(min(max(edge, 0.0), HIGHEST_AGE - 1)) for edge in (bracket.low, bracket.high))
    bands = list(LOWEST_YEAR)
    return set(bands[bands.index(low) : bands.index(high) + 1])
