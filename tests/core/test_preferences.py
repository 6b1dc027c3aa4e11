"""Behaviour of `varde.core.preferences`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import WrongUse
from varde.core.preferences import (
    LIMITS,
    Preferences,
    Theme,
    change_preferences,
    read_preferences,
    write_preferences,
)
from varde.core.review import GridOrder, Reveal


def test_the_defaults_show_least() -> None:
    assert Preferences().start_level is Reveal.VEILED
    assert read_preferences({}) == Preferences()


def test_what_is_written_is_read_again() -> None:
    chosen = Preferences(Theme.DARK, Reveal.GREY, 200, False, GridOrder.PLACE, 20, 500, 60)
    assert read_preferences(write_preferences(chosen)) == chosen
    assert all(type(value) in (str, int, bool) for value in write_preferences(chosen).values())


def test_only_what_is_named_changes() -> None:
    changed = change_preferences(Preferences(tile_px=200), {"theme": "light", "auto_advance": False})
    assert changed == Preferences(theme=Theme.LIGHT, tile_px=200, auto_advance=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("theme", None),
        ("theme", ["dark"]),
        ("order", 1),
        ("auto_advance", 1),
        ("auto_advance", "true"),
        ("tile_px", "160"),
        ("tile_px", True),
        ("tile_px", 160.0),
        ("start_level", Reveal.FULL),
        ("start_level", -1),
        ("nothing", 1),
        *[(name, least - 1) for name, (least, _) in LIMITS.items()],
        *[(name, most + 1) for name, (_, most) in LIMITS.items()],
    ],
)
def test_what_is_no_choice_is_refused_and_when_stored_has_its_default(name: str, value: object) -> None:
    with pytest.raises(WrongUse):
        change_preferences(Preferences(), {name: value})
    assert read_preferences({name: value, "theme" if name != "theme" else "order": "dark"}).tile_px == 160


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())))
def test_whatever_is_stored_can_be_read(stored: dict[str, object]) -> None:
    assert isinstance(read_preferences(stored), Preferences)
