"""Values kept as text can be told apart again, whatever they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.known.json_text import is_compact_json, write_source, write_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_source_of_a_kept_value_decodes_to_it(value: object) -> None:
    assert json.loads(write_source(write_value(value))) == value


@given(st.text())
def test_a_text_comes_back_as_a_text(text: str) -> None:
    assert json.loads(write_source(write_value(text))) == text


@pytest.mark.parametrize(
    "text", ["a", "", "12 boats", "007", "NaN", "-Infinity", "[1, 2]", "1e400", "truely", "[" * 9999]
)
def test_plain_texts_stand_for_themselves(text: str) -> None:
    assert write_value(text) == text
    assert not is_compact_json(text)


@pytest.mark.parametrize(("value", "kept"), [("5", '"5"'), (5, "5"), ("true", '"true"'), (["ö"], '["ö"]'), ('"', '"')])
def test_texts_that_look_like_values_are_quoted(value: object, kept: str) -> None:
    assert write_value(value) == kept
