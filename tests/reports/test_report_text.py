"""Behaviour of `varde.reports.text`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.errors import WrongUse
from varde.reports.text import css_string, guard_cell, show, show_bytes, show_count, show_time, write_time

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_shown_text_is_printable_and_can_be_written_as_utf8(text: str) -> None:
    assert show(text).isprintable()
    show(text).encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert show(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("nul\x00", "nul\\u0000"),
        ("\udcff", "\\udcff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("two\nlines", "two\\u000alines"),
    ],
)
def test_what_cannot_be_seen_is_written_as_its_code(text: str, shown: str) -> None:
    assert show(text) == shown


def test_a_character_that_is_kept_stays() -> None:
    assert show("two\nlines\r", keep="\n") == "two\nlines\\u000d"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_cell_that_could_be_a_formula_gets_an_apostrophe(start: str) -> None:
    assert guard_cell(f"{start}1+1") == f"'{start}1+1"


@given(ANY_TEXT)
def test_taking_one_leading_apostrophe_away_gives_the_exact_cell_back(text: str) -> None:
    cell = guard_cell(text)
    assert (cell[1:] if cell.startswith("'") else cell) == text
    assert cell[:1] not in tuple("=+-@\t\r\n")


def test_times_are_written_in_utc() -> None:
    at = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert write_time(at) == "2025-12-31T22:30:00Z"
    assert show_time(at) == "2025-12-31 22:30:00 UTC"
    assert write_time(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(WrongUse, match="zone"):
        write_time(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1.00 KiB"), (15 << 20, "15.0 MiB"), (999 << 40, "999 TiB")],
)
def test_sizes_are_shown_with_three_digits(size: int, shown: str) -> None:
    assert show_bytes(size) == shown


def test_thousands_are_parted() -> None:
    assert show_count(4_000_000) == "4,000,000"


@given(ANY_TEXT)
def test_a_css_string_holds_nothing_that_could_end_it(text: str) -> None:
    written = css_string(text)
    assert written[0] == written[-1] == '"'
    assert all(char.isascii() and (char.isalnum() or char in " \\") for char in written[1:-1])
