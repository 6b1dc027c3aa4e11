"""What a person chose for the pages: looks, how much is shown at first, and when to be reminded of a break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum, StrEnum
from typing import Any, Final

from varde.core.errors import WrongUse
from varde.core.review import GridOrder, Reveal


class Theme(StrEnum):
    """How light the pages are."""

    AUTO = "auto"
    """As the browser or the desktop says."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's own settings; the defaults show least.

    Attributes:
        start_level: how much of a picture is shown before anybody asks for more; never `Reveal.FULL`.
        tile_px: side of a tile in the grid, in CSS pixels.
        auto_advance: go on to the next item after a grade.
        order: in which a case is looked at.
        break_after_min: minutes of looking after which a break is proposed.
        daily_items: items seen in a day, in any form, after which a limit is shown; nothing is locked.
        daily_minutes: minutes of looking in a day after which the same is shown.
    """

    theme: Theme = Theme.AUTO
    start_level: Reveal = Reveal.VEILED
    tile_px: int = 160
    auto_advance: bool = True
    order: GridOrder = GridOrder.RELEVANCE
    break_after_min: int = 45
    daily_items: int = 2_000
    daily_minutes: int = 240


LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "start_level": (Reveal.VEILED, Reveal.COLOUR),
    "tile_px": (96, 320),
    "break_after_min": (5, 240),
    "daily_items": (1, 100_000),
    "daily_minutes": (1, 1_440),
}
"""Least and greatest value of each number."""


def read_preferences(stored: Mapping[str, object]) -> Preferences:
    """Returns the preferences that were stored; what is missing, or no longer a choice, has its default."""
    chosen = Preferences()
    for field in fields(Preferences):
        if field.name in stored:
            try:
                chosen = change_preferences(chosen, {field.name: stored[field.name]})
            except WrongUse:
                continue
    return chosen


def change_preferences(preferences: Preferences, changes: Mapping[str, object]) -> Preferences:
    """Returns the preferences with some of them changed.

    Raises:
        WrongUse: naming what is no preference, or no choice of one.
    """
    known: dict[str, Any] = {field.name: getattr(preferences, field.name) for field in fields(Preferences)}
    for name in changes:
        if name not in known:
            raise WrongUse(f"there is no preference {name[:40]!r}", advice=f"There are: {', '.join(known)}.")
    return replace(preferences, **{name: _read_value(name, value, known[name]) for name, value in changes.items()})


def write_preferences(preferences: Preferences) -> dict[str, object]:
    """Returns the preferences as plain data, as they are stored and sent."""
    return {name: value.value if isinstance(value, Enum) else value for name, value in asdict(preferences).items()}


def _read_value(name: str, value: object, like: object) -> Any:
    """Returns a value as what the preference is made of, which `like` is an example of."""
    if isinstance(like, bool):
        return _read_switch(name, value)
    if isinstance(like, StrEnum):
        return _read_choice(name, value, type(like))
    number = _read_number(name, value)
    return Reveal(number) if isinstance(like, Reveal) else number


def _read_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongUse(f"{name} is either true or false")
    return value


def _read_number(name: str, value: object) -> int:
    least, most = LIMITS[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WrongUse(f"{name} is a whole number from {int(least)} to {int(most)}")
    return value


def _read_choice(name: str, value: object, kind: type[StrEnum]) -> StrEnum:
    for choice in kind:
        if choice.value == value:
            return choice
    raise WrongUse(f"{name} is one of {', '.join(kind)}")
