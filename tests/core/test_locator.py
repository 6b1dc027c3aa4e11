"""Behaviour of `varde.core.locator`: any bytes become safe text and come back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.locator import Locator, Segment, escape, path_locator, read_locator, unescape

_TRICKY = st.sampled_from([b"!", b"/", b"\\", b"!/", b"\\#2", b"\\x41", b"\n", b"\x00", b"\xff", "ä‮".encode(), b".."])
names = st.one_of(st.binary(max_size=40), st.lists(_TRICKY, max_size=6).map(b"".join))
segments = st.builds(Segment, names, st.integers(1, 10**6))
locators = st.lists(segments, min_size=1, max_size=5).map(lambda parts: Locator(tuple(parts)))


@given(names)
def test_escaped_bytes_come_back(name: bytes) -> None:
    assert unescape(escape(name)) == name


@given(locators)
def test_locators_come_back_from_their_text(locator: Locator) -> None:
    assert read_locator(str(locator)) == locator


@given(locators, locators)
def test_different_locators_have_different_texts(one: Locator, other: Locator) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(locators)
def test_the_text_is_printable_and_storable(locator: Locator) -> None:
    text = str(locator)
    assert text.isprintable()
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text)
    text.encode("utf-8")


@given(locators)
def test_the_name_is_the_last_part_without_folders(locator: Locator) -> None:
    assert "/" not in locator.name
    assert unescape(locator.name) == locator.segments[-1].name.rsplit(b"/", 1)[-1]


@pytest.mark.parametrize(
    ("locator", "text"),
    [
        (path_locator(b"DCIM/1.jpg"), "DCIM/1.jpg"),
        (path_locator(b"phone/backup.zip").member(b"DCIM/1.jpg"), "phone/backup.zip!/DCIM/1.jpg"),
        (path_locator(b"a.zip").member(b"x").member(b"y", 3), "a.zip!/x!/y\\#3"),
        (path_locator(b"a.zip").member(b"x", 2).member(b"y"), "a.zip!/x\\#2!/y"),
        (path_locator(b"what!/now"), "what\\x21/now"),
        (path_locator(b"back\\slash"), "back\\x5cslash"),
        (path_locator("größe.jpg".encode()), "größe.jpg"),
        (path_locator(b"latin-\xe4"), "latin-\\xe4"),
        (path_locator(b"two\nlines\x00"), "two\\x0alines\\x00"),
        (path_locator("right‮left".encode()), "right\\xe2\\x80\\xaeleft"),
        (path_locator(b""), ""),
    ],
)
def test_texts_of_given_locators(locator: Locator, text: str) -> None:
    assert str(locator) == text
    assert read_locator(text) == locator
