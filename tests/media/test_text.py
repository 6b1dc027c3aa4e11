from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from varde.media.text import MAX_CHARACTERS, clean_text, decode_text


def test_text_ends_at_the_first_zero_byte() -> None:
    assert decode_text(b"Canon\0garbage") == "Canon"


def test_bytes_that_are_not_utf8_are_latin1() -> None:
    assert decode_text("Grün".encode()) == "Grün"
    assert decode_text("Grün".encode("latin-1")) == "Grün"


def test_characters_that_turn_the_writing_direction_are_removed() -> None:
    assert clean_text("photo\u202egpj.exe") == "photo gpj.exe"


def test_lines_and_escape_sequences_become_spaces() -> None:
    assert clean_text(" a\r\n\x1b[31mb\tc ") == "a [31mb c"


@given(st.text(max_size=3000))
def test_cleaned_text_is_short_and_printable(text: str) -> None:
    cleaned = clean_text(text)
    assert len(cleaned) <= MAX_CHARACTERS
    assert cleaned.isprintable()
    assert clean_text(cleaned) == cleaned
